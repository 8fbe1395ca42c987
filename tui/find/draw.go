package find

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// heads is how many rows stand over the list: the title, and what is searched.
const heads = 2

// Resize says how much room there is, with the title.
func (p *Pane) Resize(width, height int) tea.Cmd {
	p.width, p.height = width, height
	p.list.Resize(height - heads - p.below())
	return nil
}

// below is how many rows show the selected hit in full.
func (p *Pane) below() int {
	if p.height < 18 || p.width < 60 {
		return 0
	}
	return min(8, p.height/4)
}

// Draw returns the rows of the page.
func (p *Pane) Draw(t *theme.Theme, number int, active bool) []string {
	title := "Search"
	if p.text != "" {
		title += " " + t.Crumb + " " + p.text
	}
	var right []frame.Part
	if p.hits > 0 {
		more := ""
		if p.end == full {
			more = "more than "
		}
		right = append(right, frame.Part{Style: t.Dim, Text: more}, frame.Part{Style: t.Bright, Text: figure.Whole(int64(p.hits))},
			frame.Part{Style: t.Dim, Text: " " + figure.Noun(int64(p.hits), "hit") + " in "}, frame.Part{Style: t.Bright, Text: strconv.Itoa(len(p.groups))},
			frame.Part{Style: t.Dim, Text: " " + figure.Noun(int64(len(p.groups)), "session")})
	}
	rows := []string{frame.Title(t, p.width, number, title, active, right...), p.state(t)}
	if len(p.lines) == 0 {
		return frame.Fill(append(rows, frame.Message(p.width, p.height-heads, p.nothing(t)...)...), p.width, p.height)
	}
	from, to := p.list.Visible()
	for i := from; i < min(to, len(p.lines)); i++ {
		l := &p.lines[i]
		row := frame.Row(t, p.width, i == p.list.Cursor(), active)
		if l.hit < 0 {
			p.session(t, row, l.group, i == p.list.Cursor())
		} else {
			p.hit(t, row, l.group, &l.group.hits[l.hit])
		}
		rows = append(rows, row.String())
	}
	rows = frame.Fill(rows, p.width, heads+p.list.Height())
	if n := p.below(); n > 0 {
		rows = append(rows, p.drawHit(t, n)...)
	}
	return frame.Fill(rows, p.width, p.height)
}

// state says what is searched and how far that has come.
func (p *Pane) state(t *theme.Theme) string {
	l := frame.NewLine(p.width, "").Space(2)
	if p.view == nil {
		return l.String()
	}
	p.where(t, l)
	if len(p.words) == 0 {
		return l.String()
	}
	var parts []frame.Part
	meter := 0
	share := figure.Percent(float64(p.done), float64(max(1, p.total)))
	switch {
	case p.work.Busy():
		meter = 12
		text := "beginning" + t.More
		if p.total > 0 {
			text = share + " of " + figure.Bytes(p.total)
		}
		parts = []frame.Part{{Style: t.Human, Text: text}, {Style: t.Dim, Text: "  esc stops"}}
	case p.end == full:
		parts = []frame.Part{{Style: t.Warn, Text: "there are more: another word leaves fewer"}}
	case p.end == stopped:
		parts = []frame.Part{{Style: t.Warn, Text: "stopped at " + share + " of " + figure.Bytes(p.total)}}
	case p.end == whole && p.total > 0:
		parts = []frame.Part{{Style: t.Dim, Text: "all of " + figure.Bytes(p.total) + " searched"}}
	}
	width := meter + 2
	for _, part := range parts {
		width += frame.Width(part.Text)
	}
	if l.Room() < width+2 { // the end matters more
		l = frame.NewLine(p.width, "").Space(2)
	}
	l.To(p.width - width)
	if meter > 0 && l.Room() >= width {
		done := 0.0
		if p.total > 0 {
			done = float64(p.done) / float64(p.total)
		}
		l.Thin(t, t.Human, done, meter-1).Space(1)
	}
	for _, part := range parts {
		l.Put(part.Style, part.Text)
	}
	return l.String()
}

// where says which sessions are searched.
func (p *Pane) where(t *theme.Theme, l *frame.Line) {
	v := p.view
	n := len(v.Kept)
	if n == v.All {
		l.Put(t.Dim, "in all ").Put(t.Text, figure.Whole(int64(v.All))).Put(t.Dim, " "+figure.Noun(int64(v.All), "session"))
		return
	}
	l.Put(t.Dim, "in ").Put(t.Text, figure.Whole(int64(n))).Put(t.Dim, " of "+figure.Whole(int64(v.All))+" sessions")
	if period := periodText(v); period != "" {
		l.Put(t.Dim, " "+t.Dot+" ").Put(t.Text, period)
	}
	if q := v.Ask.Query.String(); q != "" {
		l.Put(t.Dim, " "+t.Dot+" ").Foreign(t.Warn, q)
	}
}

