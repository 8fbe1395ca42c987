package fork

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

func said(text string) eventlog.Event {
	return eventlog.Event{Kind: eventlog.Message, Tool: "user", Text: text}
}

func answer(id, text string) eventlog.Event {
	return eventlog.Event{Kind: eventlog.ModelResponse, CallID: id, Text: text}
}

func calls(id, tool, input string) eventlog.Event {
	return eventlog.Event{Kind: eventlog.ToolCall, CallID: id, Tool: tool, Input: json.RawMessage(input)}
}

func returns(id, text string) eventlog.Event {
	return eventlog.Event{Kind: eventlog.ToolResult, CallID: id, Text: text}
}

// sketch spells a conversation on one line.
func sketch(events ...eventlog.Event) string {
	var c Conversation
	for i := range events {
		c.Add(&events[i])
	}
	var parts []string
	for _, m := range c.openAI() {
		text := ""
		if m.Content != nil {
			text = *m.Content
		}
		for _, k := range m.Calls {
			text += " " + k.Function.Name + k.Function.Arguments
		}
		parts = append(parts, m.Role+":"+strings.TrimSpace(text))
	}
	return strings.Join(parts, " | ")
}

func TestConversation(t *testing.T) {
	t.Parallel()
	failed := returns("a", "")
	failed.Kind, failed.Message = eventlog.ToolError, "no such file"
	again := said("hello")
	again.ID = "u1"
	hidden := said("the harness says")
	hidden.Hidden = true
	system := eventlog.Event{Kind: eventlog.Message, Tool: "system", Type: "system", Hidden: true, Text: "be brief"}
	shown := eventlog.Event{Kind: eventlog.Message, Tool: "system", Type: "info", Text: "request cancelled"}
	sum := answer("", "all calls of m")
	sum.Bill = &eventlog.Bill{Calls: 7}
	broke := answer("m9", "overloaded")
	broke.Failed = true
	blocks := returns("a", "")
	blocks.Output = json.RawMessage(`[{"type":"text","text":"x"},{"type":"text","text":"y"}]`)
	for _, c := range []struct {
		name   string
		events []eventlog.Event
		want   string
	}{
		{"question and answer", []eventlog.Event{said("hi"), answer("m1", "ho")}, "user:hi | assistant:ho"},
		{"parts of one answer", []eventlog.Event{said("hi"), answer("m1", ""), answer("m1", "one"), answer("m1", "two")}, "user:hi | assistant:one\n\ntwo"},
		{"an answer that is written anew", []eventlog.Event{answer("m1", "on"), answer("m1", "one"), answer("m1", "one")}, "assistant:one"},
		{"calls side by side, their results between", []eventlog.Event{
			answer("m1", "look"), calls("a", "ls", `{"p":1}`), returns("a", "A"), answer("m1", ""), calls("b", "cat", `{}`), returns("b", "B"), answer("m2", "done"),
		}, `assistant:look ls{"p":1} cat{} | tool:A | tool:B | assistant:done`},
		{"one after the other, where nothing is named", []eventlog.Event{
			answer("#1", "look"), calls("a", "ls", `{}`), returns("a", "A"), calls("b", "cat", `{}`), returns("b", "B"), answer("#1", "done"),
		}, `assistant:look ls{} | tool:A | assistant:cat{} | tool:B | assistant:done`},
		{"results without a name", []eventlog.Event{
			answer("", "look"), calls("", "ls", `{}`), calls("", "cat", `{}`), {Kind: eventlog.ToolResult, Tool: "cat", Text: "C"}, {Kind: eventlog.ToolResult, Tool: "ls", Text: "L"},
		}, `assistant:look ls{} cat{} | tool:L | tool:C`},
		{"a call without a result", []eventlog.Event{said("hi"), answer("m1", "look"), calls("a", "ls", `{}`)}, "user:hi | assistant:look"},
		{"nothing but such a call", []eventlog.Event{said("hi"), calls("a", "ls", `{}`)}, "user:hi"},
		{"a call that is told twice", []eventlog.Event{calls("a", "ls", `{}`), calls("a", "ls", `{}`), returns("a", "A")}, "assistant:ls{} | tool:A"},
		{"a result of nobody's", []eventlog.Event{said("hi"), returns("z", "Z")}, "user:hi"},
		{"failures", []eventlog.Event{calls("a", "ls", `{}`), failed, broke}, "assistant:ls{} | tool:no such file"},
		{"blocks", []eventlog.Event{calls("a", "ls", `{}`), blocks}, "assistant:ls{} | tool:x\ny"},
		{"messages that are told twice", []eventlog.Event{again, answer("m", "x"), again}, "user:hello | assistant:x"},
		{"a task that is the first message", []eventlog.Event{{Kind: eventlog.AgentStart, Text: "hi"}, said("hi"), answer("m", "x")}, "user:hi | assistant:x"},
		{"what is not said to the model", []eventlog.Event{said("hi"), hidden, shown, sum, {Kind: eventlog.Heartbeat, Text: "x"}}, "user:hi"},
		{"a system prompt", []eventlog.Event{system, said("hi")}, "system:be brief | user:hi"},
		{"arguments that are no object", []eventlog.Event{calls("a", "ls", `"{\"p\":2}"`), returns("a", "A"), calls("b", "run", `"make"`), returns("b", "B"), calls("c", "x", `{"a":`), returns("c", "C")},
			`assistant:ls{"p":2} | tool:A | assistant:run{"input":"make"} | tool:B | assistant:x{"input":"{\"a\":"} | tool:C`},
		{"hostile names", []eventlog.Event{calls("a", "a b/\"x\n", `{}`), returns("a", "A")}, "assistant:a_b__x_{} | tool:A"},
	} {
		if got := sketch(c.events...); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// In the Messages API the sides take turns, and each call has its result in the
// message behind it.
func TestAnthropic(t *testing.T) {
	t.Parallel()
	var c Conversation
	failed := returns("b.2", "no")
	failed.Kind = eventlog.ToolError
	for _, e := range []eventlog.Event{
		said("hi"), said("there"), answer("m1", "look"), calls("a.1", "ls", `{"p":1}`), calls("b.2", "cat", `{}`), returns("a.1", "A"), failed, said("go on"), answer("m2", "done"),
	} {
		c.Add(&e)
	}
	text, err := c.Encode(Anthropic, "x")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Compact(&got, text); err != nil {
		t.Fatal(err)
	}
	want := `[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"there"}]},` +
		`{"role":"assistant","content":[{"type":"text","text":"look"},{"type":"tool_use","id":"a_1","name":"ls","input":{"p":1}},{"type":"tool_use","id":"b_2","name":"cat","input":{}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a_1","content":"A"},{"type":"tool_result","tool_use_id":"b_2","content":"no","is_error":true},{"type":"text","text":"go on"}]},` +
		`{"role":"assistant","content":[{"type":"text","text":"done"}]}]`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &got, want)
	}
	if c.Len() != 7 || c.Open() != 0 {
		t.Errorf("%d messages, %d open", c.Len(), c.Open())
	}
	if _, err := c.Encode(Claude, "x"); err == nil {
		t.Error("a transcript is no list of messages")
	}
}

