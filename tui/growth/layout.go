package growth

import tea "charm.land/bubbletea/v2"

// Resize says how much room there is.
func (p *Pane) Resize(width, height int) tea.Cmd {
	p.width, p.height = width, height
	p.layout()
	return nil
}

// The least room in which the picture stands over a list, and in which the lists
// stand beside each other.
const (
	leastWidth, leastHeight = 60, 17
	wideWidth, wideHeight   = 110, 24
)

// layout divides the room: the picture above, and below it what there is room for
// of the lists. Where there is room for one part only, it is the one that has the
// keys.
func (p *Pane) layout() {
	p.at = [parts + 1]rect{}
	w, h := p.width, p.height
	switch {
	case w < leastWidth || h < leastHeight:
		p.at[p.focus] = rect{0, 0, w, h}
	case w < wideWidth || h < wideHeight:
		top := max(10, h/2)
		p.at[picture] = rect{0, 0, w, top}
		p.at[p.list()] = rect{0, top, w, h - top}
	default:
		top := min(22, max(13, h*9/20))
		left := min(76, w*47/100)
		p.at[picture] = rect{0, 0, w, top}
		low := h - top
		list := max(4, min(low-min(low/2, max(3, len(p.compactionRows())+2)), len(p.runRows())+3))
		p.at[runs] = rect{0, top, left, list}
		p.at[compactions] = rect{0, top + list, left, low - list}
		p.at[blocks] = rect{left + 1, top, w - left - 1, low}
	}
	size := func(n part) (int, int) { return p.at[n].w, max(0, p.at[n].h-1) }
	p.runs.Resize(size(runs))
	p.compactions.Resize(size(compactions))
	width, height := size(blocks)
	p.blocks.Resize(width, max(0, height-p.mixRows()))
}

// list is the list that is seen where there is room for one: the one that has the
// keys or, below the picture, the runs, where there are several of them.
func (p *Pane) list() part {
	switch {
	case p.focus != picture:
		return p.focus
	case len(p.runRows()) == 1:
		return blocks
	}
	return runs
}

func (p *Pane) runRows() []run {
	if p.found == nil {
		return nil
	}
	return p.found.runs
}

func (p *Pane) compactionRows() []compaction {
	if p.found == nil {
		return nil
	}
	return p.found.compactions
}

// mixRows is how many rows say what was carried by kind, above the blocks.
func (p *Pane) mixRows() int {
	if p.at[blocks].h >= 9 && p.at[blocks].w >= leastWidth {
		return 1
	}
	return 0
}
