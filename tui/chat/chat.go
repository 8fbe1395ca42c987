// Package chat is an opened session as a conversation: who said what, the calls
// of tools between, the agents that were started folded into one line each, and
// what it cost at the edge. What is said when is known from the index alone; only
// what is on the screen is read, in commands, and kept by item and width.
package chat

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/forest"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/opened"
)

// Pane is the conversation.
type Pane struct {
	ctx   context.Context
	log   eventlog.Log
	zone  *time.Location
	lines *forest.Lines
	last  *opened.Session // what is to be shown, once what is under way has ended
	c     *conversation
	err   error
	hits  []int32 // items that match the filter
	folds folds
	root  []int   // the items that were dived into
	order []int32 // what can be seen when scrolling, by item

	cursor, top, skip int // into order; skip is the rows of the top one above the screen
	way               int // in which direction the cursor went last
	follow            bool
	goal              eventlog.SpanID // to be selected when it is there
	pages             map[key]*page

	width, height int
	finding       job.Job
	laying        job.Job
	reading       job.Job
}

// New returns the conversation in a log. Times are told in a zone.
func New(ctx context.Context, log eventlog.Log, zone *time.Location) *Pane {
	return &Pane{ctx: ctx, log: log, zone: zone, way: 1, pages: map[key]*page{}}
}

type foundMsg struct {
	p      *Pane
	ticket job.Ticket
	lines  *forest.Lines
	c      *conversation
	hits   []int32
	order  []int32
	root   []int
	at     int // the item that was selected, or -1
	err    error
}

type laidMsg struct {
	p      *Pane
	ticket job.Ticket
	order  []int32
	goal   int // the item to select
	back   bool
}

type readMsg struct {
	p      *Pane
	ticket job.Ticket
	pages  map[key]*page
	err    error
}

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) tea.Cmd {
	y := p.anchor()
	p.width, p.height = width, height
	p.keep(y)
	return p.want()
}

// Show takes the session, whose filter it shares.
func (p *Pane) Show(s *opened.Session) tea.Cmd {
	p.last = s
	if s.Lines == p.lines {
		return nil
	}
	grew := p.lines == nil || s.Lines.Snap != p.lines.Snap
	ctx, ticket, ok := p.finding.Start(p.ctx)
	if !ok {
		return nil // once more when that has ended
	}
	lines, session, folds, c := s.Lines, s.Session, p.folds, p.c
	var at, root []key
	if i := p.item(); i >= 0 {
		at = append(at, keyOf(&c.list.Items[i]))
	}
	for _, i := range p.root {
		root = append(root, keyOf(&c.list.Items[i]))
	}
	return func() tea.Msg {
		msg := foundMsg{p: p, ticket: ticket, lines: lines, c: c, at: -1}
		if c == nil || grew {
			if msg.c, msg.err = read(ctx, lines.Snap, session); msg.err != nil {
				return msg
			}
		}
		msg.hits = msg.c.hits(lines)
		for _, k := range root {
			if i := msg.c.same(k); i >= 0 {
				msg.root = append(msg.root, i)
			}
		}
		msg.order = msg.c.order(ctx, folds, last(msg.root))
		if len(at) > 0 {
			msg.at = msg.c.same(at[0])
		}
		return msg
	}
}

// last returns the item that was dived into last, or -1.
func last(root []int) int {
	if len(root) == 0 {
		return -1
	}
	return root[len(root)-1]
}

// same finds an item of an earlier list, or -1.
func (c *conversation) same(k key) int {
	if int(k.span) >= len(c.at) || c.at[k.span] == 0 {
		return -1
	}
	// The items of one span are near each other, but for what it came to.
	for i := int(c.at[k.span] - 1); i < len(c.list.Items); i++ {
		if keyOf(&c.list.Items[i]) == k {
			return i
		}
	}
	return -1
}

// item returns the selected item, or -1.
func (p *Pane) item() int {
	if p.c != nil && p.cursor >= 0 && p.cursor < len(p.order) {
		return int(p.order[p.cursor])
	}
	return -1
}

