package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// memory is a store in memory. Its hooks run before a batch is taken.
type memory struct {
	mu       sync.Mutex
	events   []eventlog.Event
	batches  []int
	sessions []eventlog.Facts
	drops    map[eventlog.Kind]int64
	exit     int
	before   func(ctx context.Context, events []eventlog.Event) error
	closed   int
}

func (m *memory) WriteEvents(ctx context.Context, events []eventlog.Event) error {
	if m.before != nil {
		if err := m.before(ctx, events); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, events...)
	m.batches = append(m.batches, len(events))
	return nil
}

func (m *memory) PutSession(_ context.Context, _ string, f eventlog.Facts, _ eventlog.Stamp) error {
	m.sessions = append(m.sessions, f)
	return nil
}

func (m *memory) PutExit(_ context.Context, _ string, code int) error { m.exit = code; return nil }

func (m *memory) Count(_ context.Context, _ string, dropped map[eventlog.Kind]int64, _ int64) error {
	m.drops = dropped
	return nil
}

func (m *memory) Close() error { m.closed++; return nil }

func (m *memory) open(context.Context) (Store, error) { return m, nil }

func (m *memory) ofKind(k eventlog.Kind) (list []eventlog.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		if e.Kind == k {
			list = append(list, e)
		}
	}
	return list
}

func of(k eventlog.Kind) eventlog.Event { return eventlog.Event{Kind: k, Type: k.String()} }

func TestStampFillsIn(t *testing.T) {
	t.Parallel()
	m := &memory{}
	r := New(Options{Open: m.open, Session: "s", Run: "r", Agent: "a"})
	must(t, r.Emit(t.Context(), eventlog.Event{Kind: eventlog.Custom, Type: "note", ParentRunID: "p", Payload: json.RawMessage(`{"k":1}`)}))
	must(t, r.Emit(t.Context(), eventlog.Event{Kind: eventlog.ToolCall, RunID: "r2", ID: "mine", SessionID: "s2", Time: 5, Payload: json.RawMessage(`"text"`)}))
	must(t, r.Emit(t.Context(), of(eventlog.Heartbeat)))
	must(t, r.Close(t.Context()))
	e := m.events[0]
	if e.ID == "" || !e.Time.Known() || e.SessionID != "s" || e.RunID != "r" || string(e.Payload) != `{"agent_name":"a","parent_run_id":"p","k":1}` {
		t.Errorf("filled in: %+v %s", e, e.Payload)
	}
	e = m.events[1]
	if e.ID != "mine" || e.Time != 5 || e.SessionID != "s2" || e.RunID != "r2" || e.Type != "tool_call" || string(e.Payload) != `{"value":"text"}` {
		t.Errorf("kept: %+v %s", e, e.Payload)
	}
	if m.events[2].RunID != "" {
		t.Error("a heartbeat belongs to a run")
	}
}

// Nobody is told before the commit, and everybody in the order of the events.
func TestAcknowledgesAfterCommit(t *testing.T) {
	t.Parallel()
	var committed atomic.Int64
	m := &memory{before: func(_ context.Context, events []eventlog.Event) error {
		committed.Add(int64(len(events)))
		return nil
	}}
	r := New(Options{Open: m.open})
	var order []int
	for i := range 1000 {
		must(t, r.Record(t.Context(), of(eventlog.LoopStep), func(err error) {
			if err != nil || committed.Load() <= int64(i) {
				t.Errorf("event %d: told %v with %d committed", i, err, committed.Load())
			}
			order = append(order, i)
		}))
	}
	must(t, r.Close(t.Context()))
	for i, n := range order {
		if i != n {
			t.Fatalf("answer %d is for event %d", i, n)
		}
	}
	if len(order) != 1000 {
		t.Errorf("%d answers", len(order))
	}
}

