package source

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	_ "github.com/lazytrace/lazytrace/eventlog/sqlite" // registers the driver
)

// steps is a dialect whose rows are changed in place: a step is a call, and
// once it is done its result and its bill as well.
type steps struct{}

func (steps) Name() string { return "steps" }

func (steps) Sniff(h *dialect.Head) int {
	if _, ok := h.Tables["step"]; ok {
		return 99
	}
	return 0
}

func (steps) Tables() []eventlog.Table {
	return []eventlog.Table{
		{Name: "session", Columns: []string{"id", "at"}, Order: "at", Mutable: true},
		{Name: "step", Columns: []string{"session", "name", "done", "at"}, Order: "at", Mutable: true},
	}
}

func (steps) Open(dialect.Segment) dialect.Decoder { return steps{} }

func (steps) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	c := rec.Cells
	if rec.Table == 0 {
		emit(&eventlog.Event{Kind: eventlog.SessionStart, SessionID: string(c[0].Text), Time: eventlog.Stamp(c[1].Int), Facts: &eventlog.Facts{}})
		return nil
	}
	name := string(c[1].Text)
	e := eventlog.Event{SessionID: string(c[0].Text), RunID: "r", Kind: eventlog.ToolCall, Tool: name, CallID: name, ID: name, Time: eventlog.Stamp(c[3].Int)}
	emit(&e)
	if c[2].Int > 0 {
		e.Kind, e.Bill = eventlog.ToolResult, &eventlog.Bill{Usage: eventlog.Usage{Output: c[2].Int}}
		emit(&e)
	}
	return nil
}

// database makes a database of statements, with a log as live ones have it.
func database(t *testing.T, name string, statements ...string) (path string, exec func(statements ...string)) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	exec = func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := db.Exec(s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	exec("PRAGMA journal_mode=WAL")
	exec(statements...)
	return path, exec
}

func stepsDatabase(t *testing.T) (path string, exec func(statements ...string)) {
	return database(t, "steps.db",
		`CREATE TABLE session (id TEXT PRIMARY KEY, at INTEGER)`,
		`CREATE TABLE step (session TEXT, name TEXT, done INTEGER, at INTEGER)`,
		`INSERT INTO session VALUES ('s', 1000000000)`,
		`INSERT INTO step VALUES ('s', 'a', 5, 2000000000), ('s', 'b', 0, 3000000000)`)
}

// toolsOf spells the tool spans of a log with the number of their span, and
// whether they are open.
func toolsOf(log eventlog.Log) string {
	snap := log.Snapshot()
	var out []string
	for i, s := range snap.Spans.All() {
		if s.Kind == eventlog.SpanTool {
			word := snap.Symbols.Name(s.Tool) + string(rune('0'+i+1))
			if s.Flags.Has(eventlog.SpanOpen) {
				word += "…"
			}
			out = append(out, word)
		}
	}
	return strings.Join(out, " ")
}

func TestRowsThatChange(t *testing.T) {
	path, exec := stepsDatabase(t)
	set := Open(t.Context(), []string{path}, Options{Follow: true, Known: []dialect.Dialect{steps{}}})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := set.Sources().Catalog()
	log, err := set.OpenLog(t.Context(), c.Sessions[0])
	if err != nil {
		t.Fatal(err)
	}
	load(t, log)
	if got := toolsOf(log); got != "a3 b4…" {
		t.Fatalf("at first: %s", got)
	}

	// A row is changed, another is added.
	exec(`UPDATE step SET done = 7 WHERE name = 'b'`, `INSERT INTO step VALUES ('s', 'c', 0, 4000000000)`)
	until(t, set.Sources().Changed(), func() bool {
		c := set.Sources().Catalog()
		return len(c.Sessions) == 1 && c.Sessions[0].Usage.Output == 12 && c.Sessions[0].ToolCalls == 3 && c.Entries.Len() == 2 && len(c.Segments) == 1
	})
	until(t, log.Changed(), func() bool { return toolsOf(log) == "a3 b4 c5…" })
	if snap := log.Snapshot(); snap.Generation != 0 || snap.Bills.Len() != 2 {
		t.Errorf("generation %d with %d bills: what was there keeps its number and counts once", snap.Generation, snap.Bills.Len())
	}

	// A row goes: what it told of is gone as well.
	exec(`DELETE FROM step WHERE name = 'a'`)
	until(t, set.Sources().Changed(), func() bool {
		s := set.Sources().Catalog().Sessions[0]
		return s.Usage.Output == 7 && s.ToolCalls == 2
	})
	until(t, log.Changed(), func() bool { return toolsOf(log) == "b3 c4…" })
	snap := log.Snapshot()
	if snap.Generation == 0 {
		t.Error("the generation is still 0 though rows are gone")
	}
	events, err := log.Events(t.Context(), []eventlog.RowID{0, 1, 99})
	if err != nil || events[1].ID != "b" || events[2].Kind != eventlog.Unreadable {
		t.Errorf("events %+v, %v", events, err)
	}
}

