// Package figure spells numbers, amounts and times the short way that columns
// need: three or four digits that a person can compare.
package figure

import (
	"strconv"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Count spells a count: 7, 148, 12.1k, 310k, 2.1M.
func Count(n int64) string {
	if n < 0 {
		return "-" + Count(-n)
	}
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10)
	case n < 99_950:
		return fixed(float64(n)/1e3, 1) + "k"
	case n < 999_500:
		return fixed(float64(n)/1e3, 0) + "k"
	case n < 99_950_000:
		return fixed(float64(n)/1e6, 1) + "M"
	case n < 999_500_000:
		return fixed(float64(n)/1e6, 0) + "M"
	}
	return fixed(float64(n)/1e9, 1) + "G"
}

// Plural spells a number of things in full: 1 session, 1,200 sessions.
func Plural[N int | int64](n N, thing string) string {
	return Whole(int64(n)) + " " + Noun(n, thing)
}

// Whole spells a count with all its digits in groups: 1,204,310.
func Whole(n int64) string {
	digits := strconv.FormatInt(n, 10)
	out := make([]byte, 0, len(digits)+len(digits)/3)
	for i := range len(digits) {
		if left := len(digits) - i; i > 0 && left%3 == 0 && digits[i-1] != '-' {
			out = append(out, ',')
		}
		out = append(out, digits[i])
	}
	return string(out)
}

// Money spells an amount in dollars without its sign: 4.12, 0.003, 212.
func Money(m eventlog.Money) string {
	f := float64(m) / float64(eventlog.Dollar)
	switch {
	case m == 0:
		return "0.00"
	case f < 0:
		return "-" + Money(-m)
	case f < 0.0005:
		return "<.001"
	case f < 0.0995:
		return fixed(f, 3)
	case f < 999.995:
		return fixed(f, 2)
	case f < 99_999.5:
		return fixed(f, 0)
	}
	return fixed(f/1000, 0) + "k"
}

// Cost spells what is known of a cost: a tilde marks an estimate, a plus that
// some calls have no price, a dash that none has.
func Cost(recorded, estimated eventlog.Money, calls, unpriced, atLeast int64) string {
	if calls == 0 {
		return ""
	}
	if unpriced == calls {
		return "no price"
	}
	text := Money(recorded + estimated)
	if estimated != 0 {
		text = "~" + text
	}
	if unpriced > 0 || atLeast > 0 {
		text += "+"
	}
	return text
}

// Dollars spells what is known of a cost with its currency: $4.12, ~$4.12+.
func Dollars(recorded, estimated eventlog.Money, calls, unpriced, atLeast int64) string {
	text := Cost(recorded, estimated, calls, unpriced, atLeast)
	switch {
	case text == "" || text == "no price":
		return text
	case text[0] == '~':
		return "~$" + text[1:]
	}
	return "$" + text
}

// Duration spells how long something took: 0.3s, 4.1s, 0:14, 18:03, 1:02:03,
// 3d 4h.
func Duration(d time.Duration) string {
	switch {
	case d <= 0:
		return "0s"
	case d < time.Millisecond:
		return "<1ms"
	case d < 100*time.Millisecond:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < 9950*time.Millisecond:
		return fixed(d.Seconds(), 1) + "s"
	}
	return Clock(d)
}

// Clock spells a distance in time in minutes and seconds: 0:14, 18:03,
// 1:02:03, 17h 05m, 4d 6h.
func Clock(d time.Duration) string {
	if d < 0 {
		return "-" + Clock(-d)
	}
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 3600:
		return strconv.FormatInt(s/60, 10) + ":" + two(s%60)
	case s < 10*3600:
		return strconv.FormatInt(s/3600, 10) + ":" + two(s/60%60) + ":" + two(s%60)
	case s < 100*3600:
		return strconv.FormatInt(s/3600, 10) + "h " + two(s/60%60) + "m"
	}
	return strconv.FormatInt(s/86400, 10) + "d " + strconv.FormatInt(s/3600%24, 10) + "h"
}

// Spent spells where time went, in ways that need less and less room. The whole
// is told unless it is zero.
func Spent(whole, model, tool, person, queue, idle time.Duration) []string {
	busy := "busy " + Clock(model+tool)
	if whole > 0 {
		busy += " of " + Clock(whole)
	}
	split := " (model " + Clock(model) + " tool " + Clock(tool) + ")"
	rest, short := "", ""
	if person >= time.Second {
		rest, short = rest+"  waited for you "+Clock(person), "  you "+Clock(person)
	}
	if queue >= time.Second {
		rest += "  queue " + Clock(queue)
	}
	if idle >= time.Second {
		rest += "  idle " + Clock(idle)
	}
	return []string{busy + split + rest, busy + rest, busy + short, busy}
}

// Noun names a number of things without the number: session, sessions.
func Noun[N int | int64](n N, thing string) string {
	if n == 1 {
		return thing
	}
	return thing + "s"
}

// Ago spells how long ago something was: now, 12s, 4m, 3h, 9d.
func Ago(d time.Duration) string {
	switch {
	case d < 2*time.Second:
		return "now"
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + "d"
}

// Percent spells a share from 0 to 1. What is not nothing is never 0%, and
// what is not everything is never 100%.
func Percent(part, whole float64) string {
	if whole <= 0 || part <= 0 {
		return "0%"
	}
	share := part / whole * 100
	switch {
	case share < 1:
		return "<1%"
	case share > 99 && part < whole:
		return "99%"
	}
	return strconv.Itoa(int(share+0.5)) + "%"
}

// Bytes spells a size: 212 B, 18 kB, 3.2 MB, 1.5 GB.
func Bytes(n int64) string {
	switch {
	case n < 1000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1_000_000:
		return strconv.FormatInt((n+500)/1000, 10) + " kB"
	case n < 1_000_000_000:
		return fixed(float64(n)/1e6, 1) + " MB"
	}
	return fixed(float64(n)/1e9, 1) + " GB"
}

func fixed(f float64, digits int) string { return strconv.FormatFloat(f, 'f', digits, 64) }

func two(n int64) string {
	if n < 10 {
		return "0" + strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(n, 10)
}
