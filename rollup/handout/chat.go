package handout

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/talk"
)

// How much of one body is told, and from where on it is folded.
const (
	longestBody = 24 << 10
	openProse   = 3 << 10
	mostBlocks  = 60
)

// chat is the transcript of a page that is being made. Its first part is written as
// it is read; when that is full only the last items are kept, so that both how it
// began and how it ended are told.
type chat struct {
	*story
	id    string
	room  int64 // bytes of the transcript
	quiet bool  // no transcript is wanted: only labels and failures
	turns []talk.Turn

	labels   map[eventlog.SpanID]string
	items    map[eventlog.SpanID]int
	failures []failure
	failed   int

	head    bytes.Buffer
	full    bool
	last    [][]byte // the last items
	size    int64    // of them
	dropped int
	open    []fold
	tails   int // bytes of their ends
	turn    int
}

// failure is one thing that went wrong.
type failure struct{ Name, Href, Time, Text string }

// fold is an element that is open while what is inside of it is written.
type fold struct {
	until int
	tail  []byte // what comes before its end
}

// block is a part of an item, as a page tells it.
type block struct {
	Title, Text, Class string
	Prose, Rest        []piece
	RestSize           string
	Thought            []piece
	Diff               []diffLine
	Picture            string
	Cut                string
}

type diffLine struct{ Class, Text string }

// said is how an item is told.
type said struct {
	ID, Class, Who, Model, Label string
	Time, Figures                string
	Bad, Open, Copied            bool
	Depth                        int
	Blocks                       []block
}

func (c *chat) itemID(item int) string { return fmt.Sprintf("%s-%d", c.id, item) }

// read reads what was said.
func (c *chat) read(ctx context.Context) error {
	err := c.each(ctx, func(s *talk.Said) error {
		c.note(s)
		if !c.quiet {
			c.item(s)
		}
		return nil
	})
	if !c.full {
		c.close(0)
	}
	return err
}

// said returns the transcript.
func (c *chat) said() []byte {
	out := c.head.Bytes()
	if c.dropped > 0 {
		out = append(out, render("cut", figure.Plural(int64(c.dropped), "item")+" are left out here: the page may not be larger (--max-bytes). What follows is the end of the session.")...)
	}
	for _, item := range c.last {
		out = append(out, item...)
	}
	if len(out) == 0 {
		out = render("cut", "Nothing was said here that the log keeps.")
	}
	return out
}

// mostLabels bounds what is remembered for the tree.
const mostLabels = 100_000

// note remembers what the tree and the list of failures tell of an item.
func (c *chat) note(s *talk.Said) {
	failure := s.Joined(talk.Failure)
	if isOf(s) && len(c.labels) < mostLabels {
		label := s.Label
		if label == "" && s.Kind != talk.Tool {
			label = s.Joined(talk.Text)
		}
		if label = words(label, 120); label != "" {
			c.labels[s.Span] = label
		}
		if !c.quiet {
			c.items[s.Span] = s.Index
		}
	}
	if failure == "" && (!s.Flags.Has(talk.Failed) || s.Kind == talk.Agent) {
		return
	}
	if c.failed++; len(c.failures) == mostFailures {
		return
	}
	text, left := clip(strings.TrimSpace(failure), int(max(200, min(2000, c.room/100))))
	if text = readable(text); left > 0 {
		text += "…"
	}
	f := failureOf(s, text)
	if !c.quiet {
		f.Href = c.itemID(s.Index)
	}
	c.failures = append(c.failures, f)
}

func failureOf(s *talk.Said, text string) failure {
	f := failure{Name: line(ofItem(s), 80), Text: text}
	if s.Label != "" {
		f.Name += ": " + words(s.Label, 100)
	}
	if s.Time.Known() {
		f.Time = s.Time.Time().UTC().Format("15:04:05")
	}
	if f.Text == "" {
		f.Text = "it failed, and the log does not say how"
	}
	return f
}

// put adds a piece of the transcript that stands by itself.
func (c *chat) put(text []byte) {
	const tailShare = 3
	if int64(len(text)) > c.room/tailShare {
		text = render("cut", "An item of "+figure.Bytes(int64(len(text)))+" is left out here: the page may not be larger (--max-bytes).")
	}
	if !c.full && c.fits(len(text)) {
		c.head.Write(text)
		return
	}
	if !c.full {
		c.close(0)
		c.full = true
	}
	c.last, c.size = append(c.last, text), c.size+int64(len(text))
	for c.size > c.room/tailShare && len(c.last) > 1 {
		c.size -= int64(len(c.last[0]))
		c.last = c.last[1:]
		c.dropped++
	}
}

// fits reports whether so much more goes into the first part.
func (c *chat) fits(size int) bool {
	const closing = 64 // bytes of the tags that end a fold
	return int64(c.head.Len()+size+c.tails+closing*(len(c.open)+1)) <= c.room*3/5
}

