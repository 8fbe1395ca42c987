package troubles

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/rollup/trouble"
	"github.com/lazytrace/lazytrace/tui/job"
)

// news is what a goroutine that reads logs tells: how far it is, and what it found.
type news struct {
	read, total int // bodies of the log that is being read
	done        int // sessions that were read
	report      *trouble.Report
	shown       *shown            // of all sessions so far
	kept        map[string]kept   // what was found in single ones, by session
	faults      map[string]string // why others could not be read
	ended       bool
	err         error
	took        time.Duration
}

// newsMsg brings news to the page that asked for it.
type newsMsg struct {
	of     any
	ticket job.Ticket
	news
	more <-chan news
}

// begin does work in a goroutine that ends with ctx, or when it is done, and
// brings what it tells. The work tells how far it is when nobody has to wait for
// it, and what it found in any case: the channel holds one, so that it goes on
// while the screen is drawn.
func begin(ctx context.Context, of any, ticket job.Ticket, work func(tell func(news), give func(news))) tea.Cmd {
	more := make(chan news, 1)
	return func() tea.Msg {
		last := time.Now() // of the work, not of what is shown
		go func() {
			defer close(more)
			work(func(n news) {
				if time.Since(last) < beat {
					return
				}
				last = time.Now()
				select {
				case more <- n:
				default:
				}
			}, func(n news) {
				select {
				case more <- n:
				case <-ctx.Done():
				}
			})
		}()
		return next(ctx, of, ticket, more)()
	}
}

// beat is how often a page is told how far reading is.
const beat = 100 * time.Millisecond

// next waits for more news.
func next(ctx context.Context, of any, ticket job.Ticket, more <-chan news) tea.Cmd {
	return func() tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case n, ok := <-more:
			if !ok {
				return nil
			}
			return newsMsg{of, ticket, n, more}
		}
	}
}

// dueMsg says that reading anew is cheap enough again.
type dueMsg struct{ of any }

// share is the part of the time that is spent on finding out anew what went wrong
// while logs grow: one in so many.
const share = 10

// wait waits until what took so long and ended then may be done again. It is nil
// when it may be done now.
func wait(ctx context.Context, of any, took time.Duration, ended time.Time) tea.Cmd {
	rest := share*took - time.Since(ended)
	if took == 0 || rest <= 0 {
		return nil
	}
	return func() tea.Msg {
		t := time.NewTimer(rest)
		defer t.Stop()
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			return dueMsg{of}
		}
	}
}
