package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/cmd/mcp"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/textdiff"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/compare"
)

type askedDiff struct {
	askedBounds
	A      string `json:"a" about:"a session, by the beginning of its id"`
	B      string `json:"b" about:"the other one"`
	Offset int    `json:"offset,omitempty" about:"how many differing steps to pass over: next_offset of the answer before"`
}

type toldSide struct {
	Session toldSession `json:"session"`
	Cost    toldCost    `json:"cost" about:"with all that it started"`
	Wall    int64       `json:"wall_ms"`
	Tools   int64       `json:"tool_calls"`
	Errors  int64       `json:"errors"`
}

type toldDelta struct {
	Cost   float64 `json:"cost_usd"`
	Known  bool    `json:"cost_known" about:"whether every call of both has a price"`
	Wall   int64   `json:"wall_ms"`
	Calls  int64   `json:"calls"`
	Tools  int64   `json:"tool_calls"`
	Errors int64   `json:"errors"`
	Input  int64   `json:"input_tokens"`
	Output int64   `json:"output_tokens"`
}

type toldParting struct {
	Step   int    `json:"step" about:"counted from one"`
	Kind   string `json:"kind"`
	Cause  string `json:"cause" about:"why they part, as far as the logs tell"`
	Equal  int    `json:"equal_steps_before"`
	A      string `json:"a,omitempty" about:"what A did there"`
	B      string `json:"b,omitempty" about:"what B did there"`
	Of     string `json:"differs,omitempty" about:"what of the step is different: text, arguments, result"`
	Change string `json:"change,omitempty" about:"removed parts in [-…-], added ones in {+…+}"`
}

type toldPair struct {
	Step     int    `json:"step"`
	Relation string `json:"relation" enum:"changed,only_a,only_b"`
	Kind     string `json:"kind"`
	About    string `json:"about,omitempty"`
}

type toldDiff struct {
	A        toldSide     `json:"a"`
	B        toldSide     `json:"b"`
	Delta    toldDelta    `json:"delta" about:"B less A"`
	Equal    int          `json:"equal_steps"`
	Differ   int          `json:"differing_steps"`
	First    *toldParting `json:"first_divergence,omitempty" about:"the first step that is not equal"`
	Decision *toldParting `json:"first_decision,omitempty" about:"the first step at which something else was done, where that is another one"`
	Steps    []toldPair   `json:"steps" about:"those that differ, in order"`
	Next     int          `json:"next_offset,omitempty"`
	Cut      string       `json:"cut,omitempty" about:"what was left out, and how to get it"`
}

