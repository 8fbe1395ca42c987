package intake

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Sink takes events. Record calls done once the event is committed, or with
// an error when it never will be; when Record itself returns an error, done is
// not called.
type Sink interface {
	Record(ctx context.Context, e eventlog.Event, done func(error)) error
}

// Options say how a Server works. Zero fields are the defaults.
type Options struct {
	Dirs    []string // where the socket may be; XDG_RUNTIME_DIR, then the folder for temporary files
	MaxConn int      // connections that are served at once; 256. More of them wait
}

// Server is the socket and everybody who is connected to it. Drain, or the end
// of the context given to Listen, ends its goroutines.
type Server struct {
	sink   Sink
	socket *socket
	ctx    context.Context
	cancel context.CancelFunc
	slots  chan struct{} // capacity MaxConn: one token a connection
	group  sync.WaitGroup
	events atomic.Int64
	bad    atomic.Int64

	mu       sync.Mutex
	conns    map[*conn]struct{}
	draining bool
}

// Listen opens the socket. It is ready for connections when Listen returns;
// they are served from then on.
func Listen(ctx context.Context, sink Sink, o Options) (*Server, error) {
	if o.Dirs == nil {
		o.Dirs = dirs()
	}
	if o.MaxConn <= 0 {
		o.MaxConn = 256
	}
	sock, err := listen(o.Dirs)
	if err != nil {
		return nil, err
	}
	s := &Server{sink: sink, socket: sock, slots: make(chan struct{}, o.MaxConn), conns: map[*conn]struct{}{}}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.group.Go(s.accept)
	s.group.Go(sock.sweep)
	return s, nil
}

// Path is the address of the socket, for the environment of the program.
func (s *Server) Path() string { return s.socket.path }

// Events is how many events were taken, and Bad how many lines were refused.
func (s *Server) Events() int64 { return s.events.Load() }

// Bad is how many lines were not events.
func (s *Server) Bad() int64 { return s.bad.Load() }

func (s *Server) accept() {
	for {
		select {
		case s.slots <- struct{}{}:
		case <-s.ctx.Done():
			return
		}
		c, err := s.socket.AcceptUnix()
		if err != nil {
			<-s.slots
			if s.ended(err) {
				return
			}
			// Out of file descriptors, most likely: let some be given back.
			select {
			case <-time.After(10 * time.Millisecond):
				continue
			case <-s.ctx.Done():
				return
			}
		}
		if s.socket.isLast(c) {
			_ = c.Close()
			return
		}
		s.serve(newConn(s, c))
	}
}

// ended reports whether accepting is over, as opposed to failing for now.
func (s *Server) ended(err error) bool {
	if s.ctx.Err() != nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var timeout interface{ Timeout() bool }
	return s.draining && (errors.As(err, &timeout) && timeout.Timeout()) || isClosed(err)
}

func (s *Server) serve(c *conn) {
	s.mu.Lock()
	s.conns[c] = struct{}{}
	if s.draining {
		c.drain()
	}
	s.mu.Unlock()
	s.group.Go(func() {
		defer func() {
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
			<-s.slots
		}()
		c.serve(s.ctx)
	})
}

// Drain takes what was sent before it was called, answers it, and ends the
// server. A program that is still connected has until ctx ends, or until it
// has been silent for a moment.
func (s *Server) Drain(ctx context.Context) error {
	s.mu.Lock()
	s.draining = true
	for c := range s.conns {
		c.drain()
	}
	s.mu.Unlock()
	// Connections are accepted in their order: when ours is, everybody who came
	// before was.
	err := s.socket.last(ctx)
	if err != nil {
		// As many wait as the system allows. They have a moment.
		err = s.socket.SetDeadline(time.Now().Add(10 * time.Millisecond))
	}
	done := make(chan struct{})
	go func() { s.group.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	s.cancel()
	s.mu.Lock()
	for c := range s.conns {
		c.close()
	}
	s.mu.Unlock()
	err = errors.Join(err, s.socket.remove())
	<-done
	return err
}
