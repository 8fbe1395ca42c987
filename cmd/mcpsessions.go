package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/lazytrace/lazytrace/cmd/mcp"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
)

// askedBounds are the arguments of every tool.
type askedBounds struct {
	MaxTokens int `json:"max_tokens,omitempty" about:"how long the answer may be, in tokens as they are estimated on the safe side: 800 to 50000, by default 4000"`
}

// Limit is how long the answer may be.
func (a askedBounds) Limit() int { return a.MaxTokens }

// askedFilter are the arguments that choose sessions, as the flags of commands do.
type askedFilter struct {
	Query  string `json:"query,omitempty" about:"keep sessions that match, in lazytrace's query language: agent:research cost>0.1 -model:gpt* err:any dir:shop \"some words\""`
	Since  string `json:"since,omitempty" about:"keep what began since then: 24h, 7d, 2026-01-31"`
	Until  string `json:"until,omitempty" about:"keep what began until then"`
	Agent  string `json:"agent,omitempty" about:"keep one agent; * stands for anything"`
	Status string `json:"status,omitempty" about:"keep one status: running, done, stale, interrupted"`
	Failed bool   `json:"failed,omitempty" about:"keep sessions with errors only"`
}

func (a askedFilter) keep(env *Env) (func(*eventlog.Session) bool, error) {
	o := filterOptions{where: a.Query, since: a.Since, until: a.Until, agent: mcp.Given(a.Agent), status: a.Status, failed: a.Failed}
	return o.sessions(env)
}

type askedSessions struct {
	askedFilter
	askedBounds
	Most   int `json:"limit,omitempty" about:"how many at most, by default 20"`
	Offset int `json:"offset,omitempty" about:"how many to pass over: next_offset of the answer before"`
}

// toldCost is what something used and cost.
type toldCost struct {
	Cost       float64 `json:"cost_usd" about:"dollars, recorded and estimated; not all of it where cost_known is false"`
	Known      bool    `json:"cost_known" about:"whether every call has a price"`
	Recorded   float64 `json:"cost_recorded_usd" about:"dollars that stand in the log"`
	Estimated  float64 `json:"cost_estimated_usd" about:"dollars reckoned from a price table"`
	Unpriced   int64   `json:"unpriced_calls" about:"model calls whose price nobody knows"`
	Calls      int64   `json:"calls" about:"model calls"`
	Input      int64   `json:"input_tokens" about:"without any cache token"`
	Output     int64   `json:"output_tokens"`
	CacheRead  int64   `json:"cache_read_tokens"`
	CacheWrite int64   `json:"cache_write_tokens"`
}

func costOfSum(s rollup.Sum) toldCost {
	u := s.Usage
	return toldCost{
		Cost: usd(s.Cost()), Known: s.Known(), Recorded: usd(s.Recorded), Estimated: usd(s.Estimated), Unpriced: s.Unpriced, Calls: s.Calls,
		Input: u.Input, Output: u.Output, CacheRead: u.CacheRead, CacheWrite: u.CacheWrite5m + u.CacheWrite1h,
	}
}

// toldSession is a session in a list.
type toldSession struct {
	ID        string  `json:"id" about:"give it, or its beginning, to the other tools"`
	Name      string  `json:"name,omitempty" about:"what it is called, or the beginning of what was asked"`
	Agent     string  `json:"agent,omitempty"`
	Format    string  `json:"format" about:"what wrote the log"`
	Model     string  `json:"model,omitempty" about:"the model that used most tokens"`
	Status    string  `json:"status" enum:"running,done,stale,interrupted,unknown"`
	Outcome   string  `json:"outcome" enum:"success,failure,cancelled,unknown"`
	Errors    int64   `json:"errors"`
	ToolCalls int64   `json:"tool_calls"`
	Started   string  `json:"started_at,omitempty" about:"UTC"`
	Duration  int64   `json:"duration_ms"`
	Tokens    int64   `json:"tokens"`
	Cost      float64 `json:"cost_usd"`
	Known     bool    `json:"cost_known"`
	Estimated float64 `json:"cost_estimated_usd" about:"the part of cost_usd that is an estimate"`
	Parent    string  `json:"parent_session_id,omitempty"`
	Directory string  `json:"directory,omitempty"`
}

