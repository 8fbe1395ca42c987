package trace

import (
	"context"
	"runtime/debug"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/forest"
	"github.com/lazytrace/lazytrace/tui/job"
)

type builtMsg struct {
	p      *Pane
	ticket job.Ticket
	forest *forest.Forest
	slow   time.Duration
	took   time.Duration
}

type timedMsg struct {
	p      *Pane
	ticket job.Ticket
	times  *rollup.Times
	took   time.Duration
	entire bool // nothing was still to be read
}

type restedMsg struct{ p *Pane }

type laidMsg struct {
	p      *Pane
	ticket job.Ticket
	lines  *forest.Lines
	line   int // where the selected span is now
}

type namedMsg struct {
	p      *Pane
	ticket job.Ticket
	labels map[eventlog.SpanID]words
}

// Update takes the results of the pane's own commands. It reports whether
// anything changed.
func (p *Pane) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case builtMsg:
		if msg.p != p {
			return nil, false
		}
		fresh, again := p.building.Land(msg.ticket)
		if !fresh {
			return nil, false
		}
		if p.forest != nil && p.forest.Snap.Generation != msg.forest.Snap.Generation {
			p.labels, p.found, p.marks, p.notes = cache{}, search{}, marks{}, nil // they are about other spans and rows
			p.searching.Stop()
		}
		if p.work = msg.took; !msg.forest.Snap.Loading && (p.forest == nil || p.forest.Snap.Loading) {
			p.work = 0 // all is loaded: that was waited for
		}
		p.forest, p.slow = msg.forest, msg.slow
		var next tea.Cmd
		if again && p.next != nil {
			next = p.Show(p.next)
		}
		return tea.Batch(p.lay(false), p.search(), next, p.Elapse()), false
	case timedMsg:
		if msg.p != p {
			return nil, false
		}
		fresh, again := p.timing.Land(msg.ticket)
		if !fresh {
			return nil, false
		}
		p.times, p.timed, p.adding, p.entire = msg.times, time.Now(), msg.took, msg.entire
		switch {
		case again:
			return p.Elapse(), true
		case !p.rested && !p.forest.Snap.Loading && p.forest.Snap.Rows.Len() >= many:
			p.rested = true
			return giveBack, true
		}
		return nil, true
	case restedMsg:
		if msg.p != p {
			return nil, false
		}
		p.resting = false
		return p.time(), false
	case laidMsg:
		if msg.p != p {
			return nil, false
		}
		fresh, again := p.laying.Land(msg.ticket)
		if !fresh {
			return nil, false
		}
		p.show(msg)
		if p.view.Lanes {
			p.Resize(p.width, p.height) // there may be more lanes, or fewer
		}
		if again {
			return tea.Batch(p.lay(false), p.Name()), true
		}
		return tea.Batch(p.replayFirst(), p.Name()), true
	case searchedMsg:
		if msg.p != p {
			return nil, false
		}
		return p.took(msg), true
	case playMsg:
		if msg.p != p {
			return nil, false
		}
		return p.played(msg), true
	case namedMsg:
		if msg.p != p {
			return nil, false
		}
		if fresh, _ := p.naming.Land(msg.ticket); !fresh {
			return nil, false
		}
		p.labels.put(msg.labels)
		return p.Name(), true
	}
	return nil, false
}

// Show takes a new snapshot.
func (p *Pane) Show(snap *eventlog.Snapshot) tea.Cmd {
	p.next = snap
	ctx, ticket, ok := p.building.Start(p.ctx)
	if !ok {
		return nil
	}
	session := p.session
	return func() tea.Msg {
		began := time.Now() // of the work, not of what is shown
		f := forest.Build(ctx, snap, session)
		return builtMsg{p, ticket, f, slowest(f), time.Since(began)}
	}
}

// time finds out where the time of the forest went, beside what is shown first.
func (p *Pane) time() tea.Cmd {
	ctx, ticket, ok := p.timing.Start(p.ctx)
	if !ok {
		return nil
	}
	snap, catalog, now := p.forest.Snap, p.catalog, eventlog.StampOf(p.now())
	return func() tea.Msg {
		began := time.Now() // of the work, not of what is shown
		times := rollup.NewTimes(ctx, snap, func(session eventlog.Sym) eventlog.Stamp {
			if catalog != nil {
				if s := catalog.BySym(session); s != nil {
					return s.Now(now)
				}
			}
			return 0
		})
		return timedMsg{p, ticket, times, time.Since(began), !snap.Loading}
	}
}

// many is from how many rows on a log takes so much to be opened that what was
// needed for it only is worth giving back.
const many = 200_000

// giveBack returns memory to the system that was needed to open a log and is
// not needed to look at it.
func giveBack() tea.Msg {
	debug.FreeOSMemory()
	return nil
}

