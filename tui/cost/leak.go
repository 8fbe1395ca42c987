package cost

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup/cache"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/table"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// leaks is what caches saved and what was paid again, by cause, and the misses of
// one cause.
type leaks struct {
	report *cache.Report
	err    error
	coming string // what is still being found out
	zone   *time.Location
	labels func(session string) string

	causes  table.Table[cache.CauseSum]
	dearest eventlog.Money
	most    int64

	open          bool // the misses of a cause are shown
	of            cache.Cause
	misses        table.Table[cache.Miss]
	width, height int // that they have
}

// leakHead is the rows above the causes, with the title.
const leakHead = 4

// causeNames say why calls missed.
var causeNames = map[cache.Cause]string{
	cache.Model: "another model was asked", cache.Idle: "idle for longer than it lives", cache.Tools: "the tools changed", cache.System: "the system prompt changed",
	cache.History: "the history was rewritten", cache.Fork: "the first call of a fork", cache.Unknown: "unknown",
}

func causeColumns(l *leaks) []table.Column[cache.CauseSum] {
	return []table.Column[cache.CauseSum]{
		{Head: "WHY IT WAS PAID AGAIN", Least: 29, Cell: func(t *theme.Theme, c *cache.CauseSum) (string, theme.Style) { return causeNames[c.Cause], t.Text }},
		{Head: "MISSES", Width: 6, Right: true, Rank: 3, Cell: func(t *theme.Theme, c *cache.CauseSum) (string, theme.Style) { return figure.Count(c.Misses), t.Text },
			Less: func(a, b *cache.CauseSum) int { return cmp.Compare(b.Misses, a.Misses) }},
		{Head: "TOKENS", Width: 6, Right: true, Rank: 1, Cell: func(t *theme.Theme, c *cache.CauseSum) (string, theme.Style) { return figure.Count(c.Tokens), t.Text },
			Less: func(a, b *cache.CauseSum) int { return cmp.Compare(b.Tokens, a.Tokens) }},
		{Head: "COST", Width: 8, Right: true, Rank: 0, Cell: func(t *theme.Theme, c *cache.CauseSum) (string, theme.Style) {
			text := figure.Cost(0, c.Cost, c.Misses, c.Unpriced, 0)
			if c.Unpriced == c.Misses {
				return text, t.Warn
			}
			return text, t.Bright
		}, Less: func(a, b *cache.CauseSum) int { return cmp.Compare(b.Cost, a.Cost) }},
		{Head: "", Width: 14, Rank: 4, Paint: func(f *frame.Line, t *theme.Theme, c *cache.CauseSum) {
			share := float64(c.Cost) / float64(max(1, l.dearest))
			if l.dearest == 0 {
				share = float64(c.Tokens) / float64(max(1, l.most))
			}
			f.Meter(t, t.Warn, share, 14)
		}},
	}
}

