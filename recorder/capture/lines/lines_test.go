package lines

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/backlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// sink keeps what it gets; while hold is not nil it takes nothing until that is
// closed.
type sink struct {
	hold    chan struct{}
	full    bool
	patient bool
	mu      sync.Mutex
	events  []eventlog.Event
	lines   []int // of each event
	dropped int64
}

func (s *sink) Output(ctx context.Context, o wire.Output) error {
	if err := s.Emit(ctx, eventlog.Event{Kind: eventlog.LogLine, Type: "log", Payload: o.Behind(o.Head())}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, o.Lines)
	return nil
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
func (s *sink) Patient() bool           { return s.patient }

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

// told returns a stream's lines again, however they were told, and how many events
// they are.
func told(t *testing.T, s *sink) (text string, events int) {
	t.Helper()
	var all strings.Builder
	lines := 0
	for _, e := range s.events {
		var p struct {
			Text  string
			Lines int
		}
		if err := json.Unmarshal(e.Payload, &p); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(p.Text, "\n") + 1; n != max(p.Lines, 1) {
			t.Errorf("%d lines are told as %d", n, p.Lines)
		}
		all.WriteString(p.Text + "\n")
		lines += max(p.Lines, 1)
	}
	if lines != strings.Count(all.String(), "\n") {
		t.Errorf("%d lines are told", lines)
	}
	return all.String(), len(s.events)
}

// A flood becomes few events, in which all of it is. The clock stands still while
// it is looked at.
func TestCrowd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		stream := New(t.Context(), "stdout", s, wire.Line)
		var printed strings.Builder
		for i := range 20_000 {
			fmt.Fprintf(&printed, "line %d of a program that says \"much\"\n", i)
			if i > calm && i%7 == 0 {
				printed.WriteString("\n") // part of what is printed, among others
			}
		}
		for rest := printed.String(); rest != ""; {
			n := min(10_000, len(rest))
			fmt.Fprint(stream, rest[:n])
			rest = rest[n:]
		}
		if err := stream.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		text, events := told(t, s)
		if strings.ReplaceAll(text, "\n\n", "\n") != strings.ReplaceAll(printed.String(), "\n\n", "\n") {
			t.Errorf("%d bytes were told, %d printed", len(text), printed.Len())
		}
		if events > calm+100 || events < calm-100 || s.dropped != 0 {
			t.Errorf("%d events, %d dropped", events, s.dropped)
		}
		for _, e := range s.events {
			if len(e.Payload) > 2*crowdText {
				t.Errorf("an event of %d bytes", len(e.Payload))
			}
		}
	})
}

// What waits for its place comes together, and what comes slowly does not.
func TestCrowdByPace(t *testing.T) {
	t.Parallel()
	s := &sink{}
	c := &crowd{name: "stdout", sink: s}
	now := time.Unix(1, 0)
	add := func(n int) {
		for range n {
			c.add(t.Context(), []byte("a line"), 1)
		}
	}
	for range 10 {
		c.tick(t.Context(), now)
		add(calm / 2)
		now = now.Add(time.Second / 2)
	}
	if len(s.events) != 5*calm {
		t.Errorf("%d events of slow lines", len(s.events))
	}
	s.events = nil
	c.tick(t.Context(), now)
	add(3 * calm)
	if n := len(s.events); n >= calm+10 || !c.dense {
		t.Errorf("%d events of many lines at once", n)
	}
	c.tick(t.Context(), now.Add(crowdTime))
	if text, _ := told(t, s); text != strings.Repeat("a line\n", 3*calm) || c.rest(now) != 0 {
		t.Errorf("%d bytes", len(text))
	}
	now = now.Add(2 * time.Second)
	s.events = nil
	c.tick(t.Context(), now)
	add(10)
	if len(s.events) != 10 {
		t.Errorf("%d events of lines that are slow again", len(s.events))
	}
	s.full = true
	add(10)
	if len(s.events) != 10 || c.rest(now) != crowdTime {
		t.Errorf("%d events of lines that have no place", len(s.events))
	}
	c.flush(t.Context())
	if len(s.events) != 11 {
		t.Errorf("%d events", len(s.events))
	}
}

