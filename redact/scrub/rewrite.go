package scrub

import (
	"context"
	"io"
)

// Rewrite copies a stream with its secrets masked, and returns how many there were.
// Every other byte comes out as it went in.
func (f *Finder) Rewrite(ctx context.Context, dst io.Writer, src io.Reader) (masks int64, err error) {
	err = walk(ctx, f.Redactor, src, func(b *block) error {
		n, err := f.write(dst, b)
		masks += int64(n)
		return err
	})
	return masks, err
}

// Mask returns one text or document with its secrets masked, and how many there
// were; the text itself where there are none.
func (f *Finder) Mask(text []byte) ([]byte, int) {
	b := f.block(text)
	var out growing
	n, _ := f.write(&out, b) // memory takes everything
	if n == 0 {
		return text, 0
	}
	return out, n
}

type growing []byte

func (g *growing) Write(p []byte) (int, error) {
	*g = append(*g, p...)
	return len(p), nil
}

// write writes a block with its secrets masked.
func (f *Finder) write(dst io.Writer, b *block) (masks int, err error) {
	at := 0
	for _, m := range b.matches {
		if f.Allow != nil && f.allows(Plain(b.text[m.From:m.To])) {
			continue
		}
		masks++
		if _, err = dst.Write(b.text[at:m.From]); err != nil {
			return masks, err
		}
		if _, err = io.WriteString(dst, m.Marker()); err != nil {
			return masks, err
		}
		at = m.To
	}
	_, err = dst.Write(b.text[at:])
	return masks, err
}
