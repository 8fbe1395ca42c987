package source

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"strings"
)

// word is a word that is searched for, in all the ways in which it may stand.
type word []needle

// needle finds one spelling of a word in bytes, without regard to the case of
// ASCII letters. Its two rarest bytes are looked for, at many places at a time; what
// stands around them is compared only where both are.
type needle struct {
	text   []byte // in small letters
	rare   int    // where in it the byte lies that texts have least of
	second int    // and the one they have least of after it
}

// common are the bytes of logs, in small letters, the most frequent first.
const common = ` e"taoinsrl:,dcu-mpfgh0y1b2_wv/.53k{}4x7689\[]jqz()=;<>'#*+@&?|!%$` + "`~^"

// rarity tells how seldom a byte is in logs: 0 is the most frequent one.
var rarity = func() (table [256]uint8) {
	for i := range table {
		table[i] = 255
		if i >= 0x80 {
			table[i] = 12 // where one of these is, there are many
		}
		if i >= 0xc0 {
			table[i] = 8 // the same byte begins all letters of an alphabet
		}
	}
	for i := range len(common) {
		table[common[i]] = uint8(i)
	}
	return table
}()

// small is each byte as a small letter.
var small = func() (table [256]byte) {
	for i := range table {
		table[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			table[i] += 'a' - 'A'
		}
	}
	return table
}()

// newWord returns a word as it may stand in JSON and, where raw, as it is.
func newWord(text string, raw bool) word {
	all := spellings(text)
	plain := []byte(text)
	if lowerBytes(plain); raw && !bytes.Equal(plain, all[0]) {
		all = append(all, plain)
	}
	var w word
	for _, spelled := range all {
		w = append(w, newNeedle(spelled))
	}
	return w
}

func newNeedle(text []byte) needle {
	n := needle{text: make([]byte, len(text))}
	for i, c := range text {
		n.text[i] = small[c]
	}
	for i, c := range n.text {
		if rarity[c] > rarity[n.text[n.rare]] {
			n.rare = i
		}
	}
	if len(n.text) > 1 && n.rare == 0 {
		n.second = 1
	}
	for i, c := range n.text {
		if i != n.rare && rarity[c] > rarity[n.text[n.second]] {
			n.second = i
		}
	}
	return n
}

// index returns where the needle is first in b, or -1.
func (n *needle) index(b []byte) int {
	places := len(b) - len(n.text) + 1
	if places <= 0 {
		return -1
	}
	first, second := eightOf(n.text[n.rare]), eightOf(n.text[n.second])
	one, two := b[n.rare:][:places], b[n.second:][:places]
	at := 0
	for {
		if at += without(one[at:], two[at:], first, second); at+stride > places {
			break
		}
		for end := at + stride; at < end; at += 8 {
			d := first.differ(one[at:]) | second.differ(two[at:])
			for zero := zeros(d); zero != 0; zero &= zero - 1 {
				if from := at + bits.TrailingZeros64(zero)/8; n.at(b[from:]) {
					return from
				}
			}
		}
	}
	for ; at < places; at++ {
		if n.at(b[at:]) {
			return at
		}
	}
	return -1
}

// stride is how many places are looked at in one go.
const stride = 32

// without returns how many places, in whole strides, there are before a stride in which
// one byte is in the first text and another one at the same place of the second, which
// is as long. It is where a search spends its time.
func without(one, two []byte, first, second eight) int {
	two = two[:len(one)]
	at := 0
	for ; at+stride <= len(one); at += stride {
		x, y := (*[stride]byte)(one[at:at+stride]), (*[stride]byte)(two[at:at+stride])
		d0 := first.differ(x[:8]) | second.differ(y[:8])
		d1 := first.differ(x[8:16]) | second.differ(y[8:16])
		d2 := first.differ(x[16:24]) | second.differ(y[16:24])
		d3 := first.differ(x[24:]) | second.differ(y[24:])
		if zeros(d0)|zeros(d1)|zeros(d2)|zeros(d3) != 0 {
			break
		}
	}
	return at
}

