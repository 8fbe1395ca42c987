package dialect

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// OTLP reads OpenTelemetry's spans and log records: what a collector's file
// exporter writes, as JSON or protobuf, and single requests. See
// docs/format/otlp.md.
type OTLP struct{}

// Name returns the name of the format.
func (OTLP) Name() string { return "otlp" }

// Sniff knows a document by the one key that it has, and a message by its shape.
func (OTLP) Sniff(h *Head) int {
	if h.IsDatabase() {
		return 0
	}
	for _, line := range h.Lines {
		known := false
		_ = jsonl.Fields(line, func(key, value []byte) bool {
			known = known || signalOf(key) != noSignal && value[0] == '['
			return true
		})
		if known {
			return 95
		}
	}
	if len(h.Lines) == 0 && beginsWithSignal(h.Text) {
		return 90
	}
	if framesOf(h.Start) != NoFrames {
		return 90
	}
	return 0
}

// Stacks tells that documents may take many lines.
func (OTLP) Stacks() {}

// Frames tells protobuf from JSON.
func (OTLP) Frames(h *Head) Framing {
	if len(h.Lines) > 0 && len(h.Lines[0]) > 0 && (h.Lines[0][0] == '{' || h.Lines[0][0] == '[') {
		return NoFrames
	}
	return framesOf(h.Start)
}

// Rank puts what an agent itself keeps of a session before what it reported.
func (OTLP) Rank(*Head) int { return -1 }

// Tables asks for nothing: it is never a database.
func (OTLP) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (OTLP) Open(seg Segment) Decoder { return newOTLP(seg.Path) }

// beginsWithSignal reports whether a text begins with an object whose first key
// is that of a document.
func beginsWithSignal(start []byte) bool {
	rest := bytes.TrimLeft(start, " \t\r\n[")
	if len(rest) == 0 || rest[0] != '{' {
		return false
	}
	key, _, _ := bytes.Cut(bytes.TrimLeft(rest[1:], " \t\r\n\""), []byte{'"'})
	return signalOf(key) != noSignal
}

// signal is what a document holds.
type signal uint8

const (
	noSignal signal = iota
	signalSpans
	signalLogs
	signalMetrics
)

// signalOf tells it by the key. Writers spell the keys of the envelope in camel
// case or with underscores.
func signalOf(key []byte) signal {
	switch string(key) {
	case "resourceSpans", "resource_spans":
		return signalSpans
	case "resourceLogs", "resource_logs":
		return signalLogs
	case "resourceMetrics", "resource_metrics":
		return signalMetrics
	}
	return noSignal
}

// otlp decodes one segment.
type otlp struct {
	names names
	file  string // the session of what tells of none
	trace traces
	items []otlpItem
	e     eventlog.Event
	b     eventlog.Bill
	goals map[string]bool // sessions whose goal was told
	wire  []byte          // a message, spelled as JSON
}

func newOTLP(path string) *otlp {
	return &otlp{names: names{}, file: streamName(path), trace: newTraces(), goals: map[string]bool{}}
}

// otlpItem is a span or a log record taken apart but not decoded. Values are
// raw JSON that points into the record.
type otlpItem struct {
	kind       itemKind
	id         spanID // of a log record: of the span that it was written in
	parent     spanID
	name       []byte
	start, end eventlog.Stamp
	failed     bool
	message    []byte // of the status
	attrs      attributes
	list       []byte // all attributes, as they are spelled
	events     []byte
	body       []byte
	severity   int64
	scope      []byte
	resource   *otlpResource
	role       role
	raw        []byte // as it is spelled
	eventID    string // of what was received rather than read
}

type itemKind uint8

const (
	itemNone itemKind = iota
	itemSpan
	itemLog
	itemMetrics
)

// otlpResource is what wrote some items.
type otlpResource struct {
	attrs attributes
	list  []byte
}

// spanID names a span: the trace's id and its own.
type spanID [24]byte

var noSpan spanID

