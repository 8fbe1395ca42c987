package source

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// A database that version 2 took over holds sessions twice: each counts once, and those
// that were left behind count as well.
func TestOpencodeTakenOver(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "opencode", "entries.sql"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "opencode.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(string(text)); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, c := read(t, path)
	total := rollup.New(c, nil).Total
	want := eventlog.Usage{Input: 100 + 50 + 60 + 1, Output: 30 + 5 + 6 + 2, Reasoning: 10, CacheRead: 30 + 3, CacheWrite5m: 7}
	if total.Usage != want || total.Sessions != 4 || total.ToolCalls != 4 || total.ToolErrors != 1 {
		t.Errorf("%+v; want %+v", total, want)
	}
	if s, _ := c.Session("ses_a"); s.Goal != "fix the basket" || s.Events > 20 {
		t.Errorf("%q, %d events: the older rows of a session are left out", s.Goal, s.Events)
	}
	if f, _ := c.Session("ses_f"); f.ForkOf != "ses_a" || f.Calls != 0 {
		t.Errorf("the fork: of %q, %d calls", f.ForkOf, f.Calls)
	}
}
