package eventlog

import (
	"maps"
	"testing"
)

// folded is a session that is over, with runs that each name the one that started it.
func folded(above map[Sym]Sym) *Session {
	s := &Session{Sym: 100, Facts: Facts{Closed: true}, Paths: []string{"p"}}
	for id := Sym(0); id < 10; id++ {
		if up, ok := above[id]; ok {
			s.Runs = append(s.Runs, &Run{ID: id, Session: s.Sym, Parent: up})
		}
	}
	return s
}

// One run stands for all below another one; those that go round in circles stay, and so
// do those of a session that others have to do with.
func TestFolds(t *testing.T) {
	goesOn := folded(map[Sym]Sym{1: 0, 2: 1})
	goesOn.Closed, goesOn.open, goesOn.last = false, true, Stamp(1000)
	twoFiles := folded(map[Sym]Sym{1: 0, 2: 1})
	twoFiles.Paths = append(twoFiles.Paths, "q")
	for name, tc := range map[string]struct {
		session *Session
		tangled bool
		want    map[Sym]fold
	}{
		"one alone":       {folded(map[Sym]Sym{1: 0}), false, nil},
		"below each":      {folded(map[Sym]Sym{1: 0, 2: 1, 3: 2, 4: 1, 5: 0, 6: 5}), false, map[Sym]fold{2: {2, 1}, 3: {2, 1}, 4: {2, 1}, 6: {6, 5}}},
		"later parents":   {folded(map[Sym]Sym{1: 3, 2: 3, 3: 0}), false, map[Sym]fold{1: {1, 3}, 2: {1, 3}}},
		"without a name":  {folded(map[Sym]Sym{0: 0, 1: 0, 2: 1}), false, map[Sym]fold{2: {2, 1}}},
		"round in circle": {folded(map[Sym]Sym{1: 2, 2: 1, 3: 1, 4: 4, 5: 0, 6: 5}), false, map[Sym]fold{6: {6, 5}}},
		"it goes on":      {goesOn, false, nil},
		"two files":       {twoFiles, false, nil},
		"adopted":         {folded(map[Sym]Sym{1: 0, 2: 1}), true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			sum := NewSummary(NewSymbols(), "p", "test", 0)
			if tc.tangled {
				sum.adopts[runKey{tc.session.Sym, 1}] = Adopt{}
			}
			d := &Digests{of: []digested{{sum: sum}}, cat: &Catalog{Sessions: []*Session{tc.session}}}
			want := folds{}
			for id, to := range tc.want {
				want[runKey{tc.session.Sym, id}] = to
			}
			if got := d.folds(2000); !maps.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// The run that stands for others has all that they come to.
func TestFoldAddsUp(t *testing.T) {
	p := &part{runs: []*Run{
		{ID: 1, Agent: 50, Events: 1},
		{ID: 2, Parent: 1, Agent: 51, Start: 30, End: 40, Events: 2, ToolCalls: 3, Errors: 1, Open: true},
		{ID: 3, Parent: 2, Agent: 52, Start: 20, End: 60, Events: 4, ToolCalls: 5, ToolErrors: 2, underWay: 1, Started: true},
		{ID: 4, Parent: 1, Agent: 51, Start: 35, End: 36, Events: 8},
	}}
	f := folds{{100, 2}: {2, 1}, {100, 3}: {2, 1}, {100, 4}: {2, 1}}
	got := f.all(map[Sym]*part{100: p})[100].runs
	if len(got) != 2 || got[0] != p.runs[0] || got[0].Stands() != 1 || len(p.runs) != 4 {
		t.Fatalf("%d runs are left", len(got))
	}
	r := got[1]
	if r.ID != 2 || r.Parent != 1 || r.Start != 20 || r.End != 60 || r.Events != 14 || r.ToolCalls != 8 || r.ToolErrors != 2 || r.Errors != 1 || r.underWay != 1 || !r.Open || !r.Started {
		t.Errorf("%+v", r)
	}
	if r.Stands() != 3 || len(r.rest.agents) != 2 {
		t.Errorf("it stands for %d runs of agents %v", r.Stands(), r.rest.agents)
	}
}
