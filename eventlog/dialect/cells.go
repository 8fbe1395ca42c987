package dialect

import (
	"strconv"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// cellText returns a cell as a text. The types of columns are not to be relied
// upon.
func cellText(c eventlog.Cell) string { return string(cellBody(c)) }

// cellNumber returns a cell as JSON spells it, if it is a number or a text that
// holds one.
func cellNumber(c eventlog.Cell) []byte {
	switch c.Type {
	case eventlog.Integer:
		return strconv.AppendInt(nil, c.Int, 10)
	case eventlog.Real:
		return strconv.AppendFloat(nil, c.Real, 'f', -1, 64)
	case eventlog.Text:
		if len(c.Text) > 0 {
			return strconv.AppendQuote(nil, string(c.Text))
		}
	}
	return nil
}

// cellBody returns the bytes of a cell, and those of a number as it is spelled.
func cellBody(c eventlog.Cell) []byte {
	switch c.Type {
	case eventlog.Integer, eventlog.Real:
		return cellNumber(c)
	}
	return c.Text
}

// fieldsOf is jsonl.Fields for what may be no object.
func fieldsOf(object []byte, fn func(key, value []byte) bool) error {
	if len(object) == 0 || object[0] != '{' {
		return nil
	}
	return jsonl.Fields(object, fn)
}

// lookup is jsonl.Lookup for what may be no object; null is nothing.
func lookup(object []byte, path ...string) ([]byte, bool) {
	if len(object) == 0 || object[0] != '{' {
		return nil, false
	}
	value, ok := jsonl.Lookup(object, path...)
	if !ok || jsonl.IsNull(value) {
		return nil, false
	}
	return value, true
}
