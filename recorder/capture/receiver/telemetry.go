package receiver

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/recorder/foreign"
	"github.com/lazytrace/lazytrace/recorder/layers"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
)

// telemetry is what is known of all spans and log records that were received.
type telemetry struct {
	mu      sync.Mutex
	stream  *dialect.OTLPStream
	spell   foreign.Speller
	layers  *layers.Registry
	stored  recent
	pending map[string][]eventlog.Event // by span or log record: decoded and not stored yet
	size    int                         // of their payloads
}

func newTelemetry(run string, reg *layers.Registry) *telemetry {
	return &telemetry{
		layers: reg,
		stream: dialect.NewOTLPStream(), spell: foreign.Speller{Run: run, Layer: "otlp", Prefix: "otlp"}, pending: map[string][]eventlog.Event{},
	}
}

// How many spans and log records, and bytes of them, are kept until they are
// stored, in case they are sent again. More of them are decoded anew, which tells
// no failure a second time.
const (
	mostPending      = 10_000
	mostPendingBytes = 64 << 20
)

// takeTelemetry answers POST /v1/traces, /v1/logs and /v1/metrics.
func (s *Server) takeTelemetry(w http.ResponseWriter, r *http.Request, kind string) *refusal {
	body, release, no := s.body(w, r)
	if no != nil {
		return no
	}
	defer release()
	request := dialect.OTLPRequest{Signal: dialect.OTLPTraces, Protobuf: kind == protobufType, Body: body}
	switch r.URL.Path {
	case "/v1/metrics":
		// Counters, which add up what spans and log records tell one by one.
		answerTelemetry(w, kind, "", 0, "")
		return nil
	case "/v1/logs":
		request.Signal = dialect.OTLPLogs
	}
	events, err := s.telemetry.decode(request)
	if err != nil {
		s.bad.Add(1)
		return &refusal{status: http.StatusBadRequest, why: err.Error()}
	}
	errs := make([]error, len(events))
	s.holding.Add(1)
	defer s.holding.Add(-1)
	s.record(r.Context(), events, errs)
	s.telemetry.settle(events, errs)
	rejected, why := 0, ""
	last := ""
	for i, err := range errs {
		switch {
		case err == nil:
		case errors.Is(err, pipeline.ErrRedact):
			// Sending it again would not help.
			if item := itemOf(&events[i]); item != last {
				rejected, last = rejected+1, item
			}
			why = err.Error()
		case errors.Is(err, pipeline.ErrFull):
			return &refusal{status: http.StatusTooManyRequests, why: err.Error(), retry: true}
		default:
			return &refusal{status: http.StatusServiceUnavailable, why: err.Error(), retry: errors.Is(err, errWaited)}
		}
	}
	noun := "rejectedSpans"
	if request.Signal == dialect.OTLPLogs {
		noun = "rejectedLogRecords"
	}
	answerTelemetry(w, kind, noun, rejected, why)
	_ = http.NewResponseController(w).Flush() // before Drain may end the server
	return nil
}

// itemOf is the id of the span or log record that an event is of.
func itemOf(e *eventlog.Event) string {
	item, _, _ := strings.Cut(e.ID, ".")
	return item
}

// decode returns the events of a request that were not stored yet. What is sent
// again, perhaps while it still waits to be stored, was decoded before: it is not
// told anew.
func (t *telemetry) decode(r dialect.OTLPRequest) (events []eventlog.Event, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	passed := func(item string) bool {
		if t.stored.has(item) {
			return true
		}
		before, ok := t.pending[item]
		events = append(events, before...)
		return ok
	}
	var fresh []eventlog.Event
	err = t.stream.Decode(r, passed, func(e *eventlog.Event) { fresh = append(fresh, t.spell.Event(e, t.merge(e))) })
	items(fresh, func(item string, from, to int) {
		size := sizeOf(fresh[from:to])
		if len(t.pending) < mostPending && t.size+size <= mostPendingBytes {
			t.pending[item] = slices.Clone(fresh[from:to])
			t.size += size
		}
	})
	return append(events, fresh...), err
}

