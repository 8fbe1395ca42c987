package dialect

import (
	"bytes"
	"cmp"
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

// build makes a database of the statements in a file.
func build(t *testing.T, statements string) string {
	t.Helper()
	text, err := os.ReadFile(statements)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "log.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(string(text)); err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
	return path
}

// records reads the tables of a dialect in the order in which a feed does.
func records(t *testing.T, d Dialect, path string) (*Head, []eventlog.Record) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	head := &Head{Path: path}
	if head.Tables, err = db.Tables(t.Context()); err != nil {
		t.Fatal(err)
	}
	var all []eventlog.Record
	err = db.Scan(t.Context(), d.Tables(), nil, func(r eventlog.Record) error {
		all = append(all, copyOf(r))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	at := func(r eventlog.Record) int64 {
		table := d.Tables()[r.Table]
		switch i := slices.Index(table.Columns, table.Order); {
		case i >= 0:
			return r.Cells[i].Int
		case slices.ContainsFunc(d.Tables()[:r.Table], func(t eventlog.Table) bool { return t.Order != "" }):
			return math.MaxInt64
		}
		return math.MinInt64
	}
	slices.SortStableFunc(all, func(a, b eventlog.Record) int { return cmp.Compare(at(a), at(b)) })
	return head, all
}

// copyOf returns a row whose cells and texts are its own.
func copyOf(r eventlog.Record) eventlog.Record {
	r.Cells = slices.Clone(r.Cells)
	for i := range r.Cells {
		r.Cells[i].Text = bytes.Clone(r.Cells[i].Text)
	}
	return r
}

// decodeDatabase spells the events of a database, one a line.
func decodeDatabase(t *testing.T, d Dialect, statements string, full bool) string {
	t.Helper()
	head, all := records(t, d, build(t, statements))
	if got := Sniff(head, All()); got == nil || got.Name() != d.Name() {
		t.Errorf("%s is told as %v, want %s", statements, got, d.Name())
	}
	dec := d.Open(Segment{Path: head.Path, Head: head})
	var b strings.Builder
	for _, r := range all {
		var kinds []eventlog.Kind
		used := copyOf(r)
		if err := dec.Decode(&used, full, func(e *eventlog.Event) { spell(&b, e); kinds = append(kinds, e.Kind) }); err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
		}
		for _, c := range used.Cells { // a feed puts the next row there
			copy(c.Text, bytes.Repeat([]byte{'?'}, len(c.Text)))
		}
		// A fresh decoder that sees this record only finds the same events.
		var alone []eventlog.Kind
		_ = d.Open(Segment{Path: head.Path, Head: head}).Decode(&r, true, func(e *eventlog.Event) { alone = append(alone, e.Kind) })
		// One that repeats what another table holds tells of nothing, and is not looked at.
		if len(kinds) > 0 && !slices.Equal(kinds, alone) {
			t.Errorf("row %d of table %d: %v alone, %v after the others", r.Pos, r.Table, alone, kinds)
		}
	}
	return b.String()
}

func TestGoldenDatabases(t *testing.T) {
	root := filepath.Join("..", "..", "testdata")
	for _, tc := range []struct {
		name string
		d    Dialect
		path string
		full bool
	}{
		{"opencode", Opencode{}, "opencode/opencode.sql", false},
		{"opencode-full", Opencode{}, "opencode/opencode.sql", true},
		{"opencode-entries", Opencode{}, "opencode/entries.sql", true},
		{"crush", Crush{}, "crush/crush.sql", false},
		{"crush-full", Crush{}, "crush/crush.sql", true},
		{"goose", Goose{}, "goose/sessions.sql", false},
		{"goose-ledger", Goose{}, "goose/ledger.sql", true},
		{"goose-full", Goose{}, "goose/sessions.sql", true},
		{"codex-threads", CodexThreads{}, "codex-threads/state.sql", true},
		{"codex-history", CodexHistory{}, "codex-history/history.sql", true},
		{"agents-sessions", AgentsSessions{}, "agents-sessions/sessions.sql", false},
		{"agents-sessions-full", AgentsSessions{}, "agents-sessions/sessions.sql", true},
		{"agentsdk", AgentSDK{}, "agentsdk/sessions.sql", false},
		{"agentsdk-full", AgentSDK{}, "agentsdk/sessions.sql", true},
	} {
		t.Run(tc.name, func(t *testing.T) { golden(t, tc.name, decodeDatabase(t, tc.d, filepath.Join(root, tc.path), tc.full)) })
	}
}

// Rows whose cells are of any type and any content make no trouble.
func FuzzRows(f *testing.F) {
	f.Add(0, int64(1), "x", `{"role":"assistant"}`)
	f.Add(1, int64(-5), "", `{"type":"tool","state":{"status":"completed","time":{"start":1}}}`)
	f.Add(2, int64(1<<62), "{", `[{"type":"text","data":{}}]`)
	f.Fuzz(func(t *testing.T, table int, n int64, text, data string) {
		for _, d := range All() {
			tables := d.Tables()
			if len(tables) == 0 {
				continue
			}
			number := int(uint(table) % uint(len(tables)))
			dec := d.Open(Segment{Head: &Head{}})
			values := []eventlog.Cell{{}, {Type: eventlog.Integer, Int: n}, {Type: eventlog.Text, Text: []byte(text)}, {Type: eventlog.Blob, Text: []byte(data)}, {Type: eventlog.Real, Real: float64(n) / 3}}
			for shift := range values {
				rec := &eventlog.Record{Table: number, Pos: n}
				for i := range tables[number].Columns {
					rec.Cells = append(rec.Cells, values[(i+shift)%len(values)])
				}
				for _, full := range []bool{false, true} {
					_ = dec.Decode(rec, full, func(e *eventlog.Event) {
						if e.Bill != nil && (e.Bill.Usage.Total() < 0 || e.Bill.Cost < 0) {
							t.Errorf("negative %+v", e.Bill)
						}
					})
				}
			}
		}
	})
}
