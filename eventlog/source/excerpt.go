package source

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog"
)

const (
	excerptBefore = 120       // bytes that are shown before a word
	excerptAfter  = 360       // and from it on
	maskedWhole   = 128 << 10 // a record that is larger is masked around the word only
)

// excerpt returns what stands around the first word in a record as people read
// it, its secrets masked before anything is cut.
func (s *searched) excerpt(rec *eventlog.Record) string {
	text, at := rec.Body, first(rec.Body, s.raw)
	for i := 0; at < 0 && i < len(rec.Cells); i++ {
		text = rec.Cells[i].Text
		at = first(text, s.raw)
	}
	if at < 0 {
		return ""
	}
	if len(text) > maskedWhole {
		from := max(0, at-maskedWhole/2)
		text = text[from:min(len(text), at+maskedWhole/2)]
		at -= from
	}
	if red := s.set.opt.Redactor; red != nil {
		masked, n := red.JSON(text)
		if n > 0 {
			text = masked
			if again := first(text, s.raw); again >= 0 {
				at = again
			}
			at = min(at, len(text)) // the word is a part of a secret: about here it was
		}
	}
	return readable(text, at)
}

// first returns where some words are first in a text, or -1: of several words,
// where most of them are near each other.
func first(text []byte, words []word) int {
	type spot struct{ at, word int }
	const most = 64 // of each word; farther on nothing is looked for
	var spots []spot
	for i, w := range words {
		for from, n := 0, 0; n < most; n++ {
			at, size := w.index(text[from:])
			if at < 0 {
				break
			}
			spots = append(spots, spot{from + at, i})
			if from += at + size; len(words) == 1 {
				break
			}
		}
	}
	slices.SortFunc(spots, func(a, b spot) int { return a.at - b.at })
	best, least := 0, -1
	seen := make([]int, len(words))
	for i, s := range spots {
		near := 0
		for _, next := range spots[i:] {
			if next.at-s.at > excerptAfter {
				break
			}
			if seen[next.word] != i+1 {
				seen[next.word] = i + 1
				near++
			}
		}
		if near > best {
			best, least = near, s.at
		}
		if best == len(words) {
			break
		}
	}
	return least
}

// plainNames are the names of members whose value says it all.
var plainNames = map[string]bool{"text": true, "content": true, "message": true, "title": true, "output": true, "result": true, "stdout": true, "thinking": true}

// readable returns what stands around a place of a text on one line: of JSON the
// string that it is in, with its name where that tells something.
func readable(text []byte, at int) string {
	from, to, name := 0, len(text), ""
	json := len(text) > 0 && (text[0] == '{' || text[0] == '[' || text[0] == '"')
	if !json {
		json = bytes.Contains(text[max(0, at-excerptBefore):min(len(text), at+excerptAfter)], []byte(`":"`))
	}
	if json {
		if a, b, ok := stringAround(text, at); ok {
			from, to = a, b
			if name = nameBefore(text, a-1); plainNames[name] {
				name = ""
			}
		}
	}
	// Escapes may take six times as much room as what they stand for.
	const spread = 6
	a, b := max(from, at-spread*excerptBefore), min(to, at+spread*excerptAfter)
	a = wholeEscape(text, from, a)
	before, after := text[a:at], text[at:b]
	var lead, rest string
	if json {
		lead, rest = squeeze(undo(before)), squeeze(undo(after))
	} else {
		lead, rest = squeeze(string(before)), squeeze(string(after))
	}
	cutBefore, cutAfter := a > from, b < to
	if len(lead) > excerptBefore {
		lead, cutBefore = lead[runeStart(lead, len(lead)-excerptBefore):], true
		if i := strings.IndexByte(lead, ' '); i >= 0 && i < 24 {
			lead = lead[i+1:]
		}
	}
	if len(rest) > excerptAfter {
		rest, cutAfter = rest[:runeStart(rest, excerptAfter)], true
	}
	out := strings.TrimSpace(lead + rest)
	if cutBefore {
		out = "…" + out
	}
	if cutAfter {
		out += "…"
	}
	if name != "" {
		out = name + ": " + out
	}
	return out
}

