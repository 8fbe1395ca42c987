package sqlite

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHostile reads databases that were made to hurt, each in a process of its
// own, and holds what comes out.
func TestHostile(t *testing.T) {
	generator := shared(t, "corpora", "hostile", "gen_hostile.py")
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to make the files with")
	}
	folder := t.TempDir()
	if out, err := exec.Command(python, generator, folder).CombinedOutput(); err != nil {
		t.Skipf("%v: %s", err, out)
	}
	// The other cases are not for us, and one of them is a terabyte of nothing.
	others, err := filepath.Glob(filepath.Join(folder, "[^s]*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range others {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	const view, damage = `a view, which is not read: "events"`, "damaged: database disk image is malformed (11)"
	for name, want := range map[string]string{
		"s00-ok":                  "rows=20 broken=0",
		"s01-empty-table":         "rows=0 broken=0",
		"s02-zero-bytes":          "rows=0 broken=0",
		"s03-truncated":           "rows=172 broken=0 read NAME: " + damage,
		"s04-bad-header":          "refused: open PATH: not an SQLite database: it begins otherwise",
		"s05-bad-page":            "rows=371 broken=1",
		"s06-btree-loop":          "rows=145 broken=1",
		"s07-page-size-1":         "refused: open PATH: not an SQLite database: its page size is 65535",
		"s08-random-after-header": "refused: open PATH: not an SQLite database: its page size is 39178",
		"s09-no-events-table":     `rows=0 broken=0 read NAME: no such table: "events"`,
		"s10-missing-column":      "rows=1 broken=0",
		"s11-extra-columns":       "rows=20 broken=0",
		"s12-user-version-999":    "rows=20 broken=0",
		"s13-types":               "rows=6 broken=0",
		"s14-events-is-view":      "rows=0 broken=0 read NAME: " + view,
		"s15-view-endless":        "rows=0 broken=0 read NAME: " + view,
		"s16-view-bomb":           "rows=0 broken=0 read NAME: " + view,
		"s17-view-function":       "rows=0 broken=0 read NAME: " + view,
		"s18-trigger":             "rows=20 broken=0",
		"s19-generated-column":    "rows=0 broken=1",
		"s20-many-tables":         "rows=20 broken=0",
		"s21-escape-names":        "rows=20 broken=0",
		"s22-escape-rows":         "rows=47 broken=0",
		"s23-utf16-db":            "rows=20 broken=0",
		"s24-page-64k":            "rows=20 broken=0",
		"s25-huge-ids":            "rows=22 broken=0",
		"s26-payload-8mb":         "rows=21 broken=0",
		"s27-wal-uncheckpointed":  "rows=20 broken=0",
		"s28-wal-lost":            "rows=0 broken=0",
		"s29-wal-torn":            "rows=19 broken=0",
		"s30-wal-corrupt":         "rows=0 broken=0",
		"s31-hot-journal":         "refused: open PATH: " + ErrHotJournal.Error() + ": attempt to write a readonly database (776)",
		"s32-readonly-file":       "rows=20 broken=0",
		"s33-readonly-dir/e":      "rows=20 broken=0",
		"s34-wal-mode-clean":      "rows=20 broken=0",
	} {
		path := filepath.Join(folder, filepath.FromSlash(name)+".sqlite")
		before := state(t, filepath.Dir(path))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		began := time.Now()
		cmd := child(t, ctx, "look", path)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		cancel()
		if err != nil || errs.Len() > 0 {
			t.Errorf("%s: %v: %s", name, err, errs.String())
			continue
		}
		want = strings.NewReplacer("PATH", path, "NAME", filepath.Base(path)).Replace(want)
		if got := strings.TrimSpace(string(out)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
		peak := peakMemory(cmd.ProcessState)
		if peak > 512<<20 {
			t.Errorf("%s: %d MB", name, peak>>20)
		}
		t.Logf("%-24s %4d ms %4d MB  %s", name, time.Since(began).Milliseconds(), peak>>20, want)
		unchanged(t, filepath.Dir(path), before)
	}
}
