package sheet

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func catalog(t *testing.T, events ...eventlog.Event) *eventlog.Catalog {
	t.Helper()
	sources := eventlog.NewSources(eventlog.NewSymbols())
	if err := eventlog.NewMemory(sources).WriteEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	return sources.Catalog()
}

// rows reads a table again, each row by its columns.
func rows(t *testing.T, text string) []map[string]string {
	t.Helper()
	if !strings.HasSuffix(text, "\r\n") {
		t.Errorf("it does not end as RFC 4180 wants: %q", text)
	}
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range all[1:] {
		m := map[string]string{}
		for i, name := range all[0] {
			m[name] = r[i]
		}
		out = append(out, m)
	}
	return out
}

const hour = eventlog.Stamp(3_600_000_000_000)

func events() []eventlog.Event {
	bill := eventlog.Bill{Usage: eventlog.Usage{Input: 5, Output: 7, CacheRead: 9}, Cost: eventlog.Dollar / 4, Source: eventlog.Recorded, Call: eventlog.Identify("x")}
	free := eventlog.Bill{Usage: eventlog.Usage{Input: 1}}
	return []eventlog.Event{
		{SessionID: "=s", Kind: eventlog.SessionStart, Time: hour, Facts: &eventlog.Facts{
			Name: "-1+2", Goal: "say \"hi\",\nthen go", Experiment: "+e", Variant: "@v", Environment: "prod", Metadata: map[string]string{"b": "\x1b[31m", "a": "=1"},
			Metrics: map[string]float64{"score": 0.5}, ParentID: "up",
		}},
		{SessionID: "=s", RunID: "r", Kind: eventlog.AgentStart, Agent: "@agent", Time: hour},
		{SessionID: "=s", RunID: "r", Kind: eventlog.ModelResponse, Agent: "@agent", Provider: "p", Model: "+m", Time: 2 * hour, Bill: &bill, Text: "=cmd|' /C calc'!A0"},
		{SessionID: "=s", RunID: "r", Kind: eventlog.ModelResponse, Agent: "@agent", Model: "m2", Time: 2 * hour, Bill: &free},
		{SessionID: "=s", Kind: eventlog.SessionEnd, Time: 3 * hour, Facts: &eventlog.Facts{Closed: true, Ended: 3 * hour, Outcome: eventlog.Success}},
		{SessionID: "other", Kind: eventlog.SessionStart, Time: hour / 2},
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	c := catalog(t, events()...)
	var b bytes.Buffer
	if err := Sessions(&b, c, nil, 0, 4*hour); err != nil {
		t.Fatal(err)
	}
	if head, _, _ := strings.Cut(b.String(), "\r\n"); head != strings.Join(sessionColumns, ",") {
		t.Errorf("columns %s", head)
	}
	got := rows(t, b.String())
	want := map[string]string{
		"id": "'=s", "source": "memory", "name": "'-1+2", "goal": "say \"hi\",\nthen go", "agent_id": "'@agent", "status": "done", "outcome": "success", "error_count": "0",
		"started_at": "1970-01-01T01:00:00Z", "ended_at": "1970-01-01T03:00:00Z", "duration_ms": "7200000", "cost_usd": "0.25", "cost_known": "false",
		"input_tokens": "6", "output_tokens": "7", "events": "5", "runs": "1", "parent_session_id": "up", "experiment_id": "'+e", "variant": "'@v", "environment": "prod",
		"metrics": `{"score":0.5}`, "metadata": `{"a":"=1","b":"\u001b[31m"}`,
	}
	if len(got) != 2 {
		t.Fatalf("%d rows", len(got))
	}
	for name, value := range want {
		if got[0][name] != value {
			t.Errorf("%s is %q, want %q", name, got[0][name], value)
		}
	}
	if len(got[0]) != len(want) {
		t.Errorf("%d columns, want %d", len(got[0]), len(want))
	}
	if o := got[1]; o["ended_at"] != "" || o["metrics"] != "{}" || o["cost_usd"] != "0" || o["cost_known"] != "true" {
		t.Errorf("of what is not known: %v", o)
	}
	b.Reset()
	if err := Sessions(&b, c, func(s *eventlog.Session) bool { return s.ID == "other" }, 0, 0); err != nil || len(rows(t, b.String())) != 1 {
		t.Errorf("kept: %v %s", err, b.String())
	}
	b.Reset()
	if err := Sessions(&b, c, nil, 1, 0); err != nil || len(rows(t, b.String())) != 1 {
		t.Errorf("at most one: %v %s", err, b.String())
	}
}

func TestLedger(t *testing.T) {
	t.Parallel()
	c := catalog(t, events()...)
	var b bytes.Buffer
	if err := Ledger(t.Context(), &b, c, nil); err != nil {
		t.Fatal(err)
	}
	got := rows(t, b.String())
	if len(got) != 2 {
		t.Fatalf("%d rows", len(got))
	}
	one, free := got[0], got[1]
	if one["time"] != "1970-01-01T02:00:00Z" || one["model"] != "'+m" || one["cost_usd"] != "0.25" || one["cost_source"] != "recorded" || one["cache_read_tokens"] != "9" ||
		one["calls"] != "1" || one["call"] != eventlog.Identify("x").String() || one["path"] != "memory" || one["position"] != "2" {
		t.Errorf("%v", one)
	}
	if free["cost_usd"] != "" || free["cost_source"] != "unpriced" || free["call"] != "" {
		t.Errorf("%v", free)
	}
	b.Reset()
	if err := Ledger(t.Context(), &b, c, func(s *eventlog.Session) bool { return s.ID == "other" }); err != nil || len(rows(t, b.String())) != 0 {
		t.Errorf("kept: %v %s", err, b.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Ledger(ctx, &b, c, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context: %v", err)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	table := NewEvents(&b)
	for _, e := range events() {
		if err := table.Event("-log", &e); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Flush(); err != nil {
		t.Fatal(err)
	}
	got := rows(t, b.String())
	if len(got) != 6 || got[2]["text"] != "'=cmd|' /C calc'!A0" || got[2]["cost_usd"] != "0.25" || got[2]["path"] != "'-log" || got[1]["input_tokens"] != "" || got[3]["cost_usd"] != "" {
		t.Errorf("%v", got)
	}
	if err := NewEvents(broken{}).Flush(); err == nil {
		t.Error("a disk that is full was not noticed")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no room") }

// Whatever a log says, it is one cell that no spreadsheet computes and no terminal
// acts upon.
func FuzzCell(f *testing.F) {
	for _, text := range []string{"=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "a,b", "a\"b", "a\r\nb", "\x1b[2J", "\xff", "", "'=1", "\u202ex", "＝1+1", "－1", "\n=1", "\x00=1", "  =1", "\u3000＠1", "\u200b=1", "\t", " x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var b bytes.Buffer
		table := NewEvents(&b)
		input, _ := json.Marshal(text)
		if err := errors.Join(table.Event(text, &eventlog.Event{SessionID: text, Text: text, Input: input}), table.Flush()); err != nil {
			t.Fatal(err)
		}
		all, err := csv.NewReader(&b).ReadAll()
		if err != nil || len(all) != 2 || len(all[1]) != len(eventColumns) {
			t.Fatalf("%v: %q", err, all)
		}
		for _, c := range all[1] {
			if strings.ContainsAny(c, "\x00\x1b\x07\x7f\t") {
				t.Fatalf("%q", c)
			}
			if begins := strings.TrimSpace(c); strings.TrimLeft(begins, "=+-@＝＋－＠") != begins {
				t.Fatalf("%q begins a formula", c)
			}
		}
	})
}
