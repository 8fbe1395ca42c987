package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

// target is a program that does as it is told, unless it is stubborn.
type target struct {
	mu               sync.Mutex
	alive            int
	paused, stubborn bool
	did              []string
	fails            error
}

func (p *target) do(what string, f func()) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.did = append(p.did, what)
	if p.fails != nil || p.alive == 0 {
		return 0, p.fails
	}
	n := p.alive
	f()
	return n, nil
}

func (p *target) Pid() int               { return 42 }
func (p *target) Pause() (int, error)    { return p.do("pause", func() { p.paused = true }) }
func (p *target) Continue() (int, error) { return p.do("continue", func() { p.paused = false }) }
func (p *target) Kill() (int, error)     { return p.do("kill", func() { p.alive = 0 }) }
func (p *target) Terminate() (int, error) {
	return p.do("terminate", func() {
		if p.paused = false; !p.stubborn {
			p.alive = 0
		}
	})
}

func (p *target) Paused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paused
}

func (p *target) Alive() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.alive
}

// world is a recording that is guarded.
type world struct {
	*Guard
	t       *testing.T
	target  *target
	mu      sync.Mutex
	events  []eventlog.Event
	notices []string
	n       int
}

// book prices models that are called after what a token costs, in billionths.
type book struct{}

func (book) Estimate(_, model string, bill *eventlog.Bill) (eventlog.Money, string, bool) {
	var rate int64
	if n, _ := fmt.Sscanf(model, "model-%d", &rate); n != 1 {
		return 0, "the model is not in the table", false
	}
	return eventlog.Money(rate * bill.Usage.Total()), model, true
}

// guarded starts a guard in a bubble of its own: no port and no file is opened.
func guarded(t *testing.T, rules ...Rule) *world {
	w := &world{t: t, target: &target{alive: 3}}
	for i := range rules {
		if rules[i].Name == "" {
			rules[i].Name = "max_" + rules[i].Limit.String()
		}
	}
	w.Guard = New(Options{Rules: rules, Reader: dialect.NewStored(), Prices: book{}}, Host{
		Session: "s", Agent: "main",
		Emit: func(_ context.Context, e eventlog.Event) error {
			w.Watch(&e) // as the pipeline does
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
			return nil
		},
		Notice: func(line string, _ bool) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.notices = append(w.notices, line)
		},
	})
	w.begin(w.target)
	return w
}

// say tells the guard of an event and lets it act.
func (w *world) say(kind, payload string) {
	w.n++
	w.event(fmt.Sprintf("e%d", w.n), "r", kind, payload)
}

func (w *world) event(id, run, kind, payload string) {
	w.t.Helper()
	if !json.Valid([]byte(payload)) {
		w.t.Fatalf("payload %s", payload)
	}
	w.Watch(&eventlog.Event{ID: id, SessionID: "s", RunID: run, Kind: eventlog.ParseKind(kind), Type: kind, Time: 1, Payload: json.RawMessage(payload)})
	synctest.Wait()
}

// call tells of a tool call and its result.
func (w *world) call(run, args, result string) {
	w.n++
	w.event(fmt.Sprintf("c%d", w.n), run, "tool_call", fmt.Sprintf(`{"tool":"Bash","tool_use_id":"t%d","arguments":%s}`, w.n, args))
	w.event(fmt.Sprintf("d%d", w.n), run, "tool_result", fmt.Sprintf(`{"tool":"Bash","tool_use_id":"t%d","result":%s}`, w.n, result))
}

// trips returns the sentences of the decisions so far.
func (w *world) trips() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for _, e := range w.events {
		if e.Kind == eventlog.Policy {
			list = append(list, field(w.t, e, "message"))
		}
	}
	return list
}

func field(t *testing.T, e eventlog.Event, name string) string {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(e.Payload, &m); err != nil {
		t.Fatalf("%v: %s", err, e.Payload)
	}
	var s string
	if json.Unmarshal(m[name], &s) != nil {
		return string(m[name])
	}
	return s
}

