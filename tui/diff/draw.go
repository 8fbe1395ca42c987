package diff

import (
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/rollup/compare"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// rect is where a part lies.
type rect struct{ x, y, w, h int }

func (r rect) holds(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// parts are where the parts of the pane lie; those without room are empty.
type parts struct{ parting, sums, steps, text, totals rect }

// divide gives the parts their room: where they part on top, the steps, and below
// them the changed text, beside the totals where it is wide enough.
func (p *Pane) divide() {
	w, h := p.width, p.height
	p.at = parts{}
	top := 1
	switch {
	case p.of.first == nil:
	case h >= 24 && len(p.aside(0)) > 0:
		top = 4
	case h >= 14:
		top = 3
	}
	p.at.parting = rect{0, 0, w, min(h, top)}
	wide := w >= 100 && h >= 20
	y := top
	if !wide && h >= 12 {
		p.at.sums = rect{0, y, w, 1}
		y++
	}
	rest := max(0, h-y)
	low := 0
	if rest >= 10 {
		low = max(6, rest*9/20)
	}
	switch p.grow {
	case 1:
		low = rest * 3 / 4
	case 2:
		low = rest
	}
	if p.grow == 0 && low > 0 {
		low = max(low, rest-len(p.lay.rows)-2) // a short list needs no more than it has
	}
	p.at.steps = rect{0, y, w, rest - low}
	if low > 0 {
		p.at.text = rect{0, h - low, w, low}
		if wide {
			side := 46
			if w >= 150 {
				side = 52
			}
			p.at.text.w = w - side - 1
			p.at.totals = rect{w - side, h - low, side, low}
		}
	}
	p.list.Resize(p.at.steps.h - 1)
}

// Summary says in a few words how much is the same.
func (p *Pane) Summary() string {
	var n [4]int
	for i := range p.of.c.Pairs {
		n[p.of.c.Pairs[i].Relation]++
	}
	return fmt.Sprintf("%s equal  %s changed  %s only A  %s only B", figure.Count(int64(n[compare.Equal])), figure.Count(int64(n[compare.Changed])),
		figure.Count(int64(n[[2]compare.Relation{compare.OnlyA, compare.OnlyB}[p.side(0)]])), figure.Count(int64(n[[2]compare.Relation{compare.OnlyA, compare.OnlyB}[p.side(1)]])))
}

// Draw returns the rows of the pane.
func (p *Pane) Draw(t *theme.Theme) []string {
	rows := p.parting(t)
	if p.at.sums.h > 0 {
		rows = append(rows, p.strip(t))
	}
	if p.at.steps.h > 0 {
		rows = append(rows, frame.Fill(p.steps(t), p.width, p.at.steps.h)...)
	}
	switch {
	case p.at.totals.h > 0:
		rows = append(rows, frame.Beside(t, p.changed(t), p.totals(t))...)
	case p.at.text.h > 0:
		rows = append(rows, p.changed(t)...)
	}
	return frame.Fill(rows, p.width, p.height)
}

// causes say why two sessions part, in full and in a few words.
var causes = map[compare.Cause][2]string{
	compare.ModelAlone: {"all before it is the same: the model alone differs", "same context"},
	compare.InputApart: {"what it had been given differed already", "context differed"},
	compare.Hidden:     {"only system prompts or context, put in by programs, differed", "hidden context differed"},
	compare.Told:       {"they were told something else", "told otherwise"},
	compare.Returned:   {"the same call came to something else", "result differs"},
}

// parting says where the two first part.
func (p *Pane) parting(t *theme.Theme) []string {
	c, w, h := p.of.c, p.width, p.at.parting.h
	d := p.of.first
	if d == nil {
		l := frame.NewLine(w, "").Space(1).Put(t.Good.Bold(), t.Done+" No step differs").Space(2)
		return frame.Fill([]string{l.Put(t.Dim, fmt.Sprintf("all %d are equal", c.Equals)).String()}, w, h)
	}
	cause := causes[d.Cause]
	style := t.Warn
	if d.Cause == compare.ModelAlone {
		style = t.Good
	}
	title := "First divergence"
	before := "after " + figure.Plural(int64(p.equalBefore()), "equal step")
	why := cause[0]
	if w < 100 {
		why = cause[1]
	}
	if h == 1 {
		l := frame.NewLine(w, "").Put(t.Warn, " "+p.glyph(t, &c.Pairs[d.Pair], 0)+" ")
		return []string{l.Put(t.Dim, before+": ").Put(style, why).String()}
	}
	rows := []string{frame.Title(t, w, 0, title+", "+before, true, frame.Part{Style: style, Text: why})}
	for i := range 2 {
		l := frame.NewLine(w, "").Space(1).Put(p.letter(t, i), "AB"[i:i+1]).Space(2)
		text := p.of.did[p.side(i)]
		if room := l.Room() - 1; len(text) > room {
			text = unlike(t, text, p.of.did[p.side(1-i)], text)
		}
		rows = append(rows, l.Cell(t.Text, text, l.Room()-1).String())
	}
	if h > 3 {
		rows = append(rows, frame.NewLine(w, "").Space(4).Foreign(t.Dim, p.aside(w)).String())
	}
	return frame.Fill(rows, w, h)
}

// aside is what there is to say of the divergence besides, or nothing.
func (p *Pane) aside(width int) string {
	c := p.of.c
	switch {
	case c.Windowed:
		return "They differ too much to be aligned exactly: steps far from each other may be the same."
	case p.of.first != nil && p.of.first.Earlier >= 0:
		return "Their input differed first at step " + figure.Whole(int64(p.of.first.Earlier+1)) + "."
	case p.of.then[0] != "" || p.of.then[1] != "":
		room := max(10, (width-50)/2)
		return fmt.Sprintf("From step %s on something else is done: A %s; B %s", figure.Whole(int64(c.Decision.Pair+1)), frame.Short(p.of.then[p.side(0)], room), frame.Short(p.of.then[p.side(1)], room))
	}
	return ""
}

func (p *Pane) equalBefore() int {
	n := 0
	for i := range p.of.first.Pair {
		if p.of.c.Pairs[i].Relation == compare.Equal {
			n++
		}
	}
	return n
}

// letter is the colour of a side.
func (p *Pane) letter(t *theme.Theme, i int) theme.Style {
	if i == 0 {
		return t.Bad.Bold()
	}
	return t.Good.Bold()
}

// glyph is the sign of a pair at the left or right.
func (p *Pane) glyph(t *theme.Theme, pair *compare.Pair, i int) string {
	switch {
	case pair.Relation == compare.Equal:
		return "="
	case pair.Relation == compare.Changed:
		return "~"
	case p.item(pair, i) < 0:
		return " "
	case i == 0:
		return "-"
	}
	return "+"
}

// when says which of several runs of one name a session is.
func (p *Pane) when(s *side) string {
	text := ""
	if at := s.session.Began(); at.Known() {
		text = at.Time().In(p.zone).Format("Jan 2 15:04")
	}
	if s.model != "" {
		text = strings.TrimSpace(text + "  " + s.model)
	}
	return text
}

// steps draws the steps, two columns where it is wide enough.
func (p *Pane) steps(t *theme.Theme) []string {
	from, to := p.list.Visible()
	two := p.width >= 60
	left := p.width
	if two {
		left = (p.width - 1) / 2
	}
	heads := []string{p.head(t, 0, left)}
	if two {
		heads = frame.Beside(t, heads, []string{p.head(t, 1, p.width-left-1)})
	} else {
		at := frame.Part{Style: t.Dim, Text: fmt.Sprintf("%d/%d", p.list.Cursor()+1, len(p.lay.rows))}
		heads = []string{frame.Title(t, p.width, 0, "Steps", true, at)}
	}
	rows := heads
	for i := from; i < min(to, len(p.lay.rows)); i++ {
		e := p.lay.rows[i]
		selected := i == p.list.Cursor()
		switch {
		case e.fold():
			rows = append(rows, p.folded(t, e, selected, left, two))
		case !two:
			rows = append(rows, p.cell(t, &p.of.c.Pairs[e.from], p.only(e), selected, true, p.width))
		default:
			pair := &p.of.c.Pairs[e.from]
			rows = append(rows, frame.Beside(t, []string{p.cell(t, pair, 0, selected, true, left)}, []string{p.cell(t, pair, 1, selected, false, p.width-left-1)})...)
		}
	}
	if len(p.lay.rows) == 0 {
		rows = append(rows, frame.Fit(t.Dim, "  neither says anything", p.width))
	}
	return rows
}

// only returns the side to show of a row where there is room for one.
func (p *Pane) only(e entry) int {
	if p.item(&p.of.c.Pairs[e.from], 0) < 0 {
		return 1
	}
	return 0
}

// head names a side.
func (p *Pane) head(t *theme.Theme, i, width int) string {
	s := &p.of.sides[p.side(i)]
	sum := p.total(i)
	var right []frame.Part
	if cost := figure.Dollars(sum.Recorded, sum.Estimated, sum.Calls, sum.Unpriced, sum.AtLeast); cost != "" {
		right = append(right, frame.Part{Style: t.Bright, Text: cost})
	}
	right = append(right, frame.Part{Style: t.Text, Text: "  " + figure.Clock(sum.Wall)})
	if sum.Errors > 0 {
		right = append(right, frame.Part{Style: t.BadBold, Text: "  " + t.Failed + figure.Count(sum.Errors)})
	} else {
		right = append(right, frame.Part{Style: t.Good, Text: "  " + t.Done})
	}
	name := "AB"[i:i+1] + " " + p.when(s)
	if width >= 70 {
		name = "AB"[i:i+1] + " " + frame.Short(s.session.Label(), width-50) + "  " + p.when(s)
	}
	return frame.Title(t, width, 0, name, true, right...)
}

func (p *Pane) total(i int) *compare.Totals {
	if p.side(i) == 0 {
		return &p.of.c.A
	}
	return &p.of.c.B
}

func (p *Pane) folded(t *theme.Theme, e entry, selected bool, left int, two bool) string {
	text := figure.Plural(int64(e.to-e.from), "equal step")
	a := frame.Row(t, left, selected, true).Put(t.Faint, "=").Space(1).Put(t.Dim, t.Shut+" "+text).Space(1)
	a.Put(t.Faint, strings.Repeat(t.Wait, max(0, a.Room()-1)))
	if !two {
		return a.String()
	}
	width := p.width - left - 1
	back := theme.Style("")
	if selected {
		back = t.Select
	}
	b := frame.NewLine(width, back).Space(1).Put(t.Faint, "=").Space(1)
	b.Put(t.Faint, strings.Repeat(t.Wait, max(0, b.Room()-1)))
	return frame.Beside(t, []string{a.String()}, []string{b.String()})[0]
}

// cell draws one side of a pair.
func (p *Pane) cell(t *theme.Theme, pair *compare.Pair, i int, selected, first bool, width int) string {
	back := theme.Style("")
	if selected {
		back = t.Select
	}
	l := frame.NewLine(width, back)
	if first {
		l = frame.Row(t, width, selected, true)
	} else {
		l.Space(1)
	}
	item := p.item(pair, i)
	if item < 0 {
		return l.String()
	}
	sign := map[compare.Relation]theme.Style{compare.Equal: t.Faint, compare.Changed: t.Warn.Bold(), compare.OnlyA: t.Bad.Bold(), compare.OnlyB: t.Good.Bold()}[pair.Relation]
	if i == 0 && pair.Relation == compare.OnlyB {
		sign = t.Bad.Bold()
	} else if i == 1 && pair.Relation == compare.OnlyA {
		sign = t.Good.Bold()
	}
	glyph := p.glyph(t, pair, i)
	l.Put(sign, glyph).Space(1).Space(2 * min(int(pair.Depth), 8))
	w, ok := p.words[word{p.side(i), item}]
	if !ok {
		return l.Put(t.Dim, t.More).String()
	}
	text := t.Text
	if pair.Relation == compare.Equal {
		text = t.Dim
	} else if other := p.item(pair, 1-i); other >= 0 {
		w.text = p.apart(t, w, p.words[word{p.side(1 - i), other}])
	}
	if w.bad {
		l.Put(t.BadBold, t.Failed+" ")
	}
	costs, times := 0, 0
	if width >= 44 {
		times = 6
	}
	if width >= 52 {
		costs = 7
	}
	room := max(1, l.Room()-costs-times-1)
	end := l.Used() + room
	switch w.kind {
	case talk.Tool:
		l.Foreign(dimmed(t, t.Tool, pair), w.lead).Space(1)
	case talk.Agent:
		l.Put(t.Agent, t.Shut+" agent ")
	case talk.User, talk.Task:
		l.Put(t.Human, map[bool]string{true: "you ", false: "task "}[w.kind == talk.User])
	case talk.Assistant:
		if w.text == "" {
			w.text, text = "calls tools", t.Dim
		} else if pair.Relation != compare.Equal {
			text = t.Model
		}
	default:
		l.Put(t.Dim, w.kind.String()+" ")
	}
	l.Cell(text, w.text, max(0, end-l.Used())).To(end)
	if costs > 0 {
		l.Right(text, w.cost, costs)
	}
	if times > 0 {
		l.Right(t.Dim, w.took, times)
	}
	return l.String()
}

// apart returns what an item says from where it says something else than the other
// one, where both begin with the same words.
func (p *Pane) apart(t *theme.Theme, w, other said) string {
	return unlike(t, w.more, other.more, w.text)
}

// unlike returns a text from where it is another than the other one, or else what
// it is called.
func unlike(t *theme.Theme, text, other, called string) string {
	n, from := 0, 0
	for n < len(text) && n < len(other) && text[n] == other[n] {
		if n++; text[n-1] == ' ' {
			from = n
		}
	}
	const worth = 16 // letters that are worth leaving out
	if from < worth || n == len(text) && n == len(other) {
		return called
	}
	return t.More + " " + text[from:]
}

func dimmed(t *theme.Theme, s theme.Style, pair *compare.Pair) theme.Style {
	if pair.Relation == compare.Equal {
		return t.Dim
	}
	return s
}

// changed draws the changed text of the selected row.
func (p *Pane) changed(t *theme.Theme) []string {
	w, h := p.at.text.w, p.at.text.h
	mode := "words"
	if p.lines {
		mode = "lines"
	}
	right := []frame.Part{{Style: t.Dim, Text: mode}}
	if p.text != nil && len(p.text.Rows) > h-1 {
		right = []frame.Part{{Style: t.Dim, Text: fmt.Sprintf("%d/%d  %s", min(len(p.text.Rows), p.scroll+h-1), len(p.text.Rows), mode)}}
	}
	title := "Text"
	if e, ok := p.selected(); ok && !e.fold() {
		title = "Step " + figure.Whole(int64(e.from)+1) + ", " + p.state(&p.of.c.Pairs[e.from])
	}
	rows := []string{frame.Title(t, w, 0, title, false, right...)}
	if p.text == nil {
		return frame.Fill(append(rows, frame.Fit(t.Dim, "  Reading"+t.More, w)), w, h)
	}
	for i := p.scroll; i < min(len(p.text.Rows), p.scroll+h-1); i++ {
		l := frame.NewLine(w, "").Space(2)
		p.text.Rows[i].Put(l, t, nil)
		rows = append(rows, l.String())
	}
	return frame.Fill(rows, w, h)
}

// state says what is different of a pair.
func (p *Pane) state(pair *compare.Pair) string {
	switch {
	case pair.Relation == compare.Equal:
		return "equal"
	case pair.Relation == compare.Changed && pair.Parts == compare.Result:
		return "another result"
	case pair.Relation == compare.Changed:
		return "changed"
	case p.item(pair, 0) >= 0:
		return "only A"
	}
	return "only B"
}

// figureRow is one figure of both sides.
type figureRow struct {
	name, a, b, delta string
	more              int // it grew or fell, where less is better; zero is neither
}

// figures are the totals of both, and what they differ by.
func (p *Pane) figures() []figureRow {
	a, b := p.total(0), p.total(1)
	var out []figureRow
	share := func(x, y int64) (string, int) {
		switch {
		case x == y:
			return "=", 0
		case x == 0:
			return "new", 1
		}
		more := 1
		if y < x {
			more = -1
		}
		if y > 10*x {
			return figure.Count(y/x) + "-fold", more
		}
		d := float64(y-x) / float64(x) * 100
		if d > -0.5 && d < 0.5 {
			return "<1%", 0
		}
		return fmt.Sprintf("%+.0f%%", d), more
	}
	cost := func(t *compare.Totals) string {
		return figure.Dollars(t.Recorded, t.Estimated, t.Calls, t.Unpriced, t.AtLeast)
	}
	delta, more := share(int64(a.Cost()), int64(b.Cost()))
	if a.Unpriced+b.Unpriced > 0 && a.Cost() == b.Cost() {
		delta, more = "", 0
	}
	out = append(out, figureRow{"cost", cost(a), cost(b), delta, more})
	money := func(name string, x, y eventlog.Money) {
		if x != 0 || y != 0 {
			d, m := share(int64(x), int64(y))
			out = append(out, figureRow{"  " + name, "$" + figure.Money(x), "$" + figure.Money(y), d, m})
		}
	}
	if a.Recorded+b.Recorded != 0 && a.Estimated+b.Estimated != 0 {
		money("recorded", a.Recorded, b.Recorded)
		money("estimated", a.Estimated, b.Estimated)
	} else {
		source := "recorded"
		if a.Estimated+b.Estimated != 0 {
			source = "estimated"
		}
		if a.Cost()+b.Cost() != 0 {
			out[0].name = "cost, " + source
		}
	}
	count := func(name string, x, y int64, always bool) {
		if !always && x == 0 && y == 0 {
			return
		}
		d, m := "=", 0
		if x < y {
			d, m = "+"+figure.Count(y-x), 1
		} else if x > y {
			d, m = "-"+figure.Count(x-y), -1
		}
		out = append(out, figureRow{name, figure.Count(x), figure.Count(y), d, m})
	}
	count("  without price", a.Unpriced, b.Unpriced, false)
	d, m := share(int64(a.Wall), int64(b.Wall))
	out = append(out, figureRow{"wall", figure.Clock(a.Wall), figure.Clock(b.Wall), d, m})
	count("model calls", a.Calls, b.Calls, true)
	count("  copied", a.Copied, b.Copied, false)
	count("tool calls", a.ToolCalls, b.ToolCalls, true)
	count("  failed", a.ToolErrors, b.ToolErrors, true)
	count("errors", a.Errors, b.Errors, true)
	d, m = share(a.Usage.Total(), b.Usage.Total())
	out = append(out, figureRow{"tokens", figure.Count(a.Usage.Total()), figure.Count(b.Usage.Total()), d, m})
	if a.Usage.Context()+b.Usage.Context() > 0 {
		x, y := a.Usage.HitRate()*100, b.Usage.HitRate()*100
		row := figureRow{"from cache", fmt.Sprintf("%.0f%%", x), fmt.Sprintf("%.0f%%", y), fmt.Sprintf("%+.0f pt", y-x), 0}
		if fmt.Sprintf("%.0f", x) == fmt.Sprintf("%.0f", y) {
			row.delta = "="
		}
		out = append(out, row)
	}
	if a.Outcome != eventlog.OutcomeUnknown || b.Outcome != eventlog.OutcomeUnknown {
		row := figureRow{"outcome", a.Outcome.String(), b.Outcome.String(), "", 0}
		if a.Outcome == b.Outcome {
			row.delta = "="
		}
		out = append(out, row)
	}
	for _, name := range names(a.Metrics, b.Metrics) {
		x, inA := a.Metrics[name]
		y, inB := b.Metrics[name]
		row := figureRow{name: name, a: measure(x, inA), b: measure(y, inB)}
		if inA && inB {
			if row.delta = fmt.Sprintf("%+.3g", y-x); x == y {
				row.delta = "="
			}
		}
		out = append(out, row)
	}
	return out
}

// totals draws the figures of both.
func (p *Pane) totals(t *theme.Theme) []string {
	w, h := p.at.totals.w, p.at.totals.h
	rows := []string{frame.Title(t, w, 0, "Totals", false, frame.Part{Style: t.Dim, Text: "B - A"})}
	rows = append(rows, frame.NewLine(w, "").Space(1).Space(16).Right(p.letter(t, 0), "A", (w-18)/3).Right(p.letter(t, 1), "B", (w-18)/3).String())
	for _, r := range p.figures() {
		name := strings.TrimLeft(r.name, " ")
		indent := len(r.name) - len(name)
		l := frame.NewLine(w, "").Space(1+indent).Cell(t.Dim, name, 16-indent)
		l.Right(t.Text, frame.Short(r.a, (w-18)/3-1), (w-18)/3).Right(t.Bright, frame.Short(r.b, (w-18)/3-1), (w-18)/3)
		l.Right(gain(t, r.more), r.delta, l.Room()-1)
		rows = append(rows, l.String())
	}
	return frame.Fill(rows, w, h)
}

// strip draws the most important of them in one row.
func (p *Pane) strip(t *theme.Theme) string {
	l := frame.NewLine(p.width, "").Space(1)
	for _, r := range p.figures() {
		name, _, _ := strings.Cut(r.name, ",")
		if strings.HasPrefix(r.name, "  ") || r.a == r.b {
			continue
		}
		text := r.a + t.To + r.b
		if l.Room() < frame.Width(name)+frame.Width(text)+frame.Width(r.delta)+5 {
			continue
		}
		l.Put(t.Dim, name+" ").Foreign(t.Text, text).Space(1).Put(gain(t, r.more), r.delta).Space(3)
	}
	return l.String()
}

func gain(t *theme.Theme, more int) theme.Style {
	switch {
	case more > 0:
		return t.Warn
	case more < 0:
		return t.Good
	}
	return t.Dim
}

func measure(v float64, is bool) string {
	if !is {
		return "-"
	}
	return fmt.Sprintf("%.4g", v)
}
