package cmd

import (
	"bufio"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/rollup"
)

// auditObject is the audit as JSON: what was cut, before anything was added up.
func auditObject(cat *eventlog.Catalog) map[string]any {
	out := map[string]any{"segments": len(cat.Segments)}
	for _, f := range eventlog.Figures() {
		out[f.String()] = cat.Audit.Count(f)
	}
	return out
}

// fullAudit is what --audit adds: what the estimates were made with, what has no
// price, and what could not be read.
func fullAudit(ctx context.Context, set *source.Set, cat *eventlog.Catalog) (map[string]any, error) {
	a := rollup.NewAudit(cat)
	out := auditObject(cat)
	groups := func(list []rollup.Priced, name string) []map[string]any {
		all := make([]map[string]any, 0, len(list))
		for _, g := range list {
			one := map[string]any{
				name: escape.Line(g.Why), "provider": escape.Line(g.Provider), "model": escape.Line(g.Model), "calls": g.Calls, "tokens": g.Usage.Total(),
			}
			if name == "price" {
				one["cost_usd"] = g.Cost
			}
			all = append(all, one)
		}
		return all
	}
	out["cost_recorded_usd"], out["cost_estimated_usd"], out["estimated_share"] = a.Total.Recorded, a.Total.Estimated, a.EstimatedShare()
	out["prices"], out["unpriced"] = groups(a.Estimated, "price"), groups(a.Unpriced, "reason")
	faults := []findingResult{}
	const most = 100 // --list unreadable has all of them
	err := set.Find(ctx, eventlog.FigureUnreadable, func(f *eventlog.Finding) error {
		if len(faults) < most {
			faults = append(faults, resultOf(f))
		}
		return nil
	})
	out["faults"] = faults
	return out, err
}

// auditLines are the lines of the audit for people. What is indented is a part
// of the line above.
var auditLines = []struct {
	figure eventlog.Figure
	text   string
}{
	{eventlog.FigureRecords, "records read"},
	{eventlog.FigureUnreadable, "  could not be read"},
	{eventlog.FigureCallRecords, "records told of a model call"},
	{eventlog.FigureSameResponse, "- cut by response id, within a file"},
	{eventlog.FigureSameRequest, "- cut by request id, within a file"},
	{eventlog.FigureSameRecord, "- cut by record, within a file"},
	{eventlog.FigureCopies, "- cut across files"},
	{eventlog.FigureCopiedResponse, "    by response id"},
	{eventlog.FigureCopiedRequest, "    by request id"},
	{eventlog.FigureCopiedRecord, "    by record"},
	{eventlog.FigureForks, "    of all that was cut: replayed by a fork or resume"},
	{eventlog.FigureBilled, "= records left"},
	{eventlog.FigureCalls, "model calls, each once"},
	{eventlog.FigureRecorded, "  cost recorded"},
	{eventlog.FigureEstimated, "  cost estimated"},
	{eventlog.FigureUnpriced, "  without a price"},
	{eventlog.FigureAtLeast, "  counted at least: no final count in the log"},
	{eventlog.FigureEchoes, "progress copies, never counted"},
	{eventlog.FigureToolCopies, "tool calls that another file tells of"},
	{eventlog.FigureShadow, "events that a better log holds too"},
}

func printAudit(ctx context.Context, env *Env, set *source.Set, cat *eventlog.Catalog) error {
	t := &table{head: []string{">COUNT", "WHAT", "--list"}}
	for _, l := range auditLines {
		t.add(strconv.FormatInt(cat.Audit.Count(l.figure), 10), l.text, l.figure.String())
	}
	if err := t.print(env.Stdout, 0); err != nil {
		return err
	}
	a := rollup.NewAudit(cat)
	fmt.Fprintf(env.Stdout, "\ncost: %s recorded, %s estimated (%.0f%%)\n", dollars(a.Total.Recorded), dollars(a.Total.Estimated), 100*a.EstimatedShare())
	groups := func(name string, list []rollup.Priced, cost bool) error {
		if len(list) == 0 {
			return nil
		}
		fmt.Fprintln(env.Stdout)
		t := &table{head: []string{name, "PROVIDER", "MODEL", ">CALLS", ">TOKENS"}}
		if cost {
			t.head = append(t.head, ">COST")
		}
		for _, g := range list {
			cells := []string{g.Why, g.Provider, g.Model, strconv.FormatInt(g.Calls, 10), figure.Count(g.Usage.Total())}
			if cost {
				cells = append(cells, dollars(g.Cost))
			}
			t.add(cells...)
		}
		return t.print(env.Stdout, 72)
	}
	if err := groups("ESTIMATED WITH", a.Estimated, true); err != nil {
		return err
	}
	if err := groups("NO PRICE, SINCE", a.Unpriced, false); err != nil {
		return err
	}
	if len(a.Unpriced) > 0 {
		fmt.Fprintln(env.Stdout, "\nlazytrace prices show MODEL says more; lazytrace prices says where to put prices of your own")
	}
	if cat.Audit.Unreadable == 0 {
		return nil
	}
	fmt.Fprintln(env.Stdout)
	const most = 10
	n := 0
	err := set.Find(ctx, eventlog.FigureUnreadable, func(f *eventlog.Finding) error {
		if n++; n <= most {
			fmt.Fprintf(env.Stdout, "not read  %s: %s\n", placeText(f), escape.Line(f.Why))
		}
		return nil
	})
	if n > most {
		fmt.Fprintf(env.Stdout, "and %d more; --list unreadable prints all\n", n-most)
	}
	return err
}