func (s spanID) ok() bool { return [8]byte(s[16:]) != [8]byte{} }

func (s spanID) traced() bool { return [16]byte(s[:16]) != [16]byte{} }

// run is what the span is called where a run is named.
func (s spanID) run() string {
	if !s.ok() {
		return ""
	}
	return hex.EncodeToString(s[16:])
}

func (s spanID) traceText() string { return hex.EncodeToString(s[:16]) }

// readID reads an id of a trace or span: hex by the standard, base64 as
// protobuf's own mapping to JSON spells bytes.
func readID(to, value []byte) {
	clear(to)
	text, ok := jsonl.String(value)
	if !ok || text == "" {
		return
	}
	if len(text) == 2*len(to) {
		if _, err := hex.Decode(to, []byte(text)); err == nil {
			return
		}
		clear(to)
	}
	if b, err := base64.StdEncoding.DecodeString(text); err == nil && len(b) == len(to) {
		copy(to, b)
		return
	}
	// An id of another make is still an id.
	id := eventlog.Identify(text)
	copy(to, id[:])
}

// errNoSignal is the fault of an object that is no document.
var errNoSignal = errors.New("no resourceSpans, resourceLogs or resourceMetrics in it")

// Decode decodes a document: all spans of one export.
func (o *otlp) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	body := rec.Body
	o.items = o.items[:0]
	if len(body) > 0 && body[0] != '{' && body[0] != '[' {
		var err error
		if o.wire, err = appendMessage(o.wire[:0], body); err != nil {
			return err
		}
		body = o.wire
	}
	if err := o.documents(body); err != nil {
		return err
	}
	o.decode(full, emit)
	return nil
}

func (o *otlp) documents(body []byte) error {
	if len(body) > 0 && body[0] == '[' {
		var failed error
		err := jsonl.Elements(body, func(v []byte) bool {
			failed = o.document(v)
			return failed == nil
		})
		return errors.Join(err, failed)
	}
	return o.document(body)
}

func (o *otlp) document(body []byte) error {
	known := false
	var failed error
	err := jsonl.Fields(body, func(key, value []byte) bool {
		if what := signalOf(key); what != noSignal {
			known = true
			// Metrics are counters that add up what spans and log records tell one by
			// one: they are counted as records and otherwise left.
			if value[0] == '[' && what != signalMetrics {
				failed = errors.Join(failed, jsonl.Elements(value, func(v []byte) bool {
					o.resource(what, v)
					return true
				}))
			}
		}
		return true
	})
	switch {
	case err != nil:
		return err
	case failed != nil:
		return failed
	case !known:
		return errNoSignal
	}
	return nil
}

// resource takes what one resource wrote. Its attributes may stand behind it.
func (o *otlp) resource(what signal, body []byte) {
	res := &otlpResource{}
	var scopes []byte
	_ = fieldsOf(body, func(key, value []byte) bool {
		switch string(key) {
		case "resource":
			_ = fieldsOf(value, func(key, value []byte) bool {
				if string(key) == "attributes" {
					res.list = value
					res.attrs.read(value)
				}
				return true
			})
		case "scopeSpans", "scope_spans", "scopeLogs", "scope_logs", "instrumentationLibrarySpans", "instrumentation_library_spans", "instrumentationLibraryLogs", "instrumentation_library_logs":
			scopes = value
		}
		return true
	})
	elements(scopes, func(scope []byte) {
		var name, list []byte
		_ = fieldsOf(scope, func(key, value []byte) bool {
			switch string(key) {
			case "scope", "instrumentationLibrary", "instrumentation_library":
				name, _ = lookup(value, "name")
			case "spans", "logRecords", "log_records", "logs":
				list = value
			}
			return true
		})
		elements(list, func(v []byte) {
			it := o.item()
			it.scope, it.resource = name, res
			if what == signalLogs {
				it.readLog(v)
			} else {
				it.readSpan(v)
			}
		})
	})
}