// A call that is under way is counted once it is done; the lines of the same
// session count for nothing beside the database.
func TestOpencodeLive(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "opencode", "opencode.sql"))
	if err != nil {
		t.Fatal(err)
	}
	path, exec := database(t, "opencode.db", string(text))
	set := Open(t.Context(), []string{path}, Options{Follow: true})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := set.Sources().Catalog()
	main, _ := c.Session("ses_main")
	fork, _ := c.Session("ses_fork")
	child, _ := c.Session("ses_child")
	if len(c.Sessions) != 3 || child.Parent != main || fork.ForkOf != "ses_main" || c.Entries.Len() != 4 || c.Audit.Copies+c.Audit.SameRecord != 1 {
		t.Fatalf("%d sessions, %d calls, %+v", len(c.Sessions), c.Entries.Len(), c.Audit)
	}
	if main.Usage.Output != 34 || main.Recorded != 2_000_000 || main.Unpriced != 1 || main.ToolCalls != 2 || child.ToolFails != 1 || fork.Calls != 0 || fork.ToolCalls != 1 {
		t.Errorf("main %+v, fork %+v", main, fork)
	}
	log, err := set.OpenLog(t.Context(), fork)
	if err != nil {
		t.Fatal(err)
	}
	load(t, log)
	before := toolsOf(log)
	exec(`UPDATE part SET data = json_set(data, '$.state.status', 'completed', '$.state.output', 'ok', '$.state.time.end', 1763629222000) WHERE id = 'prt_14'`,
		`UPDATE message SET data = json_set(data, '$.tokens.output', 3, '$.cost', 0.5, '$.finish', 'stop', '$.time.completed', 1763629223000) WHERE id = 'msg_f3'`)
	until(t, set.Sources().Changed(), func() bool {
		fork, _ := set.Sources().Catalog().Session("ses_fork")
		return fork.Recorded == 500_000_000 && fork.Usage.Output == 3 && fork.ToolCalls == 1 && fork.Calls == 1
	})
	until(t, log.Changed(), func() bool {
		return strings.ReplaceAll(before, "…", "") == toolsOf(log) && strings.HasSuffix(before, "…")
	})
}

// A session that is in a database and in lines counts from the database.
func TestDatabaseBesideLines(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "opencode", "opencode.sql"))
	if err != nil {
		t.Fatal(err)
	}
	path, _ := database(t, "opencode.db", string(text))
	lines := `{"event_type":"model_response","session_id":"ses_main","run_id":"x","input_tokens":7,"cost_usd":9}` + "\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "stdout.jsonl"), []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	_, c := read(t, filepath.Dir(path))
	main, _ := c.Session("ses_main")
	if len(c.Segments) != 2 || len(c.Sessions) != 3 || main.Recorded != 2_000_000 || main.Format != "opencode" || c.Audit.ShadowEvents != 1 {
		t.Errorf("%d segments, %d sessions, %+v", len(c.Segments), len(c.Sessions), main)
	}
}