// periodText names the period that the sessions are of, or nothing for all.
func periodText(v *overview.View) string {
	switch v.Period {
	case overview.All:
		return ""
	case overview.Custom:
		return "a range of time"
	}
	return "the last " + v.Period.String()
}

// nothing says why there are no hits.
func (p *Pane) nothing(t *theme.Theme) []frame.Part {
	switch {
	case p.err != nil:
		return []frame.Part{{Style: t.BadBold, Text: t.Failed + " The search failed."}, {Style: t.Text, Text: frame.Clean(p.err.Error(), 2*p.width)}}
	case p.search == nil:
		return []frame.Part{{Style: t.Text, Text: "There is nothing here that could be searched."}}
	case len(p.words) == 0:
		return []frame.Part{
			{Style: t.Bright, Text: "Search what was said, done and returned, in every session."},
			{Style: t.Dim, Text: "enter, or g f, and type: all of the words must be in one record, \"two words\" as they stand."},
			{Style: t.Dim, Text: "A filter and a period limit where is searched."},
		}
	case p.work.Busy() || p.view == nil:
		return []frame.Part{{Style: t.Text, Text: "Searching" + t.More}}
	case p.end == stopped:
		return []frame.Part{{Style: t.Text, Text: "Nothing was found until the search was stopped."}, {Style: t.Dim, Text: "R begins it again."}}
	}
	parts := []frame.Part{{Style: t.Bright, Text: "No record holds " + frame.Clean(quoted(p.words), 2*p.width) + "."}}
	if len(p.view.Kept) < p.view.All {
		parts = append(parts, frame.Part{Style: t.Dim, Text: "Only " + figure.Whole(int64(len(p.view.Kept))) + " of " + figure.Whole(int64(p.view.All)) + " sessions were searched: p goes further back, esc clears the filter."})
	}
	return parts
}

func quoted(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = "“" + w + "”"
	}
	return strings.Join(out, " and ")
}

// session draws the row of a session.
func (p *Pane) session(t *theme.Theme, l *frame.Line, g *group, selected bool) {
	mark := t.Open
	if g.shut {
		mark = t.Shut
	}
	s := g.session
	now := eventlog.StampOf(p.now())
	count := figure.Whole(int64(g.count)) + " " + figure.Noun(int64(g.count), "hit")
	if len(g.hits) < g.count {
		count = strconv.Itoa(len(g.hits)) + " of " + count
	}
	age := ""
	if at := max(s.Last, s.Began()); at.Known() {
		age = figure.Ago(now.Sub(at))
	}
	status, _ := s.Status(now)
	glyph, style := t.Status(status, s.Outcome == eventlog.Failure)
	l.Put(t.Dim, mark).Space(1).Put(style, glyph).Space(1)
	agent, dir := cmp.Or(s.Agent, s.Format), ""
	if p.width >= 110 && s.Directory != "" {
		dir = filepath.Base(s.Directory)
	}
	tail := 18 + 2 + 10
	if p.width < 60 {
		tail, agent = 18, ""
	}
	if agent != "" {
		tail += 12
	}
	if dir != "" {
		tail += 20
	}
	name := t.Bright
	if !selected && status != eventlog.Running {
		name = t.Text.Bold()
	}
	l.Cell(name, s.Label(), max(8, l.Room()-tail-2)).Space(2)
	if dir != "" {
		l.Cell(t.Dim, dir, 18).Space(2)
	}
	if agent != "" {
		l.Cell(t.Agent, agent, 10).Space(2)
		l.Right(t.Dim, age, 10).Space(2)
	}
	l.Right(t.Dim, frame.Short(count, 18), max(0, min(18, l.Room()-1)))
}

// hit draws the row of a hit.
func (p *Pane) hit(t *theme.Theme, l *frame.Line, g *group, f *eventlog.Finding) {
	l.Space(2)
	if p.width >= 60 {
		clock := ""
		if f.Time.Known() {
			clock = f.Time.Time().In(p.now().Location()).Format("15:04:05")
		}
		l.Cell(t.Dim, clock, 8).Space(2)
	}
	what, style := kindOf(t, f)
	width := 16
	if p.width < 80 {
		width = 10
	}
	if p.width >= 140 {
		width = 24
	}
	l.Cell(style, what, width).Space(2)
	room := l.Room() - 1
	marked(t, l, near(frame.Clean(f.Excerpt, len(f.Excerpt)), p.words, room), p.words, t.Text, room)
}

