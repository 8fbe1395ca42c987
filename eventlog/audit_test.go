package eventlog

import "testing"

func TestModes(t *testing.T) {
	for name, want := range map[string]Mode{"fast": Fast, "PRIORITY": Priority, "flex": Flex, "batch": Batch, "standard": 0, "default": 0, "": 0, "odd": 0} {
		if got := ParseMode(name); got != want {
			t.Errorf("%q is %d, want %d", name, got, want)
		}
	}
	if got := (Fast | Regional).String(); got != "fast+regional" || Mode(0).String() != "" {
		t.Errorf("spelled %q", got)
	}
}

func TestFiguresHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Figures() {
		got, ok := ParseFigure(f.String())
		if !ok || got != f || seen[f.String()] {
			t.Errorf("%q is figure %d, want %d", f, got, f)
		}
		seen[f.String()] = true
	}
	for name, want := range map[string]Figure{"same-response-id": FigureSameResponse, "Calls": FigureCalls, "cut_same_record": FigureSameRecord} {
		if got, ok := ParseFigure(name); !ok || got != want {
			t.Errorf("%q is %s, %t", name, got, ok)
		}
	}
	if _, ok := ParseFigure(""); ok {
		t.Error("nothing is the name of a figure")
	}
}

// Of copies in a better segment and in a worse one only the better ones count,
// also among what is cut.
func TestAuditCountsCutsOfTheBestSegmentOnly(t *testing.T) {
	s := NewSources(NewSymbols())
	for rank, path := range []string{"worse", "better"} {
		summarise(s, path, rank, billed("s", "m1", 5, false), billed("s", "m1", 7, false), billed("s", "m2", 1, false))
	}
	a := s.Catalog().Audit
	if a.CallRecords != 3 || a.SameResponse != 1 || a.Billed != 2 || a.Copies != 0 || a.ShadowEvents != 3 || a.Forks != 0 {
		t.Errorf("%+v", a)
	}
}
