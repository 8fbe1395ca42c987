package cache

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/price"
)

// How long caches live that nobody uses: what is said to be kept for an hour, and
// the rest. Providers that tell no writes keep theirs for five minutes to an hour.
const (
	shortLife = 5 * time.Minute
	longLife  = time.Hour
)

// leastMiss is from how many tokens on a miss is one: less than that is not cached.
const leastMiss = 1024

// missing reports whether what came from a cache is well below what was in it.
func missing(read, had int64) bool { return 10*read < 9*had }

// New judges the calls of the sessions for which keep is true; nil keeps all. Its
// work is proportional to the calls: call it from a command.
func New(ctx context.Context, cat *eventlog.Catalog, keep func(*eventlog.Session) bool, prices *price.Book) (*Report, error) {
	j := &judging{ctx: ctx, cat: cat, names: cat.Symbols.Names(), prices: prices, models: map[[2]eventlog.Sym]*Sum{}, r: &Report{cat: cat}}
	j.choose(keep)
	for from := 0; from < len(j.order); {
		to := from
		for ; to < len(j.order) && j.sameRun(from, to); to++ {
		}
		if err := j.run(j.order[from:to]); err != nil {
			return nil, err
		}
		from = to
	}
	j.finish()
	return j.r, ctx.Err()
}

// judging is the state of one report.
type judging struct {
	ctx    context.Context
	cat    *eventlog.Catalog
	names  []string
	prices *price.Book
	r      *Report

	kept   map[eventlog.Sym]bool
	order  []int32                  // indices into the ledger: by session, run and time
	first  map[eventlog.Sym]int32   // of sessions that are forks: their first call
	origin map[eventlog.Sym][]int32 // of sessions that others are forks of: their calls
	models map[[2]eventlog.Sym]*Sum // by provider and model
	sums   [causes]CauseSum
	misses worst
	runs   []Run

	lines []lineage // of the run that is gone through: of each model, what its cache has
	sum   Sum       // of that run
}

// lineage is what a cache has of a conversation with one model.
type lineage struct {
	model   eventlog.Sym
	had     int64 // tokens
	context int64
	at      eventlog.Stamp
	hour    bool // some of it is kept for an hour
	entry   int32
}

func (l *lineage) life() time.Duration {
	if l.hour {
		return longLife
	}
	return shortLife
}

// choose puts the calls in order.
func (j *judging) choose(keep func(*eventlog.Session) bool) {
	j.kept, j.first, j.origin = map[eventlog.Sym]bool{}, map[eventlog.Sym]int32{}, map[eventlog.Sym][]int32{}
	forks := map[eventlog.Sym]bool{}
	for _, s := range j.cat.Sessions {
		if keep != nil && !keep(s) {
			continue
		}
		j.kept[s.Sym] = true
		if from, ok := j.cat.Session(s.ForkOf); ok && s.ForkOf != "" && from != s {
			forks[s.Sym] = true
			j.origin[from.Sym] = nil
		}
	}
	type call struct {
		session, run eventlog.Sym
		time         eventlog.Stamp
		entry        int32
	}
	entries, calls := j.cat.Entries, make([]call, 0, j.cat.Entries.Len())
	for i, e := range entries.All() {
		if from, wanted := j.origin[e.Session]; wanted {
			j.origin[e.Session] = append(from, int32(i))
		}
		if !j.kept[e.Session] {
			continue
		}
		calls = append(calls, call{e.Session, e.Run, e.Time, int32(i)})
		if old, ok := j.first[e.Session]; forks[e.Session] && e.Time.Known() && (!ok || e.Time < entries.At(int(old)).Time) {
			j.first[e.Session] = int32(i)
		}
	}
	slices.SortStableFunc(calls, func(a, b call) int {
		return cmp.Or(cmp.Compare(a.session, b.session), cmp.Compare(a.run, b.run), cmp.Compare(a.time, b.time))
	})
	for _, c := range calls {
		j.order = append(j.order, c.entry)
	}
}

func (j *judging) sameRun(a, b int) bool {
	x, y := j.cat.Entries.At(int(j.order[a])), j.cat.Entries.At(int(j.order[b]))
	return x.Session == y.Session && x.Run == y.Run
}

