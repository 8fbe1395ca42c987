package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/cache"
	"github.com/lazytrace/lazytrace/rollup/window"
)

type usageOptions struct {
	filterOptions
	by     []string
	audit  bool
	list   string
	asJSON bool
	times  bool
	window bool
	cache  bool
}

// usageBy are the groupings, in the order in which they are printed.
var usageBy = []string{"total", "agent", "run", "model", "session", "tool", "day"}

// usageLabels are groupings of whole sessions, made when they are asked for;
// besides, there is one by each key of metadata, as meta.KEY.
var usageLabels = []string{"branch"}

// usageNames names all of them.
func usageNames() string {
	return strings.Join(slices.Concat(usageBy, usageLabels, []string{"meta.KEY"}), ",")
}

// metaKey returns the key of metadata that a grouping is by.
func metaKey(by string) (string, bool) {
	key, ok := strings.CutPrefix(by, "meta.")
	return key, ok && key != ""
}

func newUsage(env *Env) *cobra.Command {
	var opts usageOptions
	c := &cobra.Command{
		Use: "usage [PATH...]", Short: "Add up cost, tokens, calls and errors",
		Long: `Add up cost, tokens, calls and errors of the sessions at the paths, or of all
sessions found on this machine. Every billed call counts once, however many
records and files tell of it. Recorded, estimated and unpriced are kept apart.

--cache says what prompt caches were worth and which calls missed them, --context
how the context of one session grew and what carrying its blocks cost, --times
where the time went.

--audit says what was read and what was cut before anything was added up, and
--list prints the records behind one of its figures, by the name that --audit
shows. Both are of all logs that were read, whatever a filter leaves out.`,
		RunE: func(c *cobra.Command, args []string) error { return runUsage(c.Context(), env, args, opts) },
	}
	opts.flags(c)
	c.Flags().StringSliceVar(&opts.by, "by", nil, "group by "+usageNames()+" (default: total, agent and model)")
	c.Flags().BoolVar(&opts.audit, "audit", false, "say what was read, cut and priced with what, of all logs")
	c.Flags().StringVar(&opts.list, "list", "", "print the records behind a figure of the audit")
	c.Flags().BoolVar(&opts.asJSON, "json", false, "print JSON; with --list one object a record")
	c.Flags().BoolVar(&opts.times, "times", false, "also say where the time went; reads the logs once more")
	c.Flags().BoolVar(&opts.cache, "cache", false, "also say what prompt caches saved, and which calls missed them and why; reads logs with misses once more")
	c.Flags().BoolVar(&opts.window, "context", false, "also say how the context of one session grew, and what carrying it cost; reads its log once more")
	formatFlag(c, env)
	return c
}

