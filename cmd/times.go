package cmd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/rollup"
)

// readTimes reads the sessions of a catalog once more, those that share files
// at a time, and finds out where their time went.
func readTimes(ctx context.Context, env *Env, set *source.Set, cat *eventlog.Catalog, keep func(*eventlog.Session) bool) (*rollup.Times, error) {
	now := eventlog.StampOf(env.Now())
	until := func(id eventlog.Sym) eventlog.Stamp {
		if s := cat.BySym(id); s != nil {
			return s.Now(now)
		}
		return 0
	}
	sum := &rollup.Times{}
	for _, sessions := range together(cat, keep) {
		log, err := set.ReadLog(ctx, sessions)
		if err != nil {
			return nil, err
		}
		sum.Add(rollup.NewTimes(ctx, log.Snapshot(), until))
		if err := log.Close(); err != nil {
			return nil, err
		}
	}
	return sum, ctx.Err()
}

// together returns the sessions in groups that must be read as one: those that
// hang below each other, and those that stand in one file, so that no file is
// read more than once.
func together(cat *eventlog.Catalog, keep func(*eventlog.Session) bool) [][]*eventlog.Session {
	up := map[string]string{}
	top := func(key string) string {
		for up[key] != "" {
			if next := up[up[key]]; next != "" {
				up[key] = next // halves the way of whoever comes next
			}
			key = up[key]
		}
		return key
	}
	join := func(a, b string) {
		if a, b = top(a), top(b); a != b {
			up[a] = b
		}
	}
	var kept []*eventlog.Session
	for _, s := range cat.Sessions {
		if keep != nil && !keep(s) {
			continue
		}
		kept = append(kept, s)
		key := "session " + s.ID
		for _, path := range s.Paths {
			join(key, "path "+path)
		}
		if s.Parent != nil {
			join(key, "session "+s.Parent.ID)
		}
	}
	var groups [][]*eventlog.Session
	index := map[string]int{}
	for _, s := range kept {
		key := top("session " + s.ID)
		i, ok := index[key]
		if !ok {
			i, groups = len(groups), append(groups, nil)
			index[key] = i
		}
		groups[i] = append(groups[i], s)
	}
	return groups
}

// addTimes puts the times into the usage object, beside what they are times of.
func addTimes(out map[string]any, t *rollup.Times, r *rollup.Report, cat *eventlog.Catalog) {
	if t == nil {
		return
	}
	total := r.Total.Fields()
	total["time"] = t.Total
	out["total"] = total
	put := func(group, key string, own any, all ...any) {
		groups, _ := out[group].(map[string]any)
		if one, ok := groups[key].(map[string]any); ok {
			one["time"] = own
			if len(all) > 0 {
				one["time_inclusive"] = all[0]
			}
		}
	}
	for id, clock := range t.Sessions {
		put("by_session", cat.Symbols.Name(id), clock.Own, clock.Inclusive)
	}
	for name, sum := range named(t.Agents, cat) {
		put("by_agent", name, sum)
	}
	for name, sum := range named(t.Tools, cat) {
		put("by_tool", name, sum)
	}
	taken := map[string]bool{}
	for _, run := range r.Runs {
		key := run.Key
		if taken[key] {
			key = run.Session.ID + "/" + run.Key
		}
		taken[key] = true
		if clock, ok := t.Runs[rollup.RunID{Session: run.Session.Sym, Run: run.Run.ID}]; ok && run.Key != "" {
			put("by_run", key, clock.Own, clock.Inclusive)
		}
	}
}

func named(sums map[eventlog.Sym]rollup.Time, cat *eventlog.Catalog) map[string]rollup.Time {
	out := make(map[string]rollup.Time, len(sums))
	for id, sum := range sums {
		name := cat.Symbols.Name(id)
		if name == "" {
			name = "unknown"
		}
		out[name] = sum
	}
	return out
}

// printTimes prints a table for each grouping that has times.
func printTimes(env *Env, t *rollup.Times, r *rollup.Report, cat *eventlog.Catalog, by []string) error {
	if t == nil {
		return nil
	}
	for _, name := range by {
		tab := &table{head: []string{strings.ToUpper(name), ">WALL", ">BUSY", ">MODEL", ">TOOL", ">APPROVAL", ">PERSON", ">QUEUE", ">IDLE"}}
		row := func(name string, t rollup.Time) {
			tab.add(name, lasted(t.Wall), lasted(t.Busy()), lasted(t.Model), lasted(t.Tool), lasted(t.Approval), lasted(t.Human), lasted(t.Queue), lasted(t.Idle))
		}
		list := func(sums map[string]rollup.Time) {
			names := slices.Collect(maps.Keys(sums))
			slices.SortFunc(names, func(a, b string) int {
				if d := sums[b].Busy() - sums[a].Busy(); d != 0 {
					return int(min(1, max(-1, d)))
				}
				return strings.Compare(a, b)
			})
			for _, name := range names {
				row(name, sums[name])
			}
		}
		switch name {
		case "total":
			row(figure.Plural(r.Total.Sessions, "session"), t.Total)
		case "agent":
			list(named(t.Agents, cat))
		case "tool":
			list(named(t.Tools, cat))
		case "session":
			for _, g := range r.Sessions {
				if id, ok := cat.Symbols.Find(g.Key); ok {
					row(g.Key, t.Sessions[id].Inclusive)
				}
			}
		case "run":
			for _, run := range r.Runs {
				if clock, ok := t.Runs[rollup.RunID{Session: run.Session.Sym, Run: run.Run.ID}]; ok && run.Key != "" {
					row(strings.Repeat("  ", min(run.Depth, 16))+run.Agent+" "+short(run.Key), clock.Inclusive)
				}
			}
		default:
			continue // no time is known of it
		}
		fmt.Fprintln(env.Stdout)
		if err := tab.print(env.Stdout, 48); err != nil {
			return err
		}
	}
	return nil
}

// lasted says a time to a tenth of a second, or nothing where there is none.
func lasted(d time.Duration) string {
	switch {
	case d <= 0:
		return "-"
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}