// What waits for an answer and what begins something is committed at once,
// everything else with its batch.
func TestPromptness(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind eventlog.Kind
		ack  bool
		wait time.Duration
	}{
		{eventlog.ToolCall, false, time.Millisecond}, {eventlog.ModelRequest, false, time.Millisecond},
		{eventlog.LoopStep, true, time.Millisecond}, {eventlog.LoopStep, false, time.Second}, {eventlog.ToolResult, false, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			var at time.Time
			m := &memory{before: func(context.Context, []eventlog.Event) error { at = time.Now(); return nil }}
			r := New(Options{Open: m.open})
			begin := time.Now()
			var done func(error)
			if c.ack {
				done = func(error) {}
			}
			must(t, r.Record(t.Context(), of(c.kind), done))
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if got := at.Sub(begin); got != c.wait {
				t.Errorf("%s, awaited %v: committed after %v, want %v", c.kind, c.ack, got, c.wait)
			}
			must(t, r.Close(t.Context()))
		})
	}
}

// What was overheard need not wait for a long interval.
func TestPassiveDelay(t *testing.T) {
	t.Parallel()
	for interval, want := range map[time.Duration]time.Duration{time.Second: 150 * time.Millisecond, 50 * time.Millisecond: 50 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			var at time.Time
			m := &memory{before: func(context.Context, []eventlog.Event) error { at = time.Now(); return nil }}
			r := New(Options{Open: m.open, BatchInterval: interval, PassiveDelay: 150 * time.Millisecond})
			must(t, r.own(t.Context(), of(eventlog.Heartbeat)))
			time.Sleep(2 * time.Second)
			for range 3 {
				begin := time.Now()
				must(t, r.Emit(t.Context(), of(eventlog.LogLine)))
				time.Sleep(10 * time.Millisecond)
				must(t, r.Emit(t.Context(), of(eventlog.LogLine)))
				time.Sleep(2 * time.Second)
				synctest.Wait()
				if got := at.Sub(begin); got != want {
					t.Errorf("interval %v: committed after %v, want %v", interval, got, want)
				}
			}
			must(t, r.Close(t.Context()))
		})
	}
}

// A full queue holds critical events and drops others, counted by kind.
func TestHybrid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		m := &memory{before: func(context.Context, []eventlog.Event) error { <-gate; return nil }}
		r := New(Options{Open: m.open, MaxQueue: 10, BatchSize: 1})
		must(t, r.Emit(t.Context(), of(eventlog.ToolError)))
		synctest.Wait() // the writer holds it
		for range 15 {
			if err := r.Emit(t.Context(), of(eventlog.LoopStep)); err != nil && !errors.Is(err, ErrFull) {
				t.Error(err)
			}
		}
		var blocked atomic.Bool
		blocked.Store(true)
		go func() {
			if err := r.Emit(t.Context(), of(eventlog.ToolError)); err != nil {
				t.Error(err)
			}
			blocked.Store(false)
		}()
		synctest.Wait()
		if !blocked.Load() {
			t.Error("a critical event did not wait")
		}
		close(gate)
		synctest.Wait()
		if blocked.Load() {
			t.Error("a critical event still waits")
		}
		must(t, r.Close(t.Context()))
		if got := len(m.ofKind(eventlog.LoopStep)); got != 10 {
			t.Errorf("%d loop steps stored", got)
		}
		if got := len(m.ofKind(eventlog.ToolError)); got != 2 {
			t.Errorf("%d errors stored", got)
		}
		if s := r.Stats(); s.Dropped[eventlog.LoopStep] != 5 || s.DroppedTotal() != 5 {
			t.Errorf("dropped %v", s.Dropped)
		}
		told := m.ofKind(eventlog.Dropped)
		if len(told) != 1 || !strings.Contains(string(told[0].Payload), `"count":5`) || !strings.Contains(string(told[0].Payload), `"by_type":{"loop_step":5}`) {
			t.Errorf("told %v", told)
		}
		if m.drops[eventlog.LoopStep] != 5 {
			t.Errorf("counted %v", m.drops)
		}
	})
}

