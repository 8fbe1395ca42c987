package troubles

import (
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup/trouble"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// part is a piece of the row of sections.
type part struct {
	section section
	x       int // where it begins
	parts   []frame.Part
}

// strip lays out the row of sections: each with how many there are and what they
// come to, as far as there is room.
func (b *board) strip(t *theme.Theme) []part {
	for detail := 2; ; detail-- {
		out, x := []part(nil), 2
		for s := range sections {
			p := part{section: s, x: x, parts: b.describe(t, s, detail)}
			for _, w := range p.parts {
				x += frame.Width(w.Text)
			}
			out, x = append(out, p), x+3-min(1, 2-detail)
		}
		if x-2 <= b.width || detail == 0 {
			return out
		}
	}
}

// describe says what a section holds.
func (b *board) describe(t *theme.Theme, s section, detail int) []frame.Part {
	names, short := [...]string{"Families", "Loops", "Retries", "Slow tools"}, [...]string{"Fam", "Loops", "Retries", "Slow"}
	style, name := t.Dim, names[s]
	if detail == 0 {
		name = short[s]
	}
	if s == b.section {
		style = t.Title
	}
	out := []frame.Part{{Style: style, Text: name + " "}}
	if b.shown == nil {
		return append(out, frame.Part{Style: t.Dim, Text: t.More})
	}
	count := [...]int{len(b.shown.families), len(b.shown.loops), len(b.shown.retries), len(b.shown.tools)}[s]
	number := t.Bright
	if count == 0 {
		number = t.Dim
	}
	out = append(out, frame.Part{Style: number, Text: figure.Count(int64(count))})
	add := func(style theme.Style, text string) { out = append(out, frame.Part{Style: style, Text: "  " + text}) }
	switch {
	case s == loops && b.shown.going > 0:
		word := fmt.Sprintf("%d %s on", b.shown.going, goes(b.shown.going))
		if detail == 0 {
			word = fmt.Sprintf("%s%d", t.Running, b.shown.going)
		}
		add(t.Warn, word)
	case detail == 0 || count == 0:
		return out
	}
	switch {
	case s == families && b.shown.failures > 0:
		add(t.BadBold, t.Failed+" "+figure.Count(int64(b.shown.failures)))
	case s == loops && detail == 2 && count > 0:
		if text := cost(b.shown.wasted); text != "" {
			add(t.Text, text+" spent")
		}
	case s == retries && detail == 2 && b.shown.lost > 0:
		add(t.Text, figure.Duration(b.shown.lost)+" lost")
	case s == slow && detail == 2 && b.shown.took > 0:
		add(t.Text, figure.Duration(b.shown.took)+" in all")
	}
	return out
}

func goes(n int) string {
	if n == 1 {
		return "goes"
	}
	return "go"
}

// sectionAt returns the section whose name stands at a column of the row of
// sections. The names are as wide in every theme.
func (b *board) sectionAt(x int) (section, bool) {
	for _, p := range b.strip(theme.Look{}.Theme(true)) {
		end := p.x
		for _, w := range p.parts {
			end += frame.Width(w.Text)
		}
		if x >= p.x && x < end {
			return p.section, true
		}
	}
	return 0, false
}

// draw returns the rows of the page. What is told in place of all of it comes
// with state, and of a remark stands in the title.
func (b *board) draw(t *theme.Theme, number int, active bool, title string, state []frame.Part, right ...frame.Part) []string {
	rows := []string{frame.Title(t, b.width, number, title, active, right...)}
	if b.heads() == 2 {
		l := frame.NewLine(b.width, "")
		for _, p := range b.strip(t) {
			l.To(p.x)
			for _, w := range p.parts {
				l.Put(w.Style, w.Text)
			}
		}
		rows = append(rows, l.String())
	}
	if b.shown == nil || len(state) > 0 {
		return frame.Fill(append(rows, frame.Message(b.width, b.height-len(rows), state...)...), b.width, b.height)
	}
	if b.lower == 0 {
		rows = append(rows, b.front(t, b.section, b.upper, active)...)
	} else {
		rows = append(rows, b.front(t, families, b.upper, active && b.section == families)...)
		rows = append(rows, frame.Title(t, b.width, 0, "Loops", active && b.section == loops, frame.Part{Style: t.Dim, Text: position(b.loops.Cursor(), b.loops.Len())}))
		rows = append(rows, b.loops.Draw(t, active && b.section == loops)...)
	}
	if b.about > 0 {
		rows = append(rows, b.tell(t)...)
	}
	rows = frame.Fill(rows, b.width, b.height-b.feet())
	if b.feet() > 0 {
		rows = append(rows, frame.NewLine(b.width, "").Space(2).Put(t.Bad, t.Failed+" ").Foreign(t.Bad, b.fault).String())
	}
	return rows
}

func position(at, of int) string {
	return figure.Whole(int64(at+1)) + "/" + figure.Whole(int64(of))
}

// front draws a section, or says that there is nothing of its kind.
func (b *board) front(t *theme.Theme, s section, height int, active bool) []string {
	if b.table(s).Len() > 0 {
		return b.table(s).Draw(t, active)
	}
	if b.shown.filtered && s != slow {
		return frame.Message(b.width, height, frame.Part{Style: t.Bright, Text: [...]string{"No failure matches the filter.", "No loop matches the filter.", "No retry matches the filter."}[s]}, frame.Part{Style: t.Dim, Text: "esc clears it."})
	}
	parts := []frame.Part{[...]frame.Part{
		{Style: t.Good, Text: t.Done + " Nothing failed."},
		{Style: t.Good, Text: t.Done + " No call was made again and again."},
		{Style: t.Good, Text: t.Done + " Nothing had to be tried again."},
		{Style: t.Dim, Text: "No tool was called."},
	}[s]}
	if b.all {
		parts = append(parts, frame.Part{Style: t.Dim, Text: "Sessions in which nothing failed were not read."})
	}
	return frame.Message(b.width, height, parts...)
}

// remark says what the rows in front are sorted by, and where the cursor is.
func (b *board) remark(t *theme.Theme) frame.Part {
	if b.shown == nil || b.table(b.section).Len() == 0 {
		return frame.Part{}
	}
	text := b.table(b.section).Order()
	if b.section == families {
		text = [...]string{"most first", "newest first", "dearest first"}[b.order]
		if b.reverse {
			text += ", reversed"
		}
	}
	if b.shown.filtered && b.section == slow {
		text = "of all steps, whatever is filtered"
	}
	at := b.families.Cursor()
	switch b.section {
	case loops:
		at = b.loops.Cursor()
	case retries:
		at = b.retries.Cursor()
	case slow:
		at = b.slow.Cursor()
	}
	if text != "" {
		text += "  "
	}
	return frame.Part{Style: t.Dim, Text: text + position(at, b.table(b.section).Len())}
}

// tell says more about what is selected: one message in full, and where it
// happened.
func (b *board) tell(t *theme.Theme) []string {
	title, rows := "One of them", []string(nil)
	fact := func(name string, style theme.Style, text string) {
		if text != "" {
			rows = append(rows, frame.NewLine(b.width, "").Space(2).Cell(t.Dim, name, 10).Foreign(style, text).String())
		}
	}
	switch r, l := b.families.Selected(), b.loops.Selected(); {
	case b.section == families && r != nil:
		if r.place >= 0 {
			p := &r.places[r.place]
			title = "This one"
			fact("about", t.Text, p.Label)
			fact("failed", t.Text, r.Tool+": "+r.text)
			fact("session", t.Text, b.session(p.Session))
			fact("agent", t.Agent, p.Agent)
			break
		}
		fact("message", t.Text, r.Example)
		fact("in", t.Text, b.hits(r.Family))
		fact("agents", t.Agent, strings.Join(r.Agents, ", "))
		fact("models", t.Model, strings.Join(r.Models, ", "))
	case b.section == loops && l != nil:
		title = "This loop"
		for i, s := range l.Steps {
			fact([...]string{"call", "then", "then", "then"}[min(i, 3)], t.Text, s.Tool+"  "+s.Label)
		}
		fact("session", t.Text, b.session(l.Places[0].Session))
		fact("agent", t.Agent, l.Places[0].Agent)
	}
	return frame.Fill(append([]string{frame.Title(t, b.width, 0, title, false)}, rows...), b.width, b.about)
}

// hits names the sessions that a family hit, the one with most failures first.
func (b *board) hits(f *trouble.Family) string {
	const some = 6
	best := append([]trouble.Hit(nil), f.Sessions...)
	sortHits(best)
	names := make([]string, 0, some+1)
	for i, h := range best {
		if i == some {
			names = append(names, fmt.Sprintf("%d more", len(best)-some))
			break
		}
		name := frame.Short(b.session(h.Session), 28)
		if h.Count > 1 {
			name += " ×" + figure.Count(int64(h.Count))
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}
