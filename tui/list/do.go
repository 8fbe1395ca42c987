package list

import "github.com/lazytrace/lazytrace/tui/keymap"

// Do does the actions that move a cursor the same way in every list, n times
// when n is positive. It reports whether the action was one of them.
func (l *List) Do(a keymap.Action, n int) bool {
	count, page := max(1, n), max(1, l.height)
	switch a {
	case keymap.Down:
		l.Move(count)
	case keymap.Up:
		l.Move(-count)
	case keymap.HalfDown:
		l.Move(count * max(1, page/2))
	case keymap.HalfUp:
		l.Move(-count * max(1, page/2))
	case keymap.PageDown:
		l.Move(count * page)
	case keymap.PageUp:
		l.Move(-count * page)
	case keymap.Top:
		l.To(max(0, n-1)) // with a count, to that line
	case keymap.End:
		l.To(l.n - 1)
	default:
		return false
	}
	return true
}
