package dialect

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Path leads to a value of a record: names with points between them. The first
// is a field of a line or a column of a row. A number is the place in a list,
// counted from zero, or from behind when it is negative. A text that holds JSON
// is gone into as well.
type Path []string

// ParsePath reads a path. A name with a point in it stands in quotes.
func ParsePath(text string) (Path, error) {
	var p Path
	for rest := text; ; {
		var name string
		if strings.HasPrefix(rest, `"`) {
			end := strings.IndexByte(rest[1:], '"')
			if end < 0 {
				return nil, fmt.Errorf("the path %q has a quote that is not closed", text)
			}
			name, rest = rest[1:end+1], rest[end+2:]
			if rest != "" && rest[0] != '.' {
				return nil, fmt.Errorf("the path %q goes on after a quote without a point", text)
			}
		} else {
			end := strings.IndexByte(rest, '.')
			if end < 0 {
				end = len(rest)
			}
			name, rest = rest[:end], rest[end:]
		}
		if name == "" {
			return nil, fmt.Errorf("the path %q has a name that is empty", text)
		}
		p = append(p, name)
		if rest == "" {
			return p, nil
		}
		rest = rest[1:]
	}
}

// value is a value of a record: JSON, or the bare text of a cell.
type value struct {
	json []byte
	text []byte // of a cell
	bare bool   // text holds it
}

func (v value) there() bool {
	if v.bare {
		return len(v.text) > 0
	}
	return first(v.json) != nil
}

// cellValue returns a cell as a value.
func cellValue(c eventlog.Cell) value {
	switch c.Type {
	case eventlog.Text, eventlog.Blob:
		return value{text: c.Text, bare: true}
	case eventlog.Null:
		return value{}
	}
	return value{json: cellNumber(c)}
}

// at goes along the rest of a path.
func (v value) at(path Path) value {
	for _, name := range path {
		body := v.json
		if v.bare {
			body = v.text
		} else if inner, ok := jsonl.String(body); ok {
			body = []byte(inner)
		}
		if body = trimmed(body); len(body) == 0 {
			return value{}
		}
		var next []byte
		switch body[0] {
		case '{':
			next, _ = jsonl.Lookup(body, name)
		case '[':
			next = element(body, name)
		}
		if next == nil {
			return value{}
		}
		v = value{json: next}
	}
	return v
}

// element returns an element of a list, counted from behind when negative.
func element(list []byte, name string) []byte {
	n, err := strconv.Atoi(name)
	if err != nil {
		return nil
	}
	if n < 0 {
		size := 0
		_ = jsonl.Elements(list, func([]byte) bool { size++; return true })
		n += size
	}
	var found []byte
	_ = jsonl.Elements(list, func(e []byte) bool {
		if n == 0 {
			found = e
		}
		n--
		return found == nil && n >= 0
	})
	return found
}

func trimmed(b []byte) []byte {
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	return b
}

// name returns the value as a name.
func (v value) name(n names) string {
	if v.bare {
		return n.of(v.text)
	}
	return n.text(v.json)
}

// number returns the value as JSON spells a number, or as a string of one.
func (v value) number() []byte {
	if v.bare {
		return v.text
	}
	return v.json
}

// String returns the value as a person would read it: never as an object.
func (v value) String() string {
	text, spelled := string(v.text), v.bare
	if !v.bare {
		text, spelled = jsonl.String(v.json)
	}
	if spelled {
		if inner := trimmed([]byte(text)); len(inner) > 0 && (inner[0] == '{' || inner[0] == '[') && jsonl.Valid(inner) {
			return value{json: inner}.String()
		}
		return text
	}
	if len(v.json) == 0 {
		return ""
	}
	switch v.json[0] {
	case '[':
		return contentText(v.json)
	case '{':
		for _, name := range []string{"text", "message", "content", "name"} {
			if inner, ok := lookup(v.json, name); ok {
				return value{json: inner}.String()
			}
		}
		return ""
	}
	return readable(v.json)
}

// body returns the value as JSON. A text that holds JSON is taken out.
func (v value) body() json.RawMessage {
	if !v.bare {
		return inputOf(v.json)
	}
	if text := trimmed(v.text); len(text) > 0 && (text[0] == '{' || text[0] == '[') && jsonl.Valid(text) {
		return clone(text)
	}
	if len(v.text) == 0 {
		return nil
	}
	quoted, _ := json.Marshal(string(v.text))
	return quoted
}

// money reads an amount that is told in parts of a dollar.
func (v value) money(parts int64) (eventlog.Money, bool) {
	text := strings.Trim(string(v.number()), `" `)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && parts > 1 {
		// Whole parts, exactly.
		unit := int64(eventlog.Dollar) / parts
		if n < 0 || n > (1<<62)/unit {
			return 0, false
		}
		return eventlog.Money(n * unit), true
	}
	m, err := eventlog.ParseMoney(text)
	if err != nil || m < 0 || text == "" {
		return 0, false
	}
	return (m + eventlog.Money(parts/2)) / eventlog.Money(parts), true
}
