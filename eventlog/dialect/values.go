package dialect

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// count reads a number of tokens. What is no whole number, or is negative, is
// zero: a log must not be able to take tokens away.
func count(value []byte) int64 {
	n, ok := jsonl.Int(value)
	if !ok || n < 0 || n > math.MaxInt64/1024 {
		return 0
	}
	return n
}

// cost reads an amount of dollars. Null, NaN and negative amounts are unknown.
func cost(value []byte) (eventlog.Money, bool) {
	text := string(value)
	if len(value) > 1 && value[0] == '"' {
		text, _ = jsonl.String(value)
	}
	m, err := eventlog.ParseMoney(strings.TrimSpace(text))
	return m, err == nil && m >= 0 && text != ""
}

// moment reads a time: RFC 3339 text, or a number of seconds, milliseconds,
// microseconds or nanoseconds since 1970, told apart by their size.
func moment(value []byte) eventlog.Stamp {
	if len(value) == 0 {
		return 0
	}
	if value[0] == '"' {
		return momentText(value[1 : len(value)-1])
	}
	return momentNumber(value)
}

// seconds reads what most logs write: ten digits of seconds and up to nine of a
// fraction.
func seconds(text []byte) (eventlog.Stamp, bool) {
	const whole = 10
	if len(text) < whole || len(text) > whole+1+9 || len(text) > whole && text[whole] != '.' {
		return 0, false
	}
	n := eventlog.Stamp(0)
	for i, c := range text {
		if i == whole {
			continue
		}
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + eventlog.Stamp(c-'0')
	}
	for digits := max(0, len(text)-whole-1); digits < 9; digits++ {
		n *= 10
	}
	return n, text[0] != '9' // 9e9 dollars is the most that ParseMoney takes
}

func momentNumber(text []byte) eventlog.Stamp {
	if t, ok := seconds(text); ok {
		return t
	}
	// Seconds with a fraction are read as money is, so that no digit is lost.
	if m, err := eventlog.ParseMoney(string(text)); err == nil {
		return eventlog.Stamp(max(0, m))
	}
	if n, ok := jsonl.Int(text); ok && n > 0 {
		return momentInt(n)
	}
	f, ok := jsonl.Float(text)
	if !ok {
		return 0
	}
	return momentFloat(f)
}

func momentInt(n int64) eventlog.Stamp {
	switch {
	case n < 1e11:
		return eventlog.Stamp(n) * 1e9
	case n < 1e14:
		return eventlog.Stamp(n) * 1e6
	case n < 1e17:
		return eventlog.Stamp(n) * 1e3
	}
	return eventlog.Stamp(n)
}

func momentFloat(f float64) eventlog.Stamp {
	switch {
	case f <= 0 || math.IsNaN(f) || f > 9e18:
		return 0
	case f < 1e11:
		return eventlog.Stamp(math.Round(f*1e6) * 1e3) // seconds, to the microsecond
	case f < 1e14:
		return eventlog.Stamp(f * 1e6)
	case f < 1e17:
		return eventlog.Stamp(f * 1e3)
	}
	return eventlog.Stamp(f)
}

func momentText(text []byte) eventlog.Stamp {
	if len(text) == 0 {
		return 0
	}
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999"} {
		if t, err := time.Parse(layout, string(text)); err == nil {
			return stampInRange(t)
		}
	}
	return momentNumber(text)
}

// stampInRange returns the stamp of t unless nanoseconds cannot tell it.
func stampInRange(t time.Time) eventlog.Stamp {
	if t.Year() < 1971 || t.Year() > 2260 {
		return 0
	}
	return eventlog.StampOf(t)
}

// clone copies a JSON value so that it outlives its record. Null is nothing.
func clone(value []byte) json.RawMessage {
	if len(value) == 0 || jsonl.IsNull(value) {
		return nil
	}
	return bytes.Clone(value)
}

// readable returns a JSON value as a person would read it: the text of a
// string, and anything else as it is written.
func readable(value []byte) string {
	if len(value) == 0 || jsonl.IsNull(value) {
		return ""
	}
	if s, ok := jsonl.String(value); ok {
		return s
	}
	return string(value)
}

// inputOf returns arguments that are written as a text which holds JSON, or as
// they are.
func inputOf(value []byte) json.RawMessage {
	if text, ok := jsonl.String(value); ok {
		if inner := strings.TrimSpace(text); inner != "" && jsonl.Valid([]byte(inner)) {
			return json.RawMessage(inner)
		}
		if text == "" {
			return nil
		}
	}
	return clone(value)
}