func runUsage(ctx context.Context, env *Env, paths []string, opts usageOptions) error {
	for _, by := range opts.by {
		if _, meta := metaKey(by); !meta && !slices.Contains(usageBy, by) && !slices.Contains(usageLabels, by) {
			return refuse("--by %s is not known; it is one of %s", by, usageNames())
		}
	}
	keep, err := opts.sessions(env)
	if err != nil {
		return err
	}
	listed, known := eventlog.ParseFigure(opts.list)
	if opts.list != "" && !known {
		return refuse("--list %s is not known; it is one of %s", opts.list, figureNames())
	}
	set, cat, done, err := loadSet(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	if known {
		return listFigure(ctx, env, set, listed, opts.asJSON)
	}
	report := rollup.New(cat, keep)
	prices, err := openPrices(env)
	if err != nil {
		return err
	}
	var times *rollup.Times
	if opts.times {
		if times, err = readTimes(ctx, env, set, cat, keep); err != nil {
			return err
		}
	}
	var caches *cache.Report
	if opts.cache {
		if caches, err = readCaches(ctx, set, cat, keep, prices); err != nil {
			return err
		}
	}
	var windows *window.Report
	if opts.window {
		if windows, err = readWindows(ctx, set, cat, keep, opts.session, prices); err != nil {
			return err
		}
	}
	if opts.asJSON {
		by := opts.by
		if len(by) == 0 {
			by = usageBy
		}
		out := usageObject(report, cat, by)
		addTimes(out, times, report, cat)
		out["prices"] = prices.object()
		if caches != nil {
			out["cache"] = caches
		}
		if windows != nil {
			out["context"] = windows
		}
		if opts.audit {
			if out["audit"], err = fullAudit(ctx, set, cat); err != nil {
				return err
			}
		}
		return printJSON(env.Stdout, out)
	}
	if opts.audit {
		return printAudit(ctx, env, set, cat)
	}
	by := opts.by
	if len(by) == 0 {
		by = []string{"total", "agent", "model"}
	}
	if err := printUsage(env, report, by); err != nil {
		return err
	}
	if t := report.Total; t.Estimated > 0 || t.Unpriced > 0 {
		fmt.Fprintf(env.Stdout, "\ncost: %s recorded, %s estimated with the %s, %s unpriced\n",
			dollars(t.Recorded), dollars(t.Estimated), escape.Line(prices.About()), figure.Plural(t.Unpriced, "call"))
	}
	if err := printTimes(env, times, report, cat, by); err != nil {
		return err
	}
	if caches != nil {
		if err := printCaches(env, caches); err != nil {
			return err
		}
	}
	if windows != nil {
		return printWindows(env, windows)
	}
	return nil
}

// usageObject is the JSON of the contract.
func usageObject(r *rollup.Report, cat *eventlog.Catalog, by []string) map[string]any {
	out := map[string]any{"total": r.Total, "audit": auditObject(cat)}
	for _, name := range by {
		switch name {
		case "agent":
			out["by_agent"] = fieldsOf(rollup.ByKey(r.Agents))
		case "model":
			out["by_model"] = fieldsOf(rollup.ByKey(r.Models))
		case "tool":
			out["by_tool"] = fieldsOf(rollup.ByKey(r.Tools))
		case "day":
			out["by_day"] = fieldsOf(rollup.ByKey(r.Days))
		case "session":
			out["by_session"] = fieldsOf(rollup.ByKey(r.Sessions))
		case "branch":
			out["by_branch"] = fieldsOf(rollup.ByKey(r.Branches))
		case "run":
			out["by_run"] = fieldsOf(r.ByRun())
		default:
			if key, ok := metaKey(name); ok {
				keys, _ := out["by_meta"].(map[string]any)
				if keys == nil {
					keys = map[string]any{}
					out["by_meta"] = keys
				}
				keys[key] = fieldsOf(rollup.ByKey(r.ByMeta(key)))
			}
		}
	}
	return out
}

// fieldsOf makes usage objects that more can be put into.
func fieldsOf[T interface{ Fields() map[string]any }](groups map[string]T) map[string]any {
	m := make(map[string]any, len(groups))
	for key, g := range groups {
		m[key] = g.Fields()
	}
	return m
}

func printUsage(env *Env, r *rollup.Report, by []string) error {
	row := func(t *table, name string, own, all rollup.Sum) {
		u := own.Usage
		t.add(name, costText(own.Cost(), own.Calls, own.Unpriced), costText(all.Cost(), all.Calls, all.Unpriced),
			fmt.Sprint(own.Calls), figure.Count(u.Input), figure.Count(u.CacheRead), figure.Count(u.CacheWrite5m+u.CacheWrite1h), atLeast(own)+figure.Count(u.Output),
			fmt.Sprint(own.ToolCalls), fmt.Sprint(own.Errors))
	}
	head := func(name string) *table {
		return &table{head: []string{name, ">COST", ">WITH CHILDREN", ">CALLS", ">INPUT", ">CACHE READ", ">CACHE WRITE", ">OUTPUT", ">TOOLS", ">ERRORS"}}
	}
	for i, name := range by {
		if i > 0 {
			fmt.Fprintln(env.Stdout)
		}
		t := head(strings.ToUpper(name))
		list := func(groups []rollup.Group) {
			for _, g := range groups {
				row(t, cmp.Or(g.Key, "-"), g.Own, g.Inclusive)
			}
		}
		switch name {
		case "total":
			row(t, figure.Plural(r.Total.Sessions, "session"), r.Total, r.Total)
		case "agent":
			list(r.Agents)
		case "model":
			list(r.Models)
		case "tool":
			list(r.Tools)
		case "day":
			list(r.Days)
		case "session":
			list(r.Sessions)
		case "branch":
			list(r.Branches)
		case "run":
			for _, run := range r.Runs {
				if run.Key != "" {
					row(t, strings.Repeat("  ", min(run.Depth, 16))+run.Agent+" "+short(run.Key), *run.Own, *run.Inclusive)
				}
			}
		default:
			if key, ok := metaKey(name); ok {
				list(r.ByMeta(key))
			}
		}
		if err := t.print(env.Stdout, 48); err != nil {
			return err
		}
	}
	return nil
}

func atLeast(s rollup.Sum) string {
	if s.AtLeast > 0 {
		return "≥"
	}
	return ""
}

// short cuts an id to what people compare.
func short(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}
