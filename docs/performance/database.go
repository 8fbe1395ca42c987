package main

import (
	"fmt"
	"path/filepath"
)

// database reads a database as LazyBridge leaves it: many rows and no index.
func database(s *suite) error {
	big, err := s.bridgeDatabase(s.size)
	if err != nil {
		return err
	}
	small, err := s.bridgeDatabase(1e6)
	if err != nil {
		return err
	}
	lines, err := s.bridge(s.size)
	if err != nil {
		return err
	}
	want, err := count(lines)
	if err != nil {
		return err
	}
	open := func(what, path string) screen {
		return screen{what: what, args: []string{s.lazytrace, "open", path}, env: s.home, ready: aSession, dump: filepath.Join(s.folder(), "screen")}
	}
	runs, err := s.watchAll(open("large database", big), open("small database", small))
	if err != nil {
		return err
	}
	s.add(Row{Name: "first rows, large / small", Goal: atMost(1.2), Ours: pick("large", "ms", "ready_ms", runs[0]), Theirs: pick("small", "ms", "ready_ms", runs[1])})

	goal := atMost(2)
	sqlite3, ok := s.program("sqlite3")
	if !ok {
		s.skip("usage / sqlite3", goal, "sqlite3 is not here")
		return nil
	}
	if err := s.holds(big, want); err != nil {
		return err
	}
	f, err := s.race(s.runs, true,
		contender{what: "usage", args: []string{s.lazytrace, "usage", big}, env: s.home},
		contender{what: "sqlite3, all columns", args: []string{sqlite3, "-readonly", big, "select id, session_id, run_id, event_type, payload, ts from events"}})
	if err != nil {
		return err
	}
	s.add(Row{Name: "usage / sqlite3", Goal: goal, Ours: f[0], Theirs: f[1]})
	return nil
}

// holds looks whether lazytrace finds as many events in a log as there are.
func (s *suite) holds(path string, want int64) error {
	kinds, err := s.kinds(path)
	if err != nil {
		return err
	}
	var n int64
	for _, of := range kinds {
		n += of
	}
	if n != want {
		return fmt.Errorf("%s: lazytrace finds %d events, there are %d", filepath.Base(path), n, want)
	}
	return nil
}