// Update takes what the pane's commands found.
func (p *Pane) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case foundMsg:
		if msg.p != p {
			return nil, false
		}
		fresh, again := p.finding.Land(msg.ticket)
		if !fresh {
			return nil, false
		}
		cmd := p.found(msg)
		if again {
			cmd = tea.Batch(cmd, p.Show(p.last))
		}
		return cmd, true
	case laidMsg:
		if msg.p != p {
			return nil, false
		}
		if fresh, _ := p.laying.Land(msg.ticket); !fresh {
			return nil, false
		}
		y := p.anchor()
		p.order = msg.order
		if i, _ := slices.BinarySearch(p.order, int32(msg.goal)); msg.goal >= 0 {
			p.cursor = min(i, len(p.order)-1)
		}
		if msg.back {
			y = p.rows() / 3
		}
		p.keep(y)
		p.sight()
		return p.want(), true
	case readMsg:
		if msg.p != p {
			return nil, false
		}
		if fresh, _ := p.reading.Land(msg.ticket); !fresh {
			return nil, false
		}
		if p.err = msg.err; p.err != nil {
			return nil, true
		}
		y := p.anchor()
		const most = 3000
		if len(p.pages) > most {
			clear(p.pages)
		}
		for k, page := range msg.pages {
			p.pages[k] = page
		}
		p.keep(y)
		p.step(0)
		if p.follow {
			p.end()
		}
		return p.want(), true
	}
	return nil, false
}

func (p *Pane) found(msg foundMsg) tea.Cmd {
	if p.err = msg.err; msg.err != nil {
		return nil
	}
	if p.lines != nil && p.lines.Snap.Generation != msg.lines.Snap.Generation {
		clear(p.pages) // they are of other spans
	}
	y, first := p.anchor(), p.c == nil
	p.lines, p.c, p.hits, p.order, p.root = msg.lines, msg.c, msg.hits, msg.order, msg.root
	switch {
	case p.goal != 0:
		id := p.goal
		p.goal = 0
		return tea.Batch(p.Select(id), p.want())
	case p.follow:
		p.end()
	case first:
		p.cursor, p.top, p.skip = 0, 0, 0
	case msg.at >= 0:
		p.cursor, _ = slices.BinarySearch(p.order, int32(msg.at))
		p.cursor = min(p.cursor, len(p.order)-1)
		p.keep(y)
	default:
		p.keep(y)
	}
	return p.want()
}

// layout works out what is shown, and selects an item then.
func (p *Pane) layout(goal int, back bool) tea.Cmd {
	if p.c == nil {
		return nil
	}
	ctx, ticket := p.laying.Restart(p.ctx)
	c, folds, root := p.c, p.folds, last(p.root)
	return func() tea.Msg { return laidMsg{p, ticket, c.order(ctx, folds, root), goal, back} }
}

// want asks for the pages of what can be seen, and a little more, that are not
// there yet.
func (p *Pane) want() tea.Cmd {
	if p.c == nil || len(p.order) == 0 || p.height < 2 || p.width < 4 {
		return nil
	}
	const ahead = 12
	var items []int32
	var made []as
	rows, spare := -p.skip, 0
	for pos := p.top; pos < len(p.order) && spare < ahead; pos++ {
		if rows >= p.rows() {
			spare++
		}
		i := p.order[pos]
		as := p.as(int(i))
		if page := p.pages[keyOf(&p.c.list.Items[i])]; page == nil || page.as != as {
			items, made = append(items, i), append(made, as)
		}
		rows += p.tall(pos)
	}
	if len(items) == 0 {
		return nil
	}
	ctx, ticket := p.reading.Restart(p.ctx)
	m := maker{p.c, p.log, p.zone}
	return func() tea.Msg {
		pages, err := m.pages(ctx, items, made)
		return readMsg{p, ticket, pages, err}
	}
}

// as is what the page of an item is to be made for.
func (p *Pane) as(i int) as {
	it := &p.c.list.Items[i]
	a := as{
		width: p.body() - 2*p.indent(i), open: p.folds.open(it), thinking: p.folds.thinking, shut: p.folds.shut,
		records: int32(len(p.c.list.Rows(i))), flags: it.Flags, inside: it.Below, forked: i == p.c.forked,
	}
	if len(p.c.turns) > 1 && it.Depth == 0 {
		a.turn = p.c.turn(i)
	}
	return a
}

