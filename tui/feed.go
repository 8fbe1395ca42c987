package tui

import (
	"context"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
)

// gather is how long changes are collected before they become one message, so
// that a flood of events costs as much as thirty a second.
const gather = 33 * time.Millisecond

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

// awaitCatalog waits until the sources change. The longer the last catalog took,
// and what is made of it, the longer it waits; see share.
func awaitCatalog(ctx context.Context, s *eventlog.Sources, loading bool, took time.Duration) tea.Cmd {
	began := time.Now() // of the wait
	return func() tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case <-s.Changed():
		}
		if !rest(ctx, due(began, took), func() bool { return loading && !s.Loading() }) {
			return nil
		}
		select {
		case <-s.Changed(): // it will be in it
		default:
		}
		return makeCatalog(s)()
	}
}

// awaitLog waits until an opened log changes. took is how long it took to lay
// out the last change: a long log is laid out less often than a short one.
func awaitLog(ctx context.Context, log eventlog.Log, loading bool, took time.Duration) tea.Cmd {
	began := time.Now() // of the wait
	return func() tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case _, ok := <-log.Changed():
			if !ok {
				return nil
			}
		}
		if !rest(ctx, due(began, took), func() bool { return loading && !log.Snapshot().Loading }) {
			return nil
		}
		return logMsg{log, log.Snapshot()}
	}
}

// nothingYet is how long it took to take in that nothing is there yet: whoever has
// just started is shown the first of what is found at once.
const nothingYet = -1

// share is how many times as long as taking changes in took nothing more is taken
// in, while they go on coming: the larger a log, the less often it is laid out, and
// following it never takes more than a small part of a processor.
const share = 20

// due returns how long to collect changes before they are taken in. After a
// quiet time that is next to nothing, so that a single change is seen at once.
func due(began time.Time, took time.Duration) time.Duration {
	const least = 5 * time.Millisecond
	if took == nothingYet {
		return 4 * least // what is known from an earlier start comes in one step
	}
	return max(least, max(gather, share*took)-time.Since(began))
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
