// Package summary is the pane that says what the selected session or run is
// about: its goal, where it ran, what it cost and why it ended.
package summary

import (
	"cmp"
	"sort"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Pane is the summary.
type Pane struct {
	width, height int
	scroll        int
	key           string
	Prices        string // what estimates are made with
}

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) { p.width, p.height = width, height }

// Scroll scrolls by d rows.
func (p *Pane) Scroll(d int) { p.scroll = max(0, p.scroll+d) }

// Reset scrolls back to the top when another row is selected.
func (p *Pane) Reset(key string) {
	if key != p.key {
		p.key, p.scroll = key, 0
	}
}

const labels = 8 // cells that the labels take

type page struct {
	t      *theme.Theme
	width  int
	rows   []string
	prices string
}

func (g *page) add(label string, parts ...frame.Part) {
	l := frame.NewLine(g.width, "")
	l.Space(1).Cell(g.t.Dim, label, labels-1).Space(1)
	for _, part := range parts {
		l.Foreign(part.Style, part.Text)
		if strings.HasSuffix(part.Text, " ") {
			l.Space(1)
		}
	}
	g.rows = append(g.rows, l.String())
}

// text adds a foreign text over at most lines rows.
func (g *page) text(label, text string, s theme.Style, lines int) {
	width := max(8, g.width-labels-2)
	wrapped := frame.Wrap(frame.Clean(text, width*lines), width)
	for i, line := range wrapped[:min(len(wrapped), lines)] {
		if i > 0 {
			label = ""
		}
		g.add(label, frame.Part{Style: s, Text: line})
	}
}

// Draw returns the pane's rows for the selected row, or none.
func (p *Pane) Draw(t *theme.Theme, number int, active bool, v *overview.View, r *overview.Row) []string {
	if r == nil {
		return frame.Fill([]string{frame.Title(t, p.width, number, "Summary", active)}, p.width, p.height)
	}
	what := "session"
	if r.Run != nil {
		what = "run of " + r.Session.Label()
	} else if r.Session.Parent != nil {
		what = "child of " + r.Session.Parent.Label()
	}
	name := frame.Short(r.Name, p.width/2)
	what = frame.Short(what, max(1, p.width-frame.Width(name)-14))
	rows := []string{frame.Title(t, p.width, number, name, active, frame.Part{Style: t.Dim, Text: what})}
	g := &page{t: t, width: p.width, prices: p.Prices}
	g.session(v, r)
	from := max(0, min(p.scroll, len(g.rows)-p.height+1))
	return frame.Fill(append(rows, g.rows[from:]...), p.width, p.height)
}

func (g *page) session(v *overview.View, r *overview.Row) {
	t, s := g.t, r.Session
	if s.Goal != "" {
		g.text("goal", eventlog.Prose(s.Goal), t.Text, 3)
	}
	g.state(r)
	where := s.Directory
	if s.Branch != "" {
		where += "  " + s.Branch
	}
	if where = strings.TrimSpace(where); where != "" {
		g.add("where", frame.Part{Style: t.Text, Text: tail(where, g.width-labels-2)})
	}
	if r.Run == nil {
		g.fate(v, s)
	}
	g.models(v, r)
	g.cost(r)
	if n := r.Sum.Usage.Context(); n > 0 {
		g.add("tokens", frame.Part{Style: t.Text, Text: figure.Count(n) + " "}, frame.Part{Style: t.Dim, Text: "in "},
			frame.Part{Style: t.Text, Text: figure.Count(r.Sum.Usage.Output) + " "}, frame.Part{Style: t.Dim, Text: "out "},
			frame.Part{Style: t.Text, Text: figure.Percent(float64(r.Sum.Usage.CacheRead), float64(n)) + " "}, frame.Part{Style: t.Dim, Text: "from cache"})
	}
	if r.Run == nil && s.Context > 0 {
		g.add("context", frame.Part{Style: t.Text, Text: figure.Count(s.Context) + " "}, frame.Part{Style: t.Dim, Text: "tokens read by the last call"})
	}
	steps := []frame.Part{{Style: t.Text, Text: figure.Count(r.Sum.Calls) + " "}, {Style: t.Dim, Text: "model "}, {Style: t.Text, Text: figure.Count(r.Sum.ToolCalls) + " "}, {Style: t.Dim, Text: "tool "}}
	if r.Sum.Errors > 0 {
		steps = append(steps, frame.Part{Style: t.BadBold, Text: t.Failed + figure.Count(r.Sum.Errors) + " "}, frame.Part{Style: t.Bad, Text: "failed"})
	}
	g.add("calls", steps...)
	if r.Run == nil {
		g.rest(r)
	}
}

func (g *page) state(r *overview.Row) {
	t := g.t
	glyph, style := t.Status(r.Status, r.Failed)
	word := r.Status.String()
	if r.Failed && r.Status != eventlog.Running {
		word = "failed"
	}
	parts := []frame.Part{{Style: style, Text: glyph + " "}, {Style: style, Text: word + " "}, {Style: t.Text, Text: figure.Clock(r.Took) + " "}}
	why := ""
	switch {
	case r.Run != nil:
	case r.Reason != "":
		why = r.Reason
	case r.Why == "auto":
		why = "nothing heard for a day: closed by itself"
	case r.Status == eventlog.Stale:
		why = "nothing heard of it for 5 minutes"
	case r.Status == eventlog.Done && r.Why == "":
		why = "nothing is under way"
	case r.Why != "":
		why = r.Why
	}
	if why != "" {
		parts = append(parts, frame.Part{Style: t.Dim, Text: why})
	}
	g.add("state", parts...)
}

