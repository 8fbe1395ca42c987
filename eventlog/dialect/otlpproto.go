package dialect

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strconv"
)

// Messages of OTLP in protobuf are spelled as the JSON that the standard maps
// them to, so that one reader reads both. Only the fields that are read are
// listed here.

// wireKind says how a field is spelled.
type wireKind uint8

const (
	wireMessage wireKind = iota
	wireValue            // a message that may hold its like
	wireText
	wireHex    // bytes: the ids
	wireBase64 // bytes
	wireInt
	wireBool
	wireFixed // eight bytes: a time
	wireDouble
)

// wireField is one field of a message.
type wireField struct {
	number int
	name   string
	kind   wireKind
	list   bool
	of     *wireSchema
}

type wireSchema []wireField

var (
	wireKV     = &wireSchema{{number: 1, name: "key", kind: wireText}, {number: 2, name: "value", kind: wireValue}}
	wireValues = &wireSchema{{number: 1, name: "values", list: true, kind: wireValue}}
	wirePairs  = &wireSchema{{number: 1, name: "values", list: true, of: wireKV}}
	wireAny    = &wireSchema{
		{number: 1, name: "stringValue", kind: wireText}, {number: 2, name: "boolValue", kind: wireBool}, {number: 3, name: "intValue", kind: wireInt},
		{number: 4, name: "doubleValue", kind: wireDouble}, {number: 5, name: "arrayValue", of: wireValues}, {number: 6, name: "kvlistValue", of: wirePairs},
		{number: 7, name: "bytesValue", kind: wireBase64},
	}

	wireResource = &wireSchema{{number: 1, name: "attributes", list: true, of: wireKV}}
	wireScope    = &wireSchema{{number: 1, name: "name", kind: wireText}, {number: 2, name: "version", kind: wireText}}
	wireEvent    = &wireSchema{
		{number: 1, name: "timeUnixNano", kind: wireFixed}, {number: 2, name: "name", kind: wireText}, {number: 3, name: "attributes", list: true, of: wireKV},
	}
	wireStatus = &wireSchema{{number: 2, name: "message", kind: wireText}, {number: 3, name: "code", kind: wireInt}}
	wireSpan   = &wireSchema{
		{number: 1, name: "traceId", kind: wireHex}, {number: 2, name: "spanId", kind: wireHex}, {number: 4, name: "parentSpanId", kind: wireHex},
		{number: 5, name: "name", kind: wireText}, {number: 6, name: "kind", kind: wireInt},
		{number: 7, name: "startTimeUnixNano", kind: wireFixed}, {number: 8, name: "endTimeUnixNano", kind: wireFixed},
		{number: 9, name: "attributes", list: true, of: wireKV}, {number: 11, name: "events", list: true, of: wireEvent}, {number: 15, name: "status", of: wireStatus},
	}
	wireLog = &wireSchema{
		{number: 1, name: "timeUnixNano", kind: wireFixed}, {number: 11, name: "observedTimeUnixNano", kind: wireFixed},
		{number: 2, name: "severityNumber", kind: wireInt}, {number: 3, name: "severityText", kind: wireText}, {number: 5, name: "body", kind: wireValue},
		{number: 6, name: "attributes", list: true, of: wireKV}, {number: 9, name: "traceId", kind: wireHex}, {number: 10, name: "spanId", kind: wireHex},
		{number: 12, name: "eventName", kind: wireText},
	}
	wireMetric = &wireSchema{{number: 1, name: "name", kind: wireText}}

	wireDocuments = [...]*wireSchema{
		signalSpans:   wireDocument("resourceSpans", "scopeSpans", "spans", wireSpan),
		signalLogs:    wireDocument("resourceLogs", "scopeLogs", "logRecords", wireLog),
		signalMetrics: wireDocument("resourceMetrics", "scopeMetrics", "metrics", wireMetric),
	}
)

