package chat

import (
	"sort"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// edge is how wide the cost ruler is, with the space before it.
func (p *Pane) edge() int {
	switch {
	case p.width >= 110:
		return 18
	case p.width >= 70:
		return 11
	}
	return 0
}

// widest is how wide a text may be: longer rows are hard to read.
const widest = 120

// body is how wide the rows of items are, without the cursor.
func (p *Pane) body() int { return max(4, min(p.width-p.edge()-4, widest)) }

// Draw returns the pane's rows.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	title := "Chat"
	if r := last(p.root); r >= 0 {
		title += "  " + t.Crumb + "  " + p.agent(r)
	}
	rows := []string{frame.Title(t, p.width, number, title, active, p.state(t)...)}
	switch {
	case p.err != nil:
		rows = append(rows, frame.Message(p.width, p.height-1, frame.Part{Style: t.BadBold, Text: t.Failed + " The conversation cannot be read."}, frame.Part{Style: t.Text, Text: frame.Clean(p.err.Error(), 2*p.width)})...)
		return frame.Fill(rows, p.width, p.height)
	case p.c == nil:
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, frame.Part{Style: t.Text, Text: "Reading" + t.More})...), p.width, p.height)
	case len(p.order) == 0 && p.laying.Busy():
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, frame.Part{Style: t.Text, Text: "Reading" + t.More})...), p.width, p.height)
	case p.mute():
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, frame.Part{Style: t.Bright, Text: "Nobody says anything here."}, frame.Part{Style: t.Dim, Text: "The Events tab lists what the log holds."})...), p.width, p.height)
	}
	var words []string
	if p.lines != nil {
		words = p.lines.View.Query.Words()
	}
	edge := p.ruler(t)
	width := p.width - p.edge()
	at := -p.skip
	for pos := p.top; pos < len(p.order) && at < p.rows(); pos++ {
		i := int(p.order[pos])
		page := p.pages[keyOf(&p.c.list.Items[i])]
		if page == nil {
			if at >= 0 {
				rows = append(rows, p.unread(t, i, pos == p.cursor, active, width)+edge[at])
			}
			at++
			continue
		}
		for _, r := range page.rows {
			if at >= 0 && at < p.rows() {
				rows = append(rows, p.row(t, r, i, pos == p.cursor, active, words, width)+edge[at])
			}
			at++
		}
	}
	for ; at < p.rows(); at++ {
		if at >= 0 {
			rows = append(rows, frame.Fit(t.Dim, "", width)+edge[at])
		}
	}
	return frame.Fill(rows, p.width, p.height)
}

// mute reports whether nobody says anything.
func (p *Pane) mute() bool {
	const few = 64
	if len(p.order) > few {
		return false
	}
	for pos := range p.order {
		if !p.none(pos) {
			return false
		}
	}
	return true
}

// agent names what was dived into.
func (p *Pane) agent(i int) string {
	names := p.c.list.Snap.Symbols
	if it := &p.c.list.Items[i]; it.Kind == talk.Tool && it.Below > 0 {
		return names.Name(p.c.list.Items[i+1].Agent)
	}
	return names.Name(p.c.list.Items[i].Agent)
}

// state says what is folded and how far it has come.
func (p *Pane) state(t *theme.Theme) []frame.Part {
	if p.c == nil || len(p.order) == 0 {
		return nil
	}
	var parts []frame.Part
	say := func(on bool, what string) {
		if on && p.width >= 60 {
			parts = append(parts, frame.Part{Style: t.Title, Text: what + "  "})
		}
	}
	say(len(p.root) > 0, "esc leaves the agent")
	say(p.folds.thinking, "thinking")
	say(p.folds.tools, "tools")
	say(p.follow, "following")
	if len(p.hits) > 0 || p.lines != nil && p.lines.Matched != nil {
		parts = append(parts, frame.Part{Style: t.Warn, Text: figure.Plural(int64(len(p.hits)), "hit") + "  "})
	}
	return append(parts, frame.Part{Style: t.Dim, Text: figure.Whole(int64(p.item()+1)) + "/" + figure.Whole(int64(p.count()))})
}

// line begins a row of an item.
func (p *Pane) line(t *theme.Theme, i int, selected, marked, active bool, width int) *frame.Line {
	back := theme.Style("")
	if selected && marked {
		if back = t.Quiet; active {
			back = t.Select
		}
	}
	l := frame.NewLine(width, back)
	if selected {
		l.Put(t.Title, t.Cursor)
	}
	l.To(1)
	for range p.indent(i) {
		l.Put(t.Faint, t.Pipe)
	}
	return l.To(2 + 2*p.indent(i))
}

// unread draws an item that is not read yet.
func (p *Pane) unread(t *theme.Theme, i int, selected, active bool, width int) string {
	l := p.line(t, i, selected, true, active, width)
	return l.Put(t.Faint, p.c.list.Items[i].Kind.String()+" "+t.More).String()
}

