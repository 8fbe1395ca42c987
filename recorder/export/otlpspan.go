package export

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// span is a span of OpenTelemetry.
type span struct {
	trace      traceID
	id, parent spanID // a parent of zeros is none
	name       string
	kind       spanKind
	start, end eventlog.Stamp
	attrs      []attribute
	events     []spanEvent
	failed     bool
	message    string // why
	from       *resource
}

type (
	traceID  [16]byte
	spanID   [8]byte
	spanKind int
)

// The kinds of spans, by their numbers in OTLP.
const (
	kindInternal spanKind = 1
	kindClient   spanKind = 3
)

// statusFailed is the number of a status of error.
const statusFailed = 2

// spanEvent is something that happened within a span.
type spanEvent struct {
	at    eventlog.Stamp
	name  string
	attrs []attribute
}

// attribute is a name with a value: a string, an int64, a float64, a bool or a
// []string.
type attribute struct {
	name  string
	value any
}

// resource is what spans are told by. It does not change.
type resource struct {
	attrs   []attribute
	version string // of the program
}

// scopeName is what the spans are made by.
const scopeName = "lazytrace"

// longestValue bounds a text in an attribute, in bytes.
const longestValue = 32 << 10

// set adds an attribute, unless it is an empty text.
func (s *span) set(name string, value any) { s.attrs = with(s.attrs, name, value) }

// replace sets an attribute that may be there.
func (s *span) replace(name string, value any) {
	for i := range s.attrs {
		if s.attrs[i].name == name {
			s.attrs[i].value = value
			return
		}
	}
	s.set(name, value)
}

func with(attrs []attribute, name string, value any) []attribute {
	if text, ok := value.(string); ok {
		if text == "" {
			return attrs
		}
		value = fit(text)
	}
	return append(attrs, attribute{name, value})
}

// fit makes a text valid and short enough.
func fit(text string) string {
	if len(text) > longestValue {
		cut := longestValue
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "..."
	}
	return strings.ToValidUTF8(text, "\ufffd")
}

// size is about how many bytes the span takes.
func (s *span) size() int64 {
	n := 128 + len(s.name) + len(s.message) + sizeOf(s.attrs)
	for i := range s.events {
		n += 32 + len(s.events[i].name) + sizeOf(s.events[i].attrs)
	}
	return int64(n)
}

func sizeOf(attrs []attribute) (n int) {
	for _, a := range attrs {
		n += 16 + len(a.name)
		switch v := a.value.(type) {
		case string:
			n += len(v)
		case []string:
			for _, s := range v {
				n += len(s)
			}
		}
	}
	return n
}

// byResource groups spans by what they are told by, in their order.
func byResource(spans []*span) (groups [][]*span) {
	at := map[*resource]int{}
	for _, s := range spans {
		i, ok := at[s.from]
		if !ok {
			i = len(groups)
			at[s.from] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], s)
	}
	return groups
}

// message is a protobuf message that is being written.
type message []byte

func (m *message) bytes(number int, value []byte) {
	*m = binary.AppendUvarint(*m, uint64(number)<<3|2)
	*m = append(binary.AppendUvarint(*m, uint64(len(value))), value...)
}

func (m *message) text(number int, value string) {
	if value != "" {
		m.bytes(number, []byte(value))
	}
}

func (m *message) int(number int, value uint64) {
	*m = binary.AppendUvarint(*m, uint64(number)<<3)
	*m = binary.AppendUvarint(*m, value)
}

func (m *message) fixed(number int, value uint64) {
	*m = binary.AppendUvarint(*m, uint64(number)<<3|1)
	*m = binary.LittleEndian.AppendUint64(*m, value)
}

// in adds a message within the message.
func (m *message) in(number int, fill func(m *message)) {
	var inner message
	fill(&inner)
	m.bytes(number, inner)
}

// protobufOf spells an ExportTraceServiceRequest, which has the fields of
// TracesData.
func protobufOf(spans []*span) []byte {
	var m message
	for _, group := range byResource(spans) {
		m.in(1, func(m *message) {
			m.in(1, func(m *message) { m.attributes(1, group[0].from.attrs) })
			m.in(2, func(m *message) {
				m.in(1, func(m *message) {
					m.text(1, scopeName)
					m.text(2, group[0].from.version)
				})
				for _, s := range group {
					m.in(2, s.protobuf)
				}
			})
		})
	}
	return m
}

