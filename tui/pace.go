package tui

import "time"

// gather is how long changes are collected before they become one message, so
// that a flood of events costs as much as thirty a second.
const gather = 33 * time.Millisecond

// share is how many times as long as taking changes in took nothing more is taken
// in, while they go on coming: the larger a log, the less often it is laid out, and
// following it never takes more than a small part of a processor.
const share = 30

// ahead is how much of the rest that is due may be put off. A change that comes by
// itself is seen at once then, also when the one before took longer than usual.
const ahead = 250 * time.Millisecond

// pace says when changes are taken in next. The zero pace is that of whoever has
// seen nothing yet.
type pace struct {
	last    time.Time // changes were taken in
	rested  time.Time // until then there is to be rest for all that was taken in
	loading bool      // and more was being loaded
}

// after is the pace after changes were taken in, which took so long. What is loaded
// is waited for: when all of it is there, nothing is left to rest from.
func (p pace) after(took time.Duration, loading bool, now time.Time) pace {
	switch {
	case p.loading && !loading:
		p.rested, took = now, 0
	case p.rested.Before(now):
		p.rested = now
	}
	return pace{last: now, rested: p.rested.Add(share * took), loading: loading}
}

// due returns how long to collect changes before they are taken in. After a
// quiet time that is next to nothing, so that a single change is seen at once.
func (p pace) due(now time.Time) time.Duration {
	const least = 5 * time.Millisecond
	if p.last.IsZero() {
		return 4 * least // what is short comes in one step
	}
	rested := p.rested
	if !p.loading {
		rested = rested.Add(-ahead)
	}
	return max(least, p.last.Add(gather).Sub(now), rested.Sub(now))
}