// run judges the calls of one run.
func (j *judging) run(calls []int32) error {
	j.lines, j.sum = j.lines[:0], Sum{}
	for i, at := range calls {
		if i%4096 == 0 {
			if err := j.ctx.Err(); err != nil {
				return err
			}
		}
		e := j.cat.Entries.At(int(at))
		var one Sum
		r, judged := j.worth(&e, &one)
		switch {
		case e.Count() > 1:
			one.Sums = e.Count()
		case e.Usage.Context() > 0:
			j.judge(at, &e, calls[i+1:], r, judged, &one)
		}
		j.sum.add(&one)
		key := [2]eventlog.Sym{e.Provider, e.Model}
		if j.models[key] == nil {
			j.models[key] = &Sum{}
		}
		j.models[key].add(&one)
	}
	j.r.Total.add(&j.sum)
	if j.sum.Misses > 0 {
		e := j.cat.Entries.At(int(calls[0]))
		run := Run{Session: j.names[e.Session], Run: j.names[e.Run], Agent: j.names[e.Agent], Sum: j.sum}
		j.runs = append(j.runs, run)
	}
	return nil
}

// worth adds what a call used, and what the cache was worth to it where its prices
// are known, which are returned.
func (j *judging) worth(e *eventlog.Entry, to *Sum) (priced, bool) {
	to.Calls, to.Usage = e.Count(), e.Usage
	p, ok := pricesOf(j.prices, j.names, e)
	if !ok {
		to.Unjudged = e.Count()
		return p, false
	}
	to.Judged = e.Count()
	u, r := &e.Usage, &p.rates
	to.Saved = p.cost(term{u.CacheRead, r.Input - r.CacheRead})
	to.Extra = p.cost(term{u.CacheWrite5m, r.CacheWrite5m - r.Input}, term{u.CacheWrite1h, r.CacheWrite1h - r.Input})
	return p, true
}

// judge finds out whether a call missed the cache.
func (j *judging) judge(at int32, e *eventlog.Entry, rest []int32, p priced, judged bool, one *Sum) {
	u := &e.Usage
	paid := u.Context() - u.CacheRead
	next := lineage{model: e.Model, had: u.CacheRead + u.CacheWrite5m + u.CacheWrite1h, context: u.Context(), at: e.Time, hour: u.CacheWrite1h > 0, entry: at}
	own := slices.IndexFunc(j.lines, func(l lineage) bool { return l.model == e.Model })
	var prev lineage
	forked := false
	switch {
	case own >= 0:
		prev = j.lines[own]
		if 3*next.context < 2*prev.context && j.aside(e.Model, prev.had, rest) {
			one.Asides = 1
			return
		}
	case len(j.lines) > 0 && 3*next.context >= 2*j.latest().context:
		prev = j.latest()
	case len(j.lines) == 0:
		prev, forked = j.forked(at, e)
	}
	keep := func() {
		if own >= 0 {
			j.lines[own] = next
		} else {
			j.lines = append(j.lines, next)
		}
	}
	defer keep()
	if prev.context == 0 {
		one.ColdCalls, one.ColdTokens = 1, paid
		return
	}
	lost := min(prev.had-u.CacheRead, paid)
	if !missing(u.CacheRead, prev.had) || lost < leastMiss {
		next.hour = next.hour || prev.hour
		return
	}
	m := Miss{
		Time: e.Time, Life: prev.life(), Idle: max(0, e.Time.Sub(prev.at)), Context: next.context, Prior: prev.context, Had: prev.had,
		Read: u.CacheRead, Again: lost, Priced: judged, entry: at, before: prev.entry, forked: forked,
	}
	if judged {
		m.Cost = p.again(lost, u)
	}
	m.Cause = m.judge(e.Model != prev.model)
	one.Misses, one.Again, one.Lost = 1, m.Again, m.Cost
	if !judged {
		one.Unpriced = 1
	}
	j.sums[m.Cause].add(&m, 1)
	j.misses.offer(m)
}

// judge tells the cause from what the ledger knows.
func (m *Miss) judge(otherModel bool) Cause {
	switch {
	case otherModel:
		return Model
	case m.Idle > m.Life:
		return Idle
	case m.Context < m.Prior && !m.forked:
		return History
	case m.forked:
		return Fork
	}
	return Unknown
}

// add adds a miss to those of its cause, or takes it away.
func (s *CauseSum) add(m *Miss, times int64) {
	s.Misses += times
	s.Tokens += times * m.Again
	s.Cost += eventlog.Money(times) * m.Cost
	if !m.Priced {
		s.Unpriced += times
	}
}

// latest returns what the call before left in the cache of its model.
func (j *judging) latest() lineage {
	return slices.MaxFunc(j.lines, func(a, b lineage) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.entry, b.entry))
	})
}

// lookahead is how many calls may come between two that read one context.
const lookahead = 3

