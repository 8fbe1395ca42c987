package eventlog

import (
	"testing"
	"time"
)

func TestNeed(t *testing.T) {
	now := Stamp(1_763_629_200e9)
	ago := func(d time.Duration) Stamp { return now - Stamp(d) }
	names := NewSymbols()
	bash, poll := names.Intern("Bash"), names.Intern("write_stdin")
	live := Session{names: names, open: true, last: ago(time.Minute), Last: ago(time.Minute)}
	for _, c := range []struct {
		name   string
		change func(*Session)
		want   Need
	}{
		{"nothing", func(*Session) {}, Need{}},
		{"waits", func(s *Session) { s.Waiting = Waiting{Kind: PauseApproval, Tool: bash, Since: ago(time.Minute)} }, Need{WantAnswer, ago(time.Minute), "Bash"}},
		{"loops", func(s *Session) { s.Loop = Loop{Tool: bash, Times: 14, Since: ago(time.Hour)} }, Need{WantBrake, ago(time.Hour), "Bash 14 times"}},
		{"polls", func(s *Session) { s.Loop = Loop{Tool: poll, Times: 14, Since: ago(time.Hour)} }, Need{}},
		{"waits in a loop", func(s *Session) {
			s.Loop, s.Waiting = Loop{Tool: bash, Times: 3}, Waiting{Kind: PausePerson, Since: ago(time.Second)}
		}, Need{WantAnswer, ago(time.Second), ""}},
		{"fails", func(s *Session) { s.Failing = 3 }, Need{WantHelp, ago(time.Minute), "3 calls in a row"}},
		{"fails twice", func(s *Session) { s.Failing = 2 }, Need{}},
		{"stale", func(s *Session) { s.Last, s.last = ago(time.Hour), ago(time.Hour) }, Need{WantSign, ago(time.Hour), ""}},
		{"failed", func(s *Session) {
			s.Closed, s.Outcome, s.FailureReason, s.Last = true, Failure, "no more money", ago(time.Hour)
		}, Need{WantLook, ago(time.Hour), "no more money"}},
		{"failed long ago", func(s *Session) { s.Closed, s.Outcome, s.Last = true, Failure, ago(25*time.Hour) }, Need{}},
		{"done", func(s *Session) { s.Closed, s.Outcome = true, Success }, Need{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := live
			c.change(&s)
			if got := s.Need(now); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			q, err := ParseQuery("is:needy")
			if err != nil || s.Matches(q, now) != (c.want.Want != WantNothing) {
				t.Errorf("is:needy: %v, %v", s.Matches(q, now), err)
			}
		})
	}
}
