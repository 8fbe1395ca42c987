package rollup

import (
	"cmp"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Priced is the calls of a model that have one price, or none for one reason.
type Priced struct {
	Why      string // the price, or why there is none
	Provider string
	Model    string
	Calls    int64
	Usage    eventlog.Usage
	Cost     eventlog.Money
}

// Audit says what the ledger is made of besides the counts of the catalog.
type Audit struct {
	Total     Sum
	Estimated []Priced // dearest first
	Unpriced  []Priced // most calls first
	Faults    eventlog.Faults
}

// EstimatedShare is the part of the cost that is estimated, from 0 to 1.
func (a *Audit) EstimatedShare() float64 {
	if a.Total.Cost() <= 0 {
		return 0
	}
	return float64(a.Total.Estimated) / float64(a.Total.Cost())
}

// NewAudit audits everything that was read. Its work is proportional to the
// calls: call it from a command.
func NewAudit(c *eventlog.Catalog) *Audit {
	type key struct {
		source               eventlog.CostSource
		why, provider, model eventlog.Sym
	}
	a := &Audit{}
	groups := map[key]*Priced{}
	names := c.Symbols.Names()
	for _, e := range c.Entries.All() {
		a.Total.entry(e)
		if e.Source == eventlog.Recorded {
			continue
		}
		k := key{e.Source, e.Price, e.Provider, e.Model}
		g := groups[k]
		if g == nil {
			g = &Priced{Why: names[e.Price], Provider: names[e.Provider], Model: orUnknown(names[e.Model])}
			groups[k] = g
		}
		g.Calls += e.Count()
		g.Usage.Add(e.Usage)
		if e.Source == eventlog.Estimated {
			g.Cost += e.Cost
		}
	}
	for k, g := range groups {
		if k.source == eventlog.Estimated {
			a.Estimated = append(a.Estimated, *g)
		} else {
			a.Unpriced = append(a.Unpriced, *g)
		}
	}
	for _, list := range [][]Priced{a.Estimated, a.Unpriced} {
		slices.SortFunc(list, func(x, y Priced) int {
			return cmp.Or(cmp.Compare(y.Cost, x.Cost), cmp.Compare(y.Calls, x.Calls), cmp.Compare(x.Model, y.Model), cmp.Compare(x.Provider, y.Provider), cmp.Compare(x.Why, y.Why))
		})
	}
	for i := range c.Segments {
		a.Faults.Merge(c.Segments[i].Faults)
	}
	return a
}
