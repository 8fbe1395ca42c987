package tui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/frame"
)

// The clock of the tests: everything happens on one afternoon.
var noon = time.Date(2026, 3, 4, 12, 41, 0, 0, time.UTC)

// driver runs a model without a terminal: commands are done at once, in order.
type driver struct {
	*testing.T
	m     *model
	clock time.Time
	raw   func(string) // what is written to the terminal beside the frame
	// clipboard is told what is copied.
	clipboard func(string)
}

func drive(t *testing.T, src *eventlog.Sources, log eventlog.Log, change func(*Options)) *driver {
	t.Helper()
	d := &driver{T: t, clock: noon}
	o := Options{
		Sources: src, Now: func() time.Time { return d.clock },
		Open: func(context.Context, *eventlog.Session) (eventlog.Log, error) { return log, nil },
	}
	if change != nil {
		change(&o)
	}
	d.m = newModel(t.Context(), o)
	d.m.world.wait = false
	return d
}

// over returns the session that is opened on top, or nil.
func (d *driver) over() *explorer { return over(d.m) }

func over(m *model) *explorer {
	e, _ := m.screen().(*explorer)
	return e
}

// start gives the model its size and its first catalog.
func (d *driver) start(width, height int) *driver {
	d.Helper()
	d.send(tea.WindowSizeMsg{Width: width, Height: height})
	d.drain(d.m.Init())
	return d
}

func (d *driver) send(msg tea.Msg) {
	d.Helper()
	_, cmd := d.m.Update(msg)
	d.drain(cmd)
}

// drain does a command and what comes of it.
func (d *driver) drain(cmd tea.Cmd) {
	d.Helper()
	const limit = 2000
	todo := []tea.Cmd{cmd}
	for step := 0; len(todo) > 0; step++ {
		if step > limit {
			d.Fatal("commands without end")
		}
		next := todo[0]
		todo = todo[1:]
		if next == nil {
			continue
		}
		switch msg := next().(type) {
		case nil:
		case ask.Copied:
			if d.clipboard != nil {
				d.clipboard(msg.Text)
			}
			d.m.Update(msg)
		case tea.BatchMsg:
			todo = append(todo, msg...)
		case tea.QuitMsg:
		case tea.RawMsg:
			if d.raw != nil {
				d.raw(fmt.Sprint(msg.Msg))
			}
		default:
			_, more := d.m.Update(msg)
			todo = append(todo, more)
		}
	}
}

// keys presses keys, parted by spaces.
func (d *driver) keys(names string) *driver {
	d.Helper()
	for _, name := range strings.Fields(names) {
		d.send(press(name))
	}
	return d
}

// typed presses a key for each character.
func (d *driver) typed(text string) *driver {
	d.Helper()
	for _, r := range text {
		if r == ' ' {
			d.send(tea.KeyPressMsg{Code: tea.KeySpace, Text: " "})
			continue
		}
		d.send(press(string(r)))
	}
	return d
}

func ctrl(r rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: r, Mod: tea.ModCtrl} }

func press(name string) tea.KeyPressMsg {
	special := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "tab": {Code: tea.KeyTab}, "space": {Code: tea.KeySpace, Text: " "},
		"down": {Code: tea.KeyDown}, "up": {Code: tea.KeyUp}, "backspace": {Code: tea.KeyBackspace},
		"ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "ctrl+d": {Code: 'd', Mod: tea.ModCtrl},
	}
	if k, ok := special[name]; ok {
		return k
	}
	r := []rune(name)[0]
	return tea.KeyPressMsg{Code: r, Text: name}
}

// screen returns what is seen as a plane of text and a plane of style letters.
// It fails when a row is not as wide as the terminal, or holds any control
// sequence but a style.
func (d *driver) screen() (text, styles string) {
	d.Helper()
	rows := strings.Split(d.m.View().Content, "\n")
	if len(rows) != d.m.height {
		d.Errorf("%d rows on a terminal of %d", len(rows), d.m.height)
	}
	var a, b strings.Builder
	for y, row := range rows {
		plain, letters := d.planes(row)
		if n := frame.Width(plain); n != d.m.width {
			d.Errorf("row %d is %d cells wide, the terminal %d: %q", y, n, d.m.width, plain)
		}
		a.WriteString(strings.TrimRight(plain, " ") + "\n")
		b.WriteString(strings.TrimRight(letters, " ") + "\n")
	}
	return a.String(), b.String()
}

