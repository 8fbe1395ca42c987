package variants

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/overview"
	"github.com/lazytrace/lazytrace/tui/theme"
)

func variant(name string, n, succeeded int64, cents eventlog.Money, median time.Duration, errors int64) rollup.Variant {
	return rollup.Variant{
		Name: name, Sessions: n, Decided: n, Succeeded: succeeded, Timed: n, Median: median, Few: n < rollup.FewSessions,
		Sum: rollup.Sum{Calls: n, Recorded: cents * eventlog.Money(n) * eventlog.Dollar / 100, Errors: errors},
	}
}

func TestBest(t *testing.T) {
	a, b := variant("a", 20, 10, 1, time.Second, 4), variant("b", 20, 18, 3, time.Second, 4)
	unpriced := b
	unpriced.Sum.Unpriced = 1
	close := variant("close", 20, 10, 1, 1010*time.Millisecond, 4)
	none := a
	none.Decided = 0
	for _, c := range []struct {
		name string
		e    rollup.Experiment
		by   measure
		want string
	}{
		{"more successes", rollup.Experiment{Variants: []rollup.Variant{a, b}}, bySuccess, "b"},
		{"cheaper", rollup.Experiment{Variants: []rollup.Variant{a, b}}, byCost, "a"},
		{"equal times", rollup.Experiment{Variants: []rollup.Variant{a, b}}, byTime, ""},
		{"nearly equal times", rollup.Experiment{Variants: []rollup.Variant{a, close}}, byTime, ""},
		{"nobody scored", rollup.Experiment{Variants: []rollup.Variant{a, b}}, byScore, ""},
		{"a cost that is not known", rollup.Experiment{Variants: []rollup.Variant{a, unpriced}}, byCost, ""},
		{"a success that is not told", rollup.Experiment{Variants: []rollup.Variant{none, b}}, bySuccess, ""},
		{"too few", rollup.Experiment{Variants: []rollup.Variant{a, b}, Few: true}, bySuccess, ""},
		{"of odd sizes", rollup.Experiment{Variants: []rollup.Variant{a, b}, Skewed: true}, bySuccess, ""},
		{"alone", rollup.Experiment{Variants: []rollup.Variant{b}}, bySuccess, ""},
		{"without errors", rollup.Experiment{Variants: []rollup.Variant{a, variant("c", 20, 1, 1, 1, 0)}}, byErrors, "c"},
	} {
		got := ""
		if v := c.by.best(&c.e); v != nil {
			got = v.Name
		}
		if got != c.want {
			t.Errorf("%s: %q is best, want %q", c.name, got, c.want)
		}
	}
}

// What is in doubt is said in words, and then nothing is ahead.
func TestDoubts(t *testing.T) {
	few := rollup.Experiment{Name: "x", Few: true, Variants: []rollup.Variant{variant("a", 20, 10, 1, 1, 0), variant("", 4, 4, 1, 1, 0)}, P: 0.5}
	odd := rollup.Experiment{Name: "y", Skewed: true, P: 0.00031, Variants: []rollup.Variant{variant("a", 39, 10, 1, 1, 0), variant("b", 13, 4, 1, 1, 0)}}
	sure := rollup.Experiment{Name: "z", P: 1, Variants: []rollup.Variant{variant("a", 20, 10, 1, 1, 0), variant("b", 20, 18, 3, 1, 0)}}
	var got []string
	for _, l := range (&told{all: []rollup.Experiment{few, odd, sure}}).lines(byName, false) {
		if l.kind == ofDoubt || l.kind == ofResult {
			got = append(got, l.text)
		}
	}
	want := []string{
		"too few to conclude: each variant takes 10 sessions or more, and (no variant) has 4",
		"sizes differ from what chance would give (p=0.00031)",
		"ahead: a in cost; b in success",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("said\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What is not known stands last, in whatever order.
func TestOrder(t *testing.T) {
	all := []rollup.Variant{variant("a", 20, 10, 3, 1, 0), variant("b", 20, 18, 1, 1, 0), variant("c", 20, 1, 2, 1, 0)}
	all[2].Sum.Unpriced = 1
	for _, c := range []struct {
		by      measure
		reverse bool
		want    string
	}{
		{byName, false, "abc"}, {byName, true, "cba"}, {bySuccess, false, "bac"}, {bySuccess, true, "cab"}, {byCost, false, "bac"}, {byCost, true, "abc"}, {byScore, true, "abc"},
	} {
		got := ""
		for _, i := range order(all, c.by, c.reverse) {
			got += all[i].Name
		}
		if got != c.want {
			t.Errorf("by %s, reversed %v: %s, want %s", measureNames[c.by], c.reverse, got, c.want)
		}
	}
}

func TestCalledOff(t *testing.T) {
	p := New(t.Context(), func(string, string) tea.Cmd { return nil })
	p.Resize(80, 24)
	src := eventlog.NewSources(eventlog.NewSymbols())
	c := src.Catalog()
	cmd := p.Show(overview.Make(t.Context(), c, overview.Ask{Now: time.Unix(1e9, 0)}))
	page := func() string { return strings.Join(p.Draw(theme.Look{}.Theme(true), 1, true), "\n") }
	if !strings.Contains(page(), "Adding up the experiments") || !p.Back() || !strings.Contains(page(), "Called off.") {
		t.Errorf("it cannot be called off\n%s", page())
	}
	if _, changed := p.Update(cmd()); changed {
		t.Error("a result came that was called off")
	}
	again, _ := p.Do(keymap.Open, 0)
	p.Update(again())
	if !strings.Contains(page(), "--experiment") {
		t.Errorf("enter does not add up after all\n%s", page())
	}
}