// aside reports whether one of the next calls finds in the cache what was there
// before, so that the call in between read something else.
func (j *judging) aside(model eventlog.Sym, had int64, rest []int32) bool {
	for _, at := range rest[:min(lookahead, len(rest))] {
		if e := j.cat.Entries.At(int(at)); e.Model == model && e.Usage.CacheRead > 0 && !missing(e.Usage.CacheRead, had) {
			return true
		}
	}
	return false
}

// forked returns, of the first call of a fork, what the last call before it of the
// session that it is a fork of left in the cache.
func (j *judging) forked(at int32, e *eventlog.Entry) (prev lineage, ok bool) {
	if first, fork := j.first[e.Session]; !fork || first != at {
		return prev, false
	}
	from, _ := j.cat.Session(j.cat.BySym(e.Session).ForkOf)
	main := j.mainRun(from)
	for _, i := range j.origin[from.Sym] {
		o := j.cat.Entries.At(int(i))
		if u := &o.Usage; o.Count() == 1 && o.Model == e.Model && u.Context() > 0 && o.Time <= e.Time && o.Time >= prev.at && o.Run == main {
			prev = lineage{model: o.Model, had: u.CacheRead + u.CacheWrite5m + u.CacheWrite1h, context: u.Context(), at: o.Time, hour: prev.hour || u.CacheWrite1h > 0, entry: i}
			ok = true
		}
	}
	return prev, ok
}

// mainRun returns the first run of a session that no other one started.
func (j *judging) mainRun(s *eventlog.Session) eventlog.Sym {
	var best *eventlog.Run
	for _, r := range s.Runs {
		if r.Parent == 0 && r.ID != 0 && (best == nil || r.Start < best.Start) {
			best = r
		}
	}
	if best == nil {
		return 0
	}
	return best.ID
}

// finish puts the report together.
func (j *judging) finish() {
	r := j.r
	for key, sum := range j.models {
		r.Models = append(r.Models, Group{Provider: j.names[key[0]], Model: cmp.Or(j.names[key[1]], "unknown"), Sum: *sum})
	}
	slices.SortFunc(r.Models, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Usage.Context(), a.Usage.Context()), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Provider, b.Provider))
	})
	slices.SortFunc(j.runs, func(a, b Run) int {
		return cmp.Or(cmp.Compare(b.Lost, a.Lost), cmp.Compare(b.Again, a.Again), cmp.Compare(a.Session, b.Session), cmp.Compare(a.Run, b.Run))
	})
	r.Runs = j.runs[:min(Most, len(j.runs))]
	r.Causes = causesOf(&j.sums)
	r.Misses = j.misses
	slices.SortFunc(r.Misses, func(a, b Miss) int { return worse(&a, &b) })
	for i := range r.Misses {
		m := &r.Misses[i]
		e, before := j.cat.Entries.At(int(m.entry)), j.cat.Entries.At(int(m.before))
		m.Session, m.Run, m.Agent = j.names[e.Session], j.names[e.Run], j.names[e.Agent]
		m.Provider, m.Model, m.Before = j.names[e.Provider], j.names[e.Model], j.names[before.Model]
	}
}

// causesOf lists the causes that there are, the dearest first.
func causesOf(sums *[causes]CauseSum) (list []CauseSum) {
	for c := range sums {
		if s := sums[c]; s.Misses > 0 {
			s.Cause = Cause(c)
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b CauseSum) int {
		return cmp.Or(cmp.Compare(b.Cost, a.Cost), cmp.Compare(b.Tokens, a.Tokens))
	})
	return list
}

// worst keeps the dearest misses: a heap with the cheapest of them on top.
type worst []Miss

// worse orders misses, the dearest first.
func worse(a, b *Miss) int {
	return cmp.Or(cmp.Compare(b.Cost, a.Cost), cmp.Compare(b.Again, a.Again), cmp.Compare(a.Time, b.Time), cmp.Compare(a.entry, b.entry))
}

func (w worst) Len() int           { return len(w) }
func (w worst) Less(i, j int) bool { return worse(&w[i], &w[j]) > 0 }
func (w worst) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *worst) Push(x any)        { *w = append(*w, x.(Miss)) }

func (w *worst) Pop() any {
	old := *w
	last := old[len(old)-1]
	*w = old[:len(old)-1]
	return last
}

func (w *worst) offer(m Miss) {
	switch {
	case len(*w) < Most:
		heap.Push(w, m)
	case worse(&m, &(*w)[0]) < 0:
		(*w)[0] = m
		heap.Fix(w, 0)
	}
}
