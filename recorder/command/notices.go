package command

import (
	"fmt"
	"io"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog/escape"
)

// mostNotices is how many lines a recording may print about itself.
const mostNotices = 3

// notices prints what the user has to know on stderr. While the program draws
// on the terminal they are kept: a line in the middle of its screen would be
// lost and would spoil it.
type notices struct {
	mu    sync.Mutex
	out   io.Writer
	held  bool
	lines []string
	told  int
	keep  int // lines that only what is urgent may use
}

func (n *notices) add(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.told >= mostNotices-n.keep {
		return
	}
	n.told++
	if n.held {
		n.lines = append(n.lines, line)
		return
	}
	n.print(line)
}

// guard takes a line of the guard. One is urgent when the program was paused: it
// draws nothing now, and who sits before it has to know why. Its terminal may
// not begin lines by itself, which the program saw to.
func (n *notices) guard(line string, urgent bool) {
	if !urgent {
		n.add(line)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.told >= mostNotices {
		return
	}
	n.told, n.keep = n.told+1, 0
	if n.held {
		_, _ = fmt.Fprintf(n.out, "\r\nlazytrace: %s\r\n", escape.Line(line))
		return
	}
	n.print(line)
}

// hold keeps the lines until release.
func (n *notices) hold() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = true
}

func (n *notices) release() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held = false
	for _, line := range n.lines {
		n.print(line)
	}
	n.lines = nil
}

func (n *notices) print(line string) {
	// When stderr is gone there is nobody to tell.
	_, _ = fmt.Fprintf(n.out, "lazytrace: %s\n", escape.Line(line))
}
