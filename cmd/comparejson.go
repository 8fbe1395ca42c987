package cmd

import (
	"context"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/compare"
)

// json prints a comparison as one JSON object.
func (p *comparePrinter) json(ctx context.Context) error {
	c := p.c
	counts := map[string]int{"equal": 0, "changed": 0, "only_a": 0, "only_b": 0}
	for i := range c.Pairs {
		counts[c.Pairs[i].Relation.String()]++
	}
	pairs, err := p.pairObjects(ctx)
	if err != nil {
		return err
	}
	first, err := p.divergenceObject(ctx, c.First)
	if err != nil {
		return err
	}
	decision, err := p.divergenceObject(ctx, c.Decision)
	if err != nil {
		return err
	}
	return printJSON(p.env.Stdout, map[string]any{
		"a": p.sideObject(0), "b": p.sideObject(1), "delta": deltaObject(&c.A, &c.B), "steps": counts, "windowed": c.Windowed,
		"first_divergence": first, "first_decision": decision, "pairs": pairs,
	})
}

func (p *comparePrinter) sideObject(i int) map[string]any {
	t, s := p.c.A, p.sessions[i]
	if i == 1 {
		t = p.c.B
	}
	m := t.Fields()
	status, _ := s.Status(eventlog.StampOf(p.env.Now()))
	for k, v := range map[string]any{
		"session_id": s.ID, "name": s.Label(), "agent": s.Agent, "model": p.cat.Symbols.Name(s.Model), "status": status, "outcome": t.Outcome,
		"wall_ms": t.Wall.Milliseconds(), "metrics": orEmpty(t.Metrics), "copied_calls": t.Copied,
	} {
		m[k] = v
	}
	return m
}

// deltaObject is B less A.
func deltaObject(a, b *compare.Totals) map[string]any {
	metrics := map[string]float64{}
	for name, x := range a.Metrics {
		if y, ok := b.Metrics[name]; ok {
			metrics[name] = y - x
		}
	}
	u, v := a.Usage, b.Usage
	return map[string]any{
		"cost_usd": b.Cost() - a.Cost(), "cost_known": a.Known() && b.Known(), "cost_recorded_usd": b.Recorded - a.Recorded,
		"cost_estimated_usd": b.Estimated - a.Estimated, "unpriced_calls": b.Unpriced - a.Unpriced, "wall_ms": (b.Wall - a.Wall).Milliseconds(),
		"calls": b.Calls - a.Calls, "tool_calls": b.ToolCalls - a.ToolCalls, "tool_errors": b.ToolErrors - a.ToolErrors, "errors": b.Errors - a.Errors,
		"input_tokens": v.Input - u.Input, "output_tokens": v.Output - u.Output, "cache_read_tokens": v.CacheRead - u.CacheRead,
		"cache_write_5m_tokens": v.CacheWrite5m - u.CacheWrite5m, "cache_write_1h_tokens": v.CacheWrite1h - u.CacheWrite1h,
		"reasoning_tokens": v.Reasoning - u.Reasoning, "metrics": metrics,
	}
}

// pairObjects are the steps in their order; stretches that are equal are one
// object with their number, unless all are asked for.
func (p *comparePrinter) pairObjects(ctx context.Context) ([]map[string]any, error) {
	out := []map[string]any{}
	names := pairWords{c: p.c}
	for i, to := range p.rows() {
		if to > i+1 {
			out = append(out, map[string]any{"step": i + 1, "relation": compare.Equal, "steps": to - i})
			continue
		}
		words, err := names.of(ctx, i)
		if err != nil {
			return nil, err
		}
		pair := p.c.Pairs[i]
		m := map[string]any{"step": i + 1, "relation": pair.Relation, "kind": pair.Kind, "depth": pair.Depth, "label": words}
		if pair.Relation == compare.Changed {
			m["differs"] = partNames(pair.Parts)
		}
		if pair.Unseen {
			m["unseen"] = true
		}
		if pair.ItemA >= 0 {
			m["index_a"] = pair.ItemA
		}
		if pair.ItemB >= 0 {
			m["index_b"] = pair.ItemB
		}
		out = append(out, m)
	}
	return out, nil
}

// divergenceObject says where the two part, or null.
func (p *comparePrinter) divergenceObject(ctx context.Context, d *compare.Divergence) (any, error) {
	if d == nil {
		return nil, nil
	}
	m := map[string]any{
		"step": d.Pair + 1, "kind": p.c.Pairs[d.Pair].Kind, "cause": d.Cause, "equal_steps_before": equalBefore(p.c, d.Pair),
		"input_equal": d.Cause == compare.ModelAlone,
	}
	if d.Earlier >= 0 {
		m["input_differed_at"] = d.Earlier + 1
	}
	for i, item := range []int32{d.ItemA, d.ItemB} {
		text, err := p.c.Did(ctx, i, item)
		if err != nil {
			return nil, err
		}
		m[[]string{"a", "b"}[i]] = text
	}
	if p.c.Pairs[d.Pair].Relation != compare.Changed {
		return m, nil
	}
	diff, err := p.c.Difference(ctx, d.ItemA, d.ItemB)
	if err != nil {
		return nil, err
	}
	if diff.Of != "" {
		m["differs"], m["diff"] = diff.Of, diff.Pieces
	}
	return m, nil
}
