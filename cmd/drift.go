package cmd

import (
	"cmp"
	"slices"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
	"github.com/lazytrace/lazytrace/rollup/health"
)

// inspector notes what of the records is new.
type inspector struct {
	mu    sync.Mutex
	known map[string]dialect.Vocabulary
	news  map[[3]string]*health.Drift
	by    map[string]string // of each file: the version of its writer, as far as it was told

	records  int64
	progress func(records int64) // told now and then; may be nil
}

func (in *inspector) inspect(path string, d dialect.Dialect, rec *eventlog.Record, e *eventlog.Event) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if e == nil {
		const often = 2048
		if in.records++; in.progress != nil && in.records%often == 0 {
			in.progress(in.records)
		}
	}
	v, ok := in.known[d.Name()]
	if !ok {
		v, _ = dialect.VocabularyOf(d)
		in.known[d.Name()] = v
	}
	if len(v.Kinds) == 0 {
		return
	}
	if e != nil && e.Facts != nil && e.Facts.Version != "" {
		in.by[path] = e.Facts.Version
	}
	if e != nil {
		if e.Kind == eventlog.Custom && !v.KnowsKind(e.Type) {
			in.note(d.Name(), "kind", e.Type, path, rec.Pos)
		}
		return
	}
	if rec.Cells != nil {
		return
	}
	_ = jsonl.Fields(rec.Body, func(key, _ []byte) bool {
		if !v.KnowsField(string(key)) {
			in.note(d.Name(), "field", string(key), path, rec.Pos)
		}
		return true
	})
}

// maxNews bounds how many different things are noted.
const maxNews = 1000

func (in *inspector) note(format, what, name, path string, pos int64) {
	key := [3]string{format, what, name}
	n := in.news[key]
	if n == nil {
		if len(in.news) == maxNews {
			return
		}
		n = &health.Drift{Format: format, What: what, Name: name, Path: path, Pos: pos}
		in.news[key] = n
	}
	n.Count++
	if version := in.by[path]; version != "" && (n.Version == "" || health.CompareVersions(version, n.Version) > 0) {
		n.Version = version
	}
	if path < n.Path || path == n.Path && pos < n.Pos {
		n.Path, n.Pos = path, pos
	}
}

func (in *inspector) list() []health.Drift {
	list := []health.Drift{}
	for _, n := range in.news {
		list = append(list, *n)
	}
	slices.SortFunc(list, func(a, b health.Drift) int {
		return cmp.Or(cmp.Compare(a.Format, b.Format), -cmp.Compare(a.What, b.What), -cmp.Compare(a.Count, b.Count), cmp.Compare(a.Name, b.Name))
	})
	return list
}