// elements is jsonl.Elements for what may be no array.
func elements(list []byte, fn func(value []byte)) {
	if len(list) == 0 || list[0] != '[' {
		return
	}
	_ = jsonl.Elements(list, func(v []byte) bool {
		fn(v)
		return true
	})
}

// item returns room for one more item.
func (o *otlp) item() *otlpItem {
	if len(o.items) < cap(o.items) {
		o.items = o.items[:len(o.items)+1]
	} else {
		o.items = append(o.items, otlpItem{})
	}
	it := &o.items[len(o.items)-1]
	*it = otlpItem{}
	return it
}

func (it *otlpItem) readSpan(body []byte) {
	it.kind, it.raw = itemSpan, body
	_ = fieldsOf(body, func(key, value []byte) bool {
		switch string(key) {
		case "traceId", "trace_id":
			readID(it.id[:16], value)
		case "spanId", "span_id":
			readID(it.id[16:], value)
		case "parentSpanId", "parent_span_id":
			readID(it.parent[16:], value)
		case "name":
			it.name = value
		case "startTimeUnixNano", "start_time_unix_nano":
			it.start = nanos(value)
		case "endTimeUnixNano", "end_time_unix_nano":
			it.end = nanos(value)
		case "attributes":
			it.list = value
			it.attrs.read(value)
		case "events":
			it.events = value
		case "status":
			_ = fieldsOf(value, func(key, value []byte) bool {
				switch string(key) {
				case "code":
					it.failed = isErrorCode(value)
				case "message":
					it.message = value
				}
				return true
			})
		}
		return true
	})
	it.finish()
}

func (it *otlpItem) readLog(body []byte) {
	it.kind, it.raw = itemLog, body
	var observed eventlog.Stamp
	_ = fieldsOf(body, func(key, value []byte) bool {
		switch string(key) {
		case "traceId", "trace_id":
			readID(it.id[:16], value)
		case "spanId", "span_id":
			readID(it.id[16:], value)
		case "timeUnixNano", "time_unix_nano":
			it.end = nanos(value)
		case "observedTimeUnixNano", "observed_time_unix_nano":
			observed = nanos(value)
		case "severityNumber", "severity_number":
			it.severity = severity(value)
		case "eventName", "event_name":
			it.name = value
		case "body":
			it.body = anyValue(value)
		case "attributes":
			it.list = value
			it.attrs.read(value)
		}
		return true
	})
	if !it.end.Known() {
		it.end = moment(it.attrs.of[attrEventTime])
	}
	if !it.end.Known() {
		it.end = observed
	}
	it.finish()
}

// finish fills in what follows from what was read.
func (it *otlpItem) finish() {
	if it.parent.ok() {
		copy(it.parent[:16], it.id[:16])
	}
	if it.parent == it.id {
		it.parent = noSpan
	}
	if it.end < it.start {
		it.end = it.start // it was never ended, or its clock was set back
	}
	if it.kind == itemSpan {
		it.role = it.roleOf()
	}
}

// nanos reads a time in nanoseconds since 1970, a number or a text.
func nanos(value []byte) eventlog.Stamp {
	n, ok := jsonl.Int(value)
	if !ok || n <= 0 {
		return 0
	}
	return eventlog.Stamp(n)
}

func isErrorCode(value []byte) bool {
	if n, ok := jsonl.Int(value); ok {
		return n == 2
	}
	word, _ := jsonl.String(value)
	return word == "STATUS_CODE_ERROR" || word == "ERROR" || word == "Error"
}

// severity returns the number of a severity, which may be told by its name.
func severity(value []byte) int64 {
	if n, ok := jsonl.Int(value); ok {
		return n
	}
	word, _ := jsonl.String(value)
	switch {
	case bytes.HasPrefix([]byte(word), []byte("SEVERITY_NUMBER_ERROR")):
		return severityError
	case bytes.HasPrefix([]byte(word), []byte("SEVERITY_NUMBER_FATAL")):
		return severityError + 4
	}
	return 0
}

// severityError is the least severity of an error.
const severityError = 17
