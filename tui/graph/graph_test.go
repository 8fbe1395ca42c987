package graph

import (
	"context"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/topology"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// drawnOf makes a graph of edges spelled "main>plan 3", "main:Bash 12/2" (tool,
// calls and failures) or "main=opus 4" (model).
func drawnOf(t *testing.T, edges ...string) *topology.Graph {
	t.Helper()
	g := &topology.Graph{}
	at := map[string]int{}
	node := func(kind topology.Kind, name string) int {
		key := kind.String() + name
		i, ok := at[key]
		if !ok {
			i = len(g.Nodes)
			at[key] = i
			g.Nodes = append(g.Nodes, topology.Node{ID: key, Name: name, Kind: kind, Runs: 1})
		}
		return i
	}
	for _, text := range edges {
		var count, failed int64
		spelled, figures, _ := strings.Cut(text, " ")
		if _, err := fmt.Sscanf(figures, "%d/%d", &count, &failed); err != nil {
			if _, err := fmt.Sscanf(figures, "%d", &count); err != nil {
				t.Fatal(text)
			}
		}
		i := strings.IndexAny(spelled, ">:=")
		kind, relation := topology.Agent, topology.Starts
		switch spelled[i] {
		case ':':
			kind, relation = topology.Tool, topology.Calls
		case '=':
			kind, relation = topology.Model, topology.Asks
		}
		from := node(topology.Agent, spelled[:i])
		to := node(kind, spelled[i+1:])
		if kind == topology.Tool {
			g.Nodes[to].Own.Add(rollup.Sum{ToolCalls: count, ToolErrors: failed})
		} else {
			g.Nodes[to].Own.Add(rollup.Sum{Calls: count})
		}
		g.Edges = append(g.Edges, topology.Edge{From: from, To: to, Relation: relation, Count: count, Failed: failed})
	}
	order(g)
	return g
}

// order sorts edges by where they come from, as those of a graph are.
func order(g *topology.Graph) {
	for i := range g.Edges {
		for k := i; k > 0 && g.Edges[k].From < g.Edges[k-1].From; k-- {
			g.Edges[k], g.Edges[k-1] = g.Edges[k-1], g.Edges[k]
		}
	}
}

// Every agent has a row of its own, behind the one that started it; every call has
// a wire to its target; uprights that overlap stand in different columns.
func TestPlan(t *testing.T) {
	many := []string{}
	for i := range 12 {
		for k := range 4 {
			many = append(many, fmt.Sprintf("agent%d:tool%d %d", i, (i*7+k)%15, i+k+1))
		}
	}
	crowd := []string{}
	for i := range 50 {
		crowd = append(crowd, fmt.Sprintf("agent%d:first 1", i), fmt.Sprintf("agent%d:last 1", i))
	}
	for _, c := range []struct {
		name          string
		edges         []string
		width, height int
		wants         bool
		left, right   int
	}{
		{"small", []string{"main>plan 1", "main=opus 4", "plan:Read 9"}, 120, 20, true, 2, 2},
		{"narrow", []string{"main=opus 4"}, 99, 20, false, 0, 0},
		{"low", []string{"a>b 1", "a>c 1", "a>d 1"}, 120, 3, false, 0, 0},
		{"circle", []string{"a>b 1", "b>a 1", "b>b 2", "a:Bash 1", "b:Bash 2"}, 120, 20, true, 2, 1},
		{"many", many, 160, 30, true, 12, 15},
		{"dense", many, 160, 15, true, 12, 15},
		{"folded", many, 160, 12, true, 12, 12},
		{"narrowest", many, 100, 20, true, 12, 15},
		{"too many uprights", crowd, 100, 50, false, 0, 0},
		{"many uprights", crowd, 160, 50, true, 50, 2},
		{"deep", []string{"a>b 1", "b>c 1", "c>d 1", "d>e 1", "e>f 1", "f>g 1", "g>h 1", "h>i 1", "i>j 1", "j>k 1"}, 160, 40, false, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPicture(t.Context(), drawnOf(t, c.edges...))
			l := lay(p, c.width, c.height)
			if l == nil || !c.wants {
				if (l != nil) != c.wants {
					t.Fatalf("laid out: %v, want %v", l != nil, c.wants)
				}
				return
			}
			if len(l.left) != c.left || len(l.right) != c.right {
				t.Errorf("%d at the left and %d at the right, want %d and %d", len(l.left), len(l.right), c.left, c.right)
			}
			if l.rows > c.height {
				t.Errorf("%d rows of %d", l.rows, c.height)
			}
			last := -1
			for _, a := range l.left {
				if a.row <= last {
					t.Errorf("agent %d is on row %d, behind row %d", a.node, a.row, last)
				}
				last = a.row
				if a.parent >= 0 && l.left[a.parent].row >= a.row {
					t.Errorf("agent %d stands above the one that started it", a.node)
				}
			}
			var calls, wired int64
			for i := range p.Edges {
				if leaf(&p.Nodes[p.Edges[i].To]) {
					calls += p.Edges[i].Count
				}
			}
			for i, n := range l.nets {
				if n.x <= l.leftEnd || n.x >= l.rightStart {
					t.Errorf("upright %d stands at %d, outside of %d to %d", i, n.x, l.leftEnd, l.rightStart)
				}
				for _, w := range n.to {
					wired += w.count
				}
				for k, m := range l.nets[:i] {
					if m.x == n.x && m.first <= n.last && n.first <= m.last {
						t.Errorf("uprights %d and %d lie over each other", k, i)
					}
				}
			}
			if wired != calls {
				t.Errorf("wires tell of %d calls, the graph of %d", wired, calls)
			}
			for _, selected := range append(l.order(), -2) {
				for y, row := range l.draw(theme.Look{}.Theme(true), p, selected, c.width, true) {
					if !strings.HasPrefix(row, "\x1b") && strings.TrimSpace(row) != "" && len(row) < c.width {
						t.Fatalf("row %d is too short: %q", y, row)
					}
				}
			}
		})
	}
}

