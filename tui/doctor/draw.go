package doctor

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// heads is how many rows stand over the table: the title and the sections.
const heads = 2

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) tea.Cmd {
	p.width, p.height = width, height
	p.tables.sources.Columns[agentColumn].Width = 14
	if width >= 80 {
		p.tables.sources.Columns[agentColumn].Width = 18
	}
	for _, s := range p.sections {
		s.Resize(width, max(0, height-heads-p.below()))
	}
	return nil
}

// below is how many rows tell of the selected row and of what to do.
func (p *Pane) below() int {
	if p.height < 16 {
		return 0
	}
	return max(7, min(12, p.height*2/5))
}

// Draw returns the rows of the page.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	rows := []string{frame.Title(t, p.width, number, "Doctor", active, p.verdict(t)...), p.strip(t)}
	body := max(0, p.height-heads-p.below())
	switch s := p.sections[p.at]; {
	case p.report == nil:
		rows = append(rows, frame.Message(p.width, body, p.waiting(t)...)...)
	case s.Len() == 0:
		rows = append(rows, frame.Message(p.width, body, p.nothing(t)...)...)
	default:
		rows = append(rows, s.Draw(t, active)...)
	}
	if n := p.below(); n > 0 && p.report != nil {
		rows = append(frame.Fill(rows, p.width, heads+body), p.drawBelow(t, n)...)
	}
	return frame.Fill(rows, p.width, p.height)
}

// verdict says how things are, for the title.
func (p *Pane) verdict(t *theme.Theme) []frame.Part {
	switch {
	case p.work.Busy():
		text := "looking at every record"
		if p.width < 60 {
			text = "looking"
		}
		if total := p.total(); total > 0 {
			text += ": " + figure.Percent(float64(min(p.read.Load(), total)), float64(total))
		}
		return []frame.Part{{Style: t.Human, Text: text}, {Style: t.Dim, Text: "  esc stops"}}
	case p.report == nil:
		return nil
	case p.err != nil:
		if p.width < 60 {
			return []frame.Part{{Style: t.Bad, Text: t.Failed + " failed"}}
		}
		return []frame.Part{{Style: t.Bad, Text: t.Failed + " not all could be found out"}}
	case !p.examined && p.examine == nil:
		return []frame.Part{{Style: t.Dim, Text: "what the catalog tells"}}
	case !p.examined:
		return []frame.Part{{Style: t.Dim, Text: "what the catalog tells; R looks at every record"}}
	case len(p.report.Broken) > 0:
		return []frame.Part{{Style: t.BadBold, Text: t.Failed + " " + strconv.Itoa(len(p.report.Broken)) + " broken"}}
	case len(p.report.Advice) > 0:
		return []frame.Part{{Style: t.Warn, Text: figure.Plural(int64(len(p.report.Advice)), "thing") + " to do"}}
	}
	return []frame.Part{{Style: t.Good, Text: t.Done + " all is well"}}
}

// total returns about how many records there are to read.
func (p *Pane) total() int64 {
	if p.view == nil {
		return 0
	}
	return p.view.Catalog.Audit.Records
}

// label is the name of a section with how much is in it.
func (p *Pane) label(i int) (text string, style func(*theme.Theme) theme.Style) {
	n := p.sections[i].Len()
	if i == machine || p.report == nil || !p.examined && (i == news || i == habits) {
		return names[i], func(t *theme.Theme) theme.Style { return t.Dim }
	}
	style = func(t *theme.Theme) theme.Style { return t.Dim }
	if n > 0 && (i == news || i == unread || i == habits) {
		style = func(t *theme.Theme) theme.Style { return t.Warn }
	}
	return names[i] + " " + figure.Count(int64(n)), style
}

// gap is how far the names of sections are apart.
const gap = 3

// strip is the row of the sections. Where there is no room for all, it begins with
// the one that is shown.
func (p *Pane) strip(t *theme.Theme) string {
	l := frame.NewLine(p.width, "").Space(2)
	for i := p.firstName(); i < len(names); i++ {
		text, style := p.label(i)
		if l.Room() < frame.Width(text)+1 {
			break
		}
		if i == p.at {
			l.Put(t.Title, text)
		} else {
			l.Put(style(t), text)
		}
		l.Space(gap)
	}
	return l.String()
}

// firstName returns which section the strip begins with.
func (p *Pane) firstName() int {
	width := 2
	for i := range names {
		text, _ := p.label(i)
		width += frame.Width(text) + gap
	}
	if width-gap < p.width {
		return 0
	}
	return p.at
}

// sectionAt returns the section whose name stands at a column.
func (p *Pane) sectionAt(x int) (int, bool) {
	from := 2
	for i := p.firstName(); i < len(names); i++ {
		text, _ := p.label(i)
		if x >= from && x < from+frame.Width(text) {
			return i, true
		}
		from += frame.Width(text) + gap
	}
	return 0, false
}

// waiting says why nothing is shown yet.
func (p *Pane) waiting(t *theme.Theme) []frame.Part {
	if p.err != nil {
		return []frame.Part{{Style: t.BadBold, Text: t.Failed + " Nothing could be found out."}, {Style: t.Text, Text: frame.Clean(p.err.Error(), 2*p.width)}}
	}
	return []frame.Part{{Style: t.Text, Text: "Looking at what is there" + t.More}}
}

