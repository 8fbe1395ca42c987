// Package why is the column that says how a step hangs together with others:
// what it is part of, what it cost, how sure its parent is, and where its
// record lies.
package why

import (
	"cmp"
	"path/filepath"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/forest"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Pane is the column.
type Pane struct {
	Note                  string // what somebody wrote about the step
	width, height, scroll int
}

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) { p.width, p.height = width, height }

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) { p.scroll = max(0, p.scroll+d) }

type page struct {
	t     *theme.Theme
	width int
	live  bool // open spans are still growing
	rows  []string
}

func (g *page) add(label string, parts ...frame.Part) {
	l := frame.NewLine(g.width, "")
	l.Space(1).Cell(g.t.Dim, label, 8).Space(2)
	for i, part := range parts {
		if i > 0 {
			l.Space(1)
		}
		l.Foreign(part.Style, part.Text)
	}
	g.rows = append(g.rows, l.String())
}

// Draw returns the pane's rows for a span.
func (p *Pane) Draw(t *theme.Theme, number int, active bool, f *forest.Forest, times *rollup.Times, id eventlog.SpanID, now eventlog.Stamp, loc *time.Location) []string {
	rows := []string{frame.Title(t, p.width, number, "Why, links", active)}
	if f == nil || id == 0 {
		return frame.Fill(rows, p.width, p.height)
	}
	g := &page{t: t, width: p.width, live: now.Known()}
	g.span(f, times, id, now, loc)
	if p.Note != "" {
		for i, text := range frame.Wrap(frame.Clean(p.Note, 4*p.width), max(8, p.width-12)) {
			g.add([]string{"note", ""}[min(i, 1)], frame.Part{Style: t.Human, Text: text})
		}
	}
	from := max(0, min(p.scroll, len(g.rows)-p.height+1))
	return frame.Fill(append(rows, g.rows[from:]...), p.width, p.height)
}

func (g *page) span(f *forest.Forest, times *rollup.Times, id eventlog.SpanID, now eventlog.Stamp, loc *time.Location) {
	t, names := g.t, f.Snap.Symbols
	s := f.Snap.Span(id)
	if s.Start.Known() {
		parts := []frame.Part{{Style: t.Text, Text: s.Start.Time().In(loc).Format("15:04:05")}, {Style: t.Dim, Text: "+" + figure.Clock(s.Start.Sub(f.Start))}}
		if d := s.Duration(now); d > 0 {
			parts = append(parts, frame.Part{Style: t.Dim, Text: "took"}, frame.Part{Style: t.Text, Text: figure.Duration(d)})
		}
		g.add("time", parts...)
	}
	g.spent(f, times, id, &s, now)
	g.flags(&s)
	if up := f.Parent(id); up != 0 {
		u := f.Snap.Span(up)
		parts := []frame.Part{{Style: t.Span(&u), Text: title(f, &u)}}
		if s.Link != eventlog.LinkNone {
			parts = append(parts, frame.Part{Style: t.Dim, Text: "link " + s.Link.String()})
		}
		g.add("part of", parts...)
	}
	g.money(f, id, &s)
	if f.HasChildren(id) {
		parts := []frame.Part{{Style: t.Text, Text: figure.Whole(int64(f.Below[id]))}, {Style: t.Dim, Text: figure.Noun(int64(f.Below[id]), "step")}}
		if f.Bad[id] > 0 {
			parts = append(parts, frame.Part{Style: t.BadBold, Text: t.Failed + figure.Count(int64(f.Bad[id]))}, frame.Part{Style: t.Dim, Text: "failed"})
		}
		g.add("below", parts...)
	}
	if s.Model != 0 {
		g.add("model", frame.Part{Style: t.Text, Text: names.Name(s.Model)})
	}
	if agent := agentOf(f, id); agent != 0 {
		g.add("agent", frame.Part{Style: t.Agent, Text: names.Name(agent)})
	}
	if s.Run != 0 {
		g.add("run", frame.Part{Style: t.Dim, Text: names.Name(s.Run)})
	}
	g.add("session", frame.Part{Style: t.Dim, Text: names.Name(s.Session)})
	row := f.Snap.Rows.At(int(s.First))
	where := "at " + figure.Whole(row.Pos)
	if paths := f.Snap.Paths; int(row.Segment) < len(paths) {
		where += " of " + filepath.Base(paths[row.Segment])
	}
	g.add("record", frame.Part{Style: t.Dim, Text: where})
}