// merge joins what telemetry tells with what other layers told.
func (t *telemetry) merge(e *eventlog.Event) (saw []string) {
	switch e.Kind {
	case eventlog.ToolCall:
		e.Use, saw = t.layers.Tool(layers.OTLP, layers.ToolCall{Scope: e.RunID, ID: e.CallID, Name: e.Use, Tool: e.Tool, Arguments: e.Input})
	case eventlog.ToolResult, eventlog.ToolError, eventlog.ToolTimeout:
		e.Use, saw = t.layers.Result(layers.OTLP, e.RunID, e.CallID, e.Use)
	case eventlog.Error:
		if e.Failed {
			var told bool
			if told, saw = t.layers.Failure(layers.OTLP, e.Message, true); told {
				e.Failed = false
			}
		}
	}
	if e.Bill != nil {
		saw, e.Same = t.layers.Call(layers.OTLP, false, e.Bill)
	}
	return saw
}

// items calls f for the events of each span or log record, which stand together.
func items(events []eventlog.Event, f func(item string, from, to int)) {
	for from := 0; from < len(events); {
		item, to := itemOf(&events[from]), from
		for to < len(events) && itemOf(&events[to]) == item {
			to++
		}
		f(item, from, to)
		from = to
	}
}

func sizeOf(events []eventlog.Event) (n int) {
	for i := range events {
		n += len(events[i].Payload)
	}
	return n
}

// settle notes what is stored: spans and log records all of whose events are, or
// will never be.
func (t *telemetry) settle(events []eventlog.Event, errs []error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	items(events, func(item string, from, to int) {
		for _, err := range errs[from:to] {
			if err != nil && !errors.Is(err, pipeline.ErrRedact) {
				return
			}
		}
		t.stored.add(item)
		t.size -= sizeOf(t.pending[item])
		delete(t.pending, item)
	})
}

// recent is a set that remembers what was added last.
type recent struct{ young, old map[string]struct{} }

const mostRecent = 1 << 16

func (r *recent) has(id string) bool {
	_, young := r.young[id]
	_, old := r.old[id]
	return young || old
}

func (r *recent) add(id string) {
	if len(r.young) >= mostRecent {
		r.young, r.old = nil, r.young
	}
	if r.young == nil {
		r.young = map[string]struct{}{}
	}
	r.young[id] = struct{}{}
}

// answerTelemetry answers that what was sent is stored, but for some of it.
func answerTelemetry(w http.ResponseWriter, kind, noun string, rejected int, why string) {
	if kind != protobufType {
		body := map[string]any{}
		if rejected > 0 {
			body["partialSuccess"] = map[string]any{noun: fmt.Sprint(rejected), "errorMessage": why}
		}
		writeJSON(w, http.StatusOK, body)
		return
	}
	var body []byte
	if rejected > 0 {
		partial := binary.AppendUvarint([]byte{1 << 3}, uint64(rejected))
		partial = appendBytes(partial, 2, why)
		body = appendBytes(nil, 1, string(partial))
	}
	writeProtobuf(w, http.StatusOK, body)
}

// refuseTelemetry answers as the protocol says: with a google.rpc.Status.
func refuseTelemetry(w http.ResponseWriter, kind string, no *refusal) {
	no.header(w)
	code := cmp.Or(map[int]uint64{http.StatusTooManyRequests: 8, http.StatusServiceUnavailable: 14}[no.status], 3)
	if kind != protobufType {
		writeJSON(w, no.status, map[string]any{"code": code, "message": no.why})
		return
	}
	writeProtobuf(w, no.status, appendBytes(binary.AppendUvarint([]byte{1 << 3}, code), 2, no.why))
}

func writeProtobuf(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", protobufType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the sender may be gone; there is nobody to tell
}

// appendBytes appends a field of a protobuf message that has a length.
func appendBytes(b []byte, number int, value string) []byte {
	b = append(b, byte(number<<3|2))
	return append(binary.AppendUvarint(b, uint64(len(value))), value...)
}
