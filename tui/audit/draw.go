package audit

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// compose makes the lines of the audit.
func (p *Pane) compose(c *eventlog.Catalog, a *rollup.Audit) []line {
	var lines []line
	add := func(f eventlog.Figure, k kind, text string) {
		lines = append(lines, line{count: c.Audit.Count(f), text: text, kind: k, figure: f})
	}
	add(eventlog.FigureRecords, whole, "records read")
	unreadable := part
	if c.Audit.Unreadable > 0 {
		unreadable = wrong
	}
	add(eventlog.FigureUnreadable, unreadable, "could not be read")
	add(eventlog.FigureCallRecords, whole, "records told of a model call")
	add(eventlog.FigureSameResponse, cut, "cut by response id, within a file")
	add(eventlog.FigureSameRequest, cut, "cut by request id, within a file")
	add(eventlog.FigureSameRecord, cut, "cut by record, within a file")
	add(eventlog.FigureCopiedResponse, cut, "cut by response id, across files")
	add(eventlog.FigureCopiedRequest, cut, "cut by request id, across files")
	add(eventlog.FigureCopiedRecord, cut, "cut by record, across files")
	add(eventlog.FigureForks, part, "of what was cut, replayed by a fork or resume")
	add(eventlog.FigureCalls, whole, "calls, each counted once")
	add(eventlog.FigureRecorded, part, "cost recorded")
	add(eventlog.FigureEstimated, part, "cost estimated")
	add(eventlog.FigureUnpriced, part, "without a price")
	add(eventlog.FigureAtLeast, part, "counted at least: their log lacks the final count")
	for i := range lines {
		switch l := &lines[i]; l.figure {
		case eventlog.FigureRecorded:
			l.remark = "$" + figure.Money(a.Total.Recorded)
		case eventlog.FigureEstimated:
			l.remark = "$" + figure.Money(a.Total.Estimated) + ", " + figure.Percent(float64(a.Total.Estimated), float64(a.Total.Cost())) + " of the total"
		}
	}
	add(eventlog.FigureEchoes, whole, "copies of messages in progress lines, never counted")
	add(eventlog.FigureToolCopies, whole, "tool calls that stand in another file too")
	add(eventlog.FigureShadow, whole, "events that a better log holds too, not counted")
	groups := func(f eventlog.Figure, title string, list []rollup.Priced, source eventlog.CostSource) {
		if len(list) == 0 {
			return
		}
		lines = append(lines, line{kind: head, text: title})
		for _, g := range list {
			text := cmp.Or(g.Why, g.Model)
			if source == eventlog.Unpriced {
				text = g.Model + ": " + cmp.Or(g.Why, "nothing tells")
				if g.Provider != "" {
					text = g.Provider + " " + text
				}
			}
			lines = append(lines, line{count: g.Calls, text: text, kind: priced, figure: f, cost: g.Cost, remark: figure.Count(g.Usage.Total()) + " tokens",
				only: func(f *eventlog.Finding) bool {
					return f.Price == g.Why && f.Provider == g.Provider && (f.Model == g.Model || f.Model == "" && g.Model == "unknown")
				}})
		}
	}
	groups(eventlog.FigureEstimated, "estimated with", a.Estimated, eventlog.Estimated)
	groups(eventlog.FigureUnpriced, "without a price, since", a.Unpriced, eventlog.Unpriced)
	return lines
}

// Draw returns the pane's rows.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	switch p.level {
	case records:
		return p.drawRecords(t, number, active)
	case record:
		return p.drawRecord(t, number, active)
	}
	rows := []string{frame.Title(t, p.width, number, "Audit", active, frame.Part{Style: t.Dim, Text: p.about + " " + t.Dot + " of all logs"})}
	if p.lines == nil {
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, frame.Part{Style: t.Text, Text: "Adding up" + t.More})...), p.width, p.height)
	}
	from, to := p.list.Visible()
	for i := from; i < min(to, len(p.lines)); i++ {
		rows = append(rows, p.line(t, &p.lines[i], i == p.list.Cursor(), active))
	}
	return frame.Fill(rows, p.width, p.height)
}