func (t *tools) told(cat *eventlog.Catalog, s *eventlog.Session) toldSession {
	now := t.now()
	status, _ := s.Status(now)
	return toldSession{
		ID: mcp.Name(s.ID), Name: mcp.Foreign(s.Label(), 120), Agent: mcp.Name(s.Agent), Format: mcp.Name(s.Format), Model: mcp.Name(cat.Symbols.Name(s.Model)),
		Status: status.String(), Outcome: s.Outcome.String(), Errors: s.Errors, ToolCalls: s.ToolCalls, Started: when(s.Began()), Duration: s.Duration(now).Milliseconds(),
		Tokens: s.Usage.Total(), Cost: usd(s.Cost()), Known: s.Unpriced == 0, Estimated: usd(s.Estimated), Parent: mcp.Name(s.ParentID), Directory: mcp.Name(s.Directory),
	}
}

type toldSessions struct {
	Sessions []toldSession `json:"sessions" about:"newest first"`
	Matching int           `json:"matching" about:"how many there are in all"`
	Next     int           `json:"next_offset,omitempty" about:"give it as offset to go on"`
	Cut      string        `json:"cut,omitempty" about:"what was left out, and how to get it"`
}

func (t *tools) sessions(ctx context.Context, in askedSessions, room *mcp.Room) (out toldSessions, said string, err error) {
	limit, err := counted("limit", in.Most, 20)
	if err != nil {
		return out, "", err
	}
	cat, keep, err := t.chosen(ctx, in.askedFilter, in.Offset)
	if err != nil {
		return out, "", err
	}
	out.Sessions = []toldSession{}
	full, sum := false, rollup.Sum{}
	for _, s := range cat.Sessions {
		if !keep(s) {
			continue
		}
		out.Matching++
		sum.Add(rollup.Sum{Calls: s.Calls, Errors: s.Errors, Usage: s.Usage, Recorded: s.Recorded, Estimated: s.Estimated, Unpriced: s.Unpriced})
		if out.Matching <= in.Offset || full || len(out.Sessions) >= limit {
			continue
		}
		if one := t.told(cat, s); room.Takes(one) {
			out.Sessions = append(out.Sessions, one)
		} else {
			full = true
		}
	}
	if next := in.Offset + len(out.Sessions); next < out.Matching && len(out.Sessions) > 0 {
		out.Next, out.Cut = next, rest(len(out.Sessions), out.Matching, "session", next)
	}
	said = fmt.Sprintf("%s of %s: %s, %s tokens, %s.", cmp.Or(figure.Plural(out.Matching, "session"), "none"), figure.Whole(int64(len(cat.Sessions))), figure.Plural(sum.Errors, "error"),
		figure.Count(sum.Usage.Total()), costSaid(sum))
	return out, said, nil
}

// costSaid says a cost, and how sure it is.
func costSaid(s rollup.Sum) string {
	switch {
	case s.Calls == 0:
		return "no model calls"
	case s.Unpriced == s.Calls:
		return "cost unknown (no call has a price)"
	}
	text := dollars(s.Cost())
	switch {
	case s.Estimated > 0 && s.Recorded > 0:
		text += fmt.Sprintf(" (%s recorded, %s estimated)", dollars(s.Recorded), dollars(s.Estimated))
	case s.Estimated > 0:
		text += " (estimated)"
	}
	if s.Unpriced > 0 {
		text += fmt.Sprintf(" and %s without a price", figure.Plural(s.Unpriced, "call"))
	}
	return text
}

// rest says that more is there.
func rest(shown, all int, thing string, next int) string {
	return fmt.Sprintf("%d of %s shown; ask again with offset %d for more, or with a larger max_tokens", shown, figure.Plural(all, thing), next)
}

var errNegative = errors.New("offset is negative; it is 0 or next_offset of the answer before")

// counted is a number of things that is asked for.
func counted(name string, n, usual int) (int, error) {
	if n < 0 {
		return 0, fmt.Errorf("%s %d is negative; it is 1 or more", name, n)
	}
	return cmp.Or(n, usual), nil
}
