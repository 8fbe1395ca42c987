package dialect

import (
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// GeminiTelemetry reads the file that Gemini CLI writes its telemetry to: the
// objects of OpenTelemetry's SDK for JavaScript as they are in memory, one after
// the other. See docs/format/gemini-telemetry.md.
type GeminiTelemetry struct{}

// Name returns the name of the format.
func (GeminiTelemetry) Name() string { return "gemini-telemetry" }

// Sniff knows an object by the fields that only these have, and the scope that
// each of them names.
func (GeminiTelemetry) Sniff(h *Head) int {
	for _, value := range h.Lines {
		if sdkKind(value) != itemNone {
			return 93
		}
	}
	return 0
}

// Stacks tells that objects take many lines.
func (GeminiTelemetry) Stacks() {}

// Rank puts a chat before what was reported of it.
func (GeminiTelemetry) Rank(*Head) int { return OTLP{}.Rank(nil) }

// Tables asks for nothing: it is never a database.
func (GeminiTelemetry) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (GeminiTelemetry) Open(seg Segment) Decoder {
	return &geminiTelemetry{newOTLP(seg.Path)}
}

// geminiTelemetry decodes one file. Its spans and log records are those of
// OTLP, otherwise spelled.
type geminiTelemetry struct{ *otlp }

// sdkKind tells what an object of the SDK is.
func sdkKind(value []byte) itemKind {
	var scope, span, ended, log, attrs, metrics bool
	_ = fieldsOf(value, func(key, v []byte) bool {
		switch string(key) {
		case "instrumentationScope", "instrumentationLibrary":
			scope = true
		case "_spanContext":
			span = true
		case "startTime", "endTime":
			ended = true
		case "_body", "hrTime", "hrTimeObserved":
			log = true
		case "attributes", "_attributes":
			attrs = v[0] == '{'
		case "scopeMetrics":
			metrics = true
		}
		return true
	})
	switch {
	case span && ended:
		return itemSpan
	case log && attrs && (scope || !ended):
		return itemLog
	case metrics:
		return itemMetrics
	}
	return itemNone
}

// Decode decodes an object.
func (g *geminiTelemetry) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	// An object that is torn is a fault, whatever it is.
	if err := jsonl.Fields(rec.Body, func(_, _ []byte) bool { return true }); err != nil {
		return err
	}
	g.items = g.items[:0]
	switch sdkKind(rec.Body) {
	case itemSpan:
		g.sdkSpan(rec.Body)
	case itemLog:
		g.sdkLog(rec.Body)
	case itemMetrics: // counted as a record; see OTLP
	default:
		return ErrNoEvent
	}
	g.decode(full, emit)
	return nil
}

func (g *geminiTelemetry) sdkSpan(body []byte) {
	it := g.item()
	it.kind = itemSpan
	_ = fieldsOf(body, func(key, value []byte) bool {
		switch string(key) {
		case "_spanContext":
			readContext(&it.id, value)
		case "parentSpanContext":
			readContext(&it.parent, value)
		case "parentSpanId":
			readID(it.parent[16:], value)
		case "name":
			it.name = value
		case "startTime":
			it.start = hrTime(value)
		case "endTime":
			it.end = hrTime(value)
		case "attributes":
			it.list = value
			it.attrs.read(value)
		case "events":
			it.events = value
		case "status":
			code, _ := lookup(value, "code")
			it.failed = isErrorCode(code)
			it.message, _ = lookup(value, "message")
		case "instrumentationScope", "instrumentationLibrary":
			it.scope, _ = lookup(value, "name")
		case "resource":
			it.resource = sdkResource(value)
		}
		return true
	})
	it.finish()
}

func (g *geminiTelemetry) sdkLog(body []byte) {
	it := g.item()
	it.kind = itemLog
	var observed eventlog.Stamp
	_ = fieldsOf(body, func(key, value []byte) bool {
		switch string(key) {
		case "hrTime":
			it.end = hrTime(value)
		case "hrTimeObserved":
			observed = hrTime(value)
		case "spanContext":
			readContext(&it.id, value)
		case "_body", "body":
			it.body = value
		case "_severityNumber", "severityNumber":
			it.severity = severity(value)
		case "attributes", "_attributes":
			it.list = value
			it.attrs.read(value)
		case "instrumentationScope", "instrumentationLibrary":
			it.scope, _ = lookup(value, "name")
		case "resource":
			it.resource = sdkResource(value)
		}
		return true
	})
	if !it.end.Known() {
		it.end = observed
	}
	it.finish()
}

// sdkResource reads what wrote an object. Attributes of a resource are pairs in
// a list, of which some may not be known yet, or in older versions an object.
func sdkResource(body []byte) *otlpResource {
	res := &otlpResource{}
	_ = fieldsOf(body, func(key, value []byte) bool {
		switch string(key) {
		case "attributes", "_attributes", "_syncAttributes":
			res.list = value
			res.attrs.read(value)
		case "_rawAttributes":
			object := []byte{'{'}
			elements(value, func(pair []byte) {
				var name, v []byte
				elements(pair, func(e []byte) {
					if name == nil {
						name = e
					} else {
						v = e
					}
				})
				if len(name) == 0 || name[0] != '"' || len(v) == 0 {
					return
				}
				if len(object) > 1 {
					object = append(object, ',')
				}
				object = append(append(append(object, name...), ':'), v...)
			})
			res.list = append(object, '}')
			res.attrs.read(res.list)
		}
		return true
	})
	return res
}

func readContext(id *spanID, value []byte) {
	_ = fieldsOf(value, func(key, v []byte) bool {
		switch string(key) {
		case "traceId":
			readID(id[:16], v)
		case "spanId":
			readID(id[16:], v)
		}
		return true
	})
}

// hrTime reads a time that is a pair of seconds and nanoseconds.
func hrTime(value []byte) eventlog.Stamp {
	var parts []int64
	elements(value, func(v []byte) {
		n, _ := jsonl.Int(v)
		parts = append(parts, n)
	})
	const latest = 9e9 // seconds
	if len(parts) != 2 || parts[0] <= 0 || parts[0] > latest || parts[1] < 0 || parts[1] >= 1e9 {
		return 0
	}
	return eventlog.Stamp(parts[0])*1e9 + eventlog.Stamp(parts[1])
}
