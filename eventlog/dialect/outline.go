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
	if len(o.members) == 0 {
		return jsonl.Members(o.raw, func(key, value []byte) bool { return fn(key, outlined{raw: value}) })
	}
	for i := 0; i < len(o.members); {
		m, next := o.at(i)
		if !fn(o.body[m.Key:m.KeyEnd], o.value(i)) {
			break
		}
		i = next
	}
	return nil
}

// at returns a member, and where the next one of the same value is.
func (o *outlined) at(i int) (m *eventlog.Member, next int) {
	m = &o.members[i]
	return m, i + 1 + int(m.Inner)
}

// value returns the value of a member.
func (o *outlined) value(i int) outlined {
	m, next := o.at(i)
	return outlined{o.body, o.body[m.From:m.To:m.To], o.members[i+1 : next : next]}
}

// get returns the member with a name, the last of several, or no value.
func (o outlined) get(name string) (found outlined) {
	if len(o.raw) == 0 || o.raw[0] != '{' {
		return outlined{}
	}
	if len(o.members) == 0 {
		found.raw, _ = jsonl.Lookup(o.raw, name)
		return found
	}
	best := -1
	for i := 0; i < len(o.members); {
		m, next := o.at(i)
		if string(o.body[m.Key:m.KeyEnd]) == name {
			best = i
		}
		i = next
	}
	if best < 0 {
		return outlined{}
	}
	return o.value(best)
}

// word returns what stands between the quotes of a string, without copying it
// where it has no escapes; of anything else its text.
func word(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' || bytes.IndexByte(value, '\\') >= 0 {
		return []byte(readable(value))
	}
	return value[1 : len(value)-1]
}
