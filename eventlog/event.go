package eventlog

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// Event is one thing that happened, decoded. A dialect fills in what its
// record tells and leaves the rest at zero.
//
// Payload, Input, Output, Text and Message are bodies: a dialect fills them in
// only when it decodes in full, for an event that somebody looks at. Everything
// above them is what the index needs.
type Event struct {
	ID          string // as the log spells it; may be empty or used twice
	SessionID   string
	RunID       string
	ParentRunID string // of a run that is starting: the run that started it
	ParentCall  string // and the call in that run which did
	Link        Link   // how sure the two are
	Kind        Kind
	Type        string // the log's own spelling of the kind
	Time        Stamp
	Began       Stamp // of an event that closes a span, when the log tells the start
	Ran         Stamp // of a call that waited: when it began to run; of a retry: when the next attempt begins

	Agent    string
	Provider string
	Model    string
	Tool     string
	CallID   string // joins call and result, request and response, within a run
	Branch   string
	Print    uint64 // of a tool call: Print of its arguments as they stand in the log; zero is not known

	Failed  bool    // the event is a failure: it counts in ErrorCount
	Outcome Outcome // of a finish
	Idle    Idle    // whether the run waits for somebody after this event
	Wait    Wait    // what the event tells of the wait for a person, of the call that CallID names
	Hidden  bool    // machinery that is collapsed by default
	Copied  bool    // the record says that it was copied from another session
	Of      string  // of an event that a recorder copied out of another log: the session that it has there
	Spawns  bool    // of a call: a run may name it as its parent, even after its result
	Again   bool    // of a call: several records tell of it, and all of them are one span
	Piece   bool    // of an answer: its text goes on where that of the last record of the call ended, in the middle of a word perhaps
	Echo    bool    // it embeds a copy of a record that tells of a model call; that copy is never billed
	Holds   bool    // of a call or an event of its own: what names its CallID as its run lies below it
	Row     bool    // the log gives it no id: ID is the number of its row
	Line    bool    // Payload is the whole line that it was found in, the envelope included

	Bill    *Bill      // the model call that this record pays for
	Use     Identity   // of a tool call or result that other files may hold copies of
	Facts   *Facts     // what the record says about its session
	Adopts  []Adopt    // child runs that this record, of the parent, tells of
	Same    []Identity // names under which other layers told of this call, and it was billed; it pays for them
	Sums    []Identity // calls billed before that turn out to be sums of others, which pay for themselves
	Payload json.RawMessage

	Input   json.RawMessage // arguments, request
	Output  json.RawMessage // result, response
	Text    string          // what a person would read
	Message string          // of a failure
	Details []Detail        // everything else worth showing, in order
}

// Detail is one more thing that an event tells, for the detail pane.
type Detail struct{ Name, Value string }

// Idle says what an event does to the wait of its run.
type Idle uint8

// The effects of an event on whether its run is waiting.
const (
	IdleSame Idle = iota
	IdleYes       // nothing is under way: the run waits for a person
	IdleNo        // something is under way
)

// Wait says what an event tells of a call that waits for a person. A dialect
// says so only where its log does: all other time of a call is execution.
type Wait uint8

// What an event tells of a wait.
const (
	WaitSame     Wait = iota
	WaitAsked         // from here on the call waits for a decision
	WaitAnswered      // the decision came, or at Ran where that is known; it began with the call, or at Began
	WaitRefused       // the call was refused: all of it was waiting
	WaitPerson        // the call is a question to a person: all of it is waiting
)

var waitNames = [...]string{"", "asked", "answered", "refused", "person"}

// String returns the name of the wait.
func (w Wait) String() string { return waitNames[w] }

// ParseWait returns the wait with a name, or WaitSame.
func ParseWait(name string) Wait { return Wait(max(0, slices.Index(waitNames[:], name))) }

// Link says how sure the parent of a run is.
type Link uint8

// The confidences of a parent link, weakest first.
const (
	LinkNone  Link = iota
	LinkTask       // inferred: the same task was given to an open call
	LinkName       // inferred: an open call names the agent
	LinkExact      // inferred: an open call names the agent and gives the same task
	LinkSure       // told by the log
)

var linkNames = [...]string{"", "task", "name", "exact", "recorded"}

// String returns the name of the confidence.
func (l Link) String() string { return linkNames[l] }

// ParseLink returns the confidence with a name, or LinkNone.
func ParseLink(name string) Link { return Link(max(0, slices.Index(linkNames[:], name))) }

