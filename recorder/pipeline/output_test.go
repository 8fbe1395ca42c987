package pipeline

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// printed makes an output of lines.
func printed(lines ...string) wire.Output {
	o := wire.Output{Stream: "stdout", Lines: len(lines), Text: []byte(strings.Join(lines, "\n"))}
	end := -1
	for _, line := range lines {
		end += 1 + len(line)
		o.Ends = append(o.Ends, end)
	}
	return o
}

func TestOutputIsMasked(t *testing.T) {
	t.Parallel()
	m := &memory{}
	r := New(Options{Open: m.open, Session: "s", Agent: "secret agent", Redactor: fakeRedactor{}})
	text := printed("a secret", "none", "secret")
	must(t, r.Output(t.Context(), text))
	clear(text.Text) // it is the caller's again
	must(t, r.Output(t.Context(), printed("one secret")))
	must(t, r.Close(t.Context()))
	var got []string
	for _, e := range m.ofKind(eventlog.LogLine) {
		got = append(got, string(e.Payload))
	}
	want := []string{
		`{"agent_name":"*** agent","stream":"stdout","lines":3,"text":"a ***\nnone\n***"}`,
		`{"agent_name":"*** agent","stream":"stdout","text":"one ***"}`,
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%s", got)
	}
}

// failing cannot mask texts.
type failing struct{ fakeRedactor }

func (failing) Text(string) (string, int) { return "raw", -1 }

// breaking panics with what it was given.
type breaking struct{ fakeRedactor }

func (breaking) Text(s string) (string, int) { panic(s) }

func TestOutputThatCannotBeMasked(t *testing.T) {
	t.Parallel()
	for name, redactor := range map[string]Redactor{"fails": failing{}, "panics": breaking{}} {
		for _, answer := range []RedactFailure{Strict, Fallback} {
			m := &memory{}
			r := New(Options{Open: m.open, Session: "s", Redactor: redactor, OnError: answer})
			err := r.Output(t.Context(), printed("a secret", "b"))
			must(t, r.Close(t.Context()))
			logs := m.ofKind(eventlog.LogLine)
			switch answer {
			case Strict:
				if !errors.Is(err, ErrRedact) || len(logs) != 0 || r.Stats().RedactDropped != 2 {
					t.Errorf("%s, strict: %v, %v, %+v", name, err, logs, r.Stats())
				}
			case Fallback:
				if err != nil || len(logs) != 1 || string(logs[0].Payload) != `{"redaction_failed":true}` {
					t.Errorf("%s, fallback: %v, %v", name, err, logs)
				}
			}
		}
	}
}

// Output waits for its part of the queue and leaves the rest to others; where
// everything is dropped, it is dropped by the line.
func TestOutputWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, policy := range []OnFull{Hybrid, Block, Drop} {
			hold := make(chan struct{})
			m := &memory{before: func(context.Context, []eventlog.Event) error { <-hold; return nil }}
			r := New(Options{Open: m.open, OnFull: policy, MaxQueue: 10, BatchSize: 1})
			must(t, r.Emit(t.Context(), of(eventlog.ToolCall)))
			synctest.Wait() // the writer holds it
			for range 5 {
				must(t, r.Output(t.Context(), printed("a", "b")))
			}
			if !r.Full(eventlog.LogLine) || r.Full(eventlog.ToolCall) {
				t.Errorf("%v: there is room", policy)
			}
			answered := make(chan error, 1)
			go func() { answered <- r.Output(t.Context(), printed("a", "b", "c")) }()
			synctest.Wait()
			if waits := len(answered) == 0; waits != (policy != Drop) {
				t.Errorf("%v: waits %v", policy, waits)
			}
			must(t, r.Emit(t.Context(), of(eventlog.Message)))
			close(hold)
			err := <-answered
			must(t, r.Close(t.Context()))
			dropped := r.Stats().Dropped[eventlog.LogLine]
			if policy == Drop && (err != ErrFull || dropped != 3) || policy != Drop && (err != nil || dropped != 0) {
				t.Errorf("%v: %v, %d dropped", policy, err, dropped)
			}
		}
	})
}

// What is committed at once is bounded by bytes as well.
func TestBatchesByBytes(t *testing.T) {
	t.Parallel()
	m := &memory{}
	r := New(Options{Open: m.open, MaxBytes: 1 << 30})
	line := strings.Repeat("x", 64<<10)
	for range 100 {
		must(t, r.Output(t.Context(), printed(line)))
	}
	must(t, r.Close(t.Context()))
	for _, n := range m.batches {
		if n > chunkBytes>>16 {
			t.Errorf("%d events of 64 KiB at once", n)
		}
	}
	if n := len(m.ofKind(eventlog.LogLine)); n != 100 {
		t.Errorf("%d events", n)
	}
}
