package dialect

import (
	"path/filepath"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

const copilotLog = "copilot/session-state/7c1e7a90-1111-4aaa-8bbb-cccccccccccc/events.jsonl"

// What is told as sums since the session began is billed as what each process
// added; what no shutdown told of yet is at least what the messages say.
func TestCopilot(t *testing.T) {
	golden(t, "copilot", decode(t, Copilot{}, filepath.Join("..", "..", "testdata", copilotLog), true))
	s := index(t, Copilot{}, copilotLog)
	_, _, u := spans(s, eventlog.SpanModel)
	if want := (eventlog.Usage{Input: 1500 + 600 + 600, CacheRead: 3100, CacheWrite5m: 500, Output: 90 + 20 + 30 + 5, Reasoning: 10}); u != want {
		t.Errorf("%+v, want %+v", u, want)
	}
	calls, open := int64(0), 0
	for _, b := range s.Bills.All() {
		calls += b.Count()
		if b.AtLeast {
			open++
		}
	}
	if calls != 7 || open != 1 {
		t.Errorf("%d calls, %d bills of at least so much; want 7 and 1", calls, open)
	}
	if n, failed, _ := spans(s, eventlog.SpanTool); n != 3 || failed != 1 {
		t.Errorf("%d tool calls, %d failed", n, failed)
	}
}
