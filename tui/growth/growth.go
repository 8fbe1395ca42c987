// Package growth is the tab of how the context of an opened session grew: turn by
// turn as a picture, with the limit of the window and where it was shortened, the
// runs, and the blocks that cost most to carry. It draws what package window found
// out and counts nothing itself.
package growth

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/price"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/opened"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// Options say what the pane goes by.
type Options struct {
	Book *price.Book    // parts costs into input and output; nil parts them by tokens
	Zone *time.Location // in which times are told
}

// part is one of the parts of the pane.
type part int

// The parts, by the digits that go to them.
const (
	picture part = iota + 1
	runs
	blocks
	compactions
)

const parts = 4

// Pane is the tab.
type Pane struct {
	ctx           context.Context
	options       Options
	width, height int
	at            [parts + 1]rect
	focus         part

	of       *opened.Session
	found    *found
	err      error
	stopped  bool
	progress *job.Progress
	reading  job.Job

	run, turn int             // what the picture shows, and its cursor
	moved     bool            // the person moved the cursor
	goal      eventlog.SpanID // to go to when there is something to go in

	runs        table.Table[run]
	blocks      table.Table[block]
	compactions table.Table[compaction]
}

// rect is where a part lies.
type rect struct{ x, y, w, h int }

func (r rect) holds(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// New returns the tab, whose work is done in ctx.
func New(ctx context.Context, o Options) *Pane {
	p := &Pane{ctx: ctx, options: o, focus: picture}
	if p.options.Zone == nil {
		p.options.Zone = time.UTC
	}
	p.runs.Key = func(r *run) string { return r.Session + "\x00" + r.Run.Run }
	p.runs.Columns = p.runColumns()
	p.blocks.Columns = p.blockColumns(false)
	p.compactions.Columns = p.compactionColumns(false)
	return p
}

// Show takes the session. Its log is read when there is something new in it.
func (p *Pane) Show(s *opened.Session) tea.Cmd {
	before := p.of
	p.of = s
	if before != nil && before.Lines.Snap.Version == s.Lines.Snap.Version && before.Lines.Snap.Generation == s.Lines.Snap.Generation || p.stopped {
		return nil
	}
	return p.read(0)
}

// Update takes what the pane's commands found. It reports whether anything changed.
func (p *Pane) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case stillMsg:
		if msg.p != p {
			return nil, false
		}
		if ctx, goes := p.reading.Goes(msg.ticket); goes {
			return p.still(ctx, msg.ticket), true
		}
	case foundMsg:
		if msg.p != p {
			return nil, false
		}
		fresh, again := p.reading.Land(msg.ticket)
		if !fresh || errors.Is(msg.err, context.Canceled) {
			return nil, false
		}
		if p.err = msg.err; msg.err == nil {
			p.take(msg.found)
		}
		if again && msg.err == nil {
			return p.read(msg.found.took), true
		}
		return nil, true
	}
	return nil, false
}

// take shows what was found, at the place that was looked at before.
func (p *Pane) take(f *found) {
	before := p.found
	p.found = f
	many := len(f.runs) > 1
	p.blocks.Columns, p.compactions.Columns = p.blockColumns(many), p.compactionColumns(many)
	last := before != nil && p.run < len(before.runs) && p.turn == len(before.runs[p.run].Turns)-1
	p.runs.Set(append([]run(nil), f.runs...))
	p.blocks.Set(append([]block(nil), f.blocks...))
	p.compactions.Set(append([]compaction(nil), f.compactions...))
	p.layout()
	if len(f.runs) == 0 {
		p.run, p.turn = 0, 0
		return
	}
	p.run = p.runs.Selected().at
	r := &f.runs[p.run]
	switch {
	case before == nil:
		p.show(p.run, r.Largest)
		p.along()
	case last && len(before.runs) > 0:
		p.turn = len(r.Turns) - 1
	default:
		p.turn = min(p.turn, len(r.Turns)-1)
	}
	if goal := p.goal; goal != 0 {
		p.goal = 0
		p.Select(goal)
	}
}

// show puts a turn of a run into the picture.
func (p *Pane) show(at, turn int) {
	p.run = at
	r := &p.found.runs[at]
	p.turn = max(0, min(turn, len(r.Turns)-1))
}

// turnSpan returns the span of the turn at the cursor.
func (p *Pane) turnSpan() eventlog.SpanID {
	if p.found == nil || p.run >= len(p.found.runs) {
		return 0
	}
	return p.found.runs[p.run].Turns[p.turn].Span
}

// Selected returns the step of the turn at the cursor, once the person moved it.
func (p *Pane) Selected() eventlog.SpanID {
	if !p.moved || !p.current() {
		return 0
	}
	return p.turnSpan()
}

// current reports whether the numbers of what is shown are those of the log as it is.
func (p *Pane) current() bool {
	return p.found != nil && p.found.report.Generation == p.of.Lines.Snap.Generation
}

// Select goes to a turn.
func (p *Pane) Select(id eventlog.SpanID) tea.Cmd {
	if p.found == nil {
		p.goal = id
		return nil
	}
	if at, turn, ok := p.found.turnOf(id); ok && p.current() {
		p.runs.Find(func(r *run) bool { return r.at == at })
		p.show(at, turn)
	}
	return nil
}

