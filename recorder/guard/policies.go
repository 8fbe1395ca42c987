package guard

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Bounds of a file of policies.
const (
	largestFile  = 1 << 20
	longestName  = 64
	mostPolicies = 100
)

// ReadPolicies reads a file of policies. An error names the file and the line.
func ReadPolicies(path string) ([]Rule, error) {
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
		return nil, fmt.Errorf("read %s: it is longer than 1 MiB, and no file of policies", path)
	}
	return ParsePolicies(path, text)
}

// ParsePolicies reads the text of a file of policies; see docs/policies.md.
func ParsePolicies(path string, text []byte) ([]Rule, error) {
	f := policyFile{path: path}
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s: it is empty; policies: is expected", path)
	case err != nil:
		return nil, fmt.Errorf("%s: %s", path, strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", " "))
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: there is more than one document in it", path)
	}
	var rules []Rule
	err := f.fields(doc.Content[0], "the file", map[string]func(*yaml.Node) error{
		"policies": func(n *yaml.Node) error { return f.list(n, &rules) },
	})
	if err != nil {
		return nil, err
	}
	if len(rules) == 0 {
		return nil, f.wrong(doc.Content[0], "there are no policies in it")
	}
	return rules, nil
}

// policyFile reads one file.
type policyFile struct{ path string }

func (f *policyFile) wrong(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", f.path, n.Line, fmt.Sprintf(format, args...))
}

// fields reads a mapping by what is to be done with each of its keys.
func (f *policyFile) fields(n *yaml.Node, what string, known map[string]func(*yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return f.wrong(n, "%s: keys and values are expected", what)
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if value.Kind == yaml.AliasNode || key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return f.wrong(key, "%s: anchors are not taken, write it out", what)
		}
		read, ok := known[key.Value]
		if !ok {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			return f.wrong(key, "%s has no key %q; it has %s", what, key.Value, strings.Join(names, ", "))
		}
		if seen[key.Value] {
			return f.wrong(key, "%s has %s twice", what, key.Value)
		}
		seen[key.Value] = true
		if err := read(value); err != nil {
			return err
		}
	}
	return nil
}

func (f *policyFile) list(n *yaml.Node, rules *[]Rule) error {
	if n.Kind != yaml.SequenceNode {
		return f.wrong(n, "policies: a list is expected")
	}
	if len(n.Content) > mostPolicies {
		return f.wrong(n, "there are %d policies; %d are enough", len(n.Content), mostPolicies)
	}
	names := map[string]int{}
	for _, item := range n.Content {
		r, err := f.policy(item)
		if err != nil {
			return err
		}
		if line, twice := names[r.Name]; twice {
			return f.wrong(item, "there is a policy %q already, in line %d", r.Name, line)
		}
		names[r.Name] = item.Line
		*rules = append(*rules, r)
	}
	return nil
}

func (f *policyFile) policy(n *yaml.Node) (r Rule, err error) {
	r = Rule{Source: fmt.Sprintf("%s:%d", filepath.Base(f.path), n.Line), Severity: Warning}
	var when, severe bool
	err = f.fields(n, "a policy", map[string]func(*yaml.Node) error{
		"name": func(n *yaml.Node) error { return f.name(n, &r.Name) },
		"when": func(n *yaml.Node) error { when = true; return f.when(n, &r) },
		"then": func(n *yaml.Node) error { return f.then(n, &r, &severe) },
	})
	switch {
	case err != nil:
	case r.Name == "":
		err = f.wrong(n, "a policy needs a name")
	case !when:
		err = f.wrong(n, "policy %s does not say when", r.Name)
	}
	if !severe && r.Action >= Pause {
		r.Severity = Critical
	}
	return r, err
}

func (f *policyFile) name(n *yaml.Node, to *string) error {
	text, err := f.text(n, "name")
	if err != nil {
		return err
	}
	if len(text) > longestName || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return f.wrong(n, "name: up to %d characters on one line are expected", longestName)
	}
	*to = text
	return nil
}

