package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/sheet"
)

type sessionsOptions struct {
	filterOptions
	asJSON bool
	limit  int
}

func newSessions(env *Env) *cobra.Command {
	var opts sessionsOptions
	c := &cobra.Command{
		Use: "sessions [PATH...]", Short: "List sessions, show one, rename, tag, close, merge or delete them",
		Long: `List the sessions at the paths, or all that are found on this machine, newest
first, sub-sessions below their parents. With --format csv they are written as
a table for spreadsheets, as by lazytrace export.`,
		RunE: func(c *cobra.Command, args []string) error { return listSessions(c.Context(), env, args, opts) },
	}
	opts.all(c)
	formatFlag(c, env)
	list := &cobra.Command{
		Use: "list [PATH...]", Short: "List sessions",
		RunE: func(c *cobra.Command, args []string) error { return listSessions(c.Context(), env, args, opts) },
	}
	opts.all(list)
	formatFlag(list, env)
	showOne := &cobra.Command{
		Use: "show ID [PATH...]", Short: "Show one session and its runs", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return showSession(c.Context(), env, args[0], args[1:], opts)
		},
	}
	showOne.Flags().BoolVar(&opts.asJSON, "json", false, "print JSON")
	formatFlag(showOne, env)
	c.AddCommand(list, showOne, newSessionsRename(env), newSessionsTag(env), newSessionsClose(env), newSessionsMerge(env), newSessionsRemove(env))
	return c
}

func (o *sessionsOptions) all(c *cobra.Command) {
	o.flags(c)
	c.Flags().BoolVar(&o.asJSON, "json", false, "print one JSON object a session")
	c.Flags().IntVarP(&o.limit, "limit", "n", 0, "print so many sessions at most")
}

