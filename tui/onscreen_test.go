package tui

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/paint"
)

// tape is a terminal that keeps all that is written.
type tape struct {
	mu  sync.Mutex
	all strings.Builder
}

func (*tape) Read([]byte) (int, error) { return 0, io.EOF }
func (*tape) Close() error             { return nil }
func (*tape) Fd() uintptr              { return ^uintptr(0) }

func (t *tape) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all.Write(p)
}

func (t *tape) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all.String()
}

// What the model draws reaches the terminal through package paint, from the first
// frame to the one that a key brings; the library draws nothing, enters the screen
// before anything is painted and leaves it behind all that was.
func TestOnScreen(t *testing.T) {
	src, log := told(t, append(checkout(), others()...))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := newModel(ctx, Options{Sources: src, Now: func() time.Time { return noon },
		Open: func(context.Context, *eventlog.Session) (eventlog.Log, error) { return log, nil }})
	defer m.close()
	env := []string{"TERM=xterm-256color", "COLORTERM=truecolor"}
	out := &tape{}
	screen := paint.New(out, env)
	defer screen.Stop()
	in, _ := io.Pipe()
	p := tea.NewProgram(paintedOn(m, screen), append(programOptions(ctx), tea.WithInput(in), tea.WithOutput(screen), tea.WithWindowSize(120, 36), tea.WithoutSignals(), tea.WithEnvironment(env))...)
	ended := make(chan error, 1)
	go func() { _, err := p.Run(); ended <- err }()
	until := func(sign string) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !strings.Contains(ansi.Strip(out.text()), sign); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%q was not painted", sign)
			}
		}
	}
	until("need you")
	p.Send(press("enter"))
	until("Chat")
	p.Send(press("ctrl+c"))
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	all := out.text()
	before, _, _ := strings.Cut(all, ansi.SetModeAltScreenSaveCursor)
	if text := strings.TrimSpace(ansi.Strip(before)); text != "" {
		t.Errorf("%q was written before the screen was entered", text)
	}
	after := all[strings.LastIndex(all, ansi.ResetModeAltScreenSaveCursor):]
	if text := strings.TrimSpace(ansi.Strip(after)); text != "" {
		t.Errorf("%q was written after the screen was left", text)
	}
}
