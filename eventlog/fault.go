package eventlog

import (
	"fmt"
	"strings"
)

// Fault is a record that could not be read, or could only be read in part.
type Fault struct {
	Path string
	Pos  int64 // negative: nowhere in particular
	Why  string
}

// String says what, where and why in one line.
func (f Fault) String() string {
	switch {
	case strings.Contains(f.Why, f.Path):
		return f.Why
	case f.Pos < 0:
		return f.Path + ": " + f.Why
	}
	return fmt.Sprintf("%s at %d: %s", f.Path, f.Pos, f.Why)
}

// Faults counts faults and keeps the first of them for showing.
type Faults struct {
	Count   int64
	Samples []Fault
}

// maxFaults is how many faults are kept for showing; all are counted.
const maxFaults = 100

// Add counts a fault.
func (f *Faults) Add(v Fault) {
	f.Count++
	if len(f.Samples) < maxFaults {
		f.Samples = append(f.Samples, v)
	}
}

// Merge counts the faults of g as well.
func (f *Faults) Merge(g Faults) {
	f.Count += g.Count
	f.Samples = append(f.Samples, g.Samples[:min(len(g.Samples), maxFaults-len(f.Samples))]...)
}

func (f Faults) clone() Faults {
	f.Samples = append([]Fault(nil), f.Samples...)
	return f
}
