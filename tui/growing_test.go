package tui

import (
	"context"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/paint"
)

// growing is a log to which events are added all the time.
type growing struct {
	fixed
	index   *eventlog.Index
	snap    atomic.Pointer[eventlog.Snapshot]
	changed chan struct{}
}

func (g *growing) Snapshot() *eventlog.Snapshot { return g.snap.Load() }
func (g *growing) Changed() <-chan struct{}     { return g.changed }

// grow adds events a second until ctx ends.
func (g *growing) grow(ctx context.Context, from, perSecond int) {
	const beat = 10 * time.Millisecond
	ticks := time.NewTicker(beat)
	defer ticks.Stop()
	at := eventlog.StampOf(noon.Add(-time.Hour))
	for i := from; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		for range perSecond * int(beat) / int(time.Second) {
			e := event(i, at)
			g.index.Append(eventlog.Place{Pos: int64(i)}, &e)
			i++
		}
		g.snap.Store(g.index.Publish())
		select {
		case g.changed <- struct{}{}:
		default:
		}
	}
}

// drawn is a terminal that tells when something was drawn.
type drawn struct{ drawn chan time.Time }

func (drawn) Read([]byte) (int, error) { return 0, io.EOF }
func (drawn) Close() error             { return nil }
func (drawn) Fd() uintptr              { return ^uintptr(0) }

func (p drawn) Write(b []byte) (int, error) {
	select {
	case p.drawn <- time.Now():
	default:
	}
	return len(b), nil
}

// BenchmarkKeyWhileGrowing presses keys in the real program on 200x60 cells with
// a million events open and ten thousand a second coming in, and reports how
// long it takes until the terminal is drawn.
func BenchmarkKeyWhileGrowing(b *testing.B) {
	const loaded, perSecond = 1_000_000, 10_000
	src, log := million(loaded)
	g := &growing{fixed: *log, index: millionIndex, changed: make(chan struct{}, 1)}
	g.snap.Store(log.snap)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	o := Options{Sources: src, Now: func() time.Time { return noon }, Start: "only", Open: func(context.Context, *eventlog.Session) (eventlog.Log, error) { return g, nil }}
	o.fill()
	m := newModel(ctx, o)
	screen := drawn{make(chan time.Time, 1)}
	in, _ := io.Pipe()
	env := []string{"TERM=xterm-256color", "COLORTERM=truecolor"}
	out := paint.New(screen, env)
	defer out.Stop()
	p := tea.NewProgram(paintedOn(m, out), append(programOptions(ctx), tea.WithInput(in), tea.WithOutput(out), tea.WithWindowSize(200, 60), tea.WithoutSignals(), tea.WithEnvironment(env))...)
	ended := make(chan error, 1)
	go func() { _, err := p.Run(); ended <- err }()
	p.Send(tea.WindowSizeMsg{Width: 200, Height: 60})
	quiet := func(d time.Duration) {
		for {
			select {
			case <-screen.drawn:
			case <-time.After(d):
				return
			}
		}
	}
	quiet(3 * time.Second)
	go g.grow(ctx, loaded, perSecond)
	time.Sleep(500 * time.Millisecond)
	var took []time.Duration
	keys := []string{"j", "j", "k", "j"}
	for i := 0; b.Loop(); i++ {
		time.Sleep(time.Duration(20+i%37) * time.Millisecond) // as a person types
		select {
		case <-screen.drawn:
		default:
		}
		began := time.Now()
		p.Send(press(keys[i%len(keys)]))
		select {
		case at := <-screen.drawn:
			took = append(took, at.Sub(began))
		case <-time.After(time.Second):
			b.Fatal("nothing was drawn within a second")
		}
	}
	cancel()
	<-ended
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[min(len(took)-1, int(share*float64(len(took))))].Microseconds()) / 1e3
	}
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.95), "p95-ms")
	b.ReportMetric(at(1), "max-ms")
}
