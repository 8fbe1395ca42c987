package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Bounds of a file of rules.
const (
	largestFile = 1 << 20
	mostRules   = 200
)

// ReadRules reads a file of rules. An error names the file and the line.
func ReadRules(path string) ([]Rule, error) {
	f, err := os.Open(path)
	if err != nil {
		var named *os.PathError
		if errors.As(err, &named) {
			err = named.Err
		}
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, largestFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(text) > largestFile {
		return nil, fmt.Errorf("read %s: it is longer than 1 MiB, and no file of rules", path)
	}
	return ParseRules(path, text)
}

// ParseRules reads the text of a file of rules; see docs/check.md.
func ParseRules(path string, text []byte) ([]Rule, error) {
	f := ruleFile{path: path}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: it is empty; rules: is expected", path)
	case err != nil:
		return nil, fmt.Errorf("%s: %s", path, strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", " "))
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: there is more than one document in it", path)
	}
	err := f.keys(doc.Content[0], "the file", map[string]func(*yaml.Node) error{"rules": f.list})
	if err == nil && len(f.rules) == 0 {
		err = f.wrong(doc.Content[0], "there are no rules in it")
	}
	return f.rules, err
}

// ruleFile is a file that is being read.
type ruleFile struct {
	path  string
	rules []Rule
}

func (f *ruleFile) wrong(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", f.path, n.Line, fmt.Sprintf(format, args...))
}

// keys reads a mapping by what is to be done with each of its keys.
func (f *ruleFile) keys(n *yaml.Node, what string, known map[string]func(*yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return f.wrong(n, "%s: keys and values are expected", what)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := known[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || key.Tag == "!!merge" || value.Kind == yaml.AliasNode:
			return f.wrong(key, "%s: anchors are not taken, write it out", what)
		case !ok:
			return f.wrong(key, "%s has no key %q; it has %s", what, key.Value, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		case seen[key.Value]:
			return f.wrong(key, "%s has %s twice", what, key.Value)
		}
		seen[key.Value] = true
		if err := read(value); err != nil {
			return err
		}
	}
	return nil
}

func (f *ruleFile) list(n *yaml.Node) error {
	if n.Kind != yaml.SequenceNode {
		return f.wrong(n, "rules: a list is expected")
	}
	if len(n.Content) > mostRules {
		return f.wrong(n, "there are %d rules; %d are enough", len(n.Content), mostRules)
	}
	lines := map[string]int{}
	for _, item := range n.Content {
		r, err := f.rule(item)
		if err != nil {
			return err
		}
		if line, twice := lines[r.ID]; twice {
			return f.wrong(item, "there is a rule %s already, in line %d; give this one an id of its own", r.ID, line)
		}
		lines[r.ID] = item.Line
		f.rules = append(f.rules, r)
	}
	return nil
}

// validID is what an id may be: what XML, SARIF and shells take as it stands.
var validID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
})

// ourID is how the ids of kinds look, which nobody else may use.
var ourID = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?i)LT\d+$`)
})

func (f *ruleFile) rule(n *yaml.Node) (r Rule, err error) {
	r = Rule{Level: Error, Source: fmt.Sprintf("%s:%d", f.path, n.Line)}
	var what, limit, query *yaml.Node
	text := func(to *string) func(*yaml.Node) error {
		return func(n *yaml.Node) (err error) { *to, err = f.text(n); return err }
	}
	keep := func(to **yaml.Node) func(*yaml.Node) error {
		return func(n *yaml.Node) error { *to = n; return nil }
	}
	err = f.keys(n, "a rule", map[string]func(*yaml.Node) error{
		"what": keep(&what), "limit": keep(&limit), "query": keep(&query), "message": text(&r.Message), "metric": text(&r.Of),
		"id": func(n *yaml.Node) (err error) {
			if r.ID, err = f.text(n); err == nil && (!validID().MatchString(r.ID) || ourID().MatchString(r.ID)) {
				err = f.wrong(n, "id: up to 64 letters, digits, dots, dashes and underscores are expected, and not LT and a number")
			}
			return err
		},
		"level": func(n *yaml.Node) error {
			i := slices.Index(levelNames[:], n.Value)
			if i < 0 {
				return f.wrong(n, "level: %q is not %s", n.Value, strings.Join(levelNames[:], " or "))
			}
			r.Level = Level(i)
			return nil
		},
		"where": func(n *yaml.Node) error { return f.query(n, "where", &r.Where) },
	})
	if err != nil {
		return r, err
	}
	if what == nil {
		return r, f.wrong(n, "a rule needs what: it is one of %s", strings.Join(names(), ", "))
	}
	var known bool
	if r.What, known = ParseWhat(what.Value); !known || what.Kind != yaml.ScalarNode {
		return r, f.wrong(what, "what: %q is not known; it is one of %s", what.Value, strings.Join(names(), ", "))
	}
	if r.ID == "" {
		r.ID = r.What.Kind().ID
	}
	switch {
	case (query != nil) != (r.What == Matches):
		return r, f.wrong(n, "query is what matches looks for, and of nothing else: what: matches")
	case r.Of != "" && r.What != Score:
		return r, f.wrong(n, "metric is which score is meant, and of nothing else: what: score")
	case r.What.total() && !r.Where.IsZero():
		return r, f.wrong(n, "where chooses sessions that are judged one by one; %s is of all together", r.What)
	case limit == nil && r.What != Matches && r.What != Secrets && r.What != Loops:
		return r, f.wrong(n, "rule %s needs a limit", r.ID)
	}
	if query != nil {
		if err := f.query(query, "query", &r.Query); err != nil {
			return r, err
		}
		r.Text = query.Value
	}
	if limit == nil {
		return r, r.limit("0")
	}
	spelled, err := f.text(limit)
	if err != nil {
		return r, err
	}
	if err := r.limit(spelled); err != nil {
		return r, f.wrong(limit, "limit: %v", err)
	}
	return r, nil
}

func (f *ruleFile) query(n *yaml.Node, name string, to *eventlog.Query) error {
	text, err := f.text(n)
	if err != nil {
		return err
	}
	if *to, err = eventlog.ParseQuery(text); err != nil {
		return f.wrong(n, "%s: %v", name, err)
	}
	if to.IsZero() {
		return f.wrong(n, "%s: a query is expected", name)
	}
	return nil
}

func (f *ruleFile) text(n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
		return "", f.wrong(n, "a text or a number is expected")
	}
	return n.Value, nil
}

func names() []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = k.Name
	}
	return out
}
