package troubles

import (
	"cmp"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/trouble"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// columns makes the columns of all tables. Their widths go by that of the page,
// their number and order do not.
func (b *board) columns() {
	b.families.Columns = b.familyColumns()
	b.loops.Columns = b.loopColumns()
	b.retries.Columns = b.retryColumns()
	b.slow.Columns = b.slowColumns()
	b.keys()
}

// words is how much of a text is kept before figures give way.
func (b *board) words() int { return max(14, min(60, b.width*40/100)) }

// spark is how wide the pictures are of when something happened.
func (b *board) spark() int {
	switch {
	case b.width >= 180:
		return cells
	case b.width >= 150:
		return cells / 2
	}
	return cells / 3
}

// when says when something was: how long ago where there are many sessions, on
// the clock where there is one.
func (b *board) when(at eventlog.Stamp) string {
	switch {
	case !at.Known():
		return ""
	case b.all:
		if ago := figure.Ago(b.now.Sub(at)); ago != "now" {
			return ago + " ago"
		}
		return "now"
	case b.shown != nil && b.shown.to.Sub(b.shown.from) > 20*time.Hour:
		return at.Time().In(b.zone).Format("Jan _2 15:04")
	}
	return at.Time().In(b.zone).Format("15:04:05")
}

// clock is how wide that is.
func (b *board) clock() int {
	if !b.all && b.shown != nil && b.shown.to.Sub(b.shown.from) > 20*time.Hour {
		return 12
	}
	return 8
}

func cost(s rollup.Sum) string {
	return figure.Dollars(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast)
}

func (b *board) familyColumns() []table.Column[row] {
	count, all := 5, yes(b.all)
	if b.width >= 72 {
		count = 12
	}
	out := []table.Column[row]{
		{Head: "COUNT", Width: count, Rank: 0, Paint: func(l *frame.Line, t *theme.Theme, r *row) {
			if r.place >= 0 {
				return
			}
			l.Right(t.Bright, figure.Count(int64(len(r.places))), 5)
			if count > 6 {
				l.Space(1).Meter(t, t.Bad, float64(len(r.places))/float64(b.widest()), l.Room())
			}
		}},
		{Head: "WHAT FAILED", Least: b.words(), Paint: b.paintFamily},
		{Head: "WHEN", Width: b.spark(), Rank: 6, Paint: func(l *frame.Line, t *theme.Theme, r *row) {
			if r.place < 0 {
				beats := gather(r.beats, b.spark())
				l.Spark(t, t.Bad, beats, top(beats))
			} else if i := cellOf(r.places[r.place].Time, b.shown.from, b.shown.to); i >= 0 {
				l.Space(i*b.spark()/cells).Put(t.Dim, t.Pin)
			}
		}},
		{Head: "FIRST", Width: b.clock(), Right: true, Rank: 8 - all, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			if r.place >= 0 {
				return "", t.Dim
			}
			return b.when(r.first), t.Dim
		}},
		{Head: "LAST", Width: b.clock(), Right: true, Rank: 4, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			if r.place >= 0 {
				return b.when(r.places[r.place].Time), t.Dim
			}
			return b.when(r.last), t.Text
		}},
		{Head: "COST SINCE", Width: 10, Right: true, Rank: 1, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			if r.place >= 0 {
				return "", t.Dim
			}
			return cost(r.since), t.Bright
		}},
		{Head: "AGENTS", Width: b.names(), Rank: 7 + all, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
			if r.place >= 0 {
				return r.places[r.place].Agent, t.Dim
			}
			return strings.Join(r.Agents, ", "), t.Agent
		}},
	}
	if !b.all {
		return out
	}
	hit := table.Column[row]{Head: "SESSIONS", Width: 8, Right: true, Rank: 3, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
		if r.place >= 0 {
			return "", t.Dim
		}
		return figure.Count(int64(len(r.Sessions))), t.Bright
	}}
	fresh := table.Column[row]{Head: "", Width: 3, Rank: 2, Cell: func(t *theme.Theme, r *row) (string, theme.Style) {
		if r.place >= 0 || !r.fresh {
			return "", t.Dim
		}
		return "new", t.Warn
	}}
	return append(out[:1:1], append([]table.Column[row]{hit, out[1], fresh}, out[2:]...)...)
}