func TestBlockAndDrop(t *testing.T) {
	t.Parallel()
	for policy, want := range map[OnFull]int{Block: 501, Drop: 5} {
		synctest.Test(t, func(t *testing.T) {
			gate := make(chan struct{})
			m := &memory{before: func(context.Context, []eventlog.Event) error { <-gate; return nil }}
			r := New(Options{Open: m.open, MaxQueue: 4, BatchSize: 1, OnFull: policy})
			must(t, r.Emit(t.Context(), of(eventlog.Error)))
			synctest.Wait()
			var group sync.WaitGroup
			for range 500 {
				group.Go(func() { _ = r.Emit(t.Context(), of(eventlog.Error)) })
			}
			synctest.Wait()
			close(gate)
			group.Wait()
			must(t, r.Close(t.Context()))
			if got := len(m.ofKind(eventlog.Error)); got != want {
				t.Errorf("policy %d: %d stored, want %d", policy, got, want)
			}
			if got := r.Stats().DroppedTotal(); got != int64(501-want) {
				t.Errorf("policy %d: %d dropped", policy, got)
			}
		})
	}
}

// The queue is bounded in bytes, and an event that is larger than all of it
// still passes.
func TestBytes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		m := &memory{before: func(context.Context, []eventlog.Event) error { <-gate; return nil }}
		r := New(Options{Open: m.open, MaxBytes: 10_000, BatchSize: 1})
		must(t, r.Emit(t.Context(), of(eventlog.ToolCall)))
		synctest.Wait()
		big := of(eventlog.LoopStep)
		big.Payload = json.RawMessage(`{"x":"` + strings.Repeat("x", 20_000) + `"}`)
		must(t, r.Emit(t.Context(), big))
		if err := r.Emit(t.Context(), big); !errors.Is(err, ErrFull) {
			t.Errorf("second large event: %v", err)
		}
		close(gate)
		must(t, r.Close(t.Context()))
		if len(m.ofKind(eventlog.LoopStep)) != 1 {
			t.Error("the large event is not there")
		}
	})
}

// Every event is either stored or counted.
func TestConservation(t *testing.T) {
	t.Parallel()
	m := &memory{}
	r := New(Options{Open: m.open, MaxQueue: 50, BatchSize: 10})
	const producers, each = 8, 2000
	var group sync.WaitGroup
	kinds := []eventlog.Kind{eventlog.LoopStep, eventlog.ToolCall, eventlog.LogLine, eventlog.ModelResponse, eventlog.Custom}
	var sent [eventlog.Unreadable + 1]atomic.Int64
	for p := range producers {
		group.Go(func() {
			for i := range each {
				k := kinds[(i+p)%len(kinds)]
				sent[k].Add(1)
				_ = r.Emit(t.Context(), of(k))
			}
		})
	}
	group.Wait()
	must(t, r.Close(t.Context()))
	s := r.Stats()
	for _, k := range kinds {
		if stored := int64(len(m.ofKind(k))); stored+s.Dropped[k] != sent[k].Load() {
			t.Errorf("%s: %d sent, %d stored, %d dropped", k, sent[k].Load(), stored, s.Dropped[k])
		}
	}
	if s.Dropped[eventlog.ToolCall] != 0 {
		t.Error("critical events were dropped")
	}
}

// After the store has failed nothing is acknowledged, the recorder goes on,
// and the end of the session is tried once more.
func TestFault(t *testing.T) {
	t.Parallel()
	fault := errors.New("no space left on device")
	writes := 0
	m := &memory{before: func(context.Context, []eventlog.Event) error {
		if writes++; writes == 2 {
			return fault
		}
		return nil
	}}
	var warned []string
	x := &sink{}
	r := New(Options{Open: m.open, Session: "s", Warn: func(l string) { warned = append(warned, l) }, Exporters: []Exporter{x}})
	answers := make(chan error, 4) // one for each event
	for range 4 {
		must(t, r.Record(t.Context(), of(eventlog.ToolCall), func(err error) { answers <- err }))
		must(t, r.Flush(t.Context()))
	}
	for i, want := range []error{nil, fault, fault, fault} {
		if got := <-answers; !errors.Is(got, want) {
			t.Errorf("answer %d: %v", i, got)
		}
	}
	end := of(eventlog.SessionEnd)
	end.Facts = &eventlog.Facts{Closed: true}
	end.Payload = json.RawMessage(`{"exit_code":3}`)
	must(t, r.Emit(t.Context(), end))
	must(t, r.Close(t.Context()))
	if s := r.Stats(); s.Lost != 4 || s.Stored != 1 || !errors.Is(s.Fault, fault) {
		t.Errorf("stats %+v", s)
	}
	last := m.ofKind(eventlog.SessionEnd)
	if len(last) != 1 || !strings.Contains(string(last[0].Payload), `"incomplete":"no space left on device"`) || m.exit != 3 {
		t.Errorf("end %v, exit %d", last, m.exit)
	}
	if len(warned) != 1 || len(x.got) != 5 {
		t.Errorf("%d warnings, %d exported", len(warned), len(x.got))
	}
}

func TestStoreThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	broken := errors.New("read-only file system")
	r := New(Options{Open: func(context.Context) (Store, error) { return nil, broken }})
	answer := make(chan error, 1)
	must(t, r.Record(t.Context(), of(eventlog.Error), func(err error) { answer <- err }))
	if err := <-answer; !errors.Is(err, broken) {
		t.Errorf("answer %v", err)
	}
	must(t, r.Close(t.Context()))
}

// A store that hangs does not keep its caller.
func TestCloseGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{before: func(ctx context.Context, _ []eventlog.Event) error { <-ctx.Done(); return ctx.Err() }}
		r := New(Options{Open: m.open})
		must(t, r.Emit(t.Context(), of(eventlog.ToolCall)))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		begin := time.Now()
		_ = r.Close(ctx)
		if took := time.Since(begin); took != 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	m := &memory{}
	r := New(Options{Open: m.open})
	must(t, r.Close(t.Context()))
	must(t, r.Close(t.Context()))
	if m.closed != 1 {
		t.Errorf("closed %d times", m.closed)
	}
	if err := r.Emit(t.Context(), of(eventlog.Error)); !errors.Is(err, ErrClosed) {
		t.Errorf("emit after close: %v", err)
	}
	if err := r.Flush(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("flush after close: %v", err)
	}
}

// fakeRedactor masks the word secret.
type fakeRedactor struct{ json func([]byte) ([]byte, int) }

func (f fakeRedactor) JSON(raw []byte) ([]byte, int) {
	if f.json != nil {
		return f.json(raw)
	}
	s := strings.ReplaceAll(string(raw), "secret", "***")
	return []byte(s), strings.Count(string(raw), "secret")
}

func (f fakeRedactor) Text(s string) (string, int) {
	return strings.ReplaceAll(s, "secret", "***"), strings.Count(s, "secret")
}

// No field of an event carries a secret past the redactor.
func TestRedactsEverything(t *testing.T) {
	t.Parallel()
	m, x := &memory{}, &sink{}
	r := New(Options{Open: m.open, Session: "s", Redactor: fakeRedactor{}, Exporters: []Exporter{x}})
	e := eventlog.Event{
		Type: "my secret", Agent: "secret agent", Payload: json.RawMessage(`{"k":"secret"}`), Text: "secret", Message: "secret",
		Input: json.RawMessage(`"secret"`), Output: json.RawMessage(`"secret"`), Details: []eventlog.Detail{{Name: "a", Value: "secret"}},
		Facts: &eventlog.Facts{Name: "secret", Goal: "secret", Command: "a secret", Summary: "secret", FailureReason: "secret",
			Metadata: map[string]string{"k": "secret"}, Tags: []string{"secret"}, Title: "secret", Agent: "secret", Directory: "/secret"},
	}
	given := e.Facts.Metadata
	must(t, r.Emit(t.Context(), e))
	must(t, r.Close(t.Context()))
	if all := fmt.Sprintf("%+v %+v %+v", m.events, m.sessions, x.got); strings.Contains(all, "secret") || !strings.Contains(all, "***") {
		t.Error(all)
	}
	if given["k"] != "secret" {
		t.Error("the caller's map was changed")
	}
}

