package paint

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// terminal is as much of one as is painted on: characters in cells, and the
// sequences that move, erase and scroll. Any other sequence fails the test.
type terminal struct {
	t        *testing.T
	written  bytes.Buffer
	cells    [][]string
	x, y     int
	top, low int // the rows that scroll
}

func newTerminal(t *testing.T, width, height int) *terminal {
	term := &terminal{t: t}
	term.resize(width, height)
	return term
}

func (m *terminal) resize(width, height int) {
	m.cells = nil
	for range height {
		m.cells = append(m.cells, blank(width))
	}
	m.x, m.y, m.top, m.low = 0, 0, 0, height-1
}

func blank(width int) []string { return slices.Repeat([]string{" "}, width) }

func (m *terminal) row(y int) string { return strings.Join(m.cells[y], "") }

// shows fails unless the terminal shows a frame.
func (m *terminal) shows(frame string) {
	m.t.Helper()
	rows := strings.Split(ansi.Strip(frame), "\n")
	for y := range m.cells {
		want := ""
		if y < len(rows) {
			want = strings.TrimRight(rows[y], " ")
		}
		if got := strings.TrimRight(m.row(y), " "); got != want {
			m.t.Fatalf("row %d is %q, want %q", y, got, want)
		}
	}
}

func (m *terminal) Write(p []byte) (int, error) {
	m.written.Write(p)
	parser := ansi.NewParser()
	var state byte
	for rest := p; len(rest) > 0; {
		seq, width, n, next := ansi.DecodeSequence(rest, state, parser)
		rest, state = rest[n:], next
		switch {
		case width > 0:
			m.put(string(seq), width)
		case ansi.HasCsiPrefix(seq):
			m.control(string(seq))
		default:
			m.single(string(seq))
		}
	}
	return len(p), nil
}

func (m *terminal) put(text string, width int) {
	if m.x+width > len(m.cells[0]) {
		m.x = 0
		m.single("\n")
	}
	m.cells[m.y][m.x] = text
	for i := 1; i < width; i++ {
		m.cells[m.y][m.x+i] = ""
	}
	m.x += width
}

func (m *terminal) single(seq string) {
	switch seq {
	case "\r":
		m.x = 0
	case "\b":
		m.x = max(0, m.x-1)
	case "\n":
		if m.y == m.low {
			m.scroll(m.top, 1)
		} else {
			m.y = min(m.y+1, len(m.cells)-1)
		}
	case "\x1bM":
		if m.y == m.top {
			m.scroll(m.top, -1)
		} else {
			m.y = max(0, m.y-1)
		}
	default:
		if seq[0] < utf8.RuneSelf {
			m.t.Fatalf("the terminal does not know %q", seq)
		}
		m.cells[m.y][m.x-1] += seq // a mark over the character before
	}
}

// scroll moves the rows from one to the lowest that scrolls up by n.
func (m *terminal) scroll(from, n int) {
	width := len(m.cells[0])
	part := m.cells[from : m.low+1]
	for ; n > 0; n-- {
		copy(part, part[1:])
		part[len(part)-1] = blank(width)
	}
	for ; n < 0; n++ {
		copy(part[1:], part)
		part[0] = blank(width)
	}
}

func (m *terminal) control(seq string) {
	body, final := seq[2:len(seq)-1], seq[len(seq)-1]
	if final == 'm' || strings.HasPrefix(body, "?") {
		return // what it looks like, and modes
	}
	param := func(i, other int) int {
		if parts := strings.Split(body, ";"); i < len(parts) && parts[i] != "" {
			n, err := strconv.Atoi(parts[i])
			if err != nil {
				m.t.Fatalf("the terminal does not know %q", seq)
			}
			return n
		}
		return other
	}
	width, height, n := len(m.cells[0]), len(m.cells), param(0, 1)
	row := m.cells[m.y]
	m.x = min(m.x, width-1)
	erase := func(cells []string) {
		for i := range cells {
			cells[i] = " "
		}
	}
	switch final {
	case 'H':
		m.y, m.x = min(n, height)-1, min(param(1, 1), width)-1
	case 'd':
		m.y = min(n, height) - 1
	case 'G':
		m.x = min(n, width) - 1
	case 'A':
		m.y = max(0, m.y-n)
	case 'B':
		m.y = min(height-1, m.y+n)
	case 'C':
		m.x = min(width-1, m.x+n)
	case 'D':
		m.x = max(0, m.x-n)
	case 'X':
		erase(row[m.x:min(width, m.x+n)])
	case '@':
		copy(row[min(width, m.x+n):], slices.Clone(row[m.x:]))
		erase(row[m.x:min(width, m.x+n)])
	case 'P':
		n = min(n, width-m.x)
		copy(row[m.x:], row[m.x+n:])
		erase(row[width-n:])
	case 'K':
		switch param(0, 0) {
		case 0:
			erase(row[m.x:])
		case 1:
			erase(row[:m.x+1])
		default:
			erase(row)
		}
	case 'J':
		switch param(0, 0) {
		case 0:
			erase(row[m.x:])
			for _, r := range m.cells[m.y+1:] {
				erase(r)
			}
		case 2:
			for _, r := range m.cells {
				erase(r)
			}
		default:
			m.t.Fatalf("the terminal does not know %q", seq)
		}
	case 'r':
		m.top, m.low = n-1, param(1, height)-1
		m.x, m.y = 0, 0
	case 'L':
		m.scroll(m.y, -n)
	case 'M':
		m.scroll(m.y, n)
	case 'S':
		m.scroll(m.top, n)
	case 'T':
		m.scroll(m.top, -n)
	default:
		m.t.Fatalf("the terminal does not know %q", seq)
	}
}
