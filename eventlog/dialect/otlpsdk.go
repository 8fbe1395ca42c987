package dialect

import (
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// sdkObjects decodes the objects of OpenTelemetry's SDK for JavaScript, which
// some agents write to a file as they are in memory, or nearly so. Their spans
// and log records are those of OTLP, otherwise spelled.
type sdkObjects struct{ *otlp }

// sdkKind tells what an object of the SDK is.
func sdkKind(value []byte) itemKind {
	var scope, span, ended, log, attrs, metrics, flat bool
	_ = fieldsOf(value, func(key, v []byte) bool {
		switch string(key) {
		case "instrumentationScope", "instrumentationLibrary":
			scope = true
		case "_spanContext":
			span = true
		case "spanId":
			flat = true
		case "startTime", "endTime":
			ended = true
		case "_body", "hrTime", "hrTimeObserved":
			log = true
		case "attributes", "_attributes":
			attrs = v[0] == '{'
		case "scopeMetrics":
			metrics = true
		case "type":
			metrics = metrics || readable(v) == "metric"
		}
		return true
	})
	switch {
	case span && ended, flat && ended && attrs:
		return itemSpan
	case log && attrs && (scope || !ended):
		return itemLog
	case metrics:
		return itemMetrics
	}
	return itemNone
}

// Decode decodes an object.
func (s *sdkObjects) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	// An object that is torn is a fault, whatever it is.
	if err := jsonl.Fields(rec.Body, func(_, _ []byte) bool { return true }); err != nil {
		return err
	}
	s.items = s.items[:0]
	switch sdkKind(rec.Body) {
	case itemSpan:
		s.readSpan(rec.Body)
	case itemLog:
		s.readLog(rec.Body)
	case itemMetrics: // counted as a record; see OTLP
	default:
		return ErrNoEvent
	}
	s.decode(full, emit)
	return nil
}

func (s *sdkObjects) readSpan(body []byte) {
	it := s.item()
	it.kind = itemSpan
	_ = fieldsOf(body, func(key, value []byte) bool {
		switch string(key) {
		case "_spanContext":
			readContext(&it.id, value)
		case "traceId":
			readID(it.id[:16], value)
		case "spanId":
			readID(it.id[16:], value)
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

func (s *sdkObjects) readLog(body []byte) {
	it := s.item()
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
		case "traceId":
			readID(it.id[:16], value)
		case "spanId":
			readID(it.id[16:], value)
		case "name", "eventName":
			it.name = value
		case "time", "timestamp":
			if observed = hrTime(value); !observed.Known() {
				observed = moment(value)
			}
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