func (p *Pane) row(t *theme.Theme, selected, active bool) *frame.Line {
	back := theme.Style("")
	if selected {
		if back = t.Quiet; active {
			back = t.Select
		}
	}
	l := frame.NewLine(p.width, back)
	if selected {
		l.Put(t.Title, t.Cursor)
	}
	return l
}

func (p *Pane) line(t *theme.Theme, d *line, selected, active bool) string {
	l := p.row(t, selected, active)
	if d.kind == head {
		return l.To(2).Put(t.Dim, d.text).String()
	}
	style, text, indent, sign := t.Bright, t.Text, 0, ""
	switch d.kind {
	case part, priced:
		style, text, indent = t.Text, t.Dim, 2
	case cut:
		style, text = t.Warn, t.Dim
		if d.count > 0 {
			sign = "-"
		}
	case wrong:
		style, text, indent = t.BadBold, t.Bad, 2
	}
	if d.count == 0 {
		style, text = t.Dim, t.Dim
	}
	if d.figure == eventlog.FigureUnpriced && d.count > 0 {
		style = t.Warn
	}
	l.To(2).Right(style, sign+figure.Whole(d.count), 12).Space(2 + indent)
	right := d.remark
	if d.cost > 0 {
		right = "$" + figure.Money(d.cost) + "  " + right
	}
	width := max(0, l.Room()-frame.Width(right)-3)
	l.Foreign(text, frame.Short(d.text, width))
	if right != "" && l.Room() > frame.Width(right)+1 {
		l.To(p.width-1-frame.Width(right)).Put(t.Dim, right)
	}
	return l.String()
}

// searched says how far the search for records has come.
func (p *Pane) searched(t *theme.Theme) frame.Part {
	n := figure.Whole(int64(len(p.found)))
	switch {
	case p.err != nil:
		return frame.Part{Style: t.Bad, Text: t.Failed + " cannot be read"}
	case p.search.Busy():
		return frame.Part{Style: t.Human, Text: "reading" + t.More + " " + n + " so far, esc stops"}
	case !p.all:
		return frame.Part{Style: t.Warn, Text: "the first " + n + " of them"}
	}
	return frame.Part{Style: t.Dim, Text: n}
}

func (p *Pane) drawRecords(t *theme.Theme, number int, active bool) []string {
	title := frame.Short("Audit "+t.Crumb+" "+frame.Clean(p.of.text, p.width), max(10, p.width-44))
	rows := []string{frame.Title(t, p.width, number, title, active, p.searched(t))}
	switch {
	case p.err != nil:
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, frame.Part{Style: t.Bad, Text: frame.Clean(p.err.Error(), 2*p.width)})...), p.width, p.height)
	case len(p.found) == 0 && !p.search.Busy():
		return frame.Fill(append(rows, frame.Message(p.width, p.height-1, frame.Part{Style: t.Text, Text: "The records are no longer there."})...), p.width, p.height)
	}
	where := max(16, min(48, p.width*2/5))
	wide := p.width >= 110
	h := frame.NewLine(p.width, "").To(2).Cell(t.Dim, "RECORD", where).Space(1)
	if p.of.figure != eventlog.FigureUnreadable {
		h.Right(t.Dim, "IN", 7).Space(1).Right(t.Dim, "OUT", 7).Space(1).Right(t.Dim, "COST", 8).Space(2)
		if wide {
			h.Cell(t.Dim, "MODEL", 22).Space(1)
		}
		h.Put(t.Dim, "PRICE")
	} else {
		h.Put(t.Dim, "WHY")
	}
	rows = append(rows, h.String())
	from, to := p.items.Visible()
	for i := from; i < min(to, len(p.found)); i++ {
		f := &p.found[i]
		l := p.row(t, i == p.items.Cursor(), active).To(2)
		l.Cell(t.Text, tail(place(f), where), where).Space(1)
		b := f.Bill
		switch {
		case f.Why != "":
			l.Foreign(t.Bad, f.Why).Space(2).Foreign(t.Dim, f.Excerpt)
		case b == nil:
			l.Foreign(t.Tool, f.Tool).Space(1).Foreign(t.Dim, f.Event).Space(2).Foreign(t.Dim, f.Session)
		default:
			l.Right(t.Text, figure.Count(b.Usage.Context()), 7).Space(1)
			out := figure.Count(b.Usage.Output)
			if b.AtLeast {
				out += "+"
			}
			l.Right(t.Text, out, 7).Space(1)
			amount, style := "no price", t.Warn
			if b.Source != eventlog.Unpriced {
				amount, style = figure.Money(b.Cost), t.Money
			}
			if b.Source == eventlog.Estimated {
				amount, style = "~"+amount, t.Human
			}
			l.Right(style, amount, 8).Space(2)
			if wide {
				l.Cell(t.Model, f.Model, 22).Space(1)
			}
			l.Foreign(t.Dim, cmp.Or(f.Price, b.Source.String()))
		}
		rows = append(rows, l.String())
	}
	return frame.Fill(rows, p.width, p.height)
}

