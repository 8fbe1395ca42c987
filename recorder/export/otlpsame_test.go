package export

import (
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// A call that several layers of a recording tell of is one span, whichever of
// them is first.
func TestCallOfSeveralLayersIsOneSpan(t *testing.T) {
	t.Parallel()
	start := event(eventlog.AgentStart.String(), "s", "command", "", 1, `{}`)
	call := eventlog.Identify("response", "m").String()
	use := eventlog.Identify("tool", "t").String()
	proxy := []eventlog.Event{
		event(eventlog.ModelRequest.String(), "s", "command", "", 2, `{"call_id":"x1","model":"m"}`),
		event(eventlog.ModelResponse.String(), "s", "command", "", 3, `{"call_id":"x1","input_tokens":5,"response_id":"m","lt":{"again":true,"call":"`+call+`"}}`),
		event(eventlog.ToolCall.String(), "s", "command", "", 3, `{"call_id":"toolu","tool":"Bash","lt":{"again":true,"use":"`+use+`"}}`),
		event(eventlog.ToolResult.String(), "s", "command", "", 9, `{"call_id":"toolu","tool":"Bash","lt":{"again":true,"use":"`+use+`"}}`),
	}
	log := []eventlog.Event{
		event(eventlog.AgentStart.String(), "s", "c", "", 1, `{"parent_run_id":"command"}`),
		event(eventlog.ModelResponse.String(), "s", "c", "", 4, `{"call_id":"msg","input_tokens":5,"lt":{"again":true,"call":"`+call+`"}}`),
		event(eventlog.ToolCall.String(), "s", "c", "", 4, `{"call_id":"toolu","tool":"Bash","lt":{"again":true,"use":"`+use+`"}}`),
		event(eventlog.ToolResult.String(), "s", "c", "", 8, `{"call_id":"toolu","tool":"Bash","lt":{"again":true,"use":"`+use+`"}}`),
	}
	for name, order := range map[string][]eventlog.Event{
		"proxy first":      append(append([]eventlog.Event{}, proxy...), log...),
		"transcript first": append(append([]eventlog.Event{}, log...), proxy...),
		"in turns":         {proxy[0], log[0], log[1], proxy[1], log[2], proxy[2], proxy[3], log[3]},
	} {
		names := map[string]int{}
		tree := newSpanTree(func(s *span) { names[s.name]++ })
		tree.add(&start)
		for i := range order {
			e := order[i]
			tree.add(&e)
		}
		tree.close()
		if names["chat m"]+names["chat"] != 1 || names["execute_tool Bash"] != 1 {
			t.Errorf("%s: %v", name, names)
		}
	}
}