func (w *world) want(trips ...string) {
	w.t.Helper()
	if got := w.trips(); !slices.Equal(got, trips) {
		w.t.Errorf("decisions\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(trips, "\n  "))
	}
}

func response(id, cost string) string {
	return fmt.Sprintf(`{"model":"m","response_id":%q,"input_tokens":10,"output_tokens":5,"cost_usd":%s}`, id, cost)
}

func bubble(t *testing.T, rules []Rule, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := guarded(t, rules...)
		f(w)
		w.Close()
		w.Drain(t.Context())
	})
}

func TestCost(t *testing.T) {
	one := []Rule{{Limit: Cost, Most: int64(eventlog.Dollar), Action: Notify}}
	for name, c := range map[string]struct {
		say  func(w *world)
		want []string
	}{
		"at the limit": {func(w *world) {
			w.say("model_response", response("a", "0.4"))
			w.say("model_response", response("b", "0.6"))
		}, nil},
		"a billionth above": {func(w *world) {
			w.say("model_response", response("a", "1"))
			w.say("model_response", response("b", "0.000000001"))
			w.say("model_response", response("c", "5")) // told once
		}, []string{"max_cost tripped: $1.000000001 of $1.00"}},
		"one call told by several layers": {func(w *world) {
			for range 5 {
				w.say("model_response", response("a", "0.6"))
			}
			w.event("other-layer", "r2", "model_response", response("a", "0.7")) // it counts more
			w.say("model_response", response("b", "0.3"))
		}, nil},
		"the larger record of a call counts": {func(w *world) {
			w.say("model_response", response("a", "0.6"))
			w.say("model_response", response("a", "1.1"))
		}, []string{"max_cost tripped: $1.10 of $1.00"}},
		"one event sent again": {func(w *world) {
			for range 3 {
				w.event("same", "r", "model_response", `{"model":"m","input_tokens":1,"cost_usd":0.6}`)
			}
		}, nil},
		"calls without an id are calls of their own": {func(w *world) {
			for range 2 {
				w.say("model_response", `{"model":"m","input_tokens":1,"cost_usd":0.6}`)
			}
		}, []string{"max_cost tripped: $1.20 of $1.00"}},
		"estimated where nothing is told": {func(w *world) {
			w.say("model_response", `{"model":"model-1000000","input_tokens":600,"output_tokens":401}`)
		}, []string{"max_cost tripped: $1.001 of $1.00"}},
		"the model of the request": {func(w *world) {
			w.say("model_request", `{"model":"model-1000000"}`)
			w.say("model_response", `{"input_tokens":600,"output_tokens":401}`)
		}, []string{"max_cost tripped: $1.001 of $1.00"}},
		"telemetry that was sent as the sum of others": {func(w *world) {
			w.say("model_response", response("sum", "0.8"))
			w.say("model_response", `{"model":"m","response_id":"part","input_tokens":1,"cost_usd":0.8,"lt":{"sums":["sum"]}}`)
		}, nil},
		"lines are not looked at": {func(w *world) {
			w.say("log", `{"text":"cost_usd 5","cost_usd":5,"response_id":"x","input_tokens":1}`)
		}, nil},
		"more than there is money": {func(w *world) {
			for i := range 3 {
				w.say("model_response", response(fmt.Sprint(i), "8999999999"))
			}
		}, []string{"max_cost tripped: $8999999999.00 of $1.00"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, one, func(w *world) {
				c.say(w)
				w.want(c.want...)
			})
		})
	}
}

