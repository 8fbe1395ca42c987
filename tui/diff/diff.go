package diff

import (
	"context"
	"sort"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/eventlog/textdiff"
	"github.com/lazytrace/lazytrace/rollup/compare"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/list"
	"github.com/lazytrace/lazytrace/tui/menu"
	"github.com/lazytrace/lazytrace/tui/prose"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// Pane is the comparison.
type Pane struct {
	ctx  context.Context
	of   *Subject
	zone *time.Location
	flip bool // the sides have changed places

	lay    *layout
	list   list.List
	words  map[word]said
	laying job.Job
	naming job.Job

	text    *prose.Page
	about   about // what the text is about
	scroll  int
	lines   bool // compare texts by lines
	reading job.Job

	width, height int
	grow          int
	at            parts
}

// word names what an item of a side says.
type word struct {
	side int
	item int32
}

// said is an item in a few words.
type said struct {
	kind talk.Kind
	lead string // the tool, the agent
	text string
	more string // its beginning at length, to tell it from another
	cost string
	took string
	bad  bool
}

// about is what the text below is about.
type about struct {
	pair  int32 // -1 is none
	lines bool
	flip  bool
	width int
}

// New returns the pane of a subject, at the first divergence. Times are told in a
// zone.
func New(ctx context.Context, of *Subject, zone *time.Location) *Pane {
	p := &Pane{ctx: ctx, of: of, zone: zone, words: map[word]said{}, about: about{pair: -1}}
	p.lay = of.lay(false, nil)
	p.list.SetLen(len(p.lay.rows))
	return p
}

type laidMsg struct {
	p      *Pane
	ticket job.Ticket
	lay    *layout
}

type namedMsg struct {
	p      *Pane
	ticket job.Ticket
	words  map[word]said
}

type textMsg struct {
	p      *Pane
	ticket job.Ticket
	about  about
	page   *prose.Page
}

// side returns which side is shown at the left, 0, or at the right, 1.
func (p *Pane) side(i int) int {
	if p.flip {
		return 1 - i
	}
	return i
}

// item returns the item of a pair at the left or right, or -1.
func (p *Pane) item(pair *compare.Pair, i int) int32 {
	return [2]int32{pair.ItemA, pair.ItemB}[p.side(i)]
}

// First goes to the first divergence.
func (p *Pane) First() tea.Cmd {
	if d := p.of.first; d != nil {
		p.list.To(p.lay.row(int32(d.Pair)))
	}
	return p.moved()
}

// Resize says how much room there is.
func (p *Pane) Resize(width, height int) tea.Cmd {
	first := p.width == 0
	p.width, p.height = width, height
	p.divide()
	if first {
		return p.First()
	}
	return p.moved()
}

// selected returns the row under the cursor.
func (p *Pane) selected() (entry, bool) {
	if i := p.list.Cursor(); i >= 0 && i < len(p.lay.rows) {
		return p.lay.rows[i], true
	}
	return entry{}, false
}

// Update takes what the pane's commands found.
func (p *Pane) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case laidMsg:
		if msg.p != p {
			return nil, false
		}
		if fresh, _ := p.laying.Land(msg.ticket); !fresh {
			return nil, false
		}
		at, ok := p.selected()
		p.lay = msg.lay
		p.divide()
		p.list.SetLen(len(p.lay.rows))
		if ok {
			p.list.Keep(p.lay.row(at.from))
		}
		return p.moved(), true
	case namedMsg:
		if msg.p != p {
			return nil, false
		}
		if fresh, _ := p.naming.Land(msg.ticket); !fresh {
			return nil, false
		}
		const most = 5000
		if len(p.words) > most {
			clear(p.words)
		}
		for k, v := range msg.words {
			p.words[k] = v
		}
		return p.name(), true
	case textMsg:
		if msg.p != p {
			return nil, false
		}
		if fresh, _ := p.reading.Land(msg.ticket); !fresh {
			return nil, false
		}
		if msg.about.pair != p.about.pair {
			p.scroll = 0
		}
		p.text, p.about = msg.page, msg.about
		p.scrollText(0)
		return nil, true
	}
	return nil, false
}

// moved asks for what the screen lacks.
func (p *Pane) moved() tea.Cmd { return tea.Batch(p.name(), p.read()) }

// name asks for the words of the visible rows that have none yet.
func (p *Pane) name() tea.Cmd {
	from, to := p.list.Visible()
	var items [2][]int
	for i := from; i < min(to, len(p.lay.rows)); i++ {
		e := p.lay.rows[i]
		if e.fold() {
			continue
		}
		pair := &p.of.c.Pairs[e.from]
		for side, item := range []int32{pair.ItemA, pair.ItemB} {
			if _, ok := p.words[word{side, item}]; item >= 0 && !ok {
				items[side] = append(items[side], int(item))
			}
		}
	}
	if len(items[0])+len(items[1]) == 0 {
		return nil
	}
	ctx, ticket, ok := p.naming.Start(p.ctx)
	if !ok {
		return nil
	}
	of := p.of
	return func() tea.Msg {
		out := map[word]said{}
		for side := range items {
			all, err := of.sides[side].list.Read(ctx, of.sides[side].log, items[side]...)
			for k, item := range items[side] {
				w := word{side, int32(item)}
				if err != nil || k >= len(all) {
					out[w] = said{kind: of.sides[side].list.Items[item].Kind, text: "cannot be read"}
					continue
				}
				out[w] = few(&all[k])
			}
		}
		return namedMsg{p, ticket, out}
	}
}