func (d *driver) planes(row string) (plain, letters string) {
	d.Helper()
	t := d.m.theme
	names := map[string]byte{
		string(t.Text): '.', string(t.Bright): 'B', string(t.Dim): 'd', string(t.Faint): '-', string(t.Title): 'T', string(t.Key): 'k',
		string(t.Brand): 'L', string(t.Model): 'm', string(t.Tool): 't', string(t.Agent): 'a', string(t.Human): 'h', string(t.Good): 'g',
		string(t.Bad): 'x', string(t.BadBold): 'X', string(t.Warn): 'w', string(t.Fill): 'f',
	}
	style := byte(' ')
	var p, l strings.Builder
	for i := 0; i < len(row); {
		if strings.HasPrefix(row[i:], "\x1b[") {
			end := strings.IndexByte(row[i:], 'm')
			if end < 0 || strings.Trim(row[i+2:i+end], "0123456789;") != "" {
				d.Fatalf("a control sequence that is no style: %q", row[i:])
			}
			params := strings.TrimPrefix(strings.TrimPrefix(row[i+2:i+end], "0"), ";")
			if at := strings.Index(params, "48;2;"); at >= 0 {
				params = strings.TrimSuffix(params[:at], ";")
			}
			letter, ok := names[params]
			if !ok && strings.HasSuffix(params, ";1") {
				letter, ok = names[strings.TrimSuffix(params, ";1")]
			}
			if !ok {
				letter = '?'
			}
			if params == "" {
				letter = ' '
			}
			style = letter
			i += end + 1
			continue
		}
		c := row[i]
		if c < ' ' || c == 0x7f {
			d.Fatalf("a control byte on the screen: %q", row[max(0, i-20):min(len(row), i+20)])
		}
		n := 1
		for i+n < len(row) && row[i+n]&0xc0 == 0x80 {
			n++
		}
		ch := row[i : i+n]
		p.WriteString(ch)
		for range frame.Width(ch) {
			if ch == " " {
				l.WriteByte(' ')
			} else {
				l.WriteByte(style)
			}
		}
		i += n
	}
	return p.String(), l.String()
}

// story writes the invented run that the golden screens show.
type story struct {
	at  time.Time
	id  string
	n   int
	out []eventlog.Event
}

func (s *story) add(run, agent string, kind eventlog.Kind, change func(*eventlog.Event)) {
	s.n++
	e := eventlog.Event{ID: fmt.Sprintf("%s-%d", s.id, s.n), SessionID: s.id, RunID: run, Agent: agent, Kind: kind, Type: kind.String(), Time: eventlog.StampOf(s.at)}
	e.Payload = json.RawMessage(fmt.Sprintf(`{"id":%q,"kind":%q,"n":%d,"nested":[1,true,null]}`, e.ID, kind, s.n))
	if change != nil {
		change(&e)
	}
	s.out = append(s.out, e)
}

func (s *story) wait(d time.Duration) { s.at = s.at.Add(d) }

func (s *story) model(run, agent, model, text string, in, out int64, cost eventlog.Money, source eventlog.CostSource, took time.Duration) {
	call := fmt.Sprint("m", s.n)
	s.add(run, agent, eventlog.ModelRequest, func(e *eventlog.Event) { e.Model, e.CallID = model, call })
	s.wait(took)
	s.add(run, agent, eventlog.ModelResponse, func(e *eventlog.Event) {
		e.Model, e.CallID, e.Text = model, call, text
		e.Bill = &eventlog.Bill{Call: eventlog.Identify(s.id, call), Usage: eventlog.Usage{Input: in / 10, CacheRead: in - in/10, Output: out}, Cost: cost, Source: source}
	})
}