// names is how wide a column of names is.
func (b *board) names() int {
	if b.width >= 180 {
		return 20
	}
	return 12
}

// widest is the most failures that a family has.
func (b *board) widest() int {
	if b.shown == nil || len(b.shown.families) == 0 {
		return 1
	}
	return len(b.shown.families[0].places)
}

// gather adds up neighbours, so that so many values are left.
func gather(values []float64, n int) []float64 {
	out := make([]float64, n)
	for i, v := range values {
		out[i*n/len(values)] += v
	}
	return out
}

func top(values []float64) float64 {
	most := 1.0
	for _, v := range values {
		most = max(most, v)
	}
	return most
}

// paintFamily draws what failed: the tool, and what the messages have in common;
// below that, what each failure was about.
func (b *board) paintFamily(l *frame.Line, t *theme.Theme, r *row) {
	if r.place >= 0 {
		p := &r.places[r.place]
		l.Space(2)
		if b.all {
			if name := b.session(p.Session); name != "" {
				most := min(24, max(8, l.Room()/3)) // what tells it from others stands behind it
				l.Cell(t.Dim, name, min(frame.Width(frame.Clean(name, most)), most)).Space(2)
			}
		}
		l.Foreign(t.Text, p.Label)
		return
	}
	mark := t.Shut
	if b.unfolded[r.key] {
		mark = t.Open
	}
	l.Put(t.Dim, mark).Space(1)
	style := t.Bad
	switch r.Class {
	case trouble.ClassTool:
		style = t.Tool
	case trouble.ClassModel:
		style = t.Model
	case trouble.ClassRun:
		style = t.Agent
	}
	l.Cell(style, r.Tool, min(frame.Width(frame.Clean(r.Tool, 20)), 20)).Space(2)
	gaps(l, t, r.text)
}

// gaps adds a signature. What stands for words that differ recedes.
func gaps(l *frame.Line, t *theme.Theme, text string) {
	text = frame.Short(text, l.Room())
	for text != "" {
		from, to := strings.IndexByte(text, '<'), -1
		if from >= 0 {
			to = strings.IndexByte(text[from:], '>')
		}
		if to < 0 || strings.ContainsRune(text[from:from+to], ' ') {
			l.Put(t.Text, text)
			return
		}
		l.Put(t.Text, text[:from]).Put(t.Dim, text[from:from+to+1])
		text = text[from+to+1:]
	}
}

// session is what to call a session.
func (b *board) session(id string) string {
	if b.name == nil {
		return id
	}
	return b.name(id)
}

// whose is whose a place is: of several sessions the session, of one the agent.
func (b *board) whose(t *theme.Theme, places []trouble.Place) (string, theme.Style) {
	if len(places) == 0 {
		return "", t.Dim
	}
	if b.all {
		return b.session(places[0].Session), t.Text
	}
	return places[0].Agent, t.Agent
}

func (b *board) whoseHead() string {
	if b.all {
		return "SESSION"
	}
	return "AGENT"
}

// whoseWidth is how wide that is.
func (b *board) whoseWidth() int {
	if b.all {
		return 24
	}
	return b.names()
}

