package wire

import (
	"encoding/json"
	"unsafe"
)

// Output is what a stream of a program printed: a line, or many of them that
// became one event because they came fast.
type Output struct {
	Stream string // stdout, stderr, terminal
	Text   []byte // without the end of the last line
	Lines  int    // how many lines it is
	Cut    int64  // how long the line was, when only its beginning is kept
	// Ends are where its parts end, the last one with the text. A part is a line,
	// or lines that only together show what they are, such as a private key.
	// Without ends the text is one part.
	Ends []int
}

// Head spells what there is to say of the text, without the text.
func (o *Output) Head() json.RawMessage {
	var h Object
	h.Text("stream", o.Stream)
	if o.Lines > 1 {
		h.Int("lines", int64(o.Lines))
	}
	if o.Cut > 0 {
		h.Int("bytes", o.Cut)
	}
	return h.JSON()
}

// Behind returns an object with the text behind what it holds. It keeps nothing
// of the text, and never writes into the bytes it was given.
func (o *Output) Behind(head json.RawMessage) json.RawMessage {
	head = head[:len(head)-1] // the brace
	b := make([]byte, 0, len(head)+len(o.Text)+len(o.Text)/4+16)
	b = append(b, head...)
	if len(head) > 1 {
		b = append(b, ',')
	}
	b = append(b, `"text":`...)
	b = appendString(b, view(o.Text))
	return append(b, '}')
}

// Mask gives each part to the function that masks, which returns how many masks
// it set or a negative number when it failed, and puts what it returns in the
// part's place. A part is masked as it would be if it had come alone.
func (o *Output) Mask(mask func(string) (string, int)) bool {
	ends := o.Ends
	if len(ends) == 0 {
		ends = []int{len(o.Text)}
	}
	var masked []byte // nil while nothing had to be masked
	from, kept := 0, 0
	for i, end := range ends {
		part, n := mask(view(o.Text[from:end]))
		switch {
		case n < 0:
			return false
		case n > 0:
			if masked == nil {
				masked = make([]byte, 0, len(o.Text)+64)
			}
			masked = append(append(masked, o.Text[kept:from]...), part...)
			kept = end
		}
		if from = end; i < len(ends)-1 {
			from++ // the line's end
		}
	}
	if masked != nil {
		o.Text, o.Ends = append(masked, o.Text[kept:]...), nil
	}
	return true
}

// view is b as a text, without a copy: nobody writes to b while it is looked at.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