func (s *story) tool(run, agent, tool, input, output, failure string, took time.Duration) {
	call := fmt.Sprint("t", s.n)
	s.add(run, agent, eventlog.ToolCall, func(e *eventlog.Event) { e.Tool, e.CallID, e.Input = tool, call, json.RawMessage(input) })
	s.wait(took)
	kind := eventlog.ToolResult
	if failure != "" {
		kind = eventlog.ToolError
	}
	s.add(run, agent, kind, func(e *eventlog.Event) {
		e.Tool, e.CallID, e.Failed, e.Message = tool, call, failure != "", failure
		e.Output, _ = json.Marshal(output)
	})
}

const cents = eventlog.Dollar / 100

// checkout is a run with sub-agents that is going on at noon.
func checkout() []eventlog.Event {
	s := &story{id: "0190-checkout", at: noon.Add(-6 * time.Minute)}
	s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Name: "Fix checkout race", Goal: "Fix the double charge in checkout; keep the API stable.", Agent: "claude", Directory: "/src/shop", Branch: "fix/checkout", Started: e.Time, Tags: []string{"SHOP-412"}}
	})
	s.add("main", "main", eventlog.AgentStart, nil)
	s.add("main", "main", eventlog.Message, func(e *eventlog.Event) { e.Text = "The checkout sometimes charges twice." })
	s.model("main", "main", "opus-5", "I will plan first.", 148_000, 1100, 20*cents, eventlog.Recorded, 14*time.Second)
	s.add("plan", "plan", eventlog.AgentStart, func(e *eventlog.Event) { e.ParentRunID, e.Link = "main", eventlog.LinkSure })
	s.model("plan", "plan", "sonnet-5", "Let me read the cart.", 22_000, 640, 7*cents, eventlog.Estimated, 11*time.Second)
	s.tool("plan", "plan", "Read", `{"file_path":"src/cart.ts"}`, "export async function charge() {}", "", 300*time.Millisecond)
	s.add("plan", "plan", eventlog.StateChange, func(e *eventlog.Event) { e.Hidden = true })
	s.add("plan", "plan", eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Success })
	begin := s.at
	s.wait(40 * time.Second)
	s.add("main", "main", eventlog.HILDecision, func(e *eventlog.Event) { e.Text, e.Began = "approve the plan", eventlog.StampOf(begin) })
	s.add("ci", "run-ci", eventlog.AgentStart, func(e *eventlog.Event) { e.ParentRunID, e.Link = "main", eventlog.LinkExact })
	for range 3 {
		s.model("ci", "run-ci", "haiku-5", "run the test again", 12_000, 201, cents, eventlog.Unpriced, 4*time.Second)
		s.tool("ci", "run-ci", "Bash", `{"command":"npm test -- cart"}`, "FAIL  src/cart.test.ts\n  Expected: 1\n  Received: 2", "exit 1: 1 test failed", 30*time.Second)
	}
	s.add("ci", "run-ci", eventlog.ToolCall, func(e *eventlog.Event) {
		e.Tool, e.CallID, e.Input = "Bash", "open", json.RawMessage(`{"command":"npm test"}`)
	})
	return s.out
}

// resumed is a session that went on the next morning.
func resumed() []eventlog.Event {
	s := &story{id: "two-days", at: noon.Add(-18 * time.Hour)}
	s.add("main", "main", eventlog.AgentStart, nil)
	for range 2 {
		for range 3 {
			s.model("main", "main", "opus-5", "a step", 9000, 100, cents, eventlog.Recorded, 50*time.Second)
			s.tool("main", "main", "Bash", `{"command":"make"}`, "ok", "", 90*time.Second)
		}
		s.wait(17 * time.Hour)
	}
	return s.out
}