// fate says when the agent deletes the session, and what keeps it.
func (g *page) fate(v *overview.View, s *eventlog.Session) {
	text, soon := s.Fate(eventlog.StampOf(v.Ask.Now))
	if text == "" {
		return
	}
	style := g.t.Dim
	if soon {
		style = g.t.Warn
	}
	if s.Archived {
		g.add("kept", frame.Part{Style: style, Text: text})
		return
	}
	g.add("kept", frame.Part{Style: style, Text: text + " "}, frame.Part{Style: g.t.Dim, Text: s.Dies.Time().Local().Format("2006-01-02 15:04")})
	if soon {
		g.text("", "to keep it, "+s.Keeping.Advice(), g.t.Dim, 3)
	}
}

func (g *page) models(v *overview.View, r *overview.Row) {
	if r.Model == "" {
		return
	}
	if r.Run != nil || r.Session.Models < 2 {
		g.add("model", frame.Part{Style: g.t.Text, Text: r.Model})
		return
	}
	mix := v.Mix[r.Session.Sym]
	var total int64
	for _, m := range mix {
		total += m.Tokens
	}
	var parts []frame.Part
	for _, m := range mix[:min(3, len(mix))] {
		parts = append(parts, frame.Part{Style: g.t.Text, Text: m.Model + " "}, frame.Part{Style: g.t.Dim, Text: figure.Percent(float64(m.Tokens), float64(total)) + " "})
	}
	g.add("models", parts...)
}

func (g *page) cost(r *overview.Row) {
	t := g.t
	all := cost(r.Sum)
	if all == "" {
		return
	}
	parts := []frame.Part{{Style: t.Bright, Text: all + " "}}
	if r.Parent && r.Sum.Cost() != r.Own.Cost() {
		parts = append(parts, frame.Part{Style: t.Dim, Text: "own "}, frame.Part{Style: t.Text, Text: cmp.Or(cost(r.Own), "$0") + " "},
			frame.Part{Style: t.Dim, Text: "+ below "}, frame.Part{Style: t.Text, Text: "$" + figure.Money(r.Sum.Cost()-r.Own.Cost())})
		g.add("cost", parts...)
		l := frame.NewLine(g.width, "").Space(1 + labels - 1)
		l.Space(1).Split(t, []theme.Style{t.Money, t.Agent}, []float64{float64(r.Own.Cost()), float64(r.Sum.Cost() - r.Own.Cost())}, min(32, g.width-labels-2))
		g.rows = append(g.rows, l.String())
	} else {
		g.add("cost", parts...)
	}
	var notes []string
	if r.Sum.Estimated != 0 && r.Sum.Recorded != 0 {
		notes = append(notes, figure.Percent(float64(r.Sum.Estimated), float64(r.Sum.Cost()))+" of it estimated")
	} else if r.Sum.Estimated != 0 {
		notes = append(notes, "~ estimated: "+cmp.Or(g.prices, "a table of prices"))
	}
	if r.Sum.Unpriced > 0 {
		notes = append(notes, figure.Count(r.Sum.Unpriced)+" "+figure.Noun(r.Sum.Unpriced, "call")+" without a price")
	}
	if r.Sum.AtLeast > 0 {
		notes = append(notes, figure.Count(r.Sum.AtLeast)+" "+figure.Noun(r.Sum.AtLeast, "call")+" counted at least")
	}
	if len(notes) > 0 {
		g.add("", frame.Part{Style: t.Dim, Text: strings.Join(notes, ", ")})
	}
}

func cost(s rollup.Sum) string {
	return figure.Dollars(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast)
}

func (g *page) rest(r *overview.Row) {
	t, s := g.t, r.Session
	names := make([]string, 0, len(s.Metrics))
	for k := range s.Metrics {
		names = append(names, k)
	}
	sort.Strings(names)
	for i, k := range names {
		label := ""
		if i == 0 {
			label = "metrics"
		}
		g.add(label, frame.Part{Style: t.Dim, Text: k + " "}, frame.Part{Style: t.Text, Text: strconv.FormatFloat(s.Metrics[k], 'g', 4, 64)})
	}
	if len(s.Tags) > 0 {
		g.add("tags", frame.Part{Style: t.Text, Text: strings.Join(s.Tags, " ")})
	}
	for _, f := range [...][2]string{{"project", s.Project}, {"variant", strings.TrimSpace(s.Experiment + " " + s.Variant)}, {"fork of", s.ForkOf}, {"host", s.Host}, {"user", s.User}, {"version", s.Version}} {
		if f[1] != "" {
			g.add(f[0], frame.Part{Style: t.Text, Text: f[1]})
		}
	}
	keys := make([]string, 0, len(s.Metadata))
	for k := range s.Metadata {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for i, k := range keys {
		label := ""
		if i == 0 {
			label = "meta"
		}
		g.add(label, frame.Part{Style: t.Dim, Text: k + " "}, frame.Part{Style: t.Text, Text: s.Metadata[k]})
	}
	if s.Dropped > 0 {
		g.add("dropped", frame.Part{Style: t.Warn, Text: figure.Count(s.Dropped) + " events that the recorder could not keep"})
	}
	g.add("id", frame.Part{Style: t.Dim, Text: s.ID})
	if len(s.Paths) > 0 {
		g.add("log", frame.Part{Style: t.Dim, Text: tail(s.Paths[0], g.width-labels-2)})
	}
}

// tail keeps the end of a path, which tells more than its beginning.
func tail(path string, width int) string {
	runes := []rune(path)
	if len(runes) <= width || width < 2 {
		return path
	}
	return "…" + string(runes[len(runes)-width+1:])
}
