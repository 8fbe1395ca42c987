package dialect

import (
	"bytes"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// outliner finds the members of records, unless somebody has done so ahead. Each
// byte of a record is then looked at once, however often the decoder asks for what
// lies in it.
type outliner struct {
	now  outline
	room []eventlog.Member // for what nobody has found ahead
}

// outline is a record and its members.
type outline struct {
	body    []byte
	members []eventlog.Member
}

// of returns the record as a value that its members are known of, as far as the
// shape goes. It is good until the next one is asked for.
func (o *outliner) of(rec *eventlog.Record, lines *jsonl.Outliner) outlined {
	o.now = outline{rec.Body, rec.Members}
	if rec.Members == nil {
		var ok bool
		if o.room, ok = lines.Outline(rec.Body, o.room[:0]); !ok {
			return outlined{raw: rec.Body} // Fields has the last word on it
		}
		o.now.members = o.room
	}
	return outlined{rec.Body, &o.now, 0, uint32(len(o.now.members))}
}

// outlined is a value of a record, whose members may be known: those from one index to
// another of the outline. The zero outlined is no value. With a key it is as large as
// what is passed in registers: there are a dozen of them to a record.
type outlined struct {
	raw      []byte
	of       *outline
	from, to uint32
}

// each calls fn for the members of an object or the elements of an array.
func (o outlined) each(fn func(key []byte, value outlined) bool) error {
	if !o.known() {
		return jsonl.Members(o.raw, func(key, value []byte) bool { return fn(key, outlined{raw: value}) })
	}
	for i := o.from; i < o.to; i = o.of.next(i) {
		if !fn(o.of.key(i), o.of.value(i)) {
			break
		}
	}
	return nil
}

// known reports whether the members are, each of which has an index: from the first
// one on to the last, as next tells.
func (o outlined) known() bool { return o.from < o.to }

// next returns the index of the member behind the one with an index, and behind what
// lies in it.
func (o *outline) next(i uint32) uint32 { return i + 1 + o.members[i].Inner }

// key returns the name of a member.
func (o *outline) key(i uint32) []byte {
	m := &o.members[i]
	return o.body[m.Key : m.Key+uint32(m.KeyLen)]
}

// raw returns the value of a member, as it is spelled.
func (o *outline) raw(i uint32) []byte {
	m := &o.members[i]
	return o.body[m.From:m.To:m.To]
}

// value returns the value of a member.
func (o *outline) value(i uint32) outlined { return outlined{o.raw(i), o, i + 1, o.next(i)} }

// get returns the member with a name, the last of several, or no value.
func (o outlined) get(name string) (found outlined) {
	if len(o.raw) == 0 || o.raw[0] != '{' {
		return outlined{}
	}
	if !o.known() {
		found.raw, _ = jsonl.Lookup(o.raw, name)
		return found
	}
	for i := o.from; i < o.to; i = o.of.next(i) {
		if string(o.of.key(i)) == name {
			found = o.of.value(i)
		}
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