func copyLines(t *testing.T, write func(Copy, *strings.Reader, *bytes.Buffer) (int, error), upto int64, lines ...string) []string {
	t.Helper()
	var out bytes.Buffer
	c := Copy{From: "old", To: "new", Upto: upto, Now: eventlog.Stamp(1_772_452_800_123_456_789), Mask: func(b []byte) []byte {
		return bytes.ReplaceAll(b, []byte("hunter2"), []byte("*"))
	}}
	n, err := write(c, strings.NewReader(strings.Join(lines, "\n")), &out)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(got) != n {
		t.Errorf("%d lines, it says %d", len(got), n)
	}
	return got
}

func TestClaudeLines(t *testing.T) {
	t.Parallel()
	lines := []string{
		`{"type":"mode","mode":"normal","sessionId":"old"}`,
		`{"parentUuid":null,"type":"user","uuid":"u1","sessionId":"old","cwd":"/p","message":{"content":"the key is hunter2"}}`,
		`{"parentUuid":"u1","type":"assistant","uuid":"a1","sessionId":"old","n":1e400,"message":{"id":"m"}}`,
		`{"parentUuid":"a1","type":"assistant","uuid":"a2","sessionId":"old","requestSessionId":"older"}`,
		`{"type":"cost-state","totalCostUSD":1,"sessionId":"old"}`,
		`{"parentUuid":"a2","type":"user","uuid":"u2","sessionId":"old"}`,
	}
	write := func(c Copy, src *strings.Reader, out *bytes.Buffer) (int, error) { return c.Claude(src, out) }
	got := copyLines(t, write, int64(len(strings.Join(lines[:3], "\n"))+1), lines...)
	want := []string{
		`{"parentUuid":null,"type":"user","uuid":"u1","sessionId":"new","cwd":"/p","message":{"content":"the key is *"}}`,
		`{"parentUuid":"u1","type":"assistant","uuid":"a1","sessionId":"new","n":1e400,"message":{"id":"m"},"requestSessionId":"old"}`,
		`{"parentUuid":"a1","type":"assistant","uuid":"a2","sessionId":"new","requestSessionId":"older"}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

func TestCodexLines(t *testing.T) {
	t.Parallel()
	lines := []string{
		`{"timestamp":"2026-01-01T00:00:00Z","ordinal":0,"type":"session_meta","payload":{"session_id":"old","id":"old","timestamp":"2026-01-01T00:00:00Z","cwd":"/p","source":{"subagent":{}},"parent_thread_id":"up","forked_from_id":"older"}}`,
		`{"timestamp":"2026-01-01T00:00:01Z","ordinal":1,"type":"event_msg","payload":{"text":"hunter2"}}`,
		`{"timestamp":"2026-01-01T00:00:02Z","ordinal":2,"type":"event_msg","payload":{}}`,
	}
	write := func(c Copy, src *strings.Reader, out *bytes.Buffer) (int, error) { return c.Codex(src, out) }
	got := copyLines(t, write, int64(len(lines[0])+1), lines...)
	want := []string{
		`{"timestamp":"2026-03-02T12:00:00.123Z","ordinal":0,"type":"session_meta","payload":{"session_id":"new","id":"new","timestamp":"2026-03-02T12:00:00.123Z","cwd":"/p","source":"cli","forked_from_id":"old"}}`,
		strings.Replace(lines[0], `"ordinal":0`, `"ordinal":1`, 1),
		`{"timestamp":"2026-01-01T00:00:01Z","ordinal":2,"type":"event_msg","payload":{"text":"*"}}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	based := `{"type":"session_meta","payload":{"id":"old","history_base":{"thread":"up"}}}`
	if _, err := (Copy{}).Codex(strings.NewReader(based), &bytes.Buffer{}); !errors.Is(err, ErrBased) {
		t.Errorf("based on another: %v", err)
	}
	if _, err := (Copy{}).Codex(strings.NewReader(`{"type":"event_msg"}`), &bytes.Buffer{}); err == nil {
		t.Error("a rollout that does not say whose it is")
	}
}

// Whatever the events hold, what is written is JSON, each call has its result, and
// no line is left open.
func FuzzConversation(f *testing.F) {
	f.Add("a", "text", `{"x":1}`, uint8(3), uint8(5))
	f.Add("", "\xff\n", `[`, uint8(9), uint8(1))
	kinds := []eventlog.Kind{eventlog.AgentStart, eventlog.Message, eventlog.ModelResponse, eventlog.ToolCall, eventlog.ToolResult, eventlog.ToolError, eventlog.LoopStep}
	f.Fuzz(func(t *testing.T, id, text, raw string, a, b uint8) {
		var c Conversation
		for i := range 12 {
			e := eventlog.Event{Kind: kinds[(int(a)*i+int(b))%len(kinds)], CallID: id, Text: text, Input: json.RawMessage(raw), Output: json.RawMessage(raw), Tool: text}
			if i%3 == 0 {
				e.CallID = fmt.Sprint(id, i/3)
			}
			c.Add(&e)
		}
		for _, format := range []Format{OpenAI, Anthropic, AgentSession} {
			out, err := c.Encode(format, id)
			if err != nil || !json.Valid(out) {
				t.Fatalf("%s: %v\n%s", format, err, out)
			}
		}
		want, got := 0, 0
		for _, m := range c.openAI() {
			want += len(m.Calls)
			if m.Role == "tool" {
				got++
			}
			for _, k := range m.Calls {
				if err := jsonl.Fields([]byte(k.Function.Arguments), func(_, _ []byte) bool { return true }); err != nil {
					t.Fatalf("arguments %q", k.Function.Arguments)
				}
			}
		}
		if want != got {
			t.Fatalf("%d calls, %d results", want, got)
		}
		var line bytes.Buffer
		if n, err := (Copy{From: id, To: text, Upto: 1 << 40}).Claude(strings.NewReader(raw+"\n"+`{"uuid":"x","type":"assistant"}`), &line); err == nil && bytes.Count(line.Bytes(), []byte("\n")) != n {
			t.Fatalf("%d lines: %q", n, line.String())
		}
	})
}

// What is exported is all of a conversation: a session that the Agent SDK stored as
// it is, and a request of the Messages API with its system prompt.
func TestExport(t *testing.T) {
	t.Parallel()
	compact := func(c *Conversation, f Format) string {
		text, err := c.Export(f, "x")
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := json.Compact(&b, text); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	whole := `{"session_id":"x","system":"be brief","messages":[{"role":"tool","content":[{"type":"image"}],"n":1.0e3}],"more":1}`
	var c Conversation
	for _, e := range []eventlog.Event{
		{Kind: eventlog.LoopStep, Type: "session", Text: "be brief", Payload: json.RawMessage(whole)},
		answer("m1", "look "), calls("a.1", "ls", `{}`), returns("a.1", "A"), calls("a_1", "ls", `{}`), returns("a_1", "B"), answer("m2", "  "), said("go on"), answer("m3", "done \n"),
	} {
		c.Add(&e)
	}
	if got := compact(&c, AgentSession); got != whole {
		t.Errorf("got\n%s\nwant\n%s", got, whole)
	}
	want := `{"system":"be brief","messages":[{"role":"user","content":[{"type":"text","text":"(What was asked is not in the log.)"}]},` +
		`{"role":"assistant","content":[{"type":"text","text":"look "},{"type":"tool_use","id":"a_1","name":"ls","input":{}},{"type":"tool_use","id":"a_1_2","name":"ls","input":{}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a_1","content":"A"},{"type":"tool_result","tool_use_id":"a_1_2","content":"B"},{"type":"text","text":"go on"}]},` +
		`{"role":"assistant","content":[{"type":"text","text":"done"}]}]}`
	if got := compact(&c, Anthropic); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	var none Conversation
	if got := compact(&none, Anthropic); got != `{"messages":[]}` {
		t.Errorf("got %s", got)
	}
}

// Images are named: what they show is not written.
func TestImagesAreNamed(t *testing.T) {
	t.Parallel()
	asked := said("what is this?")
	asked.Details = []eventlog.Detail{{Name: "image", Value: "image/png, 12 kB"}}
	shown := returns("a", "")
	shown.Output = json.RawMessage(`[{"type":"text","text":"here"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]`)
	got := sketch(asked, calls("a", "shot", `{}`), shown)
	if want := "user:what is this?\n[image/png, 12 kB] | assistant:shot{} | tool:here\n[image/png, 9 B]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