func (b *board) loopColumns() []table.Column[trouble.Loop] {
	return []table.Column[trouble.Loop]{
		{Head: "TIMES", Width: 5, Right: true, Rank: 0, Cell: func(t *theme.Theme, l *trouble.Loop) (string, theme.Style) {
			if l.Open {
				return t.Times + figure.Count(int64(l.Times)), t.Warn
			}
			return t.Times + figure.Count(int64(l.Times)), t.Bright
		}, Less: func(x, y *trouble.Loop) int { return cmp.Compare(y.Times, x.Times) }},
		{Head: "WHAT WENT ROUND", Least: b.words(), Paint: func(f *frame.Line, t *theme.Theme, l *trouble.Loop) {
			if l.Open {
				f.Put(t.Warn, t.Running+" goes on").Space(2)
			}
			for i, s := range l.Steps {
				if i > 0 {
					f.Put(t.Dim, " "+t.To+" ")
				}
				f.Cell(t.Tool, s.Tool, min(frame.Width(frame.Clean(s.Tool, 20)), 20)).Space(1)
				room := f.Room()
				if left := len(l.Steps) - i; left > 1 {
					room = max(8, room/left-4)
				}
				f.Cell(t.Text, s.Label, min(frame.Width(frame.Clean(s.Label, room)), room))
			}
		}},
		{Head: "OUTPUT", Width: 7, Rank: 3, Cell: func(t *theme.Theme, l *trouble.Loop) (string, theme.Style) {
			switch {
			case !l.Results:
				return "unknown", t.Dim
			case l.Same:
				return "same", t.Warn
			}
			return "differs", t.Dim
		}},
		{Head: "FILES", Width: 9, Rank: 4, Cell: func(t *theme.Theme, l *trouble.Loop) (string, theme.Style) {
			if l.Changed {
				return "changed", t.Dim
			}
			return "unchanged", t.Text
		}},
		{Head: "FAILED", Width: 6, Right: true, Rank: 6, Cell: func(t *theme.Theme, l *trouble.Loop) (string, theme.Style) {
			if l.Failed == 0 {
				return "", t.Dim
			}
			return t.Failed + figure.Count(int64(l.Failed)), t.BadBold
		}},
		{Head: "TOOK", Width: 8, Right: true, Rank: 5, Cell: func(t *theme.Theme, l *trouble.Loop) (string, theme.Style) {
			return figure.Clock(l.Wall), t.Text
		}, Less: func(x, y *trouble.Loop) int { return cmp.Compare(y.Wall, x.Wall) }},
		{Head: "SPENT", Width: 9, Right: true, Rank: 1, Cell: func(t *theme.Theme, l *trouble.Loop) (string, theme.Style) {
			return cost(l.Spent), t.Bright
		}, Less: func(x, y *trouble.Loop) int { return cmp.Compare(y.Spent.Cost(), x.Spent.Cost()) }},
		{Head: "LAST", Width: b.clock(), Right: true, Rank: 8, Cell: func(t *theme.Theme, l *trouble.Loop) (string, theme.Style) {
			return b.when(l.Last), t.Dim
		}, Less: func(x, y *trouble.Loop) int { return cmp.Compare(y.Last, x.Last) }},
		{Head: b.whoseHead(), Width: b.whoseWidth(), Rank: 7, Cell: func(t *theme.Theme, l *trouble.Loop) (string, theme.Style) { return b.whose(t, l.Places) }},
	}
}

