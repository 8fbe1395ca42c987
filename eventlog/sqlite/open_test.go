package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func open(t testing.TB, path string) *Reader {
	t.Helper()
	r, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// count scans the events.
func count(t testing.TB, r *Reader) int {
	t.Helper()
	n := 0
	if err := r.Scan(t.Context(), eventsTable(), nil, func(eventlog.Record) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// state is what nobody may change about a folder: the bytes and times of its
// files. The index of a log is SQLite's own and left out.
func state(t testing.TB, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), "-shm") || !entry.Type().IsRegular() {
			continue
		}
		body, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		found[entry.Name()] = fmt.Sprintf("%x %d %v", sha256.Sum256(body), info.Size(), info.ModTime())
	}
	return found
}

func unchanged(t testing.TB, folder string, before map[string]string) {
	t.Helper()
	after := state(t, folder)
	for name := range after {
		if _, ok := before[name]; !ok {
			t.Errorf("%s appeared", name)
		}
	}
	for name, was := range before {
		if after[name] != was {
			t.Errorf("%s changed:\n%s\n%s", name, was, after[name])
		}
	}
}

func copyTo(t testing.TB, folder, from string, suffixes ...string) string {
	t.Helper()
	to := filepath.Join(folder, filepath.Base(from))
	for _, suffix := range append(suffixes, "") {
		body, err := os.ReadFile(from + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+suffix, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestSamples reads real databases, where they are and as copies.
func TestSamples(t *testing.T) {
	for _, test := range []struct {
		name    string
		rows    int
		beside  []string
		columns string
	}{
		{"crashed.sqlite", 300, []string{"-wal"}, "id session_id run_id event_type payload ts"},
		{"crashed.sqlite", 300, []string{"-wal", "-shm"}, "id session_id run_id event_type payload ts"},
		{"events.sqlite", 96, nil, "id session_id run_id event_type payload ts"},
		{"odd.sqlite", 1, nil, "id session_id run_id event_type payload ts"},
		{"legacy_pre1.sqlite", 6, nil, "id timestamp session_id agent_id agent_name event_type data_json"},
	} {
		there := shared(t, "samples", "seeds", test.name)
		for _, path := range []string{there, copyTo(t, t.TempDir(), there, test.beside...)} {
			before := state(t, filepath.Dir(path))
			r := open(t, path)
			if n := count(t, r); n != test.rows {
				t.Errorf("%s: %d rows, want %d", path, n, test.rows)
			}
			tables, err := r.Tables(t.Context())
			if got := strings.Join(tables["events"], " "); err != nil || got != test.columns {
				t.Errorf("%s: columns %q, %v", path, got, err)
			}
			if err := r.Close(); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			unchanged(t, filepath.Dir(path), before)
		}
	}
}

// TestNothingChanges reads along with a writer and after it, also as the last
// one to close the database.
func TestNothingChanges(t *testing.T) {
	for _, name := range []string{"a.sqlite", "what?.sqlite", "50%23 off#1 & more.sqlite", "ü \t%.db", "file:x?mode=memory"} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), name+" folder")
			path := filepath.Join(folder, name)
			s := create(t, path, Options{})
			if err := s.WriteEvents(t.Context(), someEvents("s", 0, 100)); err != nil {
				t.Fatal(err)
			}
			before := state(t, folder)
			if len(before) != 2 {
				t.Fatalf("files %v, want the database and its log", before)
			}
			r := open(t, path)
			if n := count(t, r); n != 100 {
				t.Errorf("%d rows", n)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			unchanged(t, folder, before)

			// As if the writer had been killed: its files, and nobody there.
			dead := copyTo(t, t.TempDir(), path, "-wal")
			before = state(t, filepath.Dir(dead))
			r = open(t, dead)
			if n := count(t, r); n != 100 {
				t.Errorf("%d rows in the log of a dead writer", n)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			unchanged(t, filepath.Dir(dead), before)

			// After an orderly end there is no log, and none appears.
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			before = state(t, folder)
			if len(before) != 1 {
				t.Fatalf("files %v, want the database alone", before)
			}
			r = open(t, path)
			if n := count(t, r); n != 100 {
				t.Errorf("%d rows", n)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			unchanged(t, folder, before)
			if entries, _ := os.ReadDir(folder); len(entries) != 1 {
				t.Errorf("%v", entries)
			}
		})
	}
}

// TestWriterComesLater opens a finished database, which a writer then takes up
// again.
func TestWriterComesLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sqlite")
	for i := range 3 {
		r := open(t, path0(t, path))
		if n := count(t, r); n != i*10 {
			t.Errorf("%d rows, want %d", n, i*10)
		}
		version, err := r.DataVersion(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s := create(t, path, Options{})
		if err := s.WriteEvents(t.Context(), someEvents("s", i*10, 10)); err != nil {
			t.Fatal(err)
		}
		if now, err := r.DataVersion(t.Context()); err != nil || now == version {
			t.Errorf("data version %d, %v; was %d", now, err, version)
		}
		if n := count(t, r); n != i*10+10 {
			t.Errorf("%d rows, want %d", n, i*10+10)
		}
		// The reader leaves first, so that the writer can tidy up.
		if err := errors.Join(r.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	}
}

// path0 makes an empty file unless there is one.
func path0(t *testing.T, path string) string {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEmptyFile: SQLite itself would delete the log beside an empty file.
func TestEmptyFile(t *testing.T) {
	folder := t.TempDir()
	path := path0(t, filepath.Join(folder, "a.sqlite"))
	if err := os.WriteFile(path+"-wal", []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := state(t, folder)
	r := open(t, path)
	if tables, err := r.Tables(t.Context()); err != nil || len(tables) != 0 || count(t, r) != 0 {
		t.Errorf("tables %v, %v", tables, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	unchanged(t, folder, before)
}

func TestReplacedFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "a.sqlite")
	fill := func(path string, n int) {
		s := create(t, path, Options{})
		if err := errors.Join(s.WriteEvents(t.Context(), someEvents("s", 0, n)), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
	fill(path, 3)
	r := open(t, path)
	if n := count(t, r); n != 3 {
		t.Errorf("%d rows", n)
	}
	fill(path+".new", 5)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if n := count(t, r); n != 5 {
		t.Errorf("%d rows after the file was replaced", n)
	}
}

func TestRefusals(t *testing.T) {
	folder := t.TempDir()
	write := func(name, body string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	made := func(name string, statements ...string) string {
		path := filepath.Join(folder, name)
		db, err := sql.Open("sqlite", uri(path, ""))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, statement := range statements {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	events := eventsDDL
	pages := func(size string) string { return magic + size + strings.Repeat("\x01", 200) }
	for _, test := range []struct {
		name, path  string
		read, write error
	}{
		{"text", write("text", strings.Repeat("no database\n", 100)), ErrNotSQLite, ErrNotSQLite},
		{"short", write("short", magic), ErrNotSQLite, ErrNotSQLite},
		{"page size", write("page", pages("\xff\xff")), ErrNotSQLite, ErrNotSQLite},
		{"garbage", write("garbage", pages("\x10\x00")), ErrNotSQLite, ErrNotSQLite},
		{"folder", folder, ErrNotSQLite, ErrNotSQLite},
		{"newer", made("newer", events, "PRAGMA user_version = 2"), nil, ErrNewer},
		{"view", made("view", "CREATE TABLE t (x)", "CREATE VIEW events AS SELECT * FROM t"), nil, ErrForeign},
		{"trigger", made("trigger", events, "CREATE TRIGGER tr AFTER INSERT ON events BEGIN DELETE FROM events; END"), nil, ErrForeign},
		{"other", made("other", "CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT)"), nil, ErrForeign},
		{"columns", made("columns", "CREATE TABLE events (id INTEGER PRIMARY KEY, timestamp TEXT)"), nil, ErrForeign},
		{"more columns", made("more", events, "ALTER TABLE events ADD COLUMN trace_id TEXT"), nil, ErrForeign},
		{"empty", write("empty", ""), nil, nil},
		{"without tables", made("none", "PRAGMA user_version = 0", "CREATE TABLE t (x)", "DROP TABLE t"), nil, nil},
		{"lazybridge", made("lb", "PRAGMA journal_mode = WAL", events, "INSERT INTO events VALUES (1, 's', NULL, 'x', '{}', 1)"), nil, nil},
	} {
		before := state(t, folder)
		r, err := Open(t.Context(), test.path)
		if !errors.Is(err, test.read) {
			t.Errorf("%s: open: %v, want %v", test.name, err, test.read)
		}
		if err == nil {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
		unchanged(t, folder, before)
		s, err := Create(t.Context(), test.path, Options{})
		if !errors.Is(err, test.write) {
			t.Errorf("%s: create: %v, want %v", test.name, err, test.write)
		}
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: more than one line: %v", test.name, err)
			}
			unchanged(t, folder, before)
			continue
		}
		if err := errors.Join(s.WriteEvents(t.Context(), someEvents("s", 0, 2)), s.Close()); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		var version int
		if ask(t, test.path, "PRAGMA user_version", &version); version != Version {
			t.Errorf("%s: user_version %d", test.name, version)
		}
	}
	if _, err := Open(t.Context(), filepath.Join(folder, "nowhere", "a.sqlite")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sqlite")
	s := create(t, path, Options{})
	other := create(t, path, Options{Wait: 1}) // a nanosecond: at once
	if err := s.exec(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := other.WriteEvents(t.Context(), someEvents("s", 0, 1)); !errors.Is(err, ErrBusy) {
		t.Errorf("locked: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WriteEvents(ctx, someEvents("s", 0, 1)); err == nil {
		t.Error("a cancelled write went through")
	}
	if err := s.exec(t.Context(), "BEGIN", "ROLLBACK"); err != nil {
		t.Errorf("a failed write left a transaction: %v", err)
	}
	if err := other.WriteEvents(t.Context(), someEvents("s", 0, 1)); err != nil {
		t.Errorf("unlocked: %v", err)
	}
}

func TestMemory(t *testing.T) {
	for _, path := range []string{":memory:", "none"} {
		a, b := create(t, path, Options{}), create(t, path, Options{})
		r, err := a.Reader(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- a.WriteEvents(context.Background(), someEvents("s", 0, 50)) }()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if err := b.WriteEvents(t.Context(), someEvents("s", 0, 7)); err != nil {
			t.Fatal(err)
		}
		if n := count(t, r); n != 50 {
			t.Errorf("%s: %d rows, want 50", path, n)
		}
		if err := errors.Join(r.Close(), a.Close()); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s became a file", path)
		}
	}
}

// TestMemoryAtOnce reads a store in memory while it is written to.
func TestMemoryAtOnce(t *testing.T) {
	s := create(t, ":memory:", Options{})
	r, err := s.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		for i := range 200 {
			if err := s.WriteEvents(context.Background(), someEvents("s", i*20, 20)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	seen, after := 0, []int64{Start}
	for writing := true; ; {
		if err := r.Scan(t.Context(), eventsTable(), after, func(record eventlog.Record) error {
			seen++
			after[0] = record.Pos
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !writing {
			break
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			writing = false
		default:
		}
	}
	if seen != 4000 {
		t.Errorf("%d rows, want 4000", seen)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestHotJournal meets a store on a file system without shared memory whose
// writer was killed: a reader explains, the next writer repairs.
func TestHotJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sqlite")
	s := create(t, path, Options{})
	// With hardly any cache the pages of a transaction go to the file early.
	if err := s.exec(t.Context(), "PRAGMA journal_mode = DELETE", "PRAGMA cache_size = 1"); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteEvents(t.Context(), someEvents("s", 0, 2000)); err != nil {
		t.Fatal(err)
	}
	if err := s.exec(t.Context(), "BEGIN IMMEDIATE", "UPDATE events SET payload = 'half done'"); err != nil {
		t.Fatal(err)
	}
	dead := copyTo(t, t.TempDir(), path, "-journal")
	before := state(t, filepath.Dir(dead))
	if _, err := Open(t.Context(), dead); !errors.Is(err, ErrHotJournal) || strings.Contains(err.Error(), "\n") {
		t.Errorf("read: %v", err)
	}
	unchanged(t, filepath.Dir(dead), before)
	if err := create(t, dead, Options{}).WriteEvents(t.Context(), someEvents("s", 2000, 1)); err != nil {
		t.Errorf("write: %v", err)
	}
	var n int
	if ask(t, dead, "SELECT count(*) FROM events WHERE payload <> 'half done'", &n); n != 2001 {
		t.Errorf("%d rows, want 2001", n)
	}
}
