package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/tui/overview"
)

// shownOf is what the first screen says of a catalog, as text.
func shownOf(t *testing.T, c *eventlog.Catalog, a overview.Ask) string {
	t.Helper()
	v := overview.Make(t.Context(), c, a)
	rows := make([]any, 0, len(v.Rows))
	for _, r := range v.Rows {
		need := ""
		if r.Need != nil {
			need = r.Need.Say(eventlog.StampOf(a.Now))
		}
		r.Session, r.Run, r.Need = nil, nil, nil
		rows = append(rows, r, need)
	}
	report := *v.Report
	report.Runs, report.Agents, report.Tools = nil, nil, nil // no part of the first screen
	text, err := json.MarshalIndent([]any{
		rows, report, v.Period, v.Shown, v.Known, v.Counts, v.All, v.Running, v.Failed, v.Agents, v.Today, len(v.Needs), len(v.Live), v.Feed, fmt.Sprint(v.Pulse), v.Widest, v.Mix,
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The first screen says of a preview what it says of all the calls, whatever is asked.
func TestPreviewSaysTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the program for many logs")
	}
	root := filepath.Join("..", "testdata") // of a copy the times would be too young to be trusted
	folders, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	keep := filepath.Join(t.TempDir(), "kept")
	previews, folded := 0, 0
	for _, f := range folders {
		open := func(look func(c *eventlog.Catalog)) {
			set := source.Open(t.Context(), []string{filepath.Join(root, f.Name())}, source.Options{Keep: keep, Stamp: "a", Front: true})
			for c := set.Sources().Catalog(); ; c = set.Sources().Catalog() {
				look(c)
				if c.Preview {
					set.Sources().Want()
				} else if !c.Progress.Loading {
					break
				}
				<-set.Sources().Changed()
			}
			if err := set.Close(); err != nil {
				t.Fatal(err)
			}
		}
		open(func(*eventlog.Catalog) {})
		var preview, whole *eventlog.Catalog
		open(func(c *eventlog.Catalog) {
			if c.Preview {
				preview = c
			}
			whole = c
		})
		if preview == nil || preview.Progress.Loading {
			continue
		}
		previews++
		for i, s := range preview.Sessions {
			if len(s.Runs) < len(whole.Sessions[i].Runs) {
				folded++
			}
		}
		for _, a := range []overview.Ask{
			{Period: overview.All, Columns: 90, Now: time.Now()},
			{Period: overview.All, Columns: 60, Now: time.Now(), Order: overview.ByCost, Flat: true},
			{Period: overview.All, Columns: 4000, Bucket: time.Hour, Now: time.Now(), Budget: 1},
			{Columns: 40, Bucket: time.Minute, Now: time.Now(), Views: []eventlog.Query{{}}},
			{Period: overview.All, Columns: 190, Now: time.Now(), Order: overview.ByErrors, Reverse: true, Folds: overview.Folds{Mode: overview.AllShut}},
		} {
			if got, want := shownOf(t, preview, a), shownOf(t, whole, a); got != want {
				t.Errorf("%s: the preview says\n%s\nwant\n%s", f.Name(), got, want)
			}
		}
	}
	if most := len(folders); previews < most/3 {
		t.Errorf("%d of %d folders have a preview", previews, most)
	}
	if folded == 0 {
		t.Error("no session has runs that one stands for")
	}
}
