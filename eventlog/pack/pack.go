// Package pack unpacks files: gzip, Zstandard, and archives of zip. It knows
// nothing of what is in them, and bounds how much comes out.
package pack

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Kind is how a file is packed.
type Kind uint8

// The kinds of packing.
const (
	None Kind = iota
	Gzip
	Zstd
	Zip // an archive of several texts
)

var names = [...]string{"nothing", "gzip", "zstd", "zip"}

// String returns the name of the kind.
func (k Kind) String() string { return names[k] }

var magic = [...]string{Gzip: "\x1f\x8b\x08", Zstd: "\x28\xb5\x2f\xfd", Zip: "PK\x03\x04"}

// Of tells from the beginning of a file how it is packed.
func Of(start []byte) Kind {
	for k := Gzip; k <= Zip; k++ {
		if bytes.HasPrefix(start, []byte(magic[k])) {
			return k
		}
	}
	return None
}

// What may come out of a packed file. A log becomes a tenth or, with prompts
// that repeat, a hundredth of itself; what becomes less is made to do harm.
const (
	always  = 64 << 20 // this much comes out of any file
	atMost  = 2 << 30  // and of none more than this
	atRatio = 1000     // or than this many times its size
)

// ErrTooMuch is what every error wraps about more than may come out of a file.
var ErrTooMuch = errors.New("too much")

// limit returns how much may come out of a packed file of a size.
func limit(size int64) int64 { return min(atMost, max(always, size*atRatio)) }

// Reader returns what is packed in src as a stream, which takes little memory.
// The size of the packed file decides how much may come. An archive has no such
// stream.
func Reader(src io.Reader, kind Kind, size int64) (io.ReadCloser, error) {
	out := &stream{kind: kind, most: limit(size)}
	switch kind {
	case Gzip:
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, out.damaged(err)
		}
		out.src, out.close = z, func() { _ = z.Close() }
	case Zstd:
		// One goroutine, and no window that the common levels do not need.
		const window = 128 << 20
		z, err := zstd.NewReader(src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
		if err != nil {
			return nil, out.damaged(err)
		}
		out.src, out.close = z, z.Close
	default:
		return nil, fmt.Errorf("%s cannot be read as a stream", kind)
	}
	return out, nil
}

// stream is an unpacked text. Its errors say what is wrong with the file.
type stream struct {
	kind  Kind
	src   io.Reader
	close func()
	n     int64
	most  int64
}

func (s *stream) Read(p []byte) (int, error) {
	if s.n >= s.most {
		var one [1]byte
		if n, err := io.ReadFull(s.src, one[:]); n == 0 {
			return 0, s.damaged(err)
		}
		return 0, tooMuch(s.most)
	}
	n, err := s.src.Read(p[:min(int64(len(p)), s.most-s.n)])
	s.n += int64(n)
	return n, s.damaged(err)
}

func (s *stream) Close() error {
	s.close()
	return nil
}

// damaged says what an error of a decoder means.
func (s *stream) damaged(err error) error {
	switch {
	case err == nil, err == io.EOF && s.src != nil:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return fmt.Errorf("%w: the %s ends before its end", ErrDamaged, s.kind)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fmt.Errorf("%w: unpacking it needs more memory than a log ever does; unpack it yourself", ErrTooMuch)
	}
	return fmt.Errorf("%w: the %s cannot be unpacked: %w", ErrDamaged, s.kind, err)
}

// ErrDamaged is what every error about a torn or broken packed file wraps.
var ErrDamaged = errors.New("damaged")

func tooMuch(most int64) error {
	return fmt.Errorf("%w: more than %d MiB come out of it; if that is meant, unpack it yourself", ErrTooMuch, most>>20)
}
