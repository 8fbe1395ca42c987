package agents

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// status returns the glyph and the colour of how an agent is.
func status(t *theme.Theme, s rollup.AgentStatus) (string, theme.Style) {
	switch s {
	case rollup.AgentActive:
		return t.Running, t.Good.Bold()
	case rollup.AgentStale:
		return t.Stale, t.Warn
	case rollup.AgentError:
		return t.Failed, t.BadBold
	case rollup.AgentIdle:
		return t.Done, t.Dim
	}
	return t.Dot, t.Dim
}

// urgency orders states: what should be looked at first.
var urgency = [...]int{rollup.AgentError: 0, rollup.AgentStale: 1, rollup.AgentActive: 2, rollup.AgentIdle: 3, rollup.AgentNew: 4}

func cost(t *theme.Theme, s rollup.Sum, style theme.Style) (string, theme.Style) {
	text := figure.Cost(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast)
	if text == "" {
		return t.Dot, t.Dim
	}
	return text, style
}

func count(t *theme.Theme, n int64) (string, theme.Style) {
	if n == 0 {
		return t.Dot, t.Dim
	}
	return figure.Count(n), t.Text
}

func errors(t *theme.Theme, n int64) (string, theme.Style) {
	if n == 0 {
		return t.Dot, t.Dim
	}
	return t.Failed + figure.Count(n), t.BadBold
}

func (p *Pane) columns() []table.Column[row] {
	took := func(pick func(*row) time.Duration) func(*theme.Theme, *row) (string, theme.Style) {
		return func(t *theme.Theme, r *row) (string, theme.Style) {
			if r.Timed == 0 {
				return t.Dot, t.Dim
			}
			return figure.Duration(pick(r)), t.Text
		}
	}
	p50, p95 := func(r *row) time.Duration { return r.P50 }, func(r *row) time.Duration { return r.P95 }
	head := "14 DAYS"
	if p.made != nil && p.made.unit < 24*time.Hour {
		head = "28 HOURS"
	}
	return []table.Column[row]{
		{Head: "", Width: 1, Rank: 0, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return status(t, r.Status) }},
		{Head: "AGENT", Least: 14, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return r.Name, t.Agent },
			Less: func(a, b *row) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) }},
		{Head: "STATUS", Width: 6, Rank: 6, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			_, style := status(t, r.Status)
			return r.Status.String(), style
		}, Less: func(a, b *row) int { return cmp.Compare(urgency[a.Status], urgency[b.Status]) }},
		{Head: "RUNS", Width: 5, Right: true, Rank: 1, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return count(t, r.Runs) },
			Less: func(a, b *row) int { return cmp.Compare(b.Runs, a.Runs) }},
		{Head: "FAILED RUNS", Width: 11, Rank: 2, Paint: func(l *frame.Line, t *theme.Theme, r *row) {
			if r.Failed == 0 {
				l.Right(t.Dim, t.Dot, l.Room())
				return
			}
			l.Thin(t, t.Bad, r.ErrorRate(), 6).Space(1).Right(t.BadBold, figure.Percent(float64(r.Failed), float64(r.Runs)), l.Room())
		}, Less: func(a, b *row) int {
			return cmp.Or(cmp.Compare(b.ErrorRate(), a.ErrorRate()), cmp.Compare(b.Failed, a.Failed))
		}},
		{Head: "TOOL ERR", Width: 8, Right: true, Rank: 8, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return errors(t, r.Own.ToolErrors) },
			Less: func(a, b *row) int { return cmp.Compare(b.Own.ToolErrors, a.Own.ToolErrors) }},
		{Head: "P50", Width: 6, Right: true, Rank: 4, Cell: took(p50), Less: func(a, b *row) int { return cmp.Compare(b.P50, a.P50) }},
		{Head: "RANGE", Width: 10, Rank: 10, Paint: func(l *frame.Line, t *theme.Theme, r *row) { p.stretch(l, t, r) }},
		{Head: "P95", Width: 6, Right: true, Rank: 7, Cell: took(p95), Less: func(a, b *row) int { return cmp.Compare(b.P95, a.P95) }},
		{Head: "OWN $", Width: 8, Right: true, Rank: 11, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return cost(t, r.Own, t.Text) },
			Less: func(a, b *row) int { return cmp.Compare(b.Own.Cost(), a.Own.Cost()) }},
		{Head: "ALL $", Width: 8, Right: true, Rank: 3, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return cost(t, r.Inclusive, t.Bright) },
			Less: func(a, b *row) int { return cmp.Compare(b.Inclusive.Cost(), a.Inclusive.Cost()) }},
		{Head: "MODELS", Width: 20, Rank: 12, Cell: func(t *theme.Theme, r *row) (string, theme.Style) { return models(r.Models), t.Dim },
			Less: func(a, b *row) int { return strings.Compare(models(a.Models), models(b.Models)) }},
		{Head: "SEEN", Width: 4, Right: true, Rank: 5, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			if !r.Last.Known() {
				return "", t.Dim
			}
			return figure.Ago(p.now().Sub(r.Last)), t.Dim
		}, Less: func(a, b *row) int { return cmp.Compare(b.Last, a.Last) }},
		{Head: head, Width: beats, Rank: 9, Paint: func(l *frame.Line, t *theme.Theme, r *row) { l.Spark(t, t.Agent, r.beats, max(4, slices.Max(r.beats))) }},
	}
}

