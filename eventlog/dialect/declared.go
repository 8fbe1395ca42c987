package dialect

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Declared is a format that is described rather than programmed: where in a
// record what the model wants is found. See docs/formats.md.
type Declared struct {
	Title    string
	File     string // where it is described
	Need     []Path // what a line must have to be told
	Values   []Match
	Columns  map[string][]string // what a database must have: columns by table
	Override bool                // it is asked before the formats that are built in
	Layouts  []Layout            // of the lines, or one a table
}

// Layout is how one table's rows, or the lines of a file, become events.
type Layout struct {
	Table   string // empty: lines
	Order   string
	Mutable bool

	Fields  map[string][]Path // what is where; the first that is there counts
	Const   map[string]string // what is always the same
	Kinds   map[string]Sort   // by what the field kind says
	When    []Rule            // come before Kinds; the first that holds counts
	Failed  []Condition       // any of them
	Goal    *Condition        // which records tell the goal; nil: all that have one
	Details []NamedPath

	Time                string // s, ms, us, ns, rfc3339, or empty to tell by size
	InputIncludesCache  bool
	OutputExcludesThink bool
	Counters            string // each, difference, last
	Scope               string // of sums: session, run
	AtLeast             bool
	CostParts           int64 // how many of the unit make a dollar
	ZeroIsUnknown       bool

	tops []string // first names of all paths, each once
	at   map[string]int
}

// Sort is what kind of event a record is.
type Sort struct {
	Kind   eventlog.Kind
	Hidden bool
}

// Match is a value that a field must have, one of several.
type Match struct {
	Path   Path
	Values []string
}

// Condition holds when all of its parts do.
type Condition struct {
	Has, Lacks []Path
	Equals     []Match
}

// Rule makes records of a kind on a condition.
type Rule struct {
	Condition
	Sort
}

// NamedPath is a value that is shown under a name.
type NamedPath struct {
	Name string
	Path Path
}

// DeclaredFields are the names of Layout.Fields and Layout.Const.
var DeclaredFields = []string{
	"time", "began", "session", "parent_session", "run", "parent_run", "parent_call", "event", "call", "response", "kind", "role",
	"agent", "provider", "model", "tool", "text", "input", "output", "error", "goal", "title", "name", "directory", "version", "user",
	"input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "reasoning_tokens", "calls", "cost",
}

// Prepare finds out what has to be looked at in a record. It is called once,
// when the layout is complete.
func (l *Layout) Prepare() {
	l.at = map[string]int{}
	add := func(paths ...Path) {
		for _, p := range paths {
			if _, ok := l.at[p[0]]; !ok {
				l.at[p[0]] = len(l.tops)
				l.tops = append(l.tops, p[0])
			}
		}
	}
	condition := func(c Condition) {
		add(c.Has...)
		add(c.Lacks...)
		for _, m := range c.Equals {
			add(m.Path)
		}
	}
	for _, name := range DeclaredFields { // in their order, so that columns have one
		add(l.Fields[name]...)
	}
	for _, w := range l.When {
		condition(w.Condition)
	}
	for _, c := range l.Failed {
		condition(c)
	}
	if l.Goal != nil {
		condition(*l.Goal)
	}
	for _, d := range l.Details {
		add(d.Path)
	}
	if l.Order != "" {
		add(Path{l.Order})
	}
}

// Name returns the name of the format.
func (d *Declared) Name() string { return d.Title }

// Sniff knows a database by its tables and lines by their fields. Formats that
// are built in know better, unless the description says otherwise.
func (d *Declared) Sniff(h *Head) int {
	if d.missing(h) != "" {
		return 0
	}
	if d.Override {
		return 99
	}
	return 50
}

// Explain says why a segment is not in the format, or nothing.
func (d *Declared) Explain(h *Head) string { return d.missing(h) }

func (d *Declared) missing(h *Head) string {
	if h.IsDatabase() != (len(d.Columns) > 0) {
		if h.IsDatabase() {
			return "it is a database, and " + d.Title + " describes lines"
		}
		return "it is no database, and " + d.Title + " describes one"
	}
	for table, columns := range d.Columns {
		if h.Tables[table] == nil {
			return fmt.Sprintf("the database has no table %q", table)
		}
		for _, c := range columns {
			if !has(h.Tables[table], c) {
				return fmt.Sprintf("the table %q has no column %q", table, c)
			}
		}
	}
	if h.IsDatabase() {
		return ""
	}
	why := "it has no line that is whole"
	for i, line := range h.Lines {
		next := d.lacks(line)
		if next == "" {
			return ""
		}
		if i == 0 {
			why = next
		}
	}
	return why
}

