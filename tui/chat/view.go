package chat

// How the pane scrolls: in rows, over items whose heights become known only when
// they are read. Until then an item is one row.

// rows returns how many rows of the conversation can be seen.
func (p *Pane) rows() int { return max(0, p.height-1) }

// tall returns how many rows an item takes.
func (p *Pane) tall(pos int) int {
	page := p.pages[keyOf(&p.c.list.Items[p.order[pos]])]
	if page == nil {
		return 1
	}
	return len(page.rows)
}

// none reports whether an item turned out to say nothing: it may still stand at
// the beginning of a turn, but cannot be selected.
func (p *Pane) none(pos int) bool {
	page := p.pages[keyOf(&p.c.list.Items[p.order[pos]])]
	return page != nil && page.empty
}

// anchor returns the row of the screen that the selected item begins on, which may
// be above it.
func (p *Pane) anchor() int {
	if p.item() < 0 {
		return 0
	}
	y := -p.skip
	if p.cursor < p.top {
		for pos := p.cursor; pos < p.top && y > -p.rows(); pos++ {
			y -= p.tall(pos)
		}
		return y
	}
	for pos := p.top; pos < p.cursor && y <= p.rows(); pos++ {
		y += p.tall(pos)
	}
	return y
}

// keep puts the selected item on a row of the screen, so that nothing jumps when
// heights become known.
func (p *Pane) keep(y int) {
	if len(p.order) == 0 {
		p.cursor, p.top, p.skip = 0, 0, 0
		return
	}
	p.cursor = max(0, min(p.cursor, len(p.order)-1))
	y = min(y, max(0, p.rows()-1))
	p.top, p.skip = p.cursor, 0
	if y < 0 {
		p.skip = min(-y, max(0, p.tall(p.cursor)-1))
	}
	for y > 0 && p.top > 0 {
		p.top--
		y -= p.tall(p.top)
	}
	if y < 0 && p.top < p.cursor {
		p.skip = -y
	}
	p.settle()
}

// settle leaves no empty rows at the end while there is anything above.
func (p *Pane) settle() {
	rows := -p.skip
	for pos := p.top; pos < len(p.order) && rows < p.rows(); pos++ {
		rows += p.tall(pos)
	}
	for rows < p.rows() && (p.top > 0 || p.skip > 0) {
		if p.skip > 0 {
			d := min(p.skip, p.rows()-rows)
			p.skip -= d
			rows += d
			continue
		}
		p.top--
		n := p.tall(p.top)
		d := min(n, p.rows()-rows)
		p.skip = n - d
		rows += d
	}
}

// sight scrolls until the selected item can be seen, all of it if it fits.
func (p *Pane) sight() {
	if p.item() < 0 {
		return
	}
	y, n := p.anchor(), p.tall(p.cursor)
	switch {
	case y < 0 || n >= p.rows():
		p.top, p.skip = p.cursor, 0
	case y+n > p.rows() && y > p.rows():
		p.keep(p.rows() / 3) // far away
	case y+n > p.rows():
		p.keep(p.rows() - n)
	}
	p.settle()
}

// step moves the cursor by d items that say something.
func (p *Pane) step(d int) {
	if len(p.order) == 0 {
		return
	}
	move := 1
	if d < 0 {
		move, d = -1, -d
	}
	if d > 0 {
		p.way = move
	}
	from := p.cursor
	for d > 0 && p.cursor+move >= 0 && p.cursor+move < len(p.order) {
		if p.cursor += move; !p.none(p.cursor) {
			d--
		}
	}
	moved := from != p.cursor
	// What says nothing cannot be selected: on in the same direction, or else back.
	for _, way := range []int{p.way, -p.way} {
		for p.none(p.cursor) && p.cursor+way >= 0 && p.cursor+way < len(p.order) {
			p.cursor += way
			moved = true
		}
	}
	if moved {
		p.sight()
	}
	if p.first() { // what stands before the first one is seen as well
		p.top, p.skip = 0, 0
		p.settle()
	}
}

// first reports whether nothing before the cursor can be selected, and all of it
// fits on the screen with the cursor's item.
func (p *Pane) first() bool {
	rows := 0
	for pos := range p.cursor {
		if rows += p.tall(pos); !p.none(pos) || rows > p.rows()/2 {
			return false
		}
	}
	return true
}

// scroll moves what is seen by d rows, and the cursor only as far as it must to be
// seen.
func (p *Pane) scroll(d int) {
	if len(p.order) == 0 {
		return
	}
	p.skip += d
	for p.skip >= p.tall(p.top) && p.top < len(p.order)-1 {
		p.skip -= p.tall(p.top)
		p.top++
	}
	p.skip = min(p.skip, max(0, p.tall(p.top)-1))
	for p.skip < 0 && p.top > 0 {
		p.top--
		p.skip += p.tall(p.top)
	}
	p.skip = max(0, p.skip)
	p.settle()
	p.way = 1
	if d < 0 {
		p.way = -1
	}
	switch y := p.anchor(); {
	case y+p.tall(p.cursor) <= 0 || p.cursor < p.top:
		p.cursor = p.top
	case y >= p.rows():
		rows := -p.skip
		p.cursor = p.top
		for pos := p.top; pos < len(p.order) && rows < p.rows(); pos++ {
			p.cursor = pos
			rows += p.tall(pos)
		}
	}
	for p.none(p.cursor) && p.cursor+1 < len(p.order) {
		p.cursor++
	}
	for p.none(p.cursor) && p.cursor > 0 {
		p.cursor--
	}
}

// end goes to the last item, and its end.
func (p *Pane) end() {
	if len(p.order) == 0 {
		return
	}
	p.cursor, p.way = len(p.order)-1, -1
	for p.none(p.cursor) && p.cursor > 0 {
		p.cursor--
	}
	p.top, p.skip = len(p.order)-1, 0
	p.skip = max(0, p.tall(p.top)-p.rows())
	p.settle()
}