// figureNames are the names that --list knows.
func figureNames() string {
	var names []string
	for _, f := range eventlog.Figures() {
		names = append(names, f.String())
	}
	return strings.Join(names, ", ")
}

// listFigure prints the records behind a figure as they are found.
func listFigure(ctx context.Context, env *Env, set *source.Set, f eventlog.Figure, asJSON bool) error {
	ctx, stop := untilSignal(ctx)
	defer stop()
	out := bufio.NewWriter(env.Stdout)
	err := set.Find(ctx, f, func(f *eventlog.Finding) error {
		if asJSON {
			return printJSON(out, resultOf(f))
		}
		_, err := fmt.Fprintln(out, findingText(f))
		return err
	})
	return cmp.Or(err, out.Flush())
}

// findingResult is a record behind a figure, as JSON.
type findingResult struct {
	Path     string          `json:"path"`
	Line     int64           `json:"line,omitempty"`
	Table    string          `json:"table,omitempty"`
	Pos      int64           `json:"position"`
	Format   string          `json:"format"`
	Time     string          `json:"ts,omitempty"`
	Session  string          `json:"session_id,omitempty"`
	Run      string          `json:"run_id,omitempty"`
	Agent    string          `json:"agent,omitempty"`
	Provider string          `json:"provider,omitempty"`
	Model    string          `json:"model,omitempty"`
	Tool     string          `json:"tool,omitempty"`
	Event    string          `json:"event,omitempty"`
	Call     string          `json:"call,omitempty"`
	Rule     string          `json:"rule,omitempty"`
	Calls    int64           `json:"calls,omitempty"`
	Usage    *usageResult    `json:"usage,omitempty"`
	Cost     *eventlog.Money `json:"cost_usd,omitempty"`
	Source   string          `json:"cost_source,omitempty"`
	Price    string          `json:"price,omitempty"`
	Reason   string          `json:"unpriced_reason,omitempty"`
	Mode     string          `json:"mode,omitempty"`
	AtLeast  bool            `json:"at_least,omitempty"`
	Copied   bool            `json:"copied,omitempty"`
	Why      string          `json:"why,omitempty"`
	Excerpt  string          `json:"excerpt,omitempty"`
}

type usageResult struct {
	Input        int64 `json:"input_tokens"`
	CacheRead    int64 `json:"cache_read_tokens"`
	CacheWrite5m int64 `json:"cache_write_5m_tokens"`
	CacheWrite1h int64 `json:"cache_write_1h_tokens"`
	Output       int64 `json:"output_tokens"`
	Reasoning    int64 `json:"reasoning_tokens"`
}

func resultOf(f *eventlog.Finding) findingResult {
	e := escape.Line
	r := findingResult{
		Path: e(f.Path), Line: f.Line, Table: e(f.Table), Pos: f.Pos, Format: e(f.Format), Session: e(f.Session), Run: e(f.Run), Agent: e(f.Agent),
		Provider: e(f.Provider), Model: e(f.Model), Tool: e(f.Tool), Event: e(f.Event), Why: e(f.Why), Excerpt: e(f.Excerpt),
	}
	if f.Time.Known() {
		r.Time = f.Time.Time().UTC().Format(time.RFC3339Nano)
	}
	if b := f.Bill; b != nil {
		u := usageResult(b.Usage)
		r.Call, r.Rule, r.Calls, r.Usage, r.Source, r.Mode, r.AtLeast, r.Copied = callText(b), b.Rule.String(), b.Count(), &u, b.Source.String(), b.Mode.String(), b.AtLeast, b.Copied
		if b.Source == eventlog.Unpriced {
			r.Reason = e(f.Price)
		} else {
			r.Cost, r.Price = &b.Cost, e(f.Price)
		}
	}
	return r
}

// callText names a call: records of one call have the same name.
func callText(b *eventlog.Bill) string {
	if b.Call.IsZero() {
		return ""
	}
	return hex.EncodeToString(b.Call[:6])
}

// placeText says where a record lies.
func placeText(f *eventlog.Finding) string {
	path := escape.Line(f.Path)
	switch {
	case f.Table != "":
		return fmt.Sprintf("%s %s row %d", path, escape.Line(f.Table), f.Pos)
	case f.Line > 0:
		return fmt.Sprintf("%s:%d", path, f.Line)
	case f.Pos >= 0:
		return fmt.Sprintf("%s at %d", path, f.Pos)
	}
	return path
}

// findingText is a record behind a figure on one line.
func findingText(f *eventlog.Finding) string {
	parts := []string{placeText(f)}
	add := func(name, text string) {
		if text != "" {
			parts = append(parts, name+escape.Line(text))
		}
	}
	if b := f.Bill; b != nil {
		add("call ", cmp.Or(callText(b), "-"))
		if b.Count() > 1 {
			add("", strconv.FormatInt(b.Count(), 10)+" calls")
		}
		add("", f.Model)
		u := b.Usage
		more := ""
		if b.AtLeast {
			more = "≥"
		}
		add("", fmt.Sprintf("in %d cached %d written %d out %s%d", u.Input, u.CacheRead, u.CacheWrite5m+u.CacheWrite1h, more, u.Output))
		switch b.Source {
		case eventlog.Unpriced:
			add("no price: ", cmp.Or(f.Price, "not told"))
		case eventlog.Recorded:
			add("", "$"+b.Cost.String()+" recorded")
		default:
			add("", "$"+b.Cost.String()+" estimated: "+f.Price)
		}
	} else {
		add("", f.Event)
		add("", f.Tool)
	}
	add("session ", f.Session)
	add("", f.Why)
	add("", f.Excerpt)
	return strings.Join(parts, "  ")
}
