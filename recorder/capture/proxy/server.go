package proxy

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/layers"
)

// Sink takes events, and is told how many could not even be given to it.
type Sink interface {
	Emit(ctx context.Context, e eventlog.Event) error
	Dropped(k eventlog.Kind, n int64)
}

// The providers, as they are named in addresses of the proxy. Codex has a way
// of its own to say whom it calls; ChatGPT is where it calls its models for
// those who pay by subscription.
const (
	Anthropic = "anthropic"
	OpenAI    = "openai"
	Gemini    = "gemini"
	Codex     = "codex"
	ChatGPT   = "chatgpt"
)

// Defaults are the addresses of the providers, as their clients know them.
func Defaults() map[string]string {
	return map[string]string{
		Anthropic: "https://api.anthropic.com", OpenAI: "https://api.openai.com/v1",
		Gemini: "https://generativelanguage.googleapis.com", Codex: "https://api.openai.com/v1", ChatGPT: "https://chatgpt.com/backend-api/codex",
	}
}

// TokenHeader is where a client may send the secret that is otherwise part of
// the address. It goes no further than here.
const TokenHeader = "X-Lazytrace-Token"

// Options say how a Server works.
type Options struct {
	Upstreams map[string]*url.URL // by name; nothing else is ever called
	Run       string              // the run that agents without a name of their own belong to
	Transport http.RoundTripper   // to the providers; nil: certificates verified, proxies of the environment honoured

	// Runs says that a conversation is a run of its own, by the name that its
	// client gives it: another layer tells of it under that name.
	Runs bool
	// Layers is asked what other layers told of; nil when there are none.
	Layers *layers.Registry
	// Keep is given each exchange when it is over, one after the other, in a goroutine
	// that it may keep busy; nil keeps none. An error says that it could not be kept.
	Keep func(context.Context, Kept) error
	// Answer may answer in the provider's place, and reports whether it did. What it
	// does not answer goes on to the provider. Nil leaves everything to the providers.
	Answer func(w http.ResponseWriter, r *http.Request, a Asked) bool
	// Address is where to listen, on the loopback; a free port when empty.
	Address string
	// Conversation is told of each conversation that a client names; nil tells nobody.
	Conversation func(id string)
}

// Server is the proxy. Drain, or the end of the context given to Listen, ends
// its goroutines.
type Server struct {
	upstreams map[string]*url.URL
	token     string
	address   string
	http      *http.Server
	proxy     httputil.ReverseProxy
	sink      Sink
	ctx       context.Context
	cancel    context.CancelFunc
	jobs      chan job // capacity waiting: what is said while the one who reads is busy
	room      budget
	keeper    *keeper // nil when nothing is kept
	answer    func(http.ResponseWriter, *http.Request, Asked) bool
	passed    atomic.Int64
	unread    atomic.Int64
	calls     atomic.Int64
	reader    sync.WaitGroup
	handlers  sync.WaitGroup // Add is called under mu, so that nobody comes once Drain waits

	mu     sync.Mutex
	closed bool
}

// Bounds of what is copied.
const (
	waiting = 1024     // exchanges that wait to be read
	longest = 32 << 20 // bytes of one request or response
	roomFor = 96 << 20 // bytes of all of them together
)

// Listen opens the proxy on a free port of the loopback interface.
func Listen(ctx context.Context, sink Sink, o Options) (*Server, error) {
	l, err := listen(ctx, o.Address)
	if err != nil {
		return nil, fmt.Errorf("open the capture proxy: %w", err)
	}
	var secret [32]byte
	rand.Read(secret[:])
	s := &Server{
		upstreams: o.Upstreams, token: base64.RawURLEncoding.EncodeToString(secret[:]), address: l.Addr().String(),
		sink: sink, jobs: make(chan job, waiting), answer: o.Answer,
	}
	s.room.left.Store(roomFor)
	s.ctx, s.cancel = context.WithCancel(ctx)
	if o.Keep != nil {
		s.keeper = newKeeper(s.ctx, o.Keep)
	}
	quiet := slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // stderr is the program's
	if o.Transport == nil {
		o.Transport = transport()
	}
	s.proxy = httputil.ReverseProxy{
		Rewrite: rewrite, Transport: o.Transport, FlushInterval: -1, ErrorLog: quiet,
		ModifyResponse: s.answers, ErrorHandler: s.unreachable,
	}
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, ErrorLog: quiet,
		BaseContext: func(net.Listener) context.Context { return s.ctx },
	}
	t := newTracer(sink, o)
	s.reader.Go(func() { t.read(s.ctx, s) })
	s.handlers.Go(func() { _ = s.http.Serve(l) }) // its error tells of the end that Drain brings about
	return s, nil
}

