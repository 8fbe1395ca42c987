// Package sessions is the tree of sessions, and of the runs within them, on the
// home screen. It knows the view that it is given, where the cursor is, and
// nothing of where sessions come from.
package sessions

import (
	"fmt"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/list"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Pane is the tree.
type Pane struct {
	list   list.List
	view   *overview.View
	key    string // of the selected row, so that it stays selected as rows come and go
	follow bool
	placed bool // somebody moved the cursor, or saw it where it is with all sessions there
	width  int
	height int
	// Marked is the id of the session that others are to be compared with.
	Marked string
}

// Resize says how much room there is, with the title and the column heads.
func (p *Pane) Resize(width, height int) {
	p.width, p.height = width, height
	p.list.Resize(height - 2)
}

// Show takes a new view and keeps the selection.
func (p *Pane) Show(v *overview.View) {
	p.view = v
	p.list.SetLen(len(v.Rows))
	if p.key == "" || p.follow || !p.placed {
		p.list.To(0) // what is found first while logs are read is not what is newest
		p.note()
		p.placed = p.placed || !v.Catalog.Progress.Loading
		return
	}
	if i := v.Index(p.key); i >= 0 {
		p.list.Keep(i)
	}
	p.note()
}

// Selected returns the selected row, or nil.
func (p *Pane) Selected() *overview.Row {
	if i := p.list.Cursor(); p.view != nil && i >= 0 && i < len(p.view.Rows) {
		return &p.view.Rows[i]
	}
	return nil
}

// Follow reports whether the cursor stays at what is newest.
func (p *Pane) Follow() bool { return p.follow }

// SetFollow makes the cursor stay at what is newest, or not.
func (p *Pane) SetFollow(yes bool) {
	if p.follow = yes; yes {
		p.list.To(0)
		p.note()
	}
}

func (p *Pane) note() {
	if r := p.Selected(); r != nil {
		p.key = r.Key
	}
}

// Do moves the cursor. It reports whether the action was one for the list.
func (p *Pane) Do(a keymap.Action, n int) bool {
	switch a {
	case keymap.NextError:
		p.seek(1, (*overview.Row).Erred)
	case keymap.PrevError:
		p.seek(-1, (*overview.Row).Erred)
	case keymap.NextNeed:
		p.queue(1)
	case keymap.PrevNeed:
		p.queue(-1)
	default:
		if !p.list.Do(a, n) {
			return false
		}
	}
	p.follow, p.placed = false, true
	p.note()
	return true
}

// seek goes to the next row that is wanted, round the end.
func (p *Pane) seek(step int, wanted func(*overview.Row) bool) {
	if p.view == nil {
		return
	}
	n := len(p.view.Rows)
	for i := 1; i <= n; i++ {
		at := ((p.list.Cursor()+i*step)%n + n) % n
		if wanted(&p.view.Rows[at]) {
			p.list.To(at)
			return
		}
	}
}

// queue goes on in the queue of what needs somebody, from the selected session
// or else from its beginning, to the next one that has a row.
func (p *Pane) queue(step int) {
	if p.view == nil || len(p.view.Needs) == 0 {
		return
	}
	n, at := len(p.view.Needs), -1
	if step < 0 {
		at = 0
	}
	if r := p.Selected(); r != nil {
		for i := range p.view.Needs {
			if p.view.Needs[i].Session == r.Session && r.Run == nil {
				at = i
			}
		}
	}
	for i := 1; i <= n; i++ {
		need := &p.view.Needs[((at+i*step)%n+n)%n]
		if row := p.view.Index(need.Session.ID); row >= 0 {
			p.list.To(row)
			return
		}
	}
}

// Parent selects the row above the selected one in the tree.
func (p *Pane) Parent() {
	r := p.Selected()
	if r == nil {
		return
	}
	for i := p.list.Cursor() - 1; i >= 0; i-- {
		if p.view.Rows[i].Depth < r.Depth {
			p.list.To(i)
			p.placed = true
			p.note()
			return
		}
	}
}

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) {
	p.list.Scroll(d)
	p.follow, p.placed = false, true
	p.note()
}

