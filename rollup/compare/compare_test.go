package compare

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// sideOf makes a session of lines, each a step:
//
//	user TEXT | say TEXT | call TOOL ARGS = RESULT | fail TOOL ARGS = MESSAGE | system TEXT
//
// What is indented happens in an agent that the call before started.
func sideOf(t testing.TB, name, script string) Side {
	t.Helper()
	sources := eventlog.NewSources(eventlog.NewSymbols())
	log := eventlog.NewMemory(sources)
	// Symbols of two logs differ: only names may be compared.
	for i := range len(name) {
		sources.Symbols().Intern(fmt.Sprint("other ", name, i))
	}
	var events []eventlog.Event
	now := eventlog.Stamp(1_800_000_000 * 1e9)
	add := func(e eventlog.Event) {
		now += 1e9
		e.SessionID, e.Time = name, now
		events = append(events, e)
	}
	run, call := "main "+name, ""
	n := 0
	for line := range strings.Lines(script) {
		text := strings.TrimSpace(line)
		if text == "" {
			continue
		}
		n++
		at, up := run, ""
		if strings.HasPrefix(line, "\t\t\t\t") {
			at, up = "agent "+call, call
		}
		word, rest, _ := strings.Cut(text, " ")
		e := eventlog.Event{RunID: at, ID: fmt.Sprint(name, n)}
		if up != "" {
			e.ParentRunID, e.ParentCall, e.Link, e.Agent = run, up, eventlog.LinkSure, "helper"
		}
		switch word {
		case "user", "system":
			e.Kind, e.Tool, e.Text, e.Hidden = eventlog.Message, word, rest, word == "system"
			add(e)
		case "say":
			e.Kind, e.Text, e.Model = eventlog.ModelResponse, rest, "model of "+name
			e.Bill = &eventlog.Bill{Usage: eventlog.Usage{Input: 10, Output: 2}, Cost: eventlog.Dollar, Source: eventlog.Recorded, Copied: rest == "copied"}
			add(e)
		case "call", "fail":
			e.Kind, e.CallID, e.Spawns = eventlog.ToolCall, fmt.Sprint(name, " call ", n), true
			tool, args, _ := strings.Cut(rest, " ")
			args, out, _ := strings.Cut(args, " = ")
			e.Tool, e.Input = tool, []byte(args)
			add(e)
			if up == "" {
				call = e.CallID
			}
			e.Kind, e.Input, e.Text = eventlog.ToolResult, nil, out
			if word == "fail" {
				e.Kind, e.Failed, e.Text, e.Message = eventlog.ToolError, true, "", out
			}
			add(e)
		default:
			t.Fatalf("%q", line)
		}
	}
	if err := log.WriteEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	id, _ := sources.Symbols().Find(name)
	return Side{Log: log, Snap: log.Snapshot(), Session: id}
}

