package pulse

import (
	"time"

	"github.com/lazytrace/lazytrace/tui/overview"
)

// brush is a stretch of the histogram that a person selects: from the anchor to
// the cursor, both columns.
type brush struct {
	on             bool
	anchor, cursor int
}

// Brush begins to select, at the newest column.
func (p *Pane) Brush() {
	p.brush = brush{true, max(0, p.Columns()-1), max(0, p.Columns()-1)}
}

// Leave stops selecting.
func (p *Pane) Leave() { p.brush = brush{} }

// Brushing reports whether a stretch is being selected.
func (p *Pane) Brushing() bool { return p.brush.on }

// Anchor fixes the end at which the cursor is.
func (p *Pane) Anchor() { p.brush.anchor = p.brush.cursor }

// Move moves the cursor by d columns.
func (p *Pane) Move(d int) {
	p.brush.cursor = max(0, min(p.brush.cursor+d, p.Columns()-1))
}

// ends returns the columns from which and up to which is selected.
func (p *Pane) ends() (from, to int) {
	return min(p.brush.anchor, p.brush.cursor), max(p.brush.anchor, p.brush.cursor)
}

// Brushed returns the stretch of time that is selected.
func (p *Pane) Brushed(u overview.Pulse) (from, to time.Time, ok bool) {
	if !p.brush.on || u.Bucket <= 0 {
		return from, to, false
	}
	a, b := p.ends()
	return u.Start.Add(time.Duration(a) * u.Bucket), u.Start.Add(time.Duration(b+1) * u.Bucket), true
}