// stringAround returns where the JSON string begins and ends that a place of a
// text is in, if it is in one that is the value of something. It looks no further
// than a string that is shown may reach.
func stringAround(text []byte, at int) (from, to int, ok bool) {
	const far = 64 << 10
	from = -1
	for i := min(at, len(text)) - 1; i >= max(0, at-far); i-- {
		if text[i] == '"' && !escaped(text, i) {
			from = i + 1
			break
		}
	}
	if from < 0 || !strings.ContainsRune("{[,:", rune(lastByte(text[:from-1], '['))) {
		return 0, 0, false
	}
	to = -1
	for i := at; i < min(len(text), at+far); i++ {
		if text[i] == '"' && !escaped(text, i) {
			to = i
			break
		}
	}
	if to < 0 {
		return from, min(len(text), at+far), true
	}
	rest := bytes.TrimLeft(text[to+1:min(len(text), to+64)], " \t\r\n")
	if len(rest) > 0 && !strings.ContainsRune(",]}", rune(rest[0])) {
		return 0, 0, false // it is a name, or no string at all
	}
	return from, to, true
}

// lastByte returns the last byte of a text that is no white space, or another
// one when there is none.
func lastByte(text []byte, none byte) byte {
	text = bytes.TrimRight(text[max(0, len(text)-64):], " \t\r\n")
	if len(text) == 0 {
		return none
	}
	return text[len(text)-1]
}

// nameBefore returns the name of the member whose value begins at a place of a
// text, or nothing.
func nameBefore(text []byte, at int) string {
	head := bytes.TrimRight(text[:max(0, at)], " \t\r\n")
	head, ok := bytes.CutSuffix(head, []byte(":"))
	if !ok {
		return ""
	}
	head, ok = bytes.CutSuffix(bytes.TrimRight(head, " \t\r\n"), []byte(`"`))
	const longest = 40
	i := bytes.LastIndexByte(head, '"')
	if !ok || i < 0 || len(head)-i > longest {
		return ""
	}
	return string(head[i+1:])
}

// escaped reports whether a byte is escaped by what stands before it.
func escaped(text []byte, at int) bool {
	n := 0
	for at-1-n >= 0 && text[at-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// wholeEscape returns where a text may be cut, at a place or a little before it,
// so that no escape and no letter is cut in two.
func wholeEscape(text []byte, from, at int) int {
	const longest = 12 // two halves of a surrogate pair
	for i := max(from, at-longest); i < at; i++ {
		if text[i] == '\\' && !escaped(text, i) {
			return i
		}
	}
	for at > from && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// undo returns a piece of JSON with the escapes of its strings undone. What is
// no escape stays as it is.
func undo(piece []byte) string {
	if bytes.IndexByte(piece, '\\') < 0 {
		return string(piece)
	}
	out := make([]byte, 0, len(piece))
	for i := 0; i < len(piece); i++ {
		c := piece[i]
		if c != '\\' || i+1 == len(piece) {
			out = append(out, c)
			continue
		}
		i++
		switch c := piece[i]; c {
		case 'n', 't', 'r', 'b', 'f':
			out = append(out, ' ')
		case '"', '\\', '/':
			out = append(out, c)
		case 'u':
			r, n := unicodeEscape(piece[i-1:])
			if n == 0 {
				out = append(out, '\\', 'u')
				continue
			}
			out = utf8.AppendRune(out, r)
			i += n - 2
		default:
			out = append(out, '\\', c)
		}
	}
	return string(out)
}

// unicodeEscape reads the escape that a text begins with, and the second half of
// a surrogate pair. It returns how many bytes they take, or 0.
func unicodeEscape(text []byte) (rune, int) {
	hex := func(text []byte) (rune, bool) {
		if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
			return 0, false
		}
		n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
		return rune(n), err == nil
	}
	r, ok := hex(text)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := hex(text[6:]); ok {
			if whole := utf16.DecodeRune(r, low); whole != utf8.RuneError {
				return whole, 12
			}
		}
		return utf8.RuneError, 6
	}
	return r, 6
}

// squeeze makes one blank of each run of white space and control characters.
// At the ends one is kept: the text goes on there.
func squeeze(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	blank := false
	for _, r := range text {
		if r <= ' ' || r == 0x7f || r == 0xa0 || r == 0x2028 || r == 0x2029 {
			blank = true
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		b.WriteRune(r)
	}
	if blank {
		b.WriteByte(' ')
	}
	return b.String()
}

// runeStart returns the nearest place at or before an index where a letter
// begins.
func runeStart(text string, at int) int {
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}