// models are the names of models, shortened where there are more.
func models(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return names[0] + " +" + figure.Count(int64(len(names)-1))
}

func (p *Pane) now() eventlog.Stamp { return eventlog.StampOf(p.view.Ask.Now) }

// stretch draws from where to where most runs of an agent last, among those of
// all. Short times have as much room as long ones: the scale is logarithmic.
func (p *Pane) stretch(l *frame.Line, t *theme.Theme, r *row) {
	width := l.Room()
	from, to := p.made.span(r, width)
	if to == 0 {
		return
	}
	l.Put(t.Faint, strings.Repeat(t.Rule, from)).Put(t.Agent, strings.Repeat(t.Bar, to-from)).Put(t.Faint, strings.Repeat(t.Rule, width-to))
}

// span returns the cells, of width, between half of an agent's runs and nearly
// all of them.
func (m *roster) span(r *row, width int) (from, to int) {
	if r.Timed == 0 || width < 1 {
		return 0, 0
	}
	place := func(d time.Duration) int {
		if m.high <= m.low {
			return 0
		}
		share := math.Log(float64(d)/float64(m.low)) / math.Log(float64(m.high)/float64(m.low))
		return min(width-1, max(0, int(share*float64(width-1)+0.5)))
	}
	return place(r.P50), place(r.P95) + 1
}

func (p *Pane) sessionColumns() []table.Column[part] {
	return []table.Column[part]{
		{Head: "", Width: 1, Rank: 0, Cell: func(t *theme.Theme, s *part) (string, theme.Style) {
			state, _ := s.Status(p.now())
			return t.Status(state, s.Outcome == eventlog.Failure)
		}},
		{Head: "SESSION", Least: 14, Cell: func(t *theme.Theme, s *part) (string, theme.Style) { return s.Label(), t.Text }},
		{Head: "RUNS", Width: 4, Right: true, Rank: 4, Cell: func(t *theme.Theme, s *part) (string, theme.Style) { return count(t, s.runs) }},
		{Head: "ERR", Width: 4, Right: true, Rank: 2, Cell: func(t *theme.Theme, s *part) (string, theme.Style) { return errors(t, s.own.Errors) }},
		{Head: "OWN $", Width: 8, Right: true, Rank: 3, Cell: func(t *theme.Theme, s *part) (string, theme.Style) { return cost(t, s.own, t.Bright) }},
		{Head: "SEEN", Width: 4, Right: true, Rank: 1, Cell: func(t *theme.Theme, s *part) (string, theme.Style) {
			if !s.last.Known() {
				return "", t.Dim
			}
			return figure.Ago(p.now().Sub(s.last)), t.Dim
		}},
	}
}

// Draw returns the rows of the page.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	rows := []string{frame.Title(t, p.width, number, "Agents", active && p.focus == 1, p.told(t)...)}
	if p.made == nil || p.table.Len() == 0 {
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, p.nothing(t)...)...), p.width, p.height)
	}
	rows = append(rows, p.table.Draw(t, active && p.focus == 1)...)
	if r := p.table.Selected(); r != nil && p.below() > 0 {
		rows = append(rows, p.whole(t, r, number+1, active && p.focus == 2)...)
	}
	return frame.Fill(rows, p.width, p.height)
}

// told says what all of them are and how the rows are ordered.
func (p *Pane) told(t *theme.Theme) []frame.Part {
	if p.made == nil || len(p.made.rows) == 0 {
		return nil
	}
	n := p.made.states
	parts := []frame.Part{{Style: t.Dim, Text: figure.Plural(len(p.made.rows), "agent")}}
	for _, s := range []rollup.AgentStatus{rollup.AgentActive, rollup.AgentError, rollup.AgentStale} {
		if n[s] > 0 {
			glyph, style := status(t, s)
			parts = append(parts, frame.Part{Style: style, Text: "  " + glyph + " " + figure.Count(n[s]) + " " + s.String()})
		}
	}
	order := p.table.Order()
	if order == "" {
		order = "by ALL $"
	}
	return append(parts, frame.Part{Style: t.Dim, Text: "  " + order})
}

// nothing says why there are no rows.
func (p *Pane) nothing(t *theme.Theme) []frame.Part {
	switch {
	case p.halted:
		return []frame.Part{{Style: t.Bright, Text: "Called off."}, {Style: t.Dim, Text: "enter adds the agents up after all."}}
	case p.made == nil:
		return []frame.Part{{Style: t.Text, Text: "Adding up the agents" + t.More}, {Style: t.Dim, Text: "esc calls it off."}}
	case p.view.Known > 0 && p.view.Shown == 0:
		return []frame.Part{{Style: t.Bright, Text: "No session matches the filter."}, {Style: t.Dim, Text: "/ changes it, p shows a longer period."}}
	}
	return []frame.Part{{Style: t.Bright, Text: "No agent ran in the sessions that are shown."}, {Style: t.Dim, Text: "p shows a longer period; lazytrace run records one."}}
}

