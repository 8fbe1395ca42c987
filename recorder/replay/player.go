package replay

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/proxy"
)

// Options say how a Player answers.
type Options struct {
	Exchanges []eventlog.Exchange // without bodies, in the order in which they were asked
	// Bodies fills in those of one. It may be called by any goroutine.
	Bodies func(ctx context.Context, e *eventlog.Exchange) error
	Masker Masker // as what is kept was masked with
	Match  Match
	Pass   bool    // what is not in the record goes to the provider
	Speed  float64 // how fast pieces come: 1 as they came, 2 in half the time; 0 at once
}

// Player answers from a record.
type Player struct {
	opts   Options
	record *record

	mu   sync.Mutex
	sums Sums
}

// Sums are what a Player did.
type Sums struct {
	Served   int // requests that were answered from the record
	Loosely  int // of them, those that were not asked in quite the same words
	InOrder  int // of them, those that were answered by their order alone
	Masked   int // of them, those whose answers hold masks where there were secrets
	Missed   int // requests that the record has no answer to
	Misses   []string
	Recorded int
}

// told is how many misses are remembered in words.
const told = 3

// New returns a Player of some exchanges.
func New(o Options) *Player {
	return &Player{opts: o, record: newRecord(o.Exchanges), sums: Sums{Recorded: len(o.Exchanges)}}
}

// Sums returns what was done until now.
func (p *Player) Sums() Sums {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sums
	s.Misses = slices.Clone(s.Misses)
	return s
}

// Answer answers a request, and reports false for one that goes to the provider.
func (p *Player) Answer(w http.ResponseWriter, r *http.Request, a proxy.Asked) bool {
	began := time.Now()
	q, err := Canonical(p.opts.Masker, a)
	if err != nil {
		fail(w, a.API, "the request cannot be compared with the record: "+err.Error())
		p.missed("")
		return true
	}
	e, by := p.record.find(&q, a.Method+" "+a.Path, p.opts.Match)
	if e == nil {
		return p.miss(w, r, a, &q)
	}
	x := e.Exchange
	var body []byte
	if err = p.opts.Bodies(r.Context(), &x); err == nil {
		body, err = unpack(x.Answer)
	}
	if err != nil {
		why := fmt.Sprintf("recorded answer %d cannot be read: %v", e.number, err)
		fail(w, a.API, why)
		p.missed(why)
		return true
	}
	p.served(by, x.Masked)
	p.serve(w, r, &x, body, began)
	return true
}

func (p *Player) served(by Match, masked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sums.Served++
	switch by {
	case Loose:
		p.sums.Loosely++
	case Sequence:
		p.sums.InOrder++
	}
	if masked {
		p.sums.Masked++
	}
}

func (p *Player) missed(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sums.Missed++
	if why != "" && len(p.sums.Misses) < told {
		p.sums.Misses = append(p.sums.Misses, why)
	}
}

// serve sends an answer as it was: its bytes, its pieces, and its end. A client that
// does not take it packed gets it as it would have been read.
func (p *Player) serve(w http.ResponseWriter, r *http.Request, x *eventlog.Exchange, body []byte, began time.Time) {
	pieces := x.Pieces
	encoding := x.Header["Content-Encoding"]
	if encoding != "" && !takes(r.Header, encoding) {
		if plain, err := proxy.Unpack(body, encoding); err == nil {
			body, pieces, encoding = plain, nil, ""
		}
	}
	for name, value := range x.Header {
		if name != "Content-Encoding" || encoding != "" {
			w.Header()[name] = []string{value}
		}
	}
	if !x.Torn && !strings.HasPrefix(x.Header["Content-Type"], "text/event-stream") {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	flush := http.NewResponseController(w)
	headed := false
	at := int64(0)
	for _, piece := range append(slices.Clone(pieces), eventlog.Piece{End: int64(len(body))}) {
		end := max(at, min(piece.End, int64(len(body))))
		if p.opts.Speed > 0 && !pause(r.Context(), time.Until(began.Add(time.Duration(float64(piece.After)/p.opts.Speed)))) {
			panic(http.ErrAbortHandler) // nobody reads on
		}
		if !headed {
			w.WriteHeader(x.Status)
			headed = true
		}
		if end == at {
			continue
		}
		if _, err := w.Write(body[at:end]); err != nil {
			panic(http.ErrAbortHandler)
		}
		_ = flush.Flush() // what cannot be sent shows with the next piece
		at = end
	}
	if x.Torn {
		_ = flush.Flush()
		panic(http.ErrAbortHandler)
	}
}

// takes reports whether a client takes answers that are packed so.
func takes(h http.Header, encoding string) bool {
	return strings.Contains(strings.ToLower(h.Get("Accept-Encoding")), strings.ToLower(encoding))
}

// pause waits, and reports whether somebody still does.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
