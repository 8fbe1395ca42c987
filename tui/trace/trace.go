// Package trace is the tree of a session's steps with a waterfall beside it;
// both share their rows. It lays out the tree in commands and draws the rows
// that can be seen. It knows a log and nothing of where it comes from.
package trace

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/forest"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/list"
)

// TimeMode is what the time column tells.
type TimeMode int

// The time modes.
const (
	Took TimeMode = iota
	SinceStart
	WallClock
	Gap
	timeModes
)

// Pane is the tree and waterfall.
type Pane struct {
	ctx     context.Context
	log     eventlog.Log
	session eventlog.Sym
	catalog *eventlog.Catalog
	now     func() time.Time

	width, height int
	list          list.List
	view          forest.View
	forest        *forest.Forest
	lines         *forest.Lines
	selected      eventlog.SpanID
	follow        bool
	mode          TimeMode
	from, to      eventlog.Stamp // the window of time; zero fits everything
	idle          bool           // show idle time in full
	color         Color
	marks         marks
	notes         map[eventlog.SpanID]string // what somebody wrote about a step last
	replay        replay
	slow          time.Duration // what makes a step a slow one
	work          time.Duration

	times     *rollup.Times // where the time of the forest went; nil until it is known
	timed     time.Time     // when the work of finding them out ended, whatever now is shown
	adding    time.Duration // and how long that took
	entire    bool          // all of the log had been read then
	resting   bool          // they will be found out again after a while
	rested    bool          // memory that it took to open the log was given back
	building  job.Job
	timing    job.Job
	laying    job.Job
	naming    job.Job
	searching job.Job
	next      *eventlog.Snapshot // to build from when the work under way has ended
	labels    cache
	found     search

	// Typing is how long a word of the filter must stand before records are read
	// for it.
	Typing time.Duration
}

// New returns the pane of a session of a log.
func New(ctx context.Context, log eventlog.Log, session eventlog.Sym, now func() time.Time) *Pane {
	return &Pane{ctx: ctx, log: log, session: session, now: now, Typing: typing}
}

// Know takes what the catalog says of the sessions: their names and states.
func (p *Pane) Know(c *eventlog.Catalog) { p.catalog = c }

func (p *Pane) sessionOf(sym eventlog.Sym) *eventlog.Session {
	if p.catalog == nil {
		return nil
	}
	return p.catalog.BySym(sym)
}

// Resize says how much room there is, with the title and the axis.
func (p *Pane) Resize(width, height int) tea.Cmd {
	p.width, p.height = width, height
	p.list.Resize(height - 1 - p.axisRows())
	return p.Name()
}

func (p *Pane) axisRows() int {
	if p.barWidth() == 0 {
		return 0
	}
	return 1 + p.laneRows()
}

// Lines returns what is shown, or nil before anything is.
func (p *Pane) Lines() *forest.Lines { return p.lines }

// Forest returns the whole tree, or nil before there is one.
func (p *Pane) Forest() *forest.Forest { return p.forest }

// Times returns where the time went, or nil while that is not known yet.
func (p *Pane) Times() *rollup.Times { return p.times }

// Selected returns the selected span, or zero.
func (p *Pane) Selected() eventlog.SpanID {
	if i := p.list.Cursor(); p.lines != nil && i >= 0 && i < p.lines.Len() {
		return p.lines.Spans[i]
	}
	return 0
}

// Following reports whether the cursor stays at the newest step.
func (p *Pane) Following() bool { return p.follow }

// Failures reports whether only failed branches are shown.
func (p *Pane) Failures() bool { return p.view.Failed }

// Query returns the filter in force.
func (p *Pane) Query() eventlog.Query { return p.view.Query }

// Follow makes the cursor stay at the newest step, or not.
func (p *Pane) Follow(yes bool) tea.Cmd {
	if p.follow = yes; yes {
		p.newest()
	}
	return p.Name()
}

func (p *Pane) newest() {
	if p.lines != nil && p.lines.Newest >= 0 {
		p.list.To(p.lines.Newest)
		p.note()
	}
}

func (p *Pane) note() {
	if id := p.Selected(); id != 0 {
		p.selected = id
	}
}

