package main

import (
	"maps"
	"slices"
	"strings"
)

// filter puts questions to a log that is loaded beside one search of its file.
func filter(s *suite) error {
	path, err := s.oneSession(s.size)
	if err != nil {
		return err
	}
	goal := atMost(1. / 20)
	rg, ok := s.program("rg")
	if !ok {
		s.skip("any question / rg", goal, "rg is not here")
		return nil
	}
	// Which of its two ways of reading is the faster one depends on the machine.
	f, err := s.race(max(s.runs, 5), true,
		contender{what: "rg -c tool_error", args: []string{rg, "-c", "tool_error", path}},
		contender{what: "rg --no-mmap -c tool_error", args: []string{rg, "--no-mmap", "-c", "tool_error", path}})
	if err != nil {
		return err
	}
	fastest := f[0]
	if f[1].Median < fastest.Median {
		fastest = f[1]
	}
	b, err := s.benchmark("./cmd", "^BenchmarkAfterLoading$", "20x", "LAZYTRACE_BENCH_LOG="+path)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(b)) {
		_, question, _ := strings.Cut(name, "/")
		question = strings.ReplaceAll(question, "_", " ")
		s.add(Row{Name: question + " / rg", Goal: goal, Ours: figureOf(question, "ms", divided(b[name]["median-ns"], 1e6)...), Theirs: fastest})
	}
	return nil
}
