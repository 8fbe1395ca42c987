package receiver

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/layers"
)

// Sink takes events. Record calls done once the event is committed, or with
// an error when it never will be; when Record itself returns an error, done is
// not called.
type Sink interface {
	Record(ctx context.Context, e eventlog.Event, done func(error)) error
}

// Options say what a Server takes. Zero sizes and times are the defaults.
type Options struct {
	Events    bool   // /v1/events
	Telemetry bool   // /v1/traces, /v1/logs and /v1/metrics
	Run       string // the run that telemetry lies below

	Layers *layers.Registry // is asked what other layers told of; nil when there are none

	MaxBody  int64         // of a request, unpacked; 16 MiB
	MaxBytes int64         // of all requests that are being read; 64 MiB
	MaxConn  int           // connections at once; 512. More of them wait
	Read     time.Duration // how long a request may take to arrive; 10 s
	Wait     time.Duration // how long a request may wait to be stored; 10 s
}

func (o Options) filled() Options {
	if o.MaxBody <= 0 {
		o.MaxBody = 16 << 20
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	o.MaxBytes = max(o.MaxBytes, o.MaxBody)
	if o.MaxConn <= 0 {
		o.MaxConn = 512
	}
	if o.Read <= 0 {
		o.Read = 10 * time.Second
	}
	if o.Wait <= 0 {
		o.Wait = 10 * time.Second
	}
	return o
}

// Server listens on the loopback. Drain, or the end of the context given to
// Listen, ends its goroutines.
type Server struct {
	opts      Options
	sink      Sink
	http      *http.Server
	address   netip.AddrPort
	token     string
	room      *room
	telemetry *telemetry
	ctx       context.Context
	cancel    context.CancelFunc
	group     sync.WaitGroup
	events    atomic.Int64
	bad       atomic.Int64
	holding   atomic.Int64 // requests whose events wait for their commit
}

// Listen opens a port that nobody chose on a loopback address. It takes requests
// when Listen returns.
func Listen(ctx context.Context, sink Sink, o Options) (*Server, error) {
	o = o.filled()
	listener, err := listenLoopback()
	if err != nil {
		return nil, fmt.Errorf("open the receiver: %w", err)
	}
	address, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the receiver: %w", err), listener.Close())
	}
	s := &Server{opts: o, sink: sink, address: address, token: newToken(), room: newRoom(o.MaxBytes)}
	s.ctx, s.cancel = context.WithCancel(ctx)
	if o.Telemetry {
		s.telemetry = newTelemetry(o.Run, o.Layers)
	}
	s.http = &http.Server{
		Handler:           s,
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
		ReadHeaderTimeout: o.Read, ReadTimeout: o.Read, IdleTimeout: 2 * time.Minute,
		WriteTimeout:   2*o.Read + 2*o.Wait, // from the end of the header
		MaxHeaderBytes: 32 << 10,
		// It would print on stderr, which is the program's.
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	s.http.Protocols = new(http.Protocols)
	s.http.Protocols.SetHTTP1(true)
	limited := &limited{Listener: listener, slots: make(chan struct{}, o.MaxConn), end: s.ctx.Done()}
	s.group.Go(func() { _ = s.http.Serve(limited) }) // it always ends with the error that it was ended
	return s, nil
}

func listenLoopback() (net.Listener, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err == nil {
		return l, nil
	}
	l, err6 := net.Listen("tcp6", "[::1]:0")
	if err6 != nil {
		return nil, errors.Join(err, err6)
	}
	return l, nil
}

// newToken makes a token of 256 bits.
func newToken() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// URL is where it listens, without a slash behind.
func (s *Server) URL() string { return "http://" + s.address.String() }

// Token is what a request has to know.
func (s *Server) Token() string { return s.token }

// Events is how many events were taken.
func (s *Server) Events() int64 { return s.events.Load() }

// Bad is how many things were sent that are no events.
func (s *Server) Bad() int64 { return s.bad.Load() }

// silence is how long a request that is still being sent after the program has
// ended has to arrive.
const silence = 200 * time.Millisecond

// Drain answers the requests that have arrived and ends the server, by the end
// of ctx at the latest.
func (s *Server) Drain(ctx context.Context) error {
	short, cancel := context.WithTimeout(ctx, silence)
	err := s.http.Shutdown(short)
	cancel()
	for err != nil && s.holding.Load() > 0 && ctx.Err() == nil {
		// What has arrived waits for its commit and gets its answer.
		short, cancel := context.WithTimeout(ctx, silence)
		err = s.http.Shutdown(short)
		cancel()
	}
	s.cancel()
	if err != nil {
		err = s.http.Close()
	}
	s.group.Wait()
	return err
}

// limited is a listener that accepts no more connections than it has slots.
type limited struct {
	net.Listener
	slots chan struct{}
	end   <-chan struct{}
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.end:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &slotted{Conn: c, leave: sync.OnceFunc(func() { <-l.slots })}, nil
}

// slotted is a connection that gives its slot back.
type slotted struct {
	net.Conn
	leave func()
}

func (c *slotted) Close() error {
	c.leave()
	return c.Conn.Close()
}
