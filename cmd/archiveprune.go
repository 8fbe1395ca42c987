package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/archive"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

func newArchivePrune(env *Env) *cobra.Command {
	var to string
	var asJSON bool
	var limits archiveLimits
	c := &cobra.Command{
		Use: "prune", Short: "Forget the oldest of what is archived and whose own log is gone", Args: cobra.NoArgs,
		Long: `Forget the oldest copies until the limits are kept. The copy of a log that is
still there is never forgotten: the next run would make it again.`,
		RunE: func(c *cobra.Command, _ []string) error {
			folder, err := openArchive(env, to)
			if err != nil {
				return err
			}
			l, err := limits.read()
			if err != nil {
				return err
			}
			if l == (archive.Limits{}) {
				return refuse("archive prune: how much may stay? give --max-bytes 2G, --max-age 365d, or both")
			}
			return pruneArchive(c.Context(), env, folder, l, asJSON)
		},
	}
	c.Flags().StringVar(&to, "to", "", "the folder of the archive")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	limits.flags(c)
	return c
}

func pruneArchive(ctx context.Context, env *Env, folder *archive.Folder, l archive.Limits, asJSON bool) error {
	info, err := folder.Info()
	if err != nil {
		return fmt.Errorf("read the archive %s: %v", folder.Dir(), fileReason(err))
	}
	if !info.There {
		return refuse("prune %s: there is no archive", folder.Dir())
	}
	w, err := folder.Begin(ctx, archive.Options{Exact: info.Exact, Now: env.Now})
	if err != nil {
		return fmt.Errorf("prune the archive %s: %v", folder.Dir(), fileReason(err))
	}
	forgotten, beyond := w.Prune(l)
	if err := w.Close(); err != nil {
		return fmt.Errorf("prune the archive %s: %v", folder.Dir(), fileReason(err))
	}
	forgotten = slices.DeleteFunc(forgotten, func(c archive.Copy) bool { return c.Beside })
	if info, err = folder.Info(); err != nil {
		return fmt.Errorf("read the archive %s: %v", folder.Dir(), fileReason(err))
	}
	if asJSON {
		return printJSON(env.Stdout, prunedOf(forgotten, beyond, info))
	}
	for _, c := range forgotten {
		fmt.Fprintf(env.Stdout, "forgot %s\n", escape.Line(c.Path))
	}
	fmt.Fprintf(env.Stdout, "forgot %s; left: %s\n", figure.Plural(len(forgotten), "file"), archiveText(info.Copies, info.Size, info.Packed, info.Exact))
	if beyond > 0 {
		fmt.Fprintf(env.Stdout, "%s beyond --max-bytes: the rest is of logs that are still there\n", figure.Bytes(beyond))
	}
	return nil
}

// archivePruned is what was forgotten, as JSON tells it.
type archivePruned struct {
	Forgotten []archivePath `json:"forgotten"`
	Beyond    int64         `json:"bytes_beyond_limit"`
	Archive   archive.Info  `json:"archive"`
}

// archivePath is a log whose copy it was.
type archivePath struct {
	ID     string `json:"id"`
	Path   string `json:"path"`
	Format string `json:"format"`
	Size   int64  `json:"size"`
}

func prunedOf(forgotten []archive.Copy, beyond int64, left archive.Info) archivePruned {
	p := archivePruned{Forgotten: []archivePath{}, Beyond: beyond, Archive: left}
	for _, c := range forgotten {
		p.Forgotten = append(p.Forgotten, archivePath{c.ID, c.Path, c.Format, c.Size})
	}
	return p
}
