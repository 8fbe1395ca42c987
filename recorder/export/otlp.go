package export

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// OTLP sends spans to a receiver of OpenTelemetry over HTTP: a span for each
// run, model call and tool call, named and described by the conventions for
// generative AI, one trace for a session and those that it has started. See
// docs/exporters.md.
//
// Spans are made as events come and sent by a goroutine of its own, when they
// have ended: nobody waits for the network. What finds no room, what the
// receiver refuses, and what is left when the time at the end is over, is
// counted as failures of the exporter.
type OTLP struct {
	tree  *spanTree
	work  *work[*span]
	name  string
	limit time.Duration
	taken atomic.Int64 // spans that the receiver took
}

// OTLPOptions say where spans go and how. Zero fields are the defaults.
type OTLPOptions struct {
	// Endpoint is the address of the receiver: a base address, to which
	// /v1/traces is appended, or one that ends with that.
	Endpoint string
	JSON     bool              // rather than protobuf
	Plain    bool              // not packed with gzip
	Headers  map[string]string // of each request

	Service    string            // service.name; the agent of the session when empty
	Version    string            // of this program
	Attributes map[string]string // of the resource

	Timeout  time.Duration // of one attempt; 10 s
	Retrying time.Duration // how long a batch is tried for; 1 min
	Batch    int           // spans that are sent at once; 512
	Interval time.Duration // how long a span may wait for its batch; 1 s
	MaxQueue int           // spans that may wait; 8192
	MaxBytes int64         // and how large they may be together; 32 MiB
	Limit    time.Duration // how long Close waits for the rest; 1.5 s

	// Transport makes the requests; one that verifies certificates and honours
	// HTTPS_PROXY when nil.
	Transport http.RoundTripper

	wait func(ctx context.Context, d time.Duration) error // of tests
}

// NewOTLP returns an exporter, or an error that says what is wrong with the
// options. Nothing is sent before there is a span.
func NewOTLP(o OTLPOptions) (*OTLP, error) {
	to, err := tracesURL(o.Endpoint)
	if err != nil {
		return nil, err
	}
	for name, value := range o.Headers {
		if err := checkHeader(name, value); err != nil {
			return nil, err
		}
	}
	o = o.filled()
	x := &OTLP{name: "otlp to " + shown(to), limit: o.Limit}
	post := newPoster(to, o)
	x.work = start(workOptions[*span]{
		do: func(ctx context.Context, spans []*span) (int, error) {
			lost, err := post.send(ctx, spans)
			x.taken.Add(int64(len(spans) - lost))
			return lost, err
		}, last: post.close, most: o.MaxQueue, bytes: o.MaxBytes, batch: o.Batch, large: 2 << 20, delay: o.Interval,
	})
	x.tree = newSpanTree(func(s *span) { x.work.put(s, s.size()) })
	x.tree.service, x.tree.version = o.Service, o.Version
	for _, name := range sortedKeys(o.Attributes) {
		x.tree.extra = with(x.tree.extra, name, o.Attributes[name])
	}
	return x, nil
}

func (o OTLPOptions) filled() OTLPOptions {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Retrying <= 0 {
		o.Retrying = time.Minute
	}
	if o.Batch <= 0 {
		o.Batch = 512
	}
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	if o.MaxQueue <= 0 {
		o.MaxQueue = 8192
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 32 << 20
	}
	if o.Limit <= 0 {
		o.Limit = limitAtEnd
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConns: 2, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second,
		}
	}
	if o.wait == nil {
		o.wait = wait
	}
	return o
}

// wait returns after a time, or with the error of ctx.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Name says where spans go, without what the address may hold of secrets.
func (x *OTLP) Name() string { return x.name }

// Export takes an event. The error is about spans that were sent before.
func (x *OTLP) Export(e eventlog.Event) error {
	x.tree.add(&e)
	return x.work.take()
}

// Accepted returns how many spans the receiver has taken.
func (x *OTLP) Accepted() int64 { return x.taken.Load() }

// Flush waits until all spans that have ended are sent or given up, or for the
// end of ctx. It may be called by any goroutine.
func (x *OTLP) Flush(ctx context.Context) error { return x.work.flush(ctx) }

// Close ends all spans that are open, as interrupted, sends what is left, and
// gives up when that takes too long.
func (x *OTLP) Close() error {
	x.tree.close()
	return x.work.close(x.limit)
}

// shown is an address without what may be a secret.
func shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
