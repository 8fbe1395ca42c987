package replay

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// loosened takes out of a canonical body what differs in each run of a program: ids,
// times and how long something took, folders and files for a while, ports of this
// machine, checksums and counts in the marks that clients leave. Requests are long and
// nearly all of their words are none of these, so that each word is looked at by its
// first letters and an expression is asked only where it may well fit.
func loosened(body []byte) []byte {
	if doc, ok := decode(body); ok {
		strip(doc, wayward)
		body = encode(doc)
	}
	out, at := make([]byte, 0, len(body)), 0
	for i := 0; i < len(body); {
		end, passes := i+1, 0
		switch c := body[i]; {
		case c == '\\':
			end = i + 2 // what is escaped begins no word
		case isWord(c):
			for end < len(body) && isWord(body[end]) {
				end++
			}
			passes = passingWord(body, i, end)
		case c == '/' && (i == 0 || !isWord(body[i-1])):
			passes = passingPath(body[i:])
		}
		if passes > 0 {
			out = append(append(out, body[at:i]...), '0') // so that a number stays one
			i += passes
			at = i
			continue
		}
		i = end
	}
	return append(out, body[min(at, len(body)):]...)
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(w []byte) bool {
	for _, c := range w {
		if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// What may stand at the beginning of a word. Each is looked for in a short window.
const window = 160

var (
	uuid    = anchored(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	numeric = anchored(
		`\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?(?:Z\b|[+-]\d{2}:?\d{2}))?)?\b`,
		`\d{1,2}/\d{1,2}/\d{4}\b`,
		`\d{1,2} `+month+`,? \d{4}\b`,
		`\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?(?: ?[ap]m)?\b`,
		`1\d{9}(?:\d{3})?(?:\.\d+)?\b`,
		`\d+(?:\.\d+)?(?: ?ms| ?s| seconds)\b`,
		`127\.0\.0\.1:\d+`,
	)
	named = anchored(
		`(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? (?:\d{1,2} )?`+month+`(?: \d{1,2})?(?:,? \d{4})?\b`,
		month+` \d{1,2},? \d{4}\b`,
		month+` \d{1,2}\b`,
	)
	counted = anchored(`[a-z_]+_(?:ms|tokens)[^0-9a-z\\"]{1,4}\d+`)
	chunk   = anchored(`chunk id: [0-9a-f]+\b`)
	windows = anchored(`[a-z]:\\\\users\\\\[^\\"]+\\\\appdata\\\\local\\\\temp\\\\[^\s"':;,)\]<>]+`)
)

const month = `(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?`

// anchored is made when it is first wanted: most starts want none.
func anchored(ways ...string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?i:` + strings.Join(ways, "|") + `)`) })
}

// passingWord returns for how many bytes what begins with a word differs in each run.
func passingWord(body []byte, from, to int) int {
	w, near := body[from:to], body[from:min(len(body), from+window)]
	front := bytes.LastIndexByte(w, '_') + 1 // ids are often told apart by their kind: msg_...
	if id := w[front:]; len(id) >= 8 && isHex(id) {
		switch {
		case len(id) >= 12:
			return len(w)
		case len(id) == 8:
			if n := length(uuid(), near[min(front, len(near)):]); n > 0 {
				return front + n
			}
		}
	}
	if isDigit(w[0]) {
		return length(numeric(), near)
	}
	switch next := body[min(to, len(body)-1)]; {
	case len(w) == 1 && next == ':':
		return length(windows(), near)
	case next == ' ' && string(w) == "Chunk":
		return length(chunk(), near)
	case next == '=' && string(w) == "cch":
		return hexAfter(body, from, to)
	case next == ':' && string(w) == "localhost":
		return digitsAfter(body, from, to)
	case bytes.HasSuffix(w, []byte("_ms")), bytes.HasSuffix(w, []byte("_tokens")):
		return length(counted(), near)
	case len(w) >= 3 && len(w) <= 9 && dated[strings.ToLower(string(w[:3]))]:
		return length(named(), near)
	}
	return 0
}

// dated are the beginnings of the names of months and days.
var dated = map[string]bool{
	"jan": true, "feb": true, "mar": true, "apr": true, "may": true, "jun": true, "jul": true, "aug": true, "sep": true, "oct": true,
	"nov": true, "dec": true, "mon": true, "tue": true, "wed": true, "thu": true, "fri": true, "sat": true, "sun": true,
}

func length(re *regexp.Regexp, near []byte) int {
	at := re.FindIndex(near)
	if at == nil {
		return 0
	}
	return at[1]
}

func hexAfter(body []byte, from, to int) int {
	end := to + 1
	for end < len(body) && isHex(body[end:end+1]) {
		end++
	}
	return end - from
}

func digitsAfter(body []byte, from, to int) int {
	end := to + 1
	for end < len(body) && isDigit(body[end]) {
		end++
	}
	if end == to+1 {
		return 0
	}
	return end - from
}

// fleeting are folders of what is there for a while.
var fleeting = [][]byte{
	[]byte("/tmp/"), []byte("/var/tmp/"), []byte("/var/folders/"), []byte("/dev/shm/"), []byte("/private/tmp/"), []byte("/private/var/folders/"),
}

// passingPath returns how long a path is that begins in such a folder.
func passingPath(b []byte) int {
	for _, folder := range fleeting {
		if !bytes.HasPrefix(b, folder) {
			continue
		}
		n := len(folder)
		for n < len(b) && b[n] > ' ' && !bytes.ContainsRune([]byte("\"'\\:;,)]<>`"), rune(b[n])) {
			n++
		}
		return n
	}
	return 0
}
