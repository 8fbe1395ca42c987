package dialect

// taken fills the fields of a record, and knows which are there. Most are not: clearing
// all of them for the next record would take longer than filling these. It is part of
// what has the fields.
type taken struct {
	there    []takenField
	numbered []*[]byte // the fields of members, by their numbers
	other    []byte    // of members that have no field
}

// takenField is a field, and which member of an outline it was taken from.
type takenField struct {
	field *[]byte
	from  uint32
}

// reset clears the fields.
func (t *taken) reset() {
	for i := range t.there {
		*t.there[i].field = nil
	}
	t.there = t.there[:0]
}

// take gives a field a value.
func (t *taken) take(field *[]byte, value []byte) { t.put(field, value, 0) }

func (t *taken) put(field *[]byte, value []byte, from uint32) {
	*field = value
	t.there = append(t.there, takenField{field, from})
}

// object takes the members of an object, the last of those with one name. The function
// tells the field of a name, or nil when it has none: once for all members with a number.
func (t *taken) object(o outlined, fieldOf func(name []byte) *[]byte) error {
	if !o.known() {
		return o.each(func(name []byte, value outlined) bool {
			if field := fieldOf(name); field != nil {
				t.take(field, value.raw)
			}
			return true
		})
	}
	members, body := o.of.members, o.of.body
	for i := o.from; i < o.to; i += 1 + members[i].Inner {
		m := &members[i]
		var field *[]byte
		if int(m.Number) < len(t.numbered) {
			field = t.numbered[m.Number]
		}
		if field == nil {
			field = t.number(m.Number, fieldOf(o.of.key(i)))
		}
		t.put(field, body[m.From:m.To:m.To], i)
	}
	return nil
}

// number notes the field of the members with a number, and returns it.
func (t *taken) number(number uint16, field *[]byte) *[]byte {
	if field == nil {
		field = &t.other
	}
	if number > 0 {
		for len(t.numbered) <= int(number) {
			t.numbered = append(t.numbered, nil)
		}
		t.numbered[number] = field
	}
	return field
}

// value returns the value of a field that was taken from an object, and what is known of
// what lies in it.
func (t *taken) value(o outlined, field *[]byte) outlined {
	if o.known() && *field != nil {
		for i := len(t.there) - 1; i >= 0; i-- {
			if t.there[i].field == field {
				return o.of.value(t.there[i].from)
			}
		}
	}
	return outlined{raw: *field}
}
