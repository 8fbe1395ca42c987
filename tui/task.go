package tui

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// task is something that is being done beside what is looked at. There is one at
// a time.
type task struct {
	title       string
	cancel      context.CancelFunc
	done, total atomic.Int64
}

// taskMsg brings what came of a task.
type taskMsg struct {
	t    *task
	text string
	err  error
}

// taskTickMsg has the footer drawn anew while a task is under way.
type taskTickMsg struct{ t *task }

// begin begins a task.
func (m *model) begin(a ask.Task) tea.Cmd {
	if m.task != nil {
		m.notice = m.task.title + " is still under way; esc stops it"
		return nil
	}
	ctx, cancel := context.WithCancel(m.world.ctx)
	t := &task{title: a.Title, cancel: cancel}
	m.task = t
	return tea.Batch(func() tea.Msg {
		defer cancel()
		text, err := a.Run(ctx, func(done, total int64) { t.done.Store(done); t.total.Store(total) })
		return taskMsg{t, text, err}
	}, m.taskTick())
}

func (m *model) taskTick() tea.Cmd {
	if m.task == nil || !m.world.wait {
		return nil
	}
	t := m.task
	return tea.Tick(200*time.Millisecond, func(time.Time) tea.Msg { return taskTickMsg{t} })
}

// ended takes what came of a task.
func (m *model) ended(msg taskMsg) {
	if msg.t != m.task {
		return
	}
	m.task = nil
	switch {
	case errors.Is(msg.err, context.Canceled):
		m.notice = msg.t.title + " was stopped"
	case msg.err != nil:
		m.notice = msg.t.title + ": " + msg.err.Error()
	default:
		m.notice = msg.text
	}
}

// draw says in the footer how far a task is.
func (t *task) draw(th *theme.Theme, l *frame.Line) string {
	l.Foreign(th.Human, t.title)
	done, total := t.done.Load(), t.total.Load()
	if total > 0 {
		l.Space(2).Thin(th, th.Human, float64(done)/float64(total), 20).Space(1).Put(th.Dim, figure.Percent(float64(done), float64(total)))
	} else {
		l.Put(th.Dim, th.More)
	}
	l.Space(2)
	hint(l, th, "esc", "stop")
	return l.String()
}