// Click selects the row at y, which counts from the pane's title. It reports
// whether a row was there, and whether its fold marker was hit.
func (p *Pane) Click(x, y int) (hit, marker bool) {
	i := p.list.Top() + y - 2
	if p.view == nil || y < 2 || i >= len(p.view.Rows) {
		return false, false
	}
	p.list.To(i)
	p.follow, p.placed = false, true
	p.note()
	r := &p.view.Rows[i]
	at := 4 + 2*max(0, r.Depth-1)
	if r.Depth > 0 {
		at++
	}
	return true, r.Parent && x >= at && x <= at+1
}

// column is one column right of the name.
type column struct {
	head  string
	width int
	right bool
	rank  int // the lower, the longer it stays when it gets narrow
	draw  func(*frame.Line, *theme.Theme, *overview.Row, theme.Style)
}

func (p *Pane) columns() []column {
	now := eventlog.StampOf(p.view.Ask.Now)
	agents, models := max(5, p.view.Widest.Agent), max(5, p.view.Widest.Model)
	all := []column{
		{"AGENT", min(agents, 10), false, 5, func(l *frame.Line, t *theme.Theme, r *overview.Row, s theme.Style) {
			if s != t.Dim {
				s = t.Agent
			}
			l.Cell(s, r.Agent, l.Room())
		}},
		{"MODEL", min(models, 12+max(0, p.width-130)/4), false, 7, func(l *frame.Line, t *theme.Theme, r *overview.Row, s theme.Style) {
			l.Cell(t.Dim, r.Model, l.Room())
		}},
		{"CTX", 6, false, 8, func(l *frame.Line, t *theme.Theme, r *overview.Row, s theme.Style) {
			if r.Run == nil && r.Session.Context > 0 {
				share, style := Window(r.Session.Context), t.Model
				if share > 0.75 {
					style = t.Warn
				}
				l.Thin(t, style, share, 6)
			}
		}},
		{"ERR", 4, true, 3, func(l *frame.Line, t *theme.Theme, r *overview.Row, s theme.Style) {
			if r.Sum.Errors > 0 {
				l.Right(t.BadBold, t.Failed+figure.Count(r.Sum.Errors), l.Room())
			}
		}},
		{"TOKENS", 6, true, 6, func(l *frame.Line, t *theme.Theme, r *overview.Row, s theme.Style) {
			if n := r.Sum.Usage.Total(); n > 0 {
				l.Right(s, figure.Count(n), l.Room())
			}
		}},
		{"COST", 8, true, 1, func(l *frame.Line, t *theme.Theme, r *overview.Row, s theme.Style) {
			text := figure.Cost(r.Sum.Recorded, r.Sum.Estimated, r.Sum.Calls, r.Sum.Unpriced, r.Sum.AtLeast)
			if s == t.Text && r.Sum.Cost() > 0 {
				s = t.Bright
			}
			l.Right(s, text, l.Room())
		}},
		{"TIME", 7, true, 2, func(l *frame.Line, t *theme.Theme, r *overview.Row, s theme.Style) {
			l.Right(s, figure.Clock(r.Took), l.Room())
		}},
		{"LAST", 4, true, 4, func(l *frame.Line, t *theme.Theme, r *overview.Row, s theme.Style) {
			if r.Last.Known() {
				l.Right(t.Dim, figure.Ago(now.Sub(r.Last)), l.Room())
			}
		}},
	}
	// The name keeps a good quarter; columns go by rank.
	name := max(18, p.width*27/100)
	for {
		sum, worst := 6+name, -1
		for i, c := range all {
			sum += c.width + 2
			if worst < 0 || c.rank > all[worst].rank {
				worst = i
			}
		}
		if sum <= p.width || worst < 0 {
			return all
		}
		all = append(all[:worst], all[worst+1:]...)
	}
}

