package formats

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// maxTables is how many tables one format may read.
const maxTables = 16

// Parse reads a description. Where there are problems the format is nil.
func Parse(file string, text []byte) (*dialect.Declared, []error) {
	doc := &document{file: file}
	tree, ok := doc.parse(text)
	if !ok {
		return nil, doc.problems
	}
	top := &section{doc: doc, keys: tree}
	d := &dialect.Declared{File: file, Title: top.text("name")}
	top.text("description")
	switch {
	case d.Title == "":
		doc.wrong("name", "the format has no name", "letters, digits and -, such as my-agent")
	case !regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`).MatchString(d.Title):
		doc.wrong("name", strconv.Quote(d.Title)+" is no name", "small letters, digits and -, such as my-agent")
	case slices.ContainsFunc(dialect.All(), func(b dialect.Dialect) bool { return b.Name() == d.Title }):
		doc.wrong("name", strconv.Quote(d.Title)+" is a format that is built in", "another name")
	}
	sniff(top, d)
	tables := top.sections("table")
	switch {
	case len(d.Columns) > 0 && len(tables) == 0:
		doc.wrong("sniff.tables", "no table is read", "a [[table]] for each table with events")
	case len(d.Columns) == 0 && len(tables) > 0:
		doc.wrong("table", "nothing tells the database", "[sniff.tables] with the columns that it must have")
	case len(tables) > maxTables:
		doc.wrong("table", fmt.Sprintf("there are %d", len(tables)), fmt.Sprintf("%d at most", maxTables))
	}
	if len(tables) == 0 {
		d.Layouts = []dialect.Layout{layout(top)}
	}
	for _, t := range tables {
		name := t.text("name")
		if name == "" {
			doc.wrong(joined(t.path, "name"), "the table has no name", "the name of a table of the database")
		}
		order, mutable := t.text("order"), t.flag("mutable")
		l := layout(t)
		l.Table, l.Order, l.Mutable = name, order, mutable
		d.Layouts = append(d.Layouts, l)
		t.done()
	}
	top.done()
	for i := range d.Layouts {
		if len(doc.problems) == 0 {
			d.Layouts[i].Prepare()
		}
	}
	if len(doc.problems) > 0 {
		return nil, doc.problems
	}
	return d, nil
}

// sniff reads how the format is told.
func sniff(top *section, d *dialect.Declared) {
	s, _ := top.section("sniff")
	for i, text := range s.texts("fields") {
		if p, ok := top.doc.route(fmt.Sprintf("sniff.fields[%d]", i), text); ok {
			d.Need = append(d.Need, p)
		}
	}
	d.Values = matches(s, "values")
	d.Override = s.flag("override")
	if tables, ok := s.section("tables"); ok {
		d.Columns = map[string][]string{}
		for _, name := range slices.Sorted(maps.Keys(tables.keys)) {
			d.Columns[name] = tables.texts(name)
		}
	}
	s.done()
	if len(d.Need) == 0 && len(d.Columns) == 0 && len(d.Values) == 0 {
		top.doc.wrong("sniff", "nothing tells the format", "fields or values of a line, or tables of a database")
	}
	if len(d.Columns) > 0 && len(d.Need)+len(d.Values) > 0 {
		top.doc.wrong("sniff.tables", "a database has no lines", "either tables, or fields and values")
	}
}

// route reads a path.
func (d *document) route(key, text string) (dialect.Path, bool) {
	p, err := dialect.ParsePath(text)
	if err != nil {
		d.wrong(key, err.Error(), `names with points between them: message.content.0.text, meta."a.b"`)
	}
	return p, err == nil
}

// paths reads a path or a list of them.
func (s *section) paths(key string) []dialect.Path {
	var list []dialect.Path
	for _, text := range s.texts(key) {
		if p, ok := s.doc.route(joined(s.path, key), text); ok {
			list = append(list, p)
		}
	}
	return list
}

// fieldNames are the keys of [fields].
var fieldNames = slices.DeleteFunc(slices.Clone(dialect.DeclaredFields), func(f string) bool {
	return strings.HasSuffix(f, "_tokens") || f == "calls" || f == "cost"
})

// layout reads how records become events.
func layout(s *section) dialect.Layout {
	l := dialect.Layout{Fields: map[string][]dialect.Path{}, Const: map[string]string{}, Kinds: map[string]dialect.Sort{}}
	l.Time = s.choice("time_unit", "", "s", "ms", "us", "ns", "rfc3339")
	fields, _ := s.section("fields")
	for _, f := range fieldNames {
		if list := fields.paths(f); list != nil {
			l.Fields[f] = list
		}
	}
	fields.done()
	always, _ := s.section("const")
	for _, f := range fieldNames {
		if v := always.text(f); v != "" {
			l.Const[f] = v
		}
	}
	always.done()
	kinds, _ := s.section("kinds")
	for _, value := range slices.Sorted(maps.Keys(kinds.keys)) {
		l.Kinds[value] = sort(kinds, value)
	}
	for _, w := range s.sections("when") {
		r := dialect.Rule{Sort: sort(w, "kind"), Condition: condition(w)}
		l.When = append(l.When, r)
	}
	for _, f := range s.sections("failed") {
		l.Failed = append(l.Failed, condition(f))
	}
	if g, ok := s.section("goal_when"); ok {
		c := condition(g)
		l.Goal = &c
	}
	details, _ := s.section("details")
	for _, name := range slices.Sorted(maps.Keys(details.keys)) {
		if p, ok := s.doc.route(joined(details.path, name), details.text(name)); ok {
			l.Details = append(l.Details, dialect.NamedPath{Name: name, Path: p})
		}
	}
	usage(s, &l)
	if len(l.Kinds)+len(l.When) == 0 && l.Const["kind"] == "" {
		s.doc.wrong(joined(s.path, "kinds"), "nothing tells what the records are", "[kinds], [[when]]")
	}
	if len(l.Kinds) > 0 && l.Fields["kind"] == nil && l.Const["kind"] == "" && l.Kinds["*"] == (dialect.Sort{}) {
		s.doc.wrong(joined(s.path, "kinds"), "no field holds the kind", `fields.kind, or the kind "*" for all`)
	}
	return l
}

// usage reads what tells tokens and costs.
func usage(s *section, l *dialect.Layout) {
	t, _ := s.section("tokens")
	for _, f := range []string{"input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning"} {
		if list := t.paths(f); list != nil {
			l.Fields[f+"_tokens"] = list
		}
	}
	if list := t.paths("calls"); list != nil {
		l.Fields["calls"] = list
	}
	l.InputIncludesCache, l.OutputExcludesThink = t.flag("input_includes_cache"), t.flag("output_excludes_reasoning")
	l.AtLeast = t.flag("at_least")
	l.Counters = t.choice("counters", "each", "difference", "last")
	l.Scope = t.choice("scope", "session", "run")
	t.done()
	c, _ := s.section("cost")
	if list := c.paths("field"); list != nil {
		l.Fields["cost"] = list
	}
	units := map[string]int64{"usd": 1, "cent": 100, "milli_usd": 1e3, "micro_usd": 1e6, "nano_usd": 1e9}
	l.CostParts = units[c.choice("unit", "usd", "cent", "milli_usd", "micro_usd", "nano_usd")]
	l.ZeroIsUnknown = c.flag("zero_is_unknown")
	c.done()
}

// kindNames are the kinds that a record may be of.
var kindNames = []string{
	"session_start", "session_end", "agent_start", "agent_finish", "message", "model_request", "model_response", "tool_call", "tool_result",
	"tool_error", "tool_timeout", "error", "retry", "compaction", "decision", "hil_decision", "state_change", "policy", "signal", "metrics",
	"heartbeat", "loop_step", "log", "custom", "hidden",
}

// sort reads a kind. Hidden is what is kept and collapsed.
func sort(s *section, key string) dialect.Sort {
	name := s.text(key)
	if !slices.Contains(kindNames, name) {
		what := strconv.Quote(name) + " is no kind of event"
		if name == "" {
			what = "the kind is missing"
		}
		s.doc.wrong(joined(s.path, key), what, strings.Join(kindNames, ", "))
	}
	kind := eventlog.ParseKind(name)
	return dialect.Sort{Kind: kind, Hidden: name == "hidden" || kind == eventlog.LoopStep || kind == eventlog.Metrics || kind == eventlog.Heartbeat}
}

// condition reads what must hold.
func condition(s *section) dialect.Condition {
	c := dialect.Condition{Has: s.paths("has"), Lacks: s.paths("lacks"), Equals: matches(s, "equals")}
	s.done()
	if len(c.Has)+len(c.Lacks)+len(c.Equals) == 0 {
		s.doc.wrong(s.path, "the condition says nothing", "has, lacks, equals")
	}
	return c
}

// matches reads values that fields must have.
func matches(s *section, key string) []dialect.Match {
	t, ok := s.section(key)
	if !ok {
		return nil
	}
	return t.matches("")
}

// matches reads the values of a table; a.b = 1 is the same as "a.b" = 1.
func (s *section) matches(prefix string) []dialect.Match {
	var list []dialect.Match
	for _, name := range slices.Sorted(maps.Keys(s.keys)) {
		if _, below := s.keys[name].(map[string]any); below {
			t, _ := s.section(name)
			list = append(list, t.matches(joined(prefix, name))...)
			continue
		}
		if p, ok := s.doc.route(joined(s.path, name), joined(prefix, name)); ok {
			list = append(list, dialect.Match{Path: p, Values: scalars(s, name)})
		}
	}
	return list
}

// scalars reads a text, a number, true or false, or a list of them, as a record
// spells them.
func scalars(s *section, key string) []string {
	v, path, _ := s.take(key)
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	var out []string
	for _, x := range list {
		switch x := x.(type) {
		case string, bool, int64:
			out = append(out, fmt.Sprint(x))
		case float64:
			out = append(out, strconv.FormatFloat(x, 'f', -1, 64))
		default:
			s.doc.wrong(path, "it is "+kindOf(x), "a text, a number, true, false, or a list of them")
		}
	}
	return out
}
