package prose

import (
	"strings"
	"unicode"

	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/textdiff"
	"github.com/lazytrace/lazytrace/tui/frame"
)

// Patch adds a diff in the spelling of patches.
func (p *Page) Patch(diff string) {
	diff, cut := clip(diff)
	for line := range strings.SplitSeq(strings.TrimRight(escape.Text(diff), "\n"), "\n") {
		var kind Kind
		sign := "  "
		switch {
		case line == "@@":
			if len(p.Rows) > 0 {
				p.Add(Piece{Faint, "┆"})
			}
			continue
		case strings.HasPrefix(line, "@@ -0,0 "):
			continue // the file is new
		case strings.HasPrefix(line, "@@"):
			p.wrap(nil, nil, Row{{Dim, line}})
			continue
		case strings.HasPrefix(line, "+"):
			kind, sign, line = Added, "+ ", line[1:]
		case strings.HasPrefix(line, "-"):
			kind, sign, line = Removed, "- ", line[1:]
		case strings.HasPrefix(line, `\`):
			continue // that a file does not end with a line end
		default:
			kind, line = Dim, strings.TrimPrefix(line, " ")
		}
		p.wrap(Row{{kind, sign}}, Row{{kind, "  "}}, Row{{kind, line}})
		if p.Cut {
			return
		}
	}
	p.Cut = p.Cut || cut
}

// around is how many lines that are the same are shown beside each change.
const around = 2

// Changes adds what is different between two texts: lines with what was removed
// and added, the words that are different marked in them, and a few lines around.
func (p *Page) Changes(pieces []textdiff.Piece) {
	c := changes{}
	for i, piece := range pieces {
		text := escape.Text(piece.Text)
		lines := strings.SplitAfter(text, "\n")
		for _, line := range lines {
			if line == "" {
				continue
			}
			body, ended := strings.CutSuffix(line, "\n")
			switch piece.Kind {
			case textdiff.Removed:
				c.old.put(Gone, body)
				c.changed = true
				if ended {
					c.old.end()
				}
			case textdiff.Added:
				c.fresh.put(Fresh, body)
				c.changed = true
				if ended {
					c.fresh.end()
				}
			default:
				c.old.put(Removed, body)
				c.fresh.put(Added, body)
				if ended {
					c.flush()
				}
			}
		}
		if i == len(pieces)-1 {
			c.flush()
		}
	}
	p.show(c.lines)
}

// side is the lines of one of two texts since both were last the same.
type side struct {
	done []Row
	now  Row
	open bool
}

func (s *side) put(k Kind, text string) {
	s.open = true
	if text != "" {
		s.now = append(s.now, Piece{k, text})
	}
}

func (s *side) end() {
	s.done, s.now, s.open = append(s.done, s.now), nil, false
}

func (s *side) take() []Row {
	if s.open {
		s.end()
	}
	out := s.done
	s.done = nil
	return out
}

// changed is a line of a diff.
type changed struct {
	sign string
	kind Kind
	row  Row
}

type changes struct {
	lines      []changed
	old, fresh side
	changed    bool
}

func (c *changes) flush() {
	old, fresh := c.old.take(), c.fresh.take()
	if !c.changed {
		for _, r := range old {
			c.lines = append(c.lines, changed{"  ", Dim, dimmed(r)})
		}
		return
	}
	for _, r := range old {
		c.lines = append(c.lines, changed{"- ", Removed, bare(r)})
	}
	for _, r := range fresh {
		c.lines = append(c.lines, changed{"+ ", Added, bare(r)})
	}
	c.changed = false
}

func dimmed(r Row) Row {
	for i := range r {
		r[i].Kind = Dim
	}
	return r
}

// bare takes the marks away from a line of which hardly anything is the same: there
// they say no more than its sign.
func bare(r Row) Row {
	same, other := 0, 0
	for _, piece := range r {
		n := len(strings.TrimFunc(piece.Text, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }))
		if piece.Kind == Removed || piece.Kind == Added {
			same += n
		} else {
			other += n
		}
	}
	if same > other/4 {
		return r
	}
	for i := range r {
		switch r[i].Kind {
		case Gone:
			r[i].Kind = Removed
		case Fresh:
			r[i].Kind = Added
		}
	}
	return r
}

// show adds the lines that are near a change.
func (p *Page) show(lines []changed) {
	near := make([]bool, len(lines))
	for i := range lines {
		if lines[i].kind != Dim {
			for j := max(0, i-around); j <= min(len(lines)-1, i+around); j++ {
				near[j] = true
			}
		}
	}
	for i := 0; i < len(lines) && !p.Cut; i++ {
		if near[i] {
			l := lines[i]
			p.wrap(Row{{l.kind, l.sign}}, Row{{l.kind, "  "}}, l.row)
			continue
		}
		from := i
		for i+1 < len(lines) && !near[i+1] {
			i++
		}
		p.Add(Piece{Faint, "┆ "}, Piece{Dim, frame.Short(figure.Plural(int64(i-from+1), "line")+" the same", max(1, p.width-2))})
	}
}
