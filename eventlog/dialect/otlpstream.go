package dialect

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// OTLPStream decodes requests of OTLP as they are received, one after the other
// and in full: what one of them tells is known when the next one comes, as it
// is of the documents of a file. It is for one goroutine.
type OTLPStream struct{ o *otlp }

// NewOTLPStream returns a decoder that has seen nothing.
func NewOTLPStream() *OTLPStream { return &OTLPStream{newOTLP("")} }

// OTLPSignal is what a request tells of.
type OTLPSignal uint8

// The signals that are decoded.
const (
	OTLPTraces OTLPSignal = OTLPSignal(signalSpans)
	OTLPLogs   OTLPSignal = OTLPSignal(signalLogs)
)

// OTLPRequest is the body of a request.
type OTLPRequest struct {
	Signal   OTLPSignal
	Protobuf bool
	Body     []byte
}

// deepestDocument bounds how far values lie in each other in JSON. That of
// protobuf is bounded by deepestMessage.
const deepestDocument = 256

// Decode calls emit for each event of a request. The id of an event is that of
// its span or log record, which that has in whatever request, a dot and a number.
// What passed reports as known by its id was sent before: it is passed over.
func (s *OTLPStream) Decode(r OTLPRequest, passed func(id string) bool, emit func(*eventlog.Event)) error {
	o, body := s.o, r.Body
	if r.Protobuf {
		var whole bool
		if o.wire, whole = appendFields(o.wire[:0], body, wireDocuments[r.Signal], 0); !whole {
			return errors.New("the body is no whole message of OTLP")
		}
		body = o.wire
	}
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\ufffd"))
	}
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0 || body[0] != '{' || !jsonl.Valid(body):
		return errors.New("the body is no JSON object")
	case deeper(body, deepestDocument):
		return errors.New("values of the body lie too deep in each other")
	}
	o.items = o.items[:0]
	// An export of nothing may leave its only list out.
	if err := o.document(body); err != nil && !errors.Is(err, errNoSignal) {
		return err
	}
	alike, fresh := map[eventlog.Identity]int{}, o.items[:0]
	for i := range o.items {
		it := o.items[i]
		if it.eventID = it.identity(alike); !passed(it.eventID) {
			fresh = append(fresh, it)
		}
	}
	o.items = fresh
	o.decode(true, emit)
	return nil
}

// deeper reports whether objects and lists lie in each other more than most deep.
func deeper(text []byte, most int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// identity is the id of a span, or of a log record by its content. Those that are
// alike to the letter within one request are told apart by their number.
func (it *otlpItem) identity(alike map[eventlog.Identity]int) string {
	if it.kind == itemSpan && it.id.ok() {
		return it.id.traceText() + "-" + it.id.run()
	}
	var list []byte
	if it.resource != nil {
		list = it.resource.list
	}
	same := eventlog.Identify("otlp", string(list), string(it.scope), string(it.raw))
	id := hex.EncodeToString(same[:])
	if n := alike[same]; n > 0 {
		id += "-" + strconv.Itoa(n)
	}
	alike[same]++
	return id
}

// named returns emit, with an id for each event of an item that has one.
func (it *otlpItem) named(emit func(*eventlog.Event)) func(*eventlog.Event) {
	if it.eventID == "" {
		return emit
	}
	n := 0
	return func(e *eventlog.Event) {
		e.ID = it.eventID + "." + strconv.Itoa(n)
		n++
		emit(e)
	}
}
