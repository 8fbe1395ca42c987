package compare

import (
	"context"
	"fmt"

	"github.com/lazytrace/lazytrace/eventlog/talk"
)

// Steps counts the steps of a session, as they are aligned. It reads their bodies.
func Steps(ctx context.Context, side Side) (int64, error) {
	root, ok := talk.Session(side.Snap, side.Session)
	if !ok {
		return 0, fmt.Errorf("count the steps of %s: its log has no event of it", side.Snap.Symbols.Name(side.Session))
	}
	list, err := talk.Items(ctx, side.Snap, root)
	if err != nil {
		return 0, err
	}
	h := &half{side: side, root: root, list: list}
	if err := h.read(ctx, func(int) {}); err != nil {
		return 0, err
	}
	n := int64(0)
	for i := range h.steps {
		if h.steps[i].use {
			n++
		}
	}
	return n, nil
}
