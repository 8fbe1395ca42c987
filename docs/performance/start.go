package main

import "path/filepath"

// start puts the start of the process beside that of a program that does nothing:
// what the packages do before main is paid by every command.
func start(s *suite) error {
	goal := atMost(6)
	empty := filepath.Join(s.cache, "bin", "empty")
	if err := s.build(filepath.Join(s.root, "docs", "performance", "peers"), empty, "./empty"); err != nil {
		return err
	}
	// A process is short: many of them are needed until the middle stands still.
	f, err := s.race(20*s.runs, true,
		contender{what: "lazytrace --version", args: []string{s.lazytrace, "--version"}, env: s.home},
		contender{what: "an empty Go program", args: []string{empty}, env: s.home})
	if err != nil {
		return err
	}
	s.add(Row{Name: "process", Goal: goal, Ours: f[0], Theirs: f[1]})
	return nil
}