// close ends what does not reach an item.
func (c *chat) close(item int) {
	for n := len(c.open) - 1; n >= 0 && (item == 0 || c.open[n].until <= item); n-- {
		c.head.WriteString("</div>\n")
		c.head.Write(c.open[n].tail)
		c.tails -= len(c.open[n].tail)
		c.head.WriteString("</details>\n")
		c.open = c.open[:n]
	}
}

// item writes an item.
func (c *chat) item(s *talk.Said) {
	if !c.full && s.Index > 0 {
		c.close(s.Index)
	}
	var b bytes.Buffer
	c.heading(&b, s)
	t := c.tell(s)
	if c.full { // nothing is nested any more
		t.Depth = min(int(s.Depth), 8)
	}
	opens := s.Below > 0 && !c.full && len(c.open) < deepest
	switch s.Kind {
	case talk.Tool, talk.Agent:
		class := "call"
		if s.Kind == talk.Agent || s.Below > 0 {
			class += " within"
		}
		if t.Bad {
			class += " failed"
		}
		state := ""
		if opens {
			state = ` open="open"`
		}
		fmt.Fprintf(&b, `<details class="%s" id="%s"%s>`, class, t.ID, state) // words of ours
		b.Write(render("callHead", t))
		if opens {
			asked, came := splitCall(t.Blocks)
			b.Write(render("blocks", asked))
			b.WriteString("<div class=\"inside\">\n")
			if tail := render("blocks", came); c.fits(b.Len() + len(tail)) {
				c.head.Write(b.Bytes())
				c.open, c.tails = append(c.open, fold{s.Index + 1 + int(s.Below), tail}), c.tails+len(tail)
				return
			}
			b.Reset() // it would be the last one: it is told by itself
			fmt.Fprintf(&b, `<details class="%s" id="%s">`, class, t.ID)
			b.Write(render("callHead", t))
		}
		b.Write(render("blocks", t.Blocks))
		b.WriteString("</details>\n")
	case talk.Thinking:
		t.Class, t.Who = "thinking", "thinking"
		b.WriteString(`<details class="machinery" id="` + t.ID + `"><summary>thinking</summary>` + "\n")
		b.Write(render("blocks", t.Blocks))
		b.WriteString("</details>\n")
	case talk.System, talk.Compaction, talk.Note, talk.Decision:
		text := strings.TrimSpace(s.Joined(talk.Text) + " " + s.Joined(talk.Failure))
		t.Label = words(text, 160)
		if len(text) <= 160 && !strings.Contains(text, "\n") {
			b.Write(render("aside", t))
			break
		}
		b.WriteString(`<details class="machinery" id="` + t.ID + `">`)
		b.Write(render("callHead", t))
		b.Write(render("blocks", t.Blocks))
		b.WriteString("</details>\n")
	default:
		b.Write(render("say", t))
	}
	c.put(b.Bytes())
}

// heading begins a turn, if the item does.
func (c *chat) heading(b *bytes.Buffer, s *talk.Said) {
	began := false
	for c.turn < len(c.turns) && c.turns[c.turn].From <= s.Index {
		c.turn++
		began = true
	}
	if !began || s.Depth > 0 || len(c.turns) < 2 {
		return
	}
	b.Write(render("turn", turnText(c.turn, c.turns[c.turn-1])))
}

func turnText(n int, t talk.Turn) string {
	text := fmt.Sprintf("turn %d", n)
	if t.Took > 0 {
		text += " · " + figure.Duration(t.Took)
	}
	if t.Tools > 0 {
		text += " · " + figure.Plural(t.Tools, "tool call")
	}
	if t.Calls > 0 {
		if cost := figure.Dollars(t.Recorded, t.Estimated, t.Calls, t.Unpriced, 0); cost != "" {
			text += " · " + cost
		}
	}
	return text
}

// splitCall tells what a call was called with from what came of it.
func splitCall(blocks []block) (asked, came []block) {
	for i, b := range blocks {
		if b.Class == "result" || b.Class == "failure" || b.Picture != "" {
			return blocks[:i], blocks[i:]
		}
	}
	return blocks, nil
}