func TestRedactorThatFails(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]func([]byte) ([]byte, int){
		"panics":        func(raw []byte) ([]byte, int) { panic("choked on " + string(raw)) },
		"is not JSON":   func(raw []byte) ([]byte, int) { return raw[1:], 1 },
		"returns a nil": func([]byte) ([]byte, int) { return nil, 1 },
	} {
		for _, answer := range []RedactFailure{Strict, Fallback} {
			m, x := &memory{}, &sink{}
			var warned []string
			r := New(Options{Open: m.open, Session: "s", Redactor: fakeRedactor{json: broken}, OnError: answer, Exporters: []Exporter{x},
				Warn: func(l string) { warned = append(warned, l) }})
			err := r.Emit(t.Context(), eventlog.Event{Kind: eventlog.ToolCall, Payload: json.RawMessage(`{"k":"secret"}`)})
			must(t, r.Close(t.Context()))
			if all := fmt.Sprintf("%+v %v %v %v", m.events, x.got, err, warned); strings.Contains(all, "secret") {
				t.Errorf("%s: %s", name, all)
			}
			calls := m.ofKind(eventlog.ToolCall)
			switch answer {
			case Strict:
				if !errors.Is(err, ErrRedact) || len(calls) != 0 || r.Stats().RedactDropped != 1 || len(m.ofKind(eventlog.Dropped)) != 1 {
					t.Errorf("%s, strict: %v, %d stored, %+v", name, err, len(calls), r.Stats())
				}
			case Fallback:
				if err != nil || len(calls) != 1 || string(calls[0].Payload) != `{"redaction_failed":true}` {
					t.Errorf("%s, fallback: %v, %v", name, err, calls)
				}
			}
		}
	}
}

// sink is an exporter that keeps what it gets.
type sink struct {
	got  []eventlog.Event
	fail func(e eventlog.Event) error
	log  *[]string
	name string
}

func (s *sink) Export(e eventlog.Event) error {
	if s.log != nil {
		*s.log = append(*s.log, s.name+" "+e.ID)
	}
	if s.fail != nil {
		return s.fail(e)
	}
	s.got = append(s.got, e)
	return nil
}

func (s *sink) Close() error { return nil }

func TestExportersInOrder(t *testing.T) {
	t.Parallel()
	var log []string
	r := New(Options{Exporters: []Exporter{&sink{name: "a", log: &log}, &sink{name: "b", log: &log}}})
	for _, id := range []string{"1", "2"} {
		e := of(eventlog.Message)
		e.ID = id
		must(t, r.Emit(t.Context(), e))
	}
	must(t, r.Close(t.Context()))
	if got := strings.Join(log, ","); got != "a 1,b 1,a 2,b 2" {
		t.Error(got)
	}
}

type otherError struct{}

func (otherError) Error() string { return "other" }

func TestExporterThatFails(t *testing.T) {
	t.Parallel()
	n := 0
	bad := &sink{fail: func(eventlog.Event) error {
		switch n++; {
		case n == 5:
			return otherError{}
		case n == 7:
			panic("boom")
		}
		return fmt.Errorf("write %d: %w", n, errors.New("broken"))
	}}
	good := &sink{}
	var warned []string
	r := New(Options{Exporters: []Exporter{bad, good}, Warn: func(l string) { warned = append(warned, l) }})
	for range 10 {
		must(t, r.Emit(t.Context(), of(eventlog.Message)))
	}
	must(t, r.Close(t.Context()))
	if len(good.got) != 10 || r.Stats().ExportFailed != 10 || len(warned) != 2 && len(warned) != 3 {
		t.Errorf("%d good, %d failed, warnings %q", len(good.got), r.Stats().ExportFailed, warned)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkEmit(b *testing.B) {
	payload := json.RawMessage(`{"agent_name":"a","tool":"search","arguments":{"query":"` + strings.Repeat("x", 300) + `"}}`)
	for name, ack := range map[string]bool{"quiet": false, "awaited": true} {
		b.Run(name, func(b *testing.B) {
			r := New(Options{Open: func(context.Context) (Store, error) { return null{}, nil }, OnFull: Block})
			var done func(error)
			if ack {
				done = func(error) {}
			}
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				must(b, r.Record(b.Context(), eventlog.Event{Kind: eventlog.ToolResult, Type: "tool_result", Payload: payload}, done))
			}
			must(b, r.Close(b.Context()))
		})
	}
}

type null struct{}

func (null) WriteEvents(context.Context, []eventlog.Event) error { return nil }
func (null) Close() error                                        { return nil }
