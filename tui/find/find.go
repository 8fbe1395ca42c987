// Package find is the page that searches the text of all sessions: what is typed
// is looked for in every record, and what holds all of its words is listed session
// by session as it is found. It is given the search and knows no log.
package find

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/list"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// Search finds the records of some sessions that hold all of some words; see
// source.Set.Search.
type Search func(ctx context.Context, words []string, sessions []*eventlog.Session, found func(*eventlog.Finding) error, progress func(done, total int64)) error

const (
	most        = 4000   // hits that are kept in all; then the search ends
	mostSeen    = 50_000 // hits that are counted; then it ends as well
	mostOfOne   = 250    // of one session; the others are only counted
	leastTyping = 3      // bytes from which on a text is searched for while it is typed
)

// Pane is the page.
type Pane struct {
	// Typing is how long to wait for the next letter before a search begins.
	Typing time.Duration
	// Moment is after how long what was found is shown, though it be little.
	Moment time.Duration

	ctx    context.Context
	search Search
	now    func() time.Time

	width, height int
	view          *overview.View
	text          string   // as it was typed
	words         []string // what is searched for
	wanted        bool     // there are words, and no sessions yet
	scope         string   // of the search: the filter and period that were in force
	early         bool     // it began before all logs were read

	groups []*group
	by     map[*eventlog.Session]*group
	rank   map[eventlog.Sym]int // of the sessions that are searched: newest first
	lines  []line
	list   list.List
	shut   bool // sessions that come are folded

	work        job.Job
	kept        int
	hits        int
	done, total int64
	end         end
	err         error
}

// end is how a search ended.
type end uint8

const (
	under   end = iota // it is under way, or there was none
	whole              // everything was searched
	full               // there are more hits than are kept
	stopped            // the person called it off
)

// group is the hits of one session.
type group struct {
	session *eventlog.Session
	hits    []eventlog.Finding
	count   int
	shut    bool
}

// line is one row: a session, or a hit of it.
type line struct {
	group *group
	hit   int // -1 for the session itself
}

// New returns the page, which searches in ctx. now is the clock.
func New(ctx context.Context, search Search, now func() time.Time) *Pane {
	return &Pane{Typing: 120 * time.Millisecond, Moment: 100 * time.Millisecond, ctx: ctx, search: search, now: now}
}

// Arrive asks what to search for, when the person came here without any words.
func (p *Pane) Arrive() tea.Cmd {
	return ask.Do(ask.Text{
		Sign: "search", Value: p.text, Hint: `all of the words, "two words" as they stand; newest sessions first`,
		Count: p.count,
		Preview: func(text string) (tea.Cmd, error) {
			if len(strings.TrimSpace(text)) < leastTyping {
				return nil, nil
			}
			return p.look(text, p.Typing), nil
		},
		Enter: func(text string) (tea.Cmd, error) {
			if text == p.text && p.work.Busy() {
				return nil, nil
			}
			return p.look(text, 0), nil
		},
	})
}

// count says how many hits there are while a text is typed.
func (p *Pane) count() string {
	if len(p.words) == 0 {
		return ""
	}
	return figure.Plural(int64(p.hits), "hit")
}

// With searches for a text.
func (p *Pane) With(a keymap.Action, text string) (tea.Cmd, error) {
	if a != keymap.GoSearch {
		return nil, nil
	}
	return p.look(text, 0), nil
}

// look searches for a text, after a while in which it may still change.
func (p *Pane) look(text string, wait time.Duration) tea.Cmd {
	words := Words(text)
	if wait > 0 && slices.Equal(words, p.words) {
		p.text = text
		return nil // what was added says nothing yet
	}
	p.text, p.words = text, words
	return p.begin(wait)
}

// begin searches the sessions that the view shows.
func (p *Pane) begin(wait time.Duration) tea.Cmd {
	p.work.Stop()
	p.clear()
	p.wanted = len(p.words) > 0 && p.view == nil
	if len(p.words) == 0 || p.view == nil {
		return nil
	}
	p.scope, p.early = scopeOf(p.view), p.view.Catalog.Progress.Loading
	p.rank = make(map[eventlog.Sym]int, len(p.view.Kept))
	for i, s := range p.view.Kept {
		p.rank[s.Sym] = i
	}
	if p.search == nil || len(p.view.Kept) == 0 {
		p.end = whole
		return nil
	}
	ctx, ticket := p.work.Restart(p.ctx)
	s := newPull(ctx, p.search, p.words, p.view.Kept)
	next := p.more(ctx, ticket, s)
	return func() tea.Msg {
		if wait > 0 {
			t := time.NewTimer(wait)
			defer t.Stop()
			select {
			case <-ctx.Done(): // another letter came
			case <-t.C:
			}
		}
		return next()
	}
}

func (p *Pane) clear() {
	p.groups, p.by, p.lines, p.err = nil, map[*eventlog.Session]*group{}, nil, nil
	p.kept, p.hits, p.done, p.total, p.end, p.shut = 0, 0, 0, 0, under, false
	p.list.SetLen(0)
	p.list.To(0)
}

