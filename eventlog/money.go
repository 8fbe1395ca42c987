package eventlog

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Money is an amount in billionths of a US dollar. Sums are exact and do not
// depend on the order in which they were made.
type Money int64

// Dollar is one US dollar.
const Dollar Money = 1_000_000_000

// ErrMoney is returned for a text that is no finite amount in range.
var ErrMoney = errors.New("not an amount of money")

// ParseMoney reads a decimal number of dollars, as JSON spells numbers, and
// rounds half away from zero to a billionth. It never goes through a float for
// plain decimals, so that 0.1 is a tenth.
func ParseMoney(text string) (Money, error) {
	if strings.ContainsAny(text, "eE") {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) || math.Abs(f) > 9e9 {
			return 0, ErrMoney
		}
		return Money(math.Round(f * float64(Dollar))), nil
	}
	rest, negative := strings.CutPrefix(text, "-")
	whole, fraction, _ := strings.Cut(rest, ".")
	if whole == "" && fraction == "" {
		return 0, ErrMoney
	}
	var n int64
	for _, c := range []byte(whole) {
		if c < '0' || c > '9' || n > 9_000_000_000 {
			return 0, ErrMoney
		}
		n = n*10 + int64(c-'0')
	}
	if n > 9_000_000_000 {
		return 0, ErrMoney
	}
	for i := range 9 {
		digit := int64(0)
		if i < len(fraction) {
			digit = int64(fraction[i]) - '0'
		}
		if digit < 0 || digit > 9 {
			return 0, ErrMoney
		}
		n = n*10 + digit
	}
	for i, c := range []byte(fraction[min(9, len(fraction)):]) {
		if c < '0' || c > '9' {
			return 0, ErrMoney
		}
		if i == 0 && c >= '5' {
			n++
		}
	}
	if negative {
		n = -n
	}
	return Money(n), nil
}

// String spells the amount in dollars with all the decimals that it has, at
// most nine: 0.025, 12, -0.000000001.
func (m Money) String() string {
	n, sign := uint64(m), ""
	if m < 0 {
		n, sign = -n, "-"
	}
	whole, part := n/uint64(Dollar), n%uint64(Dollar)
	if part == 0 {
		return sign + strconv.FormatUint(whole, 10)
	}
	digits := strconv.FormatUint(part+uint64(Dollar), 10)[1:]
	return sign + strconv.FormatUint(whole, 10) + "." + strings.TrimRight(digits, "0")
}

// MarshalJSON writes the amount as a JSON number of dollars.
func (m Money) MarshalJSON() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalJSON reads a JSON number of dollars.
func (m *Money) UnmarshalJSON(text []byte) (err error) {
	*m, err = ParseMoney(string(text))
	return err
}