func TestUnpriced(t *testing.T) {
	bubble(t, []Rule{{Limit: Cost, Most: 100, Action: Notify}}, func(w *world) {
		for i := range 3 {
			w.say("model_response", fmt.Sprintf(`{"model":"nobody-knows","response_id":"a%d","input_tokens":1000,"output_tokens":5}`, i))
		}
		w.say("model_response", `{"model":"nor-this","response_id":"b","input_tokens":1000}`)
		w.want("max_cost does not count a call of nobody-knows, which has no price: the model is not in the table",
			"max_cost does not count a call of nor-this, which has no price: the model is not in the table")
		if len(w.notices) != 1 || !strings.Contains(w.notices[0], "nobody-knows") {
			t.Errorf("notices %q", w.notices)
		}
		w.say("model_response", `{"model":"nor-this","response_id":"b","input_tokens":1000,"cost_usd":0.00000005}`) // it has a price after all
		w.say("model_response", response("c", "0.000000051"))
		trips := w.trips()
		if got := trips[len(trips)-1]; got != "max_cost tripped: $0.000000101 of $0.0000001, and 3 calls without a price" {
			t.Error(got)
		}
		last := w.events[len(w.events)-2]
		if field(t, last, "unpriced_calls") != "3" || field(t, last, "decision") != "warn" {
			t.Errorf("%s", last.Payload)
		}
	})
	// Without a limit on cost nobody asked.
	bubble(t, []Rule{{Limit: Tokens, Most: 5000, Action: Notify}}, func(w *world) {
		w.say("model_response", `{"model":"nobody-knows","input_tokens":1000,"output_tokens":5}`)
		w.want()
	})
}

func TestTokensAndErrors(t *testing.T) {
	bubble(t, []Rule{{Limit: Tokens, Most: 30, Action: Notify}, {Limit: Errors, Most: 1, Action: Notify}}, func(w *world) {
		w.say("model_response", response("a", "null"))
		w.say("model_response", response("b", "null"))
		w.say("error", `{"message":"no"}`)
		w.want()
		w.say("model_response", response("c", "null"))
		w.want("max_tokens tripped: 45 of 30 tokens")
		w.say("tool_error", `{"tool":"Bash","tool_use_id":"1","error":"no"}`)
		w.say("tool_error", `{"tool":"Bash","tool_use_id":"2","error":"no"}`)
		w.want("max_tokens tripped: 45 of 30 tokens", "max_errors tripped: 2 of 1 errors")
	})
	bubble(t, []Rule{{Limit: Errors, Most: 0, Action: Notify}}, func(w *world) {
		w.say("tool_result", `{"tool":"Bash","result":"fine"}`)
		w.want()
		w.say("tool_timeout", `{"tool":"Bash"}`)
		w.want("max_errors tripped: 1 of 0 errors")
	})
	// One failure that two layers overheard.
	bubble(t, []Rule{{Limit: Errors, Most: 1, Action: Notify}}, func(w *world) {
		for _, run := range []string{"a", "b"} {
			w.event("x"+run, run, "tool_error", `{"tool":"Bash","tool_use_id":"7","layer":"proxy","api":"anthropic.messages","error":"no"}`)
		}
		w.want()
	})
}

const repeated = "max_repeat tripped: Bash gave the same result for the same arguments 3 times in a row"