func (b *board) retryColumns() []table.Column[trouble.Retry] {
	return []table.Column[trouble.Retry]{
		{Head: "FAILED", Width: 6, Right: true, Rank: 0, Cell: func(t *theme.Theme, r *trouble.Retry) (string, theme.Style) {
			return t.Failed + figure.Count(int64(r.Failed)), t.BadBold
		}, Less: func(x, y *trouble.Retry) int { return cmp.Compare(y.Failed, x.Failed) }},
		{Head: "WHAT WAS TRIED AGAIN", Least: b.words(), Paint: func(l *frame.Line, t *theme.Theme, r *trouble.Retry) {
			style := t.Tool
			if r.Class == trouble.ClassModel {
				style = t.Model
			}
			l.Cell(style, r.Name, min(frame.Width(frame.Clean(r.Name, 20)), 20)).Space(2).Foreign(t.Text, r.Label)
		}},
		{Head: "THEN", Width: 11, Rank: 2, Cell: func(t *theme.Theme, r *trouble.Retry) (string, theme.Style) {
			if r.Fine {
				return t.Done + " went well", t.Good
			}
			return t.Failed + " never", t.Bad
		}, Less: func(x, y *trouble.Retry) int { return cmp.Compare(yes(x.Fine), yes(y.Fine)) }},
		{Head: "LOST", Width: 8, Right: true, Rank: 1, Cell: func(t *theme.Theme, r *trouble.Retry) (string, theme.Style) {
			if r.Lost <= 0 {
				return "", t.Dim
			}
			return figure.Duration(r.Lost), t.Bright
		}, Less: func(x, y *trouble.Retry) int { return cmp.Compare(y.Lost, x.Lost) }},
		{Head: "TOKENS", Width: 7, Right: true, Rank: 4, Cell: func(t *theme.Theme, r *trouble.Retry) (string, theme.Style) {
			if r.Spent.Usage.Total() == 0 {
				return "", t.Dim
			}
			return figure.Count(r.Spent.Usage.Total()), t.Text
		}, Less: func(x, y *trouble.Retry) int { return cmp.Compare(y.Spent.Usage.Total(), x.Spent.Usage.Total()) }},
		{Head: "SPENT", Width: 9, Right: true, Rank: 5, Cell: func(t *theme.Theme, r *trouble.Retry) (string, theme.Style) {
			return cost(r.Spent), t.Text
		}, Less: func(x, y *trouble.Retry) int { return cmp.Compare(y.Spent.Cost(), x.Spent.Cost()) }},
		{Head: "LAST", Width: b.clock(), Right: true, Rank: 6, Cell: func(t *theme.Theme, r *trouble.Retry) (string, theme.Style) {
			return b.when(r.Last), t.Dim
		}, Less: func(x, y *trouble.Retry) int { return cmp.Compare(y.Last, x.Last) }},
		{Head: b.whoseHead(), Width: b.whoseWidth(), Rank: 7, Cell: func(t *theme.Theme, r *trouble.Retry) (string, theme.Style) { return b.whose(t, r.Places) }},
	}
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (b *board) slowColumns() []table.Column[trouble.ToolTime] {
	name := max(10, min(28, b.width/4))
	took := func(d time.Duration) string {
		if d <= 0 {
			return ""
		}
		return figure.Duration(d)
	}
	return []table.Column[trouble.ToolTime]{
		{Head: "TOOL", Width: name, Rank: 0, Cell: func(t *theme.Theme, x *trouble.ToolTime) (string, theme.Style) { return x.Tool, t.Tool },
			Less: func(x, y *trouble.ToolTime) int { return strings.Compare(x.Tool, y.Tool) }},
		{Head: "TIME", Least: 6, Paint: func(l *frame.Line, t *theme.Theme, x *trouble.ToolTime) {
			if b.shown.longest > 0 {
				l.Meter(t, t.Tool, float64(x.Total)/float64(b.shown.longest), l.Room())
			}
		}},
		{Head: "TOTAL", Width: 8, Right: true, Rank: 1, Cell: func(t *theme.Theme, x *trouble.ToolTime) (string, theme.Style) { return took(x.Total), t.Bright },
			Less: func(x, y *trouble.ToolTime) int { return cmp.Compare(y.Total, x.Total) }},
		{Head: "CALLS", Width: 6, Right: true, Rank: 3, Cell: func(t *theme.Theme, x *trouble.ToolTime) (string, theme.Style) {
			return figure.Count(int64(x.Calls)), t.Text
		}, Less: func(x, y *trouble.ToolTime) int { return cmp.Compare(y.Calls, x.Calls) }},
		{Head: "FAILED", Width: 6, Right: true, Rank: 6, Cell: func(t *theme.Theme, x *trouble.ToolTime) (string, theme.Style) {
			if x.Failed == 0 {
				return "", t.Dim
			}
			return t.Failed + figure.Count(int64(x.Failed)), t.Bad
		}, Less: func(x, y *trouble.ToolTime) int { return cmp.Compare(y.Failed, x.Failed) }},
		{Head: "P50", Width: 7, Right: true, Rank: 5, Cell: func(t *theme.Theme, x *trouble.ToolTime) (string, theme.Style) { return took(x.P50), t.Text },
			Less: func(x, y *trouble.ToolTime) int { return cmp.Compare(y.P50, x.P50) }},
		{Head: "P95", Width: 7, Right: true, Rank: 4, Cell: func(t *theme.Theme, x *trouble.ToolTime) (string, theme.Style) { return took(x.P95), t.Text },
			Less: func(x, y *trouble.ToolTime) int { return cmp.Compare(y.P95, x.P95) }},
		{Head: "MAX", Width: 7, Right: true, Rank: 2, Cell: func(t *theme.Theme, x *trouble.ToolTime) (string, theme.Style) { return took(x.Max), t.Text },
			Less: func(x, y *trouble.ToolTime) int { return cmp.Compare(y.Max, x.Max) }},
	}
}
