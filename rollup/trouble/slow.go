package trouble

import (
	"cmp"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Slow is which calls took long.
type Slow struct {
	Tools []ToolTime // most time first
	Calls []SlowCall // of tools and models, the slowest first

	most int // how many calls are listed
}

// ToolTime is how long the calls of a tool were at work: what a call waited to be
// allowed or to begin is not the tool's time.
type ToolTime struct {
	Tool   string
	Calls  int
	Failed int
	Timed  int // calls whose time is known
	P50    time.Duration
	P95    time.Duration
	Max    time.Duration
	Total  time.Duration
	Worst  Place // of the call that took longest

	took []time.Duration
}

// SlowCall is a call that took long.
type SlowCall struct {
	Place
	Class Class  // tool or model
	Name  string // of the tool, or of the model
	Label string
	Took  time.Duration
	Open  bool // it is still at work
}

// slow adds up the times of the calls and lists the slowest.
func (f *finder) slow(r *Report) error {
	if !f.wants(PartSlow) {
		return nil
	}
	tools := map[eventlog.Sym]*ToolTime{}
	worst := map[eventlog.Sym]eventlog.SpanID{}
	type timed struct {
		span eventlog.SpanID
		took time.Duration
	}
	var slowest []timed
	slower := func(a, b timed) int { return cmp.Or(cmp.Compare(b.took, a.took), cmp.Compare(a.span, b.span)) }
	keep := func() {
		slices.SortFunc(slowest, slower)
		slowest = slowest[:min(len(slowest), f.o.Slowest)]
	}
	for i, s := range f.snap.Spans.All() {
		if i%4096 == 0 && f.ctx.Err() != nil {
			return f.ctx.Err()
		}
		if s.Kind != eventlog.SpanTool && s.Kind != eventlog.SpanModel || !f.keeps(s.Session) {
			continue
		}
		took, known := f.worked(eventlog.SpanID(i+1), s)
		if s.Kind == eventlog.SpanTool {
			t := tools[s.Tool]
			if t == nil {
				t = &ToolTime{Tool: cmp.Or(f.name(s.Tool), "unknown")}
				tools[s.Tool] = t
			}
			t.Calls++
			if s.Flags.Has(eventlog.SpanFailed) {
				t.Failed++
			}
			if known {
				t.took = append(t.took, time.Duration(took))
				if time.Duration(took) > t.Max || worst[s.Tool] == 0 {
					t.Max, worst[s.Tool] = time.Duration(took), eventlog.SpanID(i+1)
				}
			}
		}
		if known && took > 0 {
			if slowest = append(slowest, timed{eventlog.SpanID(i + 1), time.Duration(took)}); len(slowest) > 4*f.o.Slowest+1024 {
				keep()
			}
		}
	}
	keep()
	for tool, t := range tools {
		t.sum()
		if id := worst[tool]; id != 0 {
			t.Worst = f.place(id)
		}
		r.Slow.Tools = append(r.Slow.Tools, *t)
	}
	spans := make([]eventlog.SpanID, len(slowest))
	for i := range slowest {
		spans[i] = slowest[i].span
	}
	words, err := f.labels(spans)
	if err != nil {
		return err
	}
	for i, at := range slowest {
		s := f.snap.Span(at.span)
		c := SlowCall{Place: f.place(at.span), Class: ClassTool, Name: f.name(s.Tool), Label: words[i].label, Took: at.took, Open: s.Flags.Has(eventlog.SpanOpen)}
		if s.Kind == eventlog.SpanModel {
			c.Class, c.Name = ClassModel, f.name(s.Model)
		}
		c.Name = cmp.Or(c.Name, "unknown")
		r.Slow.Calls = append(r.Slow.Calls, c)
	}
	return nil
}

// sum counts what the times of a tool come to.
func (t *ToolTime) sum() {
	slices.Sort(t.took)
	t.Timed, t.P50, t.P95, t.Max, t.Total = len(t.took), rank(t.took, 50), rank(t.took, 95), rank(t.took, 100), 0
	for _, d := range t.took {
		t.Total += d
	}
}

// rank returns the time that so many percent of the calls did not exceed.
func rank(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}

func (s *Slow) merge(v *Slow) {
	s.most = max(s.most, v.most)
	s.Calls = append(s.Calls, v.Calls...)
	for _, t := range v.Tools {
		i := slices.IndexFunc(s.Tools, func(o ToolTime) bool { return o.Tool == t.Tool })
		if i < 0 {
			s.Tools = append(s.Tools, t)
			continue
		}
		into := &s.Tools[i]
		if t.Max > into.Max {
			into.Max, into.Worst = t.Max, t.Worst
		}
		into.Calls, into.Failed = into.Calls+t.Calls, into.Failed+t.Failed
		into.took = append(into.took, t.took...)
	}
}

func (s *Slow) order() {
	for i := range s.Tools {
		s.Tools[i].sum()
	}
	slices.SortStableFunc(s.Tools, func(a, b ToolTime) int {
		return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Tool, b.Tool))
	})
	slices.SortStableFunc(s.Calls, func(a, b SlowCall) int {
		return cmp.Or(cmp.Compare(b.Took, a.Took), cmp.Compare(a.Time, b.Time))
	})
	if s.most > 0 {
		s.Calls = s.Calls[:min(len(s.Calls), s.most)]
	}
}