// few says an item in a few words.
func few(s *talk.Said) said {
	w := said{kind: s.Kind, bad: s.Flags.Has(talk.Failed)}
	switch s.Kind {
	case talk.Tool:
		w.lead, w.text = s.Tool, s.Label
	case talk.Agent:
		w.lead, w.text = "agent", s.Who
	default:
		w.text = compare.Words(s)
		if w.text == "" {
			w.text = eventlog.Sentence(s.Joined(talk.Thought))
		}
	}
	const enough = 600
	if w.more = s.Joined(talk.Text); s.Kind == talk.Tool {
		w.more = w.text
	}
	w.more = frame.Clean(strings.Join(strings.Fields(w.more[:min(len(w.more), 4*enough)]), " "), enough)
	if s.Billed {
		b := &s.Bill
		switch b.Source {
		case eventlog.Recorded:
			w.cost = figure.Cost(b.Cost, 0, b.Count(), 0, 0)
		case eventlog.Estimated:
			w.cost = figure.Cost(0, b.Cost, b.Count(), 0, 0)
		}
	}
	if d := s.End.Sub(s.Time); s.Time.Known() && d > 0 {
		w.took = figure.Duration(d)
	}
	return w
}

// read asks for the changed text of the selected row.
func (p *Pane) read() tea.Cmd {
	e, ok := p.selected()
	if !ok || p.at.text.w == 0 {
		return nil
	}
	want := about{e.from, p.lines, p.flip, p.at.text.w - 4}
	if want == p.about && !p.reading.Busy() {
		return nil
	}
	ctx, ticket := p.reading.Restart(p.ctx)
	of, fold := p.of, e
	return func() tea.Msg { return textMsg{p, ticket, want, of.changed(ctx, fold, want)} }
}

// mostRows is how many rows of a text can be read.
const mostRows = 5000

// changed makes the text of a row.
func (s *Subject) changed(ctx context.Context, e entry, w about) *prose.Page {
	page := prose.New(w.width, mostRows)
	if e.fold() {
		page.Text(prose.Dim, figure.Plural(int64(e.to-e.from), "step")+" that are the same on both sides. enter shows them.")
		return page
	}
	pair := &s.c.Pairs[e.from]
	d, err := s.c.Difference(ctx, pair.ItemA, pair.ItemB)
	if err != nil {
		page.Text(prose.Bad, "cannot be read: "+err.Error())
		return page
	}
	if pair.Unseen {
		page.Text(prose.Dim, "The other log tells nothing of what lies within this step.")
	}
	if d.Of != "" {
		head := d.Of
		if d.Of == "text" && pair.Relation == compare.Changed && pair.Kind == talk.Assistant {
			head = "what the model said"
		}
		page.Text(prose.Dim, head)
		page.Changes(turned(d.Pieces, w))
		if d.Of == "arguments" && d.A != nil && d.B != nil {
			if a, b := came(d.A), came(d.B); a != b {
				page.Blank()
				page.Text(prose.Dim, "result")
				page.Changes(turned([]textdiff.Piece{{Kind: textdiff.Removed, Text: a}, {Kind: textdiff.Added, Text: b}}, w))
			}
		}
		return page
	}
	one := d.A
	if one == nil {
		one = d.B
	}
	switch {
	case pair.Relation == compare.Changed && pair.Kind == talk.Assistant:
		page.Text(prose.Dim, "Both say the same; the calls that follow are others.")
	case pair.Relation == compare.Equal:
		page.Text(prose.Dim, "The same on both sides.")
	}
	if one != nil {
		page.Blank()
		page.Body(one.Raw(talk.Arguments))
		page.Blank()
		page.Text(prose.Plain, came(one))
	}
	return page
}

// came is what an item says, or what came of a call.
func came(s *talk.Said) string {
	return strings.TrimSpace(s.Joined(talk.Failure) + "\n" + s.Joined(talk.Text) + "\n" + string(s.Raw(talk.Structure)))
}

// turned compares the texts of a difference by words or by lines, in the order in
// which the sides are shown.
func turned(pieces []textdiff.Piece, w about) []textdiff.Piece {
	var a, b strings.Builder
	for _, piece := range pieces {
		if piece.Kind != textdiff.Added {
			a.WriteString(piece.Text)
		}
		if piece.Kind != textdiff.Removed {
			b.WriteString(piece.Text)
		}
	}
	left, right := a.String(), b.String()
	if w.flip {
		left, right = right, left
	}
	if w.lines {
		return textdiff.Lines(left, right)
	}
	return textdiff.Words(left, right)
}

