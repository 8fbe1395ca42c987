package prose

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/tui/frame"
)

// Markdown adds a text that a model or a person wrote: headings, lists, quotes,
// fenced code with its language, emphasis and code within lines. Tables stay as
// they are, since they are read by their columns. What is no Markdown reads as it
// stands.
func (p *Page) Markdown(text string) {
	text, cut := clip(text)
	fence := ""
	for line := range strings.SplitSeq(strings.Trim(escape.Text(text), "\n"), "\n") {
		if p.Cut {
			return
		}
		bare := strings.TrimLeft(line, " ")
		if fence != "" {
			if strings.HasPrefix(bare, fence) && strings.Trim(bare, fence[:1]+" ") == "" {
				fence = ""
				continue
			}
			p.code(line)
			continue
		}
		switch mark := fenceOf(bare); {
		case mark != "":
			fence = mark
			if name := strings.TrimSpace(bare[len(mark):]); name != "" {
				p.Add(Piece{Faint, "│ "}, Piece{Dim, frame.Short(name, max(1, p.width-2))})
			}
		case strings.HasPrefix(bare, "|") && strings.Count(bare, "|") > 1:
			p.table(bare)
		case strings.TrimSpace(bare) == "":
			p.Blank()
		default:
			p.line(line, bare)
		}
	}
	p.Cut = p.Cut || cut
}

// fenceOf returns the fence that a line begins code with, or nothing.
func fenceOf(line string) string {
	for _, c := range []string{"`", "~"} {
		n := len(line) - len(strings.TrimLeft(line, c))
		if n >= 3 && !strings.Contains(line[n:], c) {
			return line[:n]
		}
	}
	return ""
}

// code adds a line of fenced code, broken where it must be.
func (p *Page) code(line string) {
	lead := Row{{Faint, "│ "}}
	p.wrap(lead, lead, Row{{Code, line}})
}

// table adds a row of a table. Its own rules recede.
func (p *Page) table(line string) {
	if strings.Trim(line, "|-: ") == "" {
		p.wrap(nil, nil, Row{{Faint, line}})
		return
	}
	var row Row
	for i, cell := range strings.Split(line, "|") {
		if i > 0 {
			row = append(row, Piece{Faint, "|"})
		}
		row = append(row, inline(Plain, cell)...)
	}
	p.wrap(nil, nil, row)
}

// line adds a line that is text: a heading, a rule, a quote, an item, or none of
// these.
func (p *Page) line(line, bare string) {
	indent := min(len(line)-len(bare), p.width/3)
	if n := len(bare) - len(strings.TrimLeft(bare, "#")); n > 0 && n <= 6 && strings.HasPrefix(bare[n:], " ") {
		p.wrap(nil, nil, inline(Heading, strings.Trim(bare[n:], " #")))
		return
	}
	if rule := strings.ReplaceAll(bare, " ", ""); len(rule) >= 3 && (strings.Trim(rule, "-") == "" || strings.Trim(rule, "*") == "" || strings.Trim(rule, "_") == "") {
		p.Add(Piece{Faint, strings.Repeat("─", min(p.width, 40))})
		return
	}
	if rest, ok := strings.CutPrefix(bare, ">"); ok {
		lead := Row{{Faint, "│ "}}
		p.wrap(lead, lead, inline(Quote, strings.TrimPrefix(rest, " ")))
		return
	}
	if mark, rest := bullet(bare); mark != "" {
		head := strings.Repeat(" ", indent)
		rest, done := box(rest)
		first := Row{{Dim, head + mark + " " + done}}
		next := Row{{Plain, strings.Repeat(" ", rowWidth(first))}}
		p.wrap(first, next, inline(Plain, rest))
		return
	}
	lead := Row(nil)
	if indent > 0 {
		lead = Row{{Plain, strings.Repeat(" ", indent)}}
	}
	p.wrap(lead, lead, inline(Plain, bare))
}

// bullet returns what an item of a list begins with, and the item.
func bullet(line string) (mark, rest string) {
	for _, m := range []string{"- ", "* ", "+ "} {
		if after, ok := strings.CutPrefix(line, m); ok {
			return "·", after
		}
	}
	n := 0
	for n < len(line) && n < 4 && line[n] >= '0' && line[n] <= '9' {
		n++
	}
	if n > 0 && len(line) > n+1 && (line[n] == '.' || line[n] == ')') && line[n+1] == ' ' {
		return line[:n+1], line[n+2:]
	}
	return "", line
}

// box reads the box of a task before an item.
func box(item string) (rest, done string) {
	for _, b := range []string{"[ ] ", "[x] ", "[X] "} {
		if after, ok := strings.CutPrefix(item, b); ok {
			return after, strings.ToLower(b)
		}
	}
	return item, ""
}

// inline reads the emphasis, the code and the links within a line. A sign that
// nothing closes stands for itself.
func inline(k Kind, text string) Row {
	var out Row
	from := 0
	put := func(kind Kind, s string) {
		if s != "" {
			out = append(out, Piece{kind, s})
		}
	}
	for i := 0; i < len(text); {
		n, kind, inner := span(text, i)
		if n == 0 {
			i++
			continue
		}
		put(k, text[from:i])
		if k == Heading && kind != Code {
			kind = Heading
		}
		put(kind, inner)
		i += n
		from = i
	}
	put(k, text[from:])
	return out
}

// span reads what begins at a place of a line: how long it is, what it is, and
// the text in it. Zero is nothing.
func span(text string, i int) (n int, kind Kind, inner string) {
	rest := text[i:]
	word := func(at int) bool {
		return at >= 0 && at < len(text) && (text[at] >= '0' && text[at] <= '9' || text[at] >= 'a' && text[at] <= 'z' || text[at] >= 'A' && text[at] <= 'Z' || text[at] >= 0x80)
	}
	switch rest[0] {
	case '`':
		ticks := len(rest) - len(strings.TrimLeft(rest, "`"))
		if end := strings.Index(rest[ticks:], rest[:ticks]); end > 0 {
			return 2*ticks + end, Code, rest[ticks : ticks+end]
		}
	case '*', '_':
		sign := rest[:1]
		if sign == "_" && word(i-1) {
			return 0, 0, "" // within a name
		}
		for _, mark := range []string{sign + sign, sign} {
			body, ok := strings.CutPrefix(rest, mark)
			if !ok || body == "" || body[0] == ' ' {
				continue
			}
			end := strings.Index(body, mark)
			if end <= 0 || body[end-1] == ' ' || sign == "_" && word(i+len(mark)+end+len(mark)) {
				continue
			}
			kind = Emphasis
			if len(mark) == 2 {
				kind = Strong
			}
			return 2*len(mark) + end, kind, body[:end]
		}
	case '[':
		name, after, ok := strings.Cut(rest[1:], "](")
		end := strings.IndexByte(after, ')')
		if ok && name != "" && end >= 0 && !strings.ContainsAny(name, "[]") {
			return 1 + len(name) + 2 + end + 1, Link, name
		}
	}
	return 0, 0, ""
}
