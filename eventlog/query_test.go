package eventlog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestQueryMatch(t *testing.T) {
	now := Stamp(1_763_629_200e9)
	s := &Subject{
		Kind: ToolError, Type: "tool_error", Session: "abc-1", Agent: "research", Model: "claude-sonnet-4-6", Tool: "Bash",
		Name: "Fix checkout race", Failed: true, Cost: Dollar / 4, Priced: true, Usage: Usage{Input: 1000, CacheRead: 9000, Output: 500},
		Duration: 90 * time.Second, Time: now - Stamp(time.Hour), Now: now, Status: Running,
		Dies:  now + Stamp(50*time.Hour),
		Facts: &Facts{Tags: []string{"ci", "nightly"}, Metadata: map[string]string{"ticket": "SHOP-1"}, Directory: "/home/dev/shop"},
		Found: func(word string) bool { return word == "needle" },
	}
	for query, want := range map[string]bool{
		"":                                true,
		"kind:tool":                       true,
		"kind:model":                      false,
		"kind:model,tool":                 true,
		"kind:tool_error":                 true,
		"kind:tool_*":                     true,
		"type:tool_error":                 true,
		"agent:research":                  true,
		"agent:res*":                      true,
		"agent:*SEARCH":                   true,
		"agent:res":                       false,
		"-agent:res*":                     false,
		"NOT agent:other":                 true,
		"model:claude-*":                  true,
		"tool:bash":                       true,
		"session:abc":                     true,
		"session:bc":                      false,
		"name:checkout":                   true,
		"checkout":                        true,
		"CHECKOUT race":                   true,
		`"checkout race"`:                 true,
		`"race checkout"`:                 false,
		"needle":                          true,
		"haystack":                        false,
		"needle -haystack":                true,
		"cost>0.2":                        true,
		"cost>$0.25":                      false,
		"cost>=0.25":                      true,
		"cost=0.25":                       true,
		"tokens>10k":                      true,
		"tokens>1M":                       false,
		"dur>1m":                          true,
		"dur<1m":                          false,
		"dur>80":                          true,
		"dies<3d":                         true,
		"dies:3d":                         true,
		"dies:2d":                         false,
		"dies>2d":                         true,
		"dies=2d":                         false,
		"err:any":                         true,
		"err:none":                        false,
		"is:failed":                       true,
		"is:running":                      true,
		"is:orphan":                       false,
		"since:2h":                        true,
		"since:30m":                       false,
		"until:30m":                       true,
		"tag:ci":                          true,
		"tag:night*":                      true,
		"tag:prod":                        false,
		"meta.ticket:shop-1":              true,
		"meta.ticket:shop-2":              false,
		`meta.ticket:""`:                  false,
		`meta.epic:""`:                    true,
		`branch:""`:                       true,
		`dir:""`:                          false,
		`goal:""`:                         true,
		`-branch:"" err:any`:              false,
		"repo:shop":                       true,
		"status:running":                  true,
		"agent:x OR tool:Bash":            true,
		"agent:x OR tool:Grep":            false,
		"(agent:x OR tool:Bash) err:any":  true,
		"(agent:x OR tool:Bash) err:none": false,
		"-(agent:x OR tool:Grep)":         true,
	} {
		q, err := ParseQuery(query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if got := q.Match(s); got != want {
			t.Errorf("%s = %v, want %v", query, got, want)
		}
		if got := q.Match(without(s, ^q.Reads())); got != want {
			t.Errorf("%s depends on something that Reads does not tell", query)
		}
	}
}

// without returns the subject without some of its parts.
func without(s *Subject, parts Part) *Subject {
	cut := *s
	for part, clear := range map[Part]func(){
		PartKind:    func() { cut.Kind, cut.Type = 0, "" },
		PartAgent:   func() { cut.Agent, cut.Agents = "", nil },
		PartModel:   func() { cut.Model, cut.Models, cut.Provider = "", nil, "" },
		PartTool:    func() { cut.Tool = "" },
		PartSession: func() { cut.Session = "" },
		PartRun:     func() { cut.Run = "" },
		PartFacts:   func() { cut.Facts = nil },
		PartState: func() {
			cut.Status, cut.Outcome, cut.Link, cut.Failed, cut.Open, cut.Orphan, cut.Errors = 0, 0, 0, false, false, false, 0
		},
		PartCost:  func() { cut.Cost, cut.Priced = 0, false },
		PartUsage: func() { cut.Usage = Usage{} },
		PartTime:  func() { cut.Time, cut.Duration = 0, 0 },
		PartFate:  func() { cut.Dies = 0 },
		PartWords: func() { cut.Found = nil },
		PartFile:  func() { cut.ID, cut.Name, cut.Goal, cut.Format, cut.Path = "", "", "", "", "" },
	} {
		if parts&part != 0 {
			clear()
		}
	}
	return &cut
}

func TestQueryRefuses(t *testing.T) {
	for query, why := range map[string]string{
		"colour:red":    `no field "colour"`,
		"cost>lots":     "not a number",
		"agent>5":       "cannot be compared",
		"kind:":         "needs a value",
		"branch:":       "needs a value",
		`cost:""`:       "needs a value",
		"(agent:x":      "parenthesis",
		"agent:x )":     "unexpected",
		"since:teatime": "want a time back",
		"is:happy":      "not known",
		"err:maybe":     "any or none",
		"-":             "missing",
	} {
		_, err := ParseQuery(query)
		if err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want one line with %q", query, err, why)
		}
	}
}

func TestQueryWords(t *testing.T) {
	q, err := ParseQuery(`Bash "npm test" agent:x -Bash`)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(q.Words(), "|"); got != "bash|npm test" {
		t.Errorf("words = %s", got)
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{"", "a:b", `"x`, "((", "-(a OR b)", "cost>1k", "since:1h", "meta.x:y", "!-!a", "a OR OR b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseQuery(text)
		if err == nil {
			q.Match(&Subject{Name: text, Found: func(string) bool { return true }})
		}
	})
}

func TestQueryMetadataKeysKeepTheirCase(t *testing.T) {
	s := &Subject{Facts: &Facts{Metadata: map[string]string{"Ticket": "SHOP-1"}}}
	for text, want := range map[string]bool{"meta.Ticket:shop-1": true, "META.Ticket:SHOP*": true, "meta.ticket:SHOP-1": false} {
		q, err := ParseQuery(text)
		if err != nil || q.Match(s) != want {
			t.Errorf("%s: %t, %v", text, !want, err)
		}
	}
}

// Every field is explained where people look for it.
func TestQueryFieldsAreDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "query.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range QueryFields() {
		if !strings.Contains(string(page), "`"+field+"`") {
			t.Errorf("docs/query.md does not mention %s", field)
		}
	}
}
