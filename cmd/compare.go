package cmd

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/eventlog/textdiff"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/compare"
)

type compareOptions struct {
	filterOptions
	experiment string
	all        bool
	asJSON     bool
}

func newCompare(env *Env) *cobra.Command {
	var opts compareOptions
	c := &cobra.Command{
		Use: "compare A B [PATH...]", Short: "Compare two sessions, or the variants of an experiment",
		Long: `Put two sessions beside each other: what they cost and took, where they first
part and why, and their steps aligned, with stretches that are equal folded. A and
B are sessions, by the beginning of their ids, or logs that hold one session.

With --experiment NAME [PATH...] the sessions that name an experiment are compared
by variant. The filter flags choose among these.`,
		RunE: func(c *cobra.Command, args []string) error {
			if opts.experiment != "" {
				return runExperiment(c.Context(), env, args, opts)
			}
			if len(args) < 2 {
				return refuse("two sessions are compared: name both by the beginning of their ids, or their logs")
			}
			return runCompare(c.Context(), env, args[0], args[1], args[2:], opts)
		},
	}
	opts.flags(c)
	c.Flags().StringVar(&opts.experiment, "experiment", "", "compare the variants of this experiment; * for every one")
	c.Flags().BoolVar(&opts.all, "all", false, "do not fold steps that are equal")
	c.Flags().BoolVar(&opts.asJSON, "json", false, "print JSON")
	formatFlag(c, env)
	return c
}

