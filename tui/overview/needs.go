package overview

import (
	"cmp"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

// Need is a session that needs somebody.
type Need struct {
	Session *eventlog.Session
	eventlog.Need
}

// needs returns the queue of what needs somebody: what waits longest comes
// first, then what burns money, then what broke last.
func needs(c *eventlog.Catalog, a Ask, now eventlog.Stamp) []Need {
	var out []Need
	for _, s := range c.Sessions {
		n := Need{s, s.Need(now)}
		if status, _ := s.Status(now); status == eventlog.Running && a.Budget > 0 && s.Cost() > a.Budget && (n.Want == 0 || n.Want > eventlog.WantMoney) {
			n.Need = eventlog.Need{Want: eventlog.WantMoney, Since: s.Last, Text: "$" + figure.Money(s.Cost()) + " of $" + figure.Money(a.Budget)}
		}
		if n.Want != eventlog.WantNothing {
			out = append(out, n)
		}
	}
	slices.SortStableFunc(out, func(x, y Need) int {
		if x.Want != y.Want {
			return cmp.Compare(x.Want, y.Want)
		}
		if x.Want == eventlog.WantAnswer {
			return cmp.Compare(x.Since, y.Since)
		}
		return cmp.Compare(y.Since, x.Since)
	})
	return out
}

// Say says what a session needs somebody for, in a few words.
func (n *Need) Say(now eventlog.Stamp) string {
	switch n.Want {
	case eventlog.WantAnswer:
		return "waiting for you " + figure.Clock(now.Sub(n.Since))
	case eventlog.WantSign:
		return "stale for " + figure.Ago(now.Sub(n.Since))
	}
	if n.Text == "" {
		return n.Want.String()
	}
	return n.Want.String() + " " + n.Text
}

// Short says the same in a word and a figure.
func (n *Need) Short(now eventlog.Stamp, times string) string {
	switch n.Want {
	case eventlog.WantAnswer:
		return "waiting " + figure.Clock(now.Sub(n.Since))
	case eventlog.WantBrake:
		return "looping " + times + figure.Count(int64(n.Session.Loop.Times))
	case eventlog.WantHelp:
		return "failing " + times + figure.Count(int64(n.Session.Failing))
	}
	return n.Want.String()
}
