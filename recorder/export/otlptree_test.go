package export

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// spansOf makes spans of events.
func spansOf(t *testing.T, events ...eventlog.Event) []*span {
	t.Helper()
	var spans []*span
	tree := newSpanTree(func(s *span) { spans = append(spans, s) })
	for i := range events {
		tree.add(&events[i])
	}
	tree.close()
	if tree.calls.Len() != 0 || tree.runs.Len() != 0 || tree.bytes != 0 {
		t.Errorf("%d calls, %d runs, %d bytes are left", tree.calls.Len(), tree.runs.Len(), tree.bytes)
	}
	for id, s := range tree.sessions {
		if len(s.runs) != 0 {
			t.Errorf("session %s has %d runs left", id, len(s.runs))
		}
	}
	ids := map[spanID]string{}
	for _, s := range spans {
		if other, ok := ids[s.id]; ok {
			t.Errorf("%s and %s have one id", other, s.name)
		}
		ids[s.id] = s.name
	}
	return spans
}

// draw spells spans as a tree: name, status, and what happened within.
func draw(spans []*span) string {
	var b strings.Builder
	known := map[spanID]bool{}
	for _, s := range spans {
		known[s.id] = true
	}
	below := map[spanID][]*span{}
	for _, s := range spans {
		up := s.parent
		if !known[up] {
			up = spanID{}
		}
		below[up] = append(below[up], s)
	}
	var put func(of spanID, depth int)
	put = func(of spanID, depth int) {
		slices.SortStableFunc(below[of], func(a, b *span) int { return int(a.start - b.start) })
		for _, s := range below[of] {
			fmt.Fprintf(&b, "%s%s %dms", strings.Repeat("  ", depth), s.name, (s.end-s.start)/1e6)
			if s.failed {
				fmt.Fprintf(&b, " FAILED %s", s.message)
			}
			for _, e := range s.events {
				fmt.Fprintf(&b, " +%s", e.name)
			}
			b.WriteByte('\n')
			put(s.id, depth+1)
		}
	}
	put(spanID{}, 0)
	return b.String()
}