// Filter sets the query.
func (p *Pane) Filter(q eventlog.Query) tea.Cmd {
	p.view.Query = q
	search := p.search() // before the lines are laid out, which go by what it found
	return tea.Batch(p.relay(), search)
}

// Select goes to a span, opening what hides it.
func (p *Pane) Select(id eventlog.SpanID) tea.Cmd {
	if p.lines == nil || id == 0 {
		p.selected = id
		return nil
	}
	p.follow = false
	if i := slices.Index(p.lines.Spans, id); i >= 0 {
		p.list.To(i)
		p.note()
		return p.Name()
	}
	p.selected = id
	for up := p.forest.Parent(id); up != 0; up = p.forest.Parent(up) {
		if p.view.Folds.Shut(up) {
			p.view.Folds = p.view.Folds.With(up, false)
		}
	}
	p.view.Failed, p.view.Noise = false, true
	return p.Filter(eventlog.Query{})
}

// Do does what an action asks. It reports whether the action was one for the
// pane.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if p.lines == nil {
		return nil, false
	}
	if p.replay.on {
		if cmd, done := p.inReplay(a, n); done {
			return cmd, true
		}
	}
	if p.move(a, n) {
		p.follow = false
		p.note()
		return tea.Batch(p.Name(), p.without()), true
	}
	switch a {
	case keymap.Follow:
		return p.Follow(!p.follow), true
	case keymap.Fold:
		return p.fold(p.list.Cursor(), 0), true
	case keymap.FoldShut:
		return p.shut(), true
	case keymap.FoldOpen:
		return p.open(), true
	case keymap.FoldAll:
		// The top stays open: a single line would say nothing.
		except := map[eventlog.SpanID]bool{}
		for i, id := range p.lines.Spans {
			if p.lines.Depth[i] == 0 {
				except[id] = true
			}
		}
		p.view.Folds = forest.Folds{All: true, Except: except}
	case keymap.UnfoldAll:
		p.view.Folds = forest.Folds{}
	case keymap.Flat:
		p.view.Flat = !p.view.Flat
	case keymap.Failures:
		p.view.Failed = !p.view.Failed
	case keymap.Lanes:
		p.view.Lanes = !p.view.Lanes
		return tea.Batch(p.Resize(p.width, p.height), p.relay()), true
	case keymap.Color:
		p.color = (p.color + 1) % colors
		return nil, true
	case keymap.Mark:
		p.marks = p.marks.toggle(p.Selected())
		if p.view.Marked == nil {
			return nil, true
		}
		p.view.Marked = p.marks.only()
	case keymap.OnlyMarks:
		if p.view.Marked != nil {
			p.view.Marked = nil
		} else if len(p.marks.spans) > 0 {
			p.view.Marked = p.marks.only()
		}
	case keymap.Replay:
		return p.startReplay(), true
	case keymap.Idle:
		p.idle = !p.idle
		return nil, true
	case keymap.Critical:
		p.view.Critical = !p.view.Critical
		p.view.Without = p.Selected()
	case keymap.Noise:
		p.view.Noise = !p.view.Noise
	case keymap.TimeMode:
		p.mode = (p.mode + 1) % timeModes
		return nil, true
	case keymap.ZoomIn, keymap.ZoomOut, keymap.ZoomFit, keymap.Left, keymap.Right:
		p.zoom(a)
		return nil, true
	default:
		return nil, false
	}
	return p.relay(), true
}

// move does the actions that only move the cursor.
func (p *Pane) move(a keymap.Action, n int) bool {
	switch a {
	case keymap.NextError:
		p.jump(p.lines.FailedFrom(p.list.Cursor(), 1))
	case keymap.PrevError:
		p.jump(p.lines.FailedFrom(p.list.Cursor(), -1))
	case keymap.NextNeed:
		p.hit(1)
	case keymap.PrevNeed:
		p.hit(-1)
	case keymap.NextSame:
		p.same(1)
	case keymap.PrevSame:
		p.same(-1)
	case keymap.NextSlow:
		p.slower(1)
	case keymap.PrevSlow:
		p.slower(-1)
	case keymap.NextWarn:
		p.seek(1, p.warned)
	case keymap.NextMark:
		p.seek(1, p.marked)
	case keymap.PrevMark:
		p.seek(-1, p.marked)
	case keymap.Parent:
		p.jump(p.parentLine())
	default:
		if !p.list.Do(a, n) {
			return false
		}
	}
	return true
}

