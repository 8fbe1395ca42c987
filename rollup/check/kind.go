package check

import "slices"

// What is what a rule measures.
type What uint8

// What rules measure. The names and numbers of their kinds are a contract.
const (
	Cost What = iota
	Errors
	ToolErrors
	Loops
	Repeat
	Wall
	Calls
	Tokens
	Unpriced
	Secrets
	Outcome
	Score
	Matches
	TotalCost
	TotalErrors
	TotalCalls
	TotalTokens
	CostRegression
	WallRegression
	ErrorsRegression
	TokensRegression
	StepsRegression
	Unreadable
	Dropped
)

// Kind is a kind of rule.
type Kind struct {
	ID    string `json:"id"`   // stays what it is for good
	Name  string `json:"what"` // as files of rules call it
	Flag  string `json:"flag"`
	Unit  Unit   `json:"unit"`
	About string `json:"about"` // what it finds
	Hint  string `json:"hint"`  // what can be done about it
	what  What
}

// kinds are all of them, in the order of What.
var kinds = []Kind{
	{"LT001", "cost", "--max-cost", USD, "a session costs more than it may", "use a cheaper model, a shorter context or fewer turns; lazytrace usage --by run shows what costs", Cost},
	{"LT002", "errors", "--max-errors", Count, "a session has more errors than it may", "lazytrace errors puts them into families", Errors},
	{"LT003", "tool_errors", "--max-tool-errors", Count, "more tool calls of a session failed than may", "lazytrace errors shows what they have in common", ToolErrors},
	{"LT004", "loops", "--max-loops", Count, "an agent made the same calls again and again", "lazytrace errors --loops shows the calls; say in the prompt or the tool's answer what to do instead", Loops},
	{"LT005", "repeat", "--max-repeat", Count, "one call, or circle of calls, was made more often in a row than it may be", "lazytrace errors --loops shows the calls; lazytrace run --max-repeat ends it while it happens", Repeat},
	{"LT006", "wall", "--max-wall", Duration, "a session took longer than it may", "lazytrace slow shows the slowest calls, lazytrace usage --times where the time went", Wall},
	{"LT007", "calls", "--max-calls", Count, "a session made more model calls than it may", "limit the turns of the agent, or split the task", Calls},
	{"LT008", "tokens", "--max-tokens", Count, "a session used more tokens than it may", "lazytrace usage --context shows what fills the context", Tokens},
	{"LT009", "unpriced", "--max-unpriced", Count, "model calls have no price, so that no limit on cost can count them", "lazytrace prices tells how to add a price of your own", Unpriced},
	{"LT010", "secrets", "--no-secrets", Count, "secrets stand in a log", "make them invalid first, then lazytrace scrub masks them", Secrets},
	{"LT011", "outcome", "--require-outcome", Text, "a session did not end as it has to", "lazytrace sessions show tells why it failed; an agent that never says how it ended can be told by lazytrace run", Outcome},
	{"LT012", "score", "--min-score", Number, "a session has a lower score than it needs, or none", "lazytrace compare shows what is different from a session that was better", Score},
	{"LT013", "matches", "--where with --max-count", Count, "more matches a query than may", "lazytrace events --where shows what matches", Matches},
	{"LT014", "total_cost", "--max-total-cost", USD, "all sessions together cost more than they may", "lazytrace usage --by session shows which cost most", TotalCost},
	{"LT015", "total_errors", "--max-total-errors", Count, "all sessions together have more errors than they may", "lazytrace errors puts them into families", TotalErrors},
	{"LT016", "total_calls", "--max-total-calls", Count, "all sessions together made more model calls than they may", "lazytrace usage --by session shows which made most", TotalCalls},
	{"LT017", "total_tokens", "--max-total-tokens", Count, "all sessions together used more tokens than they may", "lazytrace usage --by session shows which used most", TotalTokens},
	{"LT020", "cost_regression", "--max-regression cost=PCT", Percent, "a session costs more than the baseline, by more than it may", "lazytrace compare shows where they part", CostRegression},
	{"LT021", "wall_regression", "--max-regression wall=PCT", Percent, "a session took longer than the baseline, by more than it may", "lazytrace compare shows where they part", WallRegression},
	{"LT022", "errors_regression", "--max-regression errors=PCT", Percent, "a session has more errors than the baseline, by more than it may", "lazytrace compare shows where they part", ErrorsRegression},
	{"LT023", "tokens_regression", "--max-regression tokens=PCT", Percent, "a session used more tokens than the baseline, by more than it may", "lazytrace compare shows where they part", TokensRegression},
	{"LT024", "steps_regression", "--max-regression steps=PCT", Percent, "a session took more steps than the baseline, by more than it may", "lazytrace compare shows where they part", StepsRegression},
	{"LT030", "unreadable", "--max-unreadable", Count, "records of a log could not be read, so that figures are too low", "lazytrace stat shows which and why; most are torn by a crash or a full disk", Unreadable},
	{"LT031", "dropped", "--max-dropped", Count, "the recorder could not keep events, so that figures are too low", "record with --on-full block, which keeps all of them", Dropped},
}

// Kinds returns all kinds of rules, in the order of their ids.
func Kinds() []Kind { return slices.Clone(kinds) }

// Kind returns the kind of a rule by what it measures.
func (w What) Kind() Kind { return kinds[w] }

// String returns the name of what is measured.
func (w What) String() string { return kinds[w].Name }

// ParseWhat returns what a name means.
func ParseWhat(name string) (What, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Name == name })
	return What(max(0, i)), i >= 0
}

// total reports whether all sessions are measured together.
func (w What) total() bool { return w >= TotalCost && w <= TotalTokens }

// regression reports whether a session is measured by another one.
func (w What) regression() bool { return w >= CostRegression && w <= StepsRegression }
