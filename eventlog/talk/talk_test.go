package talk

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// at is a moment of the tests.
func at(sec float64) eventlog.Stamp { return eventlog.Stamp((1_800_000_000 + sec) * 1e9) }

// logOf makes a log of events of one session.
func logOf(t testing.TB, events ...eventlog.Event) (eventlog.Log, *List) {
	t.Helper()
	sources := eventlog.NewSources(eventlog.NewSymbols())
	log := eventlog.NewMemory(sources)
	for i := range events {
		if events[i].SessionID == "" {
			events[i].SessionID = "s"
		}
	}
	if err := log.WriteEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	snap := log.Snapshot()
	id, _ := sources.Symbols().Find("s")
	root, ok := Session(snap, id)
	if !ok {
		t.Fatal("no session")
	}
	list, err := Items(t.Context(), snap, root)
	if err != nil {
		t.Fatal(err)
	}
	return log, list
}

// spell writes a conversation, one item a line; what repeats is in brackets, what
// says nothing is left out.
func spell(t testing.TB, log eventlog.Log, l *List) string {
	t.Helper()
	var b strings.Builder
	err := l.Each(t.Context(), log, func(s *Said, repeats bool) error {
		if s.Empty() {
			return nil
		}
		text := fmt.Sprint(s.Kind)
		for _, part := range []string{s.Tool, s.Label, s.Joined(Asked), s.Joined(Thought), s.Joined(Text), s.Joined(Failure), string(s.Raw(Structure))} {
			if part != "" {
				text += " | " + part
			}
		}
		for i, name := range []string{"failed", "open", "hidden", "copied"} {
			if s.Flags.Has(1 << i) {
				text += " " + name
			}
		}
		if s.Below > 0 {
			text += fmt.Sprint(" +", s.Below)
		}
		if repeats {
			text = "[" + text + "]"
		}
		b.WriteString(strings.Repeat("  ", int(s.Depth)) + text + "\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

type event = eventlog.Event

func said(role, text string, sec float64) event {
	return event{Kind: eventlog.Message, Tool: role, Text: text, RunID: "r", Time: at(sec)}
}

func answer(text string, sec float64) event {
	return event{Kind: eventlog.ModelResponse, Text: text, RunID: "r", Time: at(sec)}
}

func TestConversation(t *testing.T) {
	t.Parallel()
	thought := []eventlog.Detail{{Name: "thinking", Value: "hm"}}
	for _, c := range []struct {
		name   string
		events []event
		want   string
	}{
		{"the usual", []event{
			said("user", "fix it", 1), answer("I look", 2),
			{Kind: eventlog.ToolCall, Tool: "Bash", CallID: "c", RunID: "r", Time: at(2), Input: []byte(`{"command":"ls"}`)},
			{Kind: eventlog.ToolResult, CallID: "c", RunID: "r", Time: at(3), Text: "a.go"},
			{Kind: eventlog.ToolCall, Tool: "Bash", CallID: "d", RunID: "r", Time: at(4), Input: []byte(`{"command":"make"}`)},
		}, "user | fix it\nassistant | I look\ntool | Bash | ls | a.go\ntool | Bash | make open\n"},
		{"records of one answer", []event{
			{Kind: eventlog.ModelResponse, CallID: "m", RunID: "r", Time: at(1), Details: thought},
			{Kind: eventlog.ModelResponse, CallID: "m", RunID: "r", Time: at(2), Text: "one"},
			{Kind: eventlog.ModelResponse, CallID: "m", RunID: "r", Time: at(3), Text: "two"},
			{Kind: eventlog.ModelResponse, CallID: "m", RunID: "r", Time: at(3), Text: "two"},
		}, "assistant | hm | one\n\ntwo\n"},
		{"deltas are one message", []event{
			{Kind: eventlog.ModelResponse, CallID: "m", RunID: "r", Time: at(1), Text: "I wi", Piece: true, Again: true},
			{Kind: eventlog.ModelResponse, CallID: "m", RunID: "r", Time: at(1), Text: "ll", Piece: true, Again: true},
			{Kind: eventlog.ModelResponse, CallID: "m", RunID: "r", Time: at(1), Text: " ", Piece: true, Again: true},
			{Kind: eventlog.ModelResponse, CallID: "m", RunID: "r", Time: at(1), Text: "ll", Piece: true, Again: true},
		}, "assistant | I will ll\n"},
		{"a sub-agent lies below its call, and its prompt is said once", []event{
			said("user", "go", 1),
			{Kind: eventlog.ToolCall, Tool: "Task", CallID: "c", RunID: "r", Time: at(2), Spawns: true, Input: []byte(`{"prompt":"look around"}`)},
			{Kind: eventlog.AgentStart, RunID: "k", ParentRunID: "r", ParentCall: "c", Link: eventlog.LinkSure, Agent: "Explore", Time: at(3), Text: "look around"},
			{Kind: eventlog.Message, Tool: "user", RunID: "k", Time: at(3), Text: "look around"},
			{Kind: eventlog.ModelResponse, RunID: "k", Time: at(4), Text: "all seen"},
			{Kind: eventlog.AgentFinish, RunID: "k", Time: at(5), Text: "all seen"},
			{Kind: eventlog.ToolResult, CallID: "c", RunID: "r", Time: at(6), Text: "all seen"},
			answer("thanks", 7),
		}, "user | go\ntool | Task | look around | all seen +5\n  agent +4\n    [task | look around]\n    [user | look around]\n    assistant | all seen\n    [result | all seen]\nassistant | thanks\n"},
		{"what a person says twice stays", []event{
			said("user", "continue", 1), answer("a", 2), said("user", "continue", 3), answer("b", 4), said("user", "continue", 5),
		}, "user | continue\nassistant | a\nuser | continue\nassistant | b\nuser | continue\n"},
		{"a prompt that stands with the call", []event{
			{Kind: eventlog.ModelRequest, CallID: "a", RunID: "r", Time: at(1), Text: "mend it"},
			{Kind: eventlog.ModelResponse, CallID: "a", RunID: "r", Time: at(2), Text: "I look"},
			{Kind: eventlog.ModelRequest, CallID: "b", RunID: "r", Time: at(3), Text: "mend it"},
			{Kind: eventlog.ModelResponse, CallID: "b", RunID: "r", Time: at(4), Text: "done"},
		}, "assistant | mend it | I look\nassistant | done\n"},
		{"machinery", []event{
			{Kind: eventlog.Message, Tool: "system", Hidden: true, RunID: "r", Time: at(1), Text: "you are"},
			{Kind: eventlog.Message, Tool: "context", Hidden: true, RunID: "r", Time: at(1), Text: "fix it"},
			said("user", "fix it", 1),
			{Kind: eventlog.Custom, Type: "snapshot", RunID: "r", Time: at(2)},
			{Kind: eventlog.Heartbeat, RunID: "r", Time: at(2)},
			{Kind: eventlog.Custom, Type: "reasoning", Hidden: true, RunID: "r", Time: at(2), Text: "hm"},
			{Kind: eventlog.ModelResponse, RunID: "r", Time: at(3), Type: "usage", Text: "all calls", Bill: &eventlog.Bill{Calls: 3, Usage: eventlog.Usage{Input: 1}}},
		}, "system | you are hidden\n[system | fix it hidden]\nuser | fix it\nthinking | hm hidden\n"},
		{"people, failures, and the context", []event{
			{Kind: eventlog.HILDecision, RunID: "r", Time: at(1), Text: "declined"},
			{Kind: eventlog.Error, RunID: "r", Time: at(2), Failed: true, Message: "overloaded"},
			{Kind: eventlog.Error, RunID: "r", Time: at(2), Failed: true, Message: "overloaded"},
			{Kind: eventlog.Compaction, RunID: "r", Time: at(3), Text: "so far"},
			{Kind: eventlog.ToolCall, Tool: "Bash", CallID: "c", RunID: "r", Time: at(4)},
			{Kind: eventlog.ToolError, CallID: "c", RunID: "r", Time: at(5), Failed: true, Message: "exit 1", Output: []byte(`"exit 1"`)},
			{Kind: eventlog.ToolTimeout, CallID: "d", RunID: "r", Tool: "Bash", Time: at(6), Failed: true},
		}, "decision | declined\nerror | overloaded failed\n[error | overloaded failed]\ncompaction | so far\ntool | Bash | exit 1 failed\ntool | Bash | timed out failed\n"},
		{"structured", []event{
			answer(`{"ok":true}`, 1),
			{Kind: eventlog.ModelResponse, RunID: "r", Time: at(2), Output: []byte(`[{"role":"assistant","parts":[]}]`)},
			{Kind: eventlog.ToolResult, Tool: "get", RunID: "r", CallID: "x", Time: at(3), Output: []byte(`{"hits":[]}`)},
		}, "assistant | {\"ok\":true}\ntool | get | {\"hits\":[]}\n"},
		{"history of another session", []event{
			said("user", "old", 1), {Kind: eventlog.ToolCall, Tool: "Task", CallID: "c", RunID: "r", Time: at(2), Spawns: true},
			{Kind: eventlog.ModelResponse, RunID: "k", ParentRunID: "r", ParentCall: "c", Link: eventlog.LinkSure, Agent: "b", Time: at(3), Text: "below"},
			{Kind: eventlog.ModelResponse, Text: "there", RunID: "r", Time: at(4), Copied: true}, said("user", "new", 5),
		}, "user | old copied\ntool | Task open copied +2\n  agent open copied +1\n    assistant | below copied\nassistant | there copied\nuser | new\n"},
		{"children come before the call that started them, which nobody knew then", []event{
			{Kind: eventlog.ModelResponse, RunID: "k", ParentRunID: "r", ParentCall: "c", Link: eventlog.LinkSure, Agent: "b", Time: at(4), Text: "below"},
			answer("last", 9),
			{Kind: eventlog.ToolCall, Tool: "Task", CallID: "c", RunID: "r", Time: at(2), Spawns: true},
			said("user", "first", 1),
			{Kind: eventlog.ModelResponse, RunID: "k", ParentRunID: "r", ParentCall: "c", Link: eventlog.LinkSure, Agent: "b", Time: at(5), Text: "later"},
			{Kind: eventlog.ToolResult, CallID: "c", RunID: "r", Time: at(6)},
		}, "user | first\ntool | Task\nagent open +2\n  assistant | below\n  assistant | later\nassistant | last\n"},
		{"no times, the prompt behind and the result before", []event{
			{Kind: eventlog.AgentFinish, RunID: "r", Text: "what it came to"},
			{Kind: eventlog.ModelResponse, RunID: "r", Text: "I look"},
			{Kind: eventlog.ToolCall, Tool: "ls", CallID: "c", RunID: "r"}, {Kind: eventlog.ToolResult, CallID: "c", RunID: "r", Text: "a"},
			{Kind: eventlog.Message, Tool: "system", RunID: "r", Text: "your answer has no command"},
			{Kind: eventlog.ModelResponse, RunID: "r", Text: "done"},
			{Kind: eventlog.Message, Tool: "user", RunID: "r", Text: "fix it"},
		}, "user | fix it\nassistant | I look\ntool | ls | a\nsystem | your answer has no command\nassistant | done\nresult | what it came to\n"},
		{"a recorded command says nothing by itself", []event{
			{Kind: eventlog.AgentStart, RunID: "cmd", Agent: "command", Time: at(1)},
			{Kind: eventlog.Message, Tool: "user", RunID: "r", ParentRunID: "cmd", Link: eventlog.LinkSure, Agent: "claude", Text: "hi", Time: at(2)},
			{Kind: eventlog.LogLine, RunID: "cmd", Text: "line", Time: at(2)},
		}, "user | hi\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			log, list := logOf(t, c.events...)
			if got := spell(t, log, list); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	bill := func(e event, cost eventlog.Money, source eventlog.CostSource, copied bool) event {
		e.Bill = &eventlog.Bill{Usage: eventlog.Usage{Input: 1}, Cost: cost, Source: source, Copied: copied}
		return e
	}
	_, list := logOf(t,
		event{Kind: eventlog.AgentStart, RunID: "r", Time: at(0), Text: "a"},
		said("user", "a", 1), bill(answer("old", 3), eventlog.Dollar, eventlog.Recorded, true),
		said("user", "b", 10), bill(answer("x", 12), eventlog.Dollar, eventlog.Recorded, false), bill(answer("y", 15), 2*eventlog.Dollar, eventlog.Estimated, false),
		event{Kind: eventlog.ToolCall, Tool: "t", CallID: "c", RunID: "r", Time: at(15)}, event{Kind: eventlog.ToolResult, CallID: "c", RunID: "r", Time: at(18)},
		said("user", "c", 20), said("user", "and d", 21), bill(answer("z", 22), 0, eventlog.Unpriced, false),
	)
	got := ""
	for _, turn := range list.Turns() {
		got += fmt.Sprintf("%d-%d %v %v %v calls %d unpriced %d tools %d\n", turn.From, turn.To, turn.Took, turn.Recorded, turn.Estimated, turn.Calls, turn.Unpriced, turn.Tools)
	}
	want := "0-3 3s 0 0 calls 0 unpriced 0 tools 0\n3-7 8s 1 2 calls 2 unpriced 0 tools 1\n7-10 2s 0 0 calls 1 unpriced 1 tools 0\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestReadInPortions(t *testing.T) {
	t.Parallel()
	var events []event
	for i := range 3 * portion {
		events = append(events, event{Kind: eventlog.ModelResponse, CallID: "m", RunID: "r", Time: at(1), Text: fmt.Sprint(i, " "), Piece: true, Again: true})
	}
	events = append(events, said("user", "last", 2))
	log, list := logOf(t, events...)
	both, err := list.Read(t.Context(), log, 1, 0)
	if err != nil || len(both) != 2 || both[0].Joined(Text) != "last" {
		t.Fatal(err, len(both))
	}
	if n := len(strings.Fields(both[1].Joined(Text))); n != 3*portion || both[1].Cut {
		t.Errorf("%d pieces", n)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	log, list := logOf(t,
		event{Kind: eventlog.Message, Tool: "user", RunID: "r", Time: at(0), Text: "fix\n\n# it", Details: []eventlog.Detail{{Name: "image", Value: "image/png, 3 kB"}}},
		event{Kind: eventlog.ModelResponse, RunID: "r", Time: at(1), Text: "I do.", Details: []eventlog.Detail{{Name: "thinking", Value: "hm"}}},
		event{Kind: eventlog.ToolCall, Tool: "Edit", CallID: "c", RunID: "r", Time: at(2), Input: []byte(`{"file_path":"a.md","old_string":"x","new_string":"` + "```" + `"}`)},
		event{Kind: eventlog.ToolError, CallID: "c", RunID: "r", Time: at(3), Failed: true, Message: "no </details> \x1b[31mhere"},
		event{Kind: eventlog.ToolCall, Tool: "Task", CallID: "d", RunID: "r", Time: at(4), Spawns: true, Input: []byte(`{"prompt":"<b>*look*"}`)},
		event{Kind: eventlog.ModelResponse, RunID: "k", ParentRunID: "r", ParentCall: "d", Link: eventlog.LinkSure, Agent: "Explore", Time: at(5), Text: "seen"},
		event{Kind: eventlog.ToolResult, CallID: "d", RunID: "r", Time: at(6), Text: "seen\nagentId: 1"},
	)
	write := func(opt Options) string {
		var b bytes.Buffer
		if err := Markdown(t.Context(), &b, log, list, opt); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	full := "# <T>\n\n## 1 · 2027-01-15 08:00:00 · 6.0s · no price\n\n> fix\n>\n> # it\n>\n> [image/png, 3 kB]\n\n" +
		"<details><summary>thinking</summary>\n\nhm\n\n</details>\n\nI do.\n\n" +
		"<details><summary>✗ Edit: a.md (1.0s)</summary>\n\n`edit a.md`\n\n````diff\n@@\n-x\n+```\n````\n\n```\n✗ no </details> \\x1b[31mhere\n```\n\n</details>\n\n" +
		"<details><summary>Task: &lt;b&gt;*look* (2.0s)</summary>\n\n```json\n{\n  \"prompt\": \"<b>*look*\"\n}\n```\n\n<details><summary>agent Explore</summary>\n\nseen\n\n</details>\n\n</details>\n\n"
	full = strings.Replace(strings.Replace(full, "<T>", "&lt;T> \\*", 1), " · no price", "", 1)
	if got := write(Options{Title: "<T> *", Thinking: true}); got != full {
		t.Errorf("got\n%s\nwant\n%s", got, full)
	}
	names := "## 1 · 2027-01-15 08:00:00 · 6.0s\n\n> fix\n>\n> # it\n>\n> [image/png, 3 kB]\n\nI do.\n\n- ✗ Edit: a.md (1.0s)\n- Task: &lt;b>\\*look\\* (2.0s) (2 items inside)\n"
	if got := write(Options{Tools: ToolsNames}); got != names {
		t.Errorf("got\n%s\nwant\n%s", got, names)
	}
	if got := write(Options{Tools: ToolsNone}); strings.Contains(got, "Edit") || strings.Contains(got, "seen") || !strings.Contains(got, "I do.") {
		t.Errorf("got\n%s", got)
	}
}

// A chain of thousands of agents is no log of a real program, and must not need a
// stack that is as deep.
func TestDeepChain(t *testing.T) {
	t.Parallel()
	var events []event
	const deep = 5000
	for i := range deep {
		e := event{Kind: eventlog.ToolCall, Tool: "Task", CallID: "c", RunID: fmt.Sprint("r", i), Spawns: true, Time: at(float64(i))}
		if i > 0 {
			e.ParentRunID, e.ParentCall, e.Link = fmt.Sprint("r", i-1), "c", eventlog.LinkSure
		}
		events = append(events, e)
	}
	log, list := logOf(t, events...)
	if n := len(list.Items); n != 2*deep-1 || list.Items[0].Below != 2*deep-2 {
		t.Errorf("%d items", n)
	}
	var b bytes.Buffer
	if err := Markdown(t.Context(), &b, log, list, Options{}); err != nil {
		t.Fatal(err)
	}
	if x, y := strings.Count(b.String(), "<details>"), strings.Count(b.String(), "</details>"); x != y || x != 2*deep-1 {
		t.Errorf("%d are opened, %d closed", x, y)
	}
}

func BenchmarkItems(b *testing.B) {
	const n = 1_000_000
	sources := eventlog.NewSources(eventlog.NewSymbols())
	x := eventlog.NewIndex(sources.Symbols())
	for i := range n / 2 {
		e := event{SessionID: "s", RunID: "r", Kind: eventlog.ToolCall, Tool: "Bash", CallID: fmt.Sprint(i), Time: at(float64(i))}
		x.Append(eventlog.Place{}, &e)
		e.Kind = eventlog.ToolResult
		x.Append(eventlog.Place{}, &e)
	}
	snap := x.Publish()
	id, _ := snap.Symbols.Find("s")
	root, _ := Session(snap, id)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		list, err := Items(b.Context(), snap, root)
		if err != nil || len(list.Items) != n/2 {
			b.Fatal(err)
		}
	}
}
