package proxy

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/recorder/capture/provider"
)

// Kept is an exchange as it was on the way: a request and the answer that the
// program got to it.
type Kept struct {
	ID     string // call_id of its events
	Door   string // the provider, as addresses of the proxy name it
	API    provider.API
	Model  string // of the path
	Method string
	Path   string // at the provider
	Alt    string // the member alt of the query, by which Gemini is asked for a form of answer

	Request []byte // unpacked

	Status int
	Header map[string]string
	Answer []byte // as it came, packed or not
	Packed string // how
	Pieces []Piece
	Torn   bool // the answer broke off

	Began, Ended time.Time
}

// Piece is a piece of an answer, as it was passed on.
type Piece struct {
	End int64 // where it ends, in bytes of the answer
	At  time.Time
}

// Unpack undoes a content encoding, within the bounds of what is copied.
func Unpack(data []byte, encoding string) ([]byte, error) { return unpacked(data, encoding) }

// keptHeaders are those of an answer that its client goes by.
var keptHeaders = []string{"Content-Type", "Content-Encoding", "Retry-After", "Retry-After-Ms", "X-Should-Retry", "Request-Id", "X-Request-Id", "X-Goog-Request-Id"}

// Bounds of what waits to be kept, beside those of what waits to be read.
const (
	keepWaiting = 256
	keepRoom    = 64 << 20
	mostPieces  = 4096 // of one answer; later ones are one
)

// keeper hands exchanges to whoever keeps them, in a goroutine of its own: that
// may take its time, and neither the call nor the reading of it waits. What finds
// no room is left out and counted.
type keeper struct {
	do     func(context.Context, Kept) error
	jobs   chan Kept
	room   budget
	missed atomic.Int64
	work   sync.WaitGroup
}

func newKeeper(ctx context.Context, do func(context.Context, Kept) error) *keeper {
	k := &keeper{do: do, jobs: make(chan Kept, keepWaiting)}
	k.room.left.Store(keepRoom)
	k.work.Go(func() {
		for kept := range k.jobs {
			if k.do(ctx, kept) != nil {
				k.missed.Add(1)
			}
			k.room.give(len(kept.Request) + len(kept.Answer))
		}
	})
	return k
}

// end returns when what was handed over until then has been kept.
func (k *keeper) end() {
	close(k.jobs)
	k.work.Wait()
}

// keeping is what is known so far of an exchange that is to be kept. The copies are
// shared with whoever reads them, and nobody changes them.
type keeping struct {
	by *keeper

	mu     sync.Mutex
	asked  []byte
	failed bool // a part found no room
	over   bool
}

// request takes the body of the request.
func (h *keeping) request(data []byte, packed string, cut bool) {
	if h == nil {
		return
	}
	data, err := unpacked(data, packed)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.over:
	case cut, err != nil, !h.by.room.take(len(data)):
		h.failed = true
	default:
		h.asked = data
	}
}

// answer takes the rest, and hands it over.
func (h *keeping) answer(x *exchange, data []byte, pieces []Piece, cut bool) {
	if h == nil || x.status == 0 || x.status == http.StatusSwitchingProtocols {
		h.drop(false)
		return
	}
	h.mu.Lock()
	whole := !h.failed && !h.over && !cut && h.by.room.take(len(data))
	if whole {
		h.over = true
	}
	h.mu.Unlock()
	if !whole {
		h.drop(true)
		return
	}
	kept := Kept{
		ID: x.id, Door: x.door, API: x.api, Model: x.model, Method: x.method, Path: x.to.Path, Alt: x.to.Query().Get("alt"), Request: h.asked,
		Status: x.status, Header: x.header, Answer: data, Packed: x.answerPacked, Pieces: pieces, Torn: x.torn, Began: x.began, Ended: x.ended,
	}
	select {
	case h.by.jobs <- kept:
	default:
		h.by.room.give(len(kept.Request) + len(kept.Answer))
		h.by.missed.Add(1)
	}
}

// drop lets go of what is not kept. An answer that there was is missed.
func (h *keeping) drop(missed bool) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return
	}
	h.over = true
	h.by.room.give(len(h.asked))
	h.asked = nil
	if missed {
		h.by.missed.Add(1)
	}
}