func listSessions(ctx context.Context, env *Env, paths []string, opts sessionsOptions) error {
	keep, err := opts.sessions(env)
	if err != nil {
		return err
	}
	// Elsewhere --format names a file that describes a format; one that is called
	// csv is ./csv.
	asCSV := env.Format == "csv"
	if asCSV {
		env.Format = ""
	}
	cat, closeSet, err := load(ctx, env, paths)
	if err != nil {
		return err
	}
	defer closeSet()
	if asCSV {
		return sheet.Sessions(env.Stdout, cat, keep, opts.limit, eventlog.StampOf(env.Now()))
	}
	if opts.asJSON {
		objects := newSessionObjects(cat, eventlog.StampOf(env.Now()))
		n := 0
		for _, s := range cat.Sessions {
			if !keep(s) {
				continue
			}
			if n++; opts.limit > 0 && n > opts.limit {
				break
			}
			if err := printJSON(env.Stdout, objects.of(s)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(cat.Sessions) == 0 {
		fmt.Fprintln(env.Stdout, "no sessions here yet; record one with lazytrace run CMD, or see lazytrace demo")
		return nil
	}
	return printSessions(env, cat, rollup.New(cat, keep), keep, opts.limit)
}

// printSessions prints the sessions as a table, those below others indented.
func printSessions(env *Env, cat *eventlog.Catalog, report *rollup.Report, keep func(*eventlog.Session) bool, limit int) error {
	now := eventlog.StampOf(env.Now())
	t := &table{head: []string{"STATUS", "SESSION", "AGENT", "MODEL", ">ERR", ">TOKENS", ">COST", ">TIME", "STARTED", "ID"}}
	type step struct {
		session *eventlog.Session
		depth   int
	}
	dying := slices.ContainsFunc(cat.Sessions, func(s *eventlog.Session) bool { return keep(s) && fateOf(s, now) != "" })
	if dying {
		t.head = slices.Insert(t.head, diesColumn, ">DIES")
	}
	var stack []step
	push := func(list []*eventlog.Session, depth int) {
		for _, s := range slices.Backward(list) {
			stack = append(stack, step{s, depth})
		}
	}
	ids := make([]string, len(cat.Sessions))
	for i, s := range cat.Sessions {
		ids[i] = s.ID
	}
	short := prefixes(ids)
	for push(roots(cat), 0); len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if keep(at.session) && (limit == 0 || len(t.rows) < limit) {
			row := sessionRow(cat, at.session, at.depth, now)
			if dying {
				row = slices.Insert(row, diesColumn, fateOf(at.session, now))
			}
			t.add(append(row, short(at.session.ID))...)
		}
		push(at.session.Children, at.depth+1)
	}
	if err := t.print(env.Stdout, 40); err != nil {
		return err
	}
	sum := report.Total
	_, err := fmt.Fprintf(env.Stdout, "\n%s, %s tokens, %s\n", figure.Plural(sum.Sessions, "session"), figure.Count(sum.Usage.Total()), orNone(costText(sum.Cost(), sum.Calls, sum.Unpriced)))
	return err
}

// diesColumn is where the column of what its agent deletes soon, or has deleted,
// stands, if there is any.
const diesColumn = 8

// fateOf says when a session is deleted, if that is soon, or that only a copy is left.
func fateOf(s *eventlog.Session, now eventlog.Stamp) string {
	if s.Archived {
		return "archived"
	}
	return s.Left(now)
}

func orNone(s string) string {
	if s == "" {
		return "no model calls"
	}
	return s
}

// prefixes returns how much of each id has to be typed to mean it.
func prefixes(ids []string) func(id string) string {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	return func(id string) string {
		least := 8
		at, _ := slices.BinarySearch(ids, id)
		for _, i := range []int{at - 1, at + 1} {
			if i < 0 || i >= len(ids) {
				continue
			}
			same := 0
			for same < min(len(id), len(ids[i])) && id[same] == ids[i][same] {
				same++
			}
			least = max(least, same+1)
		}
		return strings.ToValidUTF8(id[:min(len(id), least)], "")
	}
}

// roots returns the sessions at the top of the tree.
func roots(cat *eventlog.Catalog) []*eventlog.Session {
	var top []*eventlog.Session
	for _, s := range cat.Sessions {
		if s.Parent == nil {
			top = append(top, s)
		}
	}
	return top
}

func sessionRow(cat *eventlog.Catalog, s *eventlog.Session, depth int, now eventlog.Stamp) []string {
	status, _ := s.Status(now)
	errors := ""
	if s.Errors > 0 {
		errors = fmt.Sprint(s.Errors)
	}
	started := ""
	if at := s.Began(); at.Known() {
		started = at.Time().Local().Format("2006-01-02 15:04")
	}
	return []string{
		status.String(), strings.Repeat("  ", min(depth, 16)) + s.Label(), cmp.Or(s.Agent, s.Format), cat.Symbols.Name(s.Model), errors,
		figure.Count(s.Usage.Total()), costText(s.Cost(), s.Calls, s.Unpriced), sessionTook(s, now), started,
	}
}

// sessionTook spells how long a session took, unless its log tells no time.
func sessionTook(s *eventlog.Session, now eventlog.Stamp) string {
	if !s.Began().Known() && !s.Last.Known() {
		return ""
	}
	return took(s.Duration(now))
}

// sessionObjects spells sessions in JSON. A session is told with all that is
// below it, whatever else was asked for.
type sessionObjects struct {
	cat    *eventlog.Catalog
	report *rollup.Report
	now    eventlog.Stamp
	sums   map[string]*rollup.Group
	runs   map[*eventlog.Session][]*rollup.Run
}

func newSessionObjects(cat *eventlog.Catalog, now eventlog.Stamp) *sessionObjects {
	o := &sessionObjects{cat, rollup.New(cat, nil), now, map[string]*rollup.Group{}, map[*eventlog.Session][]*rollup.Run{}}
	for i := range o.report.Sessions {
		o.sums[o.report.Sessions[i].Key] = &o.report.Sessions[i]
	}
	for i := range o.report.Runs {
		if r := &o.report.Runs[i]; r.Key != "" {
			o.runs[r.Session] = append(o.runs[r.Session], r)
		}
	}
	return o
}

// of is one session in JSON.
func (o *sessionObjects) of(s *eventlog.Session) map[string]any {
	cat, now := o.cat, o.now
	status, closedBy := s.Status(now)
	one := o.sums[s.ID].Own.Fields()
	one["inclusive"] = o.sums[s.ID].Inclusive
	runs := []map[string]any{}
	for _, r := range o.runs[s] {
		runs = append(runs, runObject(cat, o.report, r, status))
	}
	for k, v := range map[string]any{
		"id": s.ID, "source": s.Format, "name": s.Label(), "goal": s.Goal, "agent": s.Agent, "agents": s.Agents(),
		"model": cat.Symbols.Name(s.Model), "status": status, "closed_by": closedBy, "outcome": s.Outcome, "failure_reason": s.Reason(now),
		"error_count": s.Errors, "started_at": s.Began(), "last_activity_at": s.Last, "duration_ms": s.Duration(now).Milliseconds(),
		"ended_at": s.Ended, "events": s.Events, "runs": runs, "parent_session_id": s.ParentID, "fork_of": s.ForkOf,
		"experiment": s.Experiment, "variant": s.Variant, "environment": s.Environment, "directory": s.Directory, "branch": s.Branch,
		"metadata": orEmpty(s.Metadata), "tags": append([]string{}, s.Tags...), "metrics": orEmpty(s.Metrics), "paths": s.Paths,
		"dropped": s.Dropped, "redact_dropped": s.RedactDropped, "deleted_at": s.Dies, "archived": s.Archived,
	} {
		one[k] = v
	}
	return one
}

func orEmpty[M ~map[string]V, V any](m M) M {
	if m == nil {
		return M{}
	}
	return m
}

func runObject(cat *eventlog.Catalog, report *rollup.Report, r *rollup.Run, session eventlog.Status) map[string]any {
	parent := ""
	if r.Parent >= 0 {
		parent = report.Runs[r.Parent].Key
	}
	return map[string]any{
		"id": r.Key, "agent_name": r.Agent, "parent_run_id": parent, "parent_call_id": r.Run.ParentCall, "link": r.Run.Link,
		"started_at": r.Run.Start, "ended_at": r.Run.End, "open": r.Run.Open && session != eventlog.Interrupted, "outcome": r.Run.Outcome, "error_count": r.Run.Errors,
		"model": cat.Symbols.Name(r.Run.Model), "depth": r.Depth, "usage": r.Own, "inclusive": r.Inclusive,
	}
}

// oneSession finds a session by the beginning of its id.
func oneSession(cat *eventlog.Catalog, id string) (*eventlog.Session, error) {
	if s, ok := cat.Session(id); ok {
		return s, nil
	}
	var match []*eventlog.Session
	for _, s := range cat.Sessions {
		if strings.HasPrefix(s.ID, id) {
			match = append(match, s)
		}
	}
	switch len(match) {
	case 0:
		return nil, refuse("there is no session whose id begins with %q; lazytrace sessions lists them", id)
	case 1:
		return match[0], nil
	}
	return nil, refuse("%d sessions have an id that begins with %q; give more of it", len(match), id)
}

func showSession(ctx context.Context, env *Env, id string, paths []string, opts sessionsOptions) error {
	cat, done, err := load(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	s, err := oneSession(cat, id)
	if err != nil {
		return err
	}
	now := eventlog.StampOf(env.Now())
	objects := newSessionObjects(cat, now)
	if opts.asJSON {
		return printJSON(env.Stdout, objects.of(s))
	}
	status, closedBy := s.Status(now)
	facts := &table{head: []string{"", ""}}
	put := func(name, value string) {
		if value != "" {
			facts.add(name, value)
		}
	}
	put("session", s.ID)
	put("name", s.Label())
	put("goal", eventlog.Prose(s.Goal))
	put("format", s.Format)
	put("agent", cmp.Or(s.Agent, s.Format))
	put("status", strings.TrimSpace(status.String()+" "+closedBy))
	put("outcome", s.Outcome.String())
	put("reason", s.Reason(now))
	put("warning", s.Metadata["warning"])
	put("time", sessionTook(s, now))
	put("cost", costText(s.Cost(), s.Calls, s.Unpriced))
	put("tokens", figure.Count(s.Usage.Total()))
	put("tools", fmt.Sprintf("%d calls, %d failed", s.ToolCalls, s.ToolFails))
	put("errors", fmt.Sprint(s.Errors))
	if fate, _ := s.Fate(now); fate != "" {
		put("kept", fate)
		put("to keep it", s.Keeping.Advice())
	}
	put("directory", s.Directory)
	put("branch", s.Branch)
	put("parent", s.ParentID)
	put("path", strings.Join(s.Paths, ", "))
	if err := facts.print(env.Stdout, 100); err != nil {
		return err
	}
	t := &table{head: []string{"RUN", "MODEL", "LINK", ">TIME", ">CALLS", ">COST", ">WITH CHILDREN", ">ERR"}}
	for _, r := range objects.runs[s] {
		t.add(strings.Repeat("  ", min(r.Depth, 16))+r.Agent+" "+short(r.Key), cat.Symbols.Name(r.Run.Model), r.Run.Link.String(), took(max(0, r.Run.End.Sub(r.Run.Start))),
			fmt.Sprint(r.Own.Calls), costText(r.Own.Cost(), r.Own.Calls, r.Own.Unpriced), costText(r.Inclusive.Cost(), r.Inclusive.Calls, r.Inclusive.Unpriced), fmt.Sprint(r.Run.Errors))
	}
	fmt.Fprintln(env.Stdout)
	return t.print(env.Stdout, 48)
}
