// Package overview works out what the home screen shows of a catalog: which
// sessions, in which order and nesting, what they come to, what happened last
// and how much happened in each minute. It is made in commands and never
// changes afterwards; the panes of the home screen only read it.
package overview

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/frame"
)

// Order is what sessions are sorted by.
type Order int

// The orders.
const (
	ByStart Order = iota
	ByLast
	ByCost
	ByTokens
	ByErrors
	ByTime
	ByName
	Orders
)

// String says the order for the title of the pane.
func (o Order) String() string {
	return [...]string{"newest first", "last event first", "by cost", "by tokens", "by errors", "by time", "by name"}[o]
}

// Period is how far back sessions are shown. A session counts when anything
// happened in it within the period.
type Period int

// The periods. Auto is the shortest one that has a session in it.
const (
	Auto Period = iota
	Day
	Week
	Month
	All
	Custom // from Ask.From to Ask.To
)

// Periods are the periods that a person can choose.
var Periods = []Period{Day, Week, Month, All}

// String returns the short name of the period.
func (p Period) String() string {
	return [...]string{"auto", "24h", "7d", "30d", "all", "custom"}[p]
}

func (p Period) length() time.Duration {
	return [...]time.Duration{0, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 0, 0}[p]
}

// Ask says what is wanted.
type Ask struct {
	Query   eventlog.Query
	Period  Period
	From    time.Time // of a custom period; zero is open
	To      time.Time
	Order   Order
	Reverse bool
	Flat    bool
	Folds   Folds
	Now     time.Time
	Columns int              // of the histogram
	Bucket  time.Duration    // of a column; zero lets it fit
	Views   []eventlog.Query // whose sessions are to be counted
	Budget  eventlog.Money   // of a session; zero is none
}

// Folds says which rows are folded. Rows that were not touched are folded
// unless something runs in them.
type Folds struct {
	Mode    Mode
	Touched map[string]bool // by Row.Key: shut
}

// Mode is what holds for rows that were not touched.
type Mode int

// The modes.
const (
	Natural Mode = iota
	AllShut
	AllOpen
)

// With returns the folds with one row folded or not.
func (f Folds) With(key string, shut bool) Folds {
	next := make(map[string]bool, len(f.Touched)+1)
	for k, v := range f.Touched {
		next[k] = v
	}
	next[key] = shut
	return Folds{f.Mode, next}
}

// Row is one line of the tree: a session, or a run within it.
type Row struct {
	Key     string
	Session *eventlog.Session
	Run     *eventlog.Run // nil for the session itself
	Name    string
	Agent   string
	Model   string
	Status  eventlog.Status
	Why     string // what closed it
	Need    *Need  // of a session: what it needs somebody for
	Reason  string // of a session: why it failed or was interrupted
	Dies    string // when its agent deletes it, where that is soon, or that it has and a copy is left
	Failed  bool
	Own     rollup.Sum
	Sum     rollup.Sum // with everything below
	Took    time.Duration
	Last    eventlog.Stamp
	Depth   int
	Rails   uint64
	Final   bool // no sibling follows
	Parent  bool // something hangs under it
	Shut    bool
	Hidden  int // rows that its fold hides
}

// View is what the home screen shows.
type View struct {
	Catalog *eventlog.Catalog
	Report  *rollup.Report // of the sessions that are shown
	Ask     Ask
	Period  Period // the one in force, never Auto
	Rows    []Row
	Kept    []*eventlog.Session // those that the filter let through, newest first
	Shown   int                 // how many these are
	Known   int                 // sessions of the period
	Counts  []int               // of them, how many each of Ask.Views lets through
	All     int
	Running int
	Failed  int
	Agents  int
	Today   rollup.Sum
	Needs   []Need              // who needs somebody, the most urgent first, whatever is filtered
	Live    []Live              // what runs, the most urgent first, whatever is filtered
	Feed    []eventlog.Headline // newest first
	Pulse   Pulse
	Widest  struct{ Agent, Model int } // cells that the longest names take
	Mix     map[eventlog.Sym][]Share   // models of sessions that used several

	kept map[*eventlog.Session]bool
}

// Keeps reports whether the filter and the period let a session through.
func (v *View) Keeps(s *eventlog.Session) bool { return v.kept[s] }

// Share is how many tokens of a session a model took.
type Share struct {
	Model  string
	Tokens int64
}

// Make works out the view of a catalog. Its work is proportional to the
// sessions and calls.
func Make(ctx context.Context, c *eventlog.Catalog, a Ask) *View {
	v := &View{Catalog: c, Ask: a, Period: a.Period, All: len(c.Sessions), Counts: make([]int, len(a.Views))}
	now := eventlog.StampOf(a.Now)
	v.choosePeriod(now)
	kept := map[*eventlog.Session]bool{}
	for _, s := range c.Sessions {
		if !v.inPeriod(s, now) {
			continue
		}
		v.Known++
		if s.Matches(a.Query, now) {
			kept[s] = true
			v.Kept = append(v.Kept, s)
		}
		for i, q := range a.Views {
			if s.Matches(q, now) {
				v.Counts[i]++
			}
		}
	}
	v.Shown, v.kept = len(kept), kept
	v.Report = rollup.New(c, func(s *eventlog.Session) bool { return kept[s] })
	if ctx.Err() != nil {
		return v
	}
	v.count(kept, now)
	v.today(a.Now)
	v.Needs = needs(c, a, now)
	v.Live = live(c, v.Needs, now)
	b := builder{v: v, now: now, kept: kept, sums: map[string]*rollup.Group{}, runs: map[*eventlog.Session][]int{}, needs: map[*eventlog.Session]*Need{}}
	for i := range v.Needs {
		b.needs[v.Needs[i].Session] = &v.Needs[i]
	}
	b.build()
	for i := range v.Rows {
		v.Widest.Agent = max(v.Widest.Agent, frame.Width(v.Rows[i].Agent))
		v.Widest.Model = max(v.Widest.Model, frame.Width(v.Rows[i].Model))
	}
	v.mix()
	v.feed()
	v.Pulse = pulse(v, kept, a)
	return v
}