// A document that is written anew adds messages behind those that are shown.
// When it is cleared, they are gone.
func TestDocumentThatIsWrittenAnew(t *testing.T) {
	document := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, `{"role":"`+[]string{"user", "assistant"}[i%2]+`","content":"word `+string(rune('a'+i))+`"}`)
		}
		return `{"session_id":"s","system":"x","messages":[` + strings.Join(all, ",") + `]}`
	}
	path, exec := database(t, "agent_sessions.db",
		`CREATE TABLE sessions (session_id TEXT PRIMARY KEY, data TEXT NOT NULL, created_at TIMESTAMP, updated_at TIMESTAMP)`)
	save := func(n int) {
		exec(`INSERT INTO sessions VALUES ('s', '` + document(n) + `', '2025-11-20 09:00:00', '2025-11-20 09:00:01') ON CONFLICT (session_id) DO UPDATE SET data = excluded.data`)
	}
	save(2)
	set := Open(t.Context(), []string{path}, Options{Follow: true})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := set.OpenLog(t.Context(), set.Sources().Catalog().Sessions[0])
	if err != nil {
		t.Fatal(err)
	}
	load(t, log)
	for _, step := range []struct{ messages, generation int }{{4, 0}, {6, 0}, {0, 1}, {2, 1}} {
		save(step.messages)
		until(t, set.Sources().Changed(), func() bool {
			return set.Sources().Catalog().Sessions[0].Events == int64(step.messages)+1
		})
		until(t, log.Changed(), func() bool {
			snap := log.Snapshot()
			return snap.Rows.Len() == step.messages+1 && snap.Generation == int64(step.generation)
		})
		rows := make([]eventlog.RowID, step.messages+1)
		for i := range rows {
			rows[i] = eventlog.RowID(i)
		}
		events, err := log.Events(t.Context(), rows)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range events[1:] {
			if want := "word " + string(rune('a'+i)); e.Text != want {
				t.Errorf("%d messages: row %d says %q, want %q", step.messages, i+1, e.Text, want)
			}
		}
	}
}

// What cannot be read for a while takes nothing away, and is told.
func TestTableThatIsGoneForAWhile(t *testing.T) {
	path, exec := stepsDatabase(t)
	set := Open(t.Context(), []string{path}, Options{Follow: true, Known: []dialect.Dialect{steps{}}})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(`ALTER TABLE step RENAME TO gone`)
	until(t, set.Sources().Changed(), func() bool { return set.Sources().Catalog().Segments[0].Faults.Count > 0 })
	if s := set.Sources().Catalog().Sessions[0]; s.Usage.Output != 5 || s.ToolCalls != 2 {
		t.Errorf("while it is gone: %+v", s)
	}
	exec(`ALTER TABLE gone RENAME TO step`, `UPDATE step SET done = 7 WHERE name = 'b'`)
	until(t, set.Sources().Changed(), func() bool {
		c := set.Sources().Catalog()
		return c.Sessions[0].Usage.Output == 12 && c.Segments[0].Faults.Count == 0
	})
}

// kinds collects what a stream gives and ends it after some events.
type kinds struct {
	list []string
	idle func(n int) bool
}

func (k *kinds) Event(_ string, e *eventlog.Event) error {
	k.list = append(k.list, e.ID+":"+e.Kind.String())
	return nil
}

func (k *kinds) Fault(eventlog.Fault) error { return nil }

func (k *kinds) Idle() error {
	if k.idle(len(k.list)) {
		return context.Canceled
	}
	return nil
}

// A stream tells each event once, however often its row is read.
func TestStreamOfRowsThatChange(t *testing.T) {
	path, exec := stepsDatabase(t)
	changed := false
	k := &kinds{}
	k.idle = func(n int) bool {
		if !changed {
			changed = true
			exec(`UPDATE step SET done = 7 WHERE name = 'b'`)
		}
		return n >= 5
	}
	if err := Stream(t.Context(), []string{path}, Options{Follow: true, Known: []dialect.Dialect{steps{}}}, k); err != context.Canceled {
		t.Fatal(err)
	}
	if want := []string{":session_start", "a:tool_call", "a:tool_result", "b:tool_call", "b:tool_result"}; !slices.Equal(k.list, want) {
		t.Errorf("%q, want %q", k.list, want)
	}
}