// lacks says what a line lacks to be in the format, or nothing.
func (d *Declared) lacks(line []byte) string {
	if line = trimmed(line); len(line) == 0 || line[0] != '{' || !jsonl.Valid(line) {
		return "its first line is no JSON object"
	}
	whole := value{json: line}
	for _, p := range d.Need {
		if v := whole.at(p); v.json == nil {
			return fmt.Sprintf("its first line has no field %q", strings.Join(p, "."))
		}
	}
	for _, m := range d.Values {
		if !slices.Contains(m.Values, whole.at(m.Path).String()) {
			return fmt.Sprintf("in its first line %q is not %s", strings.Join(m.Path, "."), strings.Join(m.Values, " or "))
		}
	}
	return ""
}

// Tables asks for the tables that are described.
func (d *Declared) Tables() []eventlog.Table {
	var tables []eventlog.Table
	for _, l := range d.Layouts {
		if l.Table != "" {
			_, needed := d.Columns[l.Table]
			tables = append(tables, eventlog.Table{Name: l.Table, Columns: l.tops, Order: l.Order, Mutable: l.Mutable, Optional: !needed})
		}
	}
	return tables
}

// Open returns a decoder.
func (d *Declared) Open(seg Segment) Decoder {
	name := filepath.Base(seg.Path)
	return &declared{format: d, session: strings.TrimSuffix(name, filepath.Ext(name)), names: names{}, asked: map[string]bool{}, before: map[eventlog.Identity]declaredSum{}}
}

// declared decodes one segment.
type declared struct {
	format  *Declared
	session string // of records that do not name theirs
	names   names
	asked   map[string]bool // sessions whose goal was told
	before  map[eventlog.Identity]declaredSum

	l    *Layout
	tops []value
	e    eventlog.Event
	bill eventlog.Bill
}

// declaredSum is what a cumulative counter said last.
type declaredSum struct {
	usage eventlog.Usage
	calls int64
	cost  eventlog.Money
}

// Decode decodes a line or a row.
func (d *declared) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	if rec.Table >= len(d.format.Layouts) {
		return ErrNoEvent
	}
	d.l = &d.format.Layouts[rec.Table]
	if err := d.read(rec); err != nil {
		return err
	}
	l, e := d.l, &d.e
	sort, typ := d.sort()
	*e = eventlog.Event{
		ID: d.name("event"), SessionID: cmp.Or(d.name("session"), d.session), Kind: sort.Kind, Hidden: sort.Hidden, Type: typ,
		Time: d.moment("time"), Began: d.moment("began"), Agent: d.name("agent"), Provider: d.name("provider"), Model: d.name("model"),
		Tool: d.name("tool"), CallID: d.name("call"),
	}
	e.RunID = cmp.Or(d.name("run"), e.SessionID)
	if up := d.name("parent_run"); up != "" && up != e.RunID {
		e.ParentRunID, e.ParentCall, e.Link = up, d.name("parent_call"), eventlog.LinkSure
	}
	e.Failed = slices.ContainsFunc(l.Failed, d.holds)
	role := d.name("role")
	d.state(role)
	d.facts()
	d.pay()
	if full {
		d.bodies(rec)
	}
	emit(e)
	return nil
}

// read finds the values that paths begin with.
func (d *declared) read(rec *eventlog.Record) error {
	d.tops = append(d.tops[:0], make([]value, len(d.l.tops))...)
	if d.l.Table != "" {
		if rec.Cells == nil {
			return ErrNoEvent
		}
		for i, c := range rec.Cells {
			d.tops[i] = cellValue(c)
		}
		return nil
	}
	return jsonl.Fields(rec.Body, func(key, v []byte) bool {
		if i, ok := d.l.at[string(key)]; ok {
			d.tops[i] = value{json: v}
		}
		return true
	})
}

func (d *declared) path(p Path) value { return d.tops[d.l.at[p[0]]].at(p[1:]) }

// get returns the first value of a field that is there.
func (d *declared) get(field string) value {
	for _, p := range d.l.Fields[field] {
		if v := d.path(p); v.there() {
			return v
		}
	}
	return value{}
}