// waited is a session of two turns in which one call was asked about, one was
// refused and one had to wait for its turn, and which at noon asks once more.
func waited() []eventlog.Event {
	s := &story{id: "waits", at: noon.Add(-10 * time.Minute)}
	s.add("main", "main", eventlog.AgentStart, func(e *eventlog.Event) {
		e.Idle, e.Facts = eventlog.IdleNo, &eventlog.Facts{Name: "Migrate the shop"}
	})
	s.model("main", "main", "opus-5", "I ask first", 9000, 100, cents, eventlog.Recorded, 20*time.Second)
	call := func(tool, id string, waits, runs time.Duration, wait eventlog.Wait) {
		s.add("main", "main", eventlog.ToolCall, func(e *eventlog.Event) { e.Tool, e.CallID = tool, id })
		s.wait(waits + runs)
		s.add("main", "main", eventlog.ToolResult, func(e *eventlog.Event) {
			e.Tool, e.CallID, e.Wait, e.Ran = tool, id, wait, e.Time-eventlog.Stamp(runs)
		})
	}
	call("psql", "c1", 2*time.Minute, time.Minute, eventlog.WaitAnswered)
	call("rm", "c2", 40*time.Second, 0, eventlog.WaitRefused)
	call("make", "c3", 30*time.Second, 30*time.Second, eventlog.WaitSame)
	s.add("main", "main", eventlog.AgentFinish, func(e *eventlog.Event) { e.Idle = eventlog.IdleYes })
	s.wait(2 * time.Minute)
	s.add("main", "main", eventlog.AgentStart, func(e *eventlog.Event) { e.Idle = eventlog.IdleNo })
	s.add("main", "main", eventlog.ToolCall, func(e *eventlog.Event) { e.Tool, e.CallID = "deploy", "c4" })
	s.wait(30 * time.Second)
	s.add("main", "main", eventlog.HILDecision, func(e *eventlog.Event) { e.CallID, e.Wait = "c4", eventlog.WaitAsked })
	return s.out
}

// kin is a session with a child session, and one whose parent is missing.
func kin() []eventlog.Event {
	var out []eventlog.Event
	for i, o := range [][2]string{{"parent", ""}, {"child", "parent"}, {"grandchild", "child"}, {"orphan", "gone"}} {
		s := &story{id: o[0], at: noon.Add(time.Duration(i-60) * time.Minute)}
		s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
			e.Facts = &eventlog.Facts{Name: "the " + o[0], ParentID: o[1], Agent: "codex", Started: e.Time}
		})
		s.add("r-"+o[0], "agent-"+o[0], eventlog.AgentStart, nil)
		s.model("r-"+o[0], "agent-"+o[0], "gpt-5.3", "thinking", 5000, 50, 3*cents, eventlog.Recorded, 20*time.Second)
		s.add("r-"+o[0], "agent-"+o[0], eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Success })
		s.add("", "", eventlog.SessionEnd, func(e *eventlog.Event) { e.Facts = &eventlog.Facts{Closed: true, Ended: e.Time} })
		out = append(out, s.out...)
	}
	return out
}