// whole is the selected agent in full.
func (p *Pane) whole(t *theme.Theme, r *row, number int, active bool) []string {
	glyph, style := status(t, r.Status)
	right := []frame.Part{{Style: style, Text: glyph + " " + r.Status.String()}}
	right = append(right, frame.Part{Style: t.Dim, Text: "  " + figure.Plural(r.Runs, "run") + " in " + figure.Plural(r.Sessions, "session")})
	if p.width >= wide {
		text := ""
		if s, _ := cost(t, r.Own, t.Text); s != t.Dot {
			text += "  own " + dollars(r.Own)
		}
		if r.Inclusive != r.Own {
			text += "  with what it started " + dollars(r.Inclusive)
		}
		if n := r.Own.Usage.Total(); n > 0 {
			text += "  " + figure.Count(n) + " tokens"
		}
		right = append(right, frame.Part{Style: t.Dim, Text: text})
	}
	rows := []string{frame.Title(t, p.width, number, r.Name, active, right...)}
	height := p.below() - 1
	if p.width < wide {
		rows = append(rows, p.line(t, "models", t.Model, r.models), p.line(t, "tools", t.Tool, r.tools))
		return append(rows, p.sessions.Draw(t, active)...)
	}
	w := p.usesWidth()
	models, tools := p.asked(t, r.models, w, height), p.called(t, r, w, height)
	return append(rows, frame.Beside(t, models, tools, p.sessions.Draw(t, active))...)
}

func dollars(s rollup.Sum) string {
	return figure.Dollars(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast)
}

// line tells of uses in one row.
func (p *Pane) line(t *theme.Theme, what string, style theme.Style, uses []use) string {
	l := frame.NewLine(p.width, "").Space(2).Cell(t.Dim, what, 8)
	for i, u := range uses {
		name := frame.Short(u.name, 24)
		if l.Room() < frame.Width(name)+14 && i > 0 {
			l.Put(t.Dim, t.More)
			break
		}
		l.Put(style, name).Space(1).Put(t.Text, figure.Count(u.count))
		if u.failed > 0 {
			l.Space(1).Put(t.BadBold, t.Failed+figure.Count(u.failed))
		}
		l.Space(3)
	}
	if len(uses) == 0 {
		l.Put(t.Dim, "none")
	}
	return l.String()
}

// asked lists the models of an agent.
func (p *Pane) asked(t *theme.Theme, uses []use, width, height int) []string {
	l := frame.NewLine(width, "").Space(2)
	l.Cell(t.Dim, "MODEL", width-20).Right(t.Dim, "CALLS", 6).Space(2).Right(t.Dim, "COST", 9)
	rows := []string{l.String()}
	for i, u := range uses {
		if i == height-2 && len(uses) > height-1 {
			return append(rows, rest(t, width, len(uses)-i))
		}
		l := frame.NewLine(width, "").Space(2).Cell(t.Model, u.name, width-20).Right(t.Text, figure.Count(u.count), 6).Space(2)
		text, style := cost(t, u.sum, t.Text)
		rows = append(rows, l.Right(style, text, 9).String())
	}
	return frame.Fill(rows, width, height)
}

// called lists the tools of an agent, and the agents that it started.
func (p *Pane) called(t *theme.Theme, r *row, width, height int) []string {
	l := frame.NewLine(width, "").Space(2)
	l.Cell(t.Dim, "TOOL", width-18).Right(t.Dim, "CALLS", 15)
	rows := []string{l.String()}
	uses := append(append([]use(nil), r.starts...), r.tools...)
	top := int64(1)
	for _, u := range uses {
		top = max(top, u.count)
	}
	for i, u := range uses {
		if i == height-2 && len(uses) > height-1 {
			return append(rows, rest(t, width, len(uses)-i))
		}
		style, name := t.Tool, u.name
		if i < len(r.starts) {
			style, name = t.Agent, t.To+" "+frame.Clean(u.name, width)
		}
		l := frame.NewLine(width, "").Space(2).Cell(style, name, width-24).Space(1)
		share := float64(u.count) / float64(top)
		l.Split(t, []theme.Style{style, t.Bad, t.Faint}, []float64{share - share*float64(u.failed)/float64(max(1, u.count)), share * float64(u.failed) / float64(max(1, u.count)), 1 - share}, 9)
		l.Right(t.Text, figure.Count(u.count), 6)
		if u.failed > 0 {
			l.Space(1).Right(t.BadBold, t.Failed+figure.Count(u.failed), 4)
		}
		rows = append(rows, l.String())
	}
	return frame.Fill(rows, width, height)
}

func rest(t *theme.Theme, width, n int) string {
	return frame.NewLine(width, "").Space(2).Put(t.Dim, "and "+figure.Count(int64(n))+" more").String()
}
