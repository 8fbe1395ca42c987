package pack

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Writer packs a text as one frame of Zstandard. Frames stand one behind the other:
// what is read of them is their texts, one behind the other.
type Writer struct{ z *zstd.Encoder }

// NewWriter returns a writer of one frame, which takes little memory and one core.
func NewWriter(to io.Writer) (*Writer, error) {
	const window = 4 << 20 // repeated prompts lie far from each other
	z, err := zstd.NewWriter(to, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(window), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, err
	}
	return &Writer{z}, nil
}

// Write packs more of the text.
func (w *Writer) Write(p []byte) (int, error) { return w.z.Write(p) }

// Close ends the frame.
func (w *Writer) Close() error { return w.z.Close() }

// Aside returns a frame that readers of Zstandard skip: what is said about the frames
// before it, not of their text.
func Aside(note []byte) []byte {
	const first = 0x184d2a50 // of the sixteen numbers that such frames begin with
	b := binary.LittleEndian.AppendUint32(nil, first)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(note)))
	return append(b, note...)
}

// Frames returns the text of frames that we wrote ourselves, of which it is known
// how long it is: more is damage, however large it is.
func Frames(src io.Reader, length int64) (io.ReadCloser, error) {
	r, err := Reader(src, Zstd, 0)
	if err != nil {
		return nil, err
	}
	s := r.(*stream)
	s.most = length
	return &exactly{s}, nil
}

// exactly says of a text that is longer than it was that it is damaged.
type exactly struct{ *stream }

func (e *exactly) Read(p []byte) (int, error) {
	n, err := e.stream.Read(p)
	switch {
	case err == io.EOF && e.n < e.most:
		return n, fmt.Errorf("%w: it ends %d bytes too early", ErrDamaged, e.most-e.n)
	case err != nil && err != io.EOF && e.n >= e.most:
		return n, fmt.Errorf("%w: it goes on behind its end", ErrDamaged)
	}
	return n, err
}