func (d *declared) name(field string) string {
	if v := d.get(field); v.there() {
		return v.name(d.names)
	}
	return d.l.Const[field]
}

// holds reports whether a condition holds. False, null and an empty text are
// not there, so that error = false is no error.
func (d *declared) holds(c Condition) bool {
	there := func(p Path) bool {
		v := d.path(p)
		return v.there() && string(v.json) != "false"
	}
	for _, p := range c.Has {
		if !there(p) {
			return false
		}
	}
	for _, p := range c.Lacks {
		if there(p) {
			return false
		}
	}
	for _, m := range c.Equals {
		if !slices.Contains(m.Values, d.path(m.Path).String()) {
			return false
		}
	}
	return true
}

// sort tells the kind of the event. What is not described is kept, hidden.
func (d *declared) sort() (Sort, string) {
	typ := d.name("kind")
	for _, w := range d.l.When {
		if d.holds(w.Condition) {
			return w.Sort, cmp.Or(typ, w.Kind.String())
		}
	}
	if s, ok := d.l.Kinds[typ]; ok && typ != "" {
		return s, typ
	}
	if s, ok := d.l.Kinds["*"]; ok {
		return s, typ
	}
	return Sort{eventlog.Custom, true}, typ
}

// moment reads a time in the unit of the layout.
func (d *declared) moment(field string) eventlog.Stamp {
	v := d.get(field)
	if !v.there() {
		return 0
	}
	if v.bare || v.json[0] == '"' {
		text := v.text
		if !v.bare {
			text = v.json[1 : len(v.json)-1]
		}
		if d.l.Time == "" || d.l.Time == "rfc3339" {
			return momentText(text)
		}
		return d.stamp(text)
	}
	if d.l.Time == "" {
		return moment(v.json)
	}
	return d.stamp(v.json)
}

