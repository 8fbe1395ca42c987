package source

import (
	"context"

	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// Parts returns the files that the log at a path is made of, itself first, or an error
// that says why it is no log. known are the formats that are looked for; nil is all
// that are built in.
func Parts(ctx context.Context, path string, known []dialect.Dialect) ([]string, error) {
	if known == nil {
		known = dialect.All()
	}
	seg, err := sniff(ctx, path, &Options{Known: known})
	if err != nil {
		return nil, err
	}
	defer seg.close()
	parts := []string{path}
	if t, ok := seg.dialect.(dialect.Treed); ok {
		for _, f := range treeFiles(ctx, t, path, 0, nil) {
			if f.path != path {
				parts = append(parts, f.path)
			}
		}
	}
	if seg.sidecar != "" {
		parts = append(parts, seg.sidecar)
	}
	return parts, nil
}
