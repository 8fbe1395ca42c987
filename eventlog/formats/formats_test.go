package formats

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/source"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "formats.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// example returns a description out of the page, and the log that it reads.
func example(t *testing.T, name string) (description, log string) {
	t.Helper()
	m := regexp.MustCompile("(?s)<!-- example: " + name + " -->\n```toml\n(.*?)```.*?```(?:json|sql)\n(.*?)```").FindStringSubmatch(page(t))
	if m == nil {
		t.Fatalf("no example %s", name)
	}
	return m[1], m[2]
}

// open reads a log with one description.
func open(t *testing.T, path string, d *dialect.Declared) (*source.Set, *eventlog.Catalog) {
	t.Helper()
	set := source.Open(t.Context(), []string{path}, source.Options{Known: append(dialect.All(), d)})
	t.Cleanup(func() { _ = set.Close() })
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := set.Sources().Catalog()
	if len(c.Segments) != 1 || c.Segments[0].Format != d.Title {
		t.Fatalf("%+v, %+v", c.Segments, c.Progress.Failed)
	}
	return set, c
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExampleOfLines(t *testing.T) {
	description, log := example(t, "lines")
	d, problems := Parse("acme.toml", []byte(description))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	set, c := open(t, write(t, "agent.jsonl", log), d)
	s, ok := c.Session("c1")
	if !ok {
		t.Fatal("no session c1")
	}
	want := eventlog.Usage{Input: 60, CacheRead: 40, Output: 9, Reasoning: 3}
	if s.Usage != want || s.Calls != 1 || s.Recorded != 1_234_000 || s.ToolCalls != 1 || s.ToolFails != 1 || s.Goal != "Fix the test" || s.Project != "shop" {
		t.Errorf("%+v", s)
	}
	agents := map[string]string{}
	for _, r := range s.Runs {
		agents[c.Symbols.Name(r.ID)] = c.Symbols.Name(r.Agent) + " below " + c.Symbols.Name(r.Parent) + " " + r.ParentCall
	}
	if got := fmt.Sprint(agents); got != "map[c1: below   w1:helper below c1 k1]" {
		t.Error(got)
	}
	if got := c.Segments[0].Faults.Count; got != 0 {
		t.Errorf("%d faults", got)
	}
	if got := texts(t, set, s); got != "message:Fix the test tool_call: tool_error:no rule agent_start: model_response:Done. model_response:Done. agent_finish:out of time custom:" {
		t.Error(got)
	}
}

// texts spells all events of a session with their text or message.
func texts(t *testing.T, set *source.Set, s *eventlog.Session) string {
	t.Helper()
	log, err := set.OpenLog(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for log.Snapshot().Loading {
		<-log.Changed()
	}
	var rows []eventlog.RowID
	for i := range log.Snapshot().Rows.Len() {
		rows = append(rows, eventlog.RowID(i))
	}
	events, err := log.Events(context.Background(), rows)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		out = append(out, e.Kind.String()+":"+e.Text+e.Message)
	}
	return strings.Join(out, " ")
}

func TestExampleOfDatabase(t *testing.T) {
	description, statements := example(t, "database")
	d, problems := Parse("acme-db.toml", []byte(description))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	path := filepath.Join(t.TempDir(), "acme.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	set, c := open(t, path, d)
	s, ok := c.Session("s1")
	if want := (eventlog.Usage{Input: 250, Output: 30}); !ok || s.Usage != want || s.Calls != 2 || s.Recorded != 42_500_000 || s.Title != "The shop" || s.Goal != "Hello" {
		t.Errorf("%+v", s)
	}
	if got := texts(t, set, s); got != "loop_step: message:Hello model_response:Hi model_response:More" {
		t.Error(got)
	}
	if s.First.Time().Format("15:04:05.0") != "09:00:00.0" || s.Last.Time().Format("15:04:05.0") != "09:00:02.0" {
		t.Errorf("from %v to %v", s.First.Time(), s.Last.Time())
	}
}

// Every name that a description may use is on the page.
func TestPageTellsEveryKey(t *testing.T) {
	text := page(t)
	for _, name := range slices.Concat(fieldNames, kindNames) {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/formats.md does not tell %s", name)
		}
	}
	_, problems := Parse("x.toml", []byte("name='x'\nnobody=1\n[sniff]\nfields=['a']\nnobody=1\n[fields]\nkind='k'\nnobody=1\n[tokens]\nnobody=1\n[cost]\nnobody=1\n[kinds]\na='message'\n[[failed]]\nhas=['a']\nnobody=1\n[[table]]\nname='t'\nnobody=1\n"))
	known := 0
	for _, p := range problems {
		for _, key := range strings.Split(p.(Problem).Allowed, ", ") {
			if p.(Problem).What == "this key is not known here" {
				known++
				if !strings.Contains(text, "`"+key+"`") && !strings.Contains(text, "["+key+"]") {
					t.Errorf("docs/formats.md does not tell %s", key)
				}
			}
		}
	}
	if known < 40 {
		t.Errorf("only %d keys were looked for", known)
	}
}

// A mistake is told with its line, and what would be right.
func TestProblems(t *testing.T) {
	const good = "name = 'x'\n[sniff]\nfields = ['a']\n[fields]\nkind = 'k'\n[kinds]\na = 'message'\n"
	if _, problems := Parse("x.toml", []byte(good)); len(problems) > 0 {
		t.Fatal(problems)
	}
	for text, want := range map[string]string{
		"name = 'x'\nname = 'y'":                           "x.toml:2: it is no TOML",
		"name = 'x\n":                                      "x.toml:1: it is no TOML",
		strings.Replace(good, "'x'", "'X Y'", 1):           `x.toml:1: name: "X Y" is no name; allowed: small letters`,
		strings.Replace(good, "'x'", "'claude'", 1):        "x.toml:1: name: \"claude\" is a format that is built in; allowed: another name",
		strings.Replace(good, "'x'", "7", 1):               "x.toml:1: name: it is a number; allowed: a text",
		strings.Replace(good, "['a']", "['a', 1]", 1):      "x.toml:3: sniff.fields[1]: it is a number; allowed: a text",
		strings.Replace(good, "'k'", "'k..l'", 1):          `x.toml:5: fields.kind: the path "k..l" has a name that is empty; allowed: names`,
		strings.Replace(good, "'message'", "'massage'", 1): `x.toml:7: kinds.a: "massage" is no kind of event; allowed: session_start,`,
		good + "[tokens]\ncounters = 'sum'":                `x.toml:9: tokens.counters: "sum" is not known; allowed: each, difference, last`,
		good + "[tokens]\ninput_includes_cache = 'yes'":    "x.toml:9: tokens.input_includes_cache: it is a text; allowed: true, false",
		good + "[cost]\nunit = 'eur'":                      `x.toml:9: cost.unit: "eur" is not known; allowed: usd, cent,`,
		good + "[[failed]]":                                "x.toml:8: failed[0]: the condition says nothing; allowed: has, lacks, equals",
		good + "[[failed]]\nhas='a'\n[[failed]]\nhsa='b'":  "x.toml:11: failed[1].hsa: this key is not known here; allowed: has, lacks, equals",
		good + "[[when]]\nhas='a'":                         "x.toml:8: when[0].kind: the kind is missing; allowed: session_start",
		good + "[[table]]\nname='t'":                       "x.toml:8: table: nothing tells the database; allowed: [sniff.tables]",
		"name='x'\n[kinds]\na='message'\n":                 "x.toml:1: sniff: nothing tells the format; allowed: fields",
		"name='x'\n[sniff.tables]\na=['b']":                "x.toml:2: sniff.tables: no table is read; allowed: a [[table]]",
	} {
		d, problems := Parse("x.toml", []byte(text))
		found := slices.ContainsFunc(problems, func(p error) bool { return strings.HasPrefix(p.Error(), want) })
		if !found || d != nil {
			t.Errorf("%q: %v, want %s", text, problems, want)
		}
	}
}

// A description that is wrong does not stop the others.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.toml": "name='a'\n[sniff]\nfields=['a']\n[const]\nkind='m'\n[kinds]\nm='message'\n", "b.toml": "nonsense", "c.txt": "nonsense",
		"d.toml": "name='a'\n[sniff]\nfields=['b']\n[kinds]\n'*'='message'\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, problems := Load(dir)
	if len(list) != 1 || list[0].Title != "a" || len(problems) != 2 || !strings.Contains(fmt.Sprint(problems[1]), "is described in") {
		t.Errorf("%v, %v", list, problems)
	}
	if list, problems := Load(filepath.Join(dir, "none")); list != nil || problems != nil {
		t.Errorf("%v, %v", list, problems)
	}
}