func (t *tools) diff(ctx context.Context, in askedDiff, room *mcp.Room) (out toldDiff, said string, err error) {
	if in.Offset < 0 {
		return out, "", errNegative
	}
	if mcp.Given(in.A) == "" || mcp.Given(in.B) == "" {
		return out, "", errors.New("two sessions are compared: give a and b")
	}
	cat, err := t.catalog(ctx)
	if err != nil {
		return out, "", err
	}
	report := rollup.New(cat, nil)
	var told [2]toldSide
	var sides [2]compare.Side
	for i, id := range []string{in.A, in.B} {
		s, err := t.one(cat, id, nil)
		if err != nil {
			return out, "", err
		}
		if sides[i], err = readSide(ctx, t.set, cat, report, s); err != nil {
			return out, "", err
		}
		defer func() { _ = sides[i].Log.Close() }() // it was only read
		told[i] = toldSide{Session: t.told(cat, s)}
	}
	c, err := compare.Align(ctx, sides[0], sides[1], nil)
	if err != nil {
		return out, "", err
	}
	for i, total := range []*compare.Totals{&c.A, &c.B} {
		told[i].Cost, told[i].Wall, told[i].Tools, told[i].Errors = costOfSum(total.Sum), total.Wall.Milliseconds(), total.ToolCalls, total.Errors
	}
	a, b := &c.A, &c.B
	out = toldDiff{A: told[0], B: told[1], Equal: c.Equals, Differ: len(c.Pairs) - c.Equals, Steps: []toldPair{}, Delta: toldDelta{
		Cost: usd(b.Cost() - a.Cost()), Known: a.Known() && b.Known(), Wall: (b.Wall - a.Wall).Milliseconds(), Calls: b.Calls - a.Calls, Tools: b.ToolCalls - a.ToolCalls,
		Errors: b.Errors - a.Errors, Input: b.Usage.Input - a.Usage.Input, Output: b.Usage.Output - a.Usage.Output,
	}}
	// Small answers have no room for both sides in full.
	room.Put(out)
	if out.First, err = parting(ctx, c, c.First, room); err != nil {
		return out, "", err
	}
	if c.Decision != nil && c.First != nil && c.Decision.Pair != c.First.Pair {
		if out.Decision, err = parting(ctx, c, c.Decision, room); err != nil {
			return out, "", err
		}
	}
	names, n := pairWords{c: c}, 0
	for i := range c.Pairs {
		if c.Pairs[i].Relation == compare.Equal {
			continue
		}
		if n++; n <= in.Offset {
			continue
		}
		words, err := names.of(ctx, i)
		if err != nil {
			return out, "", err
		}
		one := toldPair{Step: i + 1, Relation: c.Pairs[i].Relation.String(), Kind: c.Pairs[i].Kind.String(), About: mcp.Foreign(words, 160)}
		if !room.Takes(one) {
			out.Next = in.Offset + len(out.Steps)
			out.Cut = rest(len(out.Steps), out.Differ, "differing step", out.Next)
			break
		}
		out.Steps = append(out.Steps, one)
	}
	said = fmt.Sprintf("No step differs: all %d are equal.", c.Equals)
	if f := c.First; f != nil {
		said = fmt.Sprintf("They first part at step %d, after %s. %s", f.Pair+1, figure.Plural(equalBefore(c, f.Pair), "equal step"), causes[f.Cause])
	}
	if c.Windowed {
		said += " They differ too much to be aligned exactly."
	}
	return out, fmt.Sprintf("%s B cost %s, A %s.", said, costSaid(b.Sum), costSaid(a.Sum)), nil
}

// parting says where two sessions part, or nothing where there is no room for it.
func parting(ctx context.Context, c *compare.Comparison, d *compare.Divergence, room *mcp.Room) (*toldParting, error) {
	if d == nil {
		return nil, nil
	}
	p := &toldParting{Step: d.Pair + 1, Kind: c.Pairs[d.Pair].Kind.String(), Cause: causes[d.Cause], Equal: equalBefore(c, d.Pair)}
	var did [2]string
	var change string
	for i, item := range []int32{d.ItemA, d.ItemB} {
		var err error
		if did[i], err = c.Did(ctx, i, item); err != nil {
			return nil, err
		}
	}
	if c.Pairs[d.Pair].Relation == compare.Changed {
		diff, err := c.Difference(ctx, d.ItemA, d.ItemB)
		if err != nil {
			return nil, err
		}
		p.Of, change = diff.Of, changeText(diff.Pieces, 60)
	}
	for _, most := range []int{400, 100} {
		p.A, p.B, p.Change = mcp.Foreign(did[0], most), mcp.Foreign(did[1], most), mcp.Foreign(change, 2*most)
		if room.Takes(p) {
			return p, nil
		}
	}
	return nil, nil
}

// changeText spells a diff with what is removed in [-…-] and what is added in {+…+},
// and of what is the same so much as tells the place.
func changeText(pieces []textdiff.Piece, around int) string {
	var b strings.Builder
	for _, p := range pieces {
		switch p.Kind {
		case textdiff.Removed:
			fmt.Fprintf(&b, "[-%s-]", p.Text)
		case textdiff.Added:
			fmt.Fprintf(&b, "{+%s+}", p.Text)
		default:
			if len(p.Text) > 2*around {
				p.Text = strings.ToValidUTF8(p.Text[:around], "") + " … " + strings.ToValidUTF8(p.Text[len(p.Text)-around:], "")
			}
			b.WriteString(p.Text)
		}
	}
	return b.String()
}
