package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/check"
)

type checkOptions struct {
	filterOptions
	limits     [24]string // by check.What, of the flags that take a limit
	changed    func(flag string) bool
	noSecrets  bool
	maxCount   string
	regression []string
	baseline   string
	rules      string
	allow      []string
	strict     bool
	allowEmpty bool
	format     string
	output     string
	asJSON     bool
	list       bool
}

func newCheck(env *Env) *cobra.Command {
	var opts checkOptions
	c := &cobra.Command{
		Use: "check [PATH...]", Short: "Hold sessions against rules, and fail when one is broken",
		Long: `Hold the sessions at the paths, or all that are found on this machine, against
rules of what one may cost, take and fail, and what may not happen in it. The
filter flags choose the sessions. A session that another one started is judged as
a part of that one. With --max-count, --where is a rule as well: so many events
may match it at most.

The exit code is 0 when all rules are kept, 3 when one is broken, 2 when nothing
was judged, and 1 when something went wrong. docs/check.md tells every rule.`,
		RunE: func(c *cobra.Command, args []string) error { return runCheck(c.Context(), env, args, opts) },
	}
	opts.flags(c)
	f := c.Flags()
	opts.changed = f.Changed
	for _, k := range check.Kinds() {
		if what, name, ok := limitFlag(k); ok {
			f.StringVar(&opts.limits[what], name, "", limitHelp(k))
		}
	}
	f.BoolVar(&opts.noSecrets, "no-secrets", false, "no secret may stand in the files of the sessions")
	f.StringVar(&opts.maxCount, "max-count", "", "so many events of a session may match --where: `N`")
	f.StringVar(&opts.baseline, "baseline", "", "compare with this session: the beginning of its id, or a log that holds one")
	f.StringSliceVar(&opts.regression, "max-regression", nil, "how much more than the baseline a session may come to, in `percent`: 10, or cost=10,wall=50,errors=0,tokens=20,steps=30")
	f.StringVar(&opts.rules, "rules", "", "also take the rules of a YAML `file`; see docs/check.md")
	f.StringArrayVar(&opts.allow, "allow", nil, "what matches as a whole is no secret: a `regex` (repeatable)")
	f.BoolVar(&opts.strict, "strict", false, "warnings trip the gate as well")
	f.BoolVar(&opts.allowEmpty, "allow-empty", false, "pass when there is no session to judge")
	f.StringVar(&opts.format, "format", "text", "print text, json, junit, sarif or github")
	f.StringVarP(&opts.output, "output", "o", "", "write to a file instead of standard output")
	f.BoolVar(&opts.asJSON, "json", false, "the same as --format json")
	f.BoolVar(&opts.list, "list-rules", false, "print all kinds of rules, with what can be done about each")
	inputFormatFlag(c, env)
	return c
}

// limitFlag is the flag by which a rule of a kind is given its limit, if it has one of
// its own.
func limitFlag(k check.Kind) (check.What, string, bool) {
	what, _ := check.ParseWhat(k.Name)
	name, ok := strings.CutPrefix(k.Flag, "--")
	return what, name, ok && !strings.ContainsAny(name, " =") && what != check.Secrets
}

func limitHelp(k check.Kind) string {
	switch k.Unit {
	case check.USD:
		return "trip when " + k.About + ": `USD`"
	case check.Duration:
		return "trip when " + k.About + ": `duration`"
	case check.Text:
		return "trip unless a session ended so: `success`, or several of success, failure, cancelled, unknown"
	case check.Number:
		return "trip when " + k.About + ": `[METRIC=]N`"
	}
	return "trip when " + k.About + ": `N`"
}

