package dialect

import (
	"bytes"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// outliner finds the members of records, unless somebody has done so ahead. Each
// byte of a record is then looked at once, however often the decoder asks for what
// lies in it.
type outliner struct{ members []eventlog.Member }

// of returns the record as a value that its members are known of, as far as the
// shape goes.
func (o *outliner) of(rec *eventlog.Record, shape jsonl.Shape) outlined {
	if rec.Members != nil {
		return outlined{rec.Body, rec.Body, rec.Members}
	}
	var ok bool
	if o.members, ok = shape.Outline(rec.Body, o.members[:0]); !ok {
		return outlined{rec.Body, rec.Body, nil} // Fields has the last word on it
	}
	return outlined{rec.Body, rec.Body, o.members}
}

// outlined is a value of a record, whose members may be known. The zero outlined
// is no value.
type outlined struct {
	body    []byte // of the record
	raw     []byte
	members []eventlog.Member
}

// each calls fn for the members of an object or the elements of an array.
func (o outlined) each(fn func(key []byte, value outlined) bool) error {
	return jsonl.Members(o.body, o.raw, o.members, func(key, value []byte, members []eventlog.Member) bool {
		return fn(key, outlined{o.body, value, members})
	})
}

// get returns the member with a name, the last of several, or no value.
func (o outlined) get(name string) (found outlined) {
	if len(o.raw) == 0 || o.raw[0] != '{' {
		return outlined{}
	}
	err := o.each(func(key []byte, value outlined) bool {
		if string(key) == name {
			found = value
		}
		return true
	})
	if err != nil {
		return outlined{}
	}
	return found
}

// word returns what stands between the quotes of a string, without copying it
// where it has no escapes; of anything else its text.
func word(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' || bytes.IndexByte(value, '\\') >= 0 {
		return []byte(readable(value))
	}
	return value[1 : len(value)-1]
}
