package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/archive"
	"github.com/lazytrace/lazytrace/eventlog/escape"
)

func newArchiveRestore(env *Env) *cobra.Command {
	var to, from string
	var asJSON bool
	c := &cobra.Command{
		Use: "restore ID", Short: "Write what is archived of a session, or of one file, into a folder", Args: cobra.ExactArgs(1),
		Long: `Write what is archived into a folder: all files of the session whose id begins so,
or the one that archive list shows with such an id. What is there is never
overwritten. Unless the archive was made with --exact, secrets are masked in
what is written.`,
		RunE: func(c *cobra.Command, args []string) error {
			if to == "" {
				return refuse("archive restore: where to? give --to DIR")
			}
			folder, err := openArchive(env, from)
			if err != nil {
				return err
			}
			return restoreArchived(c.Context(), env, folder, args[0], to, asJSON)
		},
	}
	c.Flags().StringVar(&to, "to", "", "the folder to write to")
	c.Flags().StringVar(&from, "from", "", "the folder of the archive")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// archiveRestored is what was written, as JSON tells it: also when not all could be.
type archiveRestored struct {
	Paths  []string `json:"paths"`
	Masked bool     `json:"masked"` // secrets in them are
}

func restoreArchived(ctx context.Context, env *Env, folder *archive.Folder, id, to string, asJSON bool) error {
	copies, err := folder.Copies()
	if err != nil {
		return fmt.Errorf("read the archive %s: %v", folder.Dir(), fileReason(err))
	}
	list, err := copiesOf(ctx, env, folder, copies, id)
	if err != nil {
		return err
	}
	paths, err := folder.Restore(ctx, list, to)
	if asJSON {
		written := archiveRestored{Paths: append([]string{}, paths...), Masked: !list[0].Exact}
		if err := printJSON(env.Stdout, written); err != nil {
			return err
		}
	} else {
		for _, p := range paths {
			fmt.Fprintln(env.Stdout, escape.Line(p))
		}
	}
	if err != nil {
		return err // it says of which file
	}
	if !list[0].Exact {
		fmt.Fprintln(env.Stderr, "lazytrace: secrets are masked in these: the archive was made without --exact")
	}
	return nil
}

// copiesOf finds copies by their id, or by that of the session that is in them.
func copiesOf(ctx context.Context, env *Env, folder *archive.Folder, copies []archive.Copy, id string) ([]archive.Copy, error) {
	var list []archive.Copy
	for _, c := range copies {
		if id != "" && strings.HasPrefix(c.ID, id) && (len(list) == 0 || list[0].ID != c.ID) {
			list = append(list, c)
		}
	}
	if len(list) > 1 {
		return nil, refuse("%d copies have an id that begins with %q; give more of it", len(list), id)
	}
	if len(list) == 1 {
		return list, nil
	}
	var objects []string
	for _, c := range copies {
		if !c.Beside && !c.Replaced {
			objects = append(objects, folder.Object(c.ID))
		}
	}
	if len(objects) == 0 {
		return nil, refuse("nothing is archived in %s; lazytrace archive does it", folder.Dir())
	}
	return sessionCopies(ctx, env, folder, objects, copies, id)
}
