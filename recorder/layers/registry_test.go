package layers

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func bill(name string, in, out int64) *eventlog.Bill {
	return &eventlog.Bill{Call: eventlog.Identify("response", name), Rule: eventlog.RuleResponse, Usage: eventlog.Usage{Input: in, Output: out}}
}

func told(r *Registry, by Layer, exact bool, b *eventlog.Bill) (name, saw string, sums []eventlog.Identity) {
	layers, sums := r.Call(by, exact, b)
	return b.Call.String(), strings.Join(layers, " "), sums
}

func TestCallsWithOneNameAreOne(t *testing.T) {
	t.Parallel()
	r := New()
	first, saw, _ := told(r, Proxy, true, bill("a", 10, 5))
	if saw != "proxy" {
		t.Errorf("first: %s", saw)
	}
	again, saw, sums := told(r, Transcript, true, bill("a", 10, 5))
	if again != first || saw != "proxy transcript" || len(sums) != 0 {
		t.Errorf("again: %s, %s, %v", again, saw, sums)
	}
	// Two calls that the provider names are two, however alike.
	other, saw, _ := told(r, Transcript, true, bill("b", 10, 5))
	if other == first || saw != "transcript" {
		t.Errorf("another: %s, %s", other, saw)
	}
}

func TestCallsAreOneByWhatTheyUsed(t *testing.T) {
	t.Parallel()
	for _, transcriptFirst := range []bool{false, true} {
		r := New()
		proxy, own := bill("a", 10, 5), bill("of the agent", 10, 5)
		proxy.Usage.CacheWrite1h, own.Usage.CacheWrite5m = 7, 7
		madeUp := proxy.Call
		if transcriptFirst {
			told(r, Transcript, false, own)
		}
		told(r, Proxy, true, proxy)
		_, saw, sums := told(r, Transcript, false, own)
		if saw != "proxy transcript" {
			t.Errorf("transcript first %v: seen by %s", transcriptFirst, saw)
		}
		if own.Call != eventlog.Identify("response", "of the agent") {
			t.Errorf("transcript first %v: the agent's own name is lost", transcriptFirst)
		}
		if transcriptFirst && proxy.Call != own.Call || !transcriptFirst && !slices.Contains(sums, madeUp) {
			t.Errorf("transcript first %v: the call pays twice", transcriptFirst)
		}
		if own.Usage.CacheWrite1h != 7 || own.Usage.CacheWrite5m != 0 {
			t.Errorf("transcript first %v: how long it is cached is lost: %+v", transcriptFirst, own.Usage)
		}
		// A second call that used as much is another one.
		if _, saw, _ := told(r, Transcript, false, bill("of the agent, again", 10, 12)); saw != "transcript" {
			t.Errorf("another call was seen by %s", saw)
		}
	}
}

func TestThirdLayer(t *testing.T) {
	t.Parallel()
	r := New()
	otlp := bill("span", 3, 4)
	told(r, OTLP, false, otlp)
	proxy := bill("a", 3, 4)
	_, saw, sums := told(r, Proxy, true, proxy)
	if saw != "proxy otlp" || !slices.Contains(sums, eventlog.Identify("response", "span")) || proxy.Call != eventlog.Identify("response", "a") {
		t.Errorf("proxy: %s, %v, %s", saw, sums, proxy.Call)
	}
	own := bill("a", 3, 4)
	if _, saw, _ := told(r, Transcript, true, own); saw != "proxy transcript otlp" || own.Call != proxy.Call {
		t.Errorf("transcript: %s", saw)
	}
	if told(r, OTLP, false, otlp); otlp.Call != own.Call {
		t.Error("what telemetry tells again has another name")
	}
}

func TestNoTokensAreAlikeToNothing(t *testing.T) {
	t.Parallel()
	r := New()
	told(r, Proxy, true, bill("a", 0, 0))
	if _, saw, _ := told(r, Transcript, false, bill("b", 0, 0)); saw != "transcript" {
		t.Errorf("calls without counts are one: %s", saw)
	}
}

