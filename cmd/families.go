package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup/trouble"
)

type errorsOptions struct {
	filterOptions
	loops   bool
	retries bool
	asJSON  bool
}

func newErrors(env *Env) *cobra.Command {
	var opts errorsOptions
	c := &cobra.Command{
		Use: "errors [PATH...]", Short: "Say what went wrong, in families of errors that are alike",
		Long: `Put the failures of the sessions at the paths, or of all sessions found on this
machine, into families: what failed, and what its messages have in common. SINCE
is what the sessions spent from the first of them on.

--loops prints calls that were made again and again with nothing else between,
and --retries what failed and was tried again.`,
		RunE: func(c *cobra.Command, args []string) error { return runErrors(c.Context(), env, args, opts) },
	}
	opts.flags(c)
	c.Flags().BoolVar(&opts.loops, "loops", false, "print loops instead: the same calls again and again")
	c.Flags().BoolVar(&opts.retries, "retries", false, "print retries instead: calls that failed and were made again")
	c.Flags().BoolVar(&opts.asJSON, "json", false, "print one JSON object with families, loops and retries")
	formatFlag(c, env)
	return c
}

func runErrors(ctx context.Context, env *Env, paths []string, opts errorsOptions) error {
	keep, err := opts.sessions(env)
	if err != nil {
		return err
	}
	set, cat, done, err := loadSet(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	o := trouble.Options{}
	for _, want := range []struct {
		yes  bool
		part trouble.Part
	}{{opts.loops, trouble.PartLoops}, {opts.retries, trouble.PartRetries}, {!opts.loops && !opts.retries, trouble.PartFamilies}} {
		if want.yes {
			o.Parts |= want.part
		}
	}
	if opts.asJSON {
		o.Parts = trouble.PartFamilies | trouble.PartLoops | trouble.PartRetries
	}
	// A session in which nothing failed is not opened for its failures.
	open := func(s *eventlog.Session) bool {
		return keep(s) && (s.Errors > 0 || o.Parts&trouble.PartLoops != 0 && s.ToolCalls > 2 || o.Parts&trouble.PartRetries != 0 && hasRetries(cat, s))
	}
	r, err := findTrouble(ctx, env, set, cat, open, o)
	if err != nil {
		return err
	}
	if opts.asJSON {
		return printJSON(env.Stdout, struct {
			Families []trouble.Family `json:"families"`
			Loops    []trouble.Loop   `json:"loops"`
			Retries  []trouble.Retry  `json:"retries"`
		}{some(r.Families), some(r.Loops), some(r.Retries)})
	}
	ids := make([]string, len(cat.Sessions))
	for i, s := range cat.Sessions {
		ids[i] = s.ID
	}
	short := prefixes(ids)
	first := true
	for _, part := range []struct {
		part  trouble.Part
		print func() error
	}{
		{trouble.PartFamilies, func() error { return printFamilies(env, r.Families) }},
		{trouble.PartLoops, func() error { return printLoops(env, r.Loops, short) }},
		{trouble.PartRetries, func() error { return printRetries(env, r.Retries, short) }},
	} {
		if o.Parts&part.part == 0 {
			continue
		}
		if !first {
			fmt.Fprintln(env.Stdout)
		}
		if err := part.print(); err != nil {
			return err
		}
		first = false
	}
	return nil
}

// some returns a list that JSON shows as one, even an empty one.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// hasRetries reports whether a file that a session is in tells of an attempt that
// was tried again: that is no error of the session.
func hasRetries(cat *eventlog.Catalog, s *eventlog.Session) bool {
	return slices.ContainsFunc(cat.Segments, func(seg eventlog.Segment) bool {
		return seg.Kinds[eventlog.Retry.String()] > 0 && slices.Contains(s.Paths, seg.Path)
	})
}

func printFamilies(env *Env, families []trouble.Family) error {
	t := &table{head: []string{">COUNT", "FIRST", "LAST", ">SESSIONS", ">SINCE", "WHAT", "EXAMPLE"}}
	const before, enough = 52, 40 // what the columns before take, and what two more need each
	both := env.width() == 0 || env.width() >= before+2*enough
	room := env.room(before, 55, 45)
	if !both {
		room, t.head = env.room(before, 100), t.head[:len(t.head)-1]
	}
	for _, f := range families {
		cells := []string{
			fmt.Sprint(f.Count), env.clock(f.First), env.clock(f.Last), fmt.Sprint(len(f.Sessions)),
			costText(f.Since.Cost(), f.Since.Calls, f.Since.Unpriced), fit(f.Signature, room[0]),
		}
		if both {
			cells = append(cells, fit(f.Example, room[1]))
		}
		t.add(cells...)
	}
	return t.print(env.Stdout, 0)
}

func printLoops(env *Env, loops []trouble.Loop, short func(string) string) error {
	t := &table{head: []string{">TIMES", "FIRST", ">WALL", ">SPENT", "RESULTS", "SESSION", "AGENT", "LOOP"}}
	room := env.room(60, 20, 80)
	for _, l := range loops {
		place := l.Places[0]
		words := make([]string, len(l.Steps))
		for i, s := range l.Steps {
			words[i] = strings.TrimSpace(s.Tool + " " + s.Label)
		}
		t.add(fmt.Sprint(l.Times), env.clock(l.First), lasted(l.Wall), costText(l.Spent.Cost(), l.Spent.Calls, l.Spent.Unpriced), loopResults(&l),
			short(place.Session), fit(place.Agent, room[0]), fit(strings.Join(words, " → "), room[1]))
	}
	return t.print(env.Stdout, 0)
}

// loopResults says what the calls of a loop came to.
func loopResults(l *trouble.Loop) string {
	words := []string{"differ"}
	switch {
	case !l.Results:
		words[0] = "unknown"
	case l.Same && l.Failed == len(l.Places):
		words[0] = "fail alike"
	case l.Same:
		words[0] = "same"
	}
	if l.Changed {
		words = append(words, "files changed")
	}
	if l.Open {
		words = append(words, "goes on")
	}
	return strings.Join(words, ", ")
}

func printRetries(env *Env, retries []trouble.Retry, short func(string) string) error {
	t := &table{head: []string{">FAILED", "THEN", "FIRST", ">LOST", ">TOKENS", "SESSION", "AGENT", "WHAT", "ABOUT"}}
	room := env.room(58, 20, 30, 50)
	for _, r := range retries {
		then, tokens := "failed", "-"
		if r.Fine {
			then = "fine"
		}
		if n := r.Spent.Usage.Total(); n > 0 {
			tokens = figure.Count(n)
		}
		place := r.Places[0]
		t.add(fmt.Sprint(r.Failed), then, env.clock(r.First), lasted(r.Lost), tokens, short(place.Session), fit(place.Agent, room[0]), fit(r.Name, room[1]), fit(r.Label, room[2]))
	}
	return t.print(env.Stdout, 0)
}
