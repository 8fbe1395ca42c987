package window

import (
	"encoding/json"
	"math"

	"github.com/lazytrace/lazytrace/eventlog"
)

// MarshalJSON writes the object that docs/context.md describes.
func (r *Report) MarshalJSON() ([]byte, error) {
	kinds := make(map[string]sumObject, len(r.Kinds))
	for i := range r.Kinds {
		kinds[r.Kinds[i].Kind.String()] = r.Kinds[i].object()
	}
	runs := make([]runObject, len(r.Runs))
	for i := range r.Runs {
		runs[i] = r.runObject(&r.Runs[i])
	}
	blocks := make([]blockObject, len(r.Blocks))
	for i := range r.Blocks {
		blocks[i] = r.blockObject(&r.Blocks[i])
	}
	return json.Marshal(struct {
		Session  string               `json:"session_id"`
		Calls    int64                `json:"calls"`
		Unpriced int64                `json:"unpriced_calls"`
		Copied   int64                `json:"copied_calls"`
		Left     int64                `json:"bills_left_out"`
		ByTokens int64                `json:"calls_parted_by_tokens"`
		Cost     eventlog.Money       `json:"cost_usd"`
		CopyCost eventlog.Money       `json:"copied_cost_usd"`
		Known    bool                 `json:"cost_known"`
		Measured bool                 `json:"bytes_measured"`
		Read     eventlog.Money       `json:"context_cost_usd"`
		Total    sumObject            `json:"blocks_total"`
		Kinds    map[string]sumObject `json:"by_kind"`
		Runs     []runObject          `json:"runs"`
		Blocks   []blockObject        `json:"blocks"`
	}{
		r.Session, r.Calls, r.Unpriced, r.Copied, r.Left, r.ByTokens, r.Cost, r.CopyCost, r.Unpriced == 0, r.Measured, r.Read, r.Total.object(), kinds, runs, blocks,
	})
}

type sumObject struct {
	Blocks  int64          `json:"blocks"`
	Bytes   int64          `json:"bytes"`
	Tokens  int64          `json:"tokens_estimated"`
	Carried int64          `json:"carried_tokens_estimated"`
	First   eventlog.Money `json:"first_read_cost_usd"`
	Cost    eventlog.Money `json:"carried_cost_usd"`
}

func (s *Sum) object() sumObject {
	return sumObject{s.Blocks, s.Bytes, s.Tokens, s.Carried, s.First, s.Cost}
}

type runObject struct {
	Session     string             `json:"session_id"`
	Run         string             `json:"run_id,omitempty"`
	Agent       string             `json:"agent_name,omitempty"`
	Model       string             `json:"model,omitempty"`
	Depth       int                `json:"depth"`
	Largest     int64              `json:"largest_context_tokens"`
	LargestTurn int                `json:"largest_turn"`
	Limit       int64              `json:"limit_tokens"`
	LimitTold   bool               `json:"limit_known"`
	LimitWhy    string             `json:"limit_from"`
	Blocks      sumObject          `json:"blocks"`
	Compactions []compactionObject `json:"compactions"`
	Turns       []turnObject       `json:"turns"`
}

func (r *Report) runObject(run *Run) runObject {
	largest := &run.Turns[run.Largest]
	o := runObject{
		Session: run.Session, Run: run.Run, Agent: run.Agent, Model: run.Model, Depth: run.Depth,
		Largest: largest.Context(), LargestTurn: run.Largest, Limit: run.Limit.Tokens, LimitTold: run.Limit.Told, LimitWhy: run.Limit.Why,
		Blocks: run.Blocks.object(), Compactions: make([]compactionObject, len(run.Compactions)), Turns: make([]turnObject, len(run.Turns)),
	}
	for i := range run.Turns {
		o.Turns[i] = run.Turns[i].object()
	}
	for i := range run.Compactions {
		o.Compactions[i] = run.Compactions[i].object()
	}
	return o
}

type turnObject struct {
	Time         eventlog.Stamp `json:"ts"`
	Context      int64          `json:"context_tokens"`
	Grew         int64          `json:"grew_tokens"`
	Input        int64          `json:"input_tokens"`
	CacheRead    int64          `json:"cache_read_tokens"`
	CacheWrite5m int64          `json:"cache_write_5m_tokens"`
	CacheWrite1h int64          `json:"cache_write_1h_tokens"`
	Output       int64          `json:"output_tokens"`
	Share        float64        `json:"cache_read_share"`
	Cost         eventlog.Money `json:"cost_usd"`
	Known        bool           `json:"cost_known"`
	Source       string         `json:"cost_source"`
	Read         eventlog.Money `json:"context_cost_usd"`
	Aside        bool           `json:"aside,omitempty"`
	Copied       bool           `json:"copied,omitempty"`
	AtLeast      bool           `json:"at_least,omitempty"`
}

func (t *Turn) object() turnObject {
	u := t.Usage
	return turnObject{
		t.Time, t.Context(), t.Grew, u.Input, u.CacheRead, u.CacheWrite5m, u.CacheWrite1h, u.Output, math.Round(u.HitRate()*1e4) / 1e4,
		t.Cost, t.Source != eventlog.Unpriced, t.Source.String(), t.Read, t.Aside, t.Copied, t.AtLeast,
	}
}

type compactionObject struct {
	Time     eventlog.Stamp  `json:"ts"`
	Turn     int             `json:"turn"`
	Before   int64           `json:"before_tokens"`
	After    int64           `json:"after_tokens"`
	Inferred bool            `json:"inferred"`
	Cost     *eventlog.Money `json:"summary_cost_usd,omitempty"`
	Source   string          `json:"summary_cost_source,omitempty"`
}

func (c *Compaction) object() compactionObject {
	o := compactionObject{Time: c.Time, Turn: c.At, Before: c.Before, After: c.After, Inferred: c.Inferred}
	if c.Known {
		o.Source = c.Source.String()
		if c.Source != eventlog.Unpriced {
			o.Cost = &c.Cost
		}
	}
	return o
}

type blockObject struct {
	Kind     Kind           `json:"kind"`
	Tool     string         `json:"tool,omitempty"`
	Label    string         `json:"label"`
	Session  string         `json:"session_id"`
	Run      string         `json:"run_id,omitempty"`
	Agent    string         `json:"agent_name,omitempty"`
	Time     eventlog.Stamp `json:"ts"`
	Turn     int            `json:"turn"`
	Bytes    int64          `json:"bytes"`
	Tokens   int64          `json:"tokens_estimated"`
	Basis    Basis          `json:"tokens_from"`
	Calls    int64          `json:"carried_calls"`
	Carried  int64          `json:"carried_tokens_estimated"`
	First    eventlog.Money `json:"first_read_cost_usd"`
	Cost     eventlog.Money `json:"carried_cost_usd"`
	Known    bool           `json:"cost_known"`
	Unpriced int64          `json:"unpriced_calls"`
}

func (r *Report) blockObject(b *Block) blockObject {
	run := &r.Runs[b.Run]
	return blockObject{
		b.Kind, b.Tool, b.Label, run.Session, run.Run, run.Agent, b.Time, b.Turn, b.Bytes, b.Tokens, b.Basis,
		b.Calls, b.Carried, b.First, b.Cost, b.Unpriced == 0, b.Unpriced,
	}
}