// eight is a byte eight times, as eight bytes of a text are looked at as one number.
type eight struct {
	bytes uint64
	other uint64 // the bits in which its other spelling differs
}

const (
	ones = 0x0101010101010101
	high = 0x8080808080808080
)

func eightOf(c byte) eight {
	e := eight{bytes: uint64(c) * ones}
	if 'a' <= c && c <= 'z' {
		e.other = ('a' - 'A') * ones
	}
	return e
}

// differ is zero in those of the first eight bytes of a text that are the byte.
func (e eight) differ(text []byte) uint64 {
	return (binary.LittleEndian.Uint64(text) | e.other) ^ e.bytes
}

// zeros returns the high bits of the bytes that are zero and, now and then, of one
// behind such a byte.
func zeros(d uint64) uint64 { return (d - ones) &^ d & high }

// at reports whether b, which is long enough, begins with the needle.
func (n *needle) at(b []byte) bool {
	for i, c := range n.text {
		if small[b[i]] != c {
			return false
		}
	}
	return true
}

// index returns where the word is first in b and how long it is there, or -1.
func (w word) index(b []byte) (at, size int) {
	at = -1
	for i := range w {
		if found := w[i].index(b); found >= 0 && (at < 0 || found < at) {
			at, size = found, len(w[i].text)
			b = b[:min(len(b), found+len(w[i].text)+longest(w))] // nothing later matters
		}
	}
	return at, size
}

// longest returns the length of the longest spelling.
func longest(w word) int {
	most := 0
	for i := range w {
		most = max(most, len(w[i].text))
	}
	return most
}

// within reports whether b holds all the words.
func within(b []byte, words []word) bool {
	for _, w := range words {
		if at, _ := w.index(b); at < 0 {
			return false
		}
	}
	return true
}

func lowerBytes(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}

// spellings returns how a word may stand in a JSON text: as it is, and with
// everything beyond ASCII escaped.
func spellings(word string) [][]byte {
	lower := []byte(word)
	lowerBytes(lower) // other letters are looked for as they are written
	word = string(lower)
	plain := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`).Replace(word)
	out := [][]byte{[]byte(plain)}
	var escaped strings.Builder
	for _, r := range plain {
		switch {
		case r < 0x80:
			escaped.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&escaped, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&escaped, `\u%04x`, r)
		}
	}
	if escaped.String() != plain {
		out = append(out, []byte(escaped.String()))
	}
	return out
}

// searchBlock is how much of a file is searched at a time. It fits into the
// cache of a core, so that a block is searched for several words at the price of
// being read once.
const searchBlock = 1 << 20

// blocks searches files piece by piece, with one buffer for all of them.
type blocks struct {
	words []word
	size  int // of a piece
	buf   []byte
	left  []word // those that have not been found yet
}

func newBlocks(words []word, size int) *blocks {
	most := 0
	for _, w := range words {
		most = max(most, longest(w))
	}
	// A word may begin in one piece and end in the next.
	return &blocks{words: words, size: size, buf: make([]byte, size+max(0, most-1))}
}

// holds reports whether a text holds all the words, each of them anywhere. It
// reads no further than it must. read is told how many bytes were looked at.
func (s *blocks) holds(ctx context.Context, r io.Reader, read func(n int)) (bool, error) {
	s.left = append(s.left[:0], s.words...)
	over := len(s.buf) - s.size // what is kept of the piece before, at most
	kept := 0
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		n, err := io.ReadFull(r, s.buf[kept:kept+s.size])
		whole := s.buf[:kept+n]
		open := s.left[:0]
		for _, w := range s.left {
			if at, _ := w.index(whole); at < 0 {
				open = append(open, w)
			}
		}
		s.left = open
		read(n)
		switch {
		case len(s.left) == 0:
			return true, nil
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return false, nil
		case err != nil:
			return false, fmt.Errorf("search: %w", err)
		}
		kept = copy(s.buf, whole[max(0, len(whole)-over):])
	}
}
