package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/cmd/mcp"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
)

type askedCost struct {
	askedFilter
	askedBounds
	Session string `json:"session,omitempty" about:"one session with all below it, by the beginning of its id; without it, all that match"`
	By      string `json:"by,omitempty" enum:"agent,model,tool,day,session,run" about:"what to add up by, by default model"`
	Most    int    `json:"limit,omitempty" about:"how many groups at most, by default 20"`
	Offset  int    `json:"offset,omitempty" about:"how many groups to pass over"`
}

type toldGroup struct {
	Key       string  `json:"key"`
	Cost      float64 `json:"cost_usd" about:"of itself, without what it started"`
	Inclusive float64 `json:"inclusive_cost_usd" about:"with all that it started"`
	Recorded  float64 `json:"cost_recorded_usd"`
	Estimated float64 `json:"cost_estimated_usd"`
	Unpriced  int64   `json:"unpriced_calls,omitempty"`
	Calls     int64   `json:"calls"`
	Tokens    int64   `json:"tokens"`
	ToolCalls int64   `json:"tool_calls,omitempty"`
	Errors    int64   `json:"errors,omitempty"`
}

type toldCosts struct {
	Total    toldCost    `json:"total"`
	Sessions int64       `json:"sessions"`
	By       string      `json:"by"`
	Groups   []toldGroup `json:"groups" about:"dearest first; days oldest first"`
	Prices   string      `json:"prices" about:"the table that estimates were made with"`
	Next     int         `json:"next_offset,omitempty"`
	Cut      string      `json:"cut,omitempty" about:"what was left out, and how to get it"`
}

var costBy = []string{"agent", "model", "tool", "day", "session", "run"}

func (t *tools) costOf(ctx context.Context, in askedCost, room *mcp.Room) (out toldCosts, said string, err error) {
	if in.By == "" {
		in.By = "model"
	}
	if !slices.Contains(costBy, in.By) {
		return out, "", fmt.Errorf("by %q is not known; it is one of %s", in.By, strings.Join(costBy, ", "))
	}
	limit, err := counted("limit", in.Most, 20)
	if err != nil {
		return out, "", err
	}
	cat, keep, err := t.chosen(ctx, in.askedFilter, in.Offset)
	if err != nil {
		return out, "", err
	}
	what := ""
	if in.Session != "" {
		s, err := t.one(cat, in.Session, nil)
		if err != nil {
			return out, "", err
		}
		keep, what = below(s), "Session "+mcp.Name(s.ID)+": "
	}
	r := rollup.New(cat, keep)
	prices, err := openPrices(t.env)
	if err != nil {
		return out, "", err
	}
	out = toldCosts{Total: costOfSum(r.Total), Sessions: r.Total.Sessions, By: in.By, Groups: []toldGroup{}, Prices: prices.About()}
	room.Put(out)
	groups := groupsBy(r, in.By)
	for i := in.Offset; i < len(groups) && len(out.Groups) < limit; i++ {
		g := groups[i]
		one := toldGroup{
			Key: mcp.Name(g.Key), Cost: usd(g.Own.Cost()), Inclusive: usd(g.Inclusive.Cost()), Recorded: usd(g.Own.Recorded), Estimated: usd(g.Own.Estimated),
			Unpriced: g.Own.Unpriced, Calls: g.Own.Calls, Tokens: g.Own.Usage.Total(), ToolCalls: g.Own.ToolCalls, Errors: g.Own.Errors,
		}
		if !room.Takes(one) {
			break
		}
		out.Groups = append(out.Groups, one)
	}
	if next := in.Offset + len(out.Groups); next < len(groups) && len(out.Groups) > 0 {
		out.Next, out.Cut = next, rest(len(out.Groups), len(groups), "group", next)
	}
	return out, fmt.Sprintf("%s%s in %s, %s.", what, costSaid(r.Total), figure.Plural(r.Total.Sessions, "session"), figure.Plural(r.Total.Calls, "model call")), nil
}

// below keeps a session and those that it started.
func below(top *eventlog.Session) func(*eventlog.Session) bool {
	return func(s *eventlog.Session) bool {
		for ; s != nil; s = s.Parent {
			if s == top {
				return true
			}
		}
		return false
	}
}

func groupsBy(r *rollup.Report, by string) []rollup.Group {
	switch by {
	case "agent":
		return r.Agents
	case "model":
		return r.Models
	case "tool":
		return r.Tools
	case "day":
		return r.Days
	case "session":
		return r.Sessions
	}
	var runs []rollup.Group
	for _, run := range r.Runs {
		g := run.Group()
		g.Key = strings.TrimSpace(run.Agent + " " + run.Key)
		runs = append(runs, g)
	}
	return runs
}
