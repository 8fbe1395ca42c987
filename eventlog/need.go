package eventlog

import (
	"fmt"
	"strings"
	"time"
)

// Want is what a session needs somebody for, the most urgent first.
type Want uint8

// The wants.
const (
	WantNothing Want = iota
	WantAnswer       // it waits for a person
	WantBrake        // it makes the same call again and again
	WantMoney        // it cost more than somebody wanted
	WantHelp         // its calls fail, one after the other
	WantLook         // it failed or was interrupted
	WantSign         // nothing was heard of it for too long
)

var wantNames = [...]string{"", "waiting", "looping", "over budget", "failing", "failed", "stale"}

// String returns the want in a word or two.
func (w Want) String() string { return wantNames[w] }

// Need is what a session needs somebody for.
type Need struct {
	Want  Want
	Since Stamp
	Text  string // what it is about, where that is not all said
}

// failsInRow is how many calls in a row must fail before somebody should look.
const failsInRow = 3

// Need returns what the session needs somebody for. What ended more than a day
// ago needs nobody any more.
func (s *Session) Need(now Stamp) Need {
	const recently = 24 * time.Hour
	status, _ := s.Status(now)
	last := max(s.Last, s.Heartbeat, s.Ended)
	switch {
	case status == Running:
		return s.needNow()
	case now.Sub(last) > recently:
	case s.Outcome == Failure, status == Interrupted:
		return Need{WantLook, last, s.Reason(now)}
	case status == Stale:
		return Need{WantSign, last, ""}
	}
	return Need{}
}

// polls are the tools that ask again and again what has become of something: to
// call them with the same arguments is no loop.
var polls = map[string]bool{
	"write_stdin": true, "bashoutput": true, "taskoutput": true, "bash_output": true, "task_output": true, "read_output": true, "shell_output": true,
	"wait": true, "sleep": true, "poll": true, "job_output": true,
}

// needNow is the need of a session that goes on.
func (s *Session) needNow() Need {
	switch {
	case s.Waiting.Since.Known():
		return Need{WantAnswer, s.Waiting.Since, s.names.Name(s.Waiting.Tool)}
	case s.Loop.Times > 0 && !polls[strings.ToLower(s.names.Name(s.Loop.Tool))]:
		return Need{WantBrake, s.Loop.Since, fmt.Sprintf("%s %d times", s.names.Name(s.Loop.Tool), s.Loop.Times)}
	case s.Failing >= failsInRow:
		return Need{WantHelp, s.Last, fmt.Sprintf("%d calls in a row", s.Failing)}
	}
	return Need{}
}
