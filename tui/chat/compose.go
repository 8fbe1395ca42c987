package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/content"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/prose"
)

// sign is what stands before a row.
type sign uint8

const (
	noSign sign = iota
	shut
	open
	leaf
)

// row is one row of an item.
type row struct {
	hair  bool // a hairline with a title
	blank bool
	head  bool // it is marked when the item is selected
	sign  sign
	bad   bool
	left  prose.Row
	right string // facts, dim
	cost  string
}

// page is an item as rows. It does not change.
type page struct {
	rows  []row
	as    as
	empty bool // it says nothing, or what was said before
}

// as is what a page was made for: with another, it is made anew.
type as struct {
	width          int
	open, thinking bool
	shut           bool
	records        int32
	flags          talk.Flags
	inside         int32
	turn           int
	forked         bool
}

// maker makes pages, in a command.
type maker struct {
	c    *conversation
	log  eventlog.Log
	zone *time.Location
}

// How many rows of a text are shown before it is folded, how many at most, and how
// long a diff may be to be shown where its call is folded.
const (
	longText  = 60
	mostRows  = 5000
	shortDiff = 14
)

// back is how far it is looked back for what an item repeats.
const back = 6

// repeats are the kinds of items that may say what was said before.
func mayRepeat(k talk.Kind) bool {
	switch k {
	case talk.Task, talk.User, talk.Result, talk.Error, talk.Note:
		return true
	}
	return false
}

