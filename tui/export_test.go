package tui

import (
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// written exports by keys into a file and returns its rows.
func written(t *testing.T, d *driver, keys string) [][]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out.csv")
	d.keys(keys)
	d.m.prompt.Set(path, len(path))
	d.keys("enter")
	f, err := os.Open(path)
	if err != nil {
		t.Fatalf("%s: %v; told %q", keys, err, d.m.notice)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := f.Stat(); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	return rows
}

// What is exported is what the filter shows, no more and no less.
func TestExportIsWhatIsShown(t *testing.T) {
	src, log := told(t, append(checkout(), others()...))
	d := drive(t, src, log, nil).start(120, 36)
	if rows := written(t, d, "X s"); len(rows) != 1+d.m.home.view.Shown {
		t.Errorf("%d rows for %d sessions", len(rows), d.m.home.view.Shown)
	}
	d.keys("/").typed("err:any").keys("enter")
	rows := written(t, d, "X s")
	if len(rows) != 3 {
		t.Errorf("%d rows, want a head and two sessions", len(rows))
	}
	if rows := written(t, d, "X l"); int64(len(rows)) != 1+d.m.home.view.Report.Total.Calls {
		t.Errorf("%d rows for %d calls", len(rows), d.m.home.view.Report.Total.Calls)
	}
	d.keys("esc < enter /").typed("tool:Bash").keys("enter")
	rows = written(t, d, "X e")
	if len(rows) != 1+7 { // four calls, three of them with an end
		t.Errorf("%d rows: %v", len(rows), rows)
	}
	for _, r := range rows[1:] {
		if !strings.Contains(strings.Join(r, ","), "Bash") {
			t.Errorf("a row that the filter hides: %v", r)
		}
	}
}

func TestExportOverwritesNothing(t *testing.T) {
	src, log := told(t, checkout())
	d := drive(t, src, log, nil).start(120, 36)
	path := filepath.Join(t.TempDir(), "mine.csv")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.keys("X s")
	d.m.prompt.Set(path, len(path))
	if d.keys("enter"); d.m.fault == nil || !strings.Contains(d.m.fault.Error(), "is there already") {
		t.Errorf("told %v", d.m.fault)
	}
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Errorf("now it is %q", text)
	}
}

// A fork is asked for at the event that ends the selected step.
func TestFork(t *testing.T) {
	src, log := told(t, checkout())
	var got []string
	fork := func(_ context.Context, s *eventlog.Session, event, format string) (string, error) {
		if got = append(got, s.ID+" "+event+" "+format); format == "openai" {
			return "", errors.New("no room")
		}
		return "session f1 begins with 17 events", nil
	}
	d := drive(t, src, log, func(o *Options) { o.Fork = fork }).start(120, 36)
	d.keys("enter e").send(ctrl('f'))
	if d.keys("f"); d.m.notice != "session f1 begins with 17 events" {
		t.Errorf("told %q", d.m.notice)
	}
	d.send(ctrl('f'))
	if d.keys("o"); d.m.notice != "forking: no room" {
		t.Errorf("told %q", d.m.notice)
	}
	if strings.Join(got, "|") != "0190-checkout 0190-checkout-18 |0190-checkout 0190-checkout-18 openai" {
		t.Errorf("asked for %v", got)
	}
}