// Elapse finds out anew where the time went: events came in, or what is under
// way went on without a word. Of a long log that is much work, so that it waits
// a while after the last time, unless only a part had been read then.
func (p *Pane) Elapse() tea.Cmd {
	const share = 100 // of the time at most one part in so many
	if p.forest == nil || p.resting {
		return nil
	}
	wait := share*p.adding - time.Since(p.timed)
	if wait <= 0 || !p.entire && !p.forest.Snap.Loading {
		return p.time()
	}
	p.resting = true
	ctx := p.ctx
	return func() tea.Msg {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-ctx.Done():
		case <-t.C:
		}
		return restedMsg{p}
	}
}

// Work returns how long it took to take in the last snapshot.
func (p *Pane) Work() time.Duration { return p.work }

// slowest returns what the slowest twentieth of all calls took at least.
func slowest(f *forest.Forest) time.Duration {
	const enough = 20_000 // of a longer log, a sample does
	order := f.Order()
	step := len(order)/enough + 1
	var all []time.Duration
	for i := 0; i < len(order); i += step {
		s := f.Snap.Span(eventlog.SpanID(order[i]))
		if s.Kind == eventlog.SpanModel || s.Kind == eventlog.SpanTool {
			if d := f.Ran(eventlog.SpanID(order[i]), 0); d > 0 {
				all = append(all, d)
			}
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)-1-len(all)/20]
}

// relay lays the tree out anew because something else is to be shown.
func (p *Pane) relay() tea.Cmd { return p.lay(true) }

func (p *Pane) lay(restart bool) tea.Cmd {
	if p.forest == nil {
		return nil
	}
	var ctx context.Context
	var ticket job.Ticket
	if restart {
		ctx, ticket = p.laying.Restart(p.ctx)
	} else {
		var ok bool
		if ctx, ticket, ok = p.laying.Start(p.ctx); !ok {
			return nil
		}
	}
	f, v, selected := p.forest, p.view, p.selected
	v.Found = p.found.bits
	v.Now = eventlog.StampOf(p.now())
	catalog := p.catalog // immutable, so that the command may read it
	v.Facts = func(s eventlog.Sym) *eventlog.Facts {
		if catalog == nil {
			return nil
		}
		if session := catalog.BySym(s); session != nil {
			return &session.Facts
		}
		return nil
	}
	return func() tea.Msg {
		lines := f.Lay(ctx, v)
		return laidMsg{p, ticket, lines, lines.Line(selected)}
	}
}

func (p *Pane) show(msg laidMsg) {
	p.lines = msg.lines
	first := p.list.Len() == 0
	p.list.SetLen(p.lines.Len())
	switch {
	case p.follow || p.replay.on:
		p.newest()
	case msg.line >= 0 && msg.line < p.lines.Len():
		if first {
			p.list.To(msg.line)
		} else {
			p.list.Keep(msg.line)
		}
	}
	if p.selected == 0 {
		p.note()
	}
}

// seen returns the spans of some lines, and those that the first of them are
// part of.
func (p *Pane) seen(from, to int) []eventlog.SpanID {
	if from >= to {
		return nil
	}
	path := p.forest.Path(p.lines.Spans[min(from+2, to-1)])
	return append(path[:len(path)-1:len(path)-1], p.lines.Spans[from:to]...)
}

// Name asks for the labels of the visible lines that have none yet.
func (p *Pane) Name() tea.Cmd {
	if p.lines == nil {
		return nil
	}
	from, to := p.list.Visible()
	to = min(to, p.lines.Len())
	var spans []eventlog.SpanID
	var rows, lasts []eventlog.RowID
	var ends []int // where the rows of each span end
	var goals []string
	for _, id := range p.seen(from, to) {
		s := p.lines.Snap.Span(id)
		if w, ok := p.labels.get(id); ok && (w.last == s.Last || s.Kind == eventlog.SpanRun || s.Kind == eventlog.SpanSession) {
			continue
		}
		goal := ""
		if s.Kind == eventlog.SpanRun || s.Kind == eventlog.SpanSession {
			if s.Parent == 0 || p.lines.Snap.Span(s.Parent).Kind == eventlog.SpanSession {
				if session := p.sessionOf(s.Session); session != nil {
					goal = eventlog.Sentence(session.Goal)
				}
			}
		}
		rows = append(rows, said(p.lines.Snap, id, &s)...)
		spans, ends, lasts, goals = append(spans, id), append(ends, len(rows)), append(lasts, s.Last), append(goals, goal)
	}
	if len(spans) == 0 {
		return nil
	}
	ctx, ticket, ok := p.naming.Start(p.ctx)
	if !ok {
		return nil // when it lands, what is visible then is asked for
	}
	log := p.log
	return func() tea.Msg {
		events, err := log.Events(ctx, rows)
		labels := make(map[eventlog.SpanID]words, len(spans))
		from := 0
		for i, id := range spans {
			w := words{last: lasts[i]}
			if err == nil && ends[i] <= len(events) {
				w.say(events[from:ends[i]], goals[i])
			}
			from = ends[i]
			labels[id] = w
		}
		return namedMsg{p, ticket, labels}
	}
}