// when reads what is counted and how much of it is too much.
func (f *policyFile) when(n *yaml.Node, r *Rule) error {
	given := ""
	limit := func(l Limit, read func(*yaml.Node) (int64, error)) func(*yaml.Node) error {
		return func(n *yaml.Node) (err error) {
			if given != "" {
				return f.wrong(n, "when: there is %s already; a policy has one limit", given)
			}
			given = l.String()
			r.Limit = l
			r.Most, err = read(n)
			return err
		}
	}
	least := func(name string, least int64) func(*yaml.Node) (int64, error) {
		return func(n *yaml.Node) (int64, error) { return f.count(n, name, least) }
	}
	err := f.fields(n, "when", map[string]func(*yaml.Node) error{
		"where": func(n *yaml.Node) error {
			text, err := f.text(n, "where")
			if err != nil {
				return err
			}
			if r.Where, err = eventlog.ParseQuery(text); err != nil {
				return f.wrong(n, "where: %v", err)
			}
			if r.Where.IsZero() {
				return f.wrong(n, "where: a query is expected")
			}
			return nil
		},
		"within": func(n *yaml.Node) (err error) {
			r.Within, err = f.duration(n, "within")
			return err
		},
		"cost":   limit(Cost, f.money),
		"tokens": limit(Tokens, least("tokens", 0)),
		"errors": limit(Errors, least("errors", 0)),
		"repeat": limit(Repeat, least("repeat", 2)),
		"events": limit(Events, least("events", 1)),
		"wall": limit(Wall, func(n *yaml.Node) (int64, error) {
			d, err := f.duration(n, "wall")
			return int64(d), err
		}),
	})
	switch {
	case err != nil:
		return err
	case given == "" && r.Where.IsZero():
		return f.wrong(n, "when: a limit or where is expected")
	case given == "" && r.Within > 0:
		return f.wrong(n, "when: within needs something to count: events, cost, tokens, errors or repeat")
	case given == "": // each event that matches
		r.Most = 1
	case r.Limit == Events && r.Where.IsZero():
		return f.wrong(n, "when: events needs where, which says what is counted")
	case r.Limit == Wall && (r.Within > 0 || !r.Where.IsZero()):
		return f.wrong(n, "when: wall goes with neither where nor within")
	}
	return nil
}

// then reads what is done about it.
func (f *policyFile) then(n *yaml.Node, r *Rule, severe *bool) error {
	return f.fields(n, "then", map[string]func(*yaml.Node) error{
		"signal": func(n *yaml.Node) (err error) {
			*severe = true
			if r.Severity, err = ParseSeverity(n.Value); err != nil {
				return f.wrong(n, "signal: %v", err)
			}
			return nil
		},
		"action": func(n *yaml.Node) (err error) {
			if r.Action, err = ParseAction(n.Value); err != nil {
				return f.wrong(n, "action: %v", err)
			}
			return nil
		},
		"webhook": func(n *yaml.Node) error {
			text, err := f.text(n, "webhook")
			if err != nil {
				return err
			}
			if text, err = ParseURL(text); err != nil {
				return f.wrong(n, "webhook: %v", err)
			}
			r.Hooks = append(r.Hooks, Hook{URL: text})
			return nil
		},
		"exec": func(n *yaml.Node) error {
			text, err := f.text(n, "exec")
			r.Hooks = append(r.Hooks, Hook{Command: text})
			return err
		},
		"payload": func(n *yaml.Node) error {
			if n.Tag != "!!bool" {
				return f.wrong(n, "payload: true or false is expected")
			}
			return n.Decode(&r.Payload)
		},
	})
}

// text reads a text that says something. A number is a text as it is spelled.
func (f *policyFile) text(n *yaml.Node, name string) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || strings.TrimSpace(n.Value) == "" {
		return "", f.wrong(n, "%s: a text is expected", name)
	}
	return n.Value, nil
}

func (f *policyFile) count(n *yaml.Node, name string, least int64) (int64, error) {
	v, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 10, 64)
	if n.Kind != yaml.ScalarNode || err != nil || v < least {
		return 0, f.wrong(n, "%s: %q is no whole number from %d on", name, n.Value, least)
	}
	return v, nil
}

func (f *policyFile) money(n *yaml.Node) (int64, error) {
	m, err := ParseCost(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		return 0, f.wrong(n, "cost: %q is no amount of dollars", n.Value)
	}
	return int64(m), nil
}

func (f *policyFile) duration(n *yaml.Node, name string) (time.Duration, error) {
	d, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || d <= 0 {
		return 0, f.wrong(n, "%s: %q is no time like 30s, 10m or 1h30m", name, n.Value)
	}
	return d, nil
}

// ParseCost reads an amount of dollars, with or without the sign before it.
func ParseCost(text string) (eventlog.Money, error) {
	m, err := eventlog.ParseMoney(strings.TrimPrefix(text, "$"))
	if err != nil || m < 0 {
		return 0, fmt.Errorf("%q is no amount of dollars", text)
	}
	return m, nil
}
