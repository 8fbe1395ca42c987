package growth

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/window"
	"github.com/lazytrace/lazytrace/tui/job"
	"github.com/lazytrace/lazytrace/tui/opened"
)

// found is what the pane shows: a report laid out as rows. It never changes.
type found struct {
	of          *opened.Session
	report      *window.Report
	runs        []run
	blocks      []block
	compactions []compaction
	places      []place // by span
	dearest     eventlog.Money
	most        int64 // tokens carried of one block
	took        time.Duration
}

// run is a line of the list of runs.
type run struct {
	*window.Run
	at       int // index into window.Report.Runs
	name     string
	cost     eventlog.Money
	read     eventlog.Money // of it, for reading the context
	guessed  eventlog.Money // of the cost, what is estimated
	unpriced int64
	bars     []bar // of the turns, in order; of many turns several are one bar
	spark    []float64
	dearest  eventlog.Money // of a turn
	fresh    int64          // the most that a turn read anew
	output   int64
}

// block is a line of the list of blocks.
type block struct {
	*window.Block
	at   int
	name string // of its run
}

// compaction is a line of the list of compactions.
type compaction struct {
	*window.Compaction
	at, run int
	name    string
}

// place says which turn a span is.
type place struct {
	span eventlog.SpanID
	run  int32
	turn int32
}

// bar is what one turn read and wrote, or several: then the most of each.
type bar struct {
	context, fresh, output int64
	cost                   eventlog.Money
	aside                  bool
	shortened              bool // the context was shortened before it
	guessed                bool // no record tells of that
}

const (
	// mostBars is how many bars of a run are kept: more than any screen has columns.
	mostBars = 8192
	// sparks is how many columns a run has in the list.
	sparks = 14
)

// fresh is how many tokens of what a turn read were not in the cache.
func fresh(u *eventlog.Usage) int64 { return max(0, u.Context()-u.CacheRead) }

// merge makes one bar of two.
func (b bar) merge(c bar) bar {
	if b.aside && !c.aside {
		b, c = c, b
	}
	if !c.aside || b.aside {
		b.context = max(b.context, c.context)
	}
	b.fresh, b.output, b.cost = max(b.fresh, c.fresh), max(b.output, c.output), max(b.cost, c.cost)
	b.guessed = b.guessed && b.shortened || c.guessed && c.shortened
	b.shortened = b.shortened || c.shortened
	return b
}

// columns makes so many bars of others. Fewer are left as they are.
func columns(bars []bar, n int) []bar {
	if len(bars) <= n || n <= 0 {
		return bars
	}
	out := make([]bar, n)
	for i := range out {
		from, to := i*len(bars)/n, (i+1)*len(bars)/n
		out[i] = bars[from]
		for _, b := range bars[from+1 : to] {
			out[i] = out[i].merge(b)
		}
	}
	return out
}

// find grows the windows and lays out what comes of it.
func find(ctx context.Context, of *opened.Session, o Options, done *job.Progress) (*found, error) {
	began := time.Now()
	r, err := window.Grow(ctx, of.Log, of.Lines.Snap, of.Sym, o.Book, done.Tell)
	if err != nil {
		return nil, err
	}
	f := &found{of: of, report: r}
	for i := range r.Runs {
		f.add(i, &r.Runs[i])
	}
	slices.SortFunc(f.places, func(a, b place) int { return cmp.Compare(a.span, b.span) })
	for i := range r.Blocks {
		b := &r.Blocks[i]
		f.blocks = append(f.blocks, block{b, i, f.runs[b.Run].name})
		f.dearest, f.most = max(f.dearest, b.Cost), max(f.most, b.Carried)
	}
	f.took = time.Since(began)
	return f, ctx.Err()
}

func (f *found) add(at int, w *window.Run) {
	r := run{Run: w, at: at, name: strings.TrimSpace(cmp.Or(w.Agent, "unknown") + " " + short(w.Run))}
	bars := make([]bar, len(w.Turns))
	for i := range w.Turns {
		t := &w.Turns[i]
		if t.Source == eventlog.Unpriced {
			r.unpriced++
		} else {
			r.cost, r.read = r.cost+t.Cost, r.read+t.Read
			bars[i].cost = t.Cost
		}
		if t.Source == eventlog.Estimated {
			r.guessed += t.Cost
		}
		bars[i].context, bars[i].fresh, bars[i].output, bars[i].aside = t.Context(), fresh(&t.Usage), t.Usage.Output, t.Aside
		r.dearest, r.fresh, r.output = max(r.dearest, bars[i].cost), max(r.fresh, bars[i].fresh), max(r.output, t.Usage.Output)
		f.places = append(f.places, place{t.Span, int32(at), int32(i)})
	}
	for i := range w.Compactions {
		c := &w.Compactions[i]
		if c.At < len(bars) {
			bars[c.At].shortened, bars[c.At].guessed = true, c.Inferred
		}
		f.compactions = append(f.compactions, compaction{c, i, at, r.name})
	}
	for _, b := range columns(bars, sparks) {
		r.spark = append(r.spark, float64(b.context))
	}
	r.bars = columns(bars, mostBars)
	f.runs = append(f.runs, r)
}

// turnOf returns the turn that a span is.
func (f *found) turnOf(span eventlog.SpanID) (run, turn int, ok bool) {
	i, ok := slices.BinarySearchFunc(f.places, span, func(p place, s eventlog.SpanID) int { return cmp.Compare(p.span, s) })
	if !ok {
		return 0, 0, false
	}
	return int(f.places[i].run), int(f.places[i].turn), true
}

// until returns the turn that no longer reads what an earlier turn read: the first
// one behind the next compaction, or the end.
func (r *run) until(turn int) int {
	for i := range r.Compactions {
		if at := r.Compactions[i].At; at > turn {
			return min(at, len(r.Turns))
		}
	}
	return len(r.Turns)
}

// short cuts an id to what people compare.
func short(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}

// foundMsg brings what a session's windows came to.
type foundMsg struct {
	p      *Pane
	ticket job.Ticket
	found  *found
	err    error
}

// stillMsg says that the log is still being read.
type stillMsg struct {
	p      *Pane
	ticket job.Ticket
}

// read begins to read the log, unless that is under way. took is how long it took
// the last time, when that was just now.
func (p *Pane) read(took time.Duration) tea.Cmd {
	ctx, ticket, ok := p.reading.Start(p.ctx)
	if !ok || ctx.Err() != nil {
		return nil
	}
	done := job.NewProgress()
	p.progress = done
	of, o := p.of, p.options
	work := func() tea.Msg {
		defer done.End()
		if !job.Rest(ctx, took) {
			return nil
		}
		f, err := find(ctx, of, o, done)
		return foundMsg{p, ticket, f, err}
	}
	if p.found != nil {
		return work
	}
	return tea.Batch(work, p.still(ctx, ticket))
}

// still asks to be drawn again soon, as long as the log is being read.
func (p *Pane) still(ctx context.Context, ticket job.Ticket) tea.Cmd {
	done := p.progress
	return func() tea.Msg {
		if !done.Moment(ctx) {
			return nil
		}
		return stillMsg{p, ticket}
	}
}
