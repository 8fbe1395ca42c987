package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// moment is a time with microseconds, as the stores keep it.
const moment eventlog.Stamp = 1_763_636_400_123_456_000

// someEvents makes n events of one session with ids from first on.
func someEvents(session string, first, n int) []eventlog.Event {
	events := make([]eventlog.Event, n)
	for i := range events {
		events[i] = eventlog.Event{
			ID:        fmt.Sprintf("e%d", first+i),
			SessionID: session,
			RunID:     "run-1",
			Kind:      eventlog.ToolCall,
			Time:      moment + eventlog.Stamp(first+i)*1_000_000,
			Payload:   json.RawMessage(fmt.Sprintf(`{"agent_name": "writer", "tool": "search", "n": %d}`, first+i)),
		}
	}
	return events
}

func create(t testing.TB, path string, opt Options) *Store {
	t.Helper()
	s, err := Create(t.Context(), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// ask runs SQL the way another program would, on a connection of its own.
func ask(t testing.TB, path, query string, to ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", uri(path, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if len(to) == 0 {
		_, err = db.Exec(query)
	} else {
		err = db.QueryRow(query).Scan(to...)
	}
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestResendIsHarmless(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "a.sqlite"), ":memory:"} {
		s := create(t, path, Options{})
		events := someEvents("s1", 0, 10)
		events = append(events, someEvents("s2", 0, 10)...) // the same ids in another session
		anonymous := eventlog.Event{SessionID: "s1", Type: "note"}
		events = append(events, anonymous, anonymous) // no id: never the same event
		for range 3 {
			if err := s.WriteEvents(t.Context(), events); err != nil {
				t.Fatal(err)
			}
		}
		var n int
		if err := s.conn.QueryRowContext(t.Context(), "SELECT count(*) FROM events").Scan(&n); err != nil || n != 26 {
			t.Errorf("%s: %d rows, %v; want 20 and 6 without an id", path, n, err)
		}
	}
}

func TestOtherConflictsAreErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sqlite")
	s := create(t, path, Options{})
	ask(t, path, "CREATE UNIQUE INDEX odd ON events(ts)")
	err := s.WriteEvents(t.Context(), []eventlog.Event{{ID: "a", Time: moment}, {ID: "b", Time: moment}})
	if err == nil {
		t.Fatal("a conflict that is not a resend was swallowed")
	}
	var n int
	if ask(t, path, "SELECT count(*) FROM events", &n); n != 0 {
		t.Errorf("%d rows of a failed batch", n)
	}
}

func TestPayloads(t *testing.T) {
	for in, want := range map[string]string{
		"":                  `{}`,
		"  ":                `{}`,
		`{"a": NaN}`:        `{"a": NaN}`,
		` {"a":1}` + "\n":   `{"a":1}`,
		`[1]`:               `{"payload": [1]}`,
		`null`:              `{"payload": null}`,
		`{"a":`:             `{"payload": "{\"a\":"}`,
		"plain\n":           `{"payload": "plain"}`,
		"{\"a\": \"\xff\"}": "{\"a\": \"\uFFFD\"}",
		"\xff":              "{\"payload\": \"\uFFFD\"}",
	} {
		if got := object(json.RawMessage(in)); got != want {
			t.Errorf("object(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestLazyBridgeReadsAndAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sqlite")
	s := create(t, path, Options{})
	if err := s.WriteEvents(t.Context(), someEvents("s1", 7, 1)); err != nil {
		t.Fatal(err)
	}
	ask(t, path, `INSERT INTO events (session_id, run_id, event_type, payload, ts) VALUES ('lb', NULL, 'tool_call', '{}', 1.5)`)
	ask(t, path, `INSERT INTO events (session_id, run_id, event_type, payload, ts) VALUES ('lb', NULL, 'tool_call', '{}', 1.5)`)
	ask(t, path, eventsDDL) // what it does first on every start
	var id int64
	var session, run, kind, payload string
	var ts float64
	ask(t, path, `SELECT id, session_id, run_id, event_type, payload, ts FROM events ORDER BY id`, &id, &session, &run, &kind, &payload, &ts)
	if id != 1 || session != "s1" || run != "run-1" || kind != "tool_call" || ts != 1763636400.130456 ||
		payload != `{"agent_name": "writer", "tool": "search", "n": 7}` {
		t.Errorf("got %d %q %q %q %q %f", id, session, run, kind, payload, ts)
	}
	var n int
	if ask(t, path, "SELECT count(*) FROM events", &n); n != 3 {
		t.Errorf("%d rows, want 3", n)
	}
}

func TestSessions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sqlite")
	s := create(t, path, Options{})
	put := func(f eventlog.Facts, beat eventlog.Stamp) {
		t.Helper()
		if err := s.PutSession(t.Context(), "s1", f, beat); err != nil {
			t.Fatal(err)
		}
	}
	put(eventlog.Facts{Name: "first", Goal: "g", Started: moment, Metadata: map[string]string{"a": "1", "b": "1"}, Tags: []string{"x", "y"}}, moment)
	put(eventlog.Facts{Name: "second", Started: moment + 1e9, Agent: "a", Metadata: map[string]string{"b": "2"}}, moment+5e9)
	put(eventlog.Facts{Agent: "b", Closed: true, Outcome: eventlog.Failure, Ended: moment + 9e9,
		Recorded: eventlog.Dollar / 2, RecordedKnown: true, Metrics: map[string]float64{"score": 0.5}}, moment+2e9)
	if err := s.PutExit(t.Context(), "s1", 3); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Count(t.Context(), "s1", map[eventlog.Kind]int64{eventlog.LoopStep: 2, eventlog.ModelRequest: 1}, 4); err != nil {
			t.Fatal(err)
		}
	}
	var got string
	ask(t, path, `SELECT concat_ws('|', name, goal, agent, started, ended, heartbeat, closed, outcome, exit_code,
		recorded_cost_nano, dropped, redact_dropped, metadata, metrics, tags) FROM lt_sessions WHERE id = 's1'`, &got)
	want := `first|g|b|1763636400.123456|1763636409.123456|1763636405.123456|1|failure|3|500000000|6|8|{"a":"1","b":"2"}|{"score":0.5}|["x","y"]`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	ask(t, path, `SELECT group_concat(kind || '=' || dropped, ' ') FROM (SELECT * FROM lt_drops ORDER BY kind)`, &got)
	if got != "loop_step=4 model_request=2" {
		t.Errorf("drops: %s", got)
	}
}

func TestManyWritersAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sqlite")
	const writers, batches = 8, 20
	var wg sync.WaitGroup
	errs := make(chan error, writers)
	for w := range writers {
		wg.Go(func() {
			s, err := Create(t.Context(), path, Options{}) // they race to make it, too
			if err != nil {
				errs <- err
				return
			}
			for b := range batches {
				if err := s.WriteEvents(t.Context(), someEvents(fmt.Sprint("s", w), b*5, 5)); err != nil {
					errs <- err
				}
			}
			errs <- s.Close()
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	var n int
	if ask(t, path, "SELECT count(DISTINCT session_id || lt_id) FROM events", &n); n != writers*batches*5 {
		t.Errorf("%d rows, want %d", n, writers*batches*5)
	}
}

func TestClosedAndCancelled(t *testing.T) {
	s := create(t, filepath.Join(t.TempDir(), "a.sqlite"), Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WriteEvents(ctx, someEvents("s", 0, 3)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := s.WriteEvents(t.Context(), someEvents("s", 0, 3)); err != nil {
		t.Errorf("after a cancelled write: %v", err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := s.WriteEvents(t.Context(), someEvents("s", 0, 3)); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