// scopeOf names what of the catalog a view shows.
func scopeOf(v *overview.View) string {
	return strings.Join([]string{v.Ask.Query.String(), v.Period.String(), v.Ask.From.String(), v.Ask.To.String()}, "\x00")
}

// Words takes a text apart at its blanks, but for what stands in quotes.
func Words(text string) []string {
	var words []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		if text[0] == '"' {
			word, rest, closed := strings.Cut(text[1:], `"`)
			if closed || word != "" {
				if word != "" {
					words = append(words, word)
				}
				text = rest
				continue
			}
		}
		i := strings.IndexAny(text, " \t")
		if i < 0 {
			i = len(text)
		}
		words = append(words, text[:i])
		text = text[i:]
	}
	return words
}

// pull is a search that goes on as far as somebody asks it to.
type pull struct {
	next func() (step, bool)
	stop func()
	err  error
}

// step is a hit, or how far the search has come.
type step struct {
	hit         *eventlog.Finding
	done, total int64
}

// enough ends a search.
type enough struct{}

func (enough) Error() string { return "enough" }

func newPull(ctx context.Context, search Search, words []string, sessions []*eventlog.Session) *pull {
	s := &pull{}
	seq := func(yield func(step) bool) {
		gone := false
		s.err = search(ctx, words, sessions, func(f *eventlog.Finding) error {
			one := *f
			if gone = gone || !yield(step{hit: &one}); gone {
				return enough{}
			}
			return nil
		}, func(done, total int64) {
			gone = gone || !yield(step{done: done, total: total})
		})
	}
	s.next, s.stop = iter.Pull(iter.Seq[step](seq))
	return s
}

// foundMsg brings what was found in a moment.
type foundMsg struct {
	p           *Pane
	ticket      job.Ticket
	seq         *pull
	hits        []eventlog.Finding
	done, total int64
	ended       bool
	err         error
}

// more takes what is found within a moment.
func (p *Pane) more(ctx context.Context, ticket job.Ticket, s *pull) func() tea.Msg {
	const batch = 512
	moment := p.Moment
	return func() tea.Msg {
		m := foundMsg{p: p, ticket: ticket, seq: s}
		if ctx.Err() != nil {
			s.stop()
			return m
		}
		for end := time.Now().Add(moment); len(m.hits) < batch && time.Now().Before(end); {
			at, ok := s.next()
			if !ok {
				m.ended, m.err = true, s.err
				s.stop()
				break
			}
			if at.hit != nil {
				m.hits = append(m.hits, *at.hit)
			} else {
				m.done, m.total = at.done, at.total
			}
		}
		return m
	}
}

// Update takes what was found. It reports whether anything changed.
func (p *Pane) Update(msg tea.Msg) (tea.Cmd, bool) {
	m, ok := msg.(foundMsg)
	if !ok || m.p != p {
		return nil, false
	}
	ctx, goes := p.work.Goes(m.ticket)
	if !goes {
		return func() tea.Msg { m.seq.stop(); return nil }, false
	}
	for i := range m.hits {
		p.take(&m.hits[i])
	}
	p.done, p.total = max(p.done, m.done), max(p.total, m.total)
	p.layout()
	switch {
	case m.ended:
		p.work.Stop()
		if p.end, p.err = whole, m.err; m.err == nil {
			p.done = p.total
		}
		return nil, true
	case p.kept >= most || p.hits >= mostSeen:
		p.work.Stop()
		p.end = full
		return func() tea.Msg { m.seq.stop(); return nil }, true
	}
	return p.more(ctx, m.ticket, m.seq), true
}

// take keeps a hit.
func (p *Pane) take(f *eventlog.Finding) {
	s, ok := p.view.Catalog.Session(f.Session)
	if !ok || p.kept >= most || p.hits >= mostSeen { // however much came at once
		return
	}
	g := p.by[s]
	if g == nil {
		g = &group{session: s, shut: p.shut}
		p.by[s] = g
		at, _ := slices.BinarySearchFunc(p.groups, g, func(a, b *group) int { return p.rank[a.session.Sym] - p.rank[b.session.Sym] })
		p.groups = slices.Insert(p.groups, at, g)
	}
	g.count++
	p.hits++
	if len(g.hits) < mostOfOne {
		g.hits = append(g.hits, *f)
		p.kept++
	}
}

// layout makes the rows, and keeps the one that is selected.
func (p *Pane) layout() {
	before, at := p.at(), p.list.Cursor()
	p.lines = p.lines[:0]
	for _, g := range p.groups {
		p.lines = append(p.lines, line{g, -1})
		if g.shut {
			continue
		}
		for i := range g.hits {
			p.lines = append(p.lines, line{g, i})
		}
	}
	p.list.SetLen(len(p.lines))
	if at <= 0 || before == nil {
		return // who has not moved stays at the top
	}
	was := *before
	if was.group.shut {
		was.hit = -1
	}
	if i := slices.Index(p.lines, was); i >= 0 {
		p.list.Keep(i)
	}
}