// deepest is how deep items are set in.
const deepest = 6

// indent is how deep an item lies within what is shown.
func (p *Pane) indent(i int) int {
	deep := int(p.c.list.Items[i].Depth)
	if r := last(p.root); r >= 0 {
		deep -= int(p.c.list.Items[r].Depth) + 1
		if r+1 < len(p.c.parent) && p.c.alone(r+1) {
			deep--
		}
	}
	// An agent that its call stands for has no line of its own.
	for at := p.c.parent[i]; at >= 0 && int(at) != last(p.root); at = p.c.parent[at] {
		if p.c.alone(int(at)) && int(p.c.parent[at]) != last(p.root) {
			deep--
		}
	}
	return max(0, min(deep, deepest, p.width/12))
}

// Do does an action.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	if p.c == nil {
		return nil, false
	}
	d := max(1, n)
	following := false
	switch a {
	case keymap.Down:
		p.step(d)
	case keymap.Up:
		p.step(-d)
	case keymap.DetailDown:
		p.scroll(d)
	case keymap.DetailUp:
		p.scroll(-d)
	case keymap.HalfDown:
		p.scroll(d * max(1, p.rows()/2))
	case keymap.HalfUp:
		p.scroll(-d * max(1, p.rows()/2))
	case keymap.PageDown:
		p.scroll(d * max(1, p.rows()-1))
	case keymap.PageUp:
		p.scroll(-d * max(1, p.rows()-1))
	case keymap.Top:
		p.cursor, p.top, p.skip, p.way = min(max(0, n-1), len(p.order)-1), 0, 0, 1
		p.step(0)
		p.sight()
	case keymap.End:
		p.end()
	case keymap.Follow:
		if following = !p.follow; following {
			p.end()
		}
	case keymap.NextError, keymap.PrevError:
		return p.seek(p.c.failed, a == keymap.NextError, "nothing else failed")
	case keymap.NextNeed, keymap.PrevNeed:
		return p.seek(p.hits, a == keymap.NextNeed, "there is no other hit: / sets the filter")
	case keymap.Thinking:
		p.folds.thinking = !p.folds.thinking
	case keymap.Tools:
		p.folds.tools = !p.folds.tools
		p.folds.one = nil
		return p.layout(p.item(), false), true
	case keymap.FoldAll:
		p.folds = folds{shut: true}
		return p.layout(p.top0(), false), true
	case keymap.UnfoldAll:
		p.folds = folds{thinking: true, tools: true, all: true}
		return p.layout(p.item(), false), true
	case keymap.Fold, keymap.FoldOpen, keymap.FoldShut:
		return p.fold(a), true
	case keymap.Open:
		return p.dive()
	default:
		return nil, false
	}
	p.follow = following
	return p.want(), true
}

// top0 is the item that stays selected when everything is folded: the outermost
// one that the selected one lies inside of.
func (p *Pane) top0() int {
	i := p.item()
	for i >= 0 && p.c.parent[i] >= 0 && int(p.c.parent[i]) != last(p.root) {
		i = int(p.c.parent[i])
	}
	return i
}

// fold folds or unfolds the selected item, or goes to the one that it lies in.
func (p *Pane) fold(a keymap.Action) tea.Cmd {
	i := p.item()
	if i < 0 {
		return nil
	}
	it := &p.c.list.Items[i]
	open := p.folds.open(it)
	switch {
	case a == keymap.FoldShut && !open:
		up := int(p.c.parent[i])
		if up >= 0 && p.c.alone(up) {
			up = int(p.c.parent[up])
		}
		if up < 0 || up == last(p.root) {
			return nil
		}
		p.cursor, _ = slices.BinarySearch(p.order, int32(up))
		p.sight()
		return p.want()
	case a == keymap.FoldOpen && open:
		p.step(1)
		return p.want()
	}
	p.folds = p.folds.with(keyOf(it), !open)
	p.follow = false
	if it.Below == 0 {
		return p.want()
	}
	return p.layout(i, false)
}