func (p *Pane) scrollText(d int) {
	rows := 0
	if p.text != nil {
		rows = len(p.text.Rows)
	}
	p.scroll = max(0, min(p.scroll+d, rows-max(1, p.at.text.h-1)))
}

// Do does an action.
func (p *Pane) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	switch a {
	case keymap.ChangeNext, keymap.ChangePrev, keymap.NextError, keymap.PrevError:
		rows, step := p.lay.changes, 1
		if a == keymap.NextError || a == keymap.PrevError {
			rows = p.lay.failed
		}
		if a == keymap.ChangePrev || a == keymap.PrevError {
			step = -1
		}
		for range max(1, n) {
			i := beside(rows, p.list.Cursor(), step)
			if i < 0 {
				return ask.Tell("there is no other one"), true
			}
			p.list.To(i)
		}
	case keymap.Equal, keymap.FoldAll, keymap.UnfoldAll:
		return p.relay(!p.lay.all, nil), true
	case keymap.Fold, keymap.FoldOpen, keymap.FoldShut:
		return p.fold(), true
	case keymap.TextMode:
		p.lines = !p.lines
	case keymap.SwapSides:
		p.flip = !p.flip
	case keymap.DetailDown:
		p.scrollText(max(1, n))
		return nil, true
	case keymap.DetailUp:
		p.scrollText(-max(1, n))
		return nil, true
	case keymap.Larger, keymap.Smaller:
		d := 1
		if a == keymap.Smaller {
			d = 2
		}
		p.grow = (p.grow + d) % 3
		p.divide()
	case keymap.Open:
		return p.open(), true
	case keymap.Copy:
		return p.copy(), true
	default:
		if !p.list.Do(a, n) {
			return nil, false
		}
	}
	return p.moved(), true
}

// relay folds or unfolds.
func (p *Pane) relay(all bool, open map[int32]bool) tea.Cmd {
	_, ticket := p.laying.Restart(p.ctx)
	of := p.of
	return func() tea.Msg { return laidMsg{p, ticket, of.lay(all, open)} }
}

// fold opens the selected stretch, or shuts the one that the cursor is in.
func (p *Pane) fold() tea.Cmd {
	e, ok := p.selected()
	if !ok {
		return nil
	}
	folds := p.of.c.Folds
	i := sort.Search(len(folds), func(i int) bool { return folds[i].To > int(e.from) })
	if i < len(folds) && folds[i].From <= int(e.from) {
		f := folds[i]
		open := map[int32]bool{}
		for k, v := range p.lay.open {
			open[k] = v
		}
		open[int32(f.From)] = e.fold()
		return p.relay(false, open)
	}
	return nil
}

// open goes to the selected step in its session.
func (p *Pane) open() tea.Cmd {
	e, ok := p.selected()
	switch {
	case !ok:
		return nil
	case e.fold():
		return p.fold()
	}
	pair := &p.of.c.Pairs[e.from]
	var items []menu.Item
	for i, letter := range []string{"a", "b"} {
		item := p.item(pair, i)
		if item < 0 {
			continue
		}
		s := &p.of.sides[p.side(i)]
		items = append(items, menu.Item{Key: letter, Text: s.session.Label(), Note: p.when(s), Do: func() tea.Cmd { return s.visit(item) }})
	}
	if len(items) == 1 {
		return items[0].Do()
	}
	return ask.Do(ask.Choice{Menu: menu.New("Open this step of", menu.ByLetter, items)})
}

// visit goes to an item. Its record is named as well as its span: the log is
// opened anew, and may be longer by then.
func (s *side) visit(item int32) tea.Cmd {
	span := s.list.Items[item].Span
	row := s.snap.Rows.At(int(s.snap.Span(span).First))
	at := &eventlog.Finding{Session: s.session.ID, Pos: row.Pos}
	if int(row.Segment) < len(s.snap.Paths) {
		at.Path = s.snap.Paths[row.Segment]
	}
	return visit.To(visit.Msg{Session: s.session, Span: span, Record: at})
}

// Scroll scrolls the steps.
func (p *Pane) Scroll(d int) tea.Cmd {
	p.list.Scroll(d)
	return p.moved()
}

// Wheel scrolls what lies under the pointer.
func (p *Pane) Wheel(x, y, steps int) tea.Cmd {
	if p.at.text.holds(x, y) {
		p.scrollText(3 * steps)
		return nil
	}
	return p.Scroll(3 * steps)
}

// Click selects a row; a second click opens it.
func (p *Pane) Click(x, y int) tea.Cmd {
	i := p.list.Top() + y - p.at.steps.y - 1
	if !p.at.steps.holds(x, y) || y == p.at.steps.y || i >= len(p.lay.rows) {
		return nil
	}
	if i == p.list.Cursor() {
		return p.open()
	}
	p.list.To(i)
	return p.moved()
}