func (p *Pane) marked(id eventlog.SpanID, _ *eventlog.Span) bool { return p.marks.spans[id] }

// warned reports whether a step waits, has no end, or no parent.
func (p *Pane) warned(_ eventlog.SpanID, s *eventlog.Span) bool {
	open := s.Flags.Has(eventlog.SpanOpen) && s.Kind != eventlog.SpanSession && (!p.live() || s.Flags.Has(eventlog.SpanWaiting))
	return open || s.Flags.Has(eventlog.SpanOrphan) || s.Flags.Has(eventlog.SpanCut)
}

// without has it worked out what the whole would be without the selected step,
// while the critical path is shown.
func (p *Pane) without() tea.Cmd {
	if !p.view.Critical || p.view.Without == p.selected {
		return nil
	}
	p.view.Without = p.selected
	return p.lay(false)
}

func (p *Pane) jump(line int) {
	if line >= 0 {
		p.list.To(line)
	}
}

// hit goes to the next match of the filter, or without one to the next failure.
func (p *Pane) hit(step int) {
	if p.lines.Matched != nil {
		p.jump(p.lines.HitFrom(p.list.Cursor(), step))
		return
	}
	p.jump(p.lines.FailedFrom(p.list.Cursor(), step))
}

// reach is how many lines a search looks at before it gives up, so that a key
// is answered at once however long the log is.
const reach = 200_000

func (p *Pane) seek(step int, wanted func(eventlog.SpanID, *eventlog.Span) bool) {
	for i, left := p.list.Cursor()+step, reach; i >= 0 && i < p.lines.Len() && left > 0; i, left = i+step, left-1 {
		s := p.lines.Snap.Span(p.lines.Spans[i])
		if wanted(p.lines.Spans[i], &s) {
			p.list.To(i)
			return
		}
	}
}

func (p *Pane) same(step int) {
	id := p.Selected()
	if id == 0 {
		return
	}
	me := p.lines.Snap.Span(id)
	p.seek(step, func(_ eventlog.SpanID, s *eventlog.Span) bool {
		return s.Kind == me.Kind && s.Tool == me.Tool && (me.Kind != eventlog.SpanEvent || s.Event == me.Event) && (me.Kind != eventlog.SpanRun || s.Agent == me.Agent)
	})
}

func (p *Pane) slower(step int) {
	if p.slow <= 0 {
		return
	}
	now := eventlog.StampOf(p.now())
	p.seek(step, func(id eventlog.SpanID, s *eventlog.Span) bool {
		return (s.Kind == eventlog.SpanModel || s.Kind == eventlog.SpanTool) && p.forest.Ran(id, now) >= p.slow
	})
}

func (p *Pane) parentLine() int {
	at := p.list.Cursor()
	if at < 0 {
		return -1
	}
	if p.lines.View.Flat {
		return p.lines.Line(p.forest.Parent(p.lines.Spans[at]))
	}
	for i := at - 1; i >= 0; i-- {
		if p.lines.Depth[i] < p.lines.Depth[at] {
			return i
		}
	}
	return -1
}

// fold folds a line or unfolds it; way is -1 to fold, 1 to unfold, 0 to change.
func (p *Pane) fold(line, way int) tea.Cmd {
	if line < 0 || p.lines.View.Flat {
		return nil
	}
	id := p.lines.Spans[line]
	if !p.forest.HasChildren(id) {
		return nil
	}
	shut := p.view.Folds.Shut(id)
	if way != 0 && shut == (way < 0) {
		return nil
	}
	p.view.Folds = p.view.Folds.With(id, !shut)
	p.follow = false
	return p.relay()
}

func (p *Pane) shut() tea.Cmd {
	i := p.list.Cursor()
	if i >= 0 && !p.lines.Shut[i] && !p.lines.View.Flat && p.forest.HasChildren(p.lines.Spans[i]) {
		if cmd := p.fold(i, -1); cmd != nil {
			return cmd
		}
	}
	p.jump(p.parentLine())
	p.note()
	return p.Name()
}

