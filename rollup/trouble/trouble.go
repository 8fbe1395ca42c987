// Package trouble finds what went wrong in an opened log, and what it cost:
// families of errors that are alike, calls that repeat in a loop, calls that were
// tried again, and tools that are slow. It reads the bodies of calls in portions
// and keeps hashes of them only. It knows no format and no screen.
package trouble

import (
	"cmp"
	"context"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Part is a set of what a report may tell.
type Part uint8

// The parts of a report.
const (
	PartFamilies Part = 1 << iota
	PartLoops
	PartRetries
	PartSlow
	partAll = PartFamilies | PartLoops | PartRetries | PartSlow
)

// Options say what to look at and how. The zero Options are everything, of a log
// that nobody writes to any more.
type Options struct {
	// Parts is what is asked for; zero is all. Loops and retries need the bodies of
	// all tool calls, families those of failures and of the calls that failed, slow
	// calls hardly any.
	Parts Part
	// Only says which sessions are looked at; nil is all.
	Only func(session eventlog.Sym) bool
	// Now says up to when what is open in a session goes on: now while it is
	// running, and zero when nobody knows of its end. Nil is zero.
	Now func(session eventlog.Sym) eventlog.Stamp
	// Progress is told how many bodies have been read; nil is nobody.
	Progress func(done, total int)
	// Slowest is how many single calls are listed as slow; zero is 20.
	Slowest int
}

const someSlow = 20

// Report is what went wrong in some sessions, what matters most first.
type Report struct {
	Families []Family
	Loops    []Loop
	Retries  []Retry
	Slow     Slow
}

// Place is where something happened. Span is a number in the log that the report
// was made of, and means nothing in another one.
type Place struct {
	Session string
	Run     string
	Agent   string
	Span    eventlog.SpanID
	Event   string // its id, as its log spells it; may be empty
	Time    eventlog.Stamp
	Label   string // of a failure: what the call was about, or else what was told of it

	same   eventlog.Identity // what copies of it share
	copied bool              // from another session
}

// Find finds out what went wrong in a log. Its work grows with the calls: call it
// from a command.
func Find(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot, o Options) (*Report, error) {
	if o.Parts == 0 {
		o.Parts = partAll
	}
	if o.Slowest <= 0 {
		o.Slowest = someSlow
	}
	f := newFinder(ctx, log, snap, o)
	r := &Report{Slow: Slow{most: o.Slowest}}
	for _, step := range []func(*Report) error{f.look, f.families, f.calls, f.slow} {
		if err := step(r); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r.order()
	return r, nil
}

// Merge adds what was found in other logs, whose reports are not to be used any
// more. Many are merged at once faster than one after another.
func (r *Report) Merge(more ...*Report) {
	r.mergeFamilies(more)
	for _, v := range more {
		r.Loops = append(r.Loops, v.Loops...)
		r.Retries = append(r.Retries, v.Retries...)
		r.Slow.merge(&v.Slow)
	}
	r.Loops = originals(r.Loops, func(l *Loop) (about, int) { return l.begin, l.Times })
	r.Retries = originals(r.Retries, func(t *Retry) (about, int) { return t.begin, t.Failed })
	r.order()
}

// Clone returns a report of its own, for whoever goes on to merge one that others
// still look at.
func (r *Report) Clone() *Report {
	c := &Report{Families: slices.Clone(r.Families), Loops: slices.Clone(r.Loops), Retries: slices.Clone(r.Retries), Slow: r.Slow}
	for i := range c.Families {
		f := &c.Families[i]
		f.Agents, f.Models, f.Places, f.Sessions = slices.Clone(f.Agents), slices.Clone(f.Models), slices.Clone(f.Places), slices.Clone(f.Sessions)
	}
	c.Slow.Tools, c.Slow.Calls = slices.Clone(r.Slow.Tools), slices.Clone(r.Slow.Calls)
	for i := range c.Slow.Tools {
		c.Slow.Tools[i].took = slices.Clone(c.Slow.Tools[i].took)
	}
	return c
}

func (r *Report) order() {
	slices.SortStableFunc(r.Families, func(a, b Family) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(b.Since.Cost(), a.Since.Cost()), cmp.Compare(b.Last, a.Last), cmp.Compare(a.Signature, b.Signature))
	})
	slices.SortStableFunc(r.Loops, func(a, b Loop) int {
		return cmp.Or(first(a.Open, b.Open), first(a.Same, b.Same), cmp.Compare(b.Spent.Cost(), a.Spent.Cost()), cmp.Compare(b.Times, a.Times), cmp.Compare(b.Last, a.Last))
	})
	slices.SortStableFunc(r.Retries, func(a, b Retry) int {
		return cmp.Or(cmp.Compare(b.Lost, a.Lost), cmp.Compare(b.Spent.Usage.Total(), a.Spent.Usage.Total()), cmp.Compare(b.Failed, a.Failed), cmp.Compare(b.Last, a.Last))
	})
	r.Slow.order()
}

// first orders what holds before what does not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
