package scripted

import (
	"encoding/json"
	"fmt"
	"os"
)

// Entry is one request and what the client was told.
type Entry struct {
	Serial     int       `json:"serial"` // in the order in which they came, from 1
	Wire       string    `json:"wire"`   // "" for what calls no model
	Method     string    `json:"method"`
	Path       string    `json:"path"`
	Model      string    `json:"model,omitempty"`
	Stream     bool      `json:"stream,omitempty"`
	Tools      int       `json:"tools"` // how many were offered
	Status     int       `json:"status"`
	Script     string    `json:"script,omitempty"`
	Turn       int       `json:"turn"`
	ResponseID string    `json:"response_id,omitempty"`
	RequestID  string    `json:"request_id,omitempty"`
	Usage      Usage     `json:"usage"` // as far as the client was told
	Calls      []Asked   `json:"calls,omitempty"`
	Results    []Given   `json:"results,omitempty"` // of calls of this server, each once
	Fault      string    `json:"fault,omitempty"`   // its type, or Torn
	Who        Who       `json:"who"`
	Bytes      Exchanged `json:"bytes"`
}

// Torn is the fault of an answer whose connection broke off.
const Torn = "torn"

// Asked is a tool call that a client was told of.
type Asked struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Fails bool   `json:"fails,omitempty"`
}

// Given is what a tool gave to a call.
type Given struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Failed bool   `json:"failed,omitempty"` // the client says so, or the script does
}

// Who is what the headers say of who asks.
type Who struct {
	Session string `json:"session,omitempty"`
	Agent   string `json:"agent,omitempty"` // a sub-agent
	Thread  string `json:"thread,omitempty"`
}

// Exchanged are the bodies, as they were on the connection.
type Exchanged struct {
	Asked        int64  `json:"asked"`
	AskedSHA256  string `json:"asked_sha256"`
	Answer       int64  `json:"answer"`
	AnswerSHA256 string `json:"answer_sha256"`
}

// Served reports whether a model answered, if only in part.
func (e *Entry) Served() bool { return e.Wire != "" && e.Status == 200 }

// Total is what some entries come to.
type Total struct {
	Calls      int64 `json:"calls"` // answers, also those that broke off
	Usage      Usage `json:"usage"`
	ToolCalls  int64 `json:"tool_calls"`
	ToolErrors int64 `json:"tool_errors"`
	Refused    int64 `json:"refused"` // requests that got no answer
	Broken     int64 `json:"broken"`  // answers that ended with an error, or broke off
	Agents     int64 `json:"agents"`  // sub-agents that the headers tell of
}

// Sum adds entries up.
func Sum(entries []Entry) (t Total) {
	agents := map[string]bool{}
	for _, e := range entries {
		if e.Wire == "" {
			continue
		}
		if e.Who.Agent != "" {
			agents[e.Who.Agent] = true
		}
		for _, r := range e.Results {
			if r.Failed {
				t.ToolErrors++
			}
		}
		if !e.Served() {
			t.Refused++
			continue
		}
		if e.Fault != "" {
			t.Broken++
		}
		t.Calls++
		t.ToolCalls += int64(len(e.Calls))
		t.Usage.add(e.Usage)
	}
	t.Agents = int64(len(agents))
	return t
}

func (u *Usage) add(v Usage) {
	u.Input += v.Input
	u.CacheRead += v.CacheRead
	u.CacheWrite5m += v.CacheWrite5m
	u.CacheWrite1h += v.CacheWrite1h
	u.Output += v.Output
	u.Reasoning += v.Reasoning
}

// Ledger returns what was served until now, in the order in which it was asked.
// The caller owns it.
func (s *Server) Ledger() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Entry, 0, len(s.entries))
	for _, e := range s.entries {
		out = append(out, *e)
	}
	return out
}

// Write writes a ledger with its sum as JSON, in a file that only its owner reads.
func Write(path string, entries []Entry) error {
	text, err := json.MarshalIndent(map[string]any{"total": Sum(entries), "entries": entries}, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	return nil
}
