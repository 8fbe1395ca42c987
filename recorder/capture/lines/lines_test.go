package lines

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// sink keeps what it gets; while hold is not nil it takes nothing.
type sink struct {
	hold    chan struct{}
	full    bool
	mu      sync.Mutex
	events  []eventlog.Event
	dropped int64
}

func (s *sink) Emit(_ context.Context, e eventlog.Event) error {
	if s.hold != nil {
		<-s.hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	return nil
}

func (s *sink) Dropped(_ eventlog.Kind, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped += n
}

func (s *sink) Full(eventlog.Kind) bool { return s.full }

func (s *sink) texts() (list []string) {
	for _, e := range s.events {
		if e.Kind != eventlog.LogLine {
			list = append(list, e.Type)
			continue
		}
		var p struct{ Text string }
		if err := json.Unmarshal(e.Payload, &p); err != nil {
			list = append(list, err.Error())
		}
		list = append(list, p.Text)
	}
	return list
}

const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabcd\n-----END RSA PRIVATE KEY-----"

func TestLines(t *testing.T) {
	t.Parallel()
	input := "one\n\n  \ntwo\r\n{\"event_type\":\"tool_call\",\"tool\":\"x\"}\n{\"other\":1}\n" + key + "\nbad \xff\nlast"
	want := []string{"one", "two", "tool_call", `{"other":1}`, key, "bad \ufffd", "last"}
	// However the output is cut into pieces, the lines are the same.
	for _, size := range []int{1, 2, 7, 64, 1000} {
		s := &sink{}
		stream := New(t.Context(), "stdout", s, wire.Line)
		for rest := input; rest != ""; {
			n := min(size, len(rest))
			fmt.Fprint(stream, rest[:n])
			rest = rest[n:]
		}
		if err := stream.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.texts(); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("pieces of %d: %q", size, got)
		}
	}
}

func TestLongLine(t *testing.T) {
	t.Parallel()
	s := &sink{}
	stream := New(t.Context(), "stderr", s, nil)
	fmt.Fprint(stream, strings.Repeat("x", 3*shownText), "\n{\"event_type\":\"a\"}\n")
	if err := stream.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.texts(); len(got) != 2 || len(got[0]) != shownText || got[1] != `{"event_type":"a"}` ||
		!strings.Contains(string(s.events[0].Payload), `"bytes":196608`) {
		t.Errorf("%d lines", len(got))
	}
}

// A line for which there is no room is counted and costs nothing; an event that
// is printed is not a line.
func TestNoRoom(t *testing.T) {
	s := &sink{full: true}
	stream := New(t.Context(), "stdout", s, wire.Line)
	text := []byte(strings.Repeat("a line of output that has no place\n", 1000))
	allocated := testing.AllocsPerRun(10, func() { stream.Write(text) })
	fmt.Fprint(stream, "{\"event_type\":\"tool_call\"}\n")
	if err := stream.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.texts(); len(got) != 1 || got[0] != "tool_call" || s.dropped != 11_000 {
		t.Errorf("%q, %d dropped", got, s.dropped)
	}
	if allocated > 100 {
		t.Errorf("%v allocations for 1,000 lines", allocated)
	}
}

// Output that nobody has time for is left out and counted; events are not.
func TestOverflow(t *testing.T) {
	t.Parallel()
	s := &sink{hold: make(chan struct{})}
	stream := New(t.Context(), "stdout", s, wire.Line)
	chunk := []byte(strings.Repeat(strings.Repeat("x", 1023)+"\n", 1024)) // 1 MiB, 1024 lines
	const chunks = 20
	for range chunks {
		stream.Write(chunk)
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		fmt.Fprint(stream, "half of a line\n{\"event_type\":\"tool_call\"}\n")
	}()
	close(s.hold)
	<-written
	if err := stream.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	texts := s.texts()
	lines := int64(len(texts))
	if texts[lines-1] != "tool_call" {
		t.Errorf("the last is %q", texts[lines-1])
	}
	if s.dropped == 0 || lines+s.dropped < chunks*1024 || lines+s.dropped > chunks*1024+2 {
		t.Errorf("%d lines, %d dropped", lines, s.dropped)
	}
}