func (v *View) choosePeriod(now eventlog.Stamp) {
	if v.Period != Auto {
		return
	}
	if v.Ask.Query.Reads()&eventlog.PartFate != 0 {
		v.Period = All // what dies soon is old
		return
	}
	for _, p := range Periods {
		v.Period = p
		if slices.ContainsFunc(v.Catalog.Sessions, func(s *eventlog.Session) bool { return v.inPeriod(s, now) }) {
			return
		}
	}
}

func (v *View) inPeriod(s *eventlog.Session, now eventlog.Stamp) bool {
	if v.Period == Custom {
		return v.between(s)
	}
	n := v.Period.length()
	if n == 0 {
		return true
	}
	last := max(s.Last, s.Heartbeat, s.Ended)
	return last.Known() && now.Sub(last) <= n
}

func failed(s *eventlog.Session) bool {
	return s.Outcome == eventlog.Failure
}

func (v *View) count(kept map[*eventlog.Session]bool, now eventlog.Stamp) {
	agents := map[string]bool{}
	for s := range kept {
		status, _ := s.Status(now)
		if status == eventlog.Running {
			v.Running++
		}
		if failed(s) && status != eventlog.Running {
			v.Failed++
		}
		for _, name := range s.Agents() {
			agents[name] = true
		}
	}
	v.Agents = len(agents)
}

// today adds up the calls since midnight, whatever is filtered.
func (v *View) today(now time.Time) {
	y, m, d := now.Date()
	midnight := eventlog.StampOf(time.Date(y, m, d, 0, 0, 0, 0, now.Location()))
	for _, e := range v.Catalog.Entries.All() {
		if e.Time < midnight {
			continue
		}
		v.Today.Calls += e.Count()
		switch e.Source {
		case eventlog.Recorded:
			v.Today.Recorded += e.Cost
		case eventlog.Estimated:
			v.Today.Estimated += e.Cost
		case eventlog.Unpriced:
			v.Today.Unpriced += e.Count()
		}
	}
}

func (v *View) mix() {
	use := map[[2]eventlog.Sym]int64{}
	for _, e := range v.Catalog.Entries.All() {
		if s := v.Catalog.BySym(e.Session); s != nil && s.Models > 1 {
			use[[2]eventlog.Sym{e.Session, e.Model}] += e.Usage.Total()
		}
	}
	v.Mix = map[eventlog.Sym][]Share{}
	for key, n := range use {
		v.Mix[key[0]] = append(v.Mix[key[0]], Share{cmp.Or(v.Catalog.Symbols.Name(key[1]), "unknown"), n})
	}
	for _, mix := range v.Mix {
		slices.SortFunc(mix, func(a, b Share) int {
			return cmp.Or(cmp.Compare(b.Tokens, a.Tokens), strings.Compare(a.Model, b.Model))
		})
	}
}

// feedLength is more than any screen has rows for.
const feedLength = 100

func (v *View) feed() {
	times := make([]eventlog.Stamp, 0, 8*len(v.Kept))
	for _, s := range v.Kept {
		for i := range s.Recent {
			times = append(times, s.Recent[i].Time)
		}
	}
	// Of thousands of sessions only what is new enough is put in order.
	oldest := eventlog.Stamp(math.MinInt64)
	if more := len(times) - feedLength; more > 0 {
		slices.Sort(times)
		oldest = times[more]
	}
	for _, s := range v.Kept {
		for i := range s.Recent {
			if s.Recent[i].Time >= oldest {
				v.Feed = append(v.Feed, s.Recent[i])
			}
		}
	}
	slices.SortStableFunc(v.Feed, func(a, b eventlog.Headline) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(b.Session, a.Session), cmp.Compare(b.Kind, a.Kind), cmp.Compare(b.Name, a.Name))
	})
	v.Feed = v.Feed[:min(len(v.Feed), feedLength)]
}

// Index returns the row with a key, or -1.
func (v *View) Index(key string) int {
	return slices.IndexFunc(v.Rows, func(r Row) bool { return r.Key == key })
}

// Erred reports whether the row failed or holds errors of its own.
func (r *Row) Erred() bool { return r.Failed || r.Own.Errors > 0 }

func lessName(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }

// Outcome says in a word how a session ended, when it did not end well.
func (r *Row) Outcome() string {
	if r.Run != nil || r.Session.Outcome != eventlog.Failure && r.Session.Outcome != eventlog.Cancelled {
		return ""
	}
	return r.Session.Outcome.String()
}
