package tui

import (
	"fmt"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// strip tells which tabs there is room for at the right of the second row: from
// which one on, the current one among them, and at which column they begin. A
// filter has half of the row, and in a narrow one all that the current tab leaves.
func (e *explorer) strip() (from, at int) {
	all := 0
	for _, tab := range sessionTabs {
		all += len(tab.name) + 2
	}
	least := 6 // for what tells that the way to the step is cut off
	if e.query.String() != "" {
		if least = e.width / 2; e.width < 60 {
			least = e.width - len(sessionTabs[e.tab].name) - 2
		}
	}
	if at = e.width - all; at >= least {
		return 0, at
	}
	wide := 0
	for from = e.tab; from >= 0; from-- {
		if wide += len(sessionTabs[from].name) + 2; least+wide > e.width+2 {
			break
		}
	}
	return min(from+1, e.tab), least
}

// tabAt returns the tab whose name stands at column x of the second row.
func (e *explorer) tabAt(x int) (int, bool) {
	from, at := e.strip()
	for i := from; i < len(sessionTabs); i++ {
		if x >= at && x < at+len(sessionTabs[i].name) {
			return i, true
		}
		at += len(sessionTabs[i].name) + 2
	}
	return 0, false
}

func (e *explorer) Draw(t *theme.Theme) []string {
	rows := []string{e.header(t), e.crumbs(t)}
	switch {
	case e.err != nil:
		parts := []frame.Part{{Style: t.BadBold, Text: t.Failed + " This session cannot be opened."}, {Style: t.Text, Text: frame.Clean(e.err.Error(), e.width*2)}, {Style: t.Dim, Text: "esc goes back."}}
		return frame.Fill(append(rows, frame.Message(e.width, e.height-2, parts...)...), e.width, e.height)
	case e.trace == nil:
		return frame.Fill(append(rows, frame.Message(e.width, e.height-2, frame.Part{Style: t.Text, Text: "Opening" + t.More})...), e.width, e.height)
	}
	for top := range e.at {
		if e.at[top].h > 0 && top > 0 {
			for len(rows) < e.at[top].y {
				rows = append(rows, frame.Fit(t.Dim, "", e.width))
			}
			break
		}
	}
	if e.at[1].h > 0 {
		rows = append(rows, e.page().Draw(t, 1, e.focus == 1)...)
	}
	draw := func(n int) []string {
		if n == 2 {
			return e.detail.Draw(t, 2, e.focus == 2)
		}
		return e.why.Draw(t, 3, e.focus == 3, e.trace.Forest(), e.trace.Times(), e.selected(), e.growing(), e.world.zone())
	}
	switch {
	case e.at[2].h > 0 && e.at[3].h > 0:
		rows = append(rows, frame.Beside(t, draw(2), draw(3))...)
	case e.at[2].h > 0:
		rows = append(rows, draw(2)...)
	case e.at[3].h > 0:
		rows = append(rows, draw(3)...)
	}
	return frame.Fill(rows, e.width, e.height)
}

func (e *explorer) header(t *theme.Theme) string {
	s := e.session
	now := e.world.stamp()
	status, _ := s.Status(now)
	failed := s.Outcome == eventlog.Failure
	glyph, style := t.Status(status, failed)
	word := status.String()
	if status == eventlog.Running {
		word = "live"
	} else if s.Outcome != eventlog.OutcomeUnknown && status != eventlog.Interrupted {
		word = s.Outcome.String()
	}
	others := 70
	if e.width < 100 {
		others = 48
	}
	least := 12 // cells of the name are kept in any case: the crumbs have more of it
	if e.width >= 100 {
		least = 20
	}
	parts := []frame.Part{{Style: t.Brand, Text: "lazytrace  "}}
	if e.width < 100 {
		parts = nil
	}
	name := len(parts)
	parts = append(parts, frame.Part{Style: t.Bright, Text: "   "}, frame.Part{Style: style, Text: glyph + " " + word + " "},
		frame.Part{Style: t.Text, Text: figure.Clock(s.Duration(now)) + "   "})
	sum := family(s)
	if cost := figure.Dollars(sum.Recorded, sum.Estimated, sum.Calls, sum.Unpriced, sum.AtLeast); cost != "" {
		parts = append(parts, frame.Part{Style: t.Bright, Text: cost + "   "})
	}
	if sum.Errors > 0 {
		parts = append(parts, frame.Part{Style: t.BadBold, Text: t.Failed + " " + figure.Count(sum.Errors) + "   "})
	}
	room := min(e.width-others, e.width-2-widthOf(parts)-e.spentWidth())
	parts[name].Text = frame.Short(s.Label(), max(least, room)) + parts[name].Text
	// The position gives way, word by word, to the shorter ways to say the times
	// but the last, which says the least.
	position := e.position(2)
	spent := e.spent(t, position, parts, 1)
	for detail := 1; spent == nil && detail >= 0 && e.trace != nil && e.trace.Times() != nil; detail-- {
		if spent = e.spent(t, e.position(detail), parts, 1); spent != nil {
			position = e.position(detail)
		}
	}
	if spent == nil {
		spent = e.spent(t, position, parts, 0)
	}
	return strip(t, e.width, position, append(parts, spent...)...)
}

// spent says where the time of the session went, as far as there is room beside
// the position, in all ways but the last ones. The time as a whole stands beside
// the state.
func (e *explorer) spent(t *theme.Theme, position string, parts []frame.Part, but int) []frame.Part {
	if e.trace == nil || e.trace.Times() == nil {
		return nil
	}
	room := e.width - 2 - widthOf(parts)
	if less := room - frame.Width(position) - 3; less >= 0 {
		room = less // otherwise the position is not shown at all
	}
	if e.trace.Times().Sessions[e.session.Sym].Inclusive == (rollup.Time{}) {
		return nil // no record tells a time
	}
	forms := e.spentForms()
	for _, text := range forms[:len(forms)-but] {
		if frame.Width(text) <= room {
			return []frame.Part{{Style: t.Dim, Text: text}}
		}
	}
	return nil
}

// spentForms are the ways to say where the time went, the longest first.
func (e *explorer) spentForms() []string {
	clock := e.trace.Times().Sessions[e.session.Sym]
	spent, whole := clock.Inclusive, time.Duration(0)
	if spent.Wall-clock.Own.Wall >= time.Second {
		whole = spent.Wall // what it started went on when it had ended itself
	}
	return figure.Spent(whole, spent.Model, spent.Tool, spent.Waited(), spent.Queue, spent.Idle)
}

// spentWidth is the room that a long name leaves to them.
func (e *explorer) spentWidth() int {
	if e.trace == nil || e.trace.Times() == nil {
		return 0
	}
	forms := e.spentForms()
	if e.width >= 140 {
		return frame.Width(forms[0]) + frame.Width(e.position(2)) + 3
	}
	return frame.Width(forms[len(forms)-2])
}

func widthOf(parts []frame.Part) (n int) {
	for _, p := range parts {
		n += frame.Width(p.Text)
	}
	return n
}

// family adds up a session and the sessions below it, as the tree does.
func family(s *eventlog.Session) rollup.Sum {
	sum := rollup.Sum{Recorded: s.Recorded, Estimated: s.Estimated, Calls: s.Calls, Unpriced: s.Unpriced, AtLeast: s.AtLeast, Errors: s.Errors}
	for _, child := range s.Children {
		sum.Add(family(child))
	}
	return sum
}

// position says whether the newest is followed and, in more detail, where the
// cursor is: in time, and among the rows of the log.
func (e *explorer) position(detail int) string {
	if e.trace == nil || e.trace.Forest() == nil {
		return ""
	}
	text := ""
	if id := e.selected(); id != 0 && detail > 0 {
		s := e.snap.Span(id)
		if s.Start.Known() {
			text = "+" + figure.Clock(s.Start.Sub(e.trace.Forest().Start)) + "   "
		}
		if detail > 1 {
			text += fmt.Sprintf("#%s / %s   ", figure.Whole(int64(s.First)+1), figure.Whole(int64(e.snap.Rows.Len())))
		}
	}
	if f, ok := e.page().(interface{ Following() bool }); ok && f.Following() {
		return text + "follow on"
	}
	return text + "follow off"
}

func (e *explorer) crumbs(t *theme.Theme) string {
	l := frame.NewLine(e.width, "").Space(1)
	from, at := e.strip()
	room := at - 2
	if e.query.String() != "" {
		count := e.Count()
		l.Put(t.Key, "/ ").Cell(t.Warn, e.query.String(), min(frame.Width(e.query.String()), max(0, room-l.Used()-len(count)-3)))
		l.Space(3).Cell(t.Dim, count, min(len(count), max(0, room-l.Used()))).Space(3)
	}
	e.path(t, l, room)
	if e.trace != nil && e.snap.Loading && l.Used() < room-16 {
		l.Put(t.Human, "   reading "+figure.Percent(float64(e.snap.Read), float64(e.snap.Total)))
	}
	l.To(at)
	for i := from; i < len(sessionTabs); i++ {
		style := t.Dim
		if i == e.tab {
			style = t.Title
		}
		l.Put(style, sessionTabs[i].name).Space(2)
	}
	return l.String()
}

// path puts the way to the selected step, whose end matters more than its
// beginning.
func (e *explorer) path(t *theme.Theme, l *frame.Line, room int) {
	names := []string{"sessions", e.session.Label()}
	if e.trace != nil && e.trace.Forest() != nil {
		f := e.trace.Forest()
		for _, id := range f.Path(e.selected()) {
			s := f.Snap.Span(id)
			if n := crumb(f.Snap, &s); n != "" {
				names = append(names, n)
			}
		}
	}
	for i := range names {
		names[i] = frame.Short(names[i], 32)
	}
	width := func() (n int) {
		for _, name := range names {
			n += frame.Width(name) + 3
		}
		return n
	}
	cut := false
	for len(names) > 1 && l.Used()+width() > room {
		names, cut = names[1:], true
	}
	if cut && l.Used() <= room-2 {
		l.Put(t.Dim, t.More+" "+t.Crumb+" ")
	}
	for i, name := range names {
		if l.Used() >= room-2 {
			return
		}
		style := t.Dim
		if i == len(names)-1 {
			style = t.Bright
		}
		l.Cell(style, name, min(frame.Width(name), room-l.Used()))
		if i < len(names)-1 {
			l.Put(t.Dim, " "+t.Crumb+" ")
		}
	}
}

func crumb(snap *eventlog.Snapshot, s *eventlog.Span) string {
	names := snap.Symbols
	switch s.Kind {
	case eventlog.SpanSession:
		return ""
	case eventlog.SpanRun:
		return names.Name(s.Agent)
	case eventlog.SpanModel:
		return "model"
	case eventlog.SpanTool:
		return names.Name(s.Tool)
	}
	return s.Event.String()
}