// runs are three runs of one task: the second did it as the first, the third
// otherwise. And a session of another name in the same folder.
func runs() []eventlog.Event {
	var out []eventlog.Event
	run := func(id, name string, ago time.Duration, tell func(s *story)) {
		s := &story{id: id, at: noon.Add(-ago)}
		s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
			e.Facts = &eventlog.Facts{Name: name, Agent: "claude", Directory: "/src/shop", Started: e.Time}
		})
		s.add("main", "main", eventlog.AgentStart, nil)
		tell(s)
		s.add("main", "main", eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Success })
		s.add("", "", eventlog.SessionEnd, func(e *eventlog.Event) {
			e.Facts = &eventlog.Facts{Closed: true, Ended: e.Time, Outcome: eventlog.Success, Metrics: map[string]float64{"score": float64(len(id)) / 10}}
		})
		out = append(out, s.out...)
	}
	begin := func(s *story, model string) {
		user := func(e *eventlog.Event) { e.Text, e.Tool = "The total is counted twice. Mend it.", "user" }
		s.add("main", "main", eventlog.Message, user)
		s.model("main", "main", model, "I look at the total first.", 9000, 120, 2*cents, eventlog.Recorded, 6*time.Second)
		s.tool("main", "main", "Read", `{"file_path":"/src/shop/total.go"}`, "package shop\n", "", 300*time.Millisecond)
		s.tool("main", "main", "Grep", `{"pattern":"total"}`, "total.go:12", "", 200*time.Millisecond)
	}
	end := func(s *story, model string) {
		s.tool("main", "main", "Bash", `{"command":"make test"}`, "ok", "", 9*time.Second)
		s.model("main", "main", model, "The total is right now, and a test holds it.", 11_000, 90, 3*cents, eventlog.Recorded, 5*time.Second)
	}
	run("mend", "Mend the total", 26*time.Hour, func(s *story) {
		begin(s, "opus-5")
		s.tool("main", "main", "Bash", `{"command":"go vet ./..."}`, "ok", "", 4*time.Second)
		s.model("main", "main", "opus-5", "The total is counted twice.\nI mend it in total.go.\nThen I run the tests.", 10_000, 200, 3*cents, eventlog.Recorded, 8*time.Second)
		s.tool("main", "main", "Edit", `{"file_path":"/src/shop/total.go","old_string":"sum += n\nsum += n\n","new_string":"sum += n\n"}`, "edited", "", 200*time.Millisecond)
		end(s, "opus-5")
	})
	run("again", "Mend the total again", 25*time.Hour, func(s *story) {
		begin(s, "opus-5")
		end(s, "opus-5")
	})
	run("once-more", "Mend the total again", 3*time.Hour, func(s *story) {
		begin(s, "opus-5")
		end(s, "opus-5")
	})
	run("haiku", "Mend the total", time.Hour, func(s *story) {
		begin(s, "haiku-5")
		s.tool("main", "main", "Bash", `{"command":"go vet ./..."}`, "total.go:14: self-assignment", "exit 1", 4*time.Second)
		s.model("main", "main", "haiku-5", "The total is counted twice.\nI write a test first.\nThen I run the tests.", 10_000, 200, cents/2, eventlog.Estimated, 4*time.Second)
		s.tool("main", "main", "Write", `{"file_path":"/src/shop/total_test.go","content":"package shop\n\nfunc TestTotal(t *testing.T) {}\n"}`, "written", "", 200*time.Millisecond)
		s.tool("main", "main", "Bash", `{"command":"make test"}`, "FAIL", "exit 2", 7*time.Second)
		s.tool("main", "main", "Edit", `{"file_path":"/src/shop/total.go","old_string":"sum += n\nsum += n\n","new_string":"sum += n\n"}`, "edited", "", 200*time.Millisecond)
		end(s, "haiku-5")
	})
	return out
}