func runCompare(ctx context.Context, env *Env, a, b string, paths []string, opts compareOptions) error {
	named := []string{a, b}
	for _, name := range named {
		if isLog(name) {
			paths = append(paths, name)
		}
	}
	set, cat, done, err := loadSet(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	report := rollup.New(cat, nil)
	var sessions [2]*eventlog.Session
	var sides [2]compare.Side
	for i, name := range named {
		if sessions[i], err = sideSession(cat, name); err != nil {
			return err
		}
		side, err := readSide(ctx, set, cat, report, sessions[i])
		if err != nil {
			return err
		}
		defer func() { _ = side.Log.Close() }() // it was only read
		sides[i] = side
	}
	c, err := compare.Align(ctx, sides[0], sides[1], nil)
	if err != nil {
		return err
	}
	p := comparePrinter{env: env, cat: cat, c: c, sessions: sessions, all: opts.all}
	if opts.asJSON {
		return p.json(ctx)
	}
	return p.text(ctx)
}

// isLog reports whether a name is that of a file or folder rather than the
// beginning of an id.
func isLog(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// sideSession finds a session by the beginning of its id, or the only one on top
// of a log.
func sideSession(cat *eventlog.Catalog, name string) (*eventlog.Session, error) {
	if !isLog(name) {
		return oneSession(cat, name)
	}
	whole := absolute(name)
	in := func(s *eventlog.Session) bool {
		return slices.ContainsFunc(s.Paths, func(path string) bool {
			path = absolute(path)
			return path == whole || strings.HasPrefix(path, whole+string(filepath.Separator))
		})
	}
	var found []*eventlog.Session
	for _, s := range cat.Sessions {
		if in(s) && (s.Parent == nil || !in(s.Parent)) {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return nil, refuse("%s holds %s, not one; name one by the beginning of its id", name, figure.Plural(len(found), "session"))
	}
	return found[0], nil
}

func absolute(path string) string {
	whole, err := filepath.Abs(path)
	if err != nil {
		return filepath.Clean(path)
	}
	return whole
}

// readSide reads a session and those below it. Each side has a log of its own: in
// one log a call that both tell of, as forks do, would be one of them only.
func readSide(ctx context.Context, set *source.Set, cat *eventlog.Catalog, report *rollup.Report, s *eventlog.Session) (compare.Side, error) {
	log, err := readWith(ctx, set, s)
	if err != nil {
		return compare.Side{}, err
	}
	snap := log.Snapshot()
	root, ok := sessionSpan(snap, s)
	if !ok {
		_ = log.Close()
		return compare.Side{}, fmt.Errorf("read session %s: its log has no event of it", s.ID)
	}
	side := compare.Side{Log: log, Snap: snap, Session: snap.Span(root).Session, Facts: &s.Facts}
	for i := range report.Sessions {
		if report.Sessions[i].Key == s.ID {
			side.Sum = &report.Sessions[i].Inclusive
		}
	}
	return side, nil
}

// comparePrinter prints a comparison.
type comparePrinter struct {
	env      *Env
	cat      *eventlog.Catalog
	c        *compare.Comparison
	sessions [2]*eventlog.Session
	all      bool
}

func (p *comparePrinter) text(ctx context.Context) error {
	if err := p.totals(); err != nil {
		return err
	}
	out := p.env.Stdout
	fmt.Fprintln(out)
	if p.c.Windowed {
		fmt.Fprintln(out, "The sessions differ too much to be aligned exactly: steps far from each other may be the same.")
	}
	if err := p.parting(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out)
	return p.steps(ctx)
}

// totals prints what both came to.
func (p *comparePrinter) totals() error {
	t := &table{head: []string{"", ">A", ">B", ">B - A"}}
	a, b := p.c.A, p.c.B
	row := func(name, a, b, d string) { t.add(name, a, b, d) }
	s, now := p.sessions, eventlog.StampOf(p.env.Now())
	row("session", clip(s[0].Label(), 30), clip(s[1].Label(), 30), "")
	row("id", short(s[0].ID), short(s[1].ID), "")
	model := func(s *eventlog.Session) string { return p.cat.Symbols.Name(s.Model) }
	if model(s[0]) != "" || model(s[1]) != "" {
		row("model", model(s[0]), model(s[1]), "")
	}
	st, _ := s[0].Status(now)
	su, _ := s[1].Status(now)
	row("status", st.String(), su.String(), "")
	row("outcome", a.Outcome.String(), b.Outcome.String(), "")
	cost := func(t compare.Totals) string {
		return figure.Dollars(t.Recorded, t.Estimated, t.Calls, t.Unpriced, t.AtLeast)
	}
	row("cost", cost(a), cost(b), signed(int64(b.Cost()-a.Cost()), func(n int64) string { return dollars(eventlog.Money(n)) }))
	money := func(name string, x, y eventlog.Money) {
		if x != 0 || y != 0 {
			row("  "+name, dollars(x), dollars(y), signed(int64(y-x), func(n int64) string { return dollars(eventlog.Money(n)) }))
		}
	}
	money("recorded", a.Recorded, b.Recorded)
	money("estimated", a.Estimated, b.Estimated)
	number := func(name string, x, y int64, always bool) {
		if always || x != 0 || y != 0 {
			row(name, figure.Count(x), figure.Count(y), signed(y-x, figure.Count))
		}
	}
	number("  calls without a price", a.Unpriced, b.Unpriced, false)
	row("wall", took(a.Wall), took(b.Wall), signed(int64(b.Wall-a.Wall), func(n int64) string { return took(time.Duration(n)) }))
	number("model calls", a.Calls, b.Calls, true)
	number("  copied from another session", a.Copied, b.Copied, false)
	number("tool calls", a.ToolCalls, b.ToolCalls, true)
	number("tool errors", a.ToolErrors, b.ToolErrors, true)
	number("errors", a.Errors, b.Errors, true)
	number("input tokens", a.Usage.Input, b.Usage.Input, true)
	number("cache read", a.Usage.CacheRead, b.Usage.CacheRead, false)
	number("cache write", a.Usage.CacheWrite5m+a.Usage.CacheWrite1h, b.Usage.CacheWrite5m+b.Usage.CacheWrite1h, false)
	number("output tokens", a.Usage.Output, b.Usage.Output, true)
	for _, name := range metricNames(a.Metrics, b.Metrics) {
		x, inA := a.Metrics[name]
		y, inB := b.Metrics[name]
		text := func(v float64, is bool) string {
			if !is {
				return "-"
			}
			return fmt.Sprintf("%.4g", v)
		}
		d := ""
		if inA && inB && x == y {
			d = "="
		} else if inA && inB {
			d = fmt.Sprintf("%+.4g", y-x)
		}
		row(name, text(x, inA), text(y, inB), d)
	}
	return t.print(p.env.Stdout, 0)
}

// signed spells a difference with its sign.
func signed(n int64, spell func(int64) string) string {
	switch {
	case n > 0:
		return "+" + spell(n)
	case n < 0:
		return "-" + spell(-n)
	}
	return "="
}

func metricNames(a, b map[string]float64) []string {
	var names []string
	for name := range a {
		names = append(names, name)
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// causes say why two sessions part.
var causes = map[compare.Cause]string{
	compare.ModelAlone: "Everything before it that the logs show is the same: the model alone differs.",
	compare.InputApart: "Their input differed already.",
	compare.Hidden:     "Everything people and tools said before it is the same; what programs put in, system prompts or context, differs.",
	compare.Told:       "They were told something else.",
	compare.Returned:   "The same call came to something else.",
}

// parting says where the two part.
func (p *comparePrinter) parting(ctx context.Context) error {
	out := p.env.Stdout
	if p.c.First == nil {
		fmt.Fprintf(out, "No step differs: all %d are equal.\n", p.c.Equals)
		return nil
	}
	fmt.Fprintf(out, "They first part after %s.\n", figure.Plural(equalBefore(p.c, p.c.First.Pair), "equal step"))
	if err := p.divergence(ctx, p.c.First); err != nil {
		return err
	}
	if d := p.c.Decision; d != nil && d.Pair != p.c.First.Pair {
		fmt.Fprintf(out, "\nSomething else is done from step %d on.\n", d.Pair+1)
		return p.divergence(ctx, d)
	}
	return nil
}

func equalBefore(c *compare.Comparison, pair int) int {
	n := 0
	for i := range pair {
		if c.Pairs[i].Relation == compare.Equal {
			n++
		}
	}
	return n
}

func (p *comparePrinter) divergence(ctx context.Context, d *compare.Divergence) error {
	out := p.env.Stdout
	for i, item := range []int32{d.ItemA, d.ItemB} {
		text, err := p.c.Did(ctx, i, item)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %s  %s\n", "AB"[i:i+1], escape.Line(clip(text, 160)))
	}
	fmt.Fprintln(out, "  "+causes[d.Cause])
	if d.Earlier >= 0 {
		fmt.Fprintf(out, "  It did so first at step %d.\n", d.Earlier+1)
	}
	if p.c.Pairs[d.Pair].Relation != compare.Changed {
		return nil // they are different steps, not one that has changed
	}
	diff, err := p.c.Difference(ctx, d.ItemA, d.ItemB)
	if err != nil || diff.Of == "" {
		return err
	}
	fmt.Fprintf(out, "\n  %s:\n", diff.Of)
	printPieces(p.env, diff.Pieces)
	return nil
}

// printPieces prints a diff with what is removed in [-…-] and what is added in
// {+…+}, and no more of what is the same than tells the place.
func printPieces(env *Env, pieces []textdiff.Piece) {
	const around, most = 120, 4000
	var b strings.Builder
	for i, piece := range pieces {
		text := piece.Text
		switch piece.Kind {
		case textdiff.Removed:
			fmt.Fprintf(&b, "[-%s-]", text)
		case textdiff.Added:
			fmt.Fprintf(&b, "{+%s+}", text)
		default:
			if len(text) > 2*around {
				head, tail := strings.ToValidUTF8(text[:around], ""), strings.ToValidUTF8(text[len(text)-around:], "")
				if i == 0 {
					head = ""
				}
				if i == len(pieces)-1 {
					tail = ""
				}
				text = head + " … " + tail
			}
			b.WriteString(text)
		}
	}
	text := b.String()
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + " …"
	}
	for _, line := range strings.Split(strings.TrimRight(escape.Text(text), "\n"), "\n") {
		fmt.Fprintln(env.Stdout, strings.TrimRight("    "+line, " "))
	}
}

// marks are what steps begin with.
var marks = map[compare.Relation]string{compare.Equal: "=", compare.Changed: "~", compare.OnlyA: "-", compare.OnlyB: "+"}

// rows walks the steps; stretches that are equal are one, unless all are asked for.
func (p *comparePrinter) rows() iter.Seq2[int, int] {
	return p.c.Rows(func(compare.Fold) bool { return !p.all })
}

// steps prints the steps of both.
func (p *comparePrinter) steps(ctx context.Context) error {
	names := pairWords{c: p.c}
	for i, to := range p.rows() {
		if to > i+1 {
			fmt.Fprintf(p.env.Stdout, "=  %d equal steps\n", to-i)
			continue
		}
		words, err := names.of(ctx, i)
		if err != nil {
			return err
		}
		pair := p.c.Pairs[i]
		line := marks[pair.Relation] + "  " + strings.Repeat("  ", min(int(pair.Depth), 16)) + words
		if pair.Relation == compare.Changed {
			verb := " differs)"
			if pair.Parts == compare.Step|compare.Result {
				verb = " differ)"
			}
			line += "  (" + strings.Join(partNames(pair.Parts), " and ") + verb
		}
		if pair.Unseen {
			line += "  (the other log does not hold it)"
		}
		if _, err := fmt.Fprintln(p.env.Stdout, escape.Line(line)); err != nil {
			return err
		}
	}
	return nil
}

func partNames(parts compare.Part) []string {
	var out []string
	if parts&compare.Step != 0 {
		out = append(out, "step")
	}
	if parts&compare.Result != 0 {
		out = append(out, "result")
	}
	return out
}

// pairWords says pairs in a few words. Bodies are read ahead, in portions.
type pairWords struct {
	c     *compare.Comparison
	from  int
	words []string
}

func (w *pairWords) of(ctx context.Context, pair int) (string, error) {
	const atOnce = 64
	if pair < w.from || pair >= w.from+len(w.words) {
		said, err := w.c.Said(ctx, pair, min(len(w.c.Pairs), pair+atOnce))
		if err != nil {
			return "", err
		}
		w.from, w.words = pair, w.words[:0]
		for i := range said {
			who := said[i].Kind.String()
			if said[i].Kind == talk.Tool || said[i].Kind == talk.Agent {
				who = ""
			}
			text := clip(compare.Words(&said[i]), 100)
			if said[i].Kind == talk.Assistant && text == "" {
				text = "calls tools"
			}
			w.words = append(w.words, strings.TrimSpace(who+" "+text))
		}
	}
	return w.words[pair-w.from], nil
}
