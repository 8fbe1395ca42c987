package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"time"

	"github.com/lazytrace/lazytrace/recorder/wire"
)

// transport speaks to providers as their clients would: certificates are
// verified, proxies of the environment are honoured, HTTP/2 is used where the
// provider has it. Nothing is unpacked on the way.
func transport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.DisableCompression = true
	t.MaxIdleConnsPerHost = 64
	dial := t.DialContext
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return prompted(c), nil
	}
	return t
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// rewrite sends a request to where target has found that it goes. Apart from
// the address and our own secret it stays what it is.
func rewrite(r *httputil.ProxyRequest) {
	x := exchangeOf(r.In.Context())
	r.Out.URL, r.Out.Host = x.to, x.to.Host
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values, ok := r.In.Header[name]; ok {
			r.Out.Header[name] = values
		}
	}
	r.Out.Header.Del(TokenHeader)
}

// answers sees the head of a response and makes a copy of its body.
func (s *Server) answers(res *http.Response) error {
	x := exchangeOf(res.Request.Context())
	x.head(res)
	if res.StatusCode == http.StatusSwitchingProtocols {
		s.answered(x, nil) // what follows is no longer HTTP and is not looked at
		return nil
	}
	res.Body = &tee{src: res.Body, to: &x.answer, first: &x.first, end: func(err error) { s.answered(x, err) }}
	return nil
}

// unreachable answers for a provider that does not.
func (s *Server) unreachable(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	if r.Context().Err() != nil || errors.Is(err, context.Canceled) {
		s.answered(x, context.Canceled) // the client has gone
		panic(http.ErrAbortHandler)
	}
	if !x.over.Load() { // else it was reached, and the connection broke later
		x.fault = "the provider could not be reached: " + err.Error()
		s.answered(x, nil)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadGateway)
	text := wire.AppendString(nil, fmt.Sprintf("lazytrace could not reach %s: %v", x.to.Host, err))
	_, _ = fmt.Fprintf(w, `{"type":"error","error":{"type":"api_error","message":%s}}`, text)
}

// lull is how long the call goes before the reading of its request. Whoever asks
// waits for the answer, nobody for what is told of it.
const lull = 20 * time.Millisecond

// asked hands the request of an exchange over, once. When it returns that is
// done, whoever did it.
func (s *Server) asked(x *exchange) {
	x.handing.Lock()
	defer x.handing.Unlock()
	if !x.handed {
		x.handed = true
		s.hand(job{x: x})
	}
}

// answered hands the response of an exchange over, once, behind its request. The error is that of
// its body, nil when it was complete.
func (s *Server) answered(x *exchange, err error) {
	if x.over.CompareAndSwap(false, true) {
		x.ended, x.torn = time.Now(), err != nil
		s.asked(x)
		s.hand(job{x: x, answered: true})
	}
}

// aside is how long what was handed over is left alone: its last bytes are only
// just on their way to the program.
const aside = time.Millisecond

// hand never waits: the program would.
func (s *Server) hand(j job) {
	j.due = time.Now().Add(aside)
	select {
	case s.jobs <- j:
	default:
		j.x.release(&s.room, j.answered)
		s.unread.Add(1)
		if j.x.api != 0 {
			s.sink.Dropped(j.kind(), 1)
		}
	}
}
