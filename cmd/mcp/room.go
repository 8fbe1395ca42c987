package mcp

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// How long answers may be, in tokens.
const (
	UsualTokens = 4000
	LeastTokens = 800
	MostTokens  = 50_000

	// aside is kept for the text beside what is found, and for what every answer says.
	aside = 400
)

// Tokens estimates how many tokens a text takes, rather too many than too few: a
// token for every two and a half bytes of ASCII, of which prose has about four and
// JSON with ids about three, and for every two bytes of anything else.
func Tokens(s string) int {
	other := 0
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			other++
		}
	}
	return ((len(s)-other)*2+4)/5 + (other+1)/2
}

// Room is what is left of the tokens that an answer may take.
type Room struct{ left, most int }

// Takes reports whether there is room for a value and takes it, with the comma
// and indentation that come with it.
func (r *Room) Takes(v any) bool {
	n := r.cost(v)
	if n > r.left {
		return false
	}
	r.left -= n
	return true
}

func (r *Room) cost(v any) int {
	text, err := encode(v)
	if err != nil {
		return r.left + 1
	}
	return Tokens(string(text)) + 1
}

// Put takes room for a value that the answer has in any case.
func (r *Room) Put(v any) { r.left -= r.cost(v) }

// Left is how many tokens are left.
func (r *Room) Left() int { return r.left }

// Part is a share of what is left, in percent. What is not used of it stays.
func (r *Room) Part(percent int) *Room {
	return &Room{left: max(0, r.left) * percent / 100, most: r.most}
}

// Fill takes the items for which there is room, from the first on, and returns how
// many these are.
func Fill[T any](r *Room, items []T) int {
	for i := range items {
		if !r.Takes(items[i]) {
			return i
		}
	}
	return len(items)
}

// Cut returns how many bytes of a text there is room for when it is spelled in
// JSON, and takes that room. It ends behind a line where that is near.
func (r *Room) Cut(s string) int {
	low, high := 0, min(len(s), max(0, r.left)*3)
	for low < high {
		if mid := (low + high + 1) / 2; r.cost(strings.ToValidUTF8(s[:mid], "")) <= r.left {
			low = mid
		} else {
			high = mid - 1
		}
	}
	if low < len(s) {
		for low > 0 && !utf8.RuneStart(s[low]) {
			low--
		}
		if line := strings.LastIndexByte(s[:low], '\n') + 1; line > low*3/4 {
			low = line
		}
	}
	r.Put(strings.ToValidUTF8(s[:low], ""))
	return low
}

// clip cuts a text to so many tokens.
func clip(s string, tokens int) string {
	if Tokens(s) <= tokens {
		return s
	}
	most := min(len(s), 2*max(0, tokens-2))
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func listed(names []string) string {
	slices.Sort(names)
	return strings.Join(names, ", ")
}