// place says where a record lies.
func place(f *eventlog.Finding) string {
	switch {
	case f.Table != "":
		return f.Path + " " + f.Table + " " + strconv.FormatInt(f.Pos, 10)
	case f.Line > 0:
		return f.Path + ":" + strconv.FormatInt(f.Line, 10)
	case f.Pos >= 0:
		return f.Path + " at " + strconv.FormatInt(f.Pos, 10)
	}
	return f.Path
}

// tail cuts a text at its beginning: of a path, the end tells most.
func tail(text string, width int) string {
	text = frame.Clean(text, len(text))
	r := []rune(text)
	for n := len(r) - width; n > 0 && n < len(r) && frame.Width(text) > width; n++ {
		text = "…" + string(r[n+1:])
	}
	return text
}

// drawRecord shows what is known of one record.
func (p *Pane) drawRecord(t *theme.Theme, number int, active bool) []string {
	f := &p.found[p.items.Cursor()]
	rows := []string{frame.Title(t, p.width, number, "Audit "+t.Crumb+" "+tail(place(f), max(10, p.width-30)), active)}
	var body []string
	add := func(name, value string) {
		if value == "" {
			return
		}
		for i, text := range frame.Wrap(frame.Clean(value, len(value)), max(8, p.width-16)) {
			l := frame.NewLine(p.width, "").To(2)
			if i == 0 {
				l.Put(t.Dim, name)
			}
			body = append(body, l.To(14).Put(t.Text, text).String())
		}
	}
	add("record", place(f))
	add("format", f.Format)
	add("why", f.Why)
	add("begins with", f.Excerpt)
	add("session", f.Session)
	add("agent", f.Agent)
	add("model", strings.TrimSpace(f.Provider+" "+f.Model))
	add("event", strings.TrimSpace(f.Event+" "+f.Tool))
	if b := f.Bill; b != nil {
		add("call", hex.EncodeToString(b.Call[:6])+" by "+b.Rule.String())
		u := b.Usage
		add("tokens", fmt.Sprintf("input %s, cache read %s, written %s, output %s", figure.Whole(u.Input), figure.Whole(u.CacheRead), figure.Whole(u.CacheWrite5m+u.CacheWrite1h), figure.Whole(u.Output)))
		if b.Source != eventlog.Unpriced {
			add("cost", "$"+b.Cost.String()+" "+b.Source.String())
		}
		add("price", f.Price)
	}
	from := max(0, min(p.scroll, len(body)-p.height+1))
	return frame.Fill(append(rows, body[from:]...), p.width, p.height)
}