func (s *span) protobuf(m *message) {
	m.bytes(1, s.trace[:])
	m.bytes(2, s.id[:])
	if s.parent != (spanID{}) {
		m.bytes(4, s.parent[:])
	}
	m.text(5, s.name)
	m.int(6, uint64(s.kind))
	m.fixed(7, uint64(max(0, s.start)))
	m.fixed(8, uint64(max(0, s.end)))
	m.attributes(9, s.attrs)
	for _, e := range s.events {
		m.in(11, func(m *message) {
			m.fixed(1, uint64(max(0, e.at)))
			m.text(2, e.name)
			m.attributes(3, e.attrs)
		})
	}
	if s.failed {
		m.in(15, func(m *message) {
			m.text(2, s.message)
			m.int(3, statusFailed)
		})
	}
}

func (m *message) attributes(number int, attrs []attribute) {
	for _, a := range attrs {
		m.in(number, func(m *message) {
			m.text(1, a.name)
			m.in(2, func(m *message) { m.value(a.value) })
		})
	}
}

func (m *message) value(v any) {
	switch v := v.(type) {
	case string:
		m.bytes(1, []byte(v)) // an empty one is a value too
	case bool:
		n := uint64(0)
		if v {
			n = 1
		}
		m.int(2, n)
	case int64:
		m.int(3, uint64(v))
	case float64:
		m.fixed(4, math.Float64bits(v))
	case []string:
		m.in(5, func(m *message) {
			for _, text := range v {
				m.in(1, func(m *message) { m.value(text) })
			}
		})
	}
}

// jsonOf spells the same in JSON.
func jsonOf(spans []*span) []byte {
	var resources jsonList
	for _, group := range byResource(spans) {
		var all jsonList
		for _, s := range group {
			all.add(s.json())
		}
		var scope, scoped, told, of wire.Object
		scope.Text("name", scopeName)
		scope.Text("version", group[0].from.version)
		scoped.Raw("scope", scope.JSON())
		scoped.Raw("spans", all.json())
		told.Raw("attributes", attributesJSON(group[0].from.attrs))
		of.Raw("resource", told.JSON())
		of.Raw("scopeSpans", jsonList{scoped.JSON()}.json())
		resources.add(of.JSON())
	}
	var o wire.Object
	o.Raw("resourceSpans", resources.json())
	return o.JSON()
}

func (s *span) json() []byte {
	var o wire.Object
	o.Text("traceId", hex.EncodeToString(s.trace[:]))
	o.Text("spanId", hex.EncodeToString(s.id[:]))
	if s.parent != (spanID{}) {
		o.Text("parentSpanId", hex.EncodeToString(s.parent[:]))
	}
	o.Text("name", s.name)
	o.Int("kind", int64(s.kind))
	o.Text("startTimeUnixNano", nanos(s.start))
	o.Text("endTimeUnixNano", nanos(s.end))
	o.Raw("attributes", attributesJSON(s.attrs))
	if len(s.events) > 0 {
		var events jsonList
		for _, e := range s.events {
			var event wire.Object
			event.Text("timeUnixNano", nanos(e.at))
			event.Text("name", e.name)
			event.Raw("attributes", attributesJSON(e.attrs))
			events.add(event.JSON())
		}
		o.Raw("events", events.json())
	}
	if s.failed {
		var status wire.Object
		status.Text("message", s.message)
		status.Int("code", statusFailed)
		o.Raw("status", status.JSON())
	}
	return o.JSON()
}

// nanos spells a moment as JSON has numbers of 64 bits: as a text.
func nanos(s eventlog.Stamp) string { return strconv.FormatInt(int64(max(0, s)), 10) }

func attributesJSON(attrs []attribute) []byte {
	all := jsonList{}
	for _, a := range attrs {
		var o wire.Object
		o.Text("key", a.name)
		o.Raw("value", valueJSON(a.value))
		all.add(o.JSON())
	}
	return all.json()
}

func valueJSON(v any) []byte {
	var o wire.Object
	switch v := v.(type) {
	case string:
		o.Raw("stringValue", wire.AppendString(nil, v))
	case bool:
		o.Raw("boolValue", strconv.AppendBool(nil, v))
	case int64:
		o.Text("intValue", strconv.FormatInt(v, 10))
	case float64:
		o.Set("doubleValue", v)
	case []string:
		var values jsonList
		for _, text := range v {
			values.add(valueJSON(text))
		}
		var array wire.Object
		array.Raw("values", values.json())
		o.Raw("arrayValue", array.JSON())
	}
	return o.JSON()
}

// jsonList is a JSON array that is being written.
type jsonList [][]byte

func (l *jsonList) add(value []byte) { *l = append(*l, value) }

func (l jsonList) json() []byte {
	b := []byte{'['}
	for i, v := range l {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, v...)
	}
	return append(b, ']')
}
