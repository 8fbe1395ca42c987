package scrub

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/lazytrace/lazytrace/redact"
)

// Bounds of what is looked at as one.
const (
	chunk      = 256 << 10 // is read at a time
	document   = 64 << 20  // a document, or a line of JSON, is decoded up to this size; what is longer is looked at as text
	window     = 1 << 20   // of a text is looked at together
	pending    = 8 << 20   // of a text without a blank waits for one at most
	hold       = 64 << 10  // at the end of a window is looked at again with what follows
	lookBehind = 4 << 10   // before a window says what it is about
)

// block is a stretch of the stream that was looked at as a whole. Blocks follow each
// other without a gap.
type block struct {
	text    []byte
	at      int64 // where in the stream it begins
	line    int64 // in which line, the first is 1
	json    bool
	matches []redact.Match // in text
}

// walker cuts a stream into blocks.
type walker struct {
	red  *redact.Redactor
	src  io.Reader
	emit func(*block) error

	buf   []byte // read and not yet cut into lines
	ended bool
	at    int64 // where buf, or the text that waits, begins
	line  int64

	text    []byte // waits to be looked at: what was emitted of it already, as context, and the rest
	context int    // how much of it is context
	wait    int    // how much of the rest has to be there before it is looked at again
	long    bool   // within a line that is too long to be taken as one
}

// walk looks at a stream to its end.
func walk(ctx context.Context, red *redact.Redactor, src io.Reader, emit func(*block) error) error {
	w := walker{red: red, src: src, emit: emit, line: 1}
	if done, err := w.start(ctx); done || err != nil {
		return err
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := bytes.IndexByte(w.buf, '\n') + 1
		for searched := len(w.buf); n == 0 && !w.ended && !w.long && len(w.buf) <= document; {
			if err := w.fill(ctx); err != nil {
				return err
			}
			if n = bytes.IndexByte(w.buf[searched:], '\n') + 1; n > 0 {
				n += searched
			}
			searched = len(w.buf)
		}
		switch {
		case n > 0:
			if err := w.oneLine(w.buf[:n], w.long); err != nil {
				return err
			}
			w.long = false
		case w.ended:
			if err := w.oneLine(w.buf, w.long); err != nil {
				return err
			}
			return w.flush(true)
		default: // the line goes on for longer than is kept
			w.long = true
			n = len(w.buf)
			if err := w.oneLine(w.buf, true); err != nil {
				return err
			}
		}
		w.buf = w.buf[n:]
		if len(w.buf) == 0 && !w.ended {
			w.buf = nil
			if err := w.fill(ctx); err != nil {
				return err
			}
		}
	}
}

// fill reads on.
func (w *walker) fill(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	from := len(w.buf)
	if cap(w.buf)-from < chunk {
		more := make([]byte, from, max(2*cap(w.buf), from+chunk))
		copy(more, w.buf)
		w.buf = more
	}
	n, err := io.ReadFull(w.src, w.buf[from:from+chunk])
	w.buf = w.buf[:from+n]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		w.ended, err = true, nil
	}
	return err
}

// bom is how some writers begin a text.
const bom = "\xef\xbb\xbf"

// start takes a stream that is one document, or several that are spread over lines,
// as a whole, and reports whether it was one.
func (w *walker) start(ctx context.Context) (bool, error) {
	if err := w.fill(ctx); err != nil {
		return false, err
	}
	if bytes.HasPrefix(w.buf, []byte(bom)) {
		if err := w.emit(&block{text: w.buf[:len(bom)], line: 1}); err != nil {
			return false, err
		}
		w.buf, w.at = w.buf[len(bom):], int64(len(bom))
	}
	if !opens(w.buf) {
		return false, nil
	}
	first := bytes.IndexByte(w.buf, '\n')
	for searched := 0; ; {
		if first >= 0 && searched >= 0 {
			if _, ok := w.red.FindJSON(w.buf[:first]); ok {
				return false, nil // it is lines
			}
			searched = -1 // the first line was looked at
		}
		if w.ended || len(w.buf) > document {
			break
		}
		if searched >= 0 {
			searched = len(w.buf)
		}
		if err := w.fill(ctx); err != nil {
			return false, err
		}
		if searched >= 0 {
			if first = bytes.IndexByte(w.buf[searched:], '\n'); first >= 0 {
				first += searched
			}
		}
	}
	if !w.ended || len(w.buf) > document {
		return false, nil
	}
	found, ok := w.red.FindJSON(w.buf)
	if !ok {
		return false, nil
	}
	return true, w.emit(&block{text: w.buf, at: w.at, line: 1, json: true, matches: found})
}

