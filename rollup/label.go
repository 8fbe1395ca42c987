package rollup

import (
	"cmp"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Keyed is the groups of what sessions say of themselves under one key of their
// metadata.
type Keyed struct {
	Key    string
	Groups []Group // Key is the value; empty for sessions that do not have it
}

// MostKeys is by how many keys of metadata a report is grouped: every session is
// looked at once for each.
const MostKeys = 64

// ByMeta returns the groups of a key of metadata, which are none where the report
// does not know the key.
func (r *Report) ByMeta(key string) []Group {
	i := slices.IndexFunc(r.Metadata, func(k Keyed) bool { return k.Key == key })
	if i < 0 {
		return nil
	}
	return r.Metadata[i].Groups
}

// labels groups whole sessions by what they say of themselves.
func (f *fold) labels() {
	used := map[string]int{}
	for _, s := range f.c.Sessions {
		if f.sessions[s.Sym] != nil {
			for key := range s.Metadata {
				used[key]++
			}
		}
	}
	order := preorder(f.c)
	f.r.Branches = f.byLabel(order, func(s *eventlog.Session) string { return s.Branch })
	keys := make([]string, 0, len(used))
	for key := range used {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(used[b], used[a]), cmp.Compare(a, b)) })
	for _, key := range keys[:min(MostKeys, len(keys))] {
		groups := f.byLabel(order, func(s *eventlog.Session) string { return s.Metadata[key] })
		f.r.Metadata = append(f.r.Metadata, Keyed{key, groups})
	}
}

// visited is a session of the forest with how many stand above it.
type visited struct {
	session *eventlog.Session
	depth   int
}

// preorder lists all sessions, each before those below it. The forest may be very
// deep, so it is walked without recursion.
func preorder(c *eventlog.Catalog) []visited {
	var stack, order []visited
	for _, s := range c.Sessions {
		if s.Parent == nil {
			stack = append(stack, visited{s, 0})
		}
	}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		order = append(order, at)
		for _, child := range at.session.Children {
			stack = append(stack, visited{child, at.depth + 1})
		}
	}
	return order
}

// byLabel adds up the sessions that are alike in one thing. What they started
// counts for the topmost of them only, so that it counts once.
func (f *fold) byLabel(order []visited, label func(*eventlog.Session) string) []Group {
	groups, inside := map[string]*Group{}, map[string]int{}
	type place struct {
		label string
		kept  bool
	}
	var above []place
	for _, at := range order {
		for len(above) > at.depth {
			if last := above[len(above)-1]; last.kept {
				inside[last.label]--
			}
			above = above[:len(above)-1]
		}
		here := place{label(at.session), f.sessions[at.session.Sym] != nil}
		if here.kept {
			sum := f.sessions[at.session.Sym]
			g := group(groups, here.label)
			g.Own.Add(sum.Own)
			if inside[here.label] == 0 {
				g.Inclusive.Add(sum.Inclusive)
			}
			inside[here.label]++
		}
		above = append(above, here)
	}
	return ordered(groups)
}

// DaysOf adds up the calls of the sessions of c for which keep is true, by day;
// see Report.Days. It does less than New.
func DaysOf(c *eventlog.Catalog, keep func(*eventlog.Session) bool) []Group {
	kept, days, calendar := map[eventlog.Sym]bool{}, map[string]*Group{}, calendar{}
	for _, s := range c.Sessions {
		if keep == nil || keep(s) {
			kept[s.Sym] = true
		}
	}
	for _, e := range c.Entries.All() {
		if kept[e.Session] && e.Time.Known() {
			day := group(days, calendar.of(e))
			day.Own.entry(e)
			day.Inclusive.entry(e)
		}
	}
	return byDay(days)
}

// calendar names days, in UTC. Calls mostly come in order, so that a name is asked
// for again and again, and spelling it would take most of the time of a sum. The zero
// calendar is ready.
type calendar struct {
	day  int64
	name string
}

// of returns the day of a call.
func (c *calendar) of(e *eventlog.Entry) string {
	const long = int64(24 * time.Hour)
	day := int64(e.Time) / long
	if int64(e.Time)%long < 0 {
		day-- // before 1970 as well a day ends where the next one begins
	}
	if c.name == "" || day != c.day {
		c.day, c.name = day, e.Time.Time().Format("2006-01-02")
	}
	return c.name
}

// byDay lists days, the oldest first.
func byDay(days map[string]*Group) []Group {
	list := ordered(days)
	slices.SortFunc(list, func(a, b Group) int { return cmp.Compare(a.Key, b.Key) })
	return list
}