func TestRepeat(t *testing.T) {
	for name, c := range map[string]struct {
		say  func(w *world)
		want []string
	}{
		"three": {func(w *world) {
			w.call("r", `{"a":1,"b":[true,null,"x"]}`, `"same"`)
			w.call("r", `{"b":[true,null,"\u0078"], "a":1}`, `"same"`)
			w.want()
			w.call("r", `{"a":1,"b":[true,null,"x"]}`, `"same"`)
			w.call("r", `{"a":1,"b":[true,null,"x"]}`, `"same"`) // a new row
		}, []string{repeated}},
		"six are two rows": {func(w *world) {
			for range 6 {
				w.call("r", `{}`, `1`)
			}
		}, []string{repeated, repeated}},
		"another result": {func(w *world) {
			for i := range 9 {
				w.call("r", `{"a":1}`, fmt.Sprint(i%2))
			}
		}, nil},
		"other arguments": {func(w *world) {
			for i := range 9 {
				w.call("r", fmt.Sprintf(`{"a":%d}`, i), `"same"`)
			}
		}, nil},
		"another call in between": {func(w *world) {
			for range 4 {
				w.call("r", `{"a":1}`, `"same"`)
				w.call("r", `{"a":1}`, `"same"`)
				w.call("r", `{"a":2}`, `"same"`)
			}
		}, nil},
		"each run by itself": {func(w *world) {
			for i := range 4 {
				w.call(fmt.Sprint("r", i%2), `{"a":1}`, `"same"`)
			}
		}, nil},
		"a result that is sent again": {func(w *world) {
			w.call("r", `{"a":1}`, `"same"`)
			for range 5 {
				w.event("d1", "r", "tool_result", `{"tool":"Bash","tool_use_id":"t1","result":"same"}`)
				w.say("tool_result", `{"tool":"Bash","tool_use_id":"t1","result":"same"}`) // told by another layer
			}
		}, nil},
		"failures": {func(w *world) {
			for i := range 3 {
				w.say("tool_call", fmt.Sprintf(`{"tool":"Bash","tool_use_id":"%d","arguments":{}}`, i))
				w.say("tool_error", fmt.Sprintf(`{"tool":"Bash","tool_use_id":"%d","error":"no such file"}`, i))
			}
		}, []string{repeated}},
		"calls without ids": {func(w *world) {
			for range 3 {
				w.say("tool_call", `{"tool":"Bash","arguments":{}}`)
				w.say("tool_result", `{"tool":"Bash","result":"x"}`)
			}
		}, []string{repeated}},
		"a fourth between two of three": {func(w *world) {
			w.call("r", `"a"`, `1`)
			w.call("r", `"b"`, `1`)
			w.call("r", `"a"`, `1`)
			w.call("r", `"a"`, `1`)
			w.want()
			w.call("r", `"a"`, `1`)
		}, []string{repeated}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, []Rule{{Limit: Repeat, Most: 3, Action: Notify}}, func(w *world) {
				c.say(w)
				w.want(c.want...)
			})
		})
	}
	// Within a time, others may stand between.
	bubble(t, []Rule{{Limit: Repeat, Most: 3, Within: time.Minute, Action: Notify}}, func(w *world) {
		for i := range 4 {
			w.call("r", `{"a":1}`, `"same"`)
			w.call("r", fmt.Sprintf(`{"b":%d}`, i), `"same"`)
			time.Sleep(40 * time.Second) // three are never within a minute
		}
		w.want()
		w.call("r", `{"a":1}`, `"same"`)
		w.call("r", `{"a":1}`, `"same"`)
		w.want("max_repeat tripped: Bash gave the same result for the same arguments 3 times within 1m")
	})
}

func TestWall(t *testing.T) {
	bubble(t, []Rule{{Limit: Wall, Most: int64(time.Minute), Action: Pause}}, func(w *world) {
		time.Sleep(time.Minute - 1)
		synctest.Wait()
		w.want()
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		w.want("max_wall tripped: it ran for 1m, paused")
		time.Sleep(time.Hour) // does not count
		synctest.Wait()
		w.Continued("me")
		time.Sleep(59 * time.Second)
		synctest.Wait()
		w.want("max_wall tripped: it ran for 1m, paused")
		time.Sleep(time.Second)
		synctest.Wait()
		w.want("max_wall tripped: it ran for 1m, paused", "max_wall tripped: it ran for 2m, paused")
		if got := field(t, w.events[3], "message"); got != "resumed by me after 1h; max_wall is 2m now" {
			t.Error(got)
		}
	})
}

