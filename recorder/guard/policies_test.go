package guard

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// The example in the documents is read as it says.
func TestPolicyExample(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "policies.md"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(page)
	if m == nil {
		t.Fatal("there is no example")
	}
	rules, err := ParsePolicies("policies.yaml", m[1])
	if err != nil {
		t.Fatal(err)
	}
	want := []Rule{
		{Name: "budget", Limit: Cost, Most: 5 * int64(eventlog.Dollar), Action: Pause, Severity: Critical},
		{Name: "going in circles", Limit: Repeat, Most: 5, Within: 10 * time.Minute, Action: Stop, Severity: Critical},
		{Name: "error burst", Limit: Errors, Most: 10, Within: time.Minute, Action: Notify, Severity: Warning},
		{Name: "force push", Limit: Events, Most: 1, Severity: Critical, Payload: true, Hooks: []Hook{{Command: "mail -s 'force push' me"}, {URL: "https://hooks.example/agents"}}},
		{Name: "dear call", Limit: Events, Most: 1, Severity: Info},
		{Name: "long run", Limit: Wall, Most: int64(2 * time.Hour), Action: Notify, Severity: Warning},
	}
	where := []string{"", "", "kind:tool", `kind:tool_call tool:Bash "push --force"`, "cost>0.5", ""}
	if len(rules) != len(want) {
		t.Fatalf("%d policies", len(rules))
	}
	for i, r := range rules {
		if r.Where.String() != where[i] || !strings.HasPrefix(r.Source, "policies.yaml:") {
			t.Errorf("%s: where %s, from %s", r.Name, r.Where, r.Source)
		}
		r.Where, r.Source = eventlog.Query{}, ""
		got, _ := json.Marshal(r)
		if exp, _ := json.Marshal(want[i]); string(got) != string(exp) {
			t.Errorf("%s\nwant\n%s", got, exp)
		}
	}
}

// Each mistake is told with its line, and with what to do.
func TestPolicyMistakes(t *testing.T) {
	policy := func(rest string) string { return "policies:\n  - name: x\n" + rest }
	for text, want := range map[string]string{
		"":                                 "p.yaml: it is empty; policies: is expected",
		"# nothing\n":                      "p.yaml: it is empty; policies: is expected",
		"policies: []\n":                   "p.yaml:1: there are no policies in it",
		"- a\n":                            "p.yaml:1: the file: keys and values are expected",
		"policy: []\n":                     `p.yaml:1: the file has no key "policy"; it has policies`,
		"policies: 3\n":                    "p.yaml:1: policies: a list is expected",
		"policies:\n  - a: [\n":            "p.yaml: line 2:",
		"policies:\n\t- a\n":               "p.yaml: line 2:",
		policy(""):                         "p.yaml:2: policy x does not say when",
		policy("    wen: {}\n"):            `p.yaml:3: a policy has no key "wen"; it has name, then, when`,
		policy("    name: y\n"):            "p.yaml:3: a policy has name twice",
		policy("    when: {}\n"):           "p.yaml:3: when: a limit or where is expected",
		policy("    when: cost\n"):         "p.yaml:3: when: keys and values are expected",
		"policies:\n  - when: {cost: 1}\n": "p.yaml:2: a policy needs a name",
		"policies:\n  - name:\n    when: {cost: 1}\n":                     "p.yaml:2: name: a text is expected",
		policy("    when: {cost: 1, tokens: 2}\n"):                        "p.yaml:3: when: there is cost already; a policy has one limit",
		policy("    when:\n      cost: -1\n"):                             `p.yaml:4: cost: "-1" is no amount of dollars`,
		policy("    when: {cost: much}\n"):                                `p.yaml:3: cost: "much" is no amount of dollars`,
		policy("    when: {errors: 1.5}\n"):                               `p.yaml:3: errors: "1.5" is no whole number from 0 on`,
		policy("    when: {repeat: 1}\n"):                                 `p.yaml:3: repeat: "1" is no whole number from 2 on`,
		policy("    when: {events: 0}\n"):                                 `p.yaml:3: events: "0" is no whole number from 1 on`,
		policy("    when: {wall: 10}\n"):                                  `p.yaml:3: wall: "10" is no time like 30s, 10m or 1h30m`,
		policy("    when: {wall: 1h, within: 1m}\n"):                      "p.yaml:3: when: wall goes with neither where nor within",
		policy("    when: {where: 'kind:tool', within: 1m}\n"):            "p.yaml:3: when: within needs something to count: events, cost, tokens, errors or repeat",
		policy("    when: {where: 'knd:tool'}\n"):                         `p.yaml:3: where: query "knd:tool": there is no field "knd"`,
		policy("    when: {where: ''}\n"):                                 "p.yaml:3: where: a text is expected",
		policy("    when: {cost: 1}\n    then: {do: stop}\n"):             `p.yaml:4: then has no key "do"; it has action, exec, payload, signal, webhook`,
		policy("    when: {cost: 1}\n    then: {action: kill}\n"):         `p.yaml:4: action: "kill" is not notify, pause or stop`,
		policy("    when: {cost: 1}\n    then: {signal: bad}\n"):          `p.yaml:4: signal: "bad" is not info, warning or critical`,
		policy("    when: {cost: 1}\n    then: {webhook: x}\n"):           "p.yaml:4: webhook: http://... or https://... is expected",
		policy("    when: {cost: 1}\n    then: {exec: }\n"):               "p.yaml:4: exec: a text is expected",
		policy("    when: {cost: 1}\n    then: {payload: 3}\n"):           "p.yaml:4: payload: true or false is expected",
		policy("    when: {cost: 1}\n  - name: x\n    when: {cost: 1}\n"): `p.yaml:4: there is a policy "x" already, in line 2`,
		policy("    when: &a {cost: 1}\n    then: *a\n"):                  "p.yaml:4: a policy: anchors are not taken, write it out",
		policy("    when: {cost: 1}\n---\npolicies: []\n"):                "p.yaml: there is more than one document in it",
		policy("    when: {events: 5}\n"):                                 "p.yaml:3: when: events needs where, which says what is counted",
	} {
		rules, err := ParsePolicies("p.yaml", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q:\n  %v %v\nwant\n  %s", text, rules, err, want)
		}
	}
	if _, err := ReadPolicies(filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.Contains(err.Error(), "none.yaml: no such file") {
		t.Error(err)
	}
}

func FuzzPolicies(f *testing.F) {
	f.Add("policies:\n  - name: x\n    when: {cost: 1, within: 1m}\n    then: {action: pause}\n")
	f.Add("policies: [{name: a, when: {where: 'a OR b'}}]")
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := ParsePolicies("p", []byte(text))
		if (err == nil) == (len(rules) == 0) {
			t.Errorf("%v, %v", rules, err)
		}
		if raw := (Options{Rules: rules}).Describe(); !json.Valid(raw) {
			t.Errorf("%s", raw)
		}
	})
}
