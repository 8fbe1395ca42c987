package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// header answers what this is, what runs, what needs the person and what today
// cost.
func (h *home) header(t *theme.Theme) string {
	v := h.view
	parts := []frame.Part{{Style: t.Brand, Text: "lazytrace  "}, {Style: t.Bright, Text: h.Title() + "   "}}
	if v == nil {
		return strip(t, h.width, "", parts...)
	}
	if v.Running > 0 {
		parts = append(parts, frame.Part{Style: t.Good, Text: t.Running + " "}, frame.Part{Style: t.Bright, Text: fmt.Sprintf("%d live   ", v.Running)})
	}
	if n := len(v.Needs); n == 1 {
		parts = append(parts, frame.Part{Style: t.Human.Bold(), Text: "! "}, frame.Part{Style: t.Bright, Text: "1 needs you   "})
	} else if n > 1 {
		parts = append(parts, frame.Part{Style: t.Human.Bold(), Text: "! "}, frame.Part{Style: t.Bright, Text: fmt.Sprintf("%d need you   ", n)})
	}
	if v.Today.Calls > 0 {
		parts = append(parts, frame.Part{Style: t.Dim, Text: "today "}, frame.Part{Style: t.Bright, Text: "$" + figure.Money(v.Today.Cost()) + " "})
		if day := h.world.opts.Budget.Day; day > 0 {
			style, of := t.Dim, "of $"+figure.Money(day)+" "
			if v.Today.Cost() > day {
				style, of = t.BadBold, "over "+of
			}
			parts = append(parts, frame.Part{Style: style, Text: of})
		}
		if h.width >= 100 {
			parts = append(parts, frame.Part{Style: t.Dim, Text: split(t, v)})
		}
	}
	right := fmt.Sprintf("%s %s %s", figure.Plural(int64(v.All), "session"), t.Dot, v.Since())
	if v.Period == overview.All {
		right = figure.Plural(int64(v.All), "session")
	}
	return strip(t, h.width, right, parts...)
}

// split says what today's cost is made of.
func split(t *theme.Theme, v *overview.View) string {
	total := float64(v.Today.Cost())
	text := ""
	if v.Today.Cost() > 0 {
		text = "recorded " + figure.Percent(float64(v.Today.Recorded), total) + " " + t.Dot + " estimated " + figure.Percent(float64(v.Today.Estimated), total) + " " + t.Dot + " "
	}
	return text + "unpriced " + figure.Count(v.Today.Unpriced)
}

// periodsWidth is the part of the second row that tells and changes the period.
const periodsWidth = 18

// crumbs says what is shown: the views as tabs, or the page, and the filter.
func (h *home) crumbs(t *theme.Theme) string {
	l := frame.NewLine(h.width, "").Space(1)
	if name := homePages[h.place].name; name != "" {
		l.Put(t.Dim, "sessions "+t.Crumb+" ").Put(t.Title, name)
	} else {
		l.Put(t.Title, "sessions")
	}
	q := h.ask.Query.String()
	for _, tab := range h.tabs() {
		if l.Used()+frame.Width(tab.text)+3 > h.width-periodsWidth-2 {
			break
		}
		style := t.Dim
		if tab.on {
			style = t.Bright
			q = "" // the view says it
		}
		l.To(tab.x).Foreign(style, tab.text)
	}
	if q != "" {
		l.Put(t.Dim, " "+t.Crumb+" ").Foreign(t.Warn, q)
		if h.view != nil {
			l.Put(t.Dim, "   "+h.Count())
		}
	}
	if h.view == nil {
		return l.String()
	}
	if p := h.view.Catalog.Progress; p.Loading {
		text := "   reading " + figure.Count(int64(p.Found)) + " logs" + t.More
		if p.Total > 0 {
			text = "   reading " + figure.Percent(float64(p.Read), float64(p.Total)) + " of " + figure.Bytes(p.Total)
		}
		l.Put(t.Human, text)
	} else if n := len(p.Failed); n > 0 {
		l.Put(t.Bad, fmt.Sprintf("   %s %d %s could not be opened: ", t.Failed, n, figure.Noun(int64(n), "log"))).Foreign(t.Dim, p.Failed[0].String())
	} else if h.world.opts.Banner != "" {
		l.Space(3).Foreign(t.Dim, h.world.opts.Banner)
	}
	if l.Used() > h.width-periodsWidth-2 {
		return l.String()
	}
	l.To(h.width - periodsWidth - 1)
	for _, p := range overview.Periods {
		style := t.Dim
		if p == h.view.Period {
			style = t.Bright
		}
		l.Put(style, p.String()).Space(2)
	}
	return l.String()
}

// headTab is the name of a view in the second row.
type headTab struct {
	view View
	text string
	x    int
	on   bool
}

// tabs are the views, where there is room for all of them.
func (h *home) tabs() []headTab {
	if h.place != keymap.GoSessions || h.view == nil || h.view.Catalog.Progress.Loading || h.width < 100 {
		return nil
	}
	var out []headTab
	x := 1 + len("sessions") + 3
	on := h.views.at(h.ask.Query.String())
	for i, v := range h.views.all() {
		text := frame.Short(v.Name, 16)
		if i < len(h.view.Counts) && i > 0 {
			text += fmt.Sprintf(" %d", h.view.Counts[i])
		}
		out = append(out, headTab{v, text, x, i == on})
		x += frame.Width(text) + 3
	}
	return out
}

// clickCrumbs turns to the view or period whose name was hit.
func (h *home) clickCrumbs(x int) tea.Cmd {
	for _, tab := range h.tabs() {
		if x >= tab.x && x < tab.x+frame.Width(tab.text) {
			return h.look(tab.view)
		}
	}
	at := h.width - periodsWidth - 1
	for _, p := range overview.Periods {
		if n := len(p.String()); x >= at && x < at+n {
			h.ask.Period = p
			return h.make(true)
		}
		at += len(p.String()) + 2
	}
	return nil
}