func (l *leaks) missColumns(list []cache.Miss) []table.Column[cache.Miss] {
	all := []table.Column[cache.Miss]{
		{Head: "COST", Width: 8, Right: true, Rank: 0, Cell: func(t *theme.Theme, m *cache.Miss) (string, theme.Style) {
			if !m.Priced {
				return "no price", t.Warn
			}
			return "~" + figure.Money(m.Cost), t.Bright
		}, Less: func(a, b *cache.Miss) int { return cmp.Compare(b.Cost, a.Cost) }},
		{Head: "PAID AGAIN", Width: 10, Right: true, Rank: 1, Cell: func(t *theme.Theme, m *cache.Miss) (string, theme.Style) { return figure.Count(m.Again), t.Human },
			Less: func(a, b *cache.Miss) int { return cmp.Compare(b.Again, a.Again) }},
		{Head: "HAD", Width: 6, Right: true, Rank: 6, Cell: func(t *theme.Theme, m *cache.Miss) (string, theme.Style) { return figure.Count(m.Had), t.Text }},
		{Head: "READ", Width: 6, Right: true, Rank: 7, Cell: func(t *theme.Theme, m *cache.Miss) (string, theme.Style) { return figure.Count(m.Read), t.Text }},
		{Head: "IDLE", Width: 7, Right: true, Rank: 4, Cell: func(t *theme.Theme, m *cache.Miss) (string, theme.Style) {
			if m.Idle <= 0 {
				return t.Dot, t.Dim
			}
			style := t.Text
			if m.Idle > m.Life {
				style = t.Warn
			}
			return figure.Clock(m.Idle), style
		}, Less: func(a, b *cache.Miss) int { return cmp.Compare(b.Idle, a.Idle) }},
		{Head: "WHEN", Width: 14, Rank: 3, Cell: func(t *theme.Theme, m *cache.Miss) (string, theme.Style) {
			if !m.Time.Known() {
				return t.Dot, t.Dim
			}
			return m.Time.Time().In(l.zone).Format("01-02 15:04:05"), t.Dim
		}, Less: func(a, b *cache.Miss) int { return cmp.Compare(a.Time, b.Time) }},
		{Head: "SESSION", Least: 12, Cell: func(t *theme.Theme, m *cache.Miss) (string, theme.Style) { return l.labels(m.Session), t.Text }},
		{Head: "AGENT", Width: 12, Rank: 8, Cell: func(t *theme.Theme, m *cache.Miss) (string, theme.Style) { return m.Agent, t.Agent }},
		{Head: "MODEL", Width: 18, Rank: 9, Cell: func(t *theme.Theme, m *cache.Miss) (string, theme.Style) { return m.Model, t.Model }},
	}
	// What shows a miss of the idle is in its column already.
	told := slices.ContainsFunc(list, func(m cache.Miss) bool { return m.Cause != cache.Idle && m.About() != "" })
	if told {
		all = append(all, table.Column[cache.Miss]{Head: "WHAT SHOWS IT", Width: 44, Rank: 5, Cell: func(t *theme.Theme, m *cache.Miss) (string, theme.Style) { return m.About(), t.Dim }})
	}
	return all
}

// ShowCache takes what caches came to, or why that is not known. coming says what
// is still being found out; it may be empty. Times are told in a zone, and sessions
// by their labels.
func (p *Pane) ShowCache(r *cache.Report, err error, zone *time.Location, labels func(session string) string) {
	l := &p.leaks
	l.report, l.err, l.zone, l.labels = r, err, zone, labels
	l.dearest, l.most = 0, 0
	var causes []cache.CauseSum
	if r != nil {
		causes = append(causes, r.Causes...)
	}
	for i := range causes {
		l.dearest, l.most = max(l.dearest, causes[i].Cost), max(l.most, causes[i].Tokens)
	}
	l.causes.Set(causes)
	if l.open {
		l.list()
	}
}

// Coming says what is still being found out of the causes; nothing, when all is.
func (p *Pane) Coming(text string) { p.leaks.coming = text }

func (l *leaks) resize(w, h, width, height int) {
	l.causes.Resize(w, max(0, h-leakHead))
	l.width, l.height = width, max(0, height-1)
	l.misses.Resize(l.width, l.height)
}

// list lists the misses of the cause.
func (l *leaks) list() {
	var list []cache.Miss
	if l.report != nil {
		for i := range l.report.Misses {
			if l.report.Misses[i].Cause == l.of {
				list = append(list, l.report.Misses[i])
			}
		}
	}
	l.misses.Columns = l.missColumns(list)
	l.misses.Set(list)
}

// enter goes from a cause to its misses, and returns a miss.
func (l *leaks) enter() *cache.Miss {
	if l.open {
		return l.misses.Selected()
	}
	if c := l.causes.Selected(); c != nil {
		l.open, l.of = true, c.Cause
		height, width := l.height, l.width
		l.misses = table.Table[cache.Miss]{}
		l.misses.Resize(width, height)
		l.misses.Key = func(m *cache.Miss) string {
			return m.Session + "\x00" + m.Run + "\x00" + strconv.FormatInt(int64(m.Time), 10)
		}
		l.list()
	}
	return nil
}