// spell writes the pairs of a comparison, one a line.
func spell(t *testing.T, c *Comparison) string {
	t.Helper()
	said, err := c.Said(t.Context(), 0, len(c.Pairs))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i, p := range c.Pairs {
		fmt.Fprintf(&b, "%s%s %s", strings.Repeat("  ", int(p.Depth)), []string{"=", "~", "-", "+"}[p.Relation], Words(&said[i]))
		if p.Parts != 0 && p.Relation == Changed {
			fmt.Fprintf(&b, " %d", p.Parts)
		}
		if p.Unseen {
			b.WriteString(" unseen")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestAlign(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, a, b, want string
		first, decision  string // "pair cause", or none
	}{
		{"the same, whatever the order of arguments, ids, times and models", `
			user fix it
			say I look
			call Read {"path":"a","n":1} = text
		`, `
			user fix it
			say I look
			call Read { "n": 1, "path": "a" } = text
		`, "= fix it\n= I look\n= Read a\n", "", ""},
		{"another result", `
			user fix it
			call Bash {"command":"make"} = ok
			say done
		`, `
			user fix it
			fail Bash {"command":"make"} = no rule
			say done
		`, "= fix it\n~ Bash make 2\n= done\n", "1 result_differs", ""},
		{"and then something else is done", `
			user fix it
			call Bash {"command":"make"} = ok
			say done
		`, `
			user fix it
			call Bash {"command":"make"} = broken
			say I fix it
			call Edit {"path":"a"} = ok
		`, "= fix it\n~ Bash make 2\n~ done 1\n+ Edit a\n", "1 result_differs", "2 input_differed"},
		{"the model alone", `
			user fix it
			call Bash {"command":"ls"} = a
			say I read
			call Read {"path":"a"} = x
		`, `
			user fix it
			call Bash {"command":"ls"} = a
			say I read
			call Grep {"pattern":"b"} = y
		`, "= fix it\n= Bash ls\n~ I read 1\n- Read a\n+ Grep b\n", "2 model_alone", "2 model_alone"},
		{"what programs put in", `
			system you are a
			user fix it
			say I look
		`, `
			system you are b
			user fix it
			say I guess
		`, "= fix it\n~ I look 1\n", "1 hidden_input_differed", "1 hidden_input_differed"},
		{"told something else", `
			user fix it
			say yes
		`, `
			user break it
			say yes
		`, "~ fix it 1\n= yes\n", "0 told_otherwise", "0 told_otherwise"},
		{"a call that is like another", `
			call Bash {"command":"go test ./... -run Cart -count 1"} = ok
		`, `
			call Bash {"command":"go test ./... -run Shop -count 1"} = ok
		`, "~ Bash go test ./... -run Cart -count 1 1\n", "0 model_alone", "0 model_alone"},
		{"agents are compared below the same call", `
			call Task {"prompt":"one"} = r
				say alpha
				call Read {"path":"a"} = x
			call Task {"prompt":"two"} = r
				say beta
			say end
		`, `
			call Task {"prompt":"one"} = r
				say alpha
				call Read {"path":"a"} = other
			call Task {"prompt":"two"} = r
				say gamma
			say end
		`, "= Task one\n  = agent helper\n    = alpha\n    ~ Read a 2\n= Task two\n  = agent helper\n    ~ beta 1\n= end\n", "3 result_differs", "6 model_alone"},
		{"what an agent did is on one side only", `
			call Task {"prompt":"one"} = r
				say alpha
			say end
		`, `
			call Task {"prompt":"one"} = r
			say end
		`, "= Task one\n  - agent helper unseen\n    - alpha unseen\n= end\n", "", ""},
		{"one goes on", `
			user fix it
		`, `
			user fix it
			say done
		`, "= fix it\n+ done\n", "1 model_alone", "1 model_alone"},
		{"nothing", ``, `user hello`, "+ hello\n", "0 told_otherwise", "0 told_otherwise"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.a == "" {
				c.a = "system nothing"
			}
			got, err := Align(t.Context(), sideOf(t, "a", c.a), sideOf(t, "bb", c.b), nil)
			if err != nil {
				t.Fatal(err)
			}
			if text := spell(t, got); text != c.want {
				t.Errorf("got\n%s\nwant\n%s", text, c.want)
			}
			point := func(d *Divergence) string {
				if d == nil {
					return ""
				}
				return fmt.Sprint(d.Pair, " ", d.Cause)
			}
			if point(got.First) != c.first || point(got.Decision) != c.decision {
				t.Errorf("first %q, decision %q; want %q, %q", point(got.First), point(got.Decision), c.first, c.decision)
			}
		})
	}
}

func TestAlignWithItself(t *testing.T) {
	t.Parallel()
	script := "user go\n" + strings.Repeat("say again\ncall Bash {\"command\":\"make\"} = ok\n", 40)
	side := sideOf(t, "s", script)
	c, err := Align(t.Context(), side, side, nil)
	if err != nil || c.First != nil || c.Equals != len(c.Pairs) || len(c.Pairs) != 81 {
		t.Fatalf("%v, %d of %d", err, c.Equals, len(c.Pairs))
	}
	if want := []Fold{{0, 81}}; !slices.Equal(c.Folds, want) {
		t.Errorf("%v", c.Folds)
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	a := sideOf(t, "a", "user go\nsay copied\nsay one\nfail Bash {} = no\n")
	a.Facts = &eventlog.Facts{Outcome: eventlog.Failure, Metrics: map[string]float64{"score": 0.5}}
	c, err := Align(t.Context(), a, sideOf(t, "b", "user go\nsay one\nsay two\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	x, y := c.A, c.B
	if x.Calls != 1 || x.Copied != 1 || x.Cost() != eventlog.Dollar || x.ToolCalls != 1 || x.ToolErrors != 1 || x.Errors != 1 || x.Outcome != eventlog.Failure || x.Metrics["score"] != 0.5 {
		t.Errorf("%+v", x)
	}
	if y.Calls != 2 || y.Recorded != 2*eventlog.Dollar || y.Usage.Input != 20 || y.Wall.Seconds() != 2 {
		t.Errorf("%+v", y)
	}
}

func TestDifference(t *testing.T) {
	t.Parallel()
	c, err := Align(t.Context(), sideOf(t, "a", "say I look now\ncall Bash {\"command\":\"go test -v ./a\"} = ok\n"), sideOf(t, "b", "say I look later\ncall Bash {\"command\":\"go test -v ./b\"} = ok\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Difference(t.Context(), c.Pairs[0].ItemA, c.Pairs[0].ItemB)
	if err != nil || d.Of != "text" || fmt.Sprint(d.Pieces) != "[{same I look } {removed now} {added later}]" {
		t.Errorf("%v %s %v", err, d.Of, d.Pieces)
	}
	d, err = c.Difference(t.Context(), c.Pairs[1].ItemA, c.Pairs[1].ItemB)
	if err != nil || d.Of != "arguments" || fmt.Sprint(d.Pieces) != "[{same go test -v ./} {removed a} {added b}]" {
		t.Errorf("%v %s %v", err, d.Of, d.Pieces)
	}
	did, err := c.Did(t.Context(), 1, c.Pairs[0].ItemB)
	if err != nil || did != "I look later; calls Bash go test -v ./b" {
		t.Errorf("%v %q", err, did)
	}
}

func TestAlignStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	side := sideOf(t, "s", "user go\n")
	if _, err := Align(ctx, side, side, nil); err == nil {
		t.Error("it did not stop")
	}
	side.Session = 0
	if _, err := Align(t.Context(), side, side, nil); err == nil {
		t.Error("a session that is not there is compared")
	}
}

// Hundreds of thousands of steps, with differences all over them, are aligned in a few seconds
// and in memory that grows with the steps.
func BenchmarkAlign(b *testing.B) {
	const n = 200_000 // calls
	sides := [2]Side{bench(b, "a", n), bench(b, "b", n)}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		c, err := Align(b.Context(), sides[0], sides[1], nil)
		if err != nil || c.First == nil {
			b.Fatal(err)
		}
	}
}

func bench(b *testing.B, name string, n int) Side {
	sources := eventlog.NewSources(eventlog.NewSymbols())
	log := eventlog.NewMemory(sources)
	batch := make([]eventlog.Event, 0, 2*n)
	for i := range n {
		at := eventlog.Stamp(i+1) * 1e9
		args := fmt.Sprintf(`{"command":"step %d"}`, i%5000)
		if name == "b" && i%97 == 5 {
			args = `{"command":"another thing"}`
		}
		batch = append(batch,
			eventlog.Event{SessionID: name, RunID: "r", Kind: eventlog.ToolCall, Tool: "Bash", CallID: fmt.Sprint(i), Time: at, Input: []byte(args)},
			eventlog.Event{SessionID: name, RunID: "r", Kind: eventlog.ToolResult, CallID: fmt.Sprint(i), Time: at + 1, Text: "ok"},
		)
	}
	if err := log.WriteEvents(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
	id, _ := sources.Symbols().Find(name)
	return Side{Log: log, Snap: log.Snapshot(), Session: id}
}
