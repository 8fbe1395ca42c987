package sqlite

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// begin tells a store of a session that a recorder has begun, with a run that
// is open in another one and a call under way.
func begin(t *testing.T, s *Store, id, host string, pid int, mark string) {
	t.Helper()
	at := moment
	of := func(kind eventlog.Kind, run, payload string) eventlog.Event {
		at += 1_000_000
		return eventlog.Event{ID: id + run + kind.String() + payload, SessionID: id, RunID: run, Kind: kind, Time: at, Payload: json.RawMessage(payload)}
	}
	if err := s.WriteEvents(t.Context(), []eventlog.Event{
		of(eventlog.SessionStart, "", `{}`), of(eventlog.AgentStart, "outer", `{"agent_name":"a"}`), of(eventlog.AgentStart, "inner", `{"agent_name":"b"}`),
		of(eventlog.ToolCall, "inner", `{"tool":"x","tool_use_id":"1"}`), of(eventlog.ToolCall, "inner", `{"tool":"x","tool_use_id":"2"}`),
		of(eventlog.ToolResult, "inner", `{"tool":"x","tool_use_id":"1","v":NaN}`), of(eventlog.AgentStart, "over", `{}`), of(eventlog.ModelRequest, "over", `{}`), of(eventlog.AgentFinish, "over", `{}`),
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.PutSession(t.Context(), id, eventlog.Facts{Host: host, RecorderPid: pid, RecorderMark: mark, Name: id}, at); err != nil {
		t.Fatal(err)
	}
}

func TestCloseInterrupted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.sqlite")
	s := create(t, path, Options{})
	begin(t, s, "killed", "here", 7, "first")
	begin(t, s, "its number is taken", "here", 8, "first")
	begin(t, s, "lives", "here", 8, "second")
	begin(t, s, "elsewhere", "there", 7, "first")
	begin(t, s, "resumed", "here", 7, "first")
	begin(t, s, "unknown", "here", 9, "")
	begin(t, s, "ended", "here", 7, "first")
	if err := s.PutSession(t.Context(), "ended", eventlog.Facts{Closed: true, Outcome: eventlog.Success}, moment); err != nil {
		t.Fatal(err)
	}
	gone := func(host string, pid int, mark string) bool {
		return host == "here" && !(pid == 8 && mark == "second")
	}

	// Several at once, as when many programs are started after a crash.
	var all sync.WaitGroup
	var mu sync.Mutex
	closed := map[string][]Interrupted{}
	for range 4 {
		other := create(t, path, Options{})
		all.Go(func() {
			list, err := other.CloseInterrupted(t.Context(), gone, "resumed")
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, one := range list {
				closed[one.Session] = append(closed[one.Session], one)
			}
		})
	}
	all.Wait()
	if len(closed) != 2 {
		t.Errorf("closed: %v", closed)
	}
	for _, id := range []string{"killed", "its number is taken"} {
		if list := closed[id]; len(list) != 1 || list[0].Events != 9 || list[0].Calls != 1 || list[0].At/1000 != (moment+9_000_000)/1000 {
			t.Errorf("%s: %+v", id, list)
		}
		var finished, ended int
		var last, reason, outcome string
		ask(t, path, `SELECT count(*) FROM events WHERE event_type = 'agent_finish' AND session_id = '`+id+`'`, &finished)
		ask(t, path, `SELECT count(*) FROM events WHERE event_type = 'session_end' AND session_id = '`+id+`'`, &ended)
		ask(t, path, `SELECT group_concat(run_id, ' ') FROM (SELECT run_id FROM events WHERE session_id = '`+id+`' AND lt_id LIKE 'interrupted agent%' ORDER BY id)`, &last)
		ask(t, path, `SELECT failure_reason, outcome FROM lt_sessions WHERE closed = 1 AND ended IS NOT NULL AND id = '`+id+`'`, &reason, &outcome)
		if finished != 3 || ended != 1 || last != "inner outer" || outcome != "cancelled" || reason == "" {
			t.Errorf("%s: %d finishes, %d ends, runs %q, %q, %q", id, finished, ended, last, outcome, reason)
		}
	}
	for _, id := range []string{"lives", "elsewhere", "resumed", "unknown", "ended"} {
		var n int
		if ask(t, path, `SELECT count(*) FROM events WHERE session_id = '`+id+`'`, &n); n != 9 {
			t.Errorf("%s: %d events", id, n)
		}
	}
	if again, err := s.CloseInterrupted(t.Context(), gone, "resumed"); err != nil || len(again) != 0 {
		t.Errorf("again: %v, %v", again, err)
	}

	// Who goes on with a session takes it over from the recorder before.
	if err := s.PutSession(t.Context(), "resumed", eventlog.Facts{Host: "here", RecorderPid: 8, RecorderMark: "second"}, moment); err != nil {
		t.Fatal(err)
	}
	if again, err := s.CloseInterrupted(t.Context(), gone, ""); err != nil || len(again) != 0 {
		t.Errorf("taken over: %v, %v", again, err)
	}
}

// A recorder that only reads the list of others changes nothing.
func TestNothingToCloseWritesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.sqlite")
	s := create(t, path, Options{})
	begin(t, s, "lives", "here", 8, "second")
	before, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if list, err := s.CloseInterrupted(t.Context(), func(string, int, string) bool { return false }, ""); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if after, err := os.ReadFile(path + "-wal"); err != nil || string(after) != string(before) {
		t.Errorf("the store was written to: %v", err)
	}
}
