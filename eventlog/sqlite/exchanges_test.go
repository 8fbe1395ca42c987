package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

func exchange(session, id string, began int64) eventlog.Exchange {
	return eventlog.Exchange{
		ID: id, SessionID: session, Door: "anthropic", API: "anthropic.messages", Model: "m", Stream: true, Method: "POST", Path: "/v1/messages",
		Exact: "e" + id, Loose: "l" + id, Request: []byte("asked"), Status: 200, Header: map[string]string{"Content-Type": "text/plain"},
		Answer: []byte("answer " + id), Pieces: []eventlog.Piece{{End: 3, After: time.Millisecond}, {End: 8, After: 2 * time.Second}},
		Masked: true, Torn: true, Began: eventlog.Stamp(began), Ended: eventlog.Stamp(began + 5),
	}
}

// Exchanges come back as they were kept, in the order in which they were asked, and
// go where their session goes. A store without any stays without their table.
func TestExchanges(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "e.sqlite")
	s, err := sqlite.Create(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if list, err := r.Exchanges(t.Context(), "a"); err != nil || len(list) != 0 {
		t.Fatalf("%v of a store without exchanges, %v", list, err)
	}
	if n, err := s.Remove(t.Context(), "nobody"); err != nil || n != 0 {
		t.Fatalf("removed %d, %v", n, err)
	}
	if tables, err := r.Tables(t.Context()); err != nil || tables["lt_exchanges"] != nil {
		t.Fatalf("%v, %v", tables, err)
	}
	for _, e := range []eventlog.Exchange{exchange("a", "2", 20), exchange("a", "1", 10), exchange("b", "3", 15), exchange("c", "4", 1), exchange("a", "2", 99)} {
		if err := s.PutExchange(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	of := func(session string) (ids string) {
		t.Helper()
		list, err := r.Exchanges(t.Context(), session)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if err := r.ExchangeBodies(t.Context(), &e); err != nil {
				t.Fatal(err)
			}
			if want := exchange(session, e.ID, int64(e.Began)); !reflect.DeepEqual(e, want) {
				t.Errorf("have %+v\nwant %+v", e, want)
			}
			ids += e.ID
		}
		return ids
	}
	if got := of("a"); got != "12" {
		t.Errorf("the exchanges are %s", got)
	}
	if _, err := s.Merge(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	if got := of("a"); got != "132" {
		t.Errorf("merged they are %s", got)
	}
	if _, err := s.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got := of("a") + of("b") + of("c"); got != "4" {
		t.Errorf("left are %s", got)
	}
	// Whoever reads the store by the layout that it has always had goes on doing so.
	if version, err := r.UserVersion(t.Context()); err != nil || version != sqlite.Version {
		t.Errorf("the layout is %d, %v", version, err)
	}
	again, err := sqlite.Create(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

// A view of the name of our table is not read: its maker says what it does.
func TestExchangesOfOthers(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string]string{
		"view":    "CREATE VIEW lt_exchanges AS SELECT 1 AS session_id",
		"columns": "CREATE TABLE lt_exchanges (session_id TEXT)",
	} {
		path := filepath.Join(t.TempDir(), name)
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(schema); err != nil {
			t.Fatal(err)
		}
		db.Close()
		r, err := sqlite.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		list, err := r.Exchanges(t.Context(), "a")
		if len(list) > 0 || name == "columns" && err == nil {
			t.Errorf("%s: %v, %v", name, list, err)
		}
		r.Close()
	}
}
