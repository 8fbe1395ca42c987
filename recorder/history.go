package recorder

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

// history reads back what was committed, by the dialect that everybody reads the
// store with: what a session says of itself is what lazytrace says of it. What
// has been summed up is kept, so that asking again reads only what is new.
type history struct {
	store *sqlite.Store
	from  int64 // the last row that was there before the session
	price func(provider, model string, b *eventlog.Bill) (Money, string, bool)

	mu      sync.Mutex
	closed  bool
	reader  *sqlite.Reader // opened when it is first needed
	after   int64          // the last row that was summed up
	decoder dialect.Decoder
	sources *eventlog.Sources
	summary *eventlog.Summary
	above   map[string]string // the run that a session was started by, by session
}

// tables are where events lie.
func tables() []eventlog.Table { return dialect.LazyBridge{}.Tables() }

func newHistory(ctx context.Context, store *sqlite.Store, price func(string, string, *eventlog.Bill) (Money, string, bool)) (*history, error) {
	h := &history{store: store, from: sqlite.Start, price: price, above: map[string]string{}}
	if store.Path() != "" {
		r, err := store.Reader(ctx)
		if err != nil {
			return nil, err
		}
		h.from, err = r.MaxKey(ctx, tables()[0])
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
	}
	h.after = h.from
	return h, nil
}

func (h *history) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if h.reader == nil {
		return nil
	}
	return h.reader.Close()
}

// scan gives every row behind one to fn. Rows that cannot be read are passed
// over. h.mu is held.
func (h *history) scan(ctx context.Context, after int64, fn func(*eventlog.Record) error) error {
	if h.closed {
		return ErrClosed
	}
	if h.reader == nil {
		r, err := h.store.Reader(ctx)
		if err != nil {
			return err
		}
		h.reader = r
	}
	for {
		err := h.reader.Scan(ctx, tables(), []int64{after}, func(rec eventlog.Record) error {
			after = rec.Pos
			return fn(&rec)
		})
		var bad *sqlite.RowError
		if !errors.As(err, &bad) {
			return err
		}
		after = bad.Key
	}
}

// catalog sums up what is new and returns all sums.
func (h *history) catalog(ctx context.Context) (*eventlog.Catalog, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.summary == nil {
		syms := eventlog.NewSymbols()
		h.sources, h.decoder = eventlog.NewSources(syms), dialect.LazyBridge{}.Open(dialect.Segment{})
		h.summary = eventlog.NewSummary(syms, h.store.Path(), dialect.LazyBridge{}.Name(), 1)
		h.sources.Add(h.summary)
	}
	var err error
	h.summary.Update(func() {
		err = h.scan(ctx, h.after, func(rec *eventlog.Record) error {
			h.after = rec.Pos
			h.summary.Record()
			fault := h.decoder.Decode(rec, false, func(e *Event) { h.add(rec.Pos, e) })
			if fault != nil {
				h.summary.Fault(eventlog.Fault{Path: h.store.Path(), Pos: rec.Pos, Why: fault.Error()})
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return h.sources.Catalog(), nil
}

// add counts an event, priced as far as it can be.
func (h *history) add(pos int64, e *Event) {
	if b := e.Bill; b != nil && b.Source == eventlog.Unpriced && h.price != nil {
		cost, why, ok := h.price(e.Provider, e.Model, b)
		b.Price = h.sources.Symbols().Intern(why)
		if ok {
			b.Cost, b.Source = cost, eventlog.Estimated
		}
	}
	if e.Kind == eventlog.SessionStart && e.ParentRunID != "" {
		h.above[e.SessionID] = e.ParentRunID
	}
	h.summary.Add(pos, e)
}

// Filter says which events are wanted; what is empty holds for all.
type Filter struct {
	Type  string // one event type, as it was emitted
	Run   string // the id of a run
	Where string // a query, as lazytrace events --where takes it: failed:yes, tool:search*, cost>0.01, words
	Limit int    // how many at most, from the first one; 0 is all
}

// Events are the events of a session as they were committed.
type Events struct{ session *Session }

// Events returns the events of the session, to be queried.
func (s *Session) Events() Events { return Events{s} }

// Query returns the events that have been committed and pass the filter, in the
// order of their commits, decoded in full. In batches Flush has to come before
// it: it does not see what waits in the queue.
func (v Events) Query(ctx context.Context, f Filter) ([]Event, error) {
	s := v.session
	if s == nil {
		return nil, nil
	}
	q, err := eventlog.ParseQuery(f.Where)
	if err != nil {
		return nil, fmt.Errorf("events: where: %w", err)
	}
	h := s.engine.history
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []Event
	decoder := dialect.LazyBridge{}.Open(dialect.Segment{})
	enough := errors.New("enough")
	err = h.scan(ctx, h.from, func(rec *eventlog.Record) error {
		// A row that is no event is shown by lazytrace, but nobody emitted it.
		_ = decoder.Decode(rec, true, func(e *Event) {
			if e.SessionID == s.id && (f.Type == "" || f.Type == e.Type) && (f.Run == "" || f.Run == e.RunID) && matches(q, e) {
				found = append(found, kept(e))
			}
		})
		if f.Limit > 0 && len(found) >= f.Limit {
			return enough
		}
		return nil
	})
	if err != nil && err != enough {
		return nil, fmt.Errorf("events: %w", err)
	}
	return found, nil
}

// kept is an event that outlives the decoding of the next one.
func kept(e *Event) Event {
	k := *e
	if e.Bill != nil {
		b := *e.Bill
		k.Bill = &b
	}
	k.Details, k.Adopts = slices.Clone(e.Details), slices.Clone(e.Adopts)
	k.Sums, k.Same = slices.Clone(e.Sums), slices.Clone(e.Same)
	return k
}

func matches(q eventlog.Query, e *Event) bool {
	if q.IsZero() {
		return true
	}
	x := eventlog.Subject{
		Kind: e.Kind, Type: e.Type, ID: e.ID, Session: e.SessionID, Run: e.RunID, Agent: e.Agent, Provider: e.Provider, Model: e.Model,
		Tool: e.Tool, Facts: e.Facts, Link: e.Link, Failed: e.Failed, Time: e.Time, Outcome: e.Outcome,
		Found: func(word string) bool {
			return strings.Contains(strings.ToLower(e.Text+"\n"+e.Message+"\n"+string(e.Payload)), word)
		},
	}
	if e.Bill != nil {
		x.Usage, x.Cost, x.Priced = e.Bill.Usage, e.Bill.Cost, e.Bill.Source != eventlog.Unpriced
	}
	return q.Match(&x)
}
