package handout

import (
	"cmp"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
)

// fact is a thing that is known of a session, for people.
type fact struct {
	Name, Value string
	Note        string // what the value is made of
	Class       string // what it says by colour as well
}

// moment spells a time for somebody who may be anywhere.
func moment(at eventlog.Stamp) string {
	if !at.Known() {
		return ""
	}
	return at.Time().UTC().Format("2006-01-02 15:04:05") + " UTC"
}

// titleOf is what a session is called: where it only has the name of its agent, what
// it was for.
func titleOf(s *eventlog.Session) string {
	if s.Title == "" && s.Name == s.Agent && s.Goal != "" {
		return eventlog.Sentence(s.Goal)
	}
	return s.Label()
}

// state says how a session is.
func (t *story) state(now eventlog.Stamp) (text, class string) {
	status, _ := t.session.Status(now)
	text = status.String()
	switch {
	case status == eventlog.Running:
		return "running when this was written", "good"
	case t.session.Outcome == eventlog.Failure:
		return text + ", failed", "bad"
	case t.session.Outcome == eventlog.Success:
		return text + ", succeeded", "good"
	case status == eventlog.Stale, status == eventlog.Interrupted:
		return text, "warn"
	}
	return text, ""
}

// cost says what is known of a cost, and apart what was told, what was estimated
// and what has no price.
func cost(s rollup.Sum) (text, note string) {
	if s.Calls == 0 {
		return "", ""
	}
	var parts []string
	if s.Recorded != 0 {
		parts = append(parts, "$"+figure.Money(s.Recorded)+" recorded")
	}
	if s.Estimated != 0 {
		parts = append(parts, "~$"+figure.Money(s.Estimated)+" estimated")
	}
	if s.Unpriced > 0 {
		parts = append(parts, figure.Plural(s.Unpriced, "call")+" without a price")
	}
	if s.AtLeast > 0 {
		parts = append(parts, figure.Plural(s.AtLeast, "call")+" with counts that were not final")
	}
	return figure.Dollars(s.Recorded, s.Estimated, s.Calls, s.Unpriced, s.AtLeast), strings.Join(parts, ", ")
}

// facts are the head of a session.
func (t *story) facts(now eventlog.Stamp) []fact {
	var out []fact
	put := func(name, value, note, class string) {
		if value != "" {
			out = append(out, fact{name, value, note, class})
		}
	}
	s, sum := t.session, t.report.Total
	state, class := t.state(now)
	put("status", state, s.FailureReason, class)
	text, note := cost(sum)
	put("cost", text, note, "money")
	if wall := s.Duration(now); wall > 0 {
		put("wall", figure.Duration(wall), spent(t.times.Total), "")
	}
	errors := figure.Plural(sum.Errors, "error")
	if class = ""; sum.Errors > 0 {
		class = "bad"
	}
	put("errors", errors, "", class)
	put("agent", cmp.Or(s.Agent, s.Format), figure.Plural(sum.Runs, "run"), "")
	var models []string
	for _, g := range t.report.Models {
		models = append(models, g.Key)
	}
	more := ""
	if len(models) > mostModels {
		models, more = models[:mostModels], "and "+figure.Whole(int64(len(models)-mostModels))+" more"
	}
	put(figure.Noun(int64(len(models)), "model"), strings.Join(models, ", "), more, "")
	put("calls", figure.Whole(sum.Calls)+" of models", figure.Whole(sum.ToolCalls)+" of tools, "+figure.Whole(sum.ToolErrors)+" failed", "")
	if u := sum.Usage; u.Total() > 0 {
		put("tokens", figure.Count(u.Total()), kinds(u), "")
	}
	put("began", moment(s.Began()), "", "plain")
	if t.sessions > 1 {
		put("sessions", figure.Whole(int64(t.sessions)), "this one and those below it", "plain")
	}
	put("folder", strings.TrimSpace(s.Directory+" "+s.Branch), "", "id")
	put("experiment", strings.TrimSpace(s.Experiment+" "+s.Variant), "", "")
	put("format", s.Format, s.Version, "plain")
	put("session", s.ID, "", "id")
	return out
}

// kinds tells tokens by their kind. Reasoning is part of the output.
func kinds(u eventlog.Usage) string {
	var parts []string
	put := func(n int64, what string) {
		if n > 0 {
			parts = append(parts, figure.Count(n)+" "+what)
		}
	}
	put(u.Input, "input")
	put(u.CacheRead, "from the cache")
	put(u.CacheWrite5m+u.CacheWrite1h, "into the cache")
	put(u.Output, "output")
	text := strings.Join(parts, ", ")
	if u.Reasoning > 0 {
		text += " (" + figure.Count(u.Reasoning) + " of it reasoning)"
	}
	return text
}

// share is a part of the time.
type share struct {
	Name, Class string
	Took        time.Duration
}

// shares say where the time went.
func shares(t rollup.Time) []share {
	var out []share
	for _, s := range []share{
		{"model", "model", t.Model}, {"tools", "tool", t.Tool}, {"waited for a person", "human", t.Waited()}, {"queue", "queue", t.Queue}, {"idle", "idle", t.Idle},
	} {
		if s.Took > 0 {
			out = append(out, s)
		}
	}
	return out
}

func spent(t rollup.Time) string {
	var parts []string
	for _, s := range shares(t) {
		parts = append(parts, s.Name+" "+figure.Duration(s.Took))
	}
	return strings.Join(parts, ", ")
}

// sums is a table of what groups come to.
type sums struct {
	Name string
	Rows []sumRow
	More int // rows that are left out
	Paid bool
	Time bool
}

type sumRow struct {
	Key, Calls, Errors, Tokens, Took, Cost, Note string
}

// tables are the sums by agent, model and tool, of at most some rows each.
func (t *story) tables(most int) []sums {
	took := func(times map[eventlog.Sym]rollup.Time, name string) time.Duration {
		if id, ok := t.names.Find(name); ok {
			return times[id].Wall
		}
		return 0
	}
	rows := func(name string, groups []rollup.Group, tools bool, times map[eventlog.Sym]rollup.Time) sums {
		table := sums{Name: name, Paid: !tools}
		for i, g := range groups {
			if i == most {
				table.More = len(groups) - i
				break
			}
			row := sumRow{Key: g.Key, Calls: figure.Whole(g.Own.Calls)}
			if errors := g.Own.Errors; tools {
				row.Calls, row.Errors = figure.Whole(g.Own.ToolCalls), nonZero(g.Own.ToolErrors)
			} else {
				row.Errors = nonZero(errors)
			}
			if g.Own.Usage.Total() > 0 {
				row.Tokens = figure.Count(g.Own.Usage.Total())
			}
			row.Cost, row.Note = cost(g.Own)
			if g.Own.Unpriced == 0 && (g.Own.Recorded == 0 || g.Own.Estimated == 0) {
				row.Note = "" // the cost says as much by itself
			}
			if d := took(times, g.Key); d > 0 {
				row.Took, table.Time = figure.Duration(d), true
			}
			table.Rows = append(table.Rows, row)
		}
		return table
	}
	var out []sums
	for _, table := range []sums{
		rows("agent", t.report.Agents, false, t.times.Agents), rows("model", t.report.Models, false, nil), rows("tool", t.report.Tools, true, t.times.Tools),
	} {
		if len(table.Rows) > 0 {
			out = append(out, table)
		}
	}
	return out
}

func nonZero(n int64) string {
	if n == 0 {
		return ""
	}
	return figure.Whole(n)
}
