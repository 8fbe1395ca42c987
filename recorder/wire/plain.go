package wire

import (
	"encoding/binary"
	"math/bits"
)

// A word of eight bytes, and one bit of each.
const (
	each = 0x0101010101010101
	top  = 0x8080808080808080
)

// plain returns the index of the first byte from i on that a JSON string does not
// hold as it is, or len(b): a quote, a backslash or a control byte. With ascii it
// also stops at the first byte of any other letter. Most of what agents send is
// long strings, so it looks at eight bytes at once.
func plain(b []byte, i int, ascii bool) int {
	var beyond uint64
	if ascii {
		beyond = top
	}
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, backslash := w^each*'"', w^each*'\\'
		// The top bit of a byte is set where taking something from it borrows. A
		// borrow may spoil the bytes behind it, which does not matter to the first.
		found := ((w-each*' ')&^w|(quote-each)&^quote|(backslash-each)&^backslash)&top | w&beyond
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c < ' ' || c == '"' || c == '\\' || ascii && c >= 0x80 {
			return i
		}
	}
	return i
}