// tell makes what is told of an item.
func (c *chat) tell(s *talk.Said) said {
	t := said{ID: c.itemID(s.Index), Class: s.Kind.String(), Who: line(ofItem(s), 80), Bad: s.Flags.Has(talk.Failed), Open: s.Flags.Has(talk.Open) && s.Kind == talk.Tool, Copied: s.Flags.Has(talk.Copied)}
	if s.Time.Known() {
		t.Time = s.Time.Time().UTC().Format("15:04:05")
	}
	var figures []string
	if took := s.End.Sub(s.Time); took >= 50*time.Millisecond {
		figures = append(figures, figure.Duration(took))
	}
	if s.Billed && s.Kind == talk.Assistant && !s.Bill.Void {
		t.Model = line(s.Model, 60)
		figures = append(figures, figure.Count(s.Bill.Usage.Total())+" tokens")
		if s.Bill.Source != eventlog.Unpriced {
			mark := "$"
			if s.Bill.Source == eventlog.Estimated {
				mark = "~$"
			}
			figures = append(figures, mark+figure.Money(s.Bill.Cost))
		}
	}
	t.Figures = strings.Join(figures, " · ")
	if s.Kind == talk.Tool {
		t.Label = words(s.Label, 140)
	}
	for i := range s.Blocks {
		if i == mostBlocks {
			t.Blocks = append(t.Blocks, block{Cut: figure.Plural(int64(len(s.Blocks)-i), "part") + " more are left out"})
			break
		}
		if b := &s.Blocks[i]; b.Kind == talk.Arguments && edits(s) {
			continue // the diff tells them
		}
		t.Blocks = append(t.Blocks, tellBlock(s, &s.Blocks[i]))
	}
	if s.Cut {
		t.Blocks = append(t.Blocks, block{Cut: "more was recorded of this than is read"})
	}
	return t
}

// tellBlock makes a part of an item fit for a page: it is bounded, and says what
// it is.
func tellBlock(s *talk.Said, b *talk.Block) (out block) {
	text, left := clip(b.Text, longestBody)
	text = readable(text)
	if left > 0 {
		out.Cut = figure.Bytes(int64(left)) + " more are left out here"
	}
	switch b.Kind {
	case talk.Picture:
		return block{Picture: line(b.Image, 200)}
	case talk.Failure:
		out.Class, out.Text = "failure", "✗ "+text
	case talk.Thought:
		out.Thought = prose(text)
	case talk.Diff:
		out.Title, out.Diff = line(editName(b), 300), diffLines(text)
		if out.Diff == nil {
			out.Diff = []diffLine{{"at", "nothing is told of what was changed"}}
		}
	case talk.Arguments, talk.Structure:
		out.Class, out.Text, left = spellJSON(b)
		out.Text = readable(out.Text)
		if left > 0 {
			out.Cut = figure.Bytes(int64(left)) + " more are left out here"
		}
	default:
		switch {
		case s.Kind == talk.Tool:
			out.Class, out.Text = "result", text
		case strings.HasPrefix(text, "diff --git "):
			out.Diff = diffLines(text)
		default:
			out.Prose, out.Rest, out.RestSize = folded(text)
		}
	}
	if out.Prose == nil && out.Thought == nil && out.Text == "" && out.Diff == nil {
		out.Text, out.Class = " ", "result"
	}
	return out
}

// spellJSON spells arguments and structures.
func spellJSON(b *talk.Block) (class, text string, left int) {
	class, text = "result", ""
	if b.Kind == talk.Arguments {
		class = "arguments"
		if shell, ok := command(b.Raw); ok {
			class, text = "shell", shell
		} else {
			text = fields(b.Raw)
		}
	}
	if text == "" {
		text = pretty(b.Raw)
	}
	text, left = clip(text, longestBody)
	return class, text, left
}

func edits(s *talk.Said) bool {
	for i := range s.Blocks {
		if s.Blocks[i].Kind == talk.Diff && s.Blocks[i].Text != "" {
			return true
		}
	}
	return false
}

func editName(b *talk.Block) string {
	if b.Edit == nil {
		return ""
	}
	name := strings.TrimSpace(b.Edit.Verb + " " + b.Edit.Path)
	if b.Edit.To != "" {
		name += " to " + b.Edit.To
	}
	return name
}

func diffLines(text string) []diffLine {
	var out []diffLine
	for l := range strings.SplitSeq(strings.Trim(text, "\n"), "\n") {
		class := "same"
		switch {
		case strings.HasPrefix(l, "@@"), strings.HasPrefix(l, "---"), strings.HasPrefix(l, "+++"), strings.HasPrefix(l, "diff "):
			class = "at"
		case strings.HasPrefix(l, "+"):
			class = "plus"
		case strings.HasPrefix(l, "-"):
			class = "minus"
		}
		out = append(out, diffLine{class, l})
	}
	return out
}

// folded tells the beginning of a long text, and the rest behind a fold.
func folded(text string) (begin, rest []piece, size string) {
	all := prose(text)
	n, shown := 0, 0
	for n < len(all) && (n == 0 || shown < openProse) {
		shown += len(all[n].Text)
		for _, s := range all[n].Spans {
			shown += len(s.Text)
		}
		n++
	}
	if left := len(text) - shown; n < len(all) && left > openProse/4 {
		return all[:n], all[n:], figure.Bytes(int64(left))
	}
	return all, nil, ""
}
