package rollup

import (
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func TestAuditGroupsByPriceAndReason(t *testing.T) {
	s := eventlog.NewSources(eventlog.NewSymbols())
	sum := eventlog.NewSummary(s.Symbols(), "log", "test", 0)
	add := func(provider, model, why string, calls int64, cost eventlog.Money, source eventlog.CostSource) {
		e := eventlog.Event{SessionID: "s", RunID: "r", Kind: eventlog.ModelResponse, Provider: provider, Model: model, Bill: &eventlog.Bill{
			Usage: eventlog.Usage{Input: 10}, Calls: calls, Cost: cost, Source: source, Price: s.Symbols().Intern(why),
		}}
		sum.Update(func() { sum.Add(0, &e) })
	}
	add("a", "m", "a/m, table", 0, 1, eventlog.Estimated)
	add("a", "m", "a/m, table", 3, 2, eventlog.Estimated)
	add("b", "m", "a/m, table", 0, 9, eventlog.Estimated)
	add("a", "m", "", 0, 4, eventlog.Recorded)
	add("x", "m", "the provider is not in the table", 0, 0, eventlog.Unpriced)
	add("", "", "its log names no model", 2, 0, eventlog.Unpriced)
	s.Add(sum)
	c := s.Catalog()
	a := NewAudit(c)
	if len(a.Estimated) != 2 || a.Estimated[0].Provider != "b" || a.Estimated[1].Calls != 4 || a.Estimated[1].Cost != 3 || a.Estimated[1].Usage.Input != 20 {
		t.Errorf("estimated %+v", a.Estimated)
	}
	if len(a.Unpriced) != 2 || a.Unpriced[0].Model != "unknown" || a.Unpriced[0].Calls != 2 || a.Unpriced[1].Why != "the provider is not in the table" {
		t.Errorf("unpriced %+v", a.Unpriced)
	}
	if got := a.EstimatedShare(); got != 0.75 {
		t.Errorf("share %v", got)
	}
	if n := c.Audit; n.Calls != 9 || n.Billed != 6 || n.Estimates != 5 || n.RecordedCalls != 1 || n.UnpricedCalls != 3 {
		t.Errorf("%+v", n)
	}
}
