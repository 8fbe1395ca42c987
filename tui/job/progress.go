package job

import (
	"context"
	"sync/atomic"
	"time"
)

// Progress says how far a piece of work has come. Whoever works tells it, from any
// goroutine, and a pane looks at it while it is drawn.
type Progress struct {
	done, total atomic.Int64
	ended       chan struct{} // closed once nothing more comes
}

// NewProgress returns the progress of work that begins.
func NewProgress() *Progress { return &Progress{ended: make(chan struct{})} }

// Tell says that so much of so much is done.
func (p *Progress) Tell(done, total int) {
	p.done.Store(int64(done))
	p.total.Store(int64(total))
}

// End says that the work has ended. It is called once.
func (p *Progress) End() { close(p.ended) }

// Look returns how much of how much is done; nothing of nothing when that is not
// known.
func (p *Progress) Look() (done, total int64) {
	if p == nil {
		return 0, 0
	}
	return p.done.Load(), p.total.Load()
}

// Moment waits for a moment, after which it is worth drawing how far the work has
// come. It reports false when the work ended before.
func (p *Progress) Moment(ctx context.Context) bool {
	const moment = 100 * time.Millisecond
	select {
	case <-p.ended:
		return false
	case <-ctx.Done():
		return false
	case <-time.After(moment):
		return true
	}
}

// Rest waits before work is done once more whose last time took so long, so that
// what changes all the time does not keep a processor busy. It reports whether the
// work is still wanted.
func Rest(ctx context.Context, took time.Duration) bool {
	const times = 4
	if took <= 0 {
		return ctx.Err() == nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(times * took):
		return true
	}
}
