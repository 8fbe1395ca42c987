package rollup

import "github.com/lazytrace/lazytrace/eventlog"

// kinds adds up the calls by what they are: by model, day and tool. None of these
// starts anything, so that with everything below it each comes to the same.
func (f *fold) kinds(sessions []*eventlog.Session) {
	models, tools := f.groups(), f.groups()
	days, calendar := map[string]*Group{}, calendar{}
	var day *Group
	keeps := f.keeper()
	for _, e := range entriesWith(f.c, "Session", "Model", "Time").All() {
		if !keeps(e.Session) {
			continue
		}
		models.of(e.Model).Own.entry(e)
		if e.Time.Known() {
			if name := calendar.of(e); day == nil || day.Key != name {
				day = group(days, name)
			}
			day.Own.entry(e)
		}
	}
	for i := range f.c.Uses {
		if u := &f.c.Uses[i]; keeps(u.Session) {
			tools.of(u.Tool).Own.use(u)
		}
	}
	for _, s := range sessions {
		for _, r := range s.Runs {
			for _, n := range r.Tools {
				own := &tools.of(n.Tool).Own
				own.ToolCalls, own.ToolErrors, own.Errors = own.ToolCalls+n.Calls, own.ToolErrors+n.Errors, own.Errors+n.Errors
			}
		}
	}
	for _, groups := range []map[string]*Group{models.named, tools.named, days} {
		for _, g := range groups {
			g.Inclusive = g.Own
		}
	}
	f.r.Models, f.r.Tools, f.r.Days = ordered(models.named), ordered(tools.named), byDay(days)
}

// keeper returns what says whether the calls of a session are added up. Those of one
// come together, and looking it up would take most of the time.
func (f *fold) keeper() func(session eventlog.Sym) bool {
	var last eventlog.Sym
	kept := f.sessions[last] != nil
	return func(session eventlog.Sym) bool {
		if session != last {
			last, kept = session, f.sessions[session] != nil
		}
		return kept
	}
}

// groups are lines of a roll-up by their name, which is looked up by symbol. There are
// few, so that those of late are mostly all of them.
type groups struct {
	named  map[string]*Group
	bySym  map[eventlog.Sym]*Group
	names  []string
	recent [64]struct {
		sym   eventlog.Sym
		group *Group
	}
}

func (f *fold) groups() *groups {
	return &groups{named: map[string]*Group{}, bySym: map[eventlog.Sym]*Group{}, names: f.names}
}

// of returns the group of a name, which is made if need be.
func (g *groups) of(name eventlog.Sym) *Group {
	at := &g.recent[int(name)%len(g.recent)]
	if at.group == nil || at.sym != name {
		of := g.bySym[name]
		if of == nil {
			of = group(g.named, orUnknown(g.names[name]))
			g.bySym[name] = of
		}
		at.sym, at.group = name, of
	}
	return at.group
}