func TestSpanTree(t *testing.T) {
	t.Parallel()
	spans := spansOf(t, eventsOf(t, filepath.Join("testdata", "recording.jsonl"))...)
	want := `invoke_agent python 9000ms FAILED failure +error
  invoke_agent lead 6800ms +loop_step +hil_decision
    chat claude-sonnet-4-6 1000ms
    execute_tool research 2600ms
      invoke_agent research 2400ms
        chat gpt-5-mini 1000ms
        execute_tool grep 500ms FAILED no such file
    execute_tool review 5400ms FAILED interrupted
      invoke_agent critic 2500ms FAILED provider 503
        chat gemini-3-pro 1100ms FAILED try later
    execute_tool bash 1900ms FAILED interrupted
    chat gpt-5 500ms
    retry 0ms
invoke_agent ghost 3800ms
  execute_tool bash 200ms
`
	if got := draw(spans); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The whole of a request in JSON, for eyes.
func TestSpansAsJSON(t *testing.T) {
	t.Parallel()
	spans := spansOf(t, eventsOf(t, filepath.Join("testdata", "recording.jsonl"))...)
	slices.SortStableFunc(spans, func(a, b *span) int { return strings.Compare(a.name+string(a.id[:]), b.name+string(b.id[:])) })
	var got bytes.Buffer
	must(t, json.Indent(&got, jsonOf(spans), "", " "))
	golden := filepath.Join("testdata", "recording.golden.json")
	if *update {
		must(t, os.WriteFile(golden, got.Bytes(), 0o600))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if !bytes.Equal(bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n")), got.Bytes()) {
		t.Errorf("other than %s:\n%s", golden, difference(got.String(), string(want)))
	}
}

func event(typ, session, run, id string, at int, payload string) eventlog.Event {
	return eventlog.Event{
		Type: typ, Kind: eventlog.ParseKind(typ), SessionID: session, RunID: run, ID: id,
		Time: eventlog.Stamp(1_700_000_000_000_000_000 + at*1_000_000), Payload: json.RawMessage(payload),
	}
}

func find(t *testing.T, spans []*span, name string) *span {
	t.Helper()
	i := slices.IndexFunc(spans, func(s *span) bool { return s.name == name })
	if i < 0 {
		t.Fatalf("there is no span %s among\n%s", name, draw(spans))
	}
	return spans[i]
}

func (s *span) attr(name string) any {
	for _, a := range s.attrs {
		if a.name == name {
			return a.value
		}
	}
	return nil
}

// A session that another one started, and one that this started, are one trace,
// each below the run that did, whoever exports them.
func TestSessionsInsideOfSessions(t *testing.T) {
	t.Parallel()
	outer := spansOf(t,
		event("session_start", "outer", "", "a", 0, `{}`),
		event("agent_start", "outer", "o", "b", 0, `{"agent_name":"outer"}`),
		event("agent_finish", "outer", "o", "c", 9, `{"agent_name":"outer"}`))
	middle := spansOf(t,
		event("session_start", "middle", "", "a", 1, `{"parent_session_id":"outer","parent_run_id":"o"}`),
		event("agent_start", "middle", "m", "b", 1, `{"agent_name":"middle","parent_run_id":"o"}`),
		event("agent_start", "middle", "own", "c", 2, `{"agent_name":"own"}`),
		event("agent_finish", "middle", "own", "d", 3, `{"agent_name":"own"}`),
		event("agent_finish", "middle", "m", "e", 8, `{"agent_name":"middle"}`))
	inner := spansOf(t,
		event("session_start", "inner", "", "a", 4, `{"parent_session_id":"middle","parent_run_id":"m","root_session_id":"outer"}`),
		event("agent_start", "inner", "i", "b", 4, `{"agent_name":"inner","parent_run_id":"m"}`),
		event("agent_finish", "inner", "i", "c", 5, `{"agent_name":"inner"}`))
	all := slices.Concat(inner, middle, outer)
	want := `invoke_agent outer 9ms
  invoke_agent middle 7ms
    invoke_agent inner 1ms
  invoke_agent own 1ms
`
	if got := draw(all); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, s := range all {
		if s.trace != all[0].trace {
			t.Errorf("%s is of another trace", s.name)
		}
	}
	if id := find(t, all, "invoke_agent inner").attr("gen_ai.conversation.id"); id != "inner" {
		t.Errorf("the session is %v", id)
	}
}

func TestOddOrders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		events []eventlog.Event
		want   string
	}{
		"what lies below a call comes before it": {[]eventlog.Event{
			event("model_response", "s", "held", "1", 5, `{"model":"m","call_id":"c","latency_ms":2,"input_tokens":1}`),
			event("tool_call", "s", "r", "2", 1, `{"tool":"t","call_id":"held","lt":{"holds":true,"again":true}}`),
			event("tool_result", "s", "r", "3", 9, `{"tool":"t","call_id":"held","lt":{"holds":true,"again":true}}`),
		}, "invoke_agent 8ms\n  execute_tool t 8ms\n    chat m 2ms\n"},
		"what lies below a call comes after it": {[]eventlog.Event{
			event("tool_call", "s", "r", "2", 1, `{"tool":"t","call_id":"held","lt":{"holds":true,"again":true}}`),
			event("tool_result", "s", "r", "3", 9, `{"tool":"t","call_id":"held","lt":{"holds":true,"again":true}}`),
			event("model_response", "s", "held", "1", 5, `{"model":"m","call_id":"c","latency_ms":2,"input_tokens":1}`),
		}, "invoke_agent 8ms\n  execute_tool t 8ms\n    chat m 2ms\n"},
		"a run is adopted by what tells of it later": {[]eventlog.Event{
			event("agent_start", "s", "child", "1", 0, `{"agent_name":"child"}`),
			event("tool_call", "s", "r", "2", 1, `{"tool":"t","call_id":"x","lt":{"adopts":[{"run_id":"child","parent_run_id":"r"}]}}`),
			event("tool_result", "s", "r", "3", 2, `{"tool":"t","call_id":"x"}`),
			event("agent_finish", "s", "child", "4", 3, `{}`),
		}, "invoke_agent 2ms\n  invoke_agent child 3ms\n  execute_tool t 1ms\n"},
		"everything is sent twice": {[]eventlog.Event{
			event("agent_start", "s", "r", "1", 0, `{"agent_name":"a"}`), event("agent_start", "s", "r", "1", 0, `{"agent_name":"a"}`),
			event("tool_call", "s", "r", "2", 1, `{"tool":"t","tool_use_id":"x"}`), event("tool_call", "s", "r", "2", 1, `{"tool":"t","tool_use_id":"x"}`),
			event("tool_result", "s", "r", "3", 2, `{"tool":"t","tool_use_id":"x"}`), event("tool_result", "s", "r", "3", 2, `{"tool":"t","tool_use_id":"x"}`),
			event("agent_finish", "s", "r", "4", 3, `{}`), event("agent_finish", "s", "r", "4", 3, `{}`),
		}, "invoke_agent a 3ms\n  execute_tool t 1ms\n"},
		"ids of calls that are used twice": {[]eventlog.Event{
			event("agent_start", "s", "r", "1", 0, `{"agent_name":"a"}`),
			event("tool_call", "s", "r", "2", 1, `{"tool":"t","tool_use_id":"x"}`), event("tool_result", "s", "r", "3", 2, `{"tool":"t","tool_use_id":"x"}`),
			event("tool_call", "s", "r", "4", 3, `{"tool":"u","tool_use_id":"x"}`), event("tool_result", "s", "r", "5", 5, `{"tool":"u","tool_use_id":"x"}`),
			event("agent_finish", "s", "r", "6", 6, `{}`),
		}, "invoke_agent a 6ms\n  execute_tool t 1ms\n  execute_tool u 2ms\n"},
		"a run that goes on after its end": {[]eventlog.Event{
			event("agent_start", "s", "r", "1", 0, `{"agent_name":"a"}`), event("agent_finish", "s", "r", "2", 1, `{}`),
			event("agent_start", "s", "r", "3", 5, `{"agent_name":"a"}`), event("decision", "s", "r", "4", 6, `{"reasoning":"why"}`),
			event("agent_finish", "s", "r", "5", 7, `{}`), event("agent_finish", "s", "r", "6", 8, `{}`),
		}, "invoke_agent a 1ms\n  agent_finish 0ms\ninvoke_agent a 2ms +decision\n"},
		"nobody ends anything": {[]eventlog.Event{
			event("agent_start", "s", "r", "1", 0, `{"agent_name":"a"}`),
			event("model_request", "s", "r", "2", 1, `{"model":"m"}`), event("model_request", "s", "r", "3", 2, `{"model":"n"}`),
		}, "invoke_agent a 2ms FAILED interrupted\n  chat m 1ms FAILED interrupted\n  chat n 0ms FAILED interrupted\n"},
		"an event with a length, and one of no run": {[]eventlog.Event{
			event("agent_start", "s", "r", "1", 0, `{"agent_name":"a"}`), event("compile", "s", "r", "2", 8, `{"latency_ms":5,"lt":{}}`),
			event("agent_finish", "s", "r", "3", 9, `{}`), event("dropped", "s", "", "4", 10, `{"count":2}`),
		}, "invoke_agent a 9ms\n  compile 5ms\ndropped 0ms\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := draw(spansOf(t, c.events...)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// The ids follow from what is told alone.
func TestSpanIDsAreTheSameEverywhere(t *testing.T) {
	t.Parallel()
	events := eventsOf(t, filepath.Join("testdata", "recording.jsonl"))
	ids := func() (all []string) {
		for _, s := range spansOf(t, events...) {
			all = append(all, fmt.Sprintf("%x %x %x %s", s.trace, s.id, s.parent, s.name))
		}
		slices.Sort(all)
		return all
	}
	first := ids()
	if second := ids(); !slices.Equal(first, second) || len(first) == 0 {
		t.Errorf("%q, then %q", first, second)
	}
}

// However many calls get no result, not all of them are kept; the run that
// holds them stays open.
func TestOpenSpansAreBounded(t *testing.T) {
	t.Parallel()
	var given int
	tree := newSpanTree(func(s *span) {
		if s.name == "invoke_agent a" {
			t.Error("the run was given up")
		}
		given++
	})
	add := func(e eventlog.Event) { tree.add(&e) }
	add(event("agent_start", "s", "r", "0", 0, `{"agent_name":"a"}`))
	const calls = mostOpenSpans + 50
	for i := range calls {
		add(event("tool_call", "s", "r", fmt.Sprint("c", i), i, fmt.Sprintf(`{"tool":"t","tool_use_id":"u%d"}`, i)))
	}
	if given != 50 || tree.calls.Len() != mostOpenSpans {
		t.Errorf("%d given away, %d open", given, tree.calls.Len())
	}
	large := `","arguments":"` + strings.Repeat("x", longestValue) + `"}`
	for i := range 2 * mostOpenBytes / longestValue {
		add(event("tool_call", "s", "r", fmt.Sprint("l", i), calls+i, fmt.Sprint(`{"tool":"t","tool_use_id":"l`, i)+large))
	}
	if tree.bytes > mostOpenBytes || tree.calls.Len() == 0 {
		t.Errorf("%d bytes in %d calls", tree.bytes, tree.calls.Len())
	}
}

// Whatever a program sends, its spans are valid in both codings.
func FuzzSpans(f *testing.F) {
	f.Add("tool_call", "r", `{"tool":"t","arguments":{"a":[1,null,"\ud800"]},"lt":{"holds":true}}`)
	f.Add("model_response", "", `{"model":7,"cost_usd":1e300,"input_tokens":-1,"ttft_ms":"x","stop_reason":["a"]}`)
	f.Add("error", "r", "{\"type\":\"\xff\",\"error\":{}}")
	f.Fuzz(func(t *testing.T, typ, run, payload string) {
		if !json.Valid([]byte(payload)) || typ == "" {
			return
		}
		spans := spansOf(t,
			event("agent_start", "s", "r", "0", 0, `{"agent_name":"a"}`), event(typ, "s", run, "1", 1, payload), event(typ, "s", run, "2", 2, payload))
		if !json.Valid(jsonOf(spans)) {
			t.Errorf("no JSON: %s", jsonOf(spans))
		}
		for number := range messageFields(protobufOf(spans)) {
			if number != 1 {
				t.Errorf("field %d", number)
			}
		}
	})
}
