package sqlite_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

// Events of merged sessions are those of one, once each; its own facts stay.
func TestMerge(t *testing.T) {
	t.Parallel()
	s, err := sqlite.Create(t.Context(), filepath.Join(t.TempDir(), "e.sqlite"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write := func(session, id, text string) {
		t.Helper()
		payload, _ := json.Marshal(map[string]string{"text": text})
		if err := s.WriteEvents(t.Context(), []eventlog.Event{{ID: id, SessionID: session, Kind: eventlog.Message, Type: "message", Payload: payload}}); err != nil {
			t.Fatal(err)
		}
	}
	write("a", "1", "a1")
	write("b", "1", "a1") // the same event, told to both
	write("b", "2", "b2")
	write("c", "3", "c3")
	write("d", "4", "d4")
	for id, f := range map[string]eventlog.Facts{
		"a": {Name: "first", Started: 20, Ended: 30, Tags: []string{"x"}},
		"b": {Name: "second", Started: 10, Ended: 90, Tags: []string{"y", "x"}, ParentID: "a"},
		"d": {Name: "other", ParentID: "b"},
	} {
		if err := s.PutSession(t.Context(), id, f, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Count(t.Context(), "b", map[eventlog.Kind]int64{eventlog.LogLine: 3}, 0); err != nil {
		t.Fatal(err)
	}
	moved, err := s.Merge(t.Context(), "a", "b", "c")
	if err != nil || moved != 2 {
		t.Fatalf("moved %d events, %v", moved, err)
	}
	r, err := s.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rows := func(table string, columns ...string) (out []string) {
		t.Helper()
		err := r.Scan(t.Context(), []eventlog.Table{{Name: table, Columns: columns}}, nil, func(rec eventlog.Record) error {
			line := ""
			for _, c := range rec.Cells {
				line += string(c.Text) + " "
			}
			out = append(out, line)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(out)
		return out
	}
	if got := rows("events", "session_id", "lt_id"); !slices.Equal(got, []string{"a 1 ", "a 2 ", "a 3 ", "d 4 "}) {
		t.Errorf("events %q", got)
	}
	if got := rows("lt_sessions", "id", "name", "tags", "parent_session_id"); !slices.Equal(got, []string{`a first ["x","y"]  `, `d other [] a `}) {
		t.Errorf("sessions %q", got)
	}
	if got := rows("lt_drops", "session_id", "kind"); !slices.Equal(got, []string{"a log "}) {
		t.Errorf("drops %q", got)
	}
}