func (p *Pane) row(t *theme.Theme, r row, i int, selected, active bool, words []string, width int) string {
	if r.blank {
		return p.line(t, i, false, false, active, width).String()
	}
	l := p.line(t, i, selected && (r.head || !r.hair), r.head, active, width)
	end := min(width-1, l.Used()+p.body()-2*p.indent(i))
	if r.hair {
		return p.hairline(t, l, r, end)
	}
	if r.head || r.sign != noSign {
		switch r.sign {
		case shut:
			l.Put(t.Dim, t.Shut+" ")
		case open:
			l.Put(t.Dim, t.Open+" ")
		case leaf:
			l.Put(t.Faint, t.Dot+" ")
		}
		if r.bad {
			l.Put(t.BadBold, t.Failed+" ")
		}
	} else {
		l.Space(2)
	}
	if !r.head {
		r.left.Put(l, t, words)
		return l.String()
	}
	tail := frame.Width(r.right)
	if r.cost != "" {
		tail += frame.Width(r.cost) + 2
	}
	if room := end - l.Used() - tail - 1; room < 12 {
		r.right, r.cost, tail = "", "", 0
	}
	field := frame.NewLine(max(0, end-l.Used()-tail-1), l.Back())
	r.left.Put(field, t, words)
	l.Join(field)
	if tail > 0 {
		l.To(end-tail).Put(t.Dim, r.right)
		if r.cost != "" {
			l.To(end-frame.Width(r.cost)).Put(t.Text, r.cost)
		}
	}
	return l.String()
}

// hairline draws what divides the conversation: a turn, a compaction, a fork.
func (p *Pane) hairline(t *theme.Theme, l *frame.Line, r row, end int) string {
	l.Put(t.Faint, t.Rule+" ")
	r.left.Put(l, t, nil)
	l.Space(1)
	tail := frame.Width(r.right) + frame.Width(r.cost)
	if r.right != "" && r.cost != "" {
		tail += 2
	}
	if end-l.Used() < tail+3 {
		r.right, tail = "", frame.Width(r.cost)
	}
	if n := end - l.Used() - tail - 1; n > 0 {
		l.Put(t.Faint, strings.Repeat(t.Rule, n))
	}
	if tail > 0 && l.Room() > tail {
		l.Space(1).Put(t.Dim, r.right)
		if r.cost != "" {
			if r.right != "" {
				l.Space(2)
			}
			l.Put(t.Bright, r.cost)
		}
	}
	return l.String()
}

// ruler draws the cost ruler: a bar for each stretch of the conversation, and at
// the one that the cursor is in what all of it up to there cost.
func (p *Pane) ruler(t *theme.Theme) []string {
	rows := make([]string, p.rows())
	w := p.edge()
	if w == 0 {
		return rows
	}
	blank := frame.NewLine(w, "").Space(1).Put(t.Faint, t.Wall).String()
	for i := range rows {
		rows[i] = blank
	}
	bars := p.c.bars
	if len(bars) == 0 || len(rows) < 4 {
		return rows
	}
	n := min(len(bars), len(rows)-2)
	top, now := eventlog.Money(0), 0
	costs := make([]eventlog.Money, n)
	at := sort.Search(len(bars), func(i int) bool { return int(bars[i].from) > p.item() }) - 1
	for k := range n {
		from, to := k*len(bars)/n, (k+1)*len(bars)/n
		for _, b := range bars[from:to] {
			costs[k] += b.cost
		}
		top = max(top, costs[k])
		if at >= from {
			now = k
		}
	}
	text := 8
	if w < 16 {
		text = 0
	}
	upto := p.c.sums[p.item()+1]
	if i := p.item(); i >= 0 && p.c.list.Items[i].Below > 0 && !p.folds.open(&p.c.list.Items[i]) {
		upto = p.c.sums[i+1+int(p.c.list.Items[i].Below)]
	}
	head := frame.NewLine(w, "").Space(1).Put(t.Faint, t.Wall+" ")
	if text == 0 {
		head.Put(t.Bright, upto.String())
	} else {
		head.Put(t.Dim, "COST").Right(t.Dim, p.c.sums[len(p.c.sums)-1].String(), head.Room())
	}
	rows[0] = head.String()
	for k := range n {
		l := frame.NewLine(w, "").Space(1)
		style := t.Dim
		if k == now {
			l.Put(t.Title, t.Wall+" ")
			style = t.Money
		} else {
			l.Put(t.Faint, t.Wall+" ")
		}
		share := 0.0
		if top > 0 {
			share = float64(costs[k]) / float64(top)
		}
		halves := int(share*float64(2*(w-4-text)) + 0.5)
		if costs[k] > 0 && halves == 0 {
			halves = 1
		}
		l.Put(style, strings.Repeat(t.Bar, halves/2))
		if halves%2 == 1 {
			l.Put(style, t.BarTail)
		}
		l.To(w - text)
		if k == now && text > 0 {
			l.Right(t.Bright, upto.String(), text)
		}
		rows[k+1] = l.String()
	}
	return rows
}
