package eventlog

import (
	"testing"
	"time"
)

// recorded returns the catalog of a store that holds a recording and, unless it
// has no events, the log of the conversation that was recorded.
func recorded(t *testing.T, own []time.Duration, copied []time.Duration, closed bool) (*Catalog, *Session) {
	t.Helper()
	syms := NewSymbols()
	start := time.Unix(1_800_000_000, 0)
	at := func(d time.Duration) Stamp { return StampOf(start.Add(d)) }
	call := func(session, of string, d time.Duration) *Event {
		return &Event{
			SessionID: session, Of: of, RunID: "run of c", Kind: ModelResponse, Time: at(d), Failed: d == time.Second,
			Bill: &Bill{Call: Identify("response", d.String()), Rule: RuleResponse, Usage: Usage{Input: 10}},
		}
	}
	store := NewSummary(syms, "store.sqlite", "lazybridge", 2)
	store.Update(func() {
		store.Add(1, &Event{SessionID: "s", Kind: SessionStart, Time: at(0), Facts: &Facts{Name: "recording", Started: at(0)}})
		store.Add(2, &Event{SessionID: "s", RunID: "command", Kind: AgentStart, Time: at(0)})
		for i, d := range copied {
			e := call("s", "c", d)
			e.Time += Stamp(500 - 1000*(i%2)) // as it comes back from a store that keeps seconds
			store.Add(int64(10+i), e)
		}
		if closed {
			store.Add(100, &Event{SessionID: "s", Kind: SessionEnd, Time: at(time.Minute), Facts: &Facts{Closed: true, Ended: at(time.Minute)}})
		}
	})
	sources := NewSources(syms)
	sources.Add(store)
	if len(own) > 0 {
		log := NewSummary(syms, "c.jsonl", "claude", 2)
		log.Update(func() {
			for i, d := range own {
				log.Add(int64(i), call("c", "", d))
			}
		})
		sources.Add(log)
	}
	c := sources.Catalog()
	s, ok := c.Session("s")
	if !ok {
		t.Fatal("the recording is missing")
	}
	return c, s
}

func TestRecordingAndTheLogItCopied(t *testing.T) {
	t.Parallel()
	sec := time.Second
	for name, c := range map[string]struct {
		own, copied []time.Duration
		closed      bool
		whole       bool // the recording counts, and is the only session
	}{
		"the log is gone":                   {nil, []time.Duration{sec, 2 * sec}, true, true},
		"all of it was recorded":            {[]time.Duration{sec, 2 * sec}, []time.Duration{sec, 2 * sec}, true, true},
		"it is being recorded":              {[]time.Duration{sec, 2 * sec, 3 * sec}, []time.Duration{sec, 2 * sec}, false, true},
		"it went on after the recording":    {[]time.Duration{sec, 2 * sec, 300 * sec}, []time.Duration{sec, 2 * sec}, true, false},
		"it began before the recording":     {[]time.Duration{-300 * sec, sec, 2 * sec}, []time.Duration{sec, 2 * sec}, true, false},
		"it began before and is continuing": {[]time.Duration{-300 * sec, sec, 2 * sec}, []time.Duration{sec}, false, false},
	} {
		cat, s := recorded(t, c.own, c.copied, c.closed)
		calls := max(len(c.own), len(c.copied))
		if c.whole && len(c.own) > len(c.copied) {
			calls = len(c.copied) // the rest is still to come
		}
		if cat.Entries.Len() != calls {
			t.Errorf("%s: %d calls in the ledger, want %d", name, cat.Entries.Len(), calls)
		}
		by, ok := cat.Session("c")
		switch {
		case !c.whole && (!ok || by == s || by.Parent != s || len(cat.Sessions) != 2 || s.Calls != 0 || len(s.Elsewhere) != 1):
			t.Errorf("%s: the conversation does not hang below the recording: %+v", name, by)
		case c.whole && (len(cat.Sessions) != 1 || s.Calls != int64(calls) || len(s.Elsewhere) != 0):
			t.Errorf("%s: %d sessions, the recording has %d calls", name, len(cat.Sessions), s.Calls)
		case c.whole && len(c.own) > 0 && by != s:
			t.Errorf("%s: the conversation is not found by its name", name)
		}
		var errors int64
		for _, session := range cat.Sessions {
			errors += session.Errors
		}
		if errors != 1 {
			t.Errorf("%s: %d errors, want the one", name, errors)
		}
	}
}

