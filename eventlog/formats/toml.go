package formats

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Problem says what is wrong in a description, where, and what would be right.
type Problem struct {
	File    string
	Line    int
	Key     string
	What    string
	Allowed string
}

// Error returns the problem in one line.
func (p Problem) Error() string {
	text := fmt.Sprintf("%s:%d: ", p.File, p.Line)
	if p.Key != "" {
		text += p.Key + ": "
	}
	text += p.What
	if p.Allowed != "" {
		text += "; allowed: " + p.Allowed
	}
	return strings.ReplaceAll(text, "\n", " ")
}

// document is a file of TOML with the line of every key.
type document struct {
	file     string
	lines    map[string]int
	problems []error
}

// wrong notes a problem with a key.
func (d *document) wrong(key, what, allowed string) {
	d.problems = append(d.problems, Problem{d.file, d.line(key), key, what, allowed})
}

// line returns where a key stands, or the table that should hold it.
func (d *document) line(key string) int {
	for key != "" {
		if n, ok := d.lines[key]; ok {
			return n
		}
		key = key[:max(0, strings.LastIndexAny(key, ".["))]
	}
	return 1
}

// parse reads the text and finds the lines of its keys.
func (d *document) parse(text []byte) (map[string]any, bool) {
	tree := map[string]any{}
	if err := toml.Unmarshal(text, &tree); err != nil {
		line := 1
		var bad *toml.DecodeError
		if errors.As(err, &bad) {
			line, _ = bad.Position()
		}
		d.problems = append(d.problems, Problem{d.file, line, "", "it is no TOML: " + strings.TrimPrefix(err.Error(), "toml: "), ""})
		return nil, false
	}
	var p unstable.Parser
	p.Reset(text)
	d.lines = map[string]int{}
	table, counts := "", map[string]int{}
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table:
			table = d.place(&p, "", e.Key(), counts)
		case unstable.ArrayTable:
			table = d.place(&p, "", e.Key(), counts)
			counts[table]++
			table += "[" + strconv.Itoa(counts[table]-1) + "]"
		case unstable.KeyValue:
			d.keyValue(&p, table, e, counts)
		}
	}
	return tree, true
}

// place notes the line of a key and returns its path. A table of a list that
// was begun is the last one of the list.
func (d *document) place(p *unstable.Parser, prefix string, key unstable.Iterator, counts map[string]int) string {
	path := prefix
	for key.Next() {
		if n := counts[path]; n > 0 {
			path += "[" + strconv.Itoa(n-1) + "]"
		}
		path = joined(path, string(key.Node().Data))
		if _, ok := d.lines[path]; !ok {
			d.lines[path] = p.Shape(key.Node().Raw).Start.Line
		}
	}
	return path
}

func (d *document) keyValue(p *unstable.Parser, prefix string, e *unstable.Node, counts map[string]int) {
	path := d.place(p, prefix, e.Key(), counts)
	d.inner(p, path, e.Value(), counts)
}

func (d *document) inner(p *unstable.Parser, path string, v *unstable.Node, counts map[string]int) {
	switch v.Kind {
	case unstable.InlineTable:
		for children := v.Children(); children.Next(); {
			d.keyValue(p, path, children.Node(), counts)
		}
	case unstable.Array:
		i := 0
		for children := v.Children(); children.Next(); i++ {
			d.inner(p, path+"["+strconv.Itoa(i)+"]", children.Node(), counts)
		}
	}
}

func joined(prefix, key string) string {
	if prefix == "" {
		return key
	}
	return prefix + "." + key
}

// section is a table of the document on its way through the reader. What is not
// asked for is wrong.
type section struct {
	doc  *document
	path string
	keys map[string]any
	seen []string
}

// done notes every key that nobody asked for.
func (s *section) done() {
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		if !slices.Contains(s.seen, key) {
			s.doc.wrong(joined(s.path, key), "this key is not known here", strings.Join(s.seen, ", "))
		}
	}
}

func (s *section) take(key string) (any, string, bool) {
	s.seen = append(s.seen, key)
	v, ok := s.keys[key]
	return v, joined(s.path, key), ok
}

// section returns a table below, and whether it is there.
func (s *section) section(key string) (*section, bool) {
	v, path, ok := s.take(key)
	if !ok {
		return &section{doc: s.doc, path: path}, false
	}
	t, ok := v.(map[string]any)
	if !ok {
		s.doc.wrong(path, "it is "+kindOf(v), "a table")
	}
	return &section{doc: s.doc, path: path, keys: t}, ok
}

// sections returns the tables of a list.
func (s *section) sections(key string) []*section {
	v, path, ok := s.take(key)
	if !ok {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		s.doc.wrong(path, "it is "+kindOf(v), "a list of tables")
		return nil
	}
	var out []*section
	for i, v := range list {
		at := path + "[" + strconv.Itoa(i) + "]"
		t, ok := v.(map[string]any)
		if !ok {
			s.doc.wrong(at, "it is "+kindOf(v), "a table")
			continue
		}
		out = append(out, &section{doc: s.doc, path: at, keys: t})
	}
	return out
}

func (s *section) text(key string) string {
	v, path, ok := s.take(key)
	if !ok {
		return ""
	}
	text, ok := v.(string)
	if !ok {
		s.doc.wrong(path, "it is "+kindOf(v), "a text")
	}
	return text
}

// choice returns a text that is one of a few, the first when it is not there.
func (s *section) choice(key string, allowed ...string) string {
	if _, ok := s.keys[key]; !ok {
		s.seen = append(s.seen, key)
		return allowed[0]
	}
	text := s.text(key)
	if !slices.Contains(allowed, text) {
		s.doc.wrong(joined(s.path, key), strconv.Quote(text)+" is not known", strings.TrimPrefix(strings.Join(allowed, ", "), ", "))
	}
	return text
}

func (s *section) flag(key string) bool {
	v, path, ok := s.take(key)
	if !ok {
		return false
	}
	is, ok := v.(bool)
	if !ok {
		s.doc.wrong(path, "it is "+kindOf(v), "true, false")
	}
	return is
}

// texts returns a text or a list of them.
func (s *section) texts(key string) []string {
	v, path, ok := s.take(key)
	if !ok {
		return nil
	}
	return s.doc.texts(path, v, "a text, a list of texts")
}

func (d *document) texts(path string, v any, allowed string) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for i, x := range v {
			text, ok := x.(string)
			if !ok {
				d.wrong(path+"["+strconv.Itoa(i)+"]", "it is "+kindOf(x), "a text")
				continue
			}
			list = append(list, text)
		}
		return list
	}
	d.wrong(path, "it is "+kindOf(v), allowed)
	return nil
}

func kindOf(v any) string {
	switch v.(type) {
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a time"
}
