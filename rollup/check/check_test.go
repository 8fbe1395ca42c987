package check

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

func session(id string, facts eventlog.Facts) *eventlog.Session {
	return &eventlog.Session{ID: id, Facts: facts, Paths: []string{"logs/a b#1:%.jsonl"}}
}

func rule(t *testing.T, what What, limit string) Rule {
	t.Helper()
	r, err := NewRule(what, limit, "test")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func judged(rules []Rule, base *Baseline, subjects ...*Subject) *Report {
	return Judge(rules, subjects, base, Found{}, 0)
}

// What may be is kept by just as much, and broken by the least bit more.
func TestLimitsAreExact(t *testing.T) {
	t.Parallel()
	s := &Subject{Session: session("s", eventlog.Facts{Metrics: map[string]float64{"score": 0.7}}), Wall: time.Minute}
	s.Sum.Recorded = eventlog.Dollar
	s.Sum.Errors, s.Sum.Calls, s.Sum.Usage.Input = 3, 4, 100
	for _, c := range []struct {
		what       What
		fits, less string
	}{
		{Cost, "1", "0.999999999"}, {Errors, "3", "2"}, {Calls, "4", "3"}, {Tokens, "100", "99"}, {Wall, "1m", "59.999999999s"},
		{TotalCost, "$1.00", "0.999999999"}, {Score, "0.7", "0.700000001"},
	} {
		if r := judged([]Rule{rule(t, c.what, c.fits)}, nil, s); r.Tripped() {
			t.Errorf("%v of %s: %s", c.what, c.fits, r.Findings[0].Text)
		}
		if r := judged([]Rule{rule(t, c.what, c.less)}, nil, s); !r.Tripped() {
			t.Errorf("%v of %s did not trip", c.what, c.less)
		}
	}
}

// What has no price is not free: a limit that seems to be kept is told of, and one that
// is broken is broken by at least so much.
func TestCostWithoutPrices(t *testing.T) {
	t.Parallel()
	s := &Subject{Session: session("s", eventlog.Facts{})}
	s.Sum = rollup.Sum{Recorded: eventlog.Dollar, Estimated: eventlog.Dollar / 2, Calls: 5, Unpriced: 2}
	r := judged([]Rule{rule(t, Cost, "2")}, nil, s)
	if r.Tripped() || len(r.Findings) != 1 || r.Findings[0].Level != Warning || !r.Findings[0].AtLeast {
		t.Fatalf("%+v", r.Findings)
	}
	if r.Strict = true; !r.Tripped() {
		t.Error("it has to trip where warnings do")
	}
	r = judged([]Rule{rule(t, Cost, "1")}, nil, s)
	want := "cost at least $1.5 (at most $1): $1 recorded, $0.5 estimated, 2 calls without a price"
	if !r.Tripped() || r.Findings[0].Text != want {
		t.Errorf("got  %s\nwant %s", r.Findings[0].Text, want)
	}
}

func TestRegression(t *testing.T) {
	t.Parallel()
	base := &Baseline{Name: "session b", ID: "s", Wall: time.Minute, Steps: 10}
	base.Sum.Recorded = eventlog.Dollar
	s := &Subject{Session: session("s", eventlog.Facts{}), Wall: time.Minute, Steps: 11}
	s.Sum.Recorded = eventlog.Dollar + eventlog.Dollar/10
	s.Sum.Errors = 1
	for _, c := range []struct {
		what  What
		limit string
		trips bool
	}{
		{CostRegression, "10", false}, {CostRegression, "9.999999999", true}, {StepsRegression, "10", false}, {StepsRegression, "9", true},
		{WallRegression, "0", false}, {ErrorsRegression, "1000", true}, // from none to one is more than any percentage
	} {
		if r := judged([]Rule{rule(t, c.what, c.limit)}, base, s); r.Tripped() != c.trips {
			t.Errorf("%v of %s: tripped is %v", c.what, c.limit, r.Tripped())
		}
	}
	base.Session = s.Session
	if r := judged([]Rule{rule(t, CostRegression, "0")}, base, s); r.Tripped() {
		t.Error("a session was compared with itself")
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	s := &Subject{Session: session("s", eventlog.Facts{Outcome: eventlog.Failure, FailureReason: "out of turns"})}
	r := judged([]Rule{rule(t, Outcome, "success, cancelled")}, nil, s)
	if !r.Tripped() || !strings.Contains(r.Findings[0].Text, "out of turns") {
		t.Errorf("%+v", r.Findings)
	}
	if r := judged([]Rule{rule(t, Outcome, "success,failure")}, nil, s); r.Tripped() {
		t.Error("failure was accepted and tripped")
	}
}

// Mistakes in a file of rules are told with their line.
func TestParseRulesMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "r.yaml: it is empty",
		"rules: []":                             "r.yaml:1: there are no rules",
		"rules:\n  - what: cots\n":              `r.yaml:2: what: "cots" is not known`,
		"rules:\n  - what: cost\n":              "r.yaml:2: rule LT001 needs a limit",
		"rules:\n  - limit: 1\n":                "r.yaml:2: a rule needs what",
		"rules:\n- what: cost\n  limit: lots\n": `r.yaml:3: limit: "lots" is no amount`,
		"rules:\n- what: cost\n  limit: 1\n  colour: red\n":            `r.yaml:4: a rule has no key "colour"`,
		"rules:\n- what: cost\n  limit: 1\n- what: cost\n  limit: 2\n": "r.yaml:4: there is a rule LT001 already, in line 2",
		"rules:\n- id: LT99\n  what: cost\n  limit: 1\n":               "r.yaml:2: id:",
		"rules:\n- what: errors\n  limit: 1\n  where: '('\n":           "r.yaml:4: where:",
		"rules:\n- what: errors\n  limit: 1\n  query: err:any\n":       "r.yaml:2: query is what matches looks for",
		"rules:\n- what: errors\n  limit: 1\n  level: fatal\n":         `r.yaml:4: level: "fatal"`,
		"rules:\n- what: total_cost\n  limit: 1\n  where: agent:x\n":   "r.yaml:2: where chooses",
		"rules:\n- what: repeat\n  limit: 1\n":                         "r.yaml:3: limit: 1 is too few",
		"rules:\n- what: outcome\n  limit: good\n":                     `r.yaml:3: limit: "good" is no outcome`,
		"rules:\n\t- what: cost":                                       "r.yaml: line 2",
		"rules:\n- &a\n  what: cost\n  limit: 1\n- <<: *a\n":           "anchors are not taken",
	} {
		_, err := ParseRules("r.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

// The ids are what others build on: they are known, different, and stay.
func TestKinds(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i, k := range Kinds() {
		if seen[k.ID] || seen[k.Name] || k.About == "" || k.Hint == "" || int(k.what) != i {
			t.Errorf("%+v", k)
		}
		seen[k.ID], seen[k.Name] = true, true
		if what, ok := ParseWhat(k.Name); !ok || what.Kind().ID != k.ID {
			t.Errorf("%s is not found", k.Name)
		}
	}
	for what, id := range map[What]string{Cost: "LT001", Loops: "LT004", Secrets: "LT010", Matches: "LT013", TotalCost: "LT014", StepsRegression: "LT024", Unreadable: "LT030"} {
		if what.Kind().ID != id {
			t.Errorf("%v has become %s", what, what.Kind().ID)
		}
	}
}

// hostile is a report about texts that want to be more than that.
func hostile(t *testing.T) *Report {
	name := "x</testcase>]]>&\x00\x1b[31m\n::error::pwned|<script>`##[error]"
	s := &Subject{Session: session("id.1", eventlog.Facts{Title: name, Outcome: eventlog.Failure, FailureReason: name})}
	s.Sum = rollup.Sum{Recorded: 5 * eventlog.Dollar, Errors: 2, Unpriced: 1, Calls: 2}
	s.Errors = []Place{{Path: "logs/a b#1:%.jsonl", Pos: 0, Line: 1}, {Path: "logs/a b#1:%.jsonl", Pos: 90, Line: 2, Text: name}}
	rules := []Rule{rule(t, Cost, "1"), rule(t, Errors, "0"), rule(t, Outcome, "success"), rule(t, TotalErrors, "0"), rule(t, TotalCost, "100"), rule(t, Calls, "9")}
	rules[1].Message = name
	r := judged(rules, nil, s)
	r.Version, r.Folder = "1.0", "/work"
	return r
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := hostile(t)
	if err := r.WriteJUnit(&out); err != nil {
		t.Fatal(err)
	}
	var back junitSuites
	dec := xml.NewDecoder(bytes.NewReader(out.Bytes()))
	if err := dec.Decode(&back); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	if rest := out.Bytes()[dec.InputOffset():]; len(bytes.TrimSpace(rest)) > 0 {
		t.Errorf("behind the end: %q", rest)
	}
	names := map[string]bool{}
	tests, failures := 0, 0
	for _, s := range back.Suites {
		n := 0
		for _, c := range s.Cases {
			if key := c.Class + " " + c.Name; names[key] {
				t.Errorf("%s is there twice", key)
			} else {
				names[key] = true
			}
			if len(c.Failure) > 0 {
				n++
			}
		}
		if s.Tests != len(s.Cases) || s.Failures != n {
			t.Errorf("suite %q tells of %d tests and %d failures", s.Name, s.Tests, s.Failures)
		}
		tests, failures = tests+s.Tests, failures+n
	}
	if back.Tests != tests || back.Failures != failures || tests != 6 || failures != 4 {
		t.Errorf("%d tests, %d failures; told are %d and %d", tests, failures, back.Tests, back.Failures)
	}
	if bytes.Contains(out.Bytes(), []byte("\x1b")) || bytes.Contains(out.Bytes(), []byte{0}) {
		t.Error("controls came through")
	}
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(hostile(t).SARIF())
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct{ ID string }
				}
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           *struct{ StartLine int64 }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if back.Version != "2.1.0" || back.Schema == "" || len(back.Runs) != 1 || back.Runs[0].Tool.Driver.Name != "lazytrace" {
		t.Fatalf("%s", text)
	}
	run := back.Runs[0]
	ids := map[string]bool{}
	for _, r := range run.Tool.Driver.Rules {
		if ids[r.ID] {
			t.Errorf("the rule %s is there twice", r.ID)
		}
		ids[r.ID] = true
	}
	if len(run.Results) != 4+1 { // what total_cost cannot tell is a warning
		t.Errorf("%d results", len(run.Results))
	}
	for _, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Message.Text == "" || r.Level != "error" && r.Level != "warning" {
			t.Errorf("%+v", r)
		}
		for _, l := range r.Locations {
			u, err := url.Parse(l.PhysicalLocation.ArtifactLocation.URI)
			if err != nil || u.IsAbs() || u.Fragment != "" || u.Path != "logs/a b#1:%.jsonl" {
				t.Errorf("%q: %v, %+v", l.PhysicalLocation.ArtifactLocation.URI, err, u)
			}
			if g := l.PhysicalLocation.Region; g != nil && g.StartLine < 1 {
				t.Errorf("line %d", g.StartLine)
			}
		}
	}
	r := &Report{Folder: "/home/dev/shop"}
	if got := r.uri("/else where/x.jsonl"); got != "file:///else%20where/x.jsonl" {
		t.Errorf("a path outside became %s", got)
	}
	if got := r.uri("/home/dev/shop/in/x.jsonl"); got != "in/x.jsonl" {
		t.Errorf("a path inside became %s", got)
	}
}

// Nothing of a foreign text becomes a command, a line of its own, or markup.
func TestGitHub(t *testing.T) {
	t.Parallel()
	r := hostile(t)
	var out bytes.Buffer
	if err := r.WriteGitHub(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(r.Findings)+1 {
		t.Errorf("%d lines for %d findings:\n%s", len(lines), len(r.Findings), out.String())
	}
	for _, line := range lines[:len(lines)-1] {
		if !strings.HasPrefix(line, "::error ") && !strings.HasPrefix(line, "::warning ") || strings.Contains(line, "##[") {
			t.Errorf("%q", line)
		}
	}
	if !strings.Contains(out.String(), "file=logs/a b#1%3A%25.jsonl,line=1,") {
		t.Errorf("the place is not there:\n%s", out.String())
	}
	out.Reset()
	if err := r.WriteSummary(&out); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script>", "`", "::error"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("%s came through:\n%s", bad, out.String())
		}
	}
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "|") && strings.Count(line, "|") != 7 {
			t.Errorf("cells: %s", line)
		}
	}
}
