package receiver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// mostEvents is how many events one request may hold.
const mostEvents = 10_000

// eventsAnswer tells what became of the events of a request.
type eventsAnswer struct {
	Acks   []string     `json:"acks"` // of those that are committed, in their order
	Errors []eventError `json:"errors,omitempty"`
}

type eventError struct {
	Index int    `json:"index"` // in the request, from 0
	ID    string `json:"id,omitempty"`
	Error string `json:"error"`
}

// takeEvents answers POST /v1/events: an event, an array of them, or one a line.
func (s *Server) takeEvents(w http.ResponseWriter, r *http.Request, _ string) *refusal {
	body, release, no := s.body(w, r)
	if no != nil {
		return no
	}
	defer release()
	texts, err := wire.Split(body)
	switch {
	case err != nil:
		s.bad.Add(1)
		return &refusal{status: http.StatusBadRequest, why: err.Error()}
	case len(texts) == 0:
		return &refusal{status: http.StatusBadRequest, why: "no event in the body"}
	case len(texts) > mostEvents:
		return &refusal{status: http.StatusRequestEntityTooLarge, why: fmt.Sprintf("%d events, at most %d are taken at once", len(texts), mostEvents)}
	}
	events, errs := make([]eventlog.Event, len(texts)), make([]error, len(texts))
	for i, text := range texts {
		if events[i], errs[i] = wire.Decode(text); errs[i] != nil {
			s.bad.Add(1)
		} else if events[i].ID == "" {
			events[i].ID = wire.NewID(time.Now())
		}
	}
	defer s.hold(w)()
	s.record(r.Context(), events, errs)
	answer := eventsAnswer{Acks: []string{}}
	for i, err := range errs {
		if err == nil {
			answer.Acks = append(answer.Acks, events[i].ID)
		} else {
			answer.Errors = append(answer.Errors, eventError{Index: i, ID: events[i].ID, Error: err.Error()})
		}
	}
	status, retry := statusOf(errs)
	(&refusal{retry: retry}).header(w)
	writeJSON(w, status, answer)
	return nil
}

// errWaited is the error of an event of which nobody knows yet whether it will
// be stored.
var errWaited = errors.New("it was not stored in time; send it again under the same id")

// hold keeps Drain from ending the server until what it returns is called, which
// sends the answer.
func (s *Server) hold(w http.ResponseWriter) (done func()) {
	s.holding.Add(1)
	return func() {
		_ = http.NewResponseController(w).Flush() // the sender may be gone; there is nobody to tell
		s.holding.Add(-1)
	}
}

// record hands over the events that have no error yet, and returns when each of
// them is committed or has one.
func (s *Server) record(ctx context.Context, events []eventlog.Event, errs []error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Wait)
	defer cancel()
	var mu sync.Mutex // what is not known when we stop waiting may become known then
	results := make([]error, len(events))
	all := make(chan struct{})
	left := 1 // and those that were handed over and have no result yet
	settle := func(i int, err error) {
		mu.Lock()
		defer mu.Unlock()
		if i >= 0 {
			results[i] = err
		}
		if left--; left == 0 {
			close(all)
		}
	}
	for i := range events {
		if errs[i] != nil {
			continue
		}
		mu.Lock()
		results[i] = errWaited
		left++
		mu.Unlock()
		if err := s.sink.Record(ctx, events[i], func(err error) { settle(i, err) }); err != nil {
			if ctx.Err() != nil {
				err = errWaited
			}
			settle(i, err)
		}
	}
	settle(-1, nil)
	select {
	case <-all:
	case <-ctx.Done():
	}
	mu.Lock()
	defer mu.Unlock()
	for i := range events {
		if errs[i] == nil {
			if errs[i] = results[i]; errs[i] == nil {
				s.events.Add(1)
			}
		}
	}
}

// statusOf returns the status of a request by what became of its events, and
// whether the same request may fare better later. Only a request all of which
// is committed succeeds.
func statusOf(errs []error) (status int, retry bool) {
	status = http.StatusOK
	for _, err := range errs {
		switch {
		case err == nil:
		case errors.Is(err, pipeline.ErrFull):
			return http.StatusTooManyRequests, true
		case errors.Is(err, wire.ErrNotEvent), errors.Is(err, pipeline.ErrRedact):
			status = max(status, http.StatusBadRequest)
		default:
			status, retry = http.StatusServiceUnavailable, retry || errors.Is(err, errWaited)
		}
	}
	return status, retry
}
