package scrub

import (
	"bytes"
	"context"
	"io"

	"github.com/lazytrace/lazytrace/redact"
)

// Finder finds secrets, and masks them. It never changes and may be used by any
// number of goroutines at once.
type Finder struct {
	Redactor *redact.Redactor
	// Allow reports whether a value, without its escapes, is none of the secrets;
	// nil allows nothing.
	Allow func(value string) bool
}

// Secret is one that was found.
type Secret struct {
	From, To int64  // in the stream
	Line     int64  // of it, the first is 1
	Path     string // in its JSON document; empty in a text
	Kind     string // as in its marker
	Value    string // as it is meant, without escapes: never to be shown
}

// mostPaths is how many secrets of one document are told with their paths: each
// takes a walk through it.
const mostPaths = 256

// Find gives the secrets of a stream in their order.
func (f *Finder) Find(ctx context.Context, src io.Reader, found func(Secret) error) error {
	return walk(ctx, f.Redactor, src, func(b *block) error { return f.secrets(b, found) })
}

// FindIn gives the secrets of one text or document.
func (f *Finder) FindIn(text []byte, found func(Secret) error) error {
	return f.secrets(f.block(text), found)
}

// block looks at a text as one.
func (f *Finder) block(text []byte) *block {
	b := &block{text: text, line: 1}
	if opens(text) {
		b.matches, b.json = f.Redactor.FindJSON(text)
	}
	if !b.json {
		b.matches = f.Redactor.FindText(text)
	}
	return b
}

func (f *Finder) secrets(b *block, found func(Secret) error) error {
	line, seen := b.line, 0
	for i, m := range b.matches {
		value := Plain(b.text[m.From:m.To])
		if f.allows(value) {
			continue
		}
		line += int64(bytes.Count(b.text[seen:m.From], []byte("\n")))
		seen = m.From
		s := Secret{From: b.at + int64(m.From), To: b.at + int64(m.To), Line: line, Kind: m.Kind, Value: value}
		if b.json && i < mostPaths {
			s.Path = pathAt(b.text, m.From)
		}
		if err := found(s); err != nil {
			return err
		}
	}
	return nil
}

func (f *Finder) allows(value string) bool { return f.Allow != nil && f.Allow(value) }