func TestWithinAndWhere(t *testing.T) {
	where := func(text string) eventlog.Query {
		q, err := eventlog.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	bubble(t, []Rule{{Limit: Errors, Most: 2, Within: time.Minute, Where: where("kind:tool"), Action: Notify}}, func(w *world) {
		fail := func() { w.say("tool_error", `{"tool":"Bash","error":"no"}`) }
		fail()
		fail()
		w.say("error", `{"message":"of no tool"}`)
		time.Sleep(61 * time.Second)
		fail()
		fail()
		w.want()
		time.Sleep(time.Minute) // to the moment, they are within it
		fail()
		w.want("max_errors tripped: 3 of 2 errors within 1m")
		fail()
		fail()
		w.want("max_errors tripped: 3 of 2 errors within 1m") // it began anew
		fail()
		w.want("max_errors tripped: 3 of 2 errors within 1m", "max_errors tripped: 3 of 2 errors within 1m")
	})
	bubble(t, []Rule{
		{Name: "danger", Limit: Events, Most: 1, Where: where(`tool:Bash kind:tool_call "rm -rf"`), Payload: true},
		{Name: "dear", Limit: Cost, Most: 10, Where: where("model:big*"), Action: Notify},
	}, func(w *world) {
		w.say("tool_call", `{"tool":"Bash","arguments":{"command":"ls"}}`)
		w.say("tool_call", `{"tool":"Bash","arguments":{"command":"rm -rf /tmp/x"}}`)
		w.say("log", `{"text":"rm -rf"}`)
		w.say("model_response", `{"model":"small","response_id":"1","input_tokens":1,"cost_usd":1}`)
		w.say("model_response", `{"model":"big","response_id":"2","input_tokens":1,"cost_usd":0.00000001}`)
		w.want("danger tripped: tool_call of Bash")
		w.say("model_response", `{"model":"big","response_id":"3","input_tokens":1,"cost_usd":0.000000001}`)
		w.want("danger tripped: tool_call of Bash", "dear tripped: $0.000000011 of $0.00000001")
		if len(w.notices) != 1 {
			t.Errorf("%q", w.notices)
		}
	})
	// What the guard tells is not guarded, and a rule that holds each time is told
	// of so often and then counted.
	bubble(t, []Rule{{Name: "all", Limit: Events, Most: 1, Where: where("kind:*")}}, func(w *world) {
		for range mostFired + 7 {
			w.say("decision", `{}`)
		}
		if n := len(w.trips()); n != mostFired || w.Silent() != 7 {
			t.Errorf("%d decisions, %d silent", n, w.Silent())
		}
		w.say("signal", `{"message":"of the program itself"}`)
		if w.Silent() != 8 {
			t.Error("a signal of the program is an event like others")
		}
	})
}

func TestPauseAndResume(t *testing.T) {
	bubble(t, []Rule{{Limit: Cost, Most: int64(eventlog.Dollar), Action: Pause, Severity: Critical}}, func(w *world) {
		w.say("model_response", response("a", "1.5"))
		w.want("max_cost tripped: $1.50 of $1.00, paused")
		w.say("model_response", response("b", "0.25")) // was on its way
		time.Sleep(10 * time.Second)
		if w.recording().Paused == "" || !w.target.Paused() {
			t.Error("it is not paused")
		}
		if !w.resumeNow("lazytrace resume") || w.resumeNow("again") {
			t.Error("resumed once is what it should be")
		}
		if got := field(t, w.events[len(w.events)-1], "message"); got != "resumed by lazytrace resume after 10s; max_cost is $2.75 now" {
			t.Error(got)
		}
		w.say("model_response", response("c", "1")) // $2.75
		w.want("max_cost tripped: $1.50 of $1.00, paused")
		w.say("model_response", response("d", "0.01"))
		w.want("max_cost tripped: $1.50 of $1.00, paused", "max_cost tripped: $2.76 of $2.75, paused")
		// Somebody else wakes it.
		w.target.Continue()
		time.Sleep((surely + 1) * lookAgain)
		synctest.Wait()
		if last := w.events[len(w.events)-1]; !strings.HasPrefix(field(t, last, "message"), "resumed by somebody else") {
			t.Errorf("%s", last.Payload)
		}
		var order []string
		for _, e := range w.events {
			order = append(order, e.Type)
		}
		if got := strings.Join(order, " "); got != "policy signal state_change state_change policy signal state_change state_change" {
			t.Error(got)
		}
	})
}

func TestPauseThatCannotBe(t *testing.T) {
	bubble(t, []Rule{{Limit: Errors, Most: 0, Action: Pause}, {Name: "more", Limit: Errors, Most: 1, Action: Pause}}, func(w *world) {
		w.target.fails = errors.ErrUnsupported
		w.say("error", `{}`)
		w.target.fails, w.target.alive = nil, 0
		w.say("error", `{}`)
		w.want("max_errors tripped: 1 of 0 errors, could not be paused: unsupported operation", "more tripped: 2 of 1 errors, it had ended")
	})
}

func TestStop(t *testing.T) {
	bubble(t, []Rule{{Limit: Errors, Most: 0, Action: Stop}, {Name: "late", Limit: Errors, Most: 1, Action: Pause}}, func(w *world) {
		w.target.stubborn = true
		w.say("error", `{}`)
		w.say("error", `{}`)
		if got := w.Stopped(); got != "stopped by guard max_errors: 1 of 0 errors" {
			t.Error(got)
		}
		w.want("max_errors tripped: 1 of 0 errors, stopped", "late tripped: 2 of 1 errors, stopped already")
		time.Sleep(grace - endAgain)
		if w.target.Alive() != 3 {
			t.Error("it was not given its time")
		}
		began := time.Now()
		w.Settle()
		if took := time.Since(began); took > 3*endAgain || strings.Join(w.target.did, " ") != "terminate kill" {
			t.Errorf("%v after %v", w.target.did, took)
		}
	})
	bubble(t, []Rule{{Limit: Errors, Most: 0, Action: Stop}}, func(w *world) {
		w.target.stubborn = true
		w.say("error", `{}`)
		w.Interrupted("SIGINT") // who asks again does not wait
		began := time.Now()
		if w.Settle(); time.Since(began) > 3*endAgain {
			t.Error("it was waited for")
		}
	})
}

// The decision says what was looked at.
func TestTrace(t *testing.T) {
	bubble(t, []Rule{{Source: "--max-errors", Limit: Errors, Most: 0, Action: Notify, Severity: Warning}, {Limit: Cost, Most: 5}}, func(w *world) {
		w.say("model_response", response("a", "0.000000002"))
		w.event("culprit", "r", "error", `{"agent_name":"worker","message":"no"}`)
		var policy, signal map[string]any
		if json.Unmarshal(w.events[0].Payload, &policy) != nil || json.Unmarshal(w.events[1].Payload, &signal) != nil {
			t.Fatal("no JSON")
		}
		if _, ok := policy["latency_ms"].(float64); !ok {
			t.Errorf("latency %v", policy["latency_ms"])
		}
		for _, name := range []string{"latency_ms", "signal_id"} {
			delete(policy, name)
		}
		delete(signal, "policy_id")
		want := `{"decision":"warn","evaluated":[{"actual":1,"matched":true,"policy":"max_errors","threshold":0,"type":"errors"},` +
			`{"actual":2e-9,"matched":false,"policy":"max_cost","threshold":5e-9,"type":"cost"}],"event_id":"culprit","limit_kind":"errors",` +
			`"message":"max_errors tripped: 1 of 0 errors","policy":"max_errors","reason":"1 of 0 errors","source":"--max-errors","threshold":0,"unit":"errors","value":1}`
		if got, _ := json.Marshal(policy); string(got) != want {
			t.Errorf("policy\n%s\nwant\n%s", got, want)
		}
		want = `{"action":"notify","event_id":"culprit","limit_kind":"errors","message":"max_errors tripped: 1 of 0 errors","name":"max_errors",` +
			`"severity":"warning","subtype":"error_spike","threshold":0,"type":"alert","unit":"errors","value":1}`
		if got, _ := json.Marshal(signal); string(got) != want {
			t.Errorf("signal\n%s\nwant\n%s", got, want)
		}
		if e := w.events[0]; e.RunID != "r" || e.Agent != "worker" || e.SessionID != "s" {
			t.Errorf("%+v", e)
		}
	})
}

// Whatever comes in whatever order, no limit trips before it is passed, and each
// does when it is.
func TestNeverBelowTheLimit(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		most := [3]int64{rng.Int64N(400), rng.Int64N(400), rng.Int64N(12)}
		rules := []Rule{{Limit: Cost, Most: most[0]}, {Limit: Tokens, Most: most[1]}, {Limit: Errors, Most: most[2]}}
		bubble(t, rules, func(w *world) {
			type told struct{ cost, tokens int64 }
			calls, failed := map[string]told{}, map[int]bool{}
			for range 120 {
				id := rng.IntN(40)
				switch rng.IntN(3) {
				case 0:
					cost, tokens := rng.Int64N(20), 1+rng.Int64N(20)
					name := fmt.Sprint(id)
					w.say("model_response", fmt.Sprintf(`{"response_id":%q,"input_tokens":%d,"cost_usd":%s}`, name, tokens, eventlog.Money(cost)))
					// Of two records the one that counts more tokens is right, then the dearer.
					if was, ok := calls[name]; !ok || tokens > was.tokens || tokens == was.tokens && cost > was.cost {
						calls[name] = told{cost, tokens}
					}
				case 1:
					w.event(fmt.Sprint("err", id), "r", "error", `{}`)
					failed[id] = true
				case 2:
					w.say("tool_result", `{"tool":"x"}`)
				}
				var sum [3]int64
				for _, c := range calls {
					sum[0], sum[1] = sum[0]+c.cost, sum[1]+c.tokens
				}
				sum[2] = int64(len(failed))
				for i, r := range w.rules {
					if over := sum[i] > most[i]; over && !r.done || !over && r.done && i > 0 {
						t.Fatalf("seed %d, %s: %d of %d, tripped %v", seed, r.Name, sum[i], most[i], r.done)
					}
				}
				// A call may turn out cheaper than it was told; then it has tripped by what was told.
				if w.rules[0].count.sum != sum[0] || w.rules[1].count.sum != sum[1] {
					t.Fatalf("seed %d: counted %d and %d, want %v", seed, w.rules[0].count.sum, w.rules[1].count.sum, sum)
				}
			}
			for _, e := range w.events {
				var p struct{ Value, Threshold float64 }
				if json.Unmarshal(e.Payload, &p) != nil || p.Value <= p.Threshold {
					t.Errorf("seed %d: %s", seed, e.Payload)
				}
			}
		})
	}
}

