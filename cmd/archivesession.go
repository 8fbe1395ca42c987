package cmd

import (
	"context"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/archive"
	"github.com/lazytrace/lazytrace/eventlog/source"
)

// sessionCopies returns the copies that hold a session and those below it, with the
// small files that describe them.
func sessionCopies(ctx context.Context, env *Env, folder *archive.Folder, objects []string, copies []archive.Copy, id string) ([]archive.Copy, error) {
	opt, _, err := sourceOptions(env, objects, false)
	if err != nil {
		return nil, err
	}
	opt.Archive = folder
	set := source.Open(ctx, objects, opt)
	defer func() { _ = set.Close() }() // it was only read
	if err := set.Wait(ctx); err != nil {
		return nil, err
	}
	cat := set.Sources().Catalog()
	s, err := oneSession(cat, id)
	if err != nil {
		return nil, refuse("nothing that is archived has an id, or is of a session whose id, begins with %q; lazytrace archive list tells what there is", id)
	}
	var list []archive.Copy
	for _, one := range together(cat, nil) {
		if !slices.Contains(one, s) {
			continue
		}
		for _, session := range one {
			for _, path := range session.Paths {
				c, ok := folder.Origin(path)
				if ok && !slices.ContainsFunc(list, func(o archive.Copy) bool { return o.Path == c.Path }) {
					list = append(list, c)
				}
			}
		}
	}
	for _, c := range copies {
		if base := strings.TrimSuffix(c.Path, ".meta.json") + ".jsonl"; c.Beside && !c.Replaced &&
			slices.ContainsFunc(list, func(o archive.Copy) bool { return o.Path == base }) {
			list = append(list, c)
		}
	}
	return list, nil
}