// What two layers tell of one call is one span, in the run that the agent's own
// log puts it in, whichever comes first.
func TestLayersOfOneCallAreOneSpan(t *testing.T) {
	t.Parallel()
	id, use := Identify("response", "a"), Identify("tool", "t")
	proxy := []*Event{
		{SessionID: "s", RunID: "command", Kind: ModelRequest, CallID: "x1", Time: 1000},
		{SessionID: "s", RunID: "command", Kind: ModelResponse, CallID: "x1", Time: 2000, Again: true, Bill: &Bill{Call: id, Usage: Usage{Input: 5}}},
		{SessionID: "s", RunID: "command", Kind: ToolCall, CallID: "toolu", Tool: "Bash", Time: 2000, Again: true, Use: use},
		{SessionID: "s", RunID: "command", Kind: ToolResult, CallID: "toolu", Tool: "Bash", Time: 5000, Again: true, Use: use},
	}
	log := []*Event{
		{SessionID: "s", RunID: "c", ParentRunID: "command", Link: LinkSure, Kind: AgentStart, Time: 500, Agent: "claude"},
		{SessionID: "s", RunID: "c", Kind: ModelResponse, CallID: "msg", Time: 2100, Again: true, Bill: &Bill{Call: id, Usage: Usage{Input: 5}}},
		{SessionID: "s", RunID: "c", Kind: ToolCall, CallID: "toolu", Tool: "Bash", Time: 2100, Again: true, Use: use},
		{SessionID: "s", RunID: "c", Kind: ToolResult, CallID: "toolu", Tool: "Bash", Time: 4000, Again: true, Use: use},
	}
	for name, order := range map[string][]*Event{
		"proxy first":           append(append([]*Event{}, proxy...), log...),
		"transcript first":      append(append([]*Event{}, log...), proxy...),
		"in turns":              {proxy[0], log[0], proxy[1], log[1], proxy[2], log[2], log[3], proxy[3]},
		"the response after it": {proxy[0], log[0], log[1], proxy[1], log[2], proxy[2], proxy[3], log[3]},
	} {
		x := NewIndex(NewSymbols())
		x.Append(Place{}, &Event{SessionID: "s", RunID: "command", Kind: AgentStart, Time: 100})
		for _, e := range order {
			kept := *e
			x.Append(Place{}, &kept)
		}
		snap := x.Publish()
		shown := map[SpanKind]int{}
		for i := range snap.Spans.Len() {
			s := snap.Spans.At(i)
			if s.Flags.Has(SpanHidden) {
				continue
			}
			shown[s.Kind]++
			if s.Kind != SpanModel && s.Kind != SpanTool {
				continue
			}
			if up := snap.Span(s.Parent); snap.Symbols.Name(up.Run) != "c" {
				t.Errorf("%s: a call lies below %q", name, snap.Symbols.Name(up.Run))
			}
			if s.Flags.Has(SpanOpen) {
				t.Errorf("%s: a call is open", name)
			}
			if s.Kind == SpanModel && s.Start != 1000 {
				t.Errorf("%s: the call begins at %d, not with its request", name, s.Start)
			}
		}
		if shown[SpanModel] != 1 || shown[SpanTool] != 1 || snap.Bills.Len() != 1 {
			t.Errorf("%s: %d model calls, %d tool calls, %d bills", name, shown[SpanModel], shown[SpanTool], snap.Bills.Len())
		}
	}
}

// What was imported counts once: not beside its original, unless it holds more.
func TestImportAndItsOriginal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		original, imported, calls int64
		path                      string
	}{
		"the original is gone":   {0, 3, 3, "store.sqlite"},
		"both are whole":         {3, 3, 3, "log.jsonl"},
		"the original went on":   {5, 3, 5, "log.jsonl"},
		"the import holds more":  {2, 3, 3, "store.sqlite"},
		"nothing was imported":   {2, 0, 2, "log.jsonl"},
		"of the import one call": {3, 1, 3, "log.jsonl"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			syms := NewSymbols()
			sources := NewSources(syms)
			log, store := NewSummary(syms, "log.jsonl", "claude", 0), NewSummary(syms, "store.sqlite", "lazybridge", 1)
			// The calls have no names: nothing else tells that they are the same.
			add := func(sum *Summary, of string, n int64) {
				for i := range n {
					sum.Update(func() {
						sum.Add(i, &Event{SessionID: "s", Of: of, RunID: "r", Kind: ModelResponse, Time: Stamp(1e18 + i*1e9), Bill: &Bill{Usage: Usage{Input: 10}}})
					})
				}
				if n > 0 {
					sources.Add(sum)
				}
			}
			add(log, "", c.original)
			add(store, "s", c.imported)
			cat := sources.Catalog()
			s, ok := cat.Session("s")
			if !ok || len(cat.Sessions) != 1 || s.Calls != c.calls || s.Parent != nil {
				t.Fatalf("%d sessions, %d calls; %d are wanted", len(cat.Sessions), s.Calls, c.calls)
			}
			if len(s.Paths) != 1 || s.Paths[0] != c.path {
				t.Errorf("it is in %q, not in %s alone", s.Paths, c.path)
			}
		})
	}
}