// said is a session in which people, models and agents say something of every
// kind, in five turns.
func said() []eventlog.Event {
	s := &story{id: "said", at: noon.Add(-50 * time.Minute)}
	s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Name: "Mend the total", Agent: "claude", Directory: "/src/shop", Started: e.Time}
	})
	s.add("main", "main", eventlog.AgentStart, nil)
	you := func(text string, details ...eventlog.Detail) {
		s.add("main", "main", eventlog.Message, func(e *eventlog.Event) { e.Text, e.Tool, e.Details = text, "user", details })
		s.wait(time.Second)
	}
	s.add("main", "main", eventlog.Message, func(e *eventlog.Event) {
		e.Text, e.Tool, e.Hidden = "You are a careful engineer.\nAnswer in few words.", "system", true
	})
	you("The total of an order is **counted twice**. Mend it, please.\n\n> Expected: 12\n> Received: 24", eventlog.Detail{Name: "image", Value: "image/png, 34 kB, order.png"})
	s.model("main", "main", "opus-5", "# What I do\n\n1. read `total.go`\n2. mend the sum, which is in a loop that is gone through twice, and so counts each of the items two times\n3. run the tests\n\n| step | time |\n|------|------|\n| read | 1 s |\n\n```go\nfunc Total(items []int) int {\n\treturn sum(items)\n}\n```", 9000, 320, 2*cents, eventlog.Recorded, 6*time.Second)
	s.out[len(s.out)-1].Details = []eventlog.Detail{{Name: "thinking", Value: "The total is counted twice. Either the loop runs twice or the sum is kept.\nI look at the code before I say anything."}}
	s.tool("main", "main", "Read", `{"file_path":"/src/shop/total.go"}`, "package shop\n\nfunc Total(items []int) int {\n\tsum := 0\n\tfor _, n := range items {\n\t\tsum += n\n\t\tsum += n\n\t}\n\treturn sum\n}\n", "", 300*time.Millisecond)
	s.tool("main", "main", "Grep", `{"pattern":"Total("}`, "total.go:3", "", 200*time.Millisecond)
	s.model("main", "main", "opus-5", "", 9500, 80, cents, eventlog.Recorded, 3*time.Second)
	s.tool("main", "main", "Edit", `{"file_path":"/src/shop/total.go","old_string":"\t\tsum += n\n\t\tsum += n\n\t}","new_string":"\t\tsum += n // once\n\t}"}`, "edited", "", 200*time.Millisecond)
	s.model("main", "main", "opus-5", "It is mended. Shall I test it?", 10_000, 30, cents, eventlog.Recorded, 2*time.Second)
	s.wait(4 * time.Minute)
	you("Yes, and let another agent review it.")
	s.add("main", "main", eventlog.ToolCall, func(e *eventlog.Event) {
		e.Tool, e.CallID, e.Input, e.Spawns = "Task", "t-review", json.RawMessage(`{"description":"review the change","agent":"review","prompt":"Review total.go."}`), true
	})
	s.add("review", "review", eventlog.AgentStart, func(e *eventlog.Event) {
		e.ParentRunID, e.ParentCall, e.Link, e.Text = "main", "t-review", eventlog.LinkSure, "Review total.go."
	})
	s.model("review", "review", "haiku-5", "I run the tests first.", 4000, 50, cents/2, eventlog.Estimated, 4*time.Second)
	s.tool("review", "review", "Bash", `{"command":"go test ./..."}`, "--- FAIL: TestTotal\n    total_test.go:9: got 24", "exit status 1", 7*time.Second)
	s.model("review", "review", "haiku-5", "The test of the total **fails**: it expects the old sum.", 4200, 60, cents/2, eventlog.Estimated, 4*time.Second)
	s.add("review", "review", eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = eventlog.Success })
	s.add("main", "main", eventlog.ToolResult, func(e *eventlog.Event) {
		e.Tool, e.CallID = "Task", "t-review"
		e.Output, _ = json.Marshal("The test of the total fails: it expects the old sum.")
	})
	s.model("main", "main", "opus-5", "The test itself is wrong. May I change it?", 12_000, 60, 2*cents, eventlog.Recorded, 5*time.Second)
	s.add("main", "main", eventlog.HILDecision, func(e *eventlog.Event) { e.Text = "approve the change" })
	s.wait(time.Minute)
	you("Change it.")
	s.tool("main", "main", "Write", `{"file_path":"/src/shop/total_test.go","content":"package shop\n\nimport \"testing\"\n\nfunc TestTotal(t *testing.T) {\n\tif Total([]int{5, 7}) != 12 {\n\t\tt.Fatal(\"wrong\")\n\t}\n}\n"}`, "written", "", 300*time.Millisecond)
	s.model("main", "main", "opus-5", "Changed.", 13_000, 10, 3*cents, eventlog.Recorded, 2*time.Second)
	s.add("main", "main", eventlog.Compaction, func(e *eventlog.Event) { e.Text = "The total was counted twice; it is mended and tested." })
	s.wait(9 * time.Minute)
	you("Thanks! What is left to do?")
	s.model("main", "main", "opus-5", "Nothing. The total is *right*, see [the test](total_test.go).", 4000, 40, cents, eventlog.Recorded, 2*time.Second)
	return s.out
}

// long is a session of many turns.
func long() []eventlog.Event {
	s := &story{id: "said", at: noon.Add(-5 * time.Hour)}
	for i := range 200 {
		s.add("main", "main", eventlog.Message, func(e *eventlog.Event) { e.Text, e.Tool = fmt.Sprint("Number ", i), "user" })
		s.model("main", "main", "opus-5", "Done.", 9000, 10, eventlog.Money(i%7)*cents, eventlog.Recorded, 2*time.Second)
		s.tool("main", "main", "Bash", `{"command":"make"}`, "ok", "", time.Second)
		s.wait(time.Minute)
	}
	return s.out
}

