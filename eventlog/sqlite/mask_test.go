package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const planted = "PLANTED-VALUE-0123456789"

// planting makes a database in which a value stands in texts, a blob, an index, a free
// page and, in mode wal, its log.
func planting(t *testing.T, mode string, more ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := sql.Open("sqlite", uri(path, "mode=rwc&_pragma=journal_mode("+mode+")&_pragma=secure_delete(0)"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, query := range append([]string{
		"CREATE TABLE events (id INTEGER PRIMARY KEY, payload TEXT, ts REAL, at DATETIME)",
		"CREATE TABLE loose (a TEXT, b BLOB, n INTEGER)",
		"CREATE INDEX by_a ON loose(a)",
		"INSERT INTO events VALUES (5, 'x " + planted + " y', 1.5, '2026-01-01 00:00:00'), (9, NULL, 2, 'now')",
		"INSERT INTO loose(rowid, a, b, n) VALUES (3, '" + planted + "', CAST('b " + planted + "' AS BLOB), 7), (70, 'gap', x'ff0001', NULL)",
		"INSERT INTO events(id, payload) VALUES (100, '" + planted + " deleted')",
		"DELETE FROM events WHERE id = 100",
		"PRAGMA user_version = 3",
	}, more...) {
		if _, err := db.Exec(query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	return path
}

func hide(text []byte) []byte { return bytes.ReplaceAll(text, []byte(planted), []byte("[gone]")) }

func readAll(t *testing.T, path string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", uri(path, "mode=ro&"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	rows, err := namesOf(t.Context(), c, `SELECT id || '|' || quote(payload) || '|' || quote(ts) || '|' || quote(at) FROM events
		UNION ALL SELECT rowid || '|' || quote(a) || '|' || quote(b) || '|' || quote(n) FROM loose`)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// A database is made anew with everything as it was but for what is masked, of which
// nothing is left in the file.
func TestMask(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"delete", "wal"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			path := planting(t, mode)
			l, err := LockFile(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			to := path + ".new"
			if err := l.Mask(t.Context(), to, hide); err != nil {
				t.Fatal(err)
			}
			if l.Cells != 3 {
				t.Errorf("%d cells were masked, want 3", l.Cells)
			}
			if err := l.Restore(t.Context()); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(to)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(text, []byte(planted)) {
				t.Error("the value is still in the new file")
			}
			h, err := readHeader(to)
			if err != nil || h.logged != (mode == "wal") {
				t.Errorf("new file: %+v, %v", h, err)
			}
			if h, err := readHeader(path); err != nil || h.logged != (mode == "wal") {
				t.Errorf("old file: %+v, %v", h, err)
			}
			want := readAll(t, path)
			for i := range want {
				want[i] = string(bytes.ReplaceAll(hide([]byte(want[i])), []byte("6220504C414E5445442D56414C55452D30313233343536373839"), []byte("62205B676F6E655D")))
			}
			if got := readAll(t, to); !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
			for _, f := range files {
				if f != path && f != to && mode == "delete" {
					t.Errorf("%s was left", filepath.Base(f))
				}
			}
		})
	}
}

// What nobody could promise anything of is refused, and nothing is changed.
func TestMaskRefuses(t *testing.T) {
	t.Parallel()
	for name, query := range map[string]string{
		"trigger": "CREATE TRIGGER tr AFTER UPDATE ON events BEGIN SELECT 1; END",
		"virtual": "CREATE VIRTUAL TABLE v USING fts5(x)",
		"keyed":   "CREATE TABLE k (a TEXT PRIMARY KEY) WITHOUT ROWID",
		"unique":  "CREATE UNIQUE INDEX u ON loose(a)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := planting(t, "delete", query)
			before, _ := os.ReadFile(path)
			l, err := LockFile(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			mask := hide
			if name == "unique" { // two rows would become one
				mask = func([]byte) []byte { return []byte("same") }
			}
			if err := l.Mask(t.Context(), path+".new", mask); err == nil || name != "unique" && !errors.Is(err, ErrUnmaskable) {
				t.Errorf("got %v", err)
			}
			if err := l.Restore(t.Context()); err != nil {
				t.Fatal(err)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
			if _, err := os.Stat(path + ".new-work"); err == nil {
				t.Error("the working copy was left")
			}
		})
	}
}

// A database that somebody uses is not locked, and stays as it is.
func TestLockFileBusy(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"delete", "wal"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			path := planting(t, mode)
			db, err := sql.Open("sqlite", uri(path, "mode=rw&"))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			c, err := db.Conn(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := c.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
				t.Fatal(err)
			}
			if _, err := LockFile(t.Context(), path); !errors.Is(err, ErrBusy) {
				t.Errorf("got %v, want it to be busy", err)
			}
			if _, err := c.ExecContext(t.Context(), "INSERT INTO events(payload) VALUES ('later'); COMMIT"); err != nil {
				t.Errorf("its user was disturbed: %v", err)
			}
		})
	}
}
