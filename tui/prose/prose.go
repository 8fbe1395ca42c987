// Package prose makes of foreign texts the rows that a person reads: Markdown,
// diffs, JSON and the arguments of calls, broken to a width. It knows kinds of
// words and no colours: those are put on when a row is drawn, so that only what is
// seen is coloured. Whatever it is given, its rows are fit for a terminal.
package prose

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Kind is how a piece of a row looks.
type Kind uint8

// The kinds of pieces.
const (
	Plain Kind = iota
	Dim
	Faint
	Heading
	Strong
	Emphasis
	Code
	Quote
	Link
	Bad
	Added   // of a diff
	Removed // likewise
	Fresh   // the words that were added within a line
	Gone    // the words that were removed
	JSON    // a line of indented JSON

	Person // who speaks or acts, in the colour of its kind
	Model
	Tool
	Agent
	Good
)

// Piece is a part of a row.
type Piece struct {
	Kind Kind
	Text string
}

// Row is one row, no wider than its page.
type Row []Piece

// Page is rows that are being put together.
type Page struct {
	Rows []Row
	Cut  bool // the text is longer than is shown

	width int
	most  int
}

// New returns an empty page of a width with at most so many rows.
func New(width, most int) *Page { return &Page{width: max(4, width), most: most} }

// longest is how much of one text is looked at.
const longest = 2 << 20

func clip(text string) (string, bool) {
	if len(text) > longest {
		return strings.ToValidUTF8(text[:longest], ""), true
	}
	return text, false
}

// Add adds a row as it is. It must fit.
func (p *Page) Add(pieces ...Piece) {
	if len(p.Rows) >= p.most {
		p.Cut = true
		return
	}
	p.Rows = append(p.Rows, pieces)
}

// Blank adds an empty row, unless there is one, or nothing yet.
func (p *Page) Blank() {
	if n := len(p.Rows); n > 0 && len(p.Rows[n-1]) > 0 {
		p.Add()
	}
}

// Text adds a text of one kind, broken between words.
func (p *Page) Text(k Kind, text string) {
	text, cut := clip(text)
	for line := range strings.SplitSeq(strings.TrimRight(escape.Text(text), "\n"), "\n") {
		p.wrap(nil, nil, Row{{k, line}})
		if p.Cut {
			return
		}
	}
	p.Cut = p.Cut || cut
}

// wrap adds a line, broken between words where it can. first stands before its
// first row, rest before the others; both are as wide.
func (p *Page) wrap(first, rest Row, line Row) {
	if p.Cut {
		return
	}
	room := max(2, p.width-rowWidth(first))
	if rowWidth(line) <= room {
		p.Add(append(first[:len(first):len(first)], line...)...)
		return
	}
	var whole strings.Builder
	for _, piece := range line {
		whole.WriteString(piece.Text)
	}
	// The text is broken as a whole, and its pieces are found again in the parts.
	text := whole.String()
	at, used := 0, 0
	lead := first
	for _, part := range parted(text, room) {
		i := strings.Index(text, part)
		if i < 0 {
			i = 0
		}
		skip := i
		row := lead[:len(lead):len(lead)]
		take := func(n int, keep bool) {
			for n > 0 && at < len(line) {
				m := min(n, len(line[at].Text)-used)
				if keep && m > 0 {
					row = append(row, Piece{line[at].Kind, line[at].Text[used : used+m]})
				}
				n -= m
				if used += m; used == len(line[at].Text) {
					at, used = at+1, 0
				}
			}
		}
		take(skip, false)
		take(len(part), true)
		text = text[min(len(text), skip+len(part)):]
		p.Add(row...)
		if p.Cut {
			return
		}
		lead = rest
	}
}

// parted breaks a text between words, and within words that are too long.
func parted(text string, room int) []string {
	var out []string
	for part := range strings.SplitSeq(ansi.Wrap(text, room, ""), "\n") {
		if ansi.StringWidth(part) > room { // a hyphen at its end was not counted
			out = append(out, strings.Split(ansi.Hardwrap(part, room, true), "\n")...)
			continue
		}
		out = append(out, part)
	}
	return out
}

func rowWidth(r Row) (n int) {
	for _, piece := range r {
		n += frame.Width(piece.Text)
	}
	return n
}

// String returns the row without its kinds.
func (r Row) String() string {
	var b strings.Builder
	for _, piece := range r {
		b.WriteString(piece.Text)
	}
	return b.String()
}

// Put draws a row. Words, in lower case, are marked where they stand.
func (r Row) Put(l *frame.Line, t *theme.Theme, words []string) {
	for _, piece := range r {
		style := piece.Kind.style(t)
		if len(words) > 0 {
			mark(l, t, style, furnished(t, piece), words)
			continue
		}
		if piece.Kind == JSON {
			PutJSON(l, t, piece.Text)
			continue
		}
		l.Put(style, furnished(t, piece))
	}
}

// furnished returns the text of a piece, furniture with the glyphs of the theme.
func furnished(t *theme.Theme, piece Piece) string {
	if piece.Kind != Faint || t.Wall == "│" {
		return piece.Text
	}
	return strings.NewReplacer("│", t.Wall, "─", t.Rule, "┆", t.Dash).Replace(piece.Text)
}

// mark puts a text with the words in it marked.
func mark(l *frame.Line, t *theme.Theme, style theme.Style, text string, words []string) {
	for text != "" {
		at, n := Find(text, words)
		if at < 0 {
			l.Put(style, text)
			return
		}
		l.Put(style, text[:at]).Put(t.Mark, text[at:at+n])
		text = text[at+n:]
	}
}

// Find returns where the first of some words, given in lower case, stands in a
// text, and how long it is there, or -1. The case of ASCII letters does not
// matter.
func Find(text string, words []string) (at, n int) {
	at = -1
	for _, w := range words {
		if i := indexFold(text, w); i >= 0 && (at < 0 || i < at) {
			at, n = i, len(w)
		}
	}
	return at, n
}

func indexFold(text, word string) int {
	if word == "" {
		return -1
	}
	for i := 0; i+len(word) <= len(text); i++ {
		j := 0
		for j < len(word) {
			c := text[i+j]
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			if c != word[j] {
				break
			}
			j++
		}
		if j == len(word) {
			return i
		}
	}
	return -1
}

func (k Kind) style(t *theme.Theme) theme.Style {
	switch k {
	case Dim:
		return t.Dim
	case Faint:
		return t.Faint
	case Heading:
		return t.Title
	case Strong:
		return t.Bright
	case Emphasis:
		return t.Text + ";3"
	case Code:
		return t.Human
	case Quote:
		return t.Dim
	case Link:
		return t.Model
	case Bad, Removed:
		return t.Bad
	case Added, Good:
		return t.Good
	case Person:
		return t.Human.Bold()
	case Model:
		return t.Model.Bold()
	case Tool:
		return t.Tool
	case Agent:
		return t.Agent.Bold()
	case Fresh:
		return t.Good + ";1;4"
	case Gone:
		return t.BadBold + ";4"
	}
	return t.Text
}
