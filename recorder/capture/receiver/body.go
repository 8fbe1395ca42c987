package receiver

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// packings are the encodings that are unpacked.
var packings = map[string]func(*bufio.Reader) (io.Reader, error){
	"gzip":    func(r *bufio.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"x-gzip":  func(r *bufio.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	"deflate": inflate,
}

// inflate reads what HTTP calls deflate: with the header of zlib, which some
// senders leave out.
func inflate(r *bufio.Reader) (io.Reader, error) {
	if head, err := r.Peek(2); err == nil && head[0]&15 == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(r)
	}
	return flate.NewReader(r), nil
}

// body reads and unpacks what was sent, of which neither form may be longer
// than the limit. The caller calls release when it is done with the bytes.
func (s *Server) body(w http.ResponseWriter, r *http.Request) (body []byte, release func(), no *refusal) {
	most := s.opts.MaxBody
	long := &refusal{status: http.StatusRequestEntityTooLarge, why: fmt.Sprintf("the body is longer than %d MiB", most>>20)}
	if r.ContentLength > most {
		return nil, nil, long
	}
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	unpack, known := packings[encoding]
	if !known && encoding != "" && encoding != "identity" {
		return nil, nil, &refusal{status: http.StatusUnsupportedMediaType, why: "the Content-Encoding is not gzip or deflate"}
	}
	size := r.ContentLength
	if known || size < 0 {
		size = most // it may become that much
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.opts.Wait/4)
	defer cancel()
	if !s.room.take(ctx, size) {
		return nil, nil, &refusal{status: http.StatusServiceUnavailable, why: "too much is being sent at once; send it again later", retry: true}
	}
	leave := sync.OnceFunc(func() { s.room.give(size) })
	// Its time begins when it may be read.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.opts.Read)) // always supported by our server
	packed := http.MaxBytesReader(w, r.Body, most)
	defer func() {
		if no != nil {
			leave()
			_, _ = io.Copy(io.Discard, packed) // who still sends does not read the answer
		}
	}()
	var text io.Reader = packed
	if known {
		var err error
		if text, err = unpack(bufio.NewReader(packed)); err != nil {
			return nil, nil, unreadable(err, encoding, long)
		}
	}
	// One byte more than may be, to tell what is just as long from what is longer.
	body, err := io.ReadAll(io.LimitReader(text, most+1))
	switch {
	case err != nil:
		return nil, nil, unreadable(err, encoding, long)
	case int64(len(body)) > most:
		return nil, nil, long
	}
	return body, leave, nil
}

func unreadable(err error, encoding string, long *refusal) *refusal {
	var tooLong *http.MaxBytesError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &tooLong):
		return long
	case errors.As(err, &timeout) && timeout.Timeout():
		return &refusal{status: http.StatusRequestTimeout, why: "the body did not arrive in time"}
	case encoding != "":
		return &refusal{status: http.StatusBadRequest, why: "the body cannot be read as " + encoding}
	}
	return &refusal{status: http.StatusBadRequest, why: "the body ends too early"}
}

// room bounds the bytes of all requests that are being read.
type room struct {
	mu    sync.Mutex
	free  int64
	freed chan struct{} // closed when some were given back
}

func newRoom(size int64) *room { return &room{free: size, freed: make(chan struct{})} }

// take waits for room, and reports whether there was some before the end of ctx.
func (r *room) take(ctx context.Context, n int64) bool {
	for {
		r.mu.Lock()
		if r.free >= n {
			r.free -= n
			r.mu.Unlock()
			return true
		}
		freed := r.freed
		r.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return false
		}
	}
}

func (r *room) give(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free += n
	close(r.freed)
	r.freed = make(chan struct{})
}
