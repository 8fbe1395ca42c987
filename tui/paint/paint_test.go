package paint

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
)

var environment = []string{"TERM=xterm-256color", "COLORTERM=truecolor"}

// between is a frame of so many rows, with colours, some characters of two cells,
// and rows as wide as the screen.
func between(r *rand.Rand, width, height, from int) string {
	var rows []string
	for y := range height {
		text := fmt.Sprintf("row %d ", from+y)
		switch r.IntN(6) {
		case 0:
			text += "日本語 and e\u0301 " // what takes two cells, and what takes none
		case 1:
			text += strings.Repeat("─", 9)
		case 2:
			text = fmt.Sprint("another ", r.IntN(100))
		}
		text = ansi.Truncate(text, width, "")
		text += strings.Repeat(" ", width-ansi.StringWidth(text))
		if r.IntN(3) == 0 {
			text = "\x1b[0;38;2;1;2;3;48;2;9;8;7m" + text + "\x1b[m"
		}
		rows = append(rows, text)
	}
	return strings.Join(rows, "\n")
}

// What is painted step by step is what a frame says, whatever stood there before.
func TestStepByStep(t *testing.T) {
	const width, height = 40, 12
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 7))
		term := newTerminal(t, width, height)
		s := New(term, environment)
		s.Resize(width, height)
		write(t, s, ansi.SetModeAltScreenSaveCursor)
		from := 0
		for step := range 60 {
			var frame string
			switch r.IntN(4) {
			case 0: // another one
				frame = between(r, width, height, from)
			case 1: // a row of it is different
				rows := strings.Split(s.frame, "\n")
				rows[r.IntN(len(rows))] = between(r, width, 1, step)
				frame = strings.Join(rows, "\n")
			case 2: // scrolled
				rows := strings.Split(s.frame, "\n")
				n := 1 + r.IntN(3)
				frame = strings.Join(append(slices.Clone(rows[min(n, len(rows)-1):]), between(r, width, n, from)), "\n")
				from += n
			case 3: // fewer rows than there are
				frame = between(r, width, 1+r.IntN(height), from)
			}
			now(t, s, frame)
			term.shows(frame)
			if r.IntN(20) == 0 {
				write(t, s, "\x1b[H"+ansi.EraseEntireScreen) // as the library does it
				term.shows(frame)
			}
		}
		s.Stop()
	}
}

// A row that did not change is not painted again, and a frame that is the same
// writes nothing.
func TestOnlyWhatChanged(t *testing.T) {
	term := newTerminal(t, 30, 3)
	s := New(term, environment)
	defer s.Stop()
	s.Resize(30, 3)
	write(t, s, ansi.SetModeAltScreenSaveCursor)
	now(t, s, "one\ntwo\nthree")
	term.written.Reset()
	now(t, s, "one\ntwo\nthree")
	if n := term.written.Len(); n != 0 {
		t.Errorf("%q was written for the same frame", term.written.String())
	}
	now(t, s, "one\n222\nthree")
	if got := ansi.Strip(term.written.String()); strings.Contains(got, "one") || strings.Contains(got, "three") || !strings.Contains(got, "222") {
		t.Errorf("%q was written for the row between", term.written.String())
	}
}

// Nothing is painted on a screen that is not ours: before the library has entered
// it, and once it has left it, to another program or for good.
func TestOnlyOnTheScreenThatIsOurs(t *testing.T) {
	term := newTerminal(t, 30, 2)
	s := New(term, environment)
	defer s.Stop()
	s.Resize(30, 2)
	now(t, s, "early")
	if term.written.Len() != 0 {
		t.Fatalf("%q was written before there was a screen", term.written.String())
	}
	write(t, s, ansi.SetModeAltScreenSaveCursor)
	term.shows("early")
	write(t, s, ansi.ResetModeAltScreenSaveCursor)
	term.written.Reset()
	now(t, s, "late")
	if term.written.Len() != 0 {
		t.Fatalf("%q was written to a screen that is not ours", term.written.String())
	}
	write(t, s, ansi.SetModeAltScreenSaveCursor) // back from another program
	term.shows("late")
}

func TestResize(t *testing.T) {
	term := newTerminal(t, 30, 4)
	s := New(term, environment)
	defer s.Stop()
	s.Resize(30, 4)
	write(t, s, ansi.SetModeAltScreenSaveCursor)
	now(t, s, "a\nb\nc\nd")
	for _, size := range [][2]int{{20, 3}, {50, 6}, {1, 1}, {30, 4}} {
		term.resize(size[0], size[1])
		s.Resize(size[0], size[1])
		frame := strings.Join(slices.Repeat([]string{strings.Repeat("x", size[0])}, size[1]), "\n")
		now(t, s, frame)
		term.shows(frame)
	}
}

// What answers a person is shown at once and what changes by itself in the end,
// the last of it, without anybody asking again.
func TestShow(t *testing.T) {
	term := newTerminal(t, 30, 1)
	s := New(term, environment)
	defer s.Stop()
	s.Resize(30, 1)
	write(t, s, ansi.SetModeAltScreenSaveCursor)
	for i := range 50 {
		s.Show(fmt.Sprint("frame ", i), i%3 == 0)
	}
	const patience = 30 * time.Second
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		shown := strings.TrimSpace(term.row(0))
		s.mu.Unlock()
		if shown == "frame 49" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the screen shows %q", shown)
		}
	}
}

// Colours are those that the terminal has, and what is written is wrapped for one
// that can show all of it at once.
func TestTerminal(t *testing.T) {
	term := newTerminal(t, 30, 1)
	s := New(term, environment)
	defer s.Stop()
	s.Resize(30, 1)
	s.Colors(colorprofile.ANSI256)
	s.Mode(ansi.ModeSynchronizedOutput, ansi.ModeReset)
	write(t, s, ansi.SetModeAltScreenSaveCursor)
	term.written.Reset()
	now(t, s, "\x1b[38;2;255;0;0mred\x1b[m")
	got := term.written.String()
	if !strings.HasPrefix(got, ansi.SetModeSynchronizedOutput) || !strings.HasSuffix(got, ansi.ResetModeSynchronizedOutput) {
		t.Errorf("%q is not held together", got)
	}
	if strings.Contains(got, "38;2;") || !strings.Contains(got, "38;5;196") {
		t.Errorf("%q is not in the colours of the terminal", got)
	}
}

// now paints a frame without waiting for a beat.
func now(t *testing.T, s *Screen, frame string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frame = frame
	if err := s.paint(); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, s *Screen, text string) {
	t.Helper()
	if n, err := s.Write([]byte(text)); err != nil || n != len(text) {
		t.Fatalf("wrote %d of %q: %v", n, text, err)
	}
}

func (*terminal) Read([]byte) (int, error) { return 0, bytes.ErrTooLarge }
func (*terminal) Close() error             { return nil }
func (*terminal) Fd() uintptr              { return ^uintptr(0) }
