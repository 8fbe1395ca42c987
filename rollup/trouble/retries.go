package trouble

import (
	"cmp"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// Retry is a call that failed and was made again.
type Retry struct {
	Class  Class  // tool or model
	Name   string // of the tool, or of the model
	Label  string // what the arguments of the tool are about, or why the model call failed
	Failed int    // attempts that failed
	Fine   bool   // one went well in the end
	Lost   time.Duration
	Spent  rollup.Sum // model calls that nothing came of but another attempt
	First  eventlog.Stamp
	Last   eventlog.Stamp
	Places []Place // of all attempts, in order

	begin about
}

// attempts are calls of one run that are attempts at one thing, as indexes.
type attempts struct {
	calls []int32
	apart bool // other calls came between
	fine  bool
}

// repeated finds calls of one run that failed and were made again with the same
// arguments. When files were changed in between it is not a retry but another try
// at something else.
func (f *finder) repeated(from, to int, out []attempts) []attempts {
	open := map[uint64]int{} // by print: index into list
	var list []attempts
	for i := from; i < to; i++ {
		c := &f.tools[i]
		if n, ok := open[c.print]; ok && c.print != 0 {
			a := &list[n]
			a.apart = a.apart || int(a.calls[len(a.calls)-1]) != i-1
			a.calls = append(a.calls, int32(i))
			if a.fine = !c.failed(); a.fine {
				delete(open, c.print)
			}
		} else if c.failed() && c.print != 0 {
			open[c.print] = len(list)
			list = append(list, attempts{calls: []int32{int32(i)}})
		}
		if !c.failed() && f.changesFiles(c.tool) {
			clear(open)
		}
	}
	for _, a := range list {
		if len(a.calls) > 1 {
			out = append(out, a)
		}
	}
	return out
}

// toolRetries makes retries of what was found.
func (f *finder) toolRetries(r *Report, all []attempts, bills []spending) error {
	var spans []eventlog.SpanID
	for _, a := range all {
		spans = append(spans, f.tools[a.calls[0]].span)
	}
	words, err := f.labels(spans)
	if err != nil {
		return err
	}
	for i, a := range all {
		head, tail := &f.tools[a.calls[0]], &f.tools[a.calls[len(a.calls)-1]]
		t := Retry{Class: ClassTool, Name: cmp.Or(f.name(head.tool), "tool"), Label: words[i].label, begin: words[i], Fine: a.fine, First: head.start, Last: tail.start}
		for _, n := range a.calls {
			c := &f.tools[n]
			t.Places = append(t.Places, f.place(c.span))
			if !c.failed() {
				continue
			}
			t.Failed++
			s := f.snap.Span(c.span)
			took, _ := f.worked(c.span, &s)
			t.Lost += time.Duration(took)
		}
		if !a.apart {
			t.Spent = f.between(bills, head, tail)
		}
		r.Retries = append(r.Retries, t)
	}
	return nil
}

// modelRetries finds model calls that failed and were tried again: attempts that
// the log calls so, and calls that failed with another one behind them.
func (f *finder) modelRetries(r *Report) error {
	slices.SortStableFunc(f.steps, func(a, b modelStep) int {
		return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.row, b.row))
	})
	var chains [][]modelStep // with what came behind them, if anything
	var chain []modelStep
	var models []eventlog.Sym // by chain: what the run asked before
	var model eventlog.Sym
	for i, s := range f.steps {
		if i == 0 || f.steps[i-1].run != s.run {
			model = 0
		}
		switch {
		case s.kind == stepError && (len(chain) == 0 || chain[len(chain)-1].kind != stepRetry):
			// It is not known to be the end of a model call, or tells of one that is there.
		case s.kind != stepFine || len(chain) > 0:
			chain = append(chain, s)
		}
		if last := i+1 == len(f.steps) || f.steps[i+1].run != s.run; last || s.kind == stepFine {
			if len(chain) > 1 || len(chain) == 1 && chain[0].kind == stepRetry {
				chains, models = append(chains, chain), append(models, model)
			}
			chain = nil
		}
		model = cmp.Or(f.snap.Span(s.span).Model, model)
	}
	var rows []eventlog.RowID
	for _, chain := range chains {
		for _, s := range chain {
			if s.kind != stepFine {
				rows = append(rows, f.snap.Span(s.span).Last)
			}
		}
	}
	type told struct {
		id, why string
		ran     eventlog.Stamp
	}
	said := make([]told, len(rows))
	err := f.read(rows, func(i int, e *eventlog.Event) { said[i] = told{e.ID, Example(reason(e)), e.Ran} })
	if err != nil {
		return err
	}
	for n, chain := range chains {
		t := Retry{Class: ClassModel, Name: f.name(models[n]), First: chain[0].start}
		for i, s := range chain {
			p := f.place(s.span)
			t.Last = s.start
			t.Name = cmp.Or(f.name(f.snap.Span(s.span).Model), t.Name)
			if t.Fine = s.kind == stepFine; !t.Fine {
				t.Failed++
				p.Event, t.Label = said[0].id, cmp.Or(t.Label, said[0].why)
				t.Lost += lost(chain, i, said[0].ran)
				said = said[1:]
				if s.kind == stepFailed && s.bill >= 0 {
					f.charge(&t.Spent, s.bill)
				}
			}
			t.Places = append(t.Places, p)
		}
		t.Name = cmp.Or(t.Name, "unknown")
		r.Retries = append(r.Retries, t)
	}
	return nil
}

// lost returns the time that was lost with a failed attempt: the call itself, and
// the wait for the next one where the log tells of it.
func lost(chain []modelStep, i int, ran eventlog.Stamp) time.Duration {
	s := &chain[i]
	switch {
	case s.kind == stepFailed:
		return max(0, s.end.Sub(s.start))
	case s.kind == stepRetry && ran.Known():
		return max(0, ran.Sub(s.start))
	case s.kind == stepRetry && i+1 < len(chain):
		return max(0, chain[i+1].start.Sub(s.start))
	}
	return 0
}
