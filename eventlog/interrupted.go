package eventlog

import (
	"fmt"
	"time"
)

// A session is interrupted when the recorder that wrote it ended without saying
// so: it was killed, or the machine was. Nobody writes such a session any more,
// so what is open in it ended when it was last heard of. A reader finds this out
// and changes nothing; the next recorder of the same store writes it down.

// IsGone tells whether the recorder that a session names has certainly ended.
type IsGone func(host string, pid int, mark string) bool

// Gone sets how recorders are asked after; nil asks after none. It is to be set
// before the first catalog is made.
func (s *Sources) Gone(gone IsGone) { s.gone = gone }

// lost reports whether the session was not ended and its recorder is gone. It
// is asked anew each time: the death of a recorder changes no log.
func (s *Session) lost() bool {
	return s.gone != nil && s.RecorderMark != "" && s.gone(s.Host, s.RecorderPid, s.RecorderMark)
}

// Reason returns why the session failed or was interrupted, as far as anybody
// knows.
func (s *Session) Reason(now Stamp) string {
	if status, _ := s.Status(now); status != Interrupted || s.FailureReason != "" {
		return s.FailureReason
	}
	return Interruption(s.last, s.Events, s.underWay)
}

// Interruption says when a session was interrupted, how many of its events are
// there and how many calls were under way.
func Interruption(at Stamp, events, calls int64) string {
	count := func(n int64, what string) string {
		if n == 1 {
			return "1 " + what
		}
		return fmt.Sprintf("%d %ss", n, what)
	}
	when := at.Time().Local()
	clock := when.Format(time.TimeOnly)
	if time.Since(when) > 20*time.Hour {
		clock = when.Format(time.DateTime)
	}
	return fmt.Sprintf("its recorder was killed at %s: %s kept, %s closed", clock, count(events, "event"), count(calls, "open call"))
}