// spent says where the time of a run or session went, with all below it, and how
// long a call waited before it ran.
func (g *page) spent(f *forest.Forest, times *rollup.Times, id eventlog.SpanID, s *eventlog.Span, now eventlog.Stamp) {
	t := g.t
	var spent rollup.Time
	switch {
	case s.Kind == eventlog.SpanTool:
		g.waited(f.Waits[id], now)
		return
	case times == nil:
		return
	case s.Kind == eventlog.SpanRun:
		spent = times.Runs[rollup.RunID{Session: s.Session, Run: s.Run}].Inclusive
	case s.Kind == eventlog.SpanSession:
		spent = times.Sessions[s.Session].Inclusive
	}
	if spent.Wall <= 0 {
		return
	}
	say := func(label string, all time.Duration, of ...frame.Part) {
		if all > 0 {
			g.add(label, append([]frame.Part{{Style: t.Text, Text: figure.Duration(all)}}, of...)...)
		}
	}
	part := func(style theme.Style, name string, d time.Duration) []frame.Part {
		if d <= 0 {
			return nil
		}
		return []frame.Part{{Style: style, Text: name}, {Style: t.Text, Text: figure.Duration(d)}}
	}
	say("busy", spent.Busy(), append(part(t.Model, "model", spent.Model), part(t.Tool, "tool", spent.Tool)...)...)
	you := []frame.Part{{Style: t.Human, Text: "for you"}}
	if spent.Approval > 0 {
		you = append(you, part(t.Dim, "to allow", spent.Approval)...)
	}
	say("waited", spent.Waited(), you...)
	say("queue", spent.Queue, frame.Part{Style: t.Dim, Text: "for its turn"})
	say("idle", spent.Idle)
	l := frame.NewLine(g.width, "").Space(11)
	l.Split(t, []theme.Style{t.Model, t.Tool, t.Human, t.Warn, t.Faint},
		[]float64{float64(spent.Model), float64(spent.Tool), float64(spent.Waited()), float64(spent.Queue), float64(spent.Idle)}, min(32, g.width-12))
	g.rows = append(g.rows, l.String())
}

// waited says what a call waited for, and how long.
func (g *page) waited(pauses []eventlog.Pause, now eventlog.Stamp) {
	names := map[eventlog.PauseKind]string{
		eventlog.PauseApproval: "to be allowed", eventlog.PausePerson: "for an answer", eventlog.PauseQueue: "for its turn",
	}
	for _, p := range pauses {
		if d := p.Until(now).Sub(p.Start); d > 0 {
			g.add("waited", frame.Part{Style: g.t.Human, Text: figure.Duration(d)}, frame.Part{Style: g.t.Dim, Text: names[p.Kind]})
		}
	}
}

func (g *page) flags(s *eventlog.Span) {
	t := g.t
	var parts []frame.Part
	say := func(flag eventlog.SpanFlags, style theme.Style, text string) {
		if s.Flags.Has(flag) {
			parts = append(parts, frame.Part{Style: style, Text: text})
		}
	}
	say(eventlog.SpanFailed, t.BadBold, t.Failed+" failed")
	switch {
	case g.live:
		say(eventlog.SpanOpen, t.Good, "no end yet")
		say(eventlog.SpanWaiting, t.Human, "waits for a person")
	case !s.Flags.Has(eventlog.SpanWaiting):
		say(eventlog.SpanOpen, t.Dim, "no end was seen")
	}
	say(eventlog.SpanCut, t.Dim, "its run ended first")
	say(eventlog.SpanApprox, t.Dim, "start is a guess")
	say(eventlog.SpanSkewed, t.Warn, "clock went backwards")
	say(eventlog.SpanOrphan, t.Warn, "its parent is missing")
	say(eventlog.SpanHidden, t.Dim, "machinery")
	if len(parts) > 0 {
		g.add("state", parts...)
	}
}

