package eventlog

import (
	"maps"
	"slices"
)

// Most runs are those that agents started, of sessions that are over and lie folded in
// one row. In a digest one run stands for all of them that are below another.

// rest is what is left of the runs that one run stands for, beside its sums.
type rest struct {
	runs   int64
	agents []Sym // each once
}

// Stands returns for how many runs this one stands: one, but in a preview.
func (r *Run) Stands() int64 {
	if r.rest == nil {
		return 1
	}
	return r.rest.runs
}

// folds are the runs that become part of another one in digests.
type folds map[runKey]fold

// fold says into which run one becomes, and below which that is.
type fold struct{ into, below Sym }

// folds finds the runs of the catalog that were started by others, of sessions that are
// over, and stay so as long as their log is the same. Those of sessions that several
// segments tell of stay: each has but a part of them.
func (d *Digests) folds(now Stamp) folds {
	tangled := d.tangled()
	f := folds{}
	for _, s := range d.cat.Sessions {
		if status, _ := s.Status(now); status != Done || len(s.Paths) > 1 || len(s.Others) > 0 || tangled[s.Sym] {
			continue
		}
		above := make(map[Sym]Sym, len(s.Runs))
		for _, r := range s.Runs {
			above[r.ID] = r.Parent
		}
		first := map[Sym]Sym{}
		for _, r := range s.Runs {
			top, steps := r.ID, 0
			for above[top] != 0 && steps < len(s.Runs) { // some go round in circles
				top, steps = above[top], steps+1
			}
			if r.ID == 0 || steps == 0 || above[top] != 0 {
				continue
			}
			if first[top] == 0 {
				first[top] = r.ID
			}
			f[runKey{s.Sym, r.ID}] = fold{first[top], top}
		}
	}
	return f
}

// tangled are the sessions of which other sessions tell, or that tell of others.
func (d *Digests) tangled() map[Sym]bool {
	all := map[Sym]bool{}
	for i := range d.of {
		s := d.of[i].sum
		s.mu.Lock()
		for key := range s.adopts {
			all[key.session] = true
		}
		for key := range s.copies {
			all[key.session], all[key.of] = true, true
		}
		s.mu.Unlock()
	}
	return all
}

// all returns what a segment knows of its sessions, with the runs folded.
func (f folds) all(sessions map[Sym]*part) map[Sym]*part {
	folded := maps.Clone(sessions)
	for id, p := range folded {
		if slices.ContainsFunc(p.runs, func(r *Run) bool { _, ok := f[runKey{id, r.ID}]; return ok }) {
			folded[id] = f.part(id, p)
		}
	}
	return folded
}

func (f folds) part(session Sym, p *part) *part {
	folded := *p
	folded.runs = nil
	at := map[Sym]*Run{}
	for _, r := range p.runs {
		to, ok := f[runKey{session, r.ID}]
		if !ok {
			folded.runs = append(folded.runs, r)
			continue
		}
		sum := at[to.into]
		if sum == nil {
			sum = &Run{ID: to.into, Session: session, Parent: to.below, Start: r.Start, rest: &rest{}}
			at[to.into] = sum
			folded.runs = append(folded.runs, sum)
		}
		sum.add(r)
	}
	return &folded
}

// add adds a run to the one that stands for it.
func (r *Run) add(one *Run) {
	r.rest.runs++
	if one.Agent != 0 && !slices.Contains(r.rest.agents, one.Agent) {
		r.rest.agents = append(r.rest.agents, one.Agent)
	}
	r.Start, r.End = earlier(r.Start, one.Start), max(r.End, one.End)
	r.Started = r.Started || one.Started
	r.Open = r.Open || one.Open || one.waiting().Kind != 0 // either leaves the session open
	r.Events += one.Events
	r.ToolCalls += one.ToolCalls
	r.ToolErrors += one.ToolErrors
	r.Errors += one.Errors
	r.underWay += one.underWay
}
