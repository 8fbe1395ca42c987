package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup/compare"
	"github.com/lazytrace/lazytrace/tui/ask"
)

// names are the names of both sets of metrics, in order.
func names(a, b map[string]float64) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]float64{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// mostCopied is how many steps are copied: more is no report.
const mostCopied = 400

// copy puts the comparison on the clipboard, as Markdown. Its steps are read in a
// command.
func (p *Pane) copy() tea.Cmd {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	cell := func(text string) string { return strings.ReplaceAll(escape.Line(text), "|", `\|`) }
	line("# Comparison\n")
	line("| | A | B | B - A |\n|---|---:|---:|---:|")
	a, z := &p.of.sides[p.side(0)], &p.of.sides[p.side(1)]
	line("| session | %s | %s | |", cell(a.session.Label()), cell(z.session.Label()))
	line("| id | %s | %s | |", cell(a.session.ID), cell(z.session.ID))
	line("| started | %s | %s | |", cell(p.when(a)), cell(p.when(z)))
	for _, r := range p.figures() {
		line("| %s | %s | %s | %s |", cell(strings.TrimSpace(r.name)), cell(r.a), cell(r.b), cell(r.delta))
	}
	if d := p.of.first; d != nil {
		line("\n## First divergence\n\nAfter %s: %s.\n", figure.Plural(int64(p.equalBefore()), "equal step"), causes[d.Cause][0])
		line("- A: %s\n- B: %s", escape.Line(p.of.did[p.side(0)]), escape.Line(p.of.did[p.side(1)]))
	} else {
		line("\nNo step differs: all %d are equal.", p.of.c.Equals)
	}
	line("\n## Steps\n\n```")
	of, ctx, head, flip := p.of, p.ctx, b.String(), p.flip
	return func() tea.Msg {
		var steps strings.Builder
		rows := of.lay(false, nil).rows
		for at := 0; at < min(len(rows), mostCopied); at++ {
			e := rows[at]
			if e.fold() {
				fmt.Fprintf(&steps, "=  %s\n", figure.Plural(int64(e.to-e.from), "equal step"))
				continue
			}
			said, err := of.c.Said(ctx, int(e.from), int(e.to))
			if err != nil {
				return ask.Notice("the steps cannot be read: " + err.Error())
			}
			pair := &of.c.Pairs[e.from]
			sign := [...]string{"=", "~", "-", "+"}[pair.Relation]
			if flip && pair.Relation == compare.OnlyA {
				sign = "+"
			} else if flip && pair.Relation == compare.OnlyB {
				sign = "-"
			}
			text := compare.Words(&said[0])
			if text == "" {
				text = said[0].Kind.String()
			}
			fmt.Fprintf(&steps, "%s  %s%s\n", sign, strings.Repeat("  ", min(int(pair.Depth), 16)), strings.ReplaceAll(escape.Line(text), "```", "'''"))
		}
		if len(rows) > mostCopied {
			fmt.Fprintf(&steps, "and %s\n", figure.Plural(int64(len(rows)-mostCopied), "more row"))
		}
		return ask.Copied{Text: escape.Text(head + steps.String() + "```\n"), What: "comparison"}
	}
}