func TestMeter(t *testing.T) {
	m := meter{within: time.Second}
	now := time.Unix(0, 0)
	for range mostAmounts + 10 {
		m.add(now, 1)
	}
	if m.sum != mostAmounts {
		t.Errorf("%d", m.sum)
	}
	if got := m.add(now.Add(2*time.Second), 1); got != 1 {
		t.Errorf("%d", got)
	}
	if plus(1<<62, 1<<62) <= 0 || plus(-1<<63, -1) >= 0 {
		t.Error("a sum wrapped")
	}
}

func TestMemory(t *testing.T) {
	m := newMemory[int, int](3)
	for i := range 5 {
		m.put(i, i)
		m.put(i, i*10)
	}
	if len(m.of) != 3 || m.of[2] != 20 || m.of[4] != 40 {
		t.Errorf("%v", m.of)
	}
}

func TestSpellings(t *testing.T) {
	for got, want := range map[string]string{
		dollars(1_020_000_000): "$1.02", dollars(eventlog.Dollar): "$1.00", dollars(1): "$0.000000001", dollars(1_500_000_000): "$1.50",
		figure.Whole(1234567): "1,234,567", figure.Whole(999): "999", figure.Whole(-1234): "-1,234",
		span(30 * time.Minute): "30m", span(2 * time.Hour): "2h", span(90 * time.Second): "1m30s", span(1512 * time.Millisecond): "1.51s",
		span(20 * time.Second): "20s", span(10 * time.Minute): "10m",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