// forked is a session that began with the history of another one.
func forked() []eventlog.Event {
	s := &story{id: "forked", at: noon.Add(-20 * time.Minute)}
	s.add("main", "main", eventlog.AgentStart, func(e *eventlog.Event) {
		e.Facts = &eventlog.Facts{Name: "Another way", Agent: "claude", ForkOf: "first"}
	})
	turn := func(you, model string) {
		s.add("main", "main", eventlog.Message, func(e *eventlog.Event) { e.Text, e.Tool = you, "user" })
		s.model("main", "main", "opus-5", model, 4000, 40, cents, eventlog.Recorded, 2*time.Second)
		s.wait(time.Minute)
	}
	turn("Mend the total.", "It is mended.")
	for i := range s.out {
		s.out[i].Copied = s.out[i].Kind != eventlog.AgentStart
		if b := s.out[i].Bill; b != nil {
			b.Copied = true
		}
	}
	turn("Do it another way.", "I have written it anew.")
	return s.out
}

// silent is a session in which nobody says anything.
func silent() []eventlog.Event {
	s := &story{id: "silent", at: noon.Add(-time.Minute)}
	s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) { e.Facts = &eventlog.Facts{Name: "silent", Started: e.Time} })
	s.add("main", "main", eventlog.AgentStart, nil)
	return s.out
}

// unreadableLog is a log whose records cannot be read any more.
type unreadableLog struct{ eventlog.Log }

func (unreadableLog) Events(context.Context, []eventlog.RowID) ([]eventlog.Event, error) {
	return nil, errors.New("read /logs/run.jsonl: input/output error")
}

// others are sessions around it.
func others() []eventlog.Event {
	var out []eventlog.Event
	for i, o := range []struct {
		id, name, agent string
		ago             time.Duration
		outcome         eventlog.Outcome
		closed          bool
	}{
		{"s1", "weekly-report", "lazybridge", 69 * time.Minute, eventlog.Failure, true},
		{"s2", "trip-planner", "agent", 5 * time.Hour, eventlog.Success, true},
		{"s3", "Password reset", "sentrial", 2 * time.Hour, eventlog.OutcomeUnknown, false},
		{"s4", "日本語の報告書", "codex", 9 * time.Hour, eventlog.Success, true},
		{"s5", "Upgrade Go", "claude", 3 * 24 * time.Hour, eventlog.Success, true},
	} {
		s := &story{id: o.id, at: noon.Add(-o.ago)}
		s.add("", "", eventlog.SessionStart, func(e *eventlog.Event) { e.Facts = &eventlog.Facts{Name: o.name, Agent: o.agent, Started: e.Time} })
		s.add("r", o.agent, eventlog.AgentStart, nil)
		s.model("r", o.agent, "gpt-5.4-mini", "done", int64(9000*(i+1)), 300, eventlog.Money(i+1)*7*cents, eventlog.Estimated, 20*time.Second)
		failure := ""
		if o.outcome == eventlog.Failure {
			failure = "EACCES: permission denied"
		}
		s.tool("r", o.agent, "Write", `{"path":"/tmp/report"}`, "", failure, time.Second)
		if o.closed {
			s.add("r", o.agent, eventlog.AgentFinish, func(e *eventlog.Event) { e.Outcome = o.outcome })
			s.add("", "", eventlog.SessionEnd, func(e *eventlog.Event) { e.Facts = &eventlog.Facts{Closed: true, Outcome: o.outcome, Ended: e.Time} })
		}
		out = append(out, s.out...)
	}
	return out
}

// told returns a log that holds events, and its sources.
func told(t testing.TB, events []eventlog.Event) (*eventlog.Sources, *eventlog.Memory) {
	t.Helper()
	src := eventlog.NewSources(eventlog.NewSymbols())
	log := eventlog.NewMemory(src)
	if err := log.WriteEvents(context.Background(), events); err != nil {
		t.Fatal(err)
	}
	return src, log
}
