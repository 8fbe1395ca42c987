// Package rollup adds up the ledger: in total, by agent, run, model, session,
// tool, day, branch and metadata, of each thing by itself and with everything
// below it. It knows no format and no screen, and it never counts a call twice,
// because the ledger holds each call once.
package rollup

import (
	"encoding/json"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Sum is what a set of calls, tool calls and errors comes to.
type Sum struct {
	Sessions   int64
	Runs       int64
	Calls      int64
	ToolCalls  int64
	ToolErrors int64
	Errors     int64
	Usage      eventlog.Usage
	Recorded   eventlog.Money // told by the log
	Estimated  eventlog.Money // counted with a price table
	Unpriced   int64          // calls with neither
	AtLeast    int64          // calls whose log does not hold the final count
}

// Cost is all that is known of the cost.
func (s Sum) Cost() eventlog.Money { return s.Recorded + s.Estimated }

// Known reports whether every call has a cost.
func (s Sum) Known() bool { return s.Unpriced == 0 }

// Add adds v to s.
func (s *Sum) Add(v Sum) { s.plus(&v) }

// plus is Add of a sum that need not be copied.
func (s *Sum) plus(v *Sum) {
	s.Sessions += v.Sessions
	s.Runs += v.Runs
	s.Calls += v.Calls
	s.ToolCalls += v.ToolCalls
	s.ToolErrors += v.ToolErrors
	s.Errors += v.Errors
	s.Usage.Add(v.Usage)
	s.Recorded += v.Recorded
	s.Estimated += v.Estimated
	s.Unpriced += v.Unpriced
	s.AtLeast += v.AtLeast
}

// entriesWith are the entries with what is added up of them and a few fields more.
func entriesWith(c *eventlog.Catalog, fields ...string) eventlog.Narrow[eventlog.Entry] {
	return c.Entries.Only(eventlog.FieldsOf[eventlog.Entry](append(fields, charged...)...))
}

// entry adds one line of the ledger.
func (s *Sum) entry(e *eventlog.Entry) { s.Charge(&e.Bill) }

// use adds one tool call.
func (s *Sum) use(u *eventlog.Use) {
	s.ToolCalls++
	if u.Failed {
		s.ToolErrors, s.Errors = s.ToolErrors+1, s.Errors+1
	}
}

// tally adds the tool calls of a run.
func (s *Sum) tally(t *eventlog.Tally) {
	s.ToolCalls, s.ToolErrors, s.Errors = s.ToolCalls+t.Calls, s.ToolErrors+t.Failed, s.Errors+t.Failed
}

// charged is what Charge looks at.
var charged = []string{"Usage", "Calls", "Void", "Cost", "Source", "AtLeast"}

// Charge adds a model call.
func (s *Sum) Charge(b *eventlog.Bill) {
	s.Calls += b.Count()
	s.Usage.Add(b.Usage)
	switch b.Source {
	case eventlog.Recorded:
		s.Recorded += b.Cost
	case eventlog.Estimated:
		s.Estimated += b.Cost
	case eventlog.Unpriced:
		s.Unpriced += b.Count()
	}
	if b.AtLeast {
		s.AtLeast += b.Count()
	}
}

// object is the usage object of the command line's contract.
type object struct {
	Sessions         int64          `json:"sessions"`
	Runs             int64          `json:"runs"`
	Calls            int64          `json:"calls"`
	ToolCalls        int64          `json:"tool_calls"`
	ToolErrors       int64          `json:"tool_errors"`
	Errors           int64          `json:"errors"`
	Input            int64          `json:"input_tokens"`
	Output           int64          `json:"output_tokens"`
	CacheRead        int64          `json:"cache_read_tokens"`
	CacheWrite5m     int64          `json:"cache_write_5m_tokens"`
	CacheWrite1h     int64          `json:"cache_write_1h_tokens"`
	Reasoning        int64          `json:"reasoning_tokens"`
	Cost             eventlog.Money `json:"cost_usd"`
	CostKnown        bool           `json:"cost_known"`
	CostRecorded     eventlog.Money `json:"cost_recorded_usd"`
	CostEstimated    eventlog.Money `json:"cost_estimated_usd"`
	UnpricedCalls    int64          `json:"unpriced_calls"`
	LowerBoundCounts int64          `json:"at_least_calls"`
}

func (s Sum) object() object {
	return object{
		s.Sessions, s.Runs, s.Calls, s.ToolCalls, s.ToolErrors, s.Errors,
		s.Usage.Input, s.Usage.Output, s.Usage.CacheRead, s.Usage.CacheWrite5m, s.Usage.CacheWrite1h, s.Usage.Reasoning,
		s.Cost(), s.Known(), s.Recorded, s.Estimated, s.Unpriced, s.AtLeast,
	}
}

// MarshalJSON writes the usage object.
func (s Sum) MarshalJSON() ([]byte, error) { return json.Marshal(s.object()) }

// SumOf returns what one line of the ledger comes to.
func SumOf(e *eventlog.Entry) Sum {
	var s Sum
	s.entry(e)
	return s
}
