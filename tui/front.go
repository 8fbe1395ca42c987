package tui

import (
	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/now"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/pulse"
	"github.com/lazytrace/lazytrace/tui/sessions"
	"github.com/lazytrace/lazytrace/tui/summary"
	"github.com/lazytrace/lazytrace/tui/theme"
	"github.com/lazytrace/lazytrace/tui/visit"
)

// front is the page of the sessions: their tree, what is known of the selected
// one, what happened last, and how much happened when.
type front struct {
	home *home
	view *overview.View

	tree    sessions.Pane
	summary summary.Pane
	now     now.Pane
	pulse   pulse.Pane

	width, height int
	focus         int
	grow          grow
	at            [5]rect // by panel number; panels that are not shown are empty
	bucket        int     // index into overview.Buckets plus one; zero fits
	hidden        bool    // the histogram is not wanted
}

func newFront(h *home) *front {
	f := &front{home: h, focus: 1}
	f.summary.Prices = h.world.opts.Prices
	f.tree.SetFollow(h.world.opts.Follow)
	return f
}

func (f *front) Close() {}

// columns returns how many columns the histogram has.
func (f *front) columns() int { return f.pulse.Columns() }

// Resize divides the page: below 100 columns one column, below 80 one pane at a
// time; below 28 rows no histogram, below 18 no summary.
func (f *front) Resize(width, height int) tea.Cmd {
	f.width, f.height = width, height
	f.at = [5]rect{}
	body := rect{0, 0, width, height}
	tall := height >= 26 // of the page; the header takes four more
	switch {
	case f.grow == full || width < 80 && f.focus > 1 || width < 60 || height < 18:
		f.at[f.focus] = body
	case width < 100:
		low := min(12, height*2/5)
		f.at[1] = rect{0, 0, width, height - low}
		f.at[2] = rect{0, height - low, width, low}
		if f.focus > 2 {
			f.at[f.focus], f.at[2] = f.at[2], rect{}
		}
	default:
		low := 0
		if tall && !f.hidden {
			low = 6
		}
		side := min(64, max(40, width*28/100))
		if f.grow == half && f.focus != 1 {
			side = width / 2
		}
		upper := height - low
		f.at[1] = rect{0, 0, width - side - 1, upper}
		tall := min(18, upper*11/20)
		f.at[2] = rect{width - side, 0, side, tall}
		f.at[3] = rect{width - side, tall, side, upper - tall}
		if low > 0 {
			f.at[4] = rect{0, upper, width, low}
		} else if f.focus == 4 {
			f.at[4], f.at[3] = f.at[3], rect{}
		}
	}
	f.tree.Resize(f.at[1].w, f.at[1].h)
	f.summary.Resize(f.at[2].w, f.at[2].h)
	f.now.Resize(f.at[3].w, f.at[3].h)
	f.pulse.Resize(f.at[4].w, f.at[4].h)
	return nil
}

// Show takes a new view.
func (f *front) Show(v *overview.View) tea.Cmd {
	f.view = v
	f.tree.Show(v)
	f.moved()
	return nil
}

func (f *front) Update(tea.Msg) (tea.Cmd, bool) { return nil, false }

func (f *front) moved() {
	if r := f.tree.Selected(); r != nil {
		f.summary.Reset(r.Key)
	}
}

// again has the view made anew, since something else is asked for.
func (f *front) again() (tea.Cmd, bool) { return f.home.make(true), true }

func (f *front) Do(a keymap.Action, n int) (tea.Cmd, bool) {
	want := &f.home.ask
	if f.pulse.Brushing() {
		if cmd, done := f.brush(a, n); done {
			return cmd, true
		}
	}
	switch a {
	case keymap.Sort:
		want.Order = (want.Order + 1) % overview.Orders
		return f.again()
	case keymap.Reverse:
		want.Reverse = !want.Reverse
		return f.again()
	case keymap.Flat:
		want.Flat = !want.Flat
		return f.again()
	case keymap.FoldAll:
		want.Folds = overview.Folds{Mode: overview.AllShut}
		return f.again()
	case keymap.UnfoldAll:
		want.Folds = overview.Folds{Mode: overview.AllOpen}
		return f.again()
	case keymap.BeatIn, keymap.BeatOut:
		d := 1
		if a == keymap.BeatIn {
			d = -1
		}
		f.bucket = max(1, min(len(overview.Buckets), f.bucketNow()+d))
		want.Bucket = overview.Buckets[f.bucket-1]
		return f.again()
	case keymap.Beats:
		f.hidden = !f.hidden
		return f.home.Resize(f.home.width, f.home.height), true
	case keymap.Brush:
		if f.at[4].h == 0 {
			return ask.Tell("the histogram is not shown: i shows it, in a window of 30 rows or more"), true
		}
		f.pulse.Brush()
		return f.SetFocus(4), true
	case keymap.Larger, keymap.Smaller:
		d := grow(1)
		if a == keymap.Smaller {
			d = 2
		}
		f.grow = (f.grow + d) % 3
		return f.home.Resize(f.home.width, f.home.height), true
	case keymap.Follow:
		f.tree.SetFollow(!f.tree.Follow())
		return nil, true
	case keymap.Fold, keymap.FoldShut, keymap.FoldOpen:
		return f.fold(a), true
	case keymap.Open:
		return f.open(), true
	}
	if f.focus == 2 && (a == keymap.Down || a == keymap.Up) {
		d := max(1, n)
		if a == keymap.Up {
			d = -d
		}
		f.summary.Scroll(d)
		return nil, true
	}
	done := f.tree.Do(a, n)
	f.moved()
	return nil, done
}