func TestTools(t *testing.T) {
	t.Parallel()
	r := New()
	args := func(s string) json.RawMessage { return json.RawMessage(s) }
	// By the provider's name, in any order of telling.
	name := eventlog.Identify("tool", "toolu_1")
	a, _ := r.Tool(Proxy, ToolCall{ID: "toolu_1", Name: name, Exact: true, Tool: "Bash", Arguments: args(`{"command":"ls"}`)})
	b, saw := r.Tool(Transcript, ToolCall{Scope: "c", ID: "toolu_1", Name: name, Exact: true, Tool: "Bash", Arguments: args(`{"command":"ls"}`)})
	if a != name || b != name || len(saw) != 2 {
		t.Errorf("by name: %s, %s, %v", a, b, saw)
	}
	other := eventlog.Identify("tool", "toolu_2")
	if c, saw := r.Tool(Transcript, ToolCall{Scope: "c", ID: "toolu_2", Name: other, Exact: true, Tool: "Bash", Arguments: args(`{"command":"ls"}`)}); c != other || len(saw) != 1 {
		t.Errorf("another call with the same arguments: %s, %v", c, saw)
	}
	// By tool and arguments, however they are spaced, one for one.
	p1, _ := r.Tool(Proxy, ToolCall{ID: "x#1", Tool: "read", Arguments: args(`{"path":"a","n":1}`)})
	p2, _ := r.Tool(Proxy, ToolCall{ID: "x#2", Tool: "read", Arguments: args(`{"path":"a","n":1}`)})
	t1, _ := r.Tool(Transcript, ToolCall{Scope: "c", ID: "1", Tool: "read", Arguments: args(`{ "n": 1, "path": "a" }`)})
	t2, _ := r.Tool(Transcript, ToolCall{Scope: "c", ID: "2", Tool: "read", Arguments: args(`{ "n": 1, "path": "a" }`)})
	t3, _ := r.Tool(Transcript, ToolCall{Scope: "c", ID: "3", Tool: "read", Arguments: args(`{ "n": 1, "path": "a" }`)})
	if p1 == p2 || t1 != p1 || t2 != p2 || t3 == t1 || t3 == t2 {
		t.Errorf("by arguments: %s %s, %s %s %s", p1, p2, t1, t2, t3)
	}
	if use, saw := r.Result(Transcript, "c", "1", eventlog.Identity{}); use != p1 || len(saw) != 2 {
		t.Errorf("result: %s, %v", use, saw)
	}
	// By an id that two layers spell alike; short ones are everybody's.
	i1, _ := r.Tool(Proxy, ToolCall{ID: "call_abcdef", Tool: "write", Arguments: args(`{"text":"long"}`)})
	if i2, _ := r.Tool(OTLP, ToolCall{Scope: "s", ID: "call_abcdef", Tool: "write"}); i2 != i1 {
		t.Error("the same id is another call")
	}
	s1, _ := r.Tool(Proxy, ToolCall{ID: "#1", Tool: "a"})
	if s2, _ := r.Tool(OTLP, ToolCall{Scope: "s", ID: "#1", Tool: "b"}); s2 == s1 {
		t.Error("short ids of two tools are one call")
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	r := New()
	if told, _ := r.Failure(Proxy, "Overloaded", true); told {
		t.Error("the first was told before")
	}
	if told, _ := r.Failure(Transcript, "interrupted", false); told {
		t.Error("something else that failed is the call")
	}
	if told, saw := r.Failure(Transcript, "529 in other words", true); !told || len(saw) != 2 {
		t.Errorf("the same: %v, %v", told, saw)
	}
	r.Failure(Proxy, "The prompt is too long", true)
	if told, _ := r.Failure(Transcript, "turn failed: {\"message\":\"the prompt is too long\"}", false); !told {
		t.Error("the end of a run that quotes the failure is another one")
	}
	if told, _ := r.Failure(Transcript, "x", true); told {
		t.Error("a second failure is the first")
	}
	var none *Registry
	if told, saw := none.Failure(Proxy, "", true); told || len(saw) != 1 {
		t.Error("without a registry every failure is new")
	}
}
