package cache

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// portion is how many pairs of requests are read at once: each may hold a whole
// conversation.
const portion = 16

// place says where the record of a call lies.
type place struct {
	segment, table uint16
	pos            int64
}

// In returns the report as an opened log shows it: the misses that lie in it have
// their spans, the time between two calls is that between their beginnings, and
// what requests hold tells causes that the ledger does not know. Misses that lie
// elsewhere stay as they are, without spans. The report that it is called of does
// not change. progress may be nil; it is told how many misses of how many have been
// looked at.
func (r *Report) In(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot, progress func(done, total int)) (*Report, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	out := *r
	out.Misses = slices.Clone(r.Misses)
	here := out.find(ctx, snap)
	for from := 0; from < len(here); from += portion {
		part := here[from:min(from+portion, len(here))]
		progress(from, len(here))
		if err := out.look(ctx, log, snap, part); err != nil {
			return nil, err
		}
	}
	progress(len(here), len(here))
	var sums [causes]CauseSum
	for _, c := range r.Causes {
		sums[c.Cause] = c
	}
	for i := range out.Misses {
		if was, is := &r.Misses[i], &out.Misses[i]; was.Cause != is.Cause {
			sums[was.Cause].add(was, -1)
			sums[is.Cause].add(is, 1)
		}
	}
	out.Causes = causesOf(&sums)
	return &out, ctx.Err()
}

// find finds the spans of misses, and of the calls before, and returns which misses
// lie in the log.
func (r *Report) find(ctx context.Context, snap *eventlog.Snapshot) (here []int) {
	segments := map[string]uint16{}
	for i, path := range snap.Paths {
		segments[path] = uint16(i)
	}
	at := func(entry int32) (place, bool) {
		e := r.cat.Entries.At(int(entry))
		segment, ok := segments[r.cat.Segments[e.Segment].Path]
		return place{segment, e.Table, e.Pos}, ok
	}
	wanted := map[place]eventlog.SpanID{}
	for i := range r.Misses {
		m := &r.Misses[i]
		m.Span, m.Previous = 0, 0
		for _, entry := range []int32{m.entry, m.before} {
			if p, ok := at(entry); ok {
				wanted[p] = 0
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	for i, row := range snap.Rows.All() {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil
		}
		p := place{row.Segment, row.Table, row.Pos}
		if old, ok := wanted[p]; ok && row.Span > 0 && old == 0 && snap.Span(row.Span).Kind == eventlog.SpanModel {
			wanted[p] = row.Span
		}
	}
	for i := range r.Misses {
		m := &r.Misses[i]
		if p, ok := at(m.entry); ok {
			m.Span = wanted[p]
		}
		if p, ok := at(m.before); ok {
			m.Previous = wanted[p]
		}
		if m.Span != 0 {
			here = append(here, i)
		}
	}
	return here
}

// look judges misses anew by what the log knows.
func (r *Report) look(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot, misses []int) error {
	rows := make([]eventlog.RowID, 0, 2*portion)
	var asked []int
	for _, i := range misses {
		m := &r.Misses[i]
		if m.Previous == 0 {
			continue
		}
		span, before := snap.Span(m.Span), snap.Span(m.Previous)
		if between := span.Start.Sub(before.Start); between > 0 {
			m.Idle = between
		}
		m.Why = ""
		if m.Cause = m.judge(m.Model != m.Before); m.Cause == Model || m.Cause == Idle {
			continue
		}
		asked = append(asked, i)
		rows = append(rows, before.First, span.First)
	}
	if len(rows) == 0 {
		return ctx.Err()
	}
	events, err := log.Events(ctx, rows)
	if err != nil {
		return err
	}
	for k, i := range asked {
		m := &r.Misses[i]
		before, now := requestOf(&events[2*k]), requestOf(&events[2*k+1])
		cause, why, differs, told := now.differs(&before)
		switch {
		case differs:
			m.Cause, m.Why = cause, why
		case told && m.Cause == Unknown:
			m.Why = "what was recorded of the requests begins alike"
		}
	}
	return nil
}

// About says in words what shows the cause of a miss, or nothing.
func (m *Miss) About() string {
	switch {
	case m.Why != "":
		return m.Why
	case m.Cause == Model:
		return m.Before + " had it"
	case m.Cause == Idle:
		return m.Idle.Round(time.Second).String() + " idle; it lives " + m.Life.String()
	case m.Cause == History && m.Context < m.Prior:
		return "the context went from " + strconv.FormatInt(m.Prior, 10) + " to " + strconv.FormatInt(m.Context, 10) + " tokens"
	}
	return ""
}

// Finding returns the record of the call that missed, by which its step is found in
// a log that is not open yet.
func (r *Report) Finding(m *Miss) eventlog.Finding {
	e := r.cat.Entries.At(int(m.entry))
	return r.cat.Finding(&e)
}
