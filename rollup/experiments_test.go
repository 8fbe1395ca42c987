package rollup

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestUpperGamma(t *testing.T) {
	// With one degree of freedom and with two the function has a closed form.
	for _, x := range []float64{0.01, 0.3, 1, 2.7, 3.84, 6.63, 10, 40} {
		if got, want := upperGamma(0.5, x/2), math.Erfc(math.Sqrt(x/2)); math.Abs(got-want) > 1e-10 {
			t.Errorf("one degree, %v: %v, want %v", x, got, want)
		}
		if got, want := upperGamma(1, x/2), math.Exp(-x/2); math.Abs(got-want) > 1e-10 {
			t.Errorf("two degrees, %v: %v, want %v", x, got, want)
		}
	}
	if got := upperGamma(3.5, 0); got != 1 {
		t.Errorf("at the origin %v", got)
	}
}

func TestEvenly(t *testing.T) {
	for _, c := range []struct {
		name   string
		counts []int64
		skewed bool
	}{
		{"one variant", []int64{50}, false},
		{"even", []int64{50, 50}, false},
		{"by chance", []int64{45, 55}, false},
		{"far from even", []int64{37, 63}, true},
		{"just above one in a hundred", []int64{50, 79}, false},
		{"three", []int64{20, 21, 60}, true},
	} {
		var vs []Variant
		for _, n := range c.counts {
			vs = append(vs, Variant{Sessions: n})
		}
		if p := evenly(vs); (p < 0.01) != c.skewed {
			t.Errorf("%s: p %v", c.name, p)
		}
	}
}

func TestExperiments(t *testing.T) {
	syms := eventlog.NewSymbols()
	sources := eventlog.NewSources(syms)
	sum := eventlog.NewSummary(syms, "x.jsonl", "native", 2)
	at := func(sec float64) eventlog.Stamp { return eventlog.Stamp((1_800_000_000 + sec) * 1e9) }
	add := func(id string, f eventlog.Facts, wall float64, cost eventlog.Money, failed bool) {
		sum.Add(1, &eventlog.Event{SessionID: id, Kind: eventlog.SessionStart, Time: at(0), Facts: &f})
		bill := &eventlog.Bill{Usage: eventlog.Usage{Input: 5}, Cost: cost, Source: eventlog.Recorded}
		if cost < 0 {
			bill.Cost, bill.Source = 0, eventlog.Unpriced
		}
		sum.Add(2, &eventlog.Event{SessionID: id, RunID: "r", Kind: eventlog.ModelResponse, Time: at(wall), Failed: failed, Bill: bill})
		sum.Add(3, &eventlog.Event{SessionID: id, Kind: eventlog.SessionEnd, Time: at(wall), Facts: &eventlog.Facts{Closed: true}})
	}
	const usd = eventlog.Dollar
	sum.Update(func() {
		metrics := func(goal, score float64) map[string]float64 {
			return map[string]float64{"goal_completed": goal, "score": score}
		}
		add("a1", eventlog.Facts{Experiment: "prompt", Variant: "a", Metrics: metrics(1, 0.5)}, 10, usd, false)
		add("a2", eventlog.Facts{Experiment: "prompt", Variant: "a", Outcome: eventlog.Failure}, 30, 3*usd, true)
		add("a3", eventlog.Facts{Experiment: "prompt", Variant: "a"}, 20, -1, false)
		add("kid", eventlog.Facts{Experiment: "prompt", Variant: "a", ParentID: "a1"}, 5, usd, false)
		// The metric beats the outcome.
		add("b1", eventlog.Facts{Experiment: "prompt", Variant: "b", Outcome: eventlog.Success, Metrics: metrics(0, 1)}, 4, usd, false)
		for i := range 20 {
			add(fmt.Sprint("c", i), eventlog.Facts{Experiment: "prompt", Variant: "c"}, 1, usd, false)
		}
		add("other", eventlog.Facts{Experiment: "model", Variant: "x"}, 1, usd, false)
		add("none", eventlog.Facts{}, 1, usd, false)
	})
	sources.Add(sum)
	got := Experiments(sources.Catalog(), func(s *eventlog.Session) bool { return s.ID != "c19" })
	if len(got) != 2 || got[0].Name != "model" || got[1].Name != "prompt" || len(got[1].Variants) != 3 {
		t.Fatalf("%+v", got)
	}
	e := got[1]
	a, b, c := e.Variants[0], e.Variants[1], e.Variants[2]
	if a.Sessions != 3 || a.Sum.Cost() != 5*usd || a.Sum.Unpriced != 1 || a.Sum.Errors != 1 || a.Sum.Sessions != 4 {
		t.Errorf("%+v", a)
	}
	if rate, ok := a.SuccessRate(); !ok || rate != 0.5 || a.Decided != 2 {
		t.Errorf("rate %v of %d", rate, a.Decided)
	}
	if score, ok := a.MeanScore(); !ok || score != 0.5 {
		t.Errorf("score %v", score)
	}
	if a.Median != 20*time.Second || a.MeanCost() != 5*usd/3 || !a.Few {
		t.Errorf("%v %v", a.Median, a.MeanCost())
	}
	if rate, ok := b.SuccessRate(); !ok || rate != 0 {
		t.Errorf("the outcome counts, though there is a metric: %v", rate)
	}
	if _, ok := c.SuccessRate(); ok || c.Sessions != 19 || c.Few {
		t.Errorf("%+v", c)
	}
	if !e.Few || !e.Skewed || got[0].Skewed || !got[0].Few {
		t.Errorf("%v %v %v", e.Few, e.P, got[0].P)
	}
}
