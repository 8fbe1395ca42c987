package jsonl

// cutter finds where JSON values end that stand one after the other, each on as
// many lines as it likes, as programs write them that print objects to a file.
// It looks at each byte once, so that a value may come in many pieces. The
// brackets and commas of an array around all values are passed over, and a line
// that begins no value is given as it is.
//
// A value that was never finished would take in all that follow. So where a
// value is laid out over lines, and thus indented, a line that is nothing but an
// opening brace begins another one.
type cutter struct {
	depth  int
	place  cutPlace
	escape bool // the byte before was a backslash in a string
	opened bool // the first line of the value is its brace alone
	laid   bool // and the second one is indented
	line   int  // how far the line looks like the first of another value
	torn   bool // what ends was never finished
}

// cutPlace is where the cutter is.
type cutPlace uint8

const (
	betweenValues cutPlace = iota
	inValue
	inText // a string within a value
	inNoise
)

// The stages of a line that is nothing but an opening brace.
const (
	midLine = iota
	lineStart
	lineBrace
)

// end returns the index after the value that is under way, looking at b from
// index i on, or -1 when it goes on behind b.
func (c *cutter) end(b []byte, i int) int {
	for ; i < len(b); i++ {
		ch := b[i]
		switch c.place {
		case betweenValues:
			switch {
			case ch == '{':
				c.place, c.depth = inValue, 1
				c.line = lineBrace
			case !isBlank(ch) && !isBetween(ch):
				c.place = inNoise
			}
			continue
		case inNoise:
			if ch == '\n' {
				return i + 1
			}
			continue
		}
		switch {
		case ch == '\n' || ch == '\r':
			if c.line == lineBrace && c.laid {
				c.torn = true
				return max(0, i-1)
			}
			c.opened = c.opened || c.line == lineBrace
			c.line = lineStart
		case c.line == lineStart && ch == '{':
			c.line = lineBrace
		case c.line == lineStart:
			c.laid = c.laid || c.opened && (ch == ' ' || ch == '\t')
			c.line = midLine
		default:
			c.line = midLine
		}
		if c.place == inText {
			switch {
			case c.escape:
				c.escape = false
			case ch == '\\':
				c.escape = true
			case ch == '"':
				c.place = inValue
			}
			continue
		}
		switch class[ch] {
		case classQuote:
			c.place = inText
		case classOpen:
			c.depth++
		case classClose:
			if c.depth--; c.depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// reset makes the cutter ready for the next value.
func (c *cutter) reset() {
	if c != nil {
		*c = cutter{}
	}
}

// isTorn reports whether the value that ended was never finished.
func (c *cutter) isTorn() bool { return c != nil && c.torn }

// isBetween reports whether a byte may stand between the values of an array.
func isBetween(c byte) bool { return c == ',' || c == '[' || c == ']' }
