package jsonl

import (
	"math"
	"strconv"
)

// Int returns the whole number that the value spells, as a number or as a
// string that holds one: 12, "12", 12.0 and 1.2e1 are 12. It reports false for
// everything else, and for what an int64 cannot hold.
func Int(value []byte) (int64, bool) {
	d, ok := parseDecimal(unquote(value))
	if !ok || !d.exact {
		return 0, false
	}
	n := d.digits
	for ; d.exp < 0 && n != 0; d.exp++ {
		if n%10 != 0 {
			return 0, false
		}
		n /= 10
	}
	for ; d.exp > 0 && n != 0; d.exp-- {
		if n > math.MaxInt64/10 {
			return 0, false
		}
		n *= 10
	}
	switch {
	case d.negative && n <= 1<<63:
		return -int64(n), true
	case !d.negative && n <= math.MaxInt64:
		return int64(n), true
	}
	return 0, false
}

// Float returns the number that the value spells, as a number or as a string
// that holds one. It reports false for everything else, and for what a float64
// cannot hold as a finite number, such as NaN, Infinity and 1e400.
func Float(value []byte) (float64, bool) {
	text := unquote(value)
	d, ok := parseDecimal(text)
	if !ok {
		return 0, false
	}
	// Both operands are exact, so the one rounding is the right one.
	if d.exact && d.digits < 1<<53 && -len(tens) < d.exp && d.exp < len(tens) {
		f := float64(d.digits)
		if d.exp < 0 {
			f /= tens[-d.exp]
		} else {
			f *= tens[d.exp]
		}
		if d.negative {
			f = -f
		}
		return f, true
	}
	f, err := strconv.ParseFloat(string(text), 64)
	return f, err == nil
}

// tens holds the powers of ten that a float64 holds exactly.
var tens = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// decimal is a number as it is spelled: digits * 10^exp.
type decimal struct {
	digits   uint64
	exp      int
	negative bool
	exact    bool // false when there are more digits than fit
}

// add appends one digit. Zeros past the room that digits has stay exact.
func (d *decimal) add(c byte, fraction bool) {
	if d.digits < 1e18 {
		d.digits = d.digits*10 + uint64(c-'0')
		if fraction {
			d.exp--
		}
		return
	}
	if c != '0' {
		d.exact = false
	}
	if !fraction {
		d.exp++
	}
}

// parseDecimal reads a number by the grammar of JSON, and nothing else: no
// plus sign, no leading zero, no bare point.
func parseDecimal(b []byte) (decimal, bool) {
	if d, ok := plainDecimal(b); ok {
		return d, true
	}
	return anyDecimal(b)
}

// anyDecimal reads a number however many digits it has.
func anyDecimal(b []byte) (decimal, bool) {
	d := decimal{exact: true}
	i := 0
	if i < len(b) && b[i] == '-' {
		d.negative = true
		i++
	}
	switch {
	case i == len(b) || !isDigit(b[i]):
		return d, false
	case b[i] == '0':
		i++
	default:
		for ; i < len(b) && isDigit(b[i]); i++ {
			d.add(b[i], false)
		}
	}
	if i < len(b) && b[i] == '.' {
		i++
		if i == len(b) || !isDigit(b[i]) {
			return d, false
		}
		for ; i < len(b) && isDigit(b[i]); i++ {
			d.add(b[i], true)
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		exp, ok := parseExponent(b[i+1:])
		d.exp += exp
		return d, ok
	}
	return d, i == len(b)
}

// plainDecimal reads what most numbers are: so few digits, with a point among them or
// not, that none is lost. It leaves everything else alone.
func plainDecimal(b []byte) (decimal, bool) {
	d := decimal{exact: true}
	if len(b) > 0 && b[0] == '-' {
		d.negative = true
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 || !isDigit(b[0]) || b[0] == '0' && len(b) > 1 && b[1] != '.' {
		return d, false
	}
	point := len(b) - 1
	for i, c := range b {
		switch {
		case isDigit(c):
			d.digits = d.digits*10 + uint64(c-'0')
		case c == '.' && point == len(b)-1 && i < point:
			point = i
		default:
			return d, false
		}
	}
	d.exp = point - (len(b) - 1)
	return d, true
}

// parseExponent reads what follows the letter e. An exponent beyond a billion
// is a billion: no digits that fit into memory bring such a number back into
// the range of a float.
func parseExponent(b []byte) (int, bool) {
	i, sign, n := 0, 1, 0
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		if b[i] == '-' {
			sign = -1
		}
		i++
	}
	if i == len(b) {
		return 0, false
	}
	for ; i < len(b); i++ {
		if !isDigit(b[i]) {
			return 0, false
		}
		n = min(n*10+int(b[i]-'0'), 1e9)
	}
	return sign * n, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// unquote returns what stands between the quotes of a string, and anything
// else as it is. Escapes stay: no spelling of a number has one.
func unquote(value []byte) []byte {
	if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		return value[1 : n-1]
	}
	return value
}