func wireDocument(resources, scopes, items string, item *wireSchema) *wireSchema {
	scope := &wireSchema{{number: 1, name: "scope", of: wireScope}, {number: 2, name: items, list: true, of: item}}
	resource := &wireSchema{{number: 1, name: "resource", of: wireResource}, {number: 2, name: scopes, list: true, of: scope}}
	return &wireSchema{{number: 1, name: resources, list: true, of: resource}}
}

// The wire types.
const (
	wireVarint = 0
	wireEight  = 1
	wireBytes  = 2
	wireFour   = 5
)

// errMessage is the fault of bytes that are no message of OTLP.
var errMessage = errors.New("not a message of spans, log records or metrics")

// wireFields gives the fields of a message: their number and wire type, the
// number of a varint or of eight bytes, and the bytes of everything else. It
// reports how far the message could be read: to its end if it is whole.
func wireFields(b []byte, fn func(number, typ int, n uint64, body []byte) bool) (read int) {
	for i := 0; i < len(b); {
		tag, size := binary.Uvarint(b[i:])
		if size <= 0 || tag>>3 == 0 || tag>>3 > 1<<29 {
			return i
		}
		at := i + size
		var n uint64
		var body []byte
		switch tag & 7 {
		case wireVarint:
			if n, size = binary.Uvarint(b[at:]); size <= 0 {
				return i
			}
			at += size
		case wireEight:
			if len(b)-at < 8 {
				return i
			}
			n = binary.LittleEndian.Uint64(b[at:])
			at += 8
		case wireBytes:
			length, size := binary.Uvarint(b[at:])
			if size <= 0 || length > uint64(len(b)-at-size) {
				return i
			}
			body = b[at+size : at+size+int(length)]
			at += size + int(length)
		case wireFour:
			if len(b)-at < 4 {
				return i
			}
			at += 4
		default:
			return i
		}
		if !fn(int(tag>>3), int(tag&7), n, body) {
			return at
		}
		i = at
	}
	return len(b)
}

// deepestMessage bounds how values may hold values.
const deepestMessage = 64

// appendMessage appends a document, spelled as JSON.
func appendMessage(dst, message []byte) ([]byte, error) {
	what, whole := noSignal, true
	read := wireFields(message, func(number, typ int, _ uint64, body []byte) bool {
		if number == 1 && typ == wireBytes {
			what = signalOfResource(body)
			whole = whole && wireFields(body, func(int, int, uint64, []byte) bool { return true }) == len(body)
		}
		return what == noSignal
	})
	if what == noSignal {
		if whole && read == len(message) && read > 0 {
			return append(dst, `{"resourceSpans":[]}`...), nil // an export of nothing
		}
		return dst, errMessage
	}
	dst, ok := appendFields(dst, message, wireDocuments[what], 0)
	if !ok {
		return dst, errors.New("a message that is damaged or cut off")
	}
	return dst, nil
}

func appendFields(dst, message []byte, schema *wireSchema, depth int) ([]byte, bool) {
	if depth > deepestMessage {
		return append(dst, "null"...), true
	}
	dst = append(dst, '{')
	begun, ok := false, true
	for i := range *schema {
		f := &(*schema)[i]
		found := false
		read := wireFields(message, func(number, typ int, n uint64, body []byte) bool {
			if number != f.number || typ != f.wireType() {
				return true
			}
			switch {
			case !found:
				if begun {
					dst = append(dst, ',')
				}
				dst = append(append(append(dst, '"'), f.name...), `":`...)
				if f.list {
					dst = append(dst, '[')
				}
			case f.list:
				dst = append(dst, ',')
			default:
				return true // a single field that is there again
			}
			begun, found = true, true
			var fine bool
			dst, fine = f.append(dst, n, body, depth)
			ok = ok && fine
			return true
		})
		ok = ok && read == len(message)
		if found && f.list {
			dst = append(dst, ']')
		}
	}
	return append(dst, '}'), ok
}

func (f *wireField) wireType() int {
	switch f.kind {
	case wireInt, wireBool:
		return wireVarint
	case wireFixed, wireDouble:
		return wireEight
	}
	return wireBytes
}

