package cmd

import (
	"context"
	"fmt"
	"path"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
)

// runExperiment compares the variants of an experiment.
func runExperiment(ctx context.Context, env *Env, paths []string, opts compareOptions) error {
	kept, err := opts.sessions(env)
	if err != nil {
		return err
	}
	if _, err := path.Match(opts.experiment, ""); err != nil {
		return refuse("--experiment %s: %v", opts.experiment, err)
	}
	cat, done, err := load(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	keep := func(s *eventlog.Session) bool {
		match, _ := path.Match(opts.experiment, s.Experiment)
		return (match || s.Experiment == opts.experiment) && kept(s)
	}
	found := rollup.Experiments(cat, keep)
	if len(found) == 0 {
		return refuse("no session names an experiment %q; lazytrace run --experiment NAME --variant NAME records one", opts.experiment)
	}
	for i := range found {
		e := &found[i]
		if opts.asJSON {
			if err := printJSON(env.Stdout, experimentObject(e)); err != nil {
				return err
			}
			continue
		}
		if i > 0 {
			fmt.Fprintln(env.Stdout)
		}
		if err := printExperiment(env, e); err != nil {
			return err
		}
	}
	return nil
}

func printExperiment(env *Env, e *rollup.Experiment) error {
	fmt.Fprintf(env.Stdout, "experiment %s\n\n", escape.Line(e.Name))
	t := &table{head: []string{"VARIANT", ">N", ">SUCCESS", ">COST EACH", ">COST", ">SCORE", ">P50 WALL", ">ERRORS", ""}}
	for i := range e.Variants {
		v := &e.Variants[i]
		success, score, wall, note := "-", "-", "-", ""
		if rate, ok := v.SuccessRate(); ok {
			success = fmt.Sprintf("%s of %d", figure.Percent(rate, 1), v.Decided)
		}
		if mean, ok := v.MeanScore(); ok {
			score = fmt.Sprintf("%.3f", mean)
		}
		if v.Timed > 0 {
			wall = took(v.Median)
		}
		if v.Few {
			note = "too few to conclude"
		}
		name := v.Name
		if name == "" {
			name = "(none)"
		}
		sum := v.Sum
		each := costText(v.MeanCost(), sum.Calls, sum.Unpriced)
		t.add(name, fmt.Sprint(v.Sessions), success, each, costText(sum.Cost(), sum.Calls, sum.Unpriced), score, wall, fmt.Sprint(sum.Errors), note)
	}
	if err := t.print(env.Stdout, 40); err != nil {
		return err
	}
	if e.Few {
		fmt.Fprintf(env.Stdout, "\nA variant with fewer than %d sessions tells nothing for sure.\n", rollup.FewSessions)
	}
	if e.Skewed {
		fmt.Fprintf(env.Stdout, "\nThe sessions are shared out unevenly (p = %.2g, if each variant is to get the same share): look at how they are assigned before you conclude anything.\n", e.P)
	}
	return nil
}

func experimentObject(e *rollup.Experiment) map[string]any {
	variants := []map[string]any{}
	for i := range e.Variants {
		v := &e.Variants[i]
		m := v.Sum.Fields()
		m["variant"], m["n"], m["decided"], m["succeeded"], m["scored"] = v.Name, v.Sessions, v.Decided, v.Succeeded, v.Scored
		m["too_few"], m["cost_mean_usd"] = v.Few, v.MeanCost()
		m["success_rate"], m["score_mean"], m["wall_p50_ms"] = nil, nil, nil
		if rate, ok := v.SuccessRate(); ok {
			m["success_rate"] = rate
		}
		if mean, ok := v.MeanScore(); ok {
			m["score_mean"] = mean
		}
		if v.Timed > 0 {
			m["wall_p50_ms"] = v.Median.Milliseconds()
		}
		variants = append(variants, m)
	}
	return map[string]any{
		"experiment": e.Name, "variants": variants, "too_few": e.Few, "sample_ratio_mismatch": e.Skewed, "sample_ratio_p": e.P,
	}
}
