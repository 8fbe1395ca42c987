package talk

import (
	"context"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// atOnce is how many items are read at a time, and ahead how far it is looked for
// a message of the person that the program put in before.
const (
	atOnce = 48
	ahead  = 6
)

// Each reads the whole conversation, a portion at a time, and calls fn for each
// item in order. repeats tells that the item only says what was said before (see
// Echo), or that it is what a person says next, as the program hands it on. fn gets
// the item without what was put to the model again.
func (l *List) Each(ctx context.Context, log eventlog.Log, fn func(s *Said, repeats bool) error) error {
	var echo Echo
	var now, next []Said
	read := func(from int) ([]Said, error) {
		items := make([]int, max(0, min(atOnce, len(l.Items)-from)))
		for i := range items {
			items[i] = from + i
		}
		return l.Read(ctx, log, items...)
	}
	now, err := read(0)
	for from := atOnce; err == nil && len(now) > 0; from += atOnce {
		if next, err = read(from); err != nil {
			break
		}
		for i := range now {
			s := &now[i]
			repeats := s.Kind == System && s.Flags.Has(Hidden) && (handed(s, now[i+1:]) || handed(s, next))
			if !repeats {
				repeats = echo.Repeats(s)
			}
			if err := fn(s, repeats); err != nil {
				return err
			}
		}
		now = next
	}
	return err
}

// handed reports whether a person says a text shortly after.
func handed(s *Said, then []Said) bool {
	text := s.Joined(Text)
	return slices.ContainsFunc(then[:min(ahead, len(then))], func(t Said) bool {
		return t.Kind == User && t.Index-s.Index <= ahead && t.Joined(Text) == text
	})
}