func (p *Pane) open() tea.Cmd {
	i := p.list.Cursor()
	if i >= 0 && p.lines.Shut[i] {
		return p.fold(i, 1)
	}
	if i >= 0 && i+1 < p.lines.Len() && p.lines.Depth[i+1] > p.lines.Depth[i] {
		p.list.Move(1)
		p.note()
	}
	return p.Name()
}

// Back leaves the replay.
func (p *Pane) Back() bool { return p.leaveReplay() }

// Scopes are those of the tree, and of the replay while it goes on.
func (p *Pane) Scopes() []keymap.Scope {
	if p.replay.on {
		return []keymap.Scope{keymap.Replaying, keymap.Trace}
	}
	return []keymap.Scope{keymap.Trace}
}

// Hints are the keys that matter here.
func (p *Pane) Hints() []keymap.Action {
	if p.replay.on {
		return []keymap.Action{keymap.Play, keymap.StepOn, keymap.Faster, keymap.Slower, keymap.Back}
	}
	return []keymap.Action{keymap.Fold, keymap.Open, keymap.NextError, keymap.NextSlow, keymap.Critical, keymap.Failures, keymap.Filter, keymap.ZoomIn, keymap.TimeMode, keymap.Color, keymap.Diff, keymap.Replay, keymap.TabNext, keymap.Follow, keymap.Copy, keymap.Mark, keymap.PanelNext}
}

// Close ends nothing: commands end with the session.
func (p *Pane) Close() {}

// Scroll scrolls by d lines.
func (p *Pane) Scroll(d int) tea.Cmd {
	p.list.Scroll(d)
	p.follow = false
	p.note()
	return p.Name()
}

// Click selects the line at y, which counts from the title, and folds it when
// its marker was hit.
func (p *Pane) Click(x, y int) tea.Cmd {
	i := p.list.Top() + y - 1
	if p.lines == nil || y < 1 || y > p.list.Height() || i >= p.lines.Len() {
		return nil
	}
	p.list.To(i)
	p.follow = false
	p.note()
	d := int(p.lines.Depth[i])
	marker := 1
	if d > 0 {
		marker = 2 + 2*(d-1)
	}
	if x >= marker && x <= marker+1 {
		return p.fold(i, 0)
	}
	return p.Name()
}

// span of time that is shown.
func (p *Pane) window() (from, to eventlog.Stamp) {
	if p.forest == nil {
		return 0, 0
	}
	from, to = p.forest.Start, p.forest.End
	if p.live() {
		to = max(to, eventlog.StampOf(p.now()))
	}
	if p.from != 0 {
		from, to = p.from, p.to
	}
	if to <= from {
		to = from + eventlog.Stamp(time.Second)
	}
	return from, to
}

// live reports whether open spans are growing.
func (p *Pane) live() bool {
	if p.forest == nil || p.forest.Open == 0 {
		return false
	}
	if s := p.sessionOf(p.session); s != nil {
		status, _ := s.Status(eventlog.StampOf(p.now()))
		return status == eventlog.Running
	}
	return false
}

func (p *Pane) zoom(a keymap.Action) {
	from, to := p.window()
	width := to - from
	id := p.Selected()
	if id == 0 {
		return
	}
	s := p.lines.Snap.Span(id)
	middle := s.Start + eventlog.Stamp(s.Duration(eventlog.StampOf(p.now())))/2
	switch a {
	case keymap.ZoomFit:
		p.from, p.to = 0, 0
		return
	case keymap.ZoomIn:
		if width < eventlog.Stamp(10*time.Millisecond) || !s.Start.Known() {
			return
		}
		width /= 2
	case keymap.ZoomOut:
		width *= 2
		middle = from + (to-from)/2
		if p.forest != nil && width >= p.whole() {
			p.from, p.to = 0, 0
			return
		}
	case keymap.Left, keymap.Right:
		if p.from == 0 {
			return
		}
		middle = from + (to-from)/2
		if a == keymap.Left {
			middle -= width / 4
		} else {
			middle += width / 4
		}
	}
	p.from, p.to = middle-width/2, middle+width/2
}

func (p *Pane) whole() eventlog.Stamp {
	at, end := p.from, p.to
	p.from = 0
	from, to := p.window()
	p.from, p.to = at, end
	return to - from
}