// open opens what is selected.
func (f *front) open() tea.Cmd {
	r := f.tree.Selected()
	if r == nil {
		return nil
	}
	to := visit.Msg{Session: r.Session}
	if r.Run != nil {
		to.Run = r.Run.ID
	}
	return visit.To(to)
}

// brush moves the ends of what is selected in the histogram.
func (f *front) brush(a keymap.Action, n int) (tea.Cmd, bool) {
	d := max(1, n)
	switch a {
	case keymap.FoldShut:
		f.pulse.Move(-d)
	case keymap.FoldOpen:
		f.pulse.Move(d)
	case keymap.Top:
		f.pulse.Move(-1 << 20)
	case keymap.End:
		f.pulse.Move(1 << 20)
	case keymap.Brush, keymap.Mark:
		f.pulse.Anchor()
	case keymap.Open:
		from, to, ok := f.pulse.Brushed(f.view.Pulse)
		f.pulse.Leave()
		if !ok {
			return nil, true
		}
		return tea.Batch(f.SetFocus(1), f.home.between(from, to)), true
	default:
		return nil, false
	}
	return nil, true
}

// bucketNow returns which bucket is in force, counted from one.
func (f *front) bucketNow() int {
	for i, b := range overview.Buckets {
		if f.view != nil && f.view.Pulse.Bucket == b {
			return i + 1
		}
	}
	return 1
}

func (f *front) fold(a keymap.Action) tea.Cmd {
	r := f.tree.Selected()
	if r == nil {
		return nil
	}
	shut := !r.Shut
	switch {
	case a == keymap.FoldShut && (!r.Parent || r.Shut):
		f.tree.Parent()
		f.moved()
		return nil
	case a == keymap.FoldOpen && r.Parent && !r.Shut:
		f.tree.Do(keymap.Down, 1)
		f.moved()
		return nil
	case !r.Parent:
		return nil
	case a == keymap.FoldShut:
		shut = true
	case a == keymap.FoldOpen:
		shut = false
	}
	f.home.ask.Folds = f.home.ask.Folds.With(r.Key, shut)
	return f.home.make(true)
}

// Back stops selecting in the histogram.
func (f *front) Back() bool {
	if !f.pulse.Brushing() {
		return false
	}
	f.pulse.Leave()
	return true
}

func (f *front) Scopes() []keymap.Scope { return nil }

func (f *front) Hints() []keymap.Action {
	if f.pulse.Brushing() {
		return []keymap.Action{keymap.FoldShut, keymap.FoldOpen, keymap.Brush, keymap.Open, keymap.Back}
	}
	return []keymap.Action{keymap.Open, keymap.Fold, keymap.Filter, keymap.NextNeed, keymap.NextError, keymap.Sort, keymap.Period, keymap.ViewNext, keymap.Diff, keymap.Follow, keymap.Copy, keymap.Palette, keymap.Command}
}

// Selected returns the session of the selected row, or nil.
func (f *front) Selected() *eventlog.Session {
	if r := f.tree.Selected(); r != nil {
		return r.Session
	}
	return nil
}

// Panels returns how many panes there are.
func (f *front) Panels() int { return 4 }

// Focus returns the pane that has the keys.
func (f *front) Focus() int { return f.focus }

// SetFocus gives a pane the keys.
func (f *front) SetFocus(n int) tea.Cmd {
	f.focus = n
	return f.home.Resize(f.home.width, f.home.height)
}

// Scroll scrolls the tree.
func (f *front) Scroll(d int) tea.Cmd {
	f.tree.Scroll(d)
	f.moved()
	return nil
}

func (f *front) wheel(x, y, steps int) tea.Cmd {
	switch {
	case f.at[2].holds(x, y):
		f.summary.Scroll(steps)
	case f.at[1].holds(x, y) && f.view != nil:
		return f.Scroll(3 * steps)
	}
	return nil
}

func (f *front) Click(x, y int) tea.Cmd {
	for n := 1; n <= 4; n++ {
		if !f.at[n].holds(x, y) {
			continue
		}
		cmd := f.SetFocus(n)
		if n == 1 {
			return tea.Batch(cmd, f.clickTree(x-f.at[1].x, y-f.at[1].y))
		}
		return cmd
	}
	return nil
}

func (f *front) clickTree(x, y int) tea.Cmd {
	key := ""
	if before := f.tree.Selected(); before != nil {
		key = before.Key
	}
	hit, marker := f.tree.Click(x, y)
	f.moved()
	switch r := f.tree.Selected(); {
	case hit && marker:
		return f.fold(keymap.Fold)
	case hit && r != nil && r.Key == key:
		return f.open() // a second click opens
	}
	return nil
}

// Draw returns the rows of the page.
func (f *front) Draw(t *theme.Theme, _ int, _ bool) []string {
	block := func(n int) []string {
		active := f.focus == n
		switch n {
		case 1:
			return f.tree.Draw(t, n, active)
		case 2:
			return f.summary.Draw(t, n, active, f.view, f.tree.Selected())
		case 3:
			return f.now.Draw(t, n, active, f.view, f.home.world.zone())
		}
		return f.pulse.Draw(t, n, active, f.view.Pulse)
	}
	var rows []string
	if f.at[1].w > 0 && f.at[1].w < f.width {
		side := block(2)
		if f.at[3].h > 0 {
			side = append(side, block(3)...)
		} else if f.at[4].h > 0 && f.at[4].w < f.width {
			side = append(side, block(4)...)
		}
		rows = append(rows, frame.Beside(t, block(1), side)...)
		if f.at[4].w == f.width {
			rows = append(rows, block(4)...)
		}
	} else {
		for n := 1; n <= 4; n++ {
			if f.at[n].h > 0 {
				rows = append(rows, block(n)...)
			}
		}
	}
	return rows
}
