package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// held presses keys and does nothing of what they call for, as when it takes long.
func (d *driver) held(names string) *driver {
	d.Helper()
	for _, name := range strings.Fields(names) {
		d.m.Update(press(name))
	}
	return d
}

func allAges(o *Options) { o.All = true }

// unreadableBodies has logs whose bodies cannot be read.
func unreadableBodies(o *Options) {
	open := o.Open
	o.Open = func(ctx context.Context, s *eventlog.Session) (eventlog.Log, error) {
		log, err := open(ctx, s)
		return brokenLog{log}, err
	}
}

// oneUnreadable has one session that cannot be opened.
func oneUnreadable(o *Options) {
	open := o.Open
	o.Open = func(ctx context.Context, s *eventlog.Session) (eventlog.Log, error) {
		if s.ID == "0193-schema" {
			return nil, errors.New("open /logs/schema.jsonl: permission denied")
		}
		return open(ctx, s)
	}
}

// importer is a session in which a lot goes wrong, and that goes round in a loop
// at noon.
func importer() []eventlog.Event {
	s := &story{id: "0195-importer", at: noon.Add(-18*time.Minute - 9*time.Second)}
	s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Name: "Move the importer to v2", Agent: "claude", Directory: "/src/import", Started: e.Time}
	})
	s.add("main", "main", eventlog.AgentStart, nil)
	think := func(run, agent string) {
		s.model(run, agent, "opus-5", "Let me look.", 61_000, 300, 6*cents, eventlog.Recorded, 9*time.Second)
	}
	for i, path := range []string{"schema/v1.sql", "schema/v2.sql", "docs/plan.md", "cmd/import/old.go", "testdata/big.csv"} {
		think("main", "main")
		s.tool("main", "main", "Bash", fmt.Sprintf(`{"command":"cat %s"}`, path), "", fmt.Sprintf("Exit code 1\ncat: /src/import/%s: No such file or directory", path), 400*time.Millisecond)
		s.wait(time.Duration(i) * time.Minute)
	}
	s.add("scan", "scan", eventlog.AgentStart, func(e *eventlog.Event) { e.ParentRunID, e.Link = "main", eventlog.LinkSure })
	for _, path := range []string{"a.csv", "b.csv", "c.csv"} {
		s.tool("scan", "scan", "Read", fmt.Sprintf(`{"file_path":"/data/in/%s"}`, path), "", "File does not exist. Did you mean "+path+".gz?", 30*time.Millisecond)
		think("scan", "scan")
	}
	s.tool("scan", "scan", "Read", `{"file_path":"/data/in/a.csv.gz"}`, "binary", "", 3*time.Second)
	s.add("scan", "scan", eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Success })
	for i := range 2 {
		s.add("main", "main", eventlog.Retry, func(e *eventlog.Event) {
			e.Failed, e.Message = true, fmt.Sprintf("API Error: 529 overloaded (request %d)", i)
		})
		s.wait(20 * time.Second)
	}
	think("main", "main")
	s.add("main", "main", eventlog.Error, func(e *eventlog.Event) { e.Failed, e.Message = true, "API Error: 529 overloaded" })
	s.tool("main", "main", "WebFetch", `{"url":"https://example.org/v2"}`, "", "Request failed with status code 404", 2*time.Second)
	s.tool("main", "main", "Edit", `{"file_path":"cmd/import/main.go"}`, "done", "", 20*time.Millisecond)
	s.add("ci", "run-ci", eventlog.AgentStart, func(e *eventlog.Event) { e.ParentRunID, e.Link = "main", eventlog.LinkExact })
	for range 3 {
		s.tool("ci", "run-ci", "Poll", `{"job":"b42"}`, fmt.Sprintf("%d%% done", s.n), "", 15*time.Second)
	}
	for range 7 {
		s.model("ci", "run-ci", "haiku-5", "run the test again", 12_000, 201, 2*cents, eventlog.Estimated, 4*time.Second)
		s.tool("ci", "run-ci", "Bash", `{"command":"go test ./import/..."}`, "--- FAIL: TestBig (0.02s)", "exit status 1", 41*time.Second)
	}
	return s.out
}

// broken is that session among others in which things fail.
func broken() []eventlog.Event {
	old := &story{id: "0193-schema", at: noon.Add(-50 * time.Hour)}
	old.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Name: "Write the schema", Agent: "codex", Started: e.Time}
	})
	old.add("r1", "codex", eventlog.AgentStart, nil)
	for i := range 6 {
		old.model("r1", "codex", "gpt-5.3", "edit", 9000, 100, 3*cents, eventlog.Estimated, 5*time.Second)
		old.tool("r1", "codex", "Edit", fmt.Sprintf(`{"file_path":"schema/t%d.sql"}`, i), "", "String to replace not found in file.", 50*time.Millisecond)
	}
	for _, path := range []string{"notes.txt", "todo.txt"} {
		old.tool("r1", "codex", "Bash", fmt.Sprintf(`{"command":"cat %s"}`, path), "", fmt.Sprintf("cat: %s: No such file or directory", path), 20*time.Millisecond)
	}
	old.add("r1", "codex", eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Failure })
	old.add("", "", eventlog.SessionEnd, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Closed: true, Outcome: eventlog.Failure, Ended: e.Time}
	})
	day := &story{id: "0194-report", at: noon.Add(-3 * time.Hour)}
	day.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Name: "weekly-report", Agent: "pi", Started: e.Time}
	})
	day.add("r2", "pi", eventlog.AgentStart, nil)
	day.model("r2", "pi", "sonnet-5", "connect", 30_000, 100, 11*cents, eventlog.Recorded, 5*time.Second)
	for range 2 {
		day.tool("r2", "pi", "psql", `{"query":"select count(*) from orders"}`, "", "connection refused: is the server running on port 5432?", 5*time.Second)
	}
	day.tool("r2", "pi", "psql", `{"query":"select count(*) from orders"}`, "71", "", 200*time.Millisecond)
	day.model("r2", "pi", "sonnet-5", "done", 31_000, 100, 11*cents, eventlog.Recorded, 5*time.Second)
	day.add("r2", "pi", eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Success })
	day.add("", "", eventlog.SessionEnd, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Closed: true, Outcome: eventlog.Success, Ended: e.Time}
	})
	return append(append(importer(), old.out...), day.out...)
}