// opens reports whether a text begins like a document.
func opens(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n")
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

// oneLine takes a line with its end, or a part of one that is too long.
func (w *walker) oneLine(line []byte, part bool) error {
	if len(line) == 0 {
		return nil
	}
	if !part && opens(line) {
		if found, ok := w.red.FindJSON(element(line)); ok {
			if err := w.flush(true); err != nil {
				return err
			}
			w.text, w.context = w.text[:0], 0
			return w.give(&block{text: line, json: true, matches: found})
		}
	}
	for len(line) > 0 {
		n := min(len(line), window)
		w.text = append(w.text, line[:n]...)
		line = line[n:]
		if len(w.text)-w.context < max(window, w.wait) {
			continue
		}
		if err := w.flush(false); err != nil {
			return err
		}
	}
	return nil
}

// element is a line without the comma behind it: in a list that has one element a line
// each of them is a document.
func element(line []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimRight(line, " \t\r\n"), []byte(","))
}

// give passes a block on that begins where the last one ended.
func (w *walker) give(b *block) error {
	b.at, b.line = w.at, w.line
	w.at += int64(len(b.text))
	w.line += int64(bytes.Count(b.text, []byte("\n")))
	return w.emit(b)
}

// flush looks at the text that waits, and gives as much of it as cannot be changed
// by what follows; all of it at its end.
func (w *walker) flush(all bool) error {
	for len(w.text) > w.context {
		found := w.red.FindText(w.text)
		cut := len(w.text)
		if !all {
			if cut = w.cut(found); cut < 0 {
				w.wait = (len(w.text) - w.context) * 5 / 4 // looking again costs all of it
				return nil
			}
		}
		var own []redact.Match
		for _, m := range found {
			if m.From < cut && m.To > w.context {
				own = append(own, redact.Match{From: max(m.From, w.context) - w.context, To: min(m.To, cut) - w.context, Kind: m.Kind})
			}
		}
		if err := w.give(&block{text: w.text[w.context:cut], matches: own}); err != nil {
			return err
		}
		from := max(0, cut-lookBehind)
		if k := bytes.IndexByte(w.text[from:cut], '\n'); from > 0 && k >= 0 {
			from += k + 1
		}
		w.text = append(w.text[:0], w.text[from:]...)
		w.wait = 0
		if w.context = cut - from; !all && len(w.text)-w.context < window {
			return nil
		}
	}
	return nil
}

// cut says up to where a text can be given: to the end of a line, or of a word, and
// never within a secret or one that may go on. It is -1 where more has to be read.
func (w *walker) cut(found []redact.Match) int {
	limit := len(w.text) - hold
	for k := len(found) - 1; k >= 0; k-- {
		if m := found[k]; m.To >= len(w.text) || m.From < limit && m.To > limit {
			limit = min(limit, m.From)
		}
	}
	if limit > w.context {
		if k := bytes.LastIndexByte(w.text[w.context:limit], '\n'); k >= 0 {
			return w.context + k + 1
		}
		if k := bytes.LastIndexAny(w.text[w.context:limit], " \t,;"); k >= 0 {
			return w.context + k + 1
		}
	}
	if len(w.text)-w.context < pending {
		return -1
	}
	if limit > w.context {
		return limit
	}
	return len(w.text) // one secret fills all of it
}