func (g *page) money(f *forest.Forest, id eventlog.SpanID, s *eventlog.Span) {
	t := g.t
	if s.Bill > 0 {
		b := f.Snap.Bills.At(int(s.Bill) - 1)
		switch b.Source {
		case eventlog.Unpriced:
			g.add("cost", frame.Part{Style: t.Warn, Text: "no price is known"})
			g.price(f, b.Price)
		default:
			parts := []frame.Part{{Style: t.Bright, Text: "$" + figure.Money(b.Cost)}, {Style: t.Dim, Text: b.Source.String()}}
			if b.AtLeast {
				parts = append(parts, frame.Part{Style: t.Warn, Text: "at least"})
			}
			g.add("cost", parts...)
			g.price(f, b.Price)
		}
		u := b.Usage
		g.add("in", frame.Part{Style: t.Text, Text: figure.Whole(u.Context())}, frame.Part{Style: t.Dim, Text: figure.Noun(u.Context(), "token")})
		if u.CacheRead > 0 {
			g.add(" cached", frame.Part{Style: t.Text, Text: figure.Whole(u.CacheRead)}, frame.Part{Style: t.Dim, Text: figure.Percent(float64(u.CacheRead), float64(u.Context()))})
		}
		if w := u.CacheWrite5m + u.CacheWrite1h; w > 0 {
			g.add(" written", frame.Part{Style: t.Text, Text: figure.Whole(w)}, frame.Part{Style: t.Dim, Text: "into the cache"})
		}
		out := []frame.Part{{Style: t.Text, Text: figure.Whole(u.Output)}}
		if u.Reasoning > 0 {
			out = append(out, frame.Part{Style: t.Dim, Text: "of it " + figure.Whole(u.Reasoning) + " reasoning"})
		}
		g.add("out", out...)
		return
	}
	if tally := f.Tally[id]; tally&forest.HasCost != 0 {
		known, how := "$", "" // as the columns spell it
		switch tally & (forest.HasRecorded | forest.HasEstimate) {
		case forest.HasEstimate:
			known, how = "~$", "estimated"
		case forest.HasRecorded | forest.HasEstimate:
			known, how = "~$", "partly estimated"
		}
		parts := []frame.Part{{Style: t.Bright, Text: known + figure.Money(f.Cost[id])}, {Style: t.Dim, Text: "with all below"}}
		if how != "" {
			parts = append(parts, frame.Part{Style: t.Dim, Text: how})
		}
		if tally&forest.HasUnpriced != 0 {
			parts = append(parts, frame.Part{Style: t.Warn, Text: "some calls have no price"})
		}
		g.add("cost", parts...)
	}
}

// price says what an estimate was made with, or why there is none.
func (g *page) price(f *forest.Forest, why eventlog.Sym) {
	if why != 0 {
		g.add(" by", frame.Part{Style: g.t.Dim, Text: f.Snap.Symbols.Name(why)})
	}
}

func agentOf(f *forest.Forest, id eventlog.SpanID) eventlog.Sym {
	for id != 0 {
		if s := f.Snap.Span(id); s.Agent != 0 {
			return s.Agent
		}
		id = f.Parent(id)
	}
	return 0
}

func title(f *forest.Forest, s *eventlog.Span) string {
	names := f.Snap.Symbols
	switch s.Kind {
	case eventlog.SpanTool:
		return "tool " + names.Name(s.Tool)
	case eventlog.SpanModel:
		return "model " + names.Name(s.Model)
	case eventlog.SpanRun:
		return cmp.Or(names.Name(s.Agent), "run")
	}
	return "session"
}
