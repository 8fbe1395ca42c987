package cmd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/archive"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

// printSum tells what one run came to.
func (a *archiver) printSum() error {
	s := &a.sum
	var err error
	if s.Archive, err = a.folder.Info(); err != nil {
		return a.failed(err)
	}
	if a.opts.asJSON {
		return printJSON(a.env.Stdout, s)
	}
	verb := "archived"
	if s.DryRun {
		verb = "would archive"
	}
	fmt.Fprintf(a.env.Stdout, "%s %d new, %d grown, %d changed, %d with the content of another; %d unchanged\n", verb, s.Added, s.Grown, s.Changed, s.Shared, s.Unchanged)
	for _, why := range slices.Sorted(maps.Keys(s.Left)) {
		fmt.Fprintf(a.env.Stdout, "not archived: %s: %s\n", figure.Plural(s.Left[why], "file"), escape.Line(why))
	}
	if s.Later > 0 {
		fmt.Fprintf(a.env.Stdout, "left for later: %s, just being written\n", figure.Plural(s.Later, "file"))
	}
	if s.Pruned > 0 {
		fmt.Fprintf(a.env.Stdout, "forgot %s of what is gone\n", figure.Plural(s.Pruned, "file"))
	}
	if s.Beyond > 0 {
		fmt.Fprintf(a.env.Stdout, "%s beyond --max-bytes: the rest is of logs that are still there\n", figure.Bytes(s.Beyond))
	}
	if s.Archive.There {
		fmt.Fprintf(a.env.Stdout, "%s: %s\n", escape.Line(s.Archive.Dir), archiveText(s.Archive.Copies, s.Archive.Size, s.Archive.Packed, s.Archive.Exact))
	}
	return nil
}

// archiveText says what an archive holds.
func archiveText(copies int, size, packed int64, exact bool) string {
	kind := "secrets masked"
	if exact {
		kind = "exact"
	}
	return fmt.Sprintf("%s of %s, packed in %s, %s", figure.Plural(copies, "file"), figure.Bytes(size), figure.Bytes(packed), kind)
}

func newArchiveList(env *Env) *cobra.Command {
	var to string
	var asJSON bool
	c := &cobra.Command{
		Use: "list", Short: "List what is archived, the newest first", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			folder, err := openArchive(env, to)
			if err != nil {
				return err
			}
			return listArchive(env, folder, asJSON)
		},
	}
	c.Flags().StringVar(&to, "to", "", "the folder of the archive")
	c.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a copy")
	return c
}

// archivedFile is one copy, as JSON tells it.
type archivedFile struct {
	ID       string    `json:"id"`
	Path     string    `json:"path"`
	Format   string    `json:"format"`
	Size     int64     `json:"size"`
	Packed   int64     `json:"packed"`
	Source   string    `json:"source"` // there, gone, replaced
	Dying    bool      `json:"dying"`
	Exact    bool      `json:"exact"`
	Modified time.Time `json:"modified_at"`
	Kept     time.Time `json:"archived_at"`
}

func listArchive(env *Env, folder *archive.Folder, asJSON bool) error {
	copies, err := folder.Copies()
	if err != nil {
		return fmt.Errorf("read the archive %s: %v", folder.Dir(), fileReason(err))
	}
	t := &table{head: []string{"ID", "MODIFIED", "FORMAT", ">SIZE", ">PACKED", "SOURCE", "PATH"}}
	for _, c := range copies {
		if c.Beside {
			continue
		}
		one := archivedFile{c.ID, c.Path, c.Format, c.Size, c.Packed, "gone", c.Dying, c.Exact, time.Unix(0, c.Modified).UTC(), c.Kept}
		switch {
		case c.Replaced:
			one.Source = "replaced"
		case c.Source():
			one.Source = "there"
		}
		if asJSON {
			if err := printJSON(env.Stdout, one); err != nil {
				return err
			}
			continue
		}
		t.add(c.ID[:12], one.Modified.Local().Format("2006-01-02 15:04"), c.Format, figure.Bytes(c.Size), figure.Bytes(c.Packed), one.Source, c.Path)
	}
	if asJSON {
		return nil
	}
	if len(t.rows) == 0 {
		fmt.Fprintf(env.Stdout, "nothing is archived in %s yet; lazytrace archive does it\n", escape.Line(folder.Dir()))
		return nil
	}
	return t.print(env.Stdout, 0)
}

func newArchiveVerify(env *Env) *cobra.Command {
	var to string
	var asJSON bool
	c := &cobra.Command{
		Use: "verify", Short: "Read everything that is archived, and say what is damaged", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			folder, err := openArchive(env, to)
			if err != nil {
				return err
			}
			return verifyArchive(c.Context(), env, folder, asJSON)
		},
	}
	c.Flags().StringVar(&to, "to", "", "the folder of the archive")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func verifyArchive(ctx context.Context, env *Env, folder *archive.Folder, asJSON bool) error {
	type damage struct {
		ID   string `json:"id"`
		Path string `json:"path"`
		File string `json:"file"`
		Why  string `json:"why"`
	}
	list := []damage{}
	checked, err := folder.Verify(ctx, func(c archive.Copy, err error) {
		list = append(list, damage{c.ID, c.Path, folder.Object(c.ID), fileReason(err).Error()})
	})
	if err != nil {
		return fmt.Errorf("verify the archive %s: %w", folder.Dir(), err)
	}
	if asJSON {
		if err := printJSON(env.Stdout, map[string]any{"checked": checked, "damaged": list}); err != nil {
			return err
		}
	} else {
		for _, d := range list {
			fmt.Fprintf(env.Stdout, "damaged: the copy of %s: %s; remove %s, and lazytrace archive copies it again if it is still there\n",
				escape.Line(d.Path), escape.Line(d.Why), escape.Line(d.File))
		}
		fmt.Fprintf(env.Stdout, "%s read, %d damaged\n", figure.Plural(checked, "file"), len(list))
	}
	if len(list) > 0 {
		return exitError{code: exitFailed}
	}
	return nil
}