// Rows of several tables come in the order of their times, those of one table
// in that of their keys.
func TestOrderOfTables(t *testing.T) {
	path, _ := database(t, "steps.db",
		`CREATE TABLE session (id TEXT PRIMARY KEY, at INTEGER)`,
		`CREATE TABLE step (session TEXT, name TEXT, done INTEGER, at INTEGER)`,
		`INSERT INTO session VALUES ('s', 1), ('t', 5)`,
		`INSERT INTO step VALUES ('s', 'a', 0, 2), ('s', 'b', 0, 4), ('s', 'c', 0, 3), ('t', 'd', 0, 6)`)
	k := &kinds{}
	k.idle = func(int) bool { return false }
	if err := Stream(t.Context(), []string{path}, Options{Known: []dialect.Dialect{steps{}}}, k); err != nil {
		t.Fatal(err)
	}
	if want := []string{":session_start", "a:tool_call", "b:tool_call", "c:tool_call", ":session_start", "d:tool_call"}; !slices.Equal(k.list, want) {
		t.Errorf("%q, want %q", k.list, want)
	}
}

// crowd is a dialect whose rows hold very many events each.
type crowd struct{ steps }

func (crowd) Open(dialect.Segment) dialect.Decoder { return crowd{} }

func (crowd) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	if rec.Table == 0 {
		return steps{}.Decode(rec, full, emit)
	}
	for i := range rec.Cells[2].Int {
		e := eventlog.Event{SessionID: string(rec.Cells[0].Text), Kind: eventlog.Message, Time: eventlog.Stamp(rec.Cells[3].Int)}
		if full {
			e.Text = fmt.Sprint(string(rec.Cells[1].Text), i)
		}
		emit(&e)
	}
	return nil
}

// Each event of a row can be looked at, however many it holds, and none is
// taken for another when rows are read once more.
func TestRowsOfManyEvents(t *testing.T) {
	const many = 70_000
	path, exec := database(t, "crowd.db",
		`CREATE TABLE session (id TEXT PRIMARY KEY, at INTEGER)`,
		`CREATE TABLE step (session TEXT, name TEXT, done INTEGER, at INTEGER)`,
		`INSERT INTO session VALUES ('s', 1000000000)`,
		fmt.Sprintf(`INSERT INTO step VALUES ('s', 'a', %d, 2000000000)`, many))
	set := Open(t.Context(), []string{path}, Options{Follow: true, Known: []dialect.Dialect{crowd{}}})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := set.OpenLog(t.Context(), set.Sources().Catalog().Sessions[0])
	if err != nil {
		t.Fatal(err)
	}
	load(t, log)
	if n := log.Snapshot().Rows.Len(); n != many+1 {
		t.Fatalf("%d rows, want %d", n, many+1)
	}
	said := func(rows ...eventlog.RowID) string {
		t.Helper()
		events, err := log.Events(t.Context(), rows)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, e := range events {
			out = append(out, e.Text+e.Message)
		}
		return strings.Join(out, " ")
	}
	if got, want := said(1, 4096, 4097, 5000, many), "a0 a4095 a4096 a4999 a69999"; got != want {
		t.Errorf("they say %s, want %s", got, want)
	}

	exec(fmt.Sprintf(`UPDATE step SET done = %d WHERE name = 'a'`, many+2))
	until(t, log.Changed(), func() bool { return log.Snapshot().Rows.Len() > many+1 })
	if n := log.Snapshot().Rows.Len(); n != many+3 {
		t.Fatalf("%d rows when two are new, want %d", n, many+3)
	}
	if got, want := said(many, many+2), "a69999 a70001"; got != want {
		t.Errorf("they say %s, want %s", got, want)
	}
}
