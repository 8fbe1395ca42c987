package replay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/redact"
)

// veil masks the secrets of an answer. A stream gives a text in pieces, and a secret
// that is cut in two is seen in none of them: what belongs together is put together
// and masked first, and each event by itself afterwards. An answer without secrets
// comes back as it is, byte for byte.
func veil(m Masker, body []byte) (out []byte, masked bool, err error) {
	docs := streamed(body)
	if docs == nil {
		out, n := m.JSON(body)
		if n < 0 {
			return nil, false, errMask
		}
		return out, n > 0, nil
	}
	texts := gather(body, docs)
	for _, t := range texts {
		if err := t.mask(m); err != nil {
			return nil, false, err
		}
	}
	put := make([]map[int]string, len(docs)) // what is to stand in the place of which text
	for _, t := range texts {
		for j, piece := range t.pieces {
			if put[t.docs[j]] == nil {
				put[t.docs[j]] = map[int]string{}
			}
			put[t.docs[j]][t.nth[j]] = piece
		}
	}
	at := 0
	for i, d := range docs {
		doc, n := m.JSON(rewritten(body[d.from:d.to], put[i]))
		if n < 0 {
			return nil, false, errMask
		}
		out = append(append(out, body[at:d.from]...), doc...)
		masked = masked || !bytes.Equal(doc, body[d.from:d.to])
		at = d.to
	}
	if !masked {
		return body, false, nil
	}
	return append(out, body[at:]...), true, nil
}

// part is where a document stands in a body.
type part struct{ from, to int }

// streamed finds the documents of a stream of events; nil for what is none.
func streamed(body []byte) (docs []part) {
	if start := bytes.TrimSpace(body); len(start) == 0 || start[0] == '{' || start[0] == '[' {
		return nil
	}
	for at := 0; at < len(body); {
		end := at + bytes.IndexAny(body[at:], "\r\n")
		if end < at {
			end = len(body)
		}
		if line := body[at:end]; bytes.HasPrefix(line, []byte("data:")) {
			docs = append(docs, part{at + len("data:"), end})
		}
		at = end + 1
	}
	return docs
}

// growing are the members in which a stream gives a text piece by piece.
var growing = map[string]bool{
	"text": true, "partial_json": true, "thinking": true, "content": true, "arguments": true, "delta": true,
	"reasoning_content": true, "reasoning": true, "refusal": true, "input": true,
}

// lane are the members that say to which of several texts a piece belongs.
var lane = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`"(?:index|output_index|content_index|summary_index|item_id)"\s*:\s*("[^"]*"|\d+)`)
})

// grown is a text that came in pieces.
type grown struct {
	docs   []int    // of each piece
	nth    []int    // which text of its document it is
	pieces []string // and what is to stand in its place, once it was masked
}

// gather puts together what belongs together.
func gather(body []byte, docs []part) []*grown {
	by := map[string]*grown{}
	var all []*grown
	for i, d := range docs {
		doc, nth := body[d.from:d.to], 0
		which := ""
		for _, m := range lane().FindAllSubmatch(doc, -1) {
			which += string(m[1]) + " "
		}
		redact.Rewrite(doc, func(key, value string) string {
			if growing[key] {
				name := fmt.Sprint(which, key)
				t := by[name]
				if t == nil {
					t = &grown{}
					by[name] = t
					all = append(all, t)
				}
				t.docs, t.nth, t.pieces = append(t.docs, i), append(t.nth, nth), append(t.pieces, value)
			}
			nth++
			return value
		})
	}
	return all
}

// mask masks the text as a whole. What stands before and behind the masks stays in
// its pieces; what is between the first and the last comes with the first.
func (t *grown) mask(m Masker) error {
	text := strings.Join(t.pieces, "")
	var masked string
	var n int
	if json.Valid([]byte(text)) {
		var raw []byte
		raw, n = m.JSON([]byte(text))
		masked = string(raw)
	} else {
		masked, n = m.Text(text)
	}
	switch {
	case n < 0:
		return errMask
	case n == 0:
		return nil
	}
	before, behind := alike(text, masked)
	middle := masked[before : len(masked)-behind]
	at := 0
	for i, p := range t.pieces {
		from, to := at, at+len(p)
		at = to
		piece := text[from:max(from, min(to, before))]
		if from <= before && (before < to || to == len(text) && before == to) {
			piece += middle
			middle = ""
		}
		t.pieces[i] = piece + text[min(to, max(from, len(text)-behind)):to]
	}
	return nil
}

// alike returns for how many bytes two texts begin and end alike, of whole letters.
func alike(a, b string) (before, behind int) {
	most := min(len(a), len(b))
	for before < most && a[before] == b[before] {
		before++
	}
	for before > 0 && before < len(a) && a[before]&0xc0 == 0x80 {
		before--
	}
	for behind < most-before && a[len(a)-1-behind] == b[len(b)-1-behind] {
		behind++
	}
	for behind > 0 && a[len(a)-behind]&0xc0 == 0x80 {
		behind--
	}
	return before, behind
}

// rewritten returns a document with its texts as they were masked.
func rewritten(doc []byte, put map[int]string) []byte {
	nth := 0
	out, ok := redact.Rewrite(doc, func(_, value string) string {
		if piece, ok := put[nth]; ok {
			value = piece
		}
		nth++
		return value
	})
	if !ok {
		return doc
	}
	return out
}