// Window returns how full a context of so many tokens is, of the common sizes
// of windows: logs do not tell the size.
func Window(tokens int64) float64 {
	if tokens > 200_000 {
		return float64(tokens) / 1e6
	}
	return float64(tokens) / 2e5
}

// Draw returns the pane's rows.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	a := p.view.Ask
	shape := "tree"
	if a.Flat {
		shape = "flat"
	}
	order := a.Order.String()
	if a.Reverse {
		order += " reversed"
	}
	right := []frame.Part{{Style: t.Dim, Text: shape + " " + t.Dot + " " + order}}
	if p.follow {
		right = append(right, frame.Part{Style: t.Title, Text: " " + t.Dot + " following"})
	}
	if n := len(p.view.Rows); n > p.list.Height() {
		right = append(right, frame.Part{Style: t.Dim, Text: fmt.Sprintf("  %d/%d", p.list.Cursor()+1, n)})
	}
	rows := []string{frame.Title(t, p.width, number, "Sessions", active, right...)}
	if len(p.view.Rows) == 0 {
		return frame.Fill(append(rows, p.empty(t)...), p.width, p.height)
	}
	columns := p.columns()
	rows = append(rows, p.heads(t, columns))
	from, to := p.list.Visible()
	for i := from; i < to; i++ {
		rows = append(rows, p.row(t, columns, &p.view.Rows[i], i == p.list.Cursor(), active))
	}
	return frame.Fill(rows, p.width, p.height)
}

func (p *Pane) empty(t *theme.Theme) []string {
	v := p.view
	switch {
	case v.Catalog.Progress.Loading && v.All == 0:
		return frame.Message(p.width, p.height-1, frame.Part{Style: t.Text, Text: "Looking for sessions" + t.More})
	case v.All == 0:
		return frame.Message(p.width, p.height-1,
			frame.Part{Style: t.Bright, Text: "No sessions found yet."},
			frame.Part{Text: " "},
			frame.Part{Style: t.Text, Text: "Put  lazytrace run  before any command to record it,"},
			frame.Part{Style: t.Text, Text: "or open a log:  lazytrace open PATH"},
			frame.Part{Style: t.Dim, Text: "lazytrace demo  shows how it looks."})
	case v.Known == 0:
		return frame.Message(p.width, p.height-1,
			frame.Part{Style: t.Bright, Text: fmt.Sprintf("None of %s is of the last %s.", figure.Plural(int64(v.All), "session"), v.Period)},
			frame.Part{Style: t.Dim, Text: "p shows a longer period."})
	}
	return frame.Message(p.width, p.height-1,
		frame.Part{Style: t.Bright, Text: fmt.Sprintf("None of %s matches the filter.", figure.Plural(int64(v.Known), "session"))},
		frame.Part{Style: t.Dim, Text: "esc clears it, p shows a longer period."})
}

func (p *Pane) nameWidth(columns []column) int {
	w := p.width - 5
	for _, c := range columns {
		w -= c.width + 2
	}
	return w
}

func (p *Pane) heads(t *theme.Theme, columns []column) string {
	l := frame.NewLine(p.width, "")
	l.Space(4).Cell(t.Dim, "SESSION", p.nameWidth(columns))
	for _, c := range columns {
		l.Space(2)
		if c.right {
			l.Right(t.Dim, c.head, c.width)
		} else {
			l.Cell(t.Dim, c.head, c.width)
		}
	}
	return l.String()
}