// timeUnits is how many billionths of a second a unit of time has.
var timeUnits = map[string]int64{"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1}

func (d *declared) stamp(number []byte) eventlog.Stamp {
	unit := timeUnits[d.l.Time]
	if n, ok := jsonl.Int(number); ok && unit > 0 {
		if n <= 0 || n > (1<<62)/unit {
			return 0
		}
		return eventlog.Stamp(n * unit)
	}
	f, ok := jsonl.Float(number)
	if f *= float64(unit); !ok || f <= 0 || f > 9e18 {
		return 0
	}
	return eventlog.Stamp(f)
}

// state says what the event does to the wait of its run.
func (d *declared) state(role string) {
	e := &d.e
	switch e.Kind {
	case eventlog.Message:
		if e.Tool == "" {
			e.Tool = role
		}
		if e.Tool == "user" || e.Tool == "human" {
			e.Tool, e.Idle = "user", eventlog.IdleNo
		}
	case eventlog.ModelResponse:
		e.Idle = eventlog.IdleYes
	case eventlog.ModelRequest, eventlog.ToolCall, eventlog.ToolResult, eventlog.ToolError, eventlog.ToolTimeout:
		e.Idle = eventlog.IdleNo
	case eventlog.AgentFinish:
		e.Outcome = eventlog.Success
		if e.Failed {
			e.Outcome = eventlog.Failure
		}
	case eventlog.SessionEnd:
		e.Facts = &eventlog.Facts{Closed: true, Ended: e.Time}
	}
	if e.Failed && e.Kind == eventlog.ToolResult {
		e.Kind = eventlog.ToolError
	}
	if e.Kind == eventlog.ToolError || e.Kind == eventlog.ToolTimeout || e.Kind == eventlog.Error {
		e.Failed = true
	}
}

// facts reads what the record says about its session.
func (d *declared) facts() {
	e := &d.e
	f := eventlog.Facts{
		Title: d.name("title"), Name: d.name("name"), Directory: d.name("directory"), Version: d.name("version"), User: d.name("user"),
		ParentID: d.name("parent_session"),
	}
	told := f.Title+f.Name+f.Directory+f.Version+f.User+f.ParentID != ""
	if f.ParentID == e.SessionID {
		f.ParentID = ""
	}
	if f.Directory != "" {
		f.Project = filepath.Base(filepath.ToSlash(f.Directory))
	}
	if !d.asked[e.SessionID] && (d.l.Goal == nil || d.holds(*d.l.Goal)) {
		if f.Goal = d.get("goal").String(); f.Goal != "" {
			d.asked[e.SessionID], told = true, true
		}
	}
	if !told {
		return
	}
	if e.Facts != nil {
		f.Closed, f.Ended = e.Facts.Closed, e.Facts.Ended
	}
	e.Facts = &f
}

// pay bills what the record says that a call used.
func (d *declared) pay() {
	l, e := d.l, &d.e
	number := func(field string) int64 { return count(d.get(field).number()) }
	u := eventlog.Usage{
		Input: number("input_tokens"), Output: number("output_tokens"), CacheRead: number("cache_read_tokens"),
		CacheWrite5m: number("cache_write_tokens"), CacheWrite1h: number("cache_write_1h_tokens"), Reasoning: number("reasoning_tokens"),
	}
	if l.OutputExcludesThink {
		u.Output += u.Reasoning
	}
	if l.InputIncludesCache {
		u = inclusive(u)
	}
	u.Reasoning = min(u.Reasoning, u.Output)
	price, priced := d.get("cost").money(max(1, l.CostParts))
	priced = priced && (price > 0 || !l.ZeroIsUnknown)
	calls := number("calls")
	if u.Total() == 0 && (!priced || price == 0) {
		return
	}
	d.bill = eventlog.Bill{Usage: u, Calls: calls, AtLeast: l.AtLeast}
	b := &d.bill
	scope := e.SessionID
	if l.Scope == "run" {
		scope += "\x00" + e.RunID
	}
	sum := eventlog.Identify("declared", d.format.Title, scope, e.Model)
	switch response := d.name("response"); {
	case l.Counters == "last":
		b.Call, b.Rule = sum, eventlog.RuleRecord
	case response != "":
		b.Call, b.Rule = eventlog.Identify("declared", d.format.Title, "response", response), eventlog.RuleResponse
	case e.ID != "":
		b.Call, b.Rule = eventlog.Identify("declared", d.format.Title, l.Table, e.SessionID, e.ID), eventlog.RuleRecord
	}
	if l.Counters == "difference" {
		now := declaredSum{u, calls, price}
		if old, ok := d.before[sum]; ok {
			b.Usage, b.Calls, price = now.since(old)
		}
		d.before[sum] = now
		if b.Usage.Total() == 0 && price == 0 {
			return
		}
	}
	if priced {
		b.Cost, b.Source = price, eventlog.Recorded
	}
	e.Bill = b
}

// since returns what came since an earlier sum. A sum that fell has begun anew.
func (n declaredSum) since(m declaredSum) (eventlog.Usage, int64, eventlog.Money) {
	a, b := n.usage, m.usage
	if a.Input < b.Input || a.Output < b.Output || a.CacheRead < b.CacheRead || a.CacheWrite5m < b.CacheWrite5m || a.CacheWrite1h < b.CacheWrite1h ||
		a.Reasoning < b.Reasoning || n.calls < m.calls || n.cost < m.cost {
		return n.usage, n.calls, n.cost
	}
	return eventlog.Usage{
		Input: a.Input - b.Input, Output: a.Output - b.Output, CacheRead: a.CacheRead - b.CacheRead,
		CacheWrite5m: a.CacheWrite5m - b.CacheWrite5m, CacheWrite1h: a.CacheWrite1h - b.CacheWrite1h, Reasoning: a.Reasoning - b.Reasoning,
	}, n.calls - m.calls, n.cost - m.cost
}

// bodies fills in what is shown of the event.
func (d *declared) bodies(rec *eventlog.Record) {
	e := &d.e
	e.Text = d.get("text").String()
	e.Input, e.Output = d.get("input").body(), d.get("output").body()
	result := ""
	if e.Kind.Class() == eventlog.ClassTool && e.Kind != eventlog.ToolCall {
		result = d.get("output").String()
	}
	if e.Failed {
		e.Message = cmp.Or(d.get("error").String(), result, e.Text)
	} else {
		e.Text = cmp.Or(e.Text, result)
	}
	if e.Text == e.Message {
		e.Text = ""
	}
	for _, x := range d.l.Details {
		if v := d.path(x.Path); v.there() {
			text := v.String()
			if text == "" {
				text = string(v.body())
			}
			e.Details = append(e.Details, eventlog.Detail{Name: x.Name, Value: text})
		}
	}
	if rec.Cells == nil {
		e.Payload = clone(rec.Body)
	}
}
