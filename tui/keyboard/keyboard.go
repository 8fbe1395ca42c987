// Package keyboard is the terminal as the explorer reads it. Escape is a key and
// also the first byte of most other keys: the library that takes keys apart
// waits for 50 ms to tell which. Terminals send a key in one piece, so that a
// lone escape is known much sooner to be the key; it is then passed on in the
// form that nothing else begins with.
package keyboard

import (
	"os"
	"time"
)

// patience is how long the rest of a key may take to follow its first byte.
const patience = 10 * time.Millisecond

const escape = 0x1b

// escapeKey is the escape key as terminals spell it who were asked not to leave
// anybody guessing.
const escapeKey = "\x1b[27u"

// Keyboard is a terminal from which keys are read.
type Keyboard struct{ *os.File }

// Read reads what was typed.
func (k Keyboard) Read(p []byte) (int, error) {
	n, err := k.File.Read(p)
	if err != nil || n != 1 || p[0] != escape || len(p) < len(escapeKey) || follows(k.File, patience) {
		return n, err
	}
	return copy(p, escapeKey), nil
}