// pages reads items and makes their pages.
func (m *maker) pages(ctx context.Context, items []int32, want []as) (map[key]*page, error) {
	var all []int
	for _, i := range items {
		from := int(i)
		if mayRepeat(m.c.list.Items[i].Kind) {
			from = max(0, from-back)
		}
		for ; from <= int(i); from++ {
			all = append(all, from)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	said, err := m.c.list.Read(ctx, m.log, all...)
	if err != nil {
		return nil, err
	}
	out := make(map[key]*page, len(items))
	for n, i := range items {
		at, _ := slices.BinarySearch(all, int(i))
		s := &said[at]
		repeats := false
		if mayRepeat(s.Kind) {
			var echo talk.Echo
			for k := max(0, int(i)-back); k < int(i); k++ {
				b, _ := slices.BinarySearch(all, k)
				before := said[b]
				echo.Repeats(&before)
			}
			repeats = echo.Repeats(s)
		}
		out[keyOf(&s.Item)] = m.page(s, want[n], repeats)
	}
	return out, nil
}

// page makes the rows of an item.
func (m *maker) page(s *talk.Said, want as, repeats bool) *page {
	p := &page{as: want, empty: s.Empty() || repeats}
	if want.forked {
		p.rows = append(p.rows, row{blank: true}, row{hair: true, left: prose.Row{{Kind: prose.Person, Text: "forked here"}}, right: "above is history of another session"})
	}
	if want.turn > 0 {
		p.turn(m, s, want.turn)
	}
	if p.empty {
		return p
	}
	switch s.Kind {
	case talk.Tool:
		p.tool(m, s)
	case talk.Agent:
		p.agent(m, s)
	case talk.Compaction:
		p.rows = append(p.rows, row{blank: true}, row{hair: true, head: true, left: prose.Row{{Kind: prose.Strong, Text: "context compacted"}}, right: m.clock(s.Time)})
		p.folded(s.Joined(talk.Text), want)
	case talk.System, talk.Note, talk.Decision, talk.Thinking:
		p.aside(m, s)
	default:
		p.speech(m, s)
	}
	return p
}

func (m *maker) clock(at eventlog.Stamp) string {
	if !at.Known() {
		return ""
	}
	return at.Time().In(m.zone).Format("15:04:05")
}

// turn adds the hairline that a turn begins with.
func (p *page) turn(m *maker, s *talk.Said, n int) {
	t := &m.c.turns[n-1]
	var facts []string
	if s.Time.Known() {
		facts = append(facts, s.Time.Time().In(m.zone).Format("Jan 2 15:04"))
	}
	if t.Took > 0 {
		facts = append(facts, "took "+figure.Clock(t.Took))
	}
	if t.Tools > 0 {
		facts = append(facts, figure.Plural(t.Tools, "tool call"))
	}
	if n > 1 {
		p.rows = append(p.rows, row{blank: true})
	}
	p.rows = append(p.rows, row{
		hair: true, left: prose.Row{{Kind: prose.Dim, Text: fmt.Sprintf("turn %d of %d", n, len(m.c.turns))}},
		right: strings.Join(facts, " · "), cost: m.c.sums[t.To].less(m.c.sums[t.From]).String(),
	})
}

// facts are what is said of an item at the right: when, and how long it took.
func (m *maker) facts(s *talk.Said) string {
	took := ""
	if d := s.End.Sub(s.Time); s.Time.Known() && d >= 100*time.Millisecond {
		took = figure.Duration(d)
	}
	if s.Flags.Has(talk.Open) {
		took = "no end"
	}
	return took
}

func (m *maker) cost(s *talk.Said) string {
	return m.c.sums[s.Index+1].less(m.c.sums[s.Index]).String()
}

// who says who speaks.
func who(s *talk.Said) prose.Piece {
	switch s.Kind {
	case talk.User:
		return prose.Piece{Kind: prose.Person, Text: "you"}
	case talk.Task:
		return prose.Piece{Kind: prose.Person, Text: "task"}
	case talk.Assistant:
		name := s.Who
		if s.Model != "" {
			name = s.Model
		}
		if name == "" {
			name = "assistant"
		}
		return prose.Piece{Kind: prose.Model, Text: frame.Short(name, 40)}
	case talk.Peer:
		return prose.Piece{Kind: prose.Agent, Text: frame.Short("message of "+s.Who, 40)}
	case talk.Error:
		return prose.Piece{Kind: prose.Bad, Text: "error"}
	}
	return prose.Piece{Kind: prose.Dim, Text: s.Kind.String()}
}

// speech adds what somebody said: who in a row, the text below it.
func (p *page) speech(m *maker, s *talk.Said) {
	p.rows = append(p.rows, row{blank: true})
	head := row{head: true, bad: s.Flags.Has(talk.Failed), left: prose.Row{who(s)}, right: strings.TrimSpace(m.clock(s.Time) + "  " + m.facts(s)), cost: m.cost(s)}
	if s.Flags.Has(talk.Copied) {
		head.left = append(head.left, prose.Piece{Kind: prose.Dim, Text: "  history"})
	}
	p.rows = append(p.rows, head)
	most := longText
	if p.as.open {
		most = mostRows
	}
	text := prose.New(p.as.width-2, mostRows)
	for i := range s.Blocks {
		b := &s.Blocks[i]
		switch b.Kind {
		case talk.Thought:
			p.thought(b.Text)
		case talk.Asked:
			if p.as.thinking {
				p.line("asked", b.Text)
			}
		case talk.Text:
			text.Blank()
			text.Markdown(b.Text)
		case talk.Picture:
			text.Text(prose.Link, "image: "+b.Image)
		case talk.Structure:
			text.Body(b.Raw)
		case talk.Failure:
			text.Text(prose.Bad, b.Text)
		}
	}
	if p.as.shut && !p.as.open && len(text.Rows) > 1 {
		p.rows = append(p.rows, row{left: append(slices.Clip(text.Rows[0]), prose.Piece{Kind: prose.Dim, Text: " …"})})
		return
	}
	p.text(text, most)
}

// text adds the rows of a text, up to a number of them.
func (p *page) text(text *prose.Page, most int) {
	rows := text.Rows
	rest := 0
	if len(rows) > most+2 {
		rest = len(rows) - most
		rows = rows[:most]
	}
	for _, r := range rows {
		p.rows = append(p.rows, row{left: r})
	}
	switch {
	case rest > 0:
		p.rows = append(p.rows, row{left: prose.Row{{Kind: prose.Dim, Text: figure.Plural(int64(rest), "more row") + ": space shows them"}}})
	case text.Cut:
		p.rows = append(p.rows, row{left: prose.Row{{Kind: prose.Dim, Text: "cut here: the rest is longer than can be read"}}})
	}
}

// thought adds what a model thought: its beginning, or all of it.
func (p *page) thought(text string) {
	if !p.as.thinking && !p.as.open {
		p.line("thought", text)
		return
	}
	t := prose.New(p.as.width-4, mostRows)
	t.Text(prose.Dim, text)
	p.rows = append(p.rows, row{sign: open, left: prose.Row{{Kind: prose.Dim, Text: "thought"}}})
	for _, r := range t.Rows {
		p.rows = append(p.rows, row{left: append(prose.Row{{Kind: prose.Faint, Text: "│ "}}, r...)})
	}
}

// line adds a text as one line.
func (p *page) line(what, text string) {
	p.rows = append(p.rows, row{sign: shut, left: prose.Row{{Kind: prose.Dim, Text: what + "  " + frame.Short(eventlog.Sentence(text), max(4, p.as.width-len(what)-6))}}})
}

// folded adds a text as one line that unfolds.
func (p *page) folded(text string, want as) {
	if text == "" {
		return
	}
	if !want.open {
		p.line("summary", text)
		return
	}
	t := prose.New(want.width-2, mostRows)
	t.Markdown(text)
	p.text(t, mostRows)
}

// aside adds what is said besides: notes, prompts, thoughts that stand alone.
func (p *page) aside(m *maker, s *talk.Said) {
	name, kind := s.Kind.String(), prose.Dim
	switch {
	case s.Kind == talk.Thinking:
		name = "thought"
	case s.Kind == talk.Decision:
		name, kind = "decided", prose.Person
	case s.Kind == talk.Note && s.Tool != "":
		name = frame.Short(s.Tool, 24)
	}
	text := s.Joined(talk.Text)
	if s.Kind == talk.Thinking {
		text = s.Joined(talk.Thought)
	}
	if failure := s.Joined(talk.Failure); failure != "" {
		text = strings.TrimSpace(failure + "\n" + text)
	}
	for i := range s.Blocks {
		if s.Blocks[i].Kind == talk.Picture {
			text = strings.TrimSpace(text + "\nimage: " + s.Blocks[i].Image)
		}
	}
	body := prose.New(p.as.width-2, mostRows)
	if s.Kind == talk.Thinking {
		body.Text(prose.Dim, text)
	} else {
		body.Markdown(text)
	}
	head := row{head: true, bad: s.Flags.Has(talk.Failed), sign: shut, left: prose.Row{{Kind: kind, Text: name}}, right: m.facts(s)}
	full := p.as.open || s.Kind == talk.Thinking && p.as.thinking
	if full && len(body.Rows) > 0 {
		head.sign = open
		p.rows = append(p.rows, head)
		p.text(body, mostRows)
		return
	}
	if len(body.Rows) == 0 {
		head.sign = leaf
	}
	words := prose.Dim
	if s.Kind == talk.Decision {
		words = prose.Plain
	}
	head.left = append(head.left, prose.Piece{Kind: words, Text: "  " + frame.Short(eventlog.Sentence(text), max(4, p.as.width-len(name)-16))})
	p.rows = append(p.rows, head)
}

// tool adds a call: in one row what it was and what came of it, and below it, when
// it is unfolded, all of both. What it does to files is shown when it is short.
func (p *page) tool(m *maker, s *talk.Said) {
	head := row{head: true, sign: shut, bad: s.Flags.Has(talk.Failed), right: m.facts(s)}
	if p.as.open {
		head.sign = open
	}
	inside := p.as.inside > 0
	if inside {
		head.cost = m.inside(s.Index)
	}
	name := frame.Short(s.Tool, max(4, p.as.width/3))
	if name == "" {
		name = "tool"
	}
	kind := prose.Tool
	if inside {
		kind = prose.Agent
		if first := &m.c.list.Items[s.Index+1]; first.Kind == talk.Agent && first.Agent != 0 {
			name = frame.Short(m.c.list.Snap.Symbols.Name(first.Agent), max(4, p.as.width/3))
		}
	}
	head.left = prose.Row{{Kind: kind, Text: name}}
	room := p.as.width - frame.Width(name) - 20
	result := came(s)
	label := frame.Short(s.Label, max(4, room))
	if result != "" && room > 40 {
		label = frame.Short(s.Label, max(20, room*6/10, room-min(room, frame.Width(result))-2))
	}
	if label != "" {
		head.left = append(head.left, prose.Piece{Kind: prose.Plain, Text: " " + label})
	}
	room -= frame.Width(label)
	edits := p.edits(s)
	if result != "" && room > 8 && (edits == nil || head.bad) {
		style := prose.Dim
		if head.bad {
			style = prose.Bad
		}
		head.left = append(head.left, prose.Piece{Kind: style, Text: "  " + frame.Short(result, room-2)})
	}
	p.rows = append(p.rows, head)
	if !p.as.open || inside {
		p.diffs(edits, shortDiff)
		if !p.as.open {
			return
		}
	}
	p.body(s, edits, inside)
}

// inside says what lies inside of an item came to.
func (m *maker) inside(i int) string {
	return m.c.sums[i+1+int(m.c.list.Items[i].Below)].less(m.c.sums[i]).String()
}

// diff is what a call does to one file, as rows.
type diff struct {
	edit *content.Edit
	rows []prose.Row
}

func (p *page) edits(s *talk.Said) []diff {
	var out []diff
	for i := range s.Blocks {
		if s.Blocks[i].Kind == talk.Diff {
			d := prose.New(p.as.width-4, mostRows)
			d.Patch(s.Blocks[i].Edit.Diff)
			out = append(out, diff{s.Blocks[i].Edit, d.Rows})
		}
	}
	return out
}

// diffs adds edits that are no longer than so many rows.
func (p *page) diffs(edits []diff, most int) {
	n := 0
	for _, d := range edits {
		n += len(d.rows)
	}
	if p.as.shut || n > most {
		return
	}
	for _, d := range edits {
		if len(edits) > 1 || d.edit.To != "" || d.edit.Verb == "delete" {
			text := d.edit.Verb + " " + d.edit.Path
			if d.edit.To != "" {
				text += " → " + d.edit.To
			}
			p.rows = append(p.rows, row{left: prose.Row{{Kind: prose.Dim, Text: frame.Short(text, p.as.width-2)}}})
		}
		for _, r := range d.rows {
			p.rows = append(p.rows, row{left: append(prose.Row{{Kind: prose.Plain, Text: "  "}}, r...)})
		}
	}
}

// body adds the arguments and the result of a call.
func (p *page) body(s *talk.Said, edits []diff, inside bool) {
	text := prose.New(p.as.width-4, mostRows)
	if len(edits) == 0 {
		text.Body(s.Raw(talk.Arguments))
	} else if !inside {
		p.diffs(edits, mostRows)
	}
	out := prose.New(p.as.width-4, mostRows)
	for i := range s.Blocks {
		b := &s.Blocks[i]
		switch b.Kind {
		case talk.Failure:
			out.Text(prose.Bad, b.Text)
		case talk.Text:
			out.Text(prose.Plain, b.Text)
		case talk.Picture:
			out.Text(prose.Link, "image: "+b.Image)
		case talk.Structure:
			out.Body(b.Raw)
		}
	}
	lead := prose.Row{{Kind: prose.Faint, Text: "│ "}}
	add := func(rows []prose.Row) {
		const most = 400
		for i, r := range rows {
			if i == most {
				p.rows = append(p.rows, row{left: append(lead[:1:1], prose.Piece{Kind: prose.Dim, Text: figure.Plural(int64(len(rows)-most), "more row") + ": enter, and the Trace shows them"})})
				return
			}
			p.rows = append(p.rows, row{left: append(lead[:1:1], r...)})
		}
	}
	add(text.Rows)
	if len(out.Rows) > 0 {
		p.rows = append(p.rows, row{left: prose.Row{{Kind: prose.Dim, Text: "→ " + map[bool]string{true: "failed", false: "returned"}[s.Flags.Has(talk.Failed)]}}})
		add(out.Rows)
	}
}

// came says in a few words what came of a call.
func came(s *talk.Said) string {
	if failure := s.Joined(talk.Failure); failure != "" {
		return eventlog.Sentence(failure)
	}
	text := strings.TrimSpace(s.Joined(talk.Text))
	if text == "" {
		for i := range s.Blocks {
			switch s.Blocks[i].Kind {
			case talk.Picture:
				return escape.Line("image: " + s.Blocks[i].Image)
			case talk.Structure:
				return figure.Bytes(int64(len(s.Blocks[i].Raw)))
			}
		}
		return ""
	}
	const much = 4
	if n := strings.Count(text, "\n") + 1; n > much {
		return figure.Plural(int64(n), "line")
	}
	return eventlog.Sentence(text)
}

// agent adds an agent that was started by nothing that is told here.
func (p *page) agent(m *maker, s *talk.Said) {
	head := row{head: true, sign: shut, bad: s.Flags.Has(talk.Failed), cost: m.inside(s.Index), right: m.facts(s)}
	if p.as.open {
		head.sign = open
	}
	if s.Below == 0 {
		head.sign = leaf
	}
	name := s.Who
	if name == "" {
		name = "agent"
	}
	head.left = prose.Row{{Kind: prose.Agent, Text: frame.Short(name, 40)}, {Kind: prose.Dim, Text: "  " + figure.Plural(int64(s.Below), "item") + " inside"}}
	p.rows = append(p.rows, head)
}
