package intake

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/recorder/wire"
)

// inFlight is how many lines of one connection may wait for their answers
// before no more are read.
const inFlight = 1024

// silence is how long a connection may say nothing after the program has ended
// before it is taken to have said everything.
const silence = 100 * time.Millisecond

// conn is one connection: this goroutine reads lines, another one writes
// answers. An answer may be known out of turn, so they queue in the order of
// the lines.
type conn struct {
	server   *Server
	net      *net.UnixConn
	draining atomic.Bool
	credit   chan struct{} // capacity inFlight: one token a line without an answer
	ready    chan struct{} // capacity 1: answers are waiting to be written

	mu      sync.Mutex
	waiting []*answer // in the order of the lines
	ended   bool      // no more lines
}

// answer is what one line gets. text is nil until it is known.
type answer struct{ text []byte }

func newConn(s *Server, c *net.UnixConn) *conn {
	return &conn{server: s, net: c, credit: make(chan struct{}, inFlight), ready: make(chan struct{}, 1)}
}

func (c *conn) serve(ctx context.Context) {
	written := make(chan struct{})
	go func() { defer close(written); c.write(ctx) }()
	c.read(ctx)
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.signal()
	<-written
	c.close()
}

func (c *conn) close() { _ = c.net.Close() } // the peer may be gone; there is nobody to tell

// drain gives a silent connection a moment to end.
func (c *conn) drain() {
	c.draining.Store(true)
	_ = c.net.SetReadDeadline(time.Now().Add(silence))
}

func (c *conn) read(ctx context.Context) {
	r := bufio.NewReaderSize(c.net, 64<<10)
	for ctx.Err() == nil {
		line, err := c.line(r)
		if len(bytes.TrimSpace(line)) > 0 {
			c.take(ctx, line)
		}
		if err != nil {
			return
		}
	}
}

var errLong = errors.New("the line is longer than 16 MiB")

// line reads a line, of which only the first MaxLine bytes are kept. A last
// line without an end is torn unless the sender has closed in order.
func (c *conn) line(r *bufio.Reader) (line []byte, err error) {
	for {
		if c.draining.Load() && r.Buffered() == 0 {
			_ = c.net.SetReadDeadline(time.Now().Add(silence))
		}
		part, err := r.ReadSlice('\n')
		if len(line) <= wire.MaxLine {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return line, err
		case err != nil:
			return nil, err
		}
		return line, nil
	}
}

// take hands one line to the sink. While the sink has no room nothing is read:
// the socket fills and the sender waits.
func (c *conn) take(ctx context.Context, line []byte) {
	select {
	case c.credit <- struct{}{}:
	case <-ctx.Done():
		return
	}
	a := &answer{}
	c.mu.Lock()
	c.waiting = append(c.waiting, a)
	c.mu.Unlock()
	if len(line) > wire.MaxLine {
		c.server.bad.Add(1)
		c.answer(a, refusal(errLong))
		return
	}
	e, err := wire.Decode(line)
	if err != nil {
		c.server.bad.Add(1)
		c.answer(a, refusal(err))
		return
	}
	if e.ID == "" {
		e.ID = wire.NewID(time.Now())
	}
	id := e.ID
	err = c.server.sink.Record(ctx, e, func(err error) {
		if err != nil {
			c.answer(a, refusal(err))
			return
		}
		c.server.events.Add(1)
		c.answer(a, acknowledgement(id))
	})
	if err != nil {
		c.answer(a, refusal(err))
	}
}

// answer sets the answer of a line. It never blocks: the goroutine that
// commits calls it.
func (c *conn) answer(a *answer, text []byte) {
	c.mu.Lock()
	a.text = text
	first := c.waiting[0] == a
	c.mu.Unlock()
	if first {
		c.signal()
	}
}

func (c *conn) signal() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// write sends answers in the order of the lines until all are given, or until
// the server gives up waiting for them. After a failed write it goes on without
// sending: events count although their sender does not listen.
func (c *conn) write(ctx context.Context) {
	var out []byte
	broken := false
	for {
		select {
		case <-c.ready:
		case <-ctx.Done():
			return
		}
		c.mu.Lock()
		n := 0
		out = out[:0]
		for n < len(c.waiting) && c.waiting[n].text != nil {
			out = append(out, c.waiting[n].text...)
			n++
		}
		c.waiting = c.waiting[n:]
		over := c.ended && len(c.waiting) == 0
		c.mu.Unlock()
		if n > 0 && !broken {
			_, err := c.net.Write(out)
			broken = err != nil
		}
		for range n {
			<-c.credit
		}
		if over {
			return
		}
	}
}

func acknowledgement(id string) []byte {
	b := append([]byte(nil), `{"ack":`...)
	b = wire.AppendString(b, id)
	return append(b, '}', '\n')
}

func refusal(err error) []byte {
	b := append([]byte(nil), `{"error":`...)
	b = wire.AppendString(b, err.Error())
	return append(b, '}', '\n')
}

func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