// Lines that are told of by an event of their own keep their place among others.
func TestCrowdKeepsOrder(t *testing.T) {
	t.Parallel()
	s := &sink{full: true}
	stream := New(t.Context(), "stdout", s, wire.Line)
	fmt.Fprint(stream, "one\r\n\ntwo\n{\"event_type\":\"tool_call\"}\nthree\n"+key+"\nfour\n", strings.Repeat("x", 2*shownText), "\nfive")
	if err := stream.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"one\n\ntwo", "tool_call", "three\n" + key + "\nfour", strings.Repeat("x", shownText), "five"}
	if got := s.texts(); !slices.Equal(got, want) {
		t.Errorf("%.300q", got)
	}
	if !slices.Equal(s.lines, []int{3, 6, 1, 1}) {
		t.Errorf("%v lines", s.lines)
	}
}

// Lines in a crowd cost no memory each.
func TestCrowdAllocates(t *testing.T) {
	s := &sink{full: true}
	c := &crowd{name: "stdout", sink: s}
	line := []byte("a line of output that comes with many others")
	c.tick(t.Context(), time.Unix(1, 0))
	const lines = 10_000
	allocated := testing.AllocsPerRun(10, func() {
		for range lines {
			c.add(t.Context(), line, 1)
		}
		s.events, s.lines = s.events[:0], s.lines[:0]
	})
	if allocated > lines/50 {
		t.Errorf("%v allocations for %d lines", allocated, lines)
	}
}

// Output waits for a recording that is slow, and not for one that stands still;
// events always wait.
func TestRecordingThatStandsStill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{hold: make(chan struct{})}
		stream := New(t.Context(), "stdout", s, wire.Line)
		chunk := []byte(strings.Repeat(strings.Repeat("x", 1023)+"\n", 1024)) // 1 MiB, 1024 lines
		const chunks = 2 * backlog.Room >> 20
		began := time.Now()
		for range chunks {
			stream.Write(chunk)
		}
		if waited := time.Since(began); waited < backlog.Patience || waited > 2*backlog.Patience {
			t.Errorf("the program waited for %v", waited)
		}
		go func() {
			time.Sleep(time.Minute)
			close(s.hold)
		}()
		fmt.Fprint(stream, "half of a line\n{\"event_type\":\"tool_call\"}\n")
		for range chunks {
			stream.Write(chunk)
		}
		if err := stream.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		told := int64(0)
		for _, n := range s.lines {
			told += int64(n)
		}
		if s.dropped == 0 || told+s.dropped < 2*chunks*1024 || told+s.dropped > 2*chunks*1024+2 {
			t.Errorf("%d lines, %d dropped", told, s.dropped)
		}
		if s.dropped > chunks*1024 {
			t.Errorf("%d lines dropped, some of them when it went on", s.dropped)
		}
		if !slices.ContainsFunc(s.events, func(e eventlog.Event) bool { return e.Kind == eventlog.ToolCall }) {
			t.Error("the event is missing")
		}
	})
}

// A patient recording is waited for.
func TestPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{hold: make(chan struct{}), patient: true}
		stream := New(t.Context(), "stdout", s, nil)
		time.AfterFunc(time.Hour, func() { close(s.hold) })
		chunk := []byte(strings.Repeat(strings.Repeat("x", 1023)+"\n", 1024))
		const chunks = 2 * backlog.Room >> 20
		for range chunks {
			stream.Write(chunk)
		}
		if err := stream.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		told := 0
		for _, n := range s.lines {
			told += n
		}
		if s.dropped != 0 || told != chunks*1024 {
			t.Errorf("%d lines, %d dropped", told, s.dropped)
		}
	})
}

// What could not be looked at in time is counted.
func TestCloseGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{hold: make(chan struct{})}
		stream := New(t.Context(), "stdout", s, nil)
		fmt.Fprint(stream, "one\n")
		synctest.Wait()
		time.Sleep(time.Second)
		chunk := []byte(strings.Repeat(strings.Repeat("x", 1023)+"\n", 256))
		for range 8 {
			stream.Write(chunk)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := stream.Close(ctx); err == nil {
			t.Fatal("it has ended")
		}
		if s.dropped < 7*256 || s.dropped > 8*256 {
			t.Errorf("%d dropped", s.dropped)
		}
		close(s.hold)
	})
}