// summary draws what caches saved, and the causes.
func (l *leaks) summary(t *theme.Theme, p *Pane, w, h int, active bool) []string {
	var right []frame.Part
	if r := l.report; r != nil && r.Total.Misses > 0 {
		right = append(right, frame.Part{Style: t.Warn, Text: figure.Dollars(0, r.Total.Lost, r.Total.Misses, r.Total.Unpriced, 0)}, frame.Part{Style: t.Dim, Text: " leaked"})
	}
	if l.coming != "" {
		right = []frame.Part{{Style: t.Human, Text: l.coming}}
	}
	rows := []string{frame.Title(t, w, 2, "Cache: where the money leaked", active, right...)}
	switch {
	case l.err != nil:
		return frame.Fill(append(rows, frame.Message(w, h-1, frame.Part{Style: t.Bad, Text: t.Failed + " " + frame.Clean(l.err.Error(), 2*w)})...), w, h)
	case l.report == nil:
		return frame.Fill(append(rows, frame.Message(w, h-1, frame.Part{Style: t.Dim, Text: "Judging the calls" + t.More})...), w, h)
	case l.report.Total.Usage.Context() == 0:
		return frame.Fill(append(rows, frame.Message(w, h-1, frame.Part{Style: t.Dim, Text: "No call tells what it read."})...), w, h)
	}
	s := &l.report.Total
	rows = append(rows, l.hits(t, s, w), l.worth(t, s, w))
	if l.causes.Len() == 0 {
		rows = append(rows, "", frame.NewLine(w, "").Space(2).Put(t.Good, t.Done).Put(t.Dim, " Nothing that had been in a cache was paid again.").String())
		rows[len(rows)-2] = frame.Fit(t.Dim, "", w)
		return frame.Fill(rows, w, h)
	}
	rows = append(rows, frame.Fit(t.Dim, "", w))
	return frame.Fill(append(rows, l.causes.Draw(t, active)...), w, h)
}

// hits says how much of the context came from caches.
func (l *leaks) hits(t *theme.Theme, s *cache.Sum, w int) string {
	u := &s.Usage
	line := frame.NewLine(w, "").Space(2).Put(t.Bright, figure.Percent(float64(u.CacheRead), float64(u.Context()))).Put(t.Dim, " hit ")
	line.Thin(t, t.Good, u.HitRate(), max(6, min(20, w/5))).Space(1)
	line.Put(t.Text, figure.Count(u.CacheRead)).Put(t.Dim, " of ").Put(t.Text, figure.Count(u.Context())).Put(t.Dim, " tokens read")
	if s.ColdTokens > 0 {
		text := fmt.Sprintf("  %s cold in %s", figure.Count(s.ColdTokens), figure.Plural(s.ColdCalls, "call"))
		if line.Room() > frame.Width(text) {
			line.Put(t.Dim, text)
		}
	}
	return line.String()
}

// worth says what that saved.
func (l *leaks) worth(t *theme.Theme, s *cache.Sum, w int) string {
	line := frame.NewLine(w, "").Space(2)
	if s.Judged == 0 {
		return line.Put(t.Warn, "without prices").Put(t.Dim, " nobody can tell what that saved").String()
	}
	line.Put(t.Dim, "saved ").Put(t.Money, "~$"+figure.Money(s.Saved))
	line.Put(t.Dim, ", writing cost ").Put(t.Human, "~$"+figure.Money(s.Extra)).Put(t.Dim, " more")
	if text := ", net ~$" + figure.Money(s.Net()); line.Room() > len(text) {
		line.Put(t.Dim, ", net ").Put(t.Bright, "~$"+figure.Money(s.Net()))
	}
	if s.Unjudged > 0 {
		text := "  " + figure.Plural(s.Unjudged, "call") + " not judged"
		if line.Room() > frame.Width(text) {
			line.Put(t.Warn, text)
		}
	}
	return line.String()
}

// draw draws the misses of a cause.
func (l *leaks) draw(t *theme.Theme, p *Pane, active bool) []string {
	right := frame.Part{Style: t.Dim, Text: figure.Plural(int64(l.misses.Len()), "call") + ", the dearest first"}
	if order := l.misses.Order(); order != "" {
		right.Text = figure.Plural(int64(l.misses.Len()), "call") + ", " + order
	}
	if l.report != nil && len(l.report.Misses) == cache.Most {
		right.Text = fmt.Sprintf("of the %s dearest", figure.Whole(cache.Most))
	}
	rows := []string{frame.Title(t, p.width, 1, "Cache "+t.Crumb+" "+causeNames[l.of], active, right)}
	if l.misses.Len() == 0 {
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, frame.Part{Style: t.Text, Text: "No call missed the cache for this."})...), p.width, p.height)
	}
	return frame.Fill(append(rows, l.misses.Draw(t, active)...), p.width, p.height)
}
