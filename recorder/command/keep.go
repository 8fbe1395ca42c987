package command

import (
	"context"

	"github.com/lazytrace/lazytrace/recorder/capture/proxy"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/recorder/replay"
)

// keptIn is the store, once it is open. It is opened by whoever writes events.
type keptIn struct {
	open  chan struct{} // closed when that was tried; nil when nothing is kept
	store replay.Store  // nil when there is none that keeps exchanges
}

// opening notes the store when it is opened.
func (r *recording) opening(open func(context.Context) (pipeline.Store, error)) func(context.Context) (pipeline.Store, error) {
	if open == nil || !r.opts.KeepExchanges {
		return open
	}
	r.kept.open = make(chan struct{})
	return func(ctx context.Context) (pipeline.Store, error) {
		defer close(r.kept.open)
		store, err := open(ctx)
		if err == nil {
			r.kept.store, _ = store.(replay.Store)
		}
		return store, err
	}
}

// keep returns what keeps exchanges, nil when they are not kept.
func (r *recording) keep() func(context.Context, proxy.Kept) error {
	if r.kept.open == nil {
		return nil
	}
	k := &replay.Keeper{Session: r.opts.SessionID, Hash: replay.Usual(), Store: func(ctx context.Context) replay.Store {
		select {
		case <-r.kept.open:
			return r.kept.store
		case <-ctx.Done():
			return nil
		}
	}}
	if m := r.opts.Pipeline.Redactor; m != nil {
		k.Masker, k.Hash = m, m
	}
	return k.Keep
}