// Do does an action of the tab.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if p.found == nil || len(p.found.runs) == 0 {
		if a == keymap.Open && (p.stopped || p.err != nil) {
			p.stopped, p.err = false, nil
			return p.read(0), true
		}
		return nil, false
	}
	switch a {
	case keymap.Section:
		return p.SetFocus(int(p.focus)%parts + 1), true
	case keymap.TurnPrev:
		p.move(-max(1, n))
	case keymap.TurnNext:
		p.move(max(1, n))
	case keymap.ShorterNext:
		p.jump(1)
	case keymap.ShorterPrev:
		p.jump(-1)
	case keymap.Open:
		return p.enter(), true
	default:
		return nil, p.inList(a, n)
	}
	return nil, true
}

// move moves the cursor of the picture.
func (p *Pane) move(d int) {
	p.show(p.run, p.turn+d)
	p.moved = true
}

// jump moves the cursor to the next place where the context was shortened.
func (p *Pane) jump(d int) {
	r := &p.found.runs[p.run]
	best := -1
	for i := range r.Compactions {
		at := min(r.Compactions[i].At, len(r.Turns)-1)
		if d > 0 && at > p.turn && best < 0 || d < 0 && at < p.turn {
			best = at
		}
	}
	if best >= 0 {
		p.turn, p.moved = best, true
	}
}

// inList moves in the list that has the keys, and the picture goes along.
func (p *Pane) inList(a keymap.Action, n int) bool {
	var done bool
	switch p.focus {
	case blocks:
		done = p.blocks.Do(a, n)
	case compactions:
		done = p.compactions.Do(a, n)
	default:
		done = p.runs.Do(a, n)
	}
	if done {
		p.along()
	}
	return done
}

// along shows in the picture what is selected in the list that has the keys.
func (p *Pane) along() {
	switch p.focus {
	case blocks:
		if b := p.blocks.Selected(); b != nil {
			p.show(b.Run, b.Turn)
		}
	case compactions:
		if c := p.compactions.Selected(); c != nil {
			p.show(c.run, c.At)
		}
	default:
		if r := p.runs.Selected(); r != nil && r.at != p.run {
			p.show(r.at, r.Largest)
		}
		return
	}
	p.runs.Find(func(r *run) bool { return r.at == p.run })
}

// enter goes to the step of what is selected.
func (p *Pane) enter() tea.Cmd {
	span := p.turnSpan()
	switch p.focus {
	case blocks:
		if b := p.blocks.Selected(); b != nil {
			span = b.Span
		}
	case compactions:
		if c := p.compactions.Selected(); c != nil {
			span = c.Span
		}
	}
	if span == 0 {
		return nil
	}
	if !p.current() {
		return ask.Tell("the log was written anew; it is being read again")
	}
	return visit.To(visit.Msg{Session: p.of.Session, Span: span})
}

// Back calls off the reading of the log. It reports whether there was any to wait
// for.
func (p *Pane) Back() bool {
	if p.found != nil || !p.reading.Busy() {
		return false
	}
	p.reading.Stop()
	p.stopped = true
	return true
}

// Panels returns how many parts there are.
func (p *Pane) Panels() int { return parts }

// Focus returns the part that has the keys.
func (p *Pane) Focus() int { return int(p.focus) }

// SetFocus gives the keys to a part.
func (p *Pane) SetFocus(n int) tea.Cmd {
	p.focus = part((n-1+parts)%parts + 1)
	p.layout()
	if p.found != nil && len(p.found.runs) > 0 {
		p.along()
	}
	return nil
}

// Scopes are those of the tab and of pages.
func (p *Pane) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Context, keymap.Pages} }

// Hints are the keys that matter here.
func (p *Pane) Hints() []keymap.Action {
	return []keymap.Action{keymap.Open, keymap.TurnNext, keymap.Section, keymap.Sort, keymap.TabNext, keymap.Command}
}

// Close ends what is under way.
func (p *Pane) Close() { p.reading.Stop() }

// Scroll scrolls the list that has the keys.
func (p *Pane) Scroll(d int) tea.Cmd {
	if p.found == nil || len(p.found.runs) == 0 {
		return nil
	}
	switch p.focus {
	case blocks:
		p.blocks.Scroll(d)
	case compactions:
		p.compactions.Scroll(d)
	default:
		p.runs.Scroll(d)
	}
	p.along()
	return nil
}

// Click selects what was hit; a second click opens it.
func (p *Pane) Click(x, y int) tea.Cmd {
	if p.found == nil || len(p.found.runs) == 0 {
		return nil
	}
	for n := picture; n <= compactions; n++ {
		at := p.at[n]
		if !at.holds(x, y) {
			continue
		}
		p.focus = n
		again := false
		switch y -= at.y; n {
		case picture:
			if turn, ok := p.turnAt(x - at.x); ok {
				again = turn == p.turn
				p.turn, p.moved = turn, true
			}
		case runs:
			again = p.runs.Click(y - 1)
		case blocks:
			again = p.blocks.Click(y - 1 - p.mixRows())
		case compactions:
			again = p.compactions.Click(y - 1)
		}
		if n != picture {
			p.along()
		}
		p.layout()
		if again {
			return p.enter()
		}
		return nil
	}
	return nil
}
