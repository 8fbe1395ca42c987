package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/rollup/window"
)

// readWindows reads the session that is kept, with those below it, and finds out
// how the windows of its runs grew.
func readWindows(ctx context.Context, set *source.Set, cat *eventlog.Catalog, keep func(*eventlog.Session) bool, id string, prices *prices) (*window.Report, error) {
	session, err := onlySession(cat, keep, id)
	if err != nil {
		return nil, err
	}
	log, err := set.ReadLog(ctx, withBelow(session))
	if err != nil {
		return nil, err
	}
	r, err := window.Grow(ctx, log, log.Snapshot(), session.Sym, prices.Book, nil)
	return r, errors.Join(err, log.Close())
}

// onlySession returns the one session that is kept, not counting those below it; of
// several, the one with the id that was given in full.
func onlySession(cat *eventlog.Catalog, keep func(*eventlog.Session) bool, id string) (*eventlog.Session, error) {
	if s, ok := cat.Session(id); ok && id != "" && (keep == nil || keep(s)) {
		return s, nil
	}
	var on []*eventlog.Session
	kept := map[*eventlog.Session]bool{}
	for _, s := range cat.Sessions {
		if keep == nil || keep(s) {
			kept[s] = true
			on = append(on, s)
		}
	}
	on = slices.DeleteFunc(on, func(s *eventlog.Session) bool {
		for up := s.Parent; up != nil; up = up.Parent {
			if kept[up] {
				return true
			}
		}
		return false
	})
	switch len(on) {
	case 0:
		return nil, refuse("--context is of one session, and none is there")
	case 1:
		return on[0], nil
	}
	return nil, refuse("--context is of one session, and %d are there; choose one with --session", len(on))
}

// withBelow returns a session and all below it.
func withBelow(s *eventlog.Session) []*eventlog.Session {
	all := []*eventlog.Session{s}
	for i := 0; i < len(all); i++ {
		all = append(all, all[i].Children...)
	}
	return all
}

// topBlocks is how many blocks are printed; --json has more.
const topBlocks = 20

// printWindows prints how the windows grew, where they were shortened, and what
// was dear to carry.
func printWindows(env *Env, r *window.Report) error {
	fmt.Fprintf(env.Stdout, "\ncontext of %s: %s, %s", escape.Line(short(r.Session)), figure.Plural(len(r.Runs), "run"), figure.Plural(r.Calls, "call"))
	fmt.Fprintf(env.Stdout, "; reading it cost %s of %s", dollars(r.Read), costText(r.Cost, r.Calls, r.Unpriced))
	for _, n := range []struct {
		count int64
		what  string
	}{{r.Unpriced, "without a price"}, {r.Copied, "copied from another session"}, {r.ByTokens, "parted by tokens alone"}} {
		if n.count > 0 {
			fmt.Fprintf(env.Stdout, "; %s %s", figure.Plural(n.count, "call"), n.what)
		}
	}
	fmt.Fprintln(env.Stdout)
	fmt.Fprintln(env.Stdout)
	if len(r.Runs) == 0 {
		fmt.Fprintln(env.Stdout, "no call of it tells what it read")
		return nil
	}
	t := &table{head: []string{"RUN", ">CALLS", ">LARGEST", ">OF", "GROWTH"}}
	for i := range r.Runs {
		run := &r.Runs[i]
		limit := figure.Count(run.Limit.Tokens)
		if !run.Limit.Told {
			limit = "~" + limit
		}
		name := run.Agent
		if name == "" {
			name = "unknown"
		}
		t.add(strings.Repeat("  ", min(run.Depth, 16))+name+" "+short(run.Run), strconv.Itoa(len(run.Turns)), figure.Count(run.Turns[run.Largest].Context()), limit, growth(run))
	}
	if err := t.print(env.Stdout, 0); err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout)
	t = &table{head: []string{"COMPACTION", "RUN", ">BEFORE", ">AFTER", ">SUMMARY", "TOLD"}}
	for i := range r.Runs {
		for k := range r.Runs[i].Compactions {
			c := &r.Runs[i].Compactions[k]
			after, cost, told := "-", "-", "recorded"
			if c.After > 0 {
				after = figure.Count(c.After)
			}
			if c.Known && c.Source != eventlog.Unpriced {
				cost = dollars(c.Cost)
			}
			if c.Inferred {
				told = "inferred"
			}
			t.add(stampText(c.Time), r.Runs[i].Agent+" "+short(r.Runs[i].Run), figure.Count(c.Before), after, cost, told)
		}
	}
	if err := t.print(env.Stdout, 48); err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout)
	t = &table{head: []string{"KIND", ">BLOCKS", ">~TOKENS", ">~CARRIED", ">FIRST READ", ">CARRYING"}}
	for i := range r.Kinds {
		k := &r.Kinds[i]
		t.add(k.Kind.String(), strconv.FormatInt(k.Blocks, 10), figure.Count(k.Tokens), figure.Count(k.Carried), dollars(k.First), dollars(k.Cost))
	}
	if err := t.print(env.Stdout, 0); err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout)
	t = &table{head: []string{">CARRYING", ">~TOKENS", ">CALLS", ">BYTES", "KIND", "BLOCK"}}
	for i := range r.Blocks[:min(topBlocks, len(r.Blocks))] {
		b := &r.Blocks[i]
		if b.Calls == 0 {
			continue
		}
		size := "-"
		if b.Bytes > 0 {
			size = figure.Bytes(b.Bytes)
		}
		t.add(costText(b.Cost, b.Calls, b.Unpriced), figure.Count(b.Tokens), strconv.FormatInt(b.Calls, 10), size, b.Kind.String(), strings.TrimSpace(b.Tool+" "+b.Label))
	}
	if err := t.print(env.Stdout, 72); err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout, "\n~ tokens of blocks are estimated, and so is what carrying them cost; limits with ~ are guesses")
	return nil
}

// growth draws the contexts of a run's turns: a column for each, or for the
// largest of several, beside the limit of its window.
func growth(run *window.Run) string {
	const widest = 60
	bars := []rune("▁▂▃▄▅▆▇█")
	n := len(run.Turns)
	width := min(widest, n)
	var b strings.Builder
	for col := range width {
		most := int64(0)
		for i := col * n / width; i < (col+1)*n/width; i++ {
			most = max(most, run.Turns[i].Context())
		}
		level := most * int64(len(bars)) / max(1, run.Limit.Tokens, run.Turns[run.Largest].Context())
		b.WriteRune(bars[min(level, int64(len(bars)-1))])
	}
	return b.String()
}

// stampText spells a moment of a day.
func stampText(at eventlog.Stamp) string {
	if !at.Known() {
		return "-"
	}
	return at.Time().Local().Format("2006-01-02 15:04:05")
}
