package pipeline

import (
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

// byKind counts events of each kind.
type byKind [eventlog.Unreadable + 1]int64

// drops counts the events that the recorder could not keep, and remembers
// which of them were reported. The zero value counts nothing yet.
type drops struct {
	mu           sync.Mutex
	noRoom       byKind
	redacted     int64 // could not be redacted
	lost         int64 // the store had failed
	toldNoRoom   byKind
	toldRedacted int64
}

func (d *drops) full(k eventlog.Kind) { d.fullN(k, 1) }

func (d *drops) fullN(k eventlog.Kind, n int64) {
	d.mu.Lock()
	d.noRoom[k] += n
	d.mu.Unlock()
}

func (d *drops) redaction(n int64) {
	d.mu.Lock()
	d.redacted += n
	d.mu.Unlock()
}

func (d *drops) lose(n int64) {
	d.mu.Lock()
	d.lost += n
	d.mu.Unlock()
}

// unreported returns what was counted since the last call.
func (d *drops) unreported() (noRoom byKind, redacted int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for k, n := range d.noRoom {
		noRoom[k] = n - d.toldNoRoom[k]
	}
	redacted = d.redacted - d.toldRedacted
	d.toldNoRoom, d.toldRedacted = d.noRoom, d.redacted
	return noRoom, redacted
}

// Stats tells how the recording went.
type Stats struct {
	Stored        int64                   // events that were committed
	Dropped       map[eventlog.Kind]int64 // events for which there was no room
	RedactDropped int64                   // events that could not be redacted
	Lost          int64                   // events that came after the store had failed
	ExportFailed  int64                   // events that exporters could not pass on
	Exporters     []ExportFailure         // which ones, in their order
	Errors        int64                   // events that tell of a failure
	Fault         error                   // why the store failed, or nil
}

// ExportFailure tells how many events, or whatever it makes of them, one
// exporter could not pass on.
type ExportFailure struct {
	Exporter string // what it is called
	Events   int64
}

// DroppedTotal is the number of events for which there was no room.
func (s Stats) DroppedTotal() (n int64) {
	for _, c := range s.Dropped {
		n += c
	}
	return n
}

// Stats returns the counts so far.
func (r *Pipeline) Stats() Stats {
	d := &r.drops
	d.mu.Lock()
	s := Stats{Dropped: map[eventlog.Kind]int64{}, RedactDropped: d.redacted, Lost: d.lost, Errors: r.errors.Load()}
	for k, n := range d.noRoom {
		if n > 0 {
			s.Dropped[eventlog.Kind(k)] = n
		}
	}
	d.mu.Unlock()
	s.Stored = r.writer.stored.Load()
	s.ExportFailed = r.writer.exportFailed.Load()
	s.Exporters = r.writer.fan.failures()
	if fault := r.writer.fault.Load(); fault != nil {
		s.Fault = *fault
	}
	return s
}

// Dropped counts events that a capture layer could not even hand over.
func (r *Pipeline) Dropped(k eventlog.Kind, n int64) { r.drops.fullN(k, n) }
