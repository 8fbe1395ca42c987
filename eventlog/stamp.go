package eventlog

import "time"

// Stamp is a moment in nanoseconds since 1970 in UTC. Zero means that the
// moment is not known: many logs hold no times.
type Stamp int64

// StampOf returns the stamp of t; the zero time is unknown.
func StampOf(t time.Time) Stamp {
	if t.IsZero() {
		return 0
	}
	return Stamp(t.UnixNano())
}

// Known reports whether the moment is known.
func (s Stamp) Known() bool { return s != 0 }

// Time returns the moment in UTC, or the zero time when it is unknown.
func (s Stamp) Time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(s)).UTC()
}

// Sub returns s - t, or zero when either is unknown.
func (s Stamp) Sub(t Stamp) time.Duration {
	if s == 0 || t == 0 {
		return 0
	}
	return time.Duration(s - t)
}

// Seconds returns the moment as seconds since 1970, the unit on disk.
func (s Stamp) Seconds() float64 { return float64(s) / 1e9 }

// MarshalJSON writes RFC 3339 in UTC with the precision that the stamp has, or
// null when it is unknown.
func (s Stamp) MarshalJSON() ([]byte, error) {
	if s == 0 {
		return []byte("null"), nil
	}
	return s.Time().AppendFormat([]byte{'"'}, `2006-01-02T15:04:05.999999999Z07:00"`), nil
}
