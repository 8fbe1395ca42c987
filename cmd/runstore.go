package cmd

import (
	"context"
	"fmt"
	"os"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/alive"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
)

// openStore opens the store to record into, and ends what recorders that were
// killed have left open in it.
func (o *runOptions) openStore(ctx context.Context, path string) (pipeline.Store, error) {
	store, err := sqlite.Create(ctx, path, sqlite.Options{Durable: o.durable})
	if err != nil {
		return nil, err // a nil *Store in the interface would be a store
	}
	// When that fails, the sessions stay as they are and are seen to be
	// interrupted all the same; what is wrong with the store the first event tells.
	closed, _ := store.CloseInterrupted(ctx, alive.Gone, o.sessionID)
	if o.tell {
		for _, one := range closed {
			fmt.Fprintf(os.Stderr, "lazytrace: session %s was interrupted: %s\n", escape.Line(short(one.Session)), eventlog.Interruption(one.At, one.Events, one.Calls))
		}
	}
	return store, nil
}
