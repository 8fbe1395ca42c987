package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// result is what tuibench tells of one run; what never came is not in it.
type result map[string]float64

// screen is a terminal program and what is waited for on its screen.
type screen struct {
	what        string
	args        []string
	env         func() []string
	ready, done string   // regular expressions of Python
	steps       []string // see the head of tuibench.py
	settle      time.Duration
	timeout     time.Duration // of each thing that is waited for; a minute if it is zero
	quit        string
	dump        string // path whose .ready, .done and .end get the screen's text
	check       func() error
}

// watch runs a program once in a terminal of 200 x 50.
func (s *suite) watch(p screen) (result, error) {
	python, ok := s.program("python3")
	if !ok {
		return nil, fmt.Errorf("python3 is not here, and tuibench needs it")
	}
	told := filepath.Join(s.folder(), "told.json")
	args := []string{filepath.Join(s.shared, "harness", "tuibench.py"), "--runs", "1", "--warmup", "0", "--json", told,
		"--ready", p.ready, "--settle", strconv.FormatInt(p.settle.Milliseconds(), 10)}
	if p.done != "" {
		args = append(args, "--done", p.done)
	}
	if p.timeout != 0 {
		args = append(args, "--timeout", strconv.FormatFloat(p.timeout.Seconds(), 'f', 0, 64))
	}
	for _, step := range p.steps {
		args = append(args, "--step", step)
	}
	if p.quit != "" {
		args = append(args, "--quit", p.quit)
	}
	if p.dump != "" {
		args = append(args, "--dump", p.dump)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, append(append(args, "--"), p.args...)...)
	if p.env != nil {
		cmd.Env = p.env()
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("tuibench of %s: %w: %s", p.what, err, lastLine(text))
	}
	text, err := os.ReadFile(told)
	if err != nil {
		return nil, err
	}
	var out struct {
		Runs []map[string]any `json:"runs"`
	}
	if err := json.Unmarshal(text, &out); err != nil || len(out.Runs) != 1 {
		return nil, fmt.Errorf("tuibench of %s told nothing: %v", p.what, err)
	}
	r := result{}
	for name, v := range out.Runs[0] {
		if f, ok := v.(float64); ok {
			r[name] = f
		}
	}
	if _, ok := r["ready_ms"]; !ok {
		return r, fmt.Errorf("%s: %s never came onto the screen", p.what, p.ready)
	}
	if _, ok := r["done_ms"]; !ok && p.done != "" {
		return r, fmt.Errorf("%s: %s never came onto the screen", p.what, p.done)
	}
	return r, nil
}

// watchAll runs the programs in turns, as often as is asked for. What was measured
// under a name is not measured again: some rows look at the same runs.
func (s *suite) watchAll(programs ...screen) ([][]result, error) {
	out := make([][]result, len(programs))
	for run := 0; run < s.runs; run++ {
		for i, p := range programs {
			if seen := s.seen[p.what]; run < len(seen) {
				out[i] = append(out[i], seen[run])
				continue
			}
			r, err := s.watch(p)
			if err != nil {
				return nil, err
			}
			if p.check != nil {
				if err := p.check(); err != nil {
					return nil, fmt.Errorf("%s: %w", p.what, err)
				}
			}
			s.seen[p.what] = append(s.seen[p.what], r)
			out[i] = append(out[i], r)
		}
	}
	return out, nil
}

// pick is one figure out of the runs of a program.
func pick(what, unit, name string, runs []result) *Figure {
	var v []float64
	for _, r := range runs {
		if x, ok := r[name]; ok {
			v = append(v, x)
		}
	}
	return figureOf(what, unit, v...)
}
