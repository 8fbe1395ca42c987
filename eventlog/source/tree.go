package source

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// treeFile is one file of a segment that is a tree of small files: one file
// leads to those below it. Each is a record.
type treeFile struct {
	path  string
	table int // how deep it lies
	info  fs.FileInfo
}

// pos names a file within its segment, the same in every pass.
func (f treeFile) pos() int64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, f.path)
	return int64(h.Sum64() >> 1)
}

// treeFiles lists the files of a tree, each before those below it, in the order
// of their names.
func treeFiles(ctx context.Context, t dialect.Treed, path string, table int, list []treeFile) []treeFile {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || ctx.Err() != nil || len(list) == maxFiles {
		return list // it is gone again
	}
	list = append(list, treeFile{path, table, info})
	if pattern := t.Below(table, path); pattern != "" {
		below, _ := filepath.Glob(pattern)
		for _, p := range below {
			list = treeFiles(ctx, t, p, table+1, list)
		}
	}
	return list
}

// maxTreeFile is how large one file of a tree may be.
const maxTreeFile = 64 << 20

// record reads the file as a record.
func (f treeFile) record() (*eventlog.Record, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, maxTreeFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", f.path, reason(err))
	case len(body) > maxTreeFile:
		return nil, fmt.Errorf("read %s: it is larger than %d megabytes", f.path, maxTreeFile>>20)
	}
	return &eventlog.Record{Table: f.table, Pos: f.pos(), Size: len(body), Body: body}, nil
}

// treeFeed gives the files of a tree in passes: when a file has changed, all are
// given once more.
type treeFeed struct {
	path string
	tree dialect.Treed

	files      []treeFile
	at         int
	begun      bool
	pass       bool // a pass is under way
	version    uint64
	start, end time.Time
}

func (f *treeFeed) next(ctx context.Context) (*eventlog.Record, error) {
	if !f.pass {
		if err := f.begin(ctx); err != nil {
			return nil, err
		}
	}
	for f.at < len(f.files) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		file := f.files[f.at]
		f.at++
		rec, err := file.record()
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return nil, &fault{file.pos(), err}
		default:
			return rec, nil
		}
	}
	f.pass, f.end = false, time.Now()
	return nil, io.EOF
}

// begin begins a pass if anything has changed since the last one.
func (f *treeFeed) begin(ctx context.Context) error {
	start := time.Now()
	files := treeFiles(ctx, f.tree, f.path, 0, nil)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	h := fnv.New64a()
	for _, file := range files {
		fmt.Fprintf(h, "%s %d %d\n", file.path, file.info.Size(), file.info.ModTime().UnixNano())
	}
	again := f.begun
	switch version := h.Sum64(); {
	case again && version == f.version:
		return io.EOF
	case again && time.Since(f.end) < restPasses*f.end.Sub(f.start):
		return errLater
	default:
		f.begun, f.pass, f.version, f.start, f.files, f.at = true, true, version, start, files, 0
	}
	if again {
		return errStartOver
	}
	return nil
}

func (f *treeFeed) progress() (read, total int64) { return int64(f.at), int64(len(f.files)) }

func (f *treeFeed) pending() bool { return false }

func (f *treeFeed) changes() bool { return true }

func (f *treeFeed) close() {}

// fromTree reads one file of a tree again.
func (p *logPart) fromTree(ctx context.Context, t dialect.Treed, pos int64) (*eventlog.Record, error) {
	for range 2 { // the second time with the files that are there now
		if i := slices.IndexFunc(p.files, func(f treeFile) bool { return f.pos() == pos }); i >= 0 {
			return p.files[i].record()
		}
		p.files = treeFiles(ctx, t, p.path, 0, nil)
	}
	return nil, errGone
}

// storage tells the folders of a tree: the files of sessions, which begin it,
// and those below, in which nothing else is looked for.
func storage(dir string) (sessions, below bool) {
	up := filepath.Dir(dir)
	if filepath.Base(up) == "session" {
		_, err := os.Stat(filepath.Join(filepath.Dir(up), "message"))
		return err == nil, false
	}
	if name := filepath.Base(dir); name == "message" || name == "part" {
		_, err := os.Stat(filepath.Join(up, "session"))
		return false, err == nil
	}
	return false, false
}