// dive shows what an agent said by itself. What is no agent is not done here.
func (p *Pane) dive() (tea.Cmd, bool) {
	i := p.item()
	if i < 0 || p.c.list.Items[i].Below == 0 {
		return nil, false
	}
	p.root = append(slices.Clip(p.root), i)
	p.cursor, p.top, p.skip, p.way, p.follow = 0, 0, 0, 1, false
	p.order = nil
	return p.layout(i+1, false), true
}

// Back leaves nothing by itself: see Leave.
func (p *Pane) Back() bool { return false }

// Leave goes back to the conversation around the agent that was dived into. It
// reports whether there was one.
func (p *Pane) Leave() (tea.Cmd, bool) {
	n := len(p.root)
	if n == 0 {
		return nil, false
	}
	i := p.root[n-1]
	p.root = slices.Clip(p.root[:n-1])
	return p.layout(i, true), true
}

// seek goes to the next of some items, unfolding what it lies in.
func (p *Pane) seek(items []int32, on bool, none string) (tea.Cmd, bool) {
	at, found := slices.BinarySearch(items, int32(p.item()))
	if on && found {
		at++
	} else if !on {
		at--
	}
	if at < 0 || at >= len(items) {
		if p.finding.Busy() {
			none = "none in what has been read so far"
		}
		return ask.Tell(none), true
	}
	p.follow = false
	return p.reveal(int(items[at])), true
}

// reveal selects an item, wherever it lies.
func (p *Pane) reveal(i int) tea.Cmd {
	if pos, ok := slices.BinarySearch(p.order, int32(i)); ok {
		p.cursor = pos
		p.sight()
		return p.want()
	}
	if p.c.alone(i) {
		return p.reveal(int(p.c.parent[i]))
	}
	for at := p.c.parent[i]; at >= 0; at = p.c.parent[at] {
		p.folds = p.folds.with(keyOf(&p.c.list.Items[at]), true)
	}
	if r := last(p.root); r >= 0 && (i <= r || i > r+int(p.c.list.Items[r].Below)) {
		p.root = nil
	}
	return p.layout(i, true)
}

// Select goes to the item of a span.
func (p *Pane) Select(id eventlog.SpanID) tea.Cmd {
	if p.c == nil {
		p.goal = id
		return nil
	}
	if i := p.c.find(id); i >= 0 && p.c.list.Items[i].Span != p.Selected() {
		p.follow = false
		return p.reveal(i)
	}
	return nil
}

// Selected returns the span of the selected item, or zero.
func (p *Pane) Selected() eventlog.SpanID {
	if i := p.item(); i >= 0 {
		return p.c.list.Items[i].Span
	}
	return 0
}

// Following reports whether the cursor stays at the end.
func (p *Pane) Following() bool { return p.follow }

// Scopes are those of the pane, and of the tree, whose filters it shares.
func (p *Pane) Scopes() []keymap.Scope { return []keymap.Scope{keymap.Chat, keymap.Trace} }

// Hints are the keys that matter here.
func (p *Pane) Hints() []keymap.Action {
	return []keymap.Action{keymap.Open, keymap.Fold, keymap.Tools, keymap.Thinking, keymap.NextError, keymap.Filter, keymap.TabNext, keymap.Diff, keymap.Follow, keymap.Copy}
}

// Close ends nothing: commands end with the session.
func (p *Pane) Close() {}

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) tea.Cmd {
	p.follow = false
	p.scroll(d)
	return p.want()
}

// Click selects the item at y, which counts from the title; a second click folds
// or unfolds it.
func (p *Pane) Click(_, y int) tea.Cmd {
	rows := 1 - p.skip
	for pos := p.top; pos < len(p.order) && rows <= y; pos++ {
		n := p.tall(pos)
		if y >= max(1, rows) && y < rows+n {
			p.follow = false
			if pos == p.cursor {
				return p.fold(keymap.Fold)
			}
			p.cursor = pos
			return p.want()
		}
		rows += n
	}
	return nil
}

// count says how many items there are.
func (p *Pane) count() int {
	if p.c == nil {
		return 0
	}
	return len(p.c.list.Items)
}
