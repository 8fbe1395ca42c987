package troubles

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup/trouble"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/theme"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// Open reads the events of a session and of those below it; see tui.Options.
type Open func(ctx context.Context, s *eventlog.Session) (eventlog.Log, error)

// All is the page of all sessions that are shown and in which something failed.
// Their logs are opened one after the other, the newest first, and closed when
// they are read; what was found in each is kept while it does not change.
type All struct {
	board
	ctx     context.Context
	opener  Open
	view    *overview.View
	groups  []group // what is wanted
	kept    map[string]kept
	faults  map[string]string // why logs could not be read, by session
	done    int               // sessions that were read, of those that are wanted
	read    [2]int
	took    time.Duration
	ended   time.Time
	again   bool // something changed while logs were read
	waiting bool
	stopped bool // by the person
	touched bool // by the person: until then the first row is selected, whatever comes
	reading job.Job
}

// group is sessions that one log tells of: one, and those below it.
type group struct {
	*eventlog.Session
	within map[eventlog.Sym]bool
	stamp  stamp
}

// stamp changes when a session does.
type stamp struct {
	events, errors int64
	last           eventlog.Stamp
	runs           bool
}

// kept is what was found in a group, and what it was then.
type kept struct {
	stamp  stamp
	report *trouble.Report
}

// NewAll returns the page. Logs are opened in ctx.
func NewAll(ctx context.Context, open Open, zone *time.Location) *All {
	p := &All{board: newBoard(true, zone), ctx: ctx, opener: open, kept: map[string]kept{}, faults: map[string]string{}}
	p.name = func(id string) string {
		if p.view != nil {
			if s, ok := p.view.Catalog.Session(id); ok {
				return s.Label()
			}
		}
		return id
	}
	p.columns()
	return p
}

// Resize says how much room there is, with the title.
func (p *All) Resize(width, height int) tea.Cmd {
	p.resize(width, height)
	return nil
}

// Show takes a new view and reads what it shows, as far as that is not known.
func (p *All) Show(v *overview.View) tea.Cmd {
	p.view, p.now = v, eventlog.StampOf(v.Ask.Now)
	groups := wanted(v)
	switch {
	case p.groups != nil && equal(groups, p.groups, func(a, b *group) bool { return a.ID == b.ID && a.stamp == b.stamp }):
		p.groups = groups // of the new catalog
		return nil
	case p.groups != nil && equal(groups, p.groups, func(a, b *group) bool { return a.ID == b.ID }):
		p.groups = groups // the same sessions went on
		if p.reading.Busy() {
			p.again = true
			return nil
		}
		return p.start()
	}
	p.groups, p.stopped = groups, false
	p.reading.Stop()
	p.took = 0 // what somebody asks for is not put off
	return p.start()
}

func equal(a, b []group, same func(a, b *group) bool) bool {
	return slices.EqualFunc(a, b, func(x, y group) bool { return same(&x, &y) })
}

// wanted lists the sessions in which something went wrong, by the logs that tell
// of them.
func wanted(v *overview.View) []group {
	now := eventlog.StampOf(v.Ask.Now)
	in := map[eventlog.Sym]*group{}
	var order []*group
	for _, s := range v.Kept {
		if s.Errors > 0 || s.ToolFails > 0 || s.Loop.Times > 0 || s.Outcome == eventlog.Failure {
			in[s.Sym] = &group{Session: s, within: map[eventlog.Sym]bool{}}
			order = append(order, in[s.Sym])
		}
	}
	for _, g := range order {
		root := g
		for up := g.Parent; up != nil; up = up.Parent {
			if at := in[up.Sym]; at != nil {
				root = at
			}
		}
		status, _ := g.Status(now)
		root.within[g.Sym] = true
		root.stamp.events += g.Events
		root.stamp.errors += g.Errors
		root.stamp.last = max(root.stamp.last, g.Last)
		root.stamp.runs = root.stamp.runs || status == eventlog.Running
	}
	out := make([]group, 0, len(order))
	for _, g := range order {
		if len(g.within) > 0 {
			out = append(out, *g)
		}
	}
	return out
}

// sessions is how many sessions are wanted.
func (p *All) sessions() (n int) {
	for i := range p.groups {
		n += len(p.groups[i].within)
	}
	return n
}

// start reads what is not known yet.
func (p *All) start() tea.Cmd {
	if p.stopped || p.waiting || p.reading.Busy() {
		return nil
	}
	if cmd := wait(p.ctx, p, p.took, p.ended); cmd != nil {
		p.waiting = true
		return cmd
	}
	ctx, ticket := p.reading.Restart(p.ctx)
	p.done, p.read, p.again = 0, [2]int{}, false
	w := &work{ctx: ctx, open: p.opener, groups: p.groups, catalog: p.view.Catalog, now: p.now, known: maps.Clone(p.kept), all: &trouble.Report{}}
	return begin(ctx, p, ticket, w.do)
}

