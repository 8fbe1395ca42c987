package tui

import (
	"context"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
)

// catalogMsg brings a new catalog.
type catalogMsg struct {
	catalog *eventlog.Catalog
	took    time.Duration
}

// logMsg brings a new snapshot of an opened log.
type logMsg struct {
	log  eventlog.Log
	snap *eventlog.Snapshot
}

// tickMsg passes while something runs.
type tickMsg struct{}

// makeCatalog makes the catalog as it is now.
func makeCatalog(s *eventlog.Sources) tea.Cmd {
	return func() tea.Msg {
		began := time.Now() // of the work, not of what is shown
		c := s.Catalog()
		return catalogMsg{c, time.Since(began)}
	}
}

// awaitCatalog waits until the sources change. The longer catalogs take, and what
// is made of them, the longer it waits.
func awaitCatalog(ctx context.Context, s *eventlog.Sources, p pace) tea.Cmd {
	return func() tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case <-s.Changed():
		}
		var rested bool
		if p.last.IsZero() {
			rested = begin(ctx, s)
		} else {
			rested = rest(ctx, p.due(time.Now()), func() bool { return p.loading && !s.Loading() })
		}
		if !rested {
			return nil
		}
		select {
		case <-s.Changed(): // it will be in it
		default:
		}
		return makeCatalog(s)()
	}
}

// begin waits for what is known from an earlier start, which comes soon and in one step.
func begin(ctx context.Context, s *eventlog.Sources) bool {
	const soon = 20 * time.Millisecond
	t := time.NewTimer(soon)
	defer t.Stop()
	for s.Settled() == nil {
		select {
		case <-s.Changed():
		case <-t.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// awaitLog waits until an opened log changes: a long log is laid out less often
// than a short one.
func awaitLog(ctx context.Context, log eventlog.Log, p pace) tea.Cmd {
	return func() tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-log.Changed():
			if !ok {
				return nil
			}
		}
		if !rest(ctx, p.due(time.Now()), func() bool { return p.loading && !log.Snapshot().Loading }) {
			return nil
		}
		return logMsg{log, log.Snapshot()}
	}
}

// rest waits, but no longer than until all is there: that is what somebody waits for.
func rest(ctx context.Context, d time.Duration, complete func() bool) bool {
	const step = 3 * gather
	for ; d > step; d -= step {
		if complete() {
			return true
		}
		if !pause(ctx, step) {
			return false
		}
	}
	return complete() || pause(ctx, d)
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

func tick() tea.Cmd { return tea.Tick(time.Second, func(time.Time) tea.Msg { return tickMsg{} }) }

// giveBack lets the system have the memory that reading took and nobody needs any
// more, which is about as much as what is kept. It waits until the screen has settled.
func giveBack(ctx context.Context) tea.Cmd {
	return func() tea.Msg {
		const settled = time.Second
		if pause(ctx, settled) {
			debug.FreeOSMemory()
		}
		return nil
	}
}
