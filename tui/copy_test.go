package tui

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestCopyMenu(t *testing.T) {
	src, log := told(t, checkout())
	resume := func(s *eventlog.Session) string { return "agent --resume " + s.ID }
	for key, want := range map[string]string{
		"i": "0190-checkout-17", "c": "npm test -- cart", "a": "npm test", "o": "FAIL  src/cart.test.ts", "m": "### Bash", "s": "0190-checkout",
		"r": "agent --resume 0190-checkout", "p": "memory", "g": "Fix the double charge",
	} {
		d := drive(t, src, log, func(o *Options) { o.Resume = resume }).start(120, 36)
		copied := ""
		d.clipboard = func(text string) { copied = text }
		d.keys("enter e y " + key)
		if !strings.Contains(copied, want) || d.m.menu != nil || !strings.HasSuffix(d.m.notice, " copied") {
			t.Errorf("y %s copied %q, told %q; want %q", key, copied, d.m.notice, want)
		}
	}
	d := drive(t, src, log, nil).start(120, 36)
	if d.keys("y esc"); d.m.menu != nil || d.m.notice != "" {
		t.Error("esc does not leave the menu")
	}
}

func TestStepAsMarkdown(t *testing.T) {
	_, log := told(t, checkout())
	snap := log.Snapshot()
	for i, s := range snap.Spans.All() {
		if s.Kind != eventlog.SpanTool || !s.Flags.Has(eventlog.SpanFailed) {
			continue
		}
		events, err := log.Events(t.Context(), []eventlog.RowID{s.First, s.Last})
		if err != nil {
			t.Fatal(err)
		}
		text := stepMarkdown(snap, s, events)
		for _, want := range []string{"### Bash\n", "#17 · 2026-03-04T12:36:0", " · failed", "Command\n\n```sh\nnpm test -- cart\n```", "Failure\n\n```\n", "Output\n\n```\nFAIL  src/cart.test.ts"} {
			if !strings.Contains(text, want) {
				t.Errorf("span %d has no %q:\n%s", i+1, want, text)
			}
		}
		return
	}
	t.Fatal("nothing failed")
}

func TestFencesHoldWhatTheyFence(t *testing.T) {
	if got := fenceFor("a ```` b"); got != "`````" {
		t.Errorf("fence %q", got)
	}
	for raw, want := range map[string]string{`{"command":"ls -l"}`: "ls -l", `{"cmd":["git","status"]}`: "git status", `{"script":7}`: "", `"text"`: "", `{}`: ""} {
		if got := commandOf(json.RawMessage(raw)); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}
