package sqlite_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

func TestRemove(t *testing.T) {
	s, err := sqlite.Create(t.Context(), filepath.Join(t.TempDir(), "e.sqlite"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, id := range []string{"gone", "kept"} {
		if err := s.WriteEvents(t.Context(), []eventlog.Event{{ID: "1", SessionID: id, Kind: eventlog.Message, Type: "message", Payload: json.RawMessage(`{}`)}}); err != nil {
			t.Fatal(err)
		}
		if err := s.PutSession(t.Context(), id, eventlog.Facts{Name: id}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Remove(t.Context(), "gone"); err != nil || n != 1 {
		t.Fatalf("removed %d events, %v", n, err)
	}
	r, err := s.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var left []string
	for _, table := range []string{"events", "lt_sessions"} {
		column := map[string]string{"events": "session_id", "lt_sessions": "id"}[table]
		err := r.Scan(t.Context(), []eventlog.Table{{Name: table, Columns: []string{column}}}, nil, func(rec eventlog.Record) error {
			left = append(left, string(rec.Cells[0].Text))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(left) != 2 || left[0] != "kept" || left[1] != "kept" {
		t.Errorf("left: %q", left)
	}
}