// Sums count once: by what was added, or by the last of them.
func TestSums(t *testing.T) {
	lines := `{"s":"1","n":1,"in":10,"usd":0.01}
{"s":"1","n":2,"in":25,"usd":0.03}
{"s":"1","n":3,"in":25,"usd":0.03}
{"s":"1","n":4,"in":7,"usd":0.005}
`
	for counters, want := range map[string]string{"each": "67 0.075 4", "difference": "32 0.035 3", "last": "25 0.03 1"} {
		d, problems := Parse("x.toml", []byte("name='x'\n[sniff]\nfields=['s','n']\n[fields]\nsession='s'\nevent='n'\n[kinds]\n'*'='model_response'\n[tokens]\ninput='in'\ncounters='"+counters+"'\n[cost]\nfield='usd'\n"))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		_, c := open(t, write(t, "x.jsonl", lines), d)
		s, _ := c.Session("1")
		if got := fmt.Sprint(s.Usage.Input, " ", s.Recorded, " ", s.Calls); got != want {
			t.Errorf("%s: %s, want %s", counters, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("name='x'\n[sniff]\nfields=['a']\n[fields]\nkind='k'\n[kinds]\na='message'\n", `{"a":1,"k":"a"}`)
	f.Fuzz(func(t *testing.T, description, line string) {
		d, _ := Parse("x.toml", []byte(description))
		if d == nil || len(d.Columns) > 0 {
			return
		}
		_ = d.Sniff(&dialect.Head{Lines: [][]byte{[]byte(line)}})
		_ = d.Open(dialect.Segment{Path: "x"}).Decode(&eventlog.Record{Body: []byte(line)}, true, func(e *eventlog.Event) {
			if e.Bill != nil && (e.Bill.Usage.Total() < 0 || e.Bill.Cost < 0) {
				t.Errorf("negative %+v", e.Bill)
			}
		})
	})
}
