package overview

import (
	"fmt"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// ParseRange reads a range of time as people write it: how far back, a day or
// moment from which on, or two of them with dots between. A zero end is open.
func ParseRange(text string, now time.Time) (from, to time.Time, err error) {
	text = strings.TrimSpace(text)
	first, last, two := strings.Cut(text, "..")
	if from, _, err = parseEdge(first, now); err != nil {
		return from, to, err
	}
	if !two {
		return from, to, nil
	}
	begin, length, err := parseEdge(last, now)
	if err != nil {
		return from, to, err
	}
	if !begin.IsZero() {
		to = begin.Add(length) // a day counts as a whole
	}
	if !from.IsZero() && !to.IsZero() && !to.After(from) {
		return from, to, fmt.Errorf("%s: the range ends before it begins", text)
	}
	return from, to, nil
}

// parseEdge reads one end of a range, and how long what it names is.
func parseEdge(text string, now time.Time) (time.Time, time.Duration, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, 0, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if d, err := time.ParseDuration(days + "h"); err == nil && d >= 0 && d < 1e6*time.Hour {
			return now.Add(-24 * d), 0, nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d), 0, nil
	}
	for _, layout := range []struct {
		form   string
		length time.Duration
	}{{time.RFC3339, 0}, {"2006-01-02T15:04", time.Minute}, {"2006-01-02", 24 * time.Hour}} {
		if t, err := time.ParseInLocation(layout.form, text, now.Location()); err == nil {
			return t, layout.length, nil
		}
	}
	return time.Time{}, 0, fmt.Errorf("%q is no time: want how far back (90m, 7d), a day (2026-01-31), or two with .. between", text)
}

// between reports whether anything of a session falls into the custom period.
func (v *View) between(s *eventlog.Session) bool {
	last := max(s.Last, s.Heartbeat, s.Ended)
	if !last.Known() || !v.Ask.From.IsZero() && last < eventlog.StampOf(v.Ask.From) {
		return false
	}
	return v.Ask.To.IsZero() || s.Began() < eventlog.StampOf(v.Ask.To)
}

// Since says the period in force, as in "since 24h".
func (v *View) Since() string {
	if v.Period != Custom {
		return "since " + v.Period.String()
	}
	form := func(t time.Time) string {
		if t.Hour() == 0 && t.Minute() == 0 {
			return t.Format("2006-01-02")
		}
		return t.Format("Jan _2 15:04")
	}
	switch {
	case v.Ask.To.IsZero():
		return "since " + form(v.Ask.From)
	case v.Ask.From.IsZero():
		return "until " + form(v.Ask.To)
	}
	return form(v.Ask.From) + " to " + form(v.Ask.To)
}