// work reads logs, one after the other, in a goroutine of its own.
type work struct {
	ctx     context.Context
	open    Open
	groups  []group
	catalog *eventlog.Catalog
	now     eventlog.Stamp
	known   map[string]kept
	all     *trouble.Report
	batch   []*trouble.Report // what is not in all yet
	fresh   map[string]kept
	faults  map[string]string
	done    int
}

// moment is how long what was found waits to be shown.
const moment = 300 * time.Millisecond

func (w *work) do(tell, give func(news)) {
	began := time.Now() // of the work, not of what is shown
	w.fresh, w.faults = map[string]kept{}, map[string]string{}
	var todo []*group
	for i := range w.groups {
		g := &w.groups[i]
		if k, ok := w.known[g.ID]; ok && k.stamp == g.stamp {
			w.batch = append(w.batch, k.report.Clone())
			w.done += len(g.within)
			continue
		}
		todo = append(todo, g)
	}
	var last time.Time // what is found first is shown at once
	if len(w.batch) > 0 && len(todo) > 0 {
		give(w.publish())
		last = time.Now()
	}
	for _, g := range todo {
		r, err := w.one(g, tell)
		switch {
		case w.ctx.Err() != nil:
			return
		case err != nil:
			w.faults[g.ID] = err.Error()
		default:
			w.fresh[g.ID] = kept{g.stamp, r}
			w.batch = append(w.batch, r.Clone())
		}
		if w.done += len(g.within); time.Since(last) >= moment {
			give(w.publish())
			last = time.Now()
		}
	}
	n := w.publish()
	n.ended, n.took = true, time.Since(began)
	give(n)
}

// one reads the log of a group, and closes it.
func (w *work) one(g *group, tell func(news)) (r *trouble.Report, err error) {
	if w.open == nil {
		return nil, errors.New("sessions cannot be opened here")
	}
	tell(news{done: w.done})
	log, err := w.open(w.ctx, g.Session)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	for log.Snapshot().Loading {
		select {
		case <-w.ctx.Done():
			return nil, w.ctx.Err()
		case _, ok := <-log.Changed():
			if !ok {
				return nil, errors.New("the log was closed while it was read")
			}
		}
	}
	return trouble.Find(w.ctx, log, log.Snapshot(), trouble.Options{
		Only: func(sym eventlog.Sym) bool {
			if s := w.catalog.BySym(sym); s != nil {
				sym = s.Sym // of one that goes by several ids
			}
			return g.within[sym]
		},
		Now:      nows(w.catalog, w.now),
		Progress: func(n, total int) { tell(news{done: w.done, read: n, total: total}) },
	})
}

// publish makes ready what was found so far.
func (w *work) publish() news {
	w.all.Merge(w.batch...)
	w.batch = nil
	r := w.all.Clone()
	r.Reckon(w.catalog)
	n := news{done: w.done, shown: ready(r, w.scope()), kept: w.fresh, faults: w.faults}
	w.fresh, w.faults = map[string]kept{}, map[string]string{}
	return n
}

// scope is the time from the first session to the last. What is a day old is
// new only where there are sessions from before.
func (w *work) scope() (o scope) {
	for i := range w.groups {
		g := &w.groups[i]
		if at := g.Began(); at.Known() && (!o.from.Known() || at < o.from) {
			o.from = at
		}
		o.to = max(o.to, g.stamp.last)
	}
	if yesterday := w.now - eventlog.Stamp(24*time.Hour); o.from.Known() && o.from < yesterday {
		o.day = yesterday
	}
	return o
}

// Update takes what was found. It reports whether anything changed.
func (p *All) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case newsMsg:
		if msg.of != any(p) {
			return nil, false
		}
		return p.hear(msg)
	case dueMsg:
		if msg.of != any(p) {
			return nil, false
		}
		p.waiting = false
		return p.start(), false
	}
	return nil, false
}

func (p *All) hear(msg newsMsg) (tea.Cmd, bool) {
	ctx, goes := p.reading.Goes(msg.ticket)
	if !goes {
		return nil, false
	}
	p.done, p.read = msg.done, [2]int{msg.read, msg.total}
	for id, k := range msg.kept {
		p.kept[id] = k
		delete(p.faults, id)
	}
	maps.Copy(p.faults, msg.faults)
	p.blame()
	// While sessions are read anew, what was found before is not taken away.
	if msg.shown != nil && (msg.ended || p.shown == nil || p.took == 0) {
		p.take(msg.shown)
		if !p.touched {
			p.top()
		}
	}
	if !msg.ended {
		return next(ctx, p, msg.ticket, msg.more), true
	}
	p.reading.Stop()
	p.took, p.ended = max(msg.took, 1), time.Now()
	if p.again {
		return p.start(), true
	}
	return nil, true
}

