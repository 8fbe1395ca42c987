package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Figure is one thing that was measured, as often as it was: all of it is kept, and
// its median is what counts.
type Figure struct {
	What   string    `json:"what"`
	Unit   string    `json:"unit"`
	Median float64   `json:"median"`
	Runs   []float64 `json:"runs"`
}

func figureOf(what, unit string, runs ...float64) *Figure {
	return &Figure{What: what, Unit: unit, Median: median(runs), Runs: runs}
}

// median is the middle of the values, or the mean of the two in the middle.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	half := len(v) / 2
	if len(v)%2 == 1 {
		return v[half]
	}
	return (v[half-1] + v[half]) / 2
}

// at is the value below which a share of the values lies, by the nearest rank.
func at(share float64, values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(share * float64(len(v))))
	return v[min(max(rank, 1), len(v))-1]
}

// Goal is what a row should come to. Its unit is "x" where two figures are put
// beside each other, and else that of the figure.
type Goal struct {
	Is    string  `json:"is"` // "<=", ">=" or "="
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

func atMost(value float64) *Goal  { return &Goal{"<=", value, "x"} }
func atLeast(value float64) *Goal { return &Goal{">=", value, "x"} }

var equal = &Goal{"=", 1, "x"}

func (g *Goal) holds(measured float64) bool {
	switch g.Is {
	case "<=":
		return measured <= g.Value
	case ">=":
		return measured >= g.Value
	default:
		return measured == g.Value
	}
}

func (g *Goal) String() string {
	if g == nil {
		return "-"
	}
	if g.Is == "=" {
		return "equal"
	}
	return g.Is + " " + amount(g.Value, g.Unit)
}

// Row is one comparison: a figure of ours and one of a peer's that it is divided by,
// or a figure of ours alone. A row without a goal is told for its own sake.
type Row struct {
	Group    string   `json:"group"`
	Name     string   `json:"name"`
	Goal     *Goal    `json:"goal"`
	Measured *float64 `json:"measured"`
	Unit     string   `json:"unit"`
	Holds    *bool    `json:"holds"`
	Ours     *Figure  `json:"ours"`
	Theirs   *Figure  `json:"theirs"`
	Skipped  string   `json:"skipped,omitempty"`
	Note     string   `json:"note,omitempty"`
}

// judge works out what was measured and whether the goal holds. What is no number,
// because something never came, never holds.
func (r *Row) judge() {
	if r.Ours == nil || r.Skipped != "" {
		return
	}
	v, unit := r.Ours.Median, r.Ours.Unit
	if r.Theirs != nil {
		v, unit = v/r.Theirs.Median, "x"
		if r.Ours.Median == r.Theirs.Median {
			v = 1 // nothing and nothing are equal as well
		}
	}
	r.Unit = unit
	if math.IsNaN(v) || math.IsInf(v, 0) {
		if r.Note == "" {
			r.Note = "nothing was measured"
		}
		if r.Goal != nil {
			r.Holds = new(bool)
		}
		r.Ours, r.Theirs = finite(r.Ours), finite(r.Theirs)
		return
	}
	r.Measured = &v
	if r.Goal != nil {
		holds := r.Goal.holds(v)
		r.Holds = &holds
	}
}

// finite leaves a figure out that JSON could not spell.
func finite(f *Figure) *Figure {
	if f == nil || math.IsNaN(f.Median) || math.IsInf(f.Median, 0) {
		return nil
	}
	return f
}

// amount spells a value with its unit in three digits, and a part of a whole as one.
func amount(v float64, unit string) string {
	if unit == "x" {
		if v > 0 && v < 1 {
			if n := 1 / v; n >= 2 && math.Abs(n-math.Round(n)) < 1e-9 || n >= 10 {
				return "1/" + digits(n)
			}
		}
		return digits(v) + "x"
	}
	if unit == "" {
		return digits(v)
	}
	return digits(v) + " " + unit
}

// digits spells a value with three digits that mean something, whole above that, and
// its thousands apart.
func digits(v float64) string {
	size := math.Abs(v)
	places := 0
	switch {
	case size == math.Trunc(size):
	case size < 0.01:
		return strconv.FormatFloat(v, 'g', 2, 64)
	case size < 10:
		places = 2
	case size < 100:
		places = 1
	}
	s := strconv.FormatFloat(v, 'f', places, 64)
	whole, rest := s, ""
	if places > 0 {
		whole, rest = s[:len(s)-places-1], s[len(s)-places-1:]
	}
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole + rest
}

func (f *Figure) String() string {
	if f == nil {
		return ""
	}
	return fmt.Sprintf("%s %s", f.What, amount(f.Median, f.Unit))
}