func (p *Pane) row(t *theme.Theme, columns []column, r *overview.Row, selected, active bool) string {
	back := theme.Style("")
	if selected {
		if back = t.Quiet; active {
			back = t.Select
		}
	}
	l := frame.NewLine(p.width, back)
	style := t.Text
	if r.Status != eventlog.Running && !r.Failed && !selected {
		style = t.Dim // what is over and went well recedes
	}
	if selected {
		l.Put(t.Title, t.Cursor)
	}
	l.To(2)
	glyph, color := t.Status(r.Status, r.Failed)
	if r.Need != nil && r.Run == nil && r.Need.Want == eventlog.WantAnswer {
		glyph, color = t.Waiting, t.Human
	}
	l.Put(color, glyph)
	if r.Run == nil && p.Marked != "" && r.Session.ID == p.Marked {
		l.Put(t.Human, t.Pin)
	}
	l.To(4)
	end := 4 + p.nameWidth(columns)
	p.name(t, l, r, style, selected, end)
	l.To(end)
	for _, c := range columns {
		l.Space(2)
		field := frame.NewLine(c.width, back)
		c.draw(field, t, r, style)
		l.Join(field)
	}
	return l.String()
}

func (p *Pane) name(t *theme.Theme, l *frame.Line, r *overview.Row, style theme.Style, selected bool, end int) {
	l.Guides(t, r.Rails, r.Depth, r.Final, r.Parent, r.Shut)
	if selected || r.Depth == 0 && style == t.Text {
		style = t.Bright
	}
	var notes []frame.Part
	if r.Shut && r.Hidden > 0 {
		notes = append(notes, frame.Part{Style: t.Dim, Text: "  " + figure.Count(int64(r.Hidden)) + " below"})
	}
	if r.Session.ForkOf != "" && r.Run == nil {
		notes = append(notes, frame.Part{Style: t.Dim, Text: "  fork"})
	}
	if r.Session.Orphan && r.Run == nil {
		notes = append(notes, frame.Part{Style: t.Warn, Text: "  parent missing"})
	}
	need, needStyle := "", t.Warn
	if n := r.Need; n != nil && r.Run == nil && n.Want < eventlog.WantLook {
		need = n.Short(eventlog.StampOf(p.view.Ask.Now), t.Times)
		if n.Want == eventlog.WantAnswer {
			needStyle = t.Human
		}
	} else if word := word(r); word != "" {
		s := t.Dim
		if r.Status == eventlog.Stale || r.Status == eventlog.Interrupted {
			s = t.Warn
		}
		notes = append(notes, frame.Part{Style: s, Text: "  " + word})
	}
	room, tail := end-l.Used(), 0
	// What somebody is needed for and what will be deleted is told, though the name
	// be cut.
	dies := ""
	if r.Dies != "" {
		dies = r.Dies
	}
	for _, told := range []*string{&need, &dies} {
		wide := frame.Width(*told)
		if wide == 0 {
			continue
		}
		if room -= wide + 2; room < leastName {
			room += wide + 2
			*told = ""
		}
	}
	for _, n := range notes {
		tail += frame.Width(n.Text)
	}
	name := frame.Short(r.Name, room)
	// The name matters more than what the glyph and the summary say as well.
	for len(notes) > 0 && frame.Width(name)+tail > room {
		tail -= frame.Width(notes[0].Text)
		notes = notes[1:]
	}
	l.Put(style, name)
	for _, n := range notes {
		l.Put(n.Style, n.Text)
	}
	for _, told := range [...]frame.Part{{Style: needStyle, Text: need}, {Style: t.Warn, Text: dies}} {
		if told.Text != "" {
			l.Space(2).Put(told.Style, told.Text)
		}
	}
}

// leastName is how many cells of the name are left beside a warning.
const leastName = 12

// word says the state in a word, where the glyph alone could be missed.
func word(r *overview.Row) string {
	switch {
	case r.Run != nil:
		return ""
	case r.Status == eventlog.Stale, r.Status == eventlog.Interrupted:
		return r.Status.String()
	case r.Outcome() != "":
		return r.Outcome()
	case r.Why == "auto":
		return "closed by itself"
	}
	return ""
}