// blame says which of the sessions could not be read, and why the first could not.
func (p *All) blame() {
	n := 0
	for i := range p.groups {
		why, failed := p.faults[p.groups[i].ID]
		if !failed {
			continue
		}
		if n++; n == 1 {
			p.fault = why
		}
	}
	if n == 0 {
		p.fault = ""
	} else {
		p.fault = figure.Plural(int64(n), "session") + " could not be read: " + p.fault
	}
	p.layout()
}

// Leave stops reading when another page is gone to. What was found is kept.
func (p *All) Leave() {
	p.reading.Stop()
	p.groups, p.stopped = nil, false
}

// Selected returns the session of what is selected, or nil.
func (p *All) Selected() *eventlog.Session {
	if at := p.place(); at != nil && p.view != nil {
		if s, ok := p.view.Catalog.Session(at.Session); ok {
			return s
		}
	}
	return nil
}

// Do does what an action asks. It reports whether the action was one for the
// page.
func (p *All) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	p.touched = p.touched || a != keymap.Section
	switch {
	case a != keymap.Open:
		return nil, p.do(a, n)
	case p.stopped && p.shown == nil:
		p.stopped = false
		return p.start(), true
	case p.open():
		return nil, true
	}
	s, at := p.Selected(), p.place()
	if s == nil {
		return nil, true
	}
	// The number of a step means nothing when its log is opened again.
	run, _ := p.view.Catalog.Symbols.Find(at.Run)
	return visit.To(visit.Msg{Session: s, Run: run, Event: at.Event, Time: at.Time}), true
}

// Click selects what is at a place; a second click opens it.
func (p *All) Click(x, y int) tea.Cmd {
	p.touched = true
	if p.click(x, y) {
		cmd, _ := p.Do(keymap.Open, 0)
		return cmd
	}
	return nil
}

// Scroll scrolls by d rows.
func (p *All) Scroll(d int) tea.Cmd {
	p.touched = true
	p.table(p.section).Scroll(d)
	return nil
}

// Back stops reading.
func (p *All) Back() bool {
	if !p.reading.Busy() {
		return false
	}
	p.reading.Stop()
	p.stopped = true
	return true
}

// Scopes are those of lists, and of pages with sections.
func (p *All) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Lists, keymap.Pages} }

// Hints are the keys that matter here.
func (p *All) Hints() []keymap.Action {
	return []keymap.Action{keymap.Open, keymap.NextError, keymap.Section, keymap.Fold, keymap.Sort, keymap.Filter, keymap.Period, keymap.Copy, keymap.Back}
}

// Close ends what is under way.
func (p *All) Close() { p.reading.Stop() }

// Draw returns the rows of the page.
func (p *All) Draw(t *theme.Theme, number int, active bool) []string {
	var right []frame.Part
	all := p.sessions()
	of := fmt.Sprintf("%s of %s", figure.Whole(int64(p.done)), figure.Plural(int64(all), "session"))
	switch {
	case p.reading.Busy() && p.shown != nil:
		right = append(right, frame.Part{Style: t.Human, Text: of + t.More + "   "})
	case p.stopped && p.shown != nil:
		right = append(right, frame.Part{Style: t.Human, Text: "stopped at " + of + ", g x reads on   "})
	}
	title := "Errors"
	if all > 0 && p.width >= 60 {
		title = fmt.Sprintf("Errors of %s", figure.Plural(int64(all), "session"))
	}
	return p.draw(t, number, active, title, p.state(t, of), append(right, p.remark(t))...)
}

// state says why there is nothing to show, where there is not.
func (p *All) state(t *theme.Theme, of string) []frame.Part {
	switch {
	case p.view != nil && len(p.groups) == 0 && p.groups != nil:
		parts := []frame.Part{{Style: t.Good, Text: t.Done + " Nothing failed."}}
		if n := p.view.Shown; n > 0 {
			parts = append(parts, frame.Part{Style: t.Dim, Text: "In " + figure.Plural(int64(n), "session") + " that " + isShown(n) + " no failure and no loop is known."})
		}
		return parts
	case p.shown != nil:
		return nil
	case p.stopped:
		return []frame.Part{{Style: t.Bright, Text: "Reading was stopped at " + of + "."}, {Style: t.Dim, Text: "enter reads on."}}
	}
	text := "Reading what went wrong" + t.More
	if p.read[1] > 0 {
		text += bodies(p.read) + "," // of the session that is being read
	}
	return []frame.Part{{Style: t.Text, Text: text + " " + of}, {Style: t.Dim, Text: "esc stops."}}
}

func isShown(n int) string {
	if n == 1 {
		return "is shown"
	}
	return "are shown"
}
