package check

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Unit is what an amount is counted in.
type Unit uint8

// The units.
const (
	Count    Unit = iota
	USD           // billionths of a dollar
	Duration      // nanoseconds
	Percent       // billionths of a percent
	Number        // billionths
	Text          // one of some words
)

var unitNames = [...]string{"count", "usd", "ms", "percent", "number", "text"}

// MarshalText returns the name of the unit.
func (u Unit) MarshalText() ([]byte, error) { return []byte(unitNames[u]), nil }

// Amount is what was measured, or may be. It is exact: one billionth of a dollar more
// than may be is too much.
type Amount struct {
	Unit Unit
	N    int64
	Word string // of Text
	None bool   // nothing was measured
}

const billion = 1_000_000_000

// ParseAmount reads an amount of a unit, as flags and files spell it.
func ParseAmount(unit Unit, text string) (Amount, error) {
	a := Amount{Unit: unit}
	var err error
	text = strings.TrimSpace(text)
	switch unit {
	case Count:
		if a.N, err = strconv.ParseInt(text, 10, 64); err != nil || a.N < 0 {
			return a, fmt.Errorf("%q is no number of things: 0, 1, 20", text)
		}
	case USD:
		var m eventlog.Money
		if m, err = eventlog.ParseMoney(strings.TrimPrefix(text, "$")); err != nil || m < 0 || text == "" {
			return a, fmt.Errorf("%q is no amount of dollars: 0.50, 12", text)
		}
		a.N = int64(m)
	case Duration:
		var d time.Duration
		if d, err = time.ParseDuration(text); err != nil || d < 0 {
			return a, fmt.Errorf("%q is no duration: 90s, 5m, 1h30m", text)
		}
		a.N = int64(d)
	case Percent, Number:
		var m eventlog.Money // decimals, exact to a billionth
		if m, err = eventlog.ParseMoney(strings.TrimSuffix(text, "%")); err != nil || unit == Percent && m < 0 || text == "" {
			return a, fmt.Errorf("%q is no number: 10, 2.5", text)
		}
		a.N = int64(m)
	case Text:
		a.Word = text
	}
	return a, nil
}

// NumberOf is a number as an amount.
func NumberOf(v float64) Amount {
	if math.IsNaN(v) || math.Abs(v) > 9e9 {
		return Amount{Unit: Number, None: true}
	}
	return Amount{Unit: Number, N: int64(math.Round(v * billion))}
}

// String spells the amount for people, exactly.
func (a Amount) String() string {
	if a.None {
		return "none"
	}
	switch a.Unit {
	case USD:
		return "$" + eventlog.Money(a.N).String()
	case Duration:
		return time.Duration(a.N).Round(time.Millisecond).String()
	case Percent:
		if a.N == math.MaxInt64 {
			return "infinitely many %"
		}
		return eventlog.Money(a.N).String() + "%"
	case Number:
		return eventlog.Money(a.N).String()
	case Text:
		return a.Word
	}
	return strconv.FormatInt(a.N, 10)
}

// MarshalJSON writes a number, a word, or null where nothing was measured.
func (a Amount) MarshalJSON() ([]byte, error) {
	switch {
	case a.None, a.Unit == Percent && a.N == math.MaxInt64:
		return []byte("null"), nil
	case a.Unit == Text:
		return json.Marshal(a.Word)
	case a.Unit == Duration:
		return strconv.AppendInt(nil, time.Duration(a.N).Milliseconds(), 10), nil
	case a.Unit == Count:
		return strconv.AppendInt(nil, a.N, 10), nil
	}
	return eventlog.Money(a.N).MarshalJSON()
}
