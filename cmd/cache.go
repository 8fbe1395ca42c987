package cmd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/rollup/cache"
)

// readCaches judges the calls of the sessions that are kept. The logs of those with
// misses are read, since they may tell more of the causes than the ledger.
func readCaches(ctx context.Context, set *source.Set, cat *eventlog.Catalog, keep func(*eventlog.Session) bool, prices *prices) (*cache.Report, error) {
	r, err := cache.New(ctx, cat, keep, prices.Book)
	if err != nil || len(r.Misses) == 0 {
		return r, err
	}
	missed := map[string]bool{}
	for i := range r.Misses {
		missed[r.Misses[i].Session] = true
	}
	for _, sessions := range together(cat, func(s *eventlog.Session) bool { return missed[s.ID] }) {
		log, err := set.ReadLog(ctx, sessions)
		if err != nil {
			return nil, err
		}
		next, err := r.In(ctx, log, log.Snapshot(), nil)
		if err = errors.Join(err, log.Close()); err != nil {
			return nil, err
		}
		r = next
	}
	return r, nil
}

// topMisses is how many misses are printed; --json has more.
const topMisses = 20

// printCaches prints what caches saved and cost, and what was paid again.
func printCaches(env *Env, r *cache.Report) error {
	fmt.Fprintln(env.Stdout)
	t := &table{head: []string{"CACHE", ">CALLS", ">READ", ">WRITE 5M", ">WRITE 1H", ">NOT CACHED", ">HIT RATE", ">SAVED", ">WRITES COST", ">NET", ">NOT JUDGED"}}
	row := func(name string, s *cache.Sum) {
		u := &s.Usage
		saved, extra, net := dollars(s.Saved), dollars(s.Extra), dollars(s.Net())
		if s.Judged == 0 {
			saved, extra, net = "-", "-", "-"
		}
		t.add(name, strconv.FormatInt(s.Calls, 10), figure.Count(u.CacheRead), figure.Count(u.CacheWrite5m), figure.Count(u.CacheWrite1h), figure.Count(u.Input),
			figure.Percent(float64(u.CacheRead), float64(u.Context())), saved, extra, net, strconv.FormatInt(s.Unjudged, 10))
	}
	row("total", &r.Total)
	for i := range r.Models {
		row(strings.TrimSpace(r.Models[i].Provider+" "+r.Models[i].Model), &r.Models[i].Sum)
	}
	if err := t.print(env.Stdout, 48); err != nil {
		return err
	}
	s := &r.Total
	fmt.Fprintf(env.Stdout, "\n%s began without a cache and paid for %s tokens; %s paid again for %s tokens that had been in one\n\n",
		figure.Plural(s.ColdCalls, "call"), figure.Count(s.ColdTokens), figure.Plural(s.Misses, "call"), figure.Count(s.Again))
	t = &table{head: []string{"CAUSE OF MISSES", ">MISSES", ">TOKENS", ">COST MORE", ">NO PRICE"}}
	for _, c := range r.Causes {
		t.add(c.Cause.String(), strconv.FormatInt(c.Misses, 10), figure.Count(c.Tokens), costText(c.Cost, c.Misses, c.Unpriced), strconv.FormatInt(c.Unpriced, 10))
	}
	if err := t.print(env.Stdout, 0); err != nil || len(r.Misses) == 0 {
		return err
	}
	fmt.Fprintln(env.Stdout)
	t = &table{head: []string{">COST MORE", ">TOKENS", ">HAD", ">READ", "CAUSE", "TIME", "RUN", "WHY"}}
	for i := range r.Misses[:min(topMisses, len(r.Misses))] {
		m := &r.Misses[i]
		cost := "unpriced"
		if m.Priced {
			cost = dollars(m.Cost)
		}
		t.add(cost, figure.Count(m.Again), figure.Count(m.Had), figure.Count(m.Read), m.Cause.String(), stampText(m.Time), strings.TrimSpace(m.Agent+" "+short(m.Run)), m.About())
	}
	if err := t.print(env.Stdout, 72); err != nil {
		return err
	}
	if more := s.Misses - topMisses; more > 0 {
		fmt.Fprintf(env.Stdout, "and %d more\n", more)
	}
	return nil
}
