package proxy

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog/pack"
)

// budget is how many bytes of copies may wait to be read.
type budget struct{ left atomic.Int64 }

func (b *budget) take(n int) bool {
	if b.left.Add(-int64(n)) >= 0 {
		return true
	}
	b.left.Add(int64(n))
	return false
}

func (b *budget) give(n int) { b.left.Add(int64(n)) }

// mostExpected is how much memory is made ready for a body that says how long it is.
const mostExpected = 1 << 20

// body is the copy of a body. A copy that found no room is no copy at all: half
// of a document says nothing.
type body struct {
	room     *budget
	expected int // how long it says it is, as far as that is believed

	mu    sync.Mutex
	data  []byte
	cut   bool // there was no room
	timed bool // it is wanted when each piece came
	came  []Piece
	taken bool // somebody reads it: what comes now comes too late
}

func (b *body) add(p []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.cut || b.taken || b.room == nil:
	case len(b.data)+len(p) > longest || !b.room.take(len(p)):
		b.room.give(len(b.data))
		b.data, b.cut = nil, true
	default:
		if b.data == nil {
			b.data = make([]byte, 0, max(b.expected, len(p)))
		}
		b.data = append(b.data, p...)
		if b.timed {
			b.piece(Piece{int64(len(b.data)), time.Now()})
		}
	}
}

// piece notes a piece, within bounds.
func (b *body) piece(p Piece) {
	if n := len(b.came); n >= mostPieces {
		b.came[n-1] = p
		return
	}
	b.came = append(b.came, p)
}

// pieces returns in which pieces it came. Nobody may add to it any more.
func (b *body) pieces() []Piece {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.came
}

// take returns the copy, whose room is to be given back when it has been read.
func (b *body) take() (data []byte, cut bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, b.data, b.taken = b.data, nil, true
	return data, b.cut
}

// tee copies what is read from a body. The one who reads is the one who passes
// it on, so a byte is copied when it is on its way and never later.
type tee struct {
	src   io.ReadCloser
	to    *body
	first *time.Time // set when the first byte has come; may be nil
	end   func(error)
	seen  bool
	err   error // how it ended
}

// Read reads on. The end stays the end: whoever sends a request looks for more
// behind it, and by then the server may have closed what it came from, which
// would pass for a broken request and cost the response.
func (t *tee) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	n, err := t.src.Read(p)
	t.err = err
	if n > 0 {
		if t.first != nil && !t.seen {
			*t.first, t.seen = time.Now(), true
		}
		t.to.add(p[:n])
	}
	switch {
	case errors.Is(err, io.EOF):
		t.end(nil)
	case err != nil:
		t.end(err)
	}
	return n, err
}

// Close ends the copy where it is.
func (t *tee) Close() error {
	err := t.src.Close()
	t.end(errClosed)
	return err
}

var errClosed = errors.New("nobody reads on")

// unpacked undoes a content encoding, as far as the body has come.
func unpacked(data []byte, encoding string) ([]byte, error) {
	var r io.ReadCloser
	var err error
	src := bytes.NewReader(data)
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return data, nil
	case "gzip", "x-gzip":
		r, err = pack.Reader(src, pack.Gzip, int64(len(data)))
	case "zstd":
		r, err = pack.Reader(src, pack.Zstd, int64(len(data)))
	case "deflate":
		r, err = zlib.NewReader(src)
	default:
		return nil, fmt.Errorf("bodies packed as %q are not looked at", encoding)
	}
	if err != nil {
		return nil, fmt.Errorf("unpack the body: %w", err)
	}
	defer func() { _ = r.Close() }()
	out, err := io.ReadAll(io.LimitReader(r, 2*longest))
	if len(out) == 0 && err != nil {
		return nil, fmt.Errorf("unpack the body: %w", err)
	}
	return out, nil // a torn end leaves what came before it
}