func runCheck(ctx context.Context, env *Env, paths []string, opts checkOptions) error {
	if opts.asJSON {
		opts.format = "json"
	}
	if opts.list {
		return listRules(env, opts.format)
	}
	if formats := []string{"text", "json", "junit", "sarif", "github"}; !slices.Contains(formats, opts.format) {
		return refuse("--format %s is not known; it is one of %s", opts.format, strings.Join(formats, ", "))
	}
	rules, err := opts.ruleSet()
	if err != nil {
		return err
	}
	filter := opts.filterOptions
	if opts.maxCount != "" {
		filter.where = ""
	}
	keep, err := filter.sessions(env)
	if err != nil {
		return err
	}
	finder, err := newFinder(redactFlags{}, opts.allow)
	if err != nil {
		return err
	}
	needs := check.NeedsOf(rules)
	switch {
	case needs.Baseline && opts.baseline == "":
		return refuse("a rule compares with another session: name it by --baseline, its id or its log")
	case !needs.Baseline && opts.baseline != "":
		return refuse("--baseline is there and no rule compares with it: add --max-regression")
	}
	set, cat, done, err := loadSet(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	unopened, err := notOpened(cat, paths)
	if err != nil {
		return err
	}
	g := gatherer{env: env, set: set, cat: cat, needs: needs, rules: rules, finder: finder}
	subjects := g.subjects(keep)
	if len(subjects) == 0 && !opts.allowEmpty {
		return refuse("there is no session to judge: of %s none is chosen; choose others, or say --allow-empty", figure.Plural(len(cat.Sessions), "session"))
	}
	var base *check.Baseline
	if needs.Baseline {
		if base, err = g.baseline(ctx, opts.baseline); err != nil {
			return err
		}
	}
	if err := g.find(ctx); err != nil {
		return err
	}
	report := check.Judge(rules, subjects, base, unopened, eventlog.StampOf(env.Now()))
	report.Strict, report.Version, report.Shown = opts.strict, Version(), escape.Line
	report.Folder, _ = os.Getwd() // without it paths are told as they are
	if err := writeCheck(env, report, opts); err != nil {
		return err
	}
	if report.Tripped() {
		return exitError{code: exitTripped}
	}
	return nil
}

// ruleSet makes rules of the flags and the file.
func (o *checkOptions) ruleSet() ([]check.Rule, error) {
	var rules []check.Rule
	var bad error
	add := func(what check.What, limit, flag string) *check.Rule {
		r, err := check.NewRule(what, limit, flag)
		if err != nil && bad == nil {
			bad = refuse("%s: %v", flag, err)
		}
		rules = append(rules, r)
		return &rules[len(rules)-1]
	}
	for _, k := range check.Kinds() {
		what, name, ok := limitFlag(k)
		limit := o.limits[what]
		switch {
		case what == check.Secrets && o.noSecrets:
			add(what, "0", "--no-secrets")
		case !ok || !o.changed(name):
		case what == check.Score:
			metric, n, named := strings.Cut(limit, "=")
			if !named {
				metric, n = check.DefaultScore, limit
			}
			add(what, n, k.Flag).Of = metric
		default:
			add(what, limit, k.Flag)
		}
	}
	if o.maxCount != "" {
		r := add(check.Matches, o.maxCount, "--max-count")
		q, err := eventlog.ParseQuery(o.where)
		if err != nil {
			return nil, refused(err)
		}
		if q.IsZero() {
			return nil, refuse("--max-count counts what --where matches: give a query")
		}
		r.Query, r.Text = q, o.where
	}
	for _, text := range o.regression {
		name, percent, one := strings.Cut(text, "=")
		found := false
		for what := check.CostRegression; what <= check.StepsRegression; what++ {
			if !one {
				add(what, text, "--max-regression")
			} else if name+"_regression" == what.String() {
				add(what, percent, "--max-regression")
			} else {
				continue
			}
			found = true
		}
		if !found {
			return nil, refuse("--max-regression %s: it is a percentage of cost, wall, errors, tokens or steps, or of all of them: 10, cost=10", text)
		}
	}
	if bad != nil {
		return nil, bad
	}
	if o.rules != "" {
		own, err := check.ReadRules(o.rules)
		if err != nil {
			return nil, refused(err)
		}
		rules = append(rules, own...)
	}
	if len(rules) == 0 {
		return nil, refuse("there is no rule: give one, as --max-cost 1 --max-errors 0, or --rules FILE; --list-rules prints all")
	}
	// What makes figures too low is told whatever the rules are.
	for _, what := range []check.What{check.Unreadable, check.Dropped} {
		if !slices.ContainsFunc(rules, func(r check.Rule) bool { return r.What == what }) {
			add(what, "0", "built in").Level = check.Warning
		}
	}
	return rules, nil
}

// notOpened lists files that look like logs and could not be opened. One that was
// named is refused.
func notOpened(cat *eventlog.Catalog, paths []string) (found check.Found, err error) {
	for _, f := range cat.Progress.Failed {
		if slices.Contains(paths, f.Path) {
			return found, refuse("%s", f.Why)
		}
		if !source.IsUnknown(f) {
			found.Add(check.Place{Path: f.Path, Pos: f.Pos, Text: f.Why})
		}
	}
	return found, nil
}

func listRules(env *Env, format string) error {
	if format == "json" {
		return printJSON(env.Stdout, check.Kinds())
	}
	for _, k := range check.Kinds() {
		fmt.Fprintf(env.Stdout, "%s  %s (%s)\n       %s\n       %s\n", k.ID, k.Name, k.Flag, k.About, k.Hint)
	}
	return nil
}

// writeCheck prints a report, or writes it to a file.
func writeCheck(env *Env, report *check.Report, opts checkOptions) error {
	write := report.WriteText
	switch opts.format {
	case "json":
		write = func(w io.Writer) error { return printJSON(w, report.Object()) }
	case "sarif":
		write = func(w io.Writer) error { return printJSON(w, report.SARIF()) }
	case "junit":
		write = report.WriteJUnit
	case "github":
		write = report.WriteGitHub
	}
	if opts.output == "" || opts.output == "-" {
		if err := write(env.Stdout); err != nil {
			return err
		}
	} else if err := intoFile(opts.output, write); err != nil {
		return err
	}
	if page := env.Getenv("GITHUB_STEP_SUMMARY"); opts.format == "github" && page != "" {
		f, err := os.OpenFile(page, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return fmt.Errorf("write the summary of the step to %s: %w", page, fileReason(err))
		}
		return errors.Join(report.WriteSummary(f), f.Close())
	}
	return nil
}

// inclusive returns what each session comes to with everything that it started.
func inclusive(cat *eventlog.Catalog) map[string]rollup.Sum {
	sums := map[string]rollup.Sum{}
	for _, g := range rollup.New(cat, nil).Sessions {
		sums[g.Key] = g.Inclusive
	}
	return sums
}
