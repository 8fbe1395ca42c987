package eventlog

import (
	"encoding/json"
	"math"
)

// spelledFacts are facts in JSON. What is empty is left out.
type spelledFacts struct {
	Name          string             `json:"name,omitempty"`
	Title         string             `json:"title,omitempty"`
	Goal          string             `json:"goal,omitempty"`
	Agent         string             `json:"agent,omitempty"`
	User          string             `json:"user,omitempty"`
	Project       string             `json:"project,omitempty"`
	Directory     string             `json:"cwd,omitempty"`
	Branch        string             `json:"git_branch,omitempty"`
	Environment   string             `json:"environment,omitempty"`
	Conversation  string             `json:"conversation_id,omitempty"`
	ParentID      string             `json:"parent_session_id,omitempty"`
	ForkOf        string             `json:"fork_of,omitempty"`
	SameAs        string             `json:"same_as,omitempty"`
	Experiment    string             `json:"experiment,omitempty"`
	Variant       string             `json:"variant,omitempty"`
	Version       string             `json:"version,omitempty"`
	FailureReason string             `json:"failure_reason,omitempty"`
	Summary       string             `json:"summary,omitempty"`
	Host          string             `json:"host,omitempty"`
	Command       string             `json:"command,omitempty"`
	Outcome       string             `json:"outcome,omitempty"`
	Started       int64              `json:"started_ns,omitempty"`
	Ended         int64              `json:"ended_ns,omitempty"`
	Closed        bool               `json:"closed,omitempty"`
	Interrupted   bool               `json:"interrupted,omitempty"`
	Dropped       int64              `json:"dropped,omitempty"`
	RedactDropped int64              `json:"redact_dropped,omitempty"`
	Recorded      *int64             `json:"recorded_cost_nano,omitempty"`
	Metadata      map[string]string  `json:"metadata,omitempty"`
	Tags          []string           `json:"tags,omitempty"`
	Metrics       map[string]float64 `json:"metrics,omitempty"`
}

// JSON spells the facts, so that a store of ours tells what another log did of a
// session. The process that recorded it is left out: it was another machine's.
func (f *Facts) JSON() json.RawMessage {
	s := spelledFacts{
		Name: f.Name, Title: f.Title, Goal: f.Goal, Agent: f.Agent, User: f.User, Project: f.Project, Directory: f.Directory, Branch: f.Branch,
		Environment: f.Environment, Conversation: f.Conversation, ParentID: f.ParentID, ForkOf: f.ForkOf, SameAs: f.SameAs,
		Experiment: f.Experiment, Variant: f.Variant, Version: f.Version, FailureReason: f.FailureReason, Summary: f.Summary, Host: f.Host,
		Command: f.Command, Started: int64(f.Started), Ended: int64(f.Ended), Closed: f.Closed, Interrupted: f.Interrupted, Dropped: f.Dropped,
		RedactDropped: f.RedactDropped, Metadata: f.Metadata, Tags: f.Tags,
	}
	if f.Outcome != OutcomeUnknown {
		s.Outcome = f.Outcome.String()
	}
	if f.RecordedKnown {
		nano := int64(f.Recorded)
		s.Recorded = &nano
	}
	for name, value := range f.Metrics {
		if math.IsNaN(value) || math.IsInf(value, 0) {
			continue // JSON has no spelling for these
		}
		if s.Metrics == nil {
			s.Metrics = map[string]float64{}
		}
		s.Metrics[name] = value
	}
	text, _ := json.Marshal(s) // texts, whole and finite numbers always have a spelling
	return text
}

// ParseFacts reads what JSON spelled, or returns nil where nothing is told.
func ParseFacts(text []byte) *Facts {
	var s spelledFacts
	if len(text) <= len("{}") || json.Unmarshal(text, &s) != nil {
		return nil
	}
	f := &Facts{
		Name: s.Name, Title: s.Title, Goal: s.Goal, Agent: s.Agent, User: s.User, Project: s.Project, Directory: s.Directory, Branch: s.Branch,
		Environment: s.Environment, Conversation: s.Conversation, ParentID: s.ParentID, ForkOf: s.ForkOf, SameAs: s.SameAs,
		Experiment: s.Experiment, Variant: s.Variant, Version: s.Version, FailureReason: s.FailureReason, Summary: s.Summary, Host: s.Host,
		Command: s.Command, Started: Stamp(s.Started), Ended: Stamp(s.Ended), Closed: s.Closed, Interrupted: s.Interrupted, Dropped: s.Dropped,
		RedactDropped: s.RedactDropped, Metadata: s.Metadata, Tags: s.Tags, Outcome: ParseOutcome(s.Outcome), Metrics: s.Metrics,
	}
	if s.Recorded != nil {
		f.Recorded, f.RecordedKnown = Money(*s.Recorded), true
	}
	return f
}