// nothing says what it means that a section is empty.
func (p *Pane) nothing(t *theme.Theme) []frame.Part {
	say := func(text, more string) []frame.Part {
		parts := []frame.Part{{Style: t.Bright, Text: text}}
		if more != "" {
			parts = append(parts, frame.Part{Style: t.Dim, Text: more})
		}
		return parts
	}
	later := ""
	if !p.examined {
		later = "Every record is looked at for that" + t.More
		if !p.work.Busy() {
			later = "Every record has to be looked at for that: R does."
		}
		if p.examine == nil {
			later = ""
		}
	}
	switch p.at {
	case sources:
		return say("No logs are here.", "")
	case news, habits, machine:
		if !p.examined {
			return say("Not known yet.", later)
		}
		if p.at == news {
			return say("All that was written is known.", "A kind or a field that a newer version of an agent writes would stand here.")
		}
		return say("No bad habits.", "Names that say nothing, ids used again, secrets in metadata, a session a call, sessions that are never closed would stand here.")
	case unread:
		return say("Everything could be read.", "")
	}
	return say("Nothing is deleted by its agent, as far as is known.", "")
}

// drawBelow tells of the selected row in full, and of what to do.
func (p *Pane) drawBelow(t *theme.Theme, height int) []string {
	var rows []string
	detail := p.detail(t)
	most := max(2, height/2-1)
	if len(p.report.Broken)+len(p.report.Advice) == 0 {
		most = height - 3
	}
	if len(detail) > 0 {
		rows = append(rows, frame.Title(t, p.width, 0, "selected", false))
		rows = append(rows, p.wrapped(t, detail, most)...)
	}
	rows = append(rows, frame.Title(t, p.width, 0, "What to do", false))
	var todo []frame.Part
	for _, text := range p.report.Broken {
		todo = append(todo, frame.Part{Style: t.Bad, Text: t.Failed + " " + text})
	}
	for _, text := range p.report.Advice {
		todo = append(todo, frame.Part{Style: t.Text, Text: t.To + " " + text})
	}
	if p.err != nil {
		todo = append(todo, frame.Part{Style: t.Bad, Text: t.Failed + " " + p.err.Error()})
	}
	if len(todo) == 0 {
		text := "Nothing: all is well."
		if !p.examined {
			text = "Nothing, as far as is known yet."
		}
		todo = append(todo, frame.Part{Style: t.Dim, Text: text})
	}
	left := height - len(rows)
	rows = append(rows, p.wrapped(t, todo, left)...)
	return frame.Fill(rows, p.width, height)
}

// wrapped puts foreign texts over at most so many rows.
func (p *Pane) wrapped(t *theme.Theme, parts []frame.Part, most int) []string {
	var rows []string
	for i, part := range parts {
		lines := frame.Wrap(frame.Clean(part.Text, 8*p.width), max(8, p.width-5))
		room, last := most-len(rows), i == len(parts)-1
		if len(lines) > room || len(lines) == room && !last {
			if i == 0 && room > 1 { // of the first at least the beginning
				rows = append(rows, frame.NewLine(p.width, "").Space(2).Foreign(part.Style, part.Text).String())
				i++
			}
			if len(rows) < most && i < len(parts) {
				rows = append(rows, frame.NewLine(p.width, "").Space(2).Put(t.Dim, t.More+" "+strconv.Itoa(len(parts)-i)+" more: lazytrace doctor tells all").String())
			}
			return rows
		}
		for j, text := range lines {
			l := frame.NewLine(p.width, "").Space(2)
			if j > 0 {
				l.Space(2)
			}
			rows = append(rows, l.Foreign(part.Style, text).String())
		}
	}
	return rows
}

// detail tells all of the selected row.
func (p *Pane) detail(t *theme.Theme) []frame.Part {
	var parts []frame.Part
	say := func(style theme.Style, text string) { parts = append(parts, frame.Part{Style: style, Text: text}) }
	if p.sections[p.at].Len() == 0 {
		return nil
	}
	switch p.at {
	case sources:
		s := p.tables.sources.Selected()
		if s.read.Files > 0 {
			text := s.format + ": " + figure.Plural(int64(s.read.Files), "file") + ", " + figure.Plural(s.read.Records, "record") + ", " + figure.Plural(int64(s.read.Sessions), "session")
			if len(s.read.Versions) > 0 {
				text += ", written by " + strings.Join(s.read.Versions, " to ")
			}
			say(t.Text, text)
		}
		for _, place := range s.places {
			if place.There {
				say(t.Text, figure.Plural(int64(place.Files), "file")+" in "+place.Path)
			} else {
				say(t.Dim, "nothing in "+place.Path)
			}
		}
		if len(s.places) == 0 && s.where != "" {
			say(t.Dim, "in "+s.where)
		}
	case news:
		d := p.tables.news.Selected()
		say(t.Text, d.Format+": the "+d.What+" “"+d.Name+"”, "+figure.Plural(d.Count, "time"))
		say(t.Dim, "first in "+d.Path+" at "+strconv.FormatInt(d.Pos, 10))
	case unread:
		f := p.tables.unread.Selected()
		say(t.Bad, f.Why)
		where := f.Path
		if f.Pos >= 0 {
			where += " at " + strconv.FormatInt(f.Pos, 10)
		}
		say(t.Dim, where)
	case kept:
		k := p.tables.kept.Selected()
		say(t.Text, k.Format+": "+figure.Plural(int64(k.Files), "file")+", "+k.Text())
		if k.Soon > 0 {
			say(t.Warn, figure.Plural(int64(k.Soon), "session")+" within 7 days; to keep more, "+k.Keeping.Advice())
		}
	case habits:
		h := p.tables.habits.Selected()
		say(t.Text, h.Format+": "+h.Text())
		say(t.Dim, h.Advice)
	case machine:
		f := p.tables.machine.Selected()
		say(t.Text, f.name+": "+f.text)
	}
	return parts
}
