package source

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/archive"
)

// archiveAll archives what paths lead to, exactly, and returns what was left, by path.
func archiveAll(t *testing.T, folder *archive.Folder, paths ...string) (left []string) {
	t.Helper()
	w, err := folder.Begin(t.Context(), archive.Options{Exact: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Files(t.Context(), paths, Options{Archive: folder}, func(l LogFile) bool {
		return w.Known(l.Path, l.Info, l.Device, l.Inode)
	}, func(l LogFile) error {
		_, err := w.Take(t.Context(), archive.Source{
			Path: l.Path, Root: l.Root, Rel: l.Rel, Format: l.Format, Lines: l.Lines, Dying: l.Dies, Info: l.Info, Device: l.Device, Inode: l.Inode,
		})
		return err
	}, func(path, _ string) { left = append(left, path) })
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// session1f is a transcript of our own logs.
const session1f = "1f0e0d0c-2222-4aaa-8bbb-cccccccccccc"

// awaits waits until a catalog is as it should be. It fails when that never comes.
func awaits(t *testing.T, set *Set, what string, is func(c *eventlog.Catalog) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !is(set.Sources().Catalog()) {
		select {
		case <-ctx.Done():
			t.Fatalf("it never comes: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestCopiesStandForLogsThatAreGone(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "projects", "p", session1f+".jsonl")
	put(t, "claude/projects/-home-dev-shop/"+session1f+".jsonl", log)
	whole := must(os.ReadFile(log))
	folder := archive.Open(filepath.Join(dir, "archive"))
	archiveAll(t, folder, filepath.Join(dir, "projects"))
	set := Open(t.Context(), []string{dir}, Options{Follow: true, Archive: folder})
	defer set.Close()
	one := func(archived bool) func(c *eventlog.Catalog) bool {
		return func(c *eventlog.Catalog) bool {
			if len(c.Sessions) > 1 || len(c.Segments) > 1 {
				t.Errorf("%d sessions of %d segments: it is counted twice", len(c.Sessions), len(c.Segments))
			}
			return len(c.Sessions) == 1 && c.Sessions[0].Archived == archived && c.Sessions[0].Events > 0 && len(c.Segments) == 1
		}
	}
	awaits(t, set, "the log", one(false))
	first := set.Sources().Catalog().Sessions[0]
	same := func(what string) {
		t.Helper()
		s := set.Sources().Catalog().Sessions[0]
		if s.ID != first.ID || s.Events != first.Events || s.Usage != first.Usage || s.Cost() != first.Cost() || s.First != first.First || s.Name != first.Name {
			t.Errorf("%s: %+v, want %+v", what, s, first)
		}
	}
	if err := os.Remove(log); err != nil {
		t.Fatal(err)
	}
	awaits(t, set, "the copy of the log that is gone", one(true))
	same("its copy")
	s := set.Sources().Catalog().Sessions[0]
	if c, ok := folder.Of(log); !ok || !slices.Equal(s.Paths, []string{folder.Object(c.ID)}) {
		t.Errorf("%q", s.Paths)
	}
	opened, err := set.ReadLog(t.Context(), []*eventlog.Session{s})
	if err != nil {
		t.Fatal(err)
	}
	if rows := opened.Snapshot().Rows.Len(); rows == 0 {
		t.Error("the copy cannot be opened")
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(log, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	awaits(t, set, "the log that is back", one(false))
	same("the log again")
	// Of a log that was cut off the copy says more.
	if err := os.Truncate(log, int64(len(whole)/3)); err != nil {
		t.Fatal(err)
	}
	awaits(t, set, "the copy of the log that was cut off", one(true))
	same("its copy again")
}

func TestWhatIsArchived(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	put(t, "claude/projects/-home-dev-shop/"+session1f+".jsonl", filepath.Join(in, "a", session1f+".jsonl"))
	put(t, "claude/projects/-home-dev-shop/"+session1f+".jsonl", filepath.Join(dir, "out", session1f+".jsonl"))
	put(t, "opencode/opencode.sql", filepath.Join(in, "opencode.db"))
	if err := os.Symlink(filepath.Join(dir, "out", session1f+".jsonl"), filepath.Join(in, "link.jsonl")); err != nil {
		t.Skip(err)
	}
	if err := os.Symlink(filepath.Join(dir, "out"), filepath.Join(in, "folder")); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(filepath.Join(in, "notes.json"), must(json.Marshal("no log")), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := archive.Open(filepath.Join(in, "archive"))
	for range 2 { // what was archived is no log to be archived
		left := archiveAll(t, folder, in)
		slices.Sort(left)
		if len(left) != 2 || left[1] != filepath.Join(in, "opencode.db") {
			t.Errorf("left: %q", left)
		}
	}
	copies, err := folder.Copies()
	if err != nil || len(copies) != 1 || copies[0].Path != filepath.Join(in, "a", session1f+".jsonl") || copies[0].Format != "claude" {
		t.Errorf("%+v, %v", copies, err)
	}
	// Renamed within its place it is the same log.
	if err := os.Rename(copies[0].Path, filepath.Join(in, session1f+".jsonl")); err != nil {
		t.Fatal(err)
	}
	set := Open(t.Context(), []string{in}, Options{Archive: folder, Usual: true})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range set.Sources().Catalog().Sessions {
		if s.Archived || len(s.Paths) > 2 {
			t.Errorf("%s: %q", s.ID, s.Paths)
		}
	}
}