// What crosses and does not meet is told from what joins.
func TestCanvas(t *testing.T) {
	th := theme.Look{}.Theme(true)
	c := newCanvas(7, 3)
	c.across(0, 6, 1, 1, "")
	c.upright(2, 0, 2, 2, "")
	c.upright(4, 0, 1, 1, "")
	c.join(4, 1)
	var rows []string
	for y := range 3 {
		var b strings.Builder
		for x := range 7 {
			if text := c.at(x, y).text(th); text != "" {
				b.WriteString(text)
			} else {
				b.WriteString(" ")
			}
		}
		rows = append(rows, b.String())
	}
	if got, want := strings.Join(rows, "\n"), "  ╻ ╷  \n╶─┃─┴─╴\n  ╹    "; got != want {
		t.Errorf("drawn\n%s\nwant\n%s", got, want)
	}
	c.across(-3, 99, 7, 1, "") // nobody sees it, nothing breaks
	c.upright(99, -3, 99, 1, "")
}

// Each line that goes on below is known by the rails of the lines between.
func TestRails(t *testing.T) {
	p := newPicture(t.Context(), drawnOf(t, "a>b 1", "b:x 1", "a>c 1", "c:y 2"))
	var got []string
	for _, l := range p.lines {
		got = append(got, fmt.Sprintf("%d%v%v", l.Depth, l.rails&2 != 0, l.final))
	}
	if want := "0falsetrue 1truefalse 2truetrue 1falsetrue 2falsetrue"; strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}

// While it works the page says so; esc calls it off, and enter begins anew.
func TestCalledOff(t *testing.T) {
	p := New(t.Context(), func(*topology.Node) tea.Cmd { return nil })
	p.Resize(80, 24)
	var called context.Context
	cmd := p.Show(Source{Of: 1, Steps: 1_000_000, Make: func(ctx context.Context, _ bool) *topology.Graph {
		called = ctx
		if ctx.Err() != nil {
			return nil
		}
		return drawnOf(t, "main:Bash 12/2")
	}})
	page := func() string { return strings.Join(p.Draw(theme.Look{}.Theme(true), 1, true), "\n") }
	if !strings.Contains(page(), "in 1,000,000 steps") {
		t.Errorf("what it does is not said\n%s", page())
	}
	if !p.Back() || p.Back() {
		t.Error("esc does not call it off, once")
	}
	late := cmd()
	if called == nil || called.Err() == nil {
		t.Error("the work was not called off")
	}
	if _, changed := p.Update(late); changed || !strings.Contains(page(), "Called off.") {
		t.Errorf("it is not called off\n%s", page())
	}
	if p.Show(Source{Of: 2, Make: p.source.Make}) != nil {
		t.Error("new data begin again what the person called off")
	}
	again, _ := p.Do(keymap.Open, 0)
	p.Update(again())
	if !strings.Contains(page(), "Bash") {
		t.Errorf("enter does not draw it after all\n%s", page())
	}
}

// The same data are not drawn again, and those that came meanwhile are drawn next.
func TestDrawnOnce(t *testing.T) {
	p := New(t.Context(), func(*topology.Node) tea.Cmd { return nil })
	p.Resize(120, 36)
	made := 0
	source := func(of int) Source {
		return Source{Of: of, Make: func(context.Context, bool) *topology.Graph {
			made++
			return drawnOf(t, "main:Bash 12/2")
		}}
	}
	first := p.Show(source(1))
	if p.Show(source(1)) != nil || p.Show(source(2)) != nil {
		t.Error("two at once")
	}
	next, _ := p.Update(first())
	if next == nil {
		t.Fatal("what came meanwhile is not drawn")
	}
	p.Update(next())
	if p.Show(source(2)) != nil || made != 2 {
		t.Errorf("drawn %d times, want 2", made)
	}
}
