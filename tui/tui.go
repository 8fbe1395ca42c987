// Package tui is the terminal explorer: the sessions of a machine on one screen
// and the steps of one session on another. It knows events, sessions and sums;
// it knows no format and no database, and it never prints.
//
// The root model only routes: keys become actions in package keymap, actions go
// to the screen on top, and what is drawn is kept until something changed. Work
// that grows with the log is done in commands; see package job.
package tui

import (
	"context"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/notes"
	"github.com/lazytrace/lazytrace/rollup/health"
	"github.com/lazytrace/lazytrace/rollup/price"
	"github.com/lazytrace/lazytrace/tui/keyboard"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/paint"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Options say what to explore and how.
type Options struct {
	Sources *eventlog.Sources
	// Open reads the events of a session. It is called in a command.
	Open func(ctx context.Context, s *eventlog.Session) (eventlog.Log, error)
	// Find tells of the records behind a figure of the audit. It is called in a
	// command; nil finds none.
	Find func(ctx context.Context, f eventlog.Figure, found func(*eventlog.Finding) error) error
	// Search finds the records of some sessions, in their order, that hold all of
	// some words. It is called in a command; nil finds none.
	Search func(ctx context.Context, words []string, sessions []*eventlog.Session, found func(*eventlog.Finding) error, progress func(done, total int64)) error
	// Doctor finds out how well what is there is understood. It is called in a
	// command; progress is told by any goroutine how many records were read. Nil
	// leaves it at what the catalog tells.
	Doctor func(ctx context.Context, progress func(records int64)) (*health.Report, error)
	Prices string           // what estimates are made with: table of 2026-07-02
	Book   *price.Book      // the prices themselves; without them costs are not parted, and caches not judged
	Now    func() time.Time // time.Now when nil
	Title  string           // of the home screen; "all sessions" when empty
	Query  string           // the filter to begin with
	Start  string           // id or prefix of the session to open when it appears; "only" is the only one
	Follow bool             // begin at what is newest, while it goes on
	Replay bool             // let the session that Start names happen again from its beginning
	All    bool             // begin with sessions of any age rather than with recent ones
	Banner string           // one line under the header, about how this was started
	Mouse  bool             // take wheel and clicks; F2 gives them back
	ASCII  bool             // draw with ASCII only
	Look   theme.Look       // the theme; the zero one follows the background
	Keys   []keymap.Row     // every action with its keys; the usual ones when nil
	Notify bool             // ring when a session begins to need somebody and nobody looks
	Views  []View           // filters that the person gave a name
	// SaveViews keeps them. It is called in a command; nil keeps none.
	SaveViews func([]View) error
	Commands  []Command // of the person's own
	// Resume returns the command line that goes on with a session in its agent, or
	// nothing where there is none.
	Resume func(*eventlog.Session) string
	Notes  *notes.Book // where what people write is kept; nil keeps nothing
	Author string      // who writes
	// Fork writes a new session with what happened up to an event, and what
	// somebody needs to go on with it in a format, or nothing more for none. It
	// says what it made. It is called in a command.
	Fork func(ctx context.Context, s *eventlog.Session, event, format string) (string, error)
	// Stop ends the recording of a session. It is called in a command.
	Stop   func(ctx context.Context, s *eventlog.Session) error
	Budget Budget
}

// Budget is what a person wants to spend at most. Zero is no limit. It only
// warns: what stops a recording are the guards of the recorder.
type Budget struct{ Session, Day eventlog.Money }

// fill puts in what was left out.
func (o *Options) fill() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Keys == nil {
		o.Keys = keymap.Table()
	}
}

// Run explores until the person quits or ctx ends.
func Run(ctx context.Context, o Options) error {
	m := newModel(ctx, o)
	defer m.close()
	options := programOptions(ctx)
	if in := os.Stdin; term.IsTerminal(in.Fd()) { // otherwise the library finds the terminal
		options = append(options, tea.WithInput(keyboard.Keyboard{File: in}))
	}
	var root tea.Model = m
	if out := os.Stdout; term.IsTerminal(out.Fd()) {
		screen := paint.New(out, os.Environ())
		defer screen.Stop()
		root = paintedOn(m, screen)
		options = append(options, tea.WithOutput(screen))
	}
	_, err := tea.NewProgram(root, options...).Run()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// programOptions are how the program runs on any terminal. What is drawn goes
// out up to 120 times a second rather than 60: half of what a person waits for
// after a key would be that wait.
func programOptions(ctx context.Context) []tea.ProgramOption {
	return []tea.ProgramOption{tea.WithContext(ctx), tea.WithFilter(calm(time.Now)), tea.WithFPS(120)}
}

// New returns the model alone, for a program of one's own.
func New(o Options) tea.Model { return newModel(context.Background(), o) }

// KeyTable returns every action with its keys.
func KeyTable() []keymap.Row { return keymap.Table() }

// wheelMsg is a burst of wheel events summed up: up is negative.
type wheelMsg struct {
	x, y, steps int
	aside       bool
}

// calm sums the wheel events of one frame and drops motions, so that a fast
// wheel cannot fill the queue of messages.
func calm(now func() time.Time) func(tea.Model, tea.Msg) tea.Msg {
	const frame = 16 * time.Millisecond
	var last time.Time
	var sum int
	return func(_ tea.Model, msg tea.Msg) tea.Msg {
		switch msg := msg.(type) {
		case tea.MouseMotionMsg:
			return nil
		case tea.MouseWheelMsg:
			step := 1
			if msg.Button == tea.MouseWheelUp || msg.Button == tea.MouseWheelLeft {
				step = -1
			}
			if sum*step < 0 {
				sum = 0
			}
			sum += step
			if at := now(); at.Sub(last) < frame {
				return nil
			} else {
				last = at
			}
			out := wheelMsg{msg.X, msg.Y, sum, msg.Button == tea.MouseWheelLeft || msg.Button == tea.MouseWheelRight || msg.Mod.Contains(tea.ModShift)}
			sum = 0
			return out
		}
		return msg
	}
}