// kindOf says in a word or two what an event is, and its colour.
func kindOf(t *theme.Theme, f *eventlog.Finding) (string, theme.Style) {
	if f.Why != "" {
		return "unreadable", t.Bad
	}
	kind := eventlog.ParseKind(f.Event)
	style := t.Class(kind.Class())
	word := strings.ReplaceAll(f.Event, "_", " ")
	if f.Tool != "" {
		_, word, _ = strings.Cut(word, " ")
		if kind == eventlog.ToolCall {
			word = ""
		}
		word = strings.TrimSpace(f.Tool + " " + word)
	}
	if kind == eventlog.ToolError || kind == eventlog.ToolTimeout {
		style = t.Bad
	}
	return cmp.Or(word, "record"), style
}

// near returns a text from so far on that the first of the words in it is seen.
func near(text string, words []string, room int) string {
	at := spots(text, words)
	if len(at) == 0 || frame.Width(text[:at[0][1]]) <= room*2/3 {
		return text
	}
	cut := at[0][0]
	for cut > 0 && frame.Width(text[cut:at[0][0]]) < room/4 {
		cut--
		for cut > 0 && text[cut]&0xc0 == 0x80 {
			cut--
		}
	}
	if cut == 0 {
		return text
	}
	return "…" + text[cut:]
}

// marked puts a clean text with the words in it marked.
func marked(t *theme.Theme, l *frame.Line, text string, words []string, style theme.Style, room int) {
	if frame.Width(text) > room {
		text = frame.Short(text, max(1, room))
	}
	from := 0
	for _, spot := range spots(text, words) {
		l.Put(style, text[from:spot[0]]).Put(t.Mark, text[spot[0]:spot[1]])
		from = spot[1]
	}
	l.Put(style, text[from:])
}

// spots returns where words are in a text, without regard to the case of ASCII
// letters, in order and none within another.
func spots(text string, words []string) [][2]int {
	lower := lowered(text)
	var all [][2]int
	for _, w := range words {
		w = lowered(w)
		for from := 0; w != "" && from < len(lower); {
			i := strings.Index(lower[from:], w)
			if i < 0 {
				break
			}
			all = append(all, [2]int{from + i, from + i + len(w)})
			from += i + len(w)
		}
	}
	slices.SortFunc(all, func(a, b [2]int) int { return cmp.Or(a[0]-b[0], b[1]-a[1]) })
	out := all[:0]
	for _, s := range all {
		if n := len(out); n > 0 && s[0] < out[n-1][1] {
			out[n-1][1] = max(out[n-1][1], s[1])
			continue
		}
		out = append(out, s)
	}
	return out
}

// lowered returns a text with its ASCII letters small, as long as it was.
func lowered(text string) string {
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// drawHit shows what is selected with more of what stands around it.
func (p *Pane) drawHit(t *theme.Theme, height int) []string {
	l := p.at()
	if l == nil {
		return nil
	}
	if l.hit < 0 {
		rows := []string{frame.Title(t, p.width, 0, "session", false)}
		s := l.group.session
		text := frame.NewLine(p.width, "").Space(2)
		text.Foreign(t.Text, cmp.Or(eventlog.Sentence(s.Goal), s.Label()))
		rows = append(rows, text.String())
		for _, path := range s.Paths[:min(len(s.Paths), height-2)] {
			rows = append(rows, frame.NewLine(p.width, "").Space(2).Foreign(t.Dim, path).String())
		}
		return frame.Fill(rows, p.width, height)
	}
	f := &l.group.hits[l.hit]
	when := ""
	if f.Time.Known() {
		when = f.Time.Time().In(p.now().Location()).Format(time.DateTime)
	}
	rows := []string{frame.Title(t, p.width, 0, place(f), false, frame.Part{Style: t.Dim, Text: frame.Short(when+"  "+cmp.Or(f.Model, f.Agent), 44)})}
	text := frame.Clean(f.Excerpt, len(f.Excerpt))
	for _, piece := range frame.Wrap(text, max(8, p.width-4)) {
		row := frame.NewLine(p.width, "").Space(2)
		marked(t, row, piece, p.words, t.Text, row.Room()-1)
		rows = append(rows, row.String())
	}
	return frame.Fill(rows, p.width, height)
}

// place says where a record lies.
func place(f *eventlog.Finding) string {
	name := filepath.Base(f.Path)
	switch {
	case f.Table != "":
		return name + " " + f.Table + " " + strconv.FormatInt(f.Pos, 10)
	case f.Line > 0:
		return name + ":" + strconv.FormatInt(f.Line, 10)
	}
	return name
}
