package handout

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/talk"
)

// How much of one body Markdown tells, and how many rows of a tree.
const (
	longestFence  = 8 << 10
	shortestFence = 400
	mostSteps     = 400
)

// Markdown writes a document for a pull request, or for a model that is asked about
// a session. With a bound it keeps the head, what went wrong, the beginning of the
// tree and the last that was said, and says what it leaves out.
func Markdown(ctx context.Context, w io.Writer, opt Options) error {
	left := opt.MaxTokens
	put := func(text string) error {
		left -= Tokens(text)
		_, err := io.WriteString(w, text)
		return err
	}
	if len(opt.Sessions) > 1 {
		list, told := "# "+figure.Plural(int64(len(opt.Sessions)), "session")+"\n\n", 0
		for i, s := range opt.Sessions {
			t := story{session: s}
			state, _ := t.state(opt.Now)
			next := fmt.Sprintf("%d. %s: %s%s%s\n", i+1, code(titleOf(s), 80), state, comma(figure.Duration(s.Duration(opt.Now))),
				comma(about(figure.Dollars(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast))))
			if opt.MaxTokens > 0 && Tokens(list+next) > opt.MaxTokens/4 {
				break
			}
			list, told = list+next, told+1
		}
		if n := len(opt.Sessions) - told; n > 0 {
			list += "\n*" + figure.Plural(int64(n), "session") + " more are not in this list.*\n"
		}
		if err := put(list + "\n"); err != nil {
			return err
		}
	}
	calls := newLedger(&opt)
	for i, s := range opt.Sessions {
		m := markdown{opt: &opt, number: i + 1, fence: longestFence, room: -1}
		if opt.MaxTokens > 0 {
			rest := left
			if i < len(opt.Sessions)-1 {
				rest -= 40 // what says that others are left out
			}
			if m.room = rest / (len(opt.Sessions) - i); m.room < leastSession {
				m.room = rest // the last may have all that is left
			}
			if m.room < leastSession {
				return put("*" + figure.Plural(int64(len(opt.Sessions)-i), "session") + " more are left out: the document may have no more tokens (--max-tokens).*\n")
			}
			// A body takes at most a small part of what there is, at three bytes a token.
			m.fence = max(shortestFence, min(longestFence, m.room*3/12))
		}
		text, err := m.session(ctx, calls, s)
		if err == nil {
			err = put(text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leastSession is how many tokens the head of a session may take; with fewer it is
// not begun.
const leastSession = 300

// markdown is the document of one session that is being made.
type markdown struct {
	opt    *Options
	number int
	fence  int // bytes of a body at most
	room   int // tokens at most; -1 is no bound
	*story

	labels   map[eventlog.SpanID]string
	failures []failure
	failed   int
	items    []item // what was said: all, or the last that there is room for
	size     int    // tokens of them
	dropped  int
}

type item struct {
	text   string
	tokens int
}

func comma(text string) string {
	if text == "" {
		return ""
	}
	return ", " + text
}

// about spells the mark of an estimate as one that strikes nothing through.
func about(cost string) string { return strings.ReplaceAll(cost, "~$", "≈$") }

// part is what a part of the document may take of what is left.
func (m *markdown) part(of int) int {
	if m.room < 0 {
		return math.MaxInt32
	}
	return m.room / of
}

func (m *markdown) session(ctx context.Context, calls *ledger, s *eventlog.Session) (string, error) {
	t, err := calls.tell(ctx, s)
	if err != nil {
		return "", err
	}
	defer func() { _ = t.log.Close() }() // it was only read
	m.story, m.labels = t, map[eventlog.SpanID]string{}
	if err := m.read(ctx); err != nil {
		return "", err
	}
	var b strings.Builder
	level := "#"
	if len(m.opt.Sessions) > 1 {
		level = "##"
	}
	// Each part knows what is left for it; the transcript, which was read within its
	// own share, gives up its beginning for what the others really took.
	add := func(text string) {
		b.WriteString(text)
		if m.room >= 0 {
			m.room -= Tokens(text)
		}
	}
	add(m.head(level))
	add(m.wrong(level+"#", m.part(4)))
	add(m.costs(level+"#", m.part(6)))
	add(m.steps(level+"#", m.part(3)))
	if !m.opt.NoTranscript {
		add(m.transcript(level + "#"))
	}
	return b.String(), nil
}

// head is the title and the facts.
func (m *markdown) head(level string) string {
	var b strings.Builder
	longest := 160
	if m.room >= 0 && m.room < 2000 {
		longest = 60
	}
	fmt.Fprintf(&b, "%s Session %s\n\n| | |\n|---|---|\n", level, code(titleOf(m.story.session), longest))
	for _, f := range m.facts(m.opt.Now) {
		if f.Name == "format" || m.room >= 0 && m.room < 2000 && (f.Name == "folder" || f.Name == "experiment") {
			continue
		}
		value, note := f.Value, f.Note
		switch f.Name { // those that the log spells
		case "cost":
			value, note = about(value), about(note)
		case "agent", "folder", "session", "experiment":
			value = cell(value, longest)
		case "model", "models":
			value = cell(value, longest)
		case "status":
			note = cell(note, longest)
		}
		if note != "" {
			note = " (" + note + ")"
		}
		row := fmt.Sprintf("| %s | %s%s |\n", f.Name, value, note)
		if m.room >= 0 && Tokens(b.String()+row) > m.room*2/3 {
			continue
		}
		b.WriteString(row)
	}
	return b.String() + "\n"
}

// wrong lists what failed, within its share.
func (m *markdown) wrong(level string, most int) string {
	if m.failed == 0 {
		return ""
	}
	text := level + " What went wrong\n\n"
	told := 0
	for _, f := range m.failures {
		next := "- " + code(f.Name, 120)
		if f.Time != "" {
			next += " at " + f.Time
		}
		next += "\n\n" + indented(fence("text", f.Text, min(m.fence, 1500)), "  ") + "\n"
		if Tokens(text+next)+20 > most {
			break
		}
		text, told = text+next, told+1
	}
	if n := m.failed - told; n > 0 {
		text += "*" + figure.Plural(int64(n), "failure") + " more are left out here.*\n\n"
	}
	return text
}

// indented puts a block into an item of a list.
func indented(text, by string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = by + l
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// costs are the sums by agent, model and tool.
func (m *markdown) costs(level string, most int) string {
	text := level + " What it cost\n\n"
	empty := len(text)
	left := 0
	for _, table := range m.tables(mostRows) {
		head := "| " + table.Name + " | calls | errors | tokens | time | cost |\n|---|---:|---:|---:|---:|---:|\n"
		if Tokens(text+head)+60 > most {
			left += len(table.Rows)
			continue
		}
		text += head
		for i, r := range table.Rows {
			note := ""
			if r.Note != "" {
				note = " (" + about(r.Note) + ")"
			}
			next := fmt.Sprintf("| %s | %s | %s | %s | %s | %s%s |\n", cell(r.Key, 60), r.Calls, r.Errors, r.Tokens, r.Took, about(r.Cost), note)
			if Tokens(text+next)+20 > most {
				left += len(table.Rows) - i
				break
			}
			text += next
		}
		left += table.More
		text += "\n"
	}
	if len(text) == empty {
		return ""
	}
	if left > 0 {
		text += "*" + figure.Plural(int64(left), "row") + " more are left out here.*\n\n"
	}
	return text
}

// steps is the tree as a nested list.
func (m *markdown) steps(level string, most int) string {
	rows := m.tree.rows(mostSteps)
	if m.room >= 0 {
		rows = m.tree.rows(max(8, min(mostSteps, most/30)))
	}
	if len(rows) == 0 {
		return ""
	}
	text := strings.Builder{}
	text.WriteString(level + " What happened when\n\n")
	used := Tokens(text.String())
	for i, n := range rows {
		next := strings.Repeat("  ", min(n.depth, 12)) + "- " + m.step(n) + "\n"
		tokens := Tokens(next)
		if used+tokens+20 > most {
			fmt.Fprintf(&text, "\n*%s more are left out here.*\n", figure.Plural(int64(len(rows)-i), "step"))
			break
		}
		used += tokens
		text.WriteString(next)
	}
	return text.String() + "\n"
}

// step is a row of the tree.
func (m *markdown) step(n node) string {
	if n.span == 0 {
		return "*" + figure.Plural(int64(n.left), "step") + " more*"
	}
	s := m.snap.Span(n.span)
	_, name := m.kind(&s)
	text := code(name, 60)
	if s.Flags.Has(eventlog.SpanFailed) {
		text = "✗ " + text
	}
	if label := m.labels[n.span]; label != "" {
		text += " " + code(label, 80)
	}
	var figures []string
	if m.tree.scale.known() && s.Start.Known() {
		figures = append(figures, "at "+figure.Duration(s.Start.Sub(m.tree.scale.from)))
	}
	if took := s.Duration(m.now); took > 0 && s.Start.Known() {
		figures = append(figures, "took "+figure.Duration(took))
	}
	if m.tree.paid[n.span] {
		figures = append(figures, "$"+figure.Money(m.tree.cost[n.span]))
	}
	if len(figures) > 0 {
		text += " (" + strings.Join(figures, ", ") + ")"
	}
	return text
}

// read reads what was said.
func (m *markdown) read(ctx context.Context) error {
	kept := m.part(1)
	return m.each(ctx, func(s *talk.Said) error {
		m.note(s)
		if m.opt.NoTranscript {
			return nil
		}
		text := m.item(s)
		if text == "" {
			return nil
		}
		it := item{text, Tokens(text)}
		m.items, m.size = append(m.items, it), m.size+it.tokens
		for m.size > kept && len(m.items) > 1 {
			m.drop()
		}
		return nil
	})
}

func (m *markdown) drop() {
	m.size -= m.items[0].tokens
	m.items = m.items[1:]
	m.dropped++
}

func (m *markdown) note(s *talk.Said) {
	if isOf(s) && len(m.labels) < mostLabels {
		label := s.Label
		if label == "" && s.Kind != talk.Tool {
			label = s.Joined(talk.Text)
		}
		if label = words(label, 80); label != "" {
			m.labels[s.Span] = label
		}
	}
	failure := s.Joined(talk.Failure)
	if failure == "" && (!s.Flags.Has(talk.Failed) || s.Kind == talk.Agent) {
		return
	}
	if m.failed++; len(m.failures) < mostFailures {
		text, _ := clip(strings.TrimSpace(failure), 3000)
		m.failures = append(m.failures, failureOf(s, text))
	}
}

// transcript is what was said last, as far as there is room for it.
func (m *markdown) transcript(level string) string {
	head := level + " What was said\n\n"
	const note = 40 // tokens of what says that something is left out
	for m.room >= 0 && len(m.items) > 0 && m.size+Tokens(head)+note > m.room {
		m.drop()
	}
	var b strings.Builder
	b.WriteString(head)
	switch {
	case len(m.items) == 0 && m.dropped == 0:
		b.WriteString("*Nothing was said here that the log keeps.*\n\n")
	case m.dropped > 0:
		fmt.Fprintf(&b, "*The first %s are left out: the document may have no more tokens (--max-tokens).*\n\n", figure.Plural(int64(m.dropped), "item"))
	}
	if b.Len() > 0 && m.room >= 0 && Tokens(b.String()) > m.room {
		return ""
	}
	for _, it := range m.items {
		b.WriteString(it.text)
	}
	return b.String()
}

// item is how an item is told. Calls are folded where nobody counts tokens.
func (m *markdown) item(s *talk.Said) string {
	var b strings.Builder
	mark := ""
	if s.Flags.Has(talk.Failed) {
		mark = "✗ "
	}
	var figures []string
	if s.Time.Known() {
		figures = append(figures, s.Time.Time().UTC().Format("15:04:05"))
	}
	if took := s.End.Sub(s.Time); took >= 50*time.Millisecond {
		figures = append(figures, "took "+figure.Duration(took))
	}
	if s.Flags.Has(talk.Open) {
		figures = append(figures, "no result")
	}
	if s.Flags.Has(talk.Copied) {
		figures = append(figures, "copied from another session")
	}
	if s.Depth > 0 {
		figures = append(figures, "inside, "+strconv.Itoa(int(s.Depth))+" deep")
	}
	told := ""
	if len(figures) > 0 {
		told = " (" + strings.Join(figures, ", ") + ")"
	}
	switch s.Kind {
	case talk.Thinking:
		return "" // for a reader it is too long, for a model not its own
	case talk.System, talk.Note, talk.Compaction, talk.Decision:
		text := words(cmp.Or(s.Joined(talk.Failure), s.Joined(talk.Text)), 160)
		return "- " + mark + kindOf(s) + " " + code(text, 160) + "\n\n"
	case talk.Tool, talk.Agent:
		name := ofItem(s)
		body := m.blocks(s)
		if m.room < 0 && body != "" {
			fmt.Fprintf(&b, "<details><summary>%s%s %s %s%s</summary>\n\n%s</details>\n\n", mark, kindOf(s), tagged(name, 60), tagged(words(s.Label, 120), 120), told, body)
			return b.String()
		}
		fmt.Fprintf(&b, "**%s%s** %s %s%s\n\n%s", mark, kindOf(s), code(name, 60), code(words(s.Label, 120), 120), told, body)
		return b.String()
	}
	fmt.Fprintf(&b, "**%s%s** %s%s\n\n%s", mark, kindOf(s), code(s.Who, 60), told, m.blocks(s))
	return b.String()
}

// kindOf names the kind of an item, in words of ours.
func kindOf(s *talk.Said) string {
	if s.Kind == talk.Compaction {
		return "the context was shortened"
	}
	return s.Kind.String()
}

// blocks are the parts of an item, each in a fence.
func (m *markdown) blocks(s *talk.Said) string {
	var b strings.Builder
	for i := range s.Blocks {
		if i == mostBlocks {
			b.WriteString("*" + figure.Plural(int64(len(s.Blocks)-i), "part") + " more are left out here.*\n\n")
			break
		}
		block := &s.Blocks[i]
		switch block.Kind {
		case talk.Thought:
			continue
		case talk.Picture:
			b.WriteString("image " + code(block.Image, 160) + "\n")
		case talk.Diff:
			b.WriteString(code(editName(block), 200) + "\n\n" + fence("diff", block.Text, m.fence))
		case talk.Failure:
			b.WriteString(fence("text", "✗ "+block.Text, m.fence))
		case talk.Arguments, talk.Structure:
			if block.Kind == talk.Arguments && edits(s) {
				continue
			}
			language, text := "json", pretty(block.Raw)
			if block.Kind == talk.Arguments {
				if shell, ok := command(block.Raw); ok {
					language, text = "sh", shell
				} else if named := fields(block.Raw); named != "" {
					language, text = "text", named
				}
			}
			b.WriteString(fence(language, text, m.fence))
		default:
			b.WriteString(fence("text", block.Text, m.fence))
		}
		b.WriteString("\n")
	}
	return b.String()
}
