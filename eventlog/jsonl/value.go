package jsonl

// Kind is what a value is, told by how it is spelled.
type Kind uint8

// The kinds of values.
const (
	NoKind         Kind = iota // not a value
	ObjectKind                 // {...}
	ArrayKind                  // [...]
	StringKind                 // "..."
	NumberKind                 // a number that JSON can spell
	LiteralKind                // true, false or null
	NotANumberKind             // NaN, Infinity or -Infinity, which JSON cannot spell
)

var kindNames = [...]string{"nothing", "object", "array", "string", "number", "literal", "not a number"}

// String returns the name of the kind.
func (k Kind) String() string { return kindNames[k] }

// KindOf returns the kind of a value that Fields, Elements or Lookup gave. It
// looks at no more than it must to tell.
func KindOf(value []byte) Kind {
	if len(value) == 0 {
		return NoKind
	}
	switch c := value[0]; c {
	case '{':
		return ObjectKind
	case '[':
		return ArrayKind
	case '"':
		return StringKind
	case 't', 'f', 'n':
		return LiteralKind
	case 'N', 'I':
		return NotANumberKind
	case '-':
		if len(value) > 1 && value[1] == 'I' {
			return NotANumberKind
		}
		return NumberKind
	default:
		if '0' <= c && c <= '9' {
			return NumberKind
		}
	}
	return NoKind
}

// IsNull reports whether the value is null.
func IsNull(value []byte) bool { return string(value) == "null" }

// Bool returns the value of true or false, and whether it is one of them.
func Bool(value []byte) (is, ok bool) {
	is = string(value) == "true"
	return is, is || string(value) == "false"
}

// isScalar reports whether b is spelled like a number or a literal.
func isScalar(b []byte) bool { return len(b) > 0 && skipScalar(b, 0) == len(b) }
