package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// benchmark runs benchmarks of the tree and returns what they report, by name and unit.
func (s *suite) benchmark(pkg, pattern, time string, env ...string) (map[string]map[string][]float64, error) {
	c := exec.Command("go", "test", "-run", "^$", "-bench", pattern, "-benchtime", time, "-count", strconv.Itoa(s.runs), "-timeout", "20m", pkg)
	c.Dir = s.root
	c.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	text, err := c.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("go test -bench %s %s: %s", pattern, pkg, lastLine(text))
	}
	out := benchmarks(string(text))
	if len(out) == 0 {
		return nil, fmt.Errorf("go test -bench %s %s measured nothing", pattern, pkg)
	}
	return out, nil
}

// benchmarks reads what go test -bench prints. The number of processors at the end
// of a name is left off.
func benchmarks(text string) map[string]map[string][]float64 {
	out := map[string]map[string][]float64{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(words[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			if _, err := strconv.Atoi(name[i+1:]); err == nil {
				name = name[:i]
			}
		}
		for i := 2; i+1 < len(words); i += 2 {
			v, err := strconv.ParseFloat(words[i], 64)
			if err != nil {
				break
			}
			if out[name] == nil {
				out[name] = map[string][]float64{}
			}
			out[name][words[i+1]] = append(out[name][words[i+1]], v)
		}
	}
	return out
}

// divided is each value divided by something.
func divided(values []float64, by float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v / by
	}
	return out
}