// listen prefers the address that every system has.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var c net.ListenConfig
	if address != "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, fmt.Errorf("%q is no address: 127.0.0.1:PORT is expected", address)
		}
		if !isLoopback(host) {
			return nil, fmt.Errorf("%q is not on the loopback, and nobody else may reach what is served: 127.0.0.1:PORT is expected", address)
		}
		return c.Listen(ctx, "tcp", address)
	}
	l, err := c.Listen(ctx, "tcp", "127.0.0.1:0")
	if err == nil {
		return l, nil
	}
	l, err6 := c.Listen(ctx, "tcp", "[::1]:0")
	if err6 != nil {
		return nil, errors.Join(err, err6)
	}
	return l, nil
}

// URL is the address under which a program reaches a provider, with the secret
// in it, or "" for one that is not among the upstreams. Its path ends as the
// provider's own does, so that clients see what they expect.
func (s *Server) URL(name string) string {
	return s.url("/"+s.token, name)
}

// Open is the same address without the secret, for places that others can see:
// the client has to send it as TokenHeader.
func (s *Server) Open(name string) string { return s.url("", name) }

func (s *Server) url(secret, name string) string {
	u := s.upstreams[name]
	if u == nil {
		return ""
	}
	return "http://" + s.address + secret + "/" + name + strings.TrimRight(u.EscapedPath(), "/")
}

// Token is the secret.
func (s *Server) Token() string { return s.token }

// Calls is how many model calls were passed on, and Unread how many of them, or
// of the answers, were not looked at for want of room.
func (s *Server) Calls() int64 { return s.calls.Load() }

// Unread is how many copies were left out.
func (s *Server) Unread() int64 { return s.unread.Load() }

// Missed is how many exchanges were to be kept and could not be.
func (s *Server) Missed() int64 {
	if s.keeper == nil {
		return 0
	}
	return s.keeper.missed.Load()
}

// ServeHTTP passes on what comes from somebody who knows the secret.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler) // as if nobody listened any more
	}
	defer s.handlers.Done()
	target, door, ok := s.target(r)
	if !ok {
		// Whoever guesses learns nothing, not even what this is.
		http.NotFound(w, r)
		return
	}
	if s.answer != nil && s.instead(w, r, target, door) {
		return
	}
	x := s.exchange(r, target, door)
	if x.api != 0 {
		s.calls.Add(1)
	}
	// Whatever becomes of it, nothing is handed over once this has returned.
	defer s.asked(x)
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &tee{src: r.Body, to: &x.asked, end: func(error) { x.later.Do(func() { time.AfterFunc(lull, func() { s.asked(x) }) }) }}
	}
	// A provider may answer before it was told everything; what it was not told
	// yet is not to be thrown away for that.
	_ = http.NewResponseController(w).EnableFullDuplex()
	// What the provider does not say must not be made up on the way.
	w.Header()["Content-Type"], w.Header()["Date"] = nil, nil
	s.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
}

func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.handlers.Add(1)
	}
	return !s.closed
}

// target returns where a request goes and by which name, or false for one that has no business
// here. A name that resolves to this machine by a trick is no business either.
func (s *Server) target(r *http.Request) (to *url.URL, door string, ok bool) {
	if r.Host != s.address && r.Host != "localhost"+s.address[strings.LastIndexByte(s.address, ':'):] {
		return nil, "", false
	}
	raw, query, asked := strings.Cut(r.RequestURI, "?")
	rest, ok := strings.CutPrefix(raw, "/")
	if !ok {
		return nil, "", false
	}
	first, rest, _ := strings.Cut(rest, "/")
	secret := first
	if given := r.Header.Get(TokenHeader); given != "" {
		secret = given
	} else {
		first, rest, _ = strings.Cut(rest, "/")
	}
	if subtle.ConstantTimeCompare([]byte(secret), []byte(s.token)) != 1 {
		return nil, "", false
	}
	up := s.upstreams[first]
	if up == nil {
		return nil, "", false
	}
	path := "/" + rest
	if chat := s.upstreams[ChatGPT]; first == Codex && chat != nil && up.Host == "api.openai.com" && r.Header.Get("Chatgpt-Account-Id") != "" {
		up, path = chat, strings.TrimRight(chat.EscapedPath(), "/")+strings.TrimPrefix(path, "/v1")
	}
	to, err := url.Parse(path)
	if err != nil || to.Host != "" {
		return nil, "", false
	}
	to.Scheme, to.Host, to.RawQuery, to.ForceQuery = up.Scheme, up.Host, query, asked && query == ""
	return to, first, true
}

// lateCalls is how long after the end of the program calls that others of its
// processes began may take.
const lateCalls = 250 * time.Millisecond

// Drain ends the server, after what was said until then has become events or
// ctx has ended.
func (s *Server) Drain(ctx context.Context) error {
	late, cancel := context.WithTimeout(ctx, lateCalls)
	defer cancel()
	err := s.http.Shutdown(late)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.handlers.Wait()
		close(s.jobs) // nobody is left who could say more
		s.reader.Wait()
		if s.keeper != nil {
			s.keeper.end()
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
		err = errors.Join(err, ctx.Err())
	}
	s.cancel()
	<-done
	return err
}