// MarshalText returns the name of the confidence.
func (l Link) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Adopt says that a run, or a session of its own, was started by a call of
// another run, told by a record of the parent, before or after the child's own
// records are read.
type Adopt struct {
	RunID                   string
	SessionID               string // instead of a run
	ParentRunID, ParentCall string
	Agent                   string // what the parent calls it
	Link                    Link
}

// Facts is what records say about their session. Later non-empty facts win,
// but for Goal, Name and Started, where the first one does.
type Facts struct {
	Name, Goal, Agent, User, Project, Directory, Branch, Environment string
	Conversation, ParentID, ForkOf, Experiment, Variant, Version     string
	FailureReason, Summary, Host, Command                            string
	Title                                                            string // given later by a person or the agent; beats Name
	SameAs                                                           string // the session that this one turned out to be part of: both are one
	Started, Ended                                                   Stamp
	Closed                                                           bool
	Interrupted                                                      bool   // the recorder of the session did not end it: somebody else did
	RecorderPid                                                      int    // the process that records the session, on Host
	RecorderMark                                                     string // tells it from others of that number; see package alive
	Outcome                                                          Outcome
	Metadata                                                         map[string]string
	Tags                                                             []string
	Metrics                                                          map[string]float64
	Dropped, RedactDropped                                           int64 // events the recorder could not keep
	Recorded                                                         Money // the source's own cumulative cost claim
	RecordedKnown                                                    bool
}

// Identity names a thing that several records may tell of, so that it counts
// once. The zero identity is nobody's: such a thing counts each time.
type Identity [16]byte

// Identify makes an identity of its parts. The same parts make the same
// identity on every machine.
func Identify(parts ...string) Identity {
	var short [256]byte // most fit
	text := short[:0]
	for _, p := range parts {
		text = binary.LittleEndian.AppendUint64(text, uint64(len(p)))
		text = append(text, p...)
	}
	sum := sha256.Sum256(text)
	return Identity(sum[:16])
}

// String returns the identity in the form of a UUID, which nobody takes for a
// secret.
func (id Identity) String() string {
	b := hex.AppendEncode(nil, id[:])
	for _, at := range []int{20, 16, 12, 8} {
		b = slices.Insert(b, at, '-')
	}
	return string(b)
}

// ParseIdentity reads what String returns.
func ParseIdentity(s string) (id Identity, ok bool) {
	raw, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(raw) != len(id) {
		return id, false
	}
	return Identity(raw), true
}

// IsZero reports whether the identity is nobody's.
func (id Identity) IsZero() bool { return id == Identity{} }

// CostSource says where a cost comes from.
type CostSource uint8

// The sources of a cost. Unpriced is no price at all, never zero dollars.
const (
	Unpriced CostSource = iota
	Recorded
	Estimated
)

var costNames = [...]string{"unpriced", "recorded", "estimated"}

// String returns the name of the source.
func (c CostSource) String() string { return costNames[c] }

// Bill is what one record says a model call used and cost.
type Bill struct {
	Call    Identity // the response; records of one call share it
	Request Identity // tells two calls with one response id apart
	Usage   Usage
	Calls   int64 // how many calls it is for, where only their sum is told; zero is one
	Cost    Money
	Price   Sym  // of an estimate the price that it was made with; of a call without a price, why it has none
	Rule    Rule // what Call was made of
	Source  CostSource
	Mode    Mode // how the call was served
	AtLeast bool // the log does not hold the final count: it was this much or more
	Side    bool // told by a side chain, whose copy in the main chain is preferred
	Copied  bool // the record says that it was copied from another session
	Final   bool // the record says that its cost is not known: nobody is to guess
	Void    bool // it turned out to be the sum of others: it pays for nothing
}

// Rule names what made two records one call, for the audit.
type Rule uint8

// The rules by which duplicates are told.
const (
	RuleNone     Rule = iota // every record is a call of its own
	RuleResponse             // the provider's response id
	RuleRequest              // the provider's request id
	RuleRecord               // the record's own id and content
)

var ruleNames = [...]string{"none", "response_id", "request_id", "record_id"}

// ParseRule returns the rule with a name, or RuleNone.
func ParseRule(name string) Rule { return Rule(max(0, slices.Index(ruleNames[:], name))) }

// String returns the name of the rule.
func (r Rule) String() string { return ruleNames[r] }
