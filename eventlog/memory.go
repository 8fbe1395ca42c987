package eventlog

import (
	"context"
	"strings"
	"sync"
)

// Memory is a log that is kept in memory only: what a recorder without a store
// writes to, and what tests show. It implements Log and Writer, and is safe
// for concurrent use.
type Memory struct {
	summary *Summary
	sources *Sources
	changed chan struct{}

	mu      sync.Mutex
	index   *Index
	events  []Event
	version int64
}

// NewMemory returns an empty log whose sessions appear in sources.
func NewMemory(sources *Sources) *Memory {
	m := &Memory{
		summary: NewSummary(sources.Symbols(), "memory", "memory", 0), sources: sources,
		changed: make(chan struct{}, 1), index: NewIndex(sources.Symbols()),
	}
	sources.Add(m.summary)
	return m
}

// WriteEvents appends events, which are kept as they are.
func (m *Memory) WriteEvents(_ context.Context, events []Event) error {
	m.mu.Lock()
	for i := range events {
		m.index.Append(Place{Pos: int64(len(m.events))}, &events[i])
		m.events = append(m.events, events[i])
	}
	first := len(m.events) - len(events)
	m.version++
	m.mu.Unlock()
	m.summary.Update(func() {
		for i := range events {
			m.summary.Record()
			m.summary.Add(int64(first+i), &events[i])
		}
	})
	m.sources.Notify()
	select {
	case m.changed <- struct{}{}:
	default:
	}
	return nil
}

// Snapshot returns the index as it is now.
func (m *Memory) Snapshot() *Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.index.Publish()
	s.Version, s.Paths = m.version, []string{"memory"}
	return s
}

// Changed is signalled after changes.
func (m *Memory) Changed() <-chan struct{} { return m.changed }

// Events returns the events of some rows.
func (m *Memory) Events(_ context.Context, rows []RowID) ([]Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Event, len(rows))
	for i, r := range rows {
		out[i] = m.events[r]
	}
	return out, nil
}

// Grep finds the rows whose event holds a word.
func (m *Memory) Grep(ctx context.Context, words []string, from RowID, found func(int, RowID)) (RowID, error) {
	m.mu.Lock()
	events := m.events
	m.mu.Unlock()
	for row := from; int(row) < len(events); row++ {
		if err := ctx.Err(); err != nil {
			return row, err
		}
		e := &events[row]
		body := e.Text + "\n" + e.Message + "\n" + string(e.Payload) + "\n" + string(e.Input) + "\n" + string(e.Output)
		for i, w := range words {
			if containsFold(body, strings.ToLower(w)) {
				found(i, row)
			}
		}
	}
	return RowID(len(events)), nil
}

// Close does nothing: the log lasts as long as somebody holds it.
func (m *Memory) Close() error { return nil }