// at returns the row that is selected, or nil.
func (p *Pane) at() *line {
	if i := p.list.Cursor(); i >= 0 && i < len(p.lines) {
		l := p.lines[i]
		return &l
	}
	return nil
}

// Show takes a new view: what is searched may have become something else.
func (p *Pane) Show(v *overview.View) tea.Cmd {
	p.view = v
	by := make(map[*eventlog.Session]*group, len(p.groups))
	for _, g := range p.groups {
		if s := v.Catalog.BySym(g.session.Sym); s != nil {
			g.session = s
		}
		by[g.session] = g
	}
	p.by = by
	loaded := p.early && !v.Catalog.Progress.Loading
	if len(p.words) > 0 && (p.wanted || loaded || p.scope != scopeOf(v)) {
		return p.begin(0)
	}
	return nil
}

// Selected returns the session that the cursor is in, or nil.
func (p *Pane) Selected() *eventlog.Session {
	if l := p.at(); l != nil {
		return l.group.session
	}
	return nil
}

// Do does an action. It reports whether the action was one for the page.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	l := p.at()
	switch a {
	case keymap.Open:
		if len(p.words) == 0 {
			return p.Arrive(), true
		}
		return p.open(l), true
	case keymap.Refresh:
		return p.begin(0), true
	case keymap.NextNeed, keymap.PrevNeed:
		d := 1
		if a == keymap.PrevNeed {
			d = -1
		}
		p.step(d * max(1, n))
	case keymap.FoldAll, keymap.UnfoldAll:
		p.shut = a == keymap.FoldAll
		for _, g := range p.groups {
			g.shut = p.shut
		}
		p.layout()
	case keymap.Fold, keymap.FoldShut, keymap.FoldOpen:
		p.fold(a, l)
	default:
		return nil, p.list.Do(a, n)
	}
	return nil, true
}

func (p *Pane) fold(a keymap.Action, l *line) {
	switch {
	case l == nil:
	case a == keymap.FoldShut && l.hit >= 0:
		p.list.To(slices.Index(p.lines, line{l.group, -1}))
	case a == keymap.FoldOpen && !l.group.shut:
		p.list.Move(1)
	default:
		l.group.shut = a == keymap.FoldShut || a == keymap.Fold && !l.group.shut
		p.layout()
		p.list.To(slices.Index(p.lines, line{l.group, -1}))
	}
}

// step goes to the next hit but so many, unfolding the session that it is in.
func (p *Pane) step(d int) {
	l := p.at()
	if l == nil || p.kept == 0 {
		return
	}
	at := 0 // of all hits that are kept, the one that is selected
	for _, g := range p.groups {
		if g == l.group {
			break
		}
		at += len(g.hits)
	}
	switch {
	case l.hit >= 0:
		at += l.hit
	case d > 0:
		at-- // the first of this session is next
	}
	at = ((at+d)%p.kept + p.kept) % p.kept
	for _, g := range p.groups {
		if at >= len(g.hits) {
			at -= len(g.hits)
			continue
		}
		if g.shut {
			g.shut = false
			p.layout()
		}
		p.list.To(slices.Index(p.lines, line{g, at}))
		return
	}
}

// open goes to the step of a hit, or to a session.
func (p *Pane) open(l *line) tea.Cmd {
	if l == nil {
		return nil
	}
	to := visit.Msg{Session: l.group.session}
	if l.hit >= 0 {
		hit := l.group.hits[l.hit]
		to.Record = &hit
	}
	return visit.To(to)
}

// Click selects a row; a second click opens it.
func (p *Pane) Click(_, y int) tea.Cmd {
	i := p.list.Top() + y - heads
	if y < heads || i >= len(p.lines) || y-heads >= p.list.Height() {
		return nil
	}
	if i == p.list.Cursor() {
		return p.open(&p.lines[i])
	}
	p.list.To(i)
	return nil
}

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) tea.Cmd {
	p.list.Scroll(d)
	return nil
}

// Back stops the search. It reports whether one was under way.
func (p *Pane) Back() bool {
	if !p.work.Busy() {
		return false
	}
	p.work.Stop()
	p.end = stopped
	return true
}

// Scopes are those of pages.
func (p *Pane) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Pages} }

// Hints are the keys that matter here.
func (p *Pane) Hints() []keymap.Action {
	if len(p.groups) == 0 {
		return []keymap.Action{keymap.GoSearch, keymap.Filter, keymap.Period, keymap.Back}
	}
	return []keymap.Action{keymap.Open, keymap.GoSearch, keymap.Fold, keymap.Filter, keymap.Period, keymap.Refresh, keymap.Copy, keymap.Back}
}

// Close ends the search.
func (p *Pane) Close() { p.work.Stop() }
