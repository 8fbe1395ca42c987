package tui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

func (e *explorer) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	switch a {
	case keymap.Larger, keymap.Smaller:
		if e.page() != nil { // a page may have another use for these keys
			if cmd, done := e.page().Do(a, n); done {
				return cmd, true
			}
		}
		d := grow(1)
		if a == keymap.Smaller {
			d = 2
		}
		e.grow = (e.grow + d) % 3
		return e.Resize(e.width, e.height), true
	}
	if e.trace == nil {
		return nil, false
	}
	if to := tabOf(a); to >= 0 {
		return e.turn(to), true
	}
	switch a {
	case keymap.TabNext, keymap.TabPrev:
		d := 1
		if a == keymap.TabPrev {
			d = -1
		}
		if e.focus == 2 {
			return e.detail.Turn(e.snap, d), true
		}
		return e.turn(e.tab + d), true
	case keymap.PartNext:
		return e.detail.Turn(e.snap, 1), true
	case keymap.PartPrev:
		return e.detail.Turn(e.snap, -1), true
	case keymap.DetailDown, keymap.DetailUp:
		if !sessionTabs[e.tab].beside { // nothing is shown below it
			return e.page().Do(a, n)
		}
		d := max(1, n)
		if a == keymap.DetailUp {
			d = -d
		}
		e.detail.Scroll(d)
		return nil, true
	}
	if e.focus == 2 {
		if cmd, ok := e.inDetail(a, n); ok {
			return cmd, true
		}
	}
	if cmd, done := e.page().Do(a, n); done {
		if a == keymap.Mark && e.tab == 0 {
			id := e.trace.Selected()
			cmd = tea.Batch(cmd, e.mark(id, e.trace.Marks()[id]))
		}
		return tea.Batch(cmd, e.moved()), true
	}
	if cmd, done := e.act(a); done {
		return cmd, true
	}
	switch {
	case a == keymap.Open && e.tab == 0:
		return e.SetFocus(2), true
	case a == keymap.Open && e.selected() != 0:
		return e.turn(0), true
	case a == keymap.Failures, a == keymap.Noise:
		cmd, done := e.trace.Do(a, n)
		return tea.Batch(cmd, e.moved()), done
	}
	return nil, false
}

// With does an action with what was typed behind its name.
func (e *explorer) With(a keymap.Action, text string) (tea.Cmd, error) {
	if e.trace == nil {
		return nil, nil
	}
	return withText(e.page(), a, text)
}

// inDetail does the actions that mean the text while the detail pane has the
// keys.
func (e *explorer) inDetail(a keymap.Action, n int) (tea.Cmd, bool) {
	d, page := max(1, n), e.detail.Height()
	switch a {
	case keymap.Down:
		e.detail.Scroll(d)
	case keymap.Up:
		e.detail.Scroll(-d)
	case keymap.HalfDown:
		e.detail.Scroll(d * page / 2)
	case keymap.HalfUp:
		e.detail.Scroll(-d * page / 2)
	case keymap.PageDown:
		e.detail.Scroll(d * page)
	case keymap.PageUp:
		e.detail.Scroll(-d * page)
	case keymap.Top:
		e.detail.Scroll(-1 << 30)
	case keymap.End:
		e.detail.Scroll(1 << 30)
	case keymap.Left:
		e.detail.Aside(-8)
	case keymap.Right:
		e.detail.Aside(8)
	case keymap.Copy:
		return ask.Copy(e.detail.Text(), "text"), true
	default:
		return nil, false
	}
	return nil, true
}

func (e *explorer) Scopes() []keymap.Scope {
	inner := []keymap.Scope{keymap.Trace}
	if p := e.page(); p != nil && p.Scopes() != nil {
		inner = p.Scopes()
	}
	return append(inner, keymap.Opened, keymap.Lists, keymap.Everywhere)
}

func (e *explorer) Hints() []keymap.Action {
	if e.page() == nil {
		return nil
	}
	return e.page().Hints()
}

// parts is the tab in front where it stands alone and has several panes itself.
func (e *explorer) parts() (paned, bool) {
	if sessionTabs[e.tab].beside || e.page() == nil {
		return nil, false
	}
	p, ok := e.page().(paned)
	return p, ok
}

// Panels returns how many panes there are: some tabs stand alone.
func (e *explorer) Panels() int {
	if p, ok := e.parts(); ok {
		return p.Panels()
	}
	if !sessionTabs[e.tab].beside {
		return 1
	}
	return 3
}

func (e *explorer) Focus() int {
	if p, ok := e.parts(); ok {
		return p.Focus()
	}
	return e.focus
}

func (e *explorer) SetFocus(n int) tea.Cmd {
	k := e.Panels()
	if p, ok := e.parts(); ok {
		return p.SetFocus((n+k-1)%k + 1)
	}
	e.focus = (n+k-1)%k + 1
	return e.Resize(e.width, e.height)
}

func (e *explorer) Wheel(w wheelMsg) tea.Cmd {
	if e.trace == nil {
		return nil
	}
	switch {
	case e.at[1].holds(w.x, w.y):
		return tea.Batch(e.page().Scroll(3*w.steps), e.moved())
	case e.at[2].holds(w.x, w.y) && w.aside:
		e.detail.Aside(4 * w.steps)
	case e.at[2].holds(w.x, w.y):
		e.detail.Scroll(3 * w.steps)
	case e.at[3].holds(w.x, w.y):
		e.why.Scroll(w.steps)
	}
	return nil
}

func (e *explorer) Click(x, y int) tea.Cmd {
	if e.trace == nil {
		return nil
	}
	if to, ok := e.tabAt(x); ok && y == 1 {
		return e.turn(to)
	}
	for n := 1; n <= 3; n++ {
		if !e.at[n].holds(x, y) {
			continue
		}
		if _, ok := e.parts(); ok { // it finds out itself which of its panes was hit
			return tea.Batch(e.page().Click(x-e.at[1].x, y-e.at[1].y), e.moved())
		}
		cmd := e.SetFocus(n)
		switch n {
		case 1:
			return tea.Batch(cmd, e.page().Click(x-e.at[1].x, y-e.at[1].y), e.moved())
		case 2:
			turn, _ := e.detail.Click(e.snap, x-e.at[2].x, y-e.at[2].y)
			return tea.Batch(cmd, turn)
		}
		return cmd
	}
	return nil
}
