package eventlog

import "strings"

// Mode says how a model call was served, where that changes its price: a set
// of flags. The zero Mode is the usual way.
type Mode uint8

// The ways in which a call may be served.
const (
	Fast     Mode = 1 << iota // a faster configuration of the same model
	Priority                  // before others
	Flex                      // when there is room
	Batch                     // some time later
	Regional                  // in one region only
)

var modeNames = [...]string{"fast", "priority", "flex", "batch", "regional"}

// String returns the names of the flags, joined by a plus.
func (m Mode) String() string {
	var names []string
	for i, name := range modeNames {
		if m&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "+")
}

// ParseMode returns the flag that the name of a tier or a speed stands for, as
// providers spell it. What is usual, and what nobody knows, is no flag.
func ParseMode(name string) Mode {
	for i, known := range modeNames {
		if strings.EqualFold(name, known) {
			return 1 << i
		}
	}
	return 0
}
