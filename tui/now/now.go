// Package now is the feed of what happened last in all the sessions that are
// shown.
package now

import (
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Pane is the feed.
type Pane struct{ width, height int }

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) { p.width, p.height = width, height }

// Draw returns the pane's rows.
func (p *Pane) Draw(t *theme.Theme, number int, active bool, v *overview.View, loc *time.Location) []string {
	rows := []string{frame.Title(t, p.width, number, "Now", active, frame.Part{Style: t.Dim, Text: "newest first"})}
	if len(v.Feed) == 0 {
		rows = append(rows, frame.Fit(t.Dim, "  nothing yet", p.width))
	}
	today := v.Ask.Now.In(loc).Format("2006-01-02")
	for _, h := range v.Feed[:min(len(v.Feed), max(0, p.height-1))] {
		rows = append(rows, p.row(t, v, &h, loc, today))
	}
	return frame.Fill(rows, p.width, p.height)
}

func (p *Pane) row(t *theme.Theme, v *overview.View, h *eventlog.Headline, loc *time.Location, today string) string {
	names := v.Catalog.Symbols
	l := frame.NewLine(p.width, "").Space(1)
	when := ""
	if h.Time.Known() {
		at := h.Time.Time().In(loc)
		if when = at.Format("15:04:05"); at.Format("2006-01-02") != today {
			when = at.Format("Jan _2")
		}
	}
	l.Cell(t.Dim, when, 8).Space(1)
	who := names.Name(h.Agent)
	if s := v.Catalog.BySym(h.Session); who == "" && s != nil {
		who = s.Label()
	}
	mark := ""
	if h.Failed {
		mark = t.Failed + " failed"
	}
	agent := min(14, p.width/4)
	rest := max(0, p.width-11-frame.Width(mark))
	l.Cell(t.Dim, who, agent).Space(1)
	style := t.Class(h.Kind.Class())
	if h.Failed {
		style = t.Bad
	}
	l.Cell(style, what(h, names.Name(h.Name)), max(0, rest-agent-1))
	return l.Right(t.BadBold, mark, max(0, l.Room()-1)).String()
}

func what(h *eventlog.Headline, name string) string {
	switch h.Kind {
	case eventlog.ToolCall, eventlog.ToolError, eventlog.ToolTimeout, eventlog.ToolResult, eventlog.ModelResponse, eventlog.ModelRequest:
		if name != "" {
			return name
		}
	case eventlog.AgentStart:
		return "started"
	case eventlog.AgentFinish:
		return "finished"
	case eventlog.HILDecision:
		return "person decided " + name
	}
	if name != "" {
		return h.Kind.String() + " " + name
	}
	return h.Kind.String()
}