func (f *wireField) append(dst []byte, n uint64, body []byte, depth int) ([]byte, bool) {
	switch f.kind {
	case wireMessage:
		return appendFields(dst, body, f.of, depth+1)
	case wireValue:
		return appendFields(dst, body, wireAny, depth+1)
	case wireText:
		return appendJSONText(dst, body), true
	case wireHex:
		return append(hex.AppendEncode(append(dst, '"'), body), '"'), true
	case wireBase64:
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), body), '"'), true
	case wireInt:
		return append(strconv.AppendInt(append(dst, '"'), int64(n), 10), '"'), true
	case wireBool:
		return strconv.AppendBool(dst, n != 0), true
	case wireFixed:
		return append(strconv.AppendUint(append(dst, '"'), n, 10), '"'), true
	}
	v := math.Float64frombits(n)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(dst, "null"...), true
	}
	return strconv.AppendFloat(dst, v, 'g', -1, 64), true
}

func appendJSONText(dst, text []byte) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// signalOfResource tells by its first span, log record or metric what a
// resource has written: their messages look alike from outside.
func signalOfResource(resource []byte) signal {
	what := noSignal
	wireFields(resource, func(number, typ int, _ uint64, scope []byte) bool {
		if number == 2 && typ == wireBytes {
			wireFields(scope, func(number, typ int, _ uint64, item []byte) bool {
				if number == 2 && typ == wireBytes {
					what = signalOfItem(item)
				}
				return what == noSignal
			})
		}
		return what == noSignal
	})
	return what
}

func signalOfItem(item []byte) signal {
	var trace, span, named, began, logged, data bool
	read := wireFields(item, func(number, typ int, _ uint64, body []byte) bool {
		switch {
		case typ == wireEight && (number == 7 || number == 8):
			began = true
		case typ == wireEight && (number == 1 || number == 11):
			logged = true
		case typ == wireBytes && number == 1:
			trace, named = len(body) == 16, len(body) > 0
		case typ == wireBytes && number == 2:
			span = len(body) == 8
		case typ == wireBytes && (number == 5 || number == 7 || number >= 9 && number <= 11):
			data = true
		}
		return true
	})
	switch {
	case read != len(item) || len(item) == 0:
		return noSignal
	case began, trace && span:
		return signalSpans
	case logged:
		return signalLogs
	case named && data:
		return signalMetrics
	}
	return noSignal
}

// framesOf tells by the beginning of a file how messages stand in it.
func framesOf(start []byte) Framing {
	const sized, longest = 4, 64 << 20
	if len(start) > sized {
		n := binary.BigEndian.Uint32(start)
		if n > 0 && n <= longest && looksLikeMessage(start[sized:min(len(start), sized+int(n))]) {
			return SizedFrames
		}
	}
	if looksLikeMessage(start) {
		return OneFrame
	}
	return NoFrames
}

// looksLikeMessage reports whether bytes begin a document. They may be cut off,
// but not before the first span, log record or metric has ended.
func looksLikeMessage(b []byte) bool {
	const field1, field2 = 1<<3 | wireBytes, 2<<3 | wireBytes
	enter := func(b []byte, field byte) []byte {
		if len(b) == 0 || b[0] != field {
			return nil
		}
		n, size := binary.Uvarint(b[1:])
		if size <= 0 {
			return nil
		}
		b = b[1+size:]
		return b[:min(uint64(len(b)), n)]
	}
	next := func(b []byte) []byte { // what stands behind the first field
		var behind []byte
		read := wireFields(b, func(int, int, uint64, []byte) bool { return false })
		if read > 0 {
			behind = b[read:]
		}
		return behind
	}
	resource := enter(b, field1)
	if len(resource) > 0 && resource[0] == field1 {
		resource = next(resource)
	}
	scope := enter(resource, field2)
	if len(scope) > 0 && scope[0] == field1 {
		scope = next(scope)
	}
	return signalOfItem(enter(scope, field2)) != noSignal
}
