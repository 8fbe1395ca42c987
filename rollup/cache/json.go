package cache

import (
	"encoding/json"
	"math"

	"github.com/lazytrace/lazytrace/eventlog"
)

// sumObject is what docs/cache.md describes.
type sumObject struct {
	Calls      int64          `json:"calls"`
	CacheRead  int64          `json:"cache_read_tokens"`
	Write5m    int64          `json:"cache_write_5m_tokens"`
	Write1h    int64          `json:"cache_write_1h_tokens"`
	Input      int64          `json:"not_cached_tokens"`
	Context    int64          `json:"context_tokens"`
	HitRate    float64        `json:"hit_rate"`
	Judged     int64          `json:"judged_calls"`
	Unjudged   int64          `json:"unjudged_calls"`
	Saved      eventlog.Money `json:"saved_usd"`
	Extra      eventlog.Money `json:"writes_extra_usd"`
	Net        eventlog.Money `json:"net_usd"`
	ColdCalls  int64          `json:"cold_calls"`
	ColdTokens int64          `json:"cold_tokens"`
	Asides     int64          `json:"aside_calls"`
	Sums       int64          `json:"calls_in_sums"`
	Misses     int64          `json:"misses"`
	Again      int64          `json:"miss_tokens"`
	Lost       eventlog.Money `json:"miss_cost_usd"`
	Unpriced   int64          `json:"unpriced_misses"`
}

func (s *Sum) object() sumObject {
	u := &s.Usage
	return sumObject{
		s.Calls, u.CacheRead, u.CacheWrite5m, u.CacheWrite1h, u.Input, u.Context(), math.Round(u.HitRate()*1e4) / 1e4,
		s.Judged, s.Unjudged, s.Saved, s.Extra, s.Net(), s.ColdCalls, s.ColdTokens, s.Asides, s.Sums, s.Misses, s.Again, s.Lost, s.Unpriced,
	}
}

type modelObject struct {
	Provider string `json:"provider,omitempty"`
	Model    string `json:"model"`
	sumObject
}

type runObject struct {
	Session string `json:"session_id"`
	Run     string `json:"run_id,omitempty"`
	Agent   string `json:"agent_name,omitempty"`
	sumObject
}

type causeObject struct {
	Misses   int64          `json:"misses"`
	Tokens   int64          `json:"tokens"`
	Cost     eventlog.Money `json:"cost_usd"`
	Known    bool           `json:"cost_known"`
	Unpriced int64          `json:"unpriced_misses"`
}

type missObject struct {
	Cause    Cause           `json:"cause"`
	Why      string          `json:"why,omitempty"`
	Session  string          `json:"session_id"`
	Run      string          `json:"run_id,omitempty"`
	Agent    string          `json:"agent_name,omitempty"`
	Provider string          `json:"provider,omitempty"`
	Model    string          `json:"model,omitempty"`
	Before   string          `json:"model_before,omitempty"`
	Time     eventlog.Stamp  `json:"ts"`
	Idle     int64           `json:"idle_ms"`
	Life     int64           `json:"life_ms"`
	Context  int64           `json:"context_tokens"`
	Prior    int64           `json:"context_before_tokens"`
	Had      int64           `json:"had_tokens"`
	Read     int64           `json:"cache_read_tokens"`
	Again    int64           `json:"miss_tokens"`
	Cost     *eventlog.Money `json:"cost_usd,omitempty"`
	Priced   bool            `json:"cost_known"`
}

func (m *Miss) object() missObject {
	o := missObject{
		Cause: m.Cause, Why: m.Why, Session: m.Session, Run: m.Run, Agent: m.Agent, Provider: m.Provider, Model: m.Model, Time: m.Time,
		Idle: m.Idle.Milliseconds(), Life: m.Life.Milliseconds(), Context: m.Context, Prior: m.Prior, Had: m.Had, Read: m.Read, Again: m.Again, Priced: m.Priced,
	}
	if m.Cause == Model {
		o.Before = m.Before
	}
	if m.Priced {
		o.Cost = &m.Cost
	}
	return o
}

// MarshalJSON writes the object that docs/cache.md describes.
func (r *Report) MarshalJSON() ([]byte, error) {
	o := struct {
		sumObject
		Models []modelObject          `json:"by_model"`
		Runs   []runObject            `json:"runs_with_misses"`
		Causes map[string]causeObject `json:"causes"`
		Misses []missObject           `json:"dearest_misses"`
	}{
		r.Total.object(), make([]modelObject, len(r.Models)), make([]runObject, len(r.Runs)), make(map[string]causeObject, len(r.Causes)), make([]missObject, len(r.Misses)),
	}
	for i := range r.Models {
		m := &r.Models[i]
		o.Models[i] = modelObject{m.Provider, m.Model, m.object()}
	}
	for i := range r.Runs {
		run := &r.Runs[i]
		o.Runs[i] = runObject{run.Session, run.Run, run.Agent, run.object()}
	}
	for _, c := range r.Causes {
		o.Causes[c.Cause.String()] = causeObject{c.Misses, c.Tokens, c.Cost, c.Unpriced == 0, c.Unpriced}
	}
	for i := range r.Misses {
		o.Misses[i] = r.Misses[i].object()
	}
	return json.Marshal(o)
}
