package main

// search looks for words in all records, their escapes undone.
func search(s *suite) error {
	one, err := s.oneSession(s.size)
	if err != nil {
		return err
	}
	goal := &Goal{">=", 1000, "MB/s"}
	log := "LAZYTRACE_BENCH_LOG=" + one
	b, err := s.benchmark("./eventlog/source", "^BenchmarkGrep$", "3x", log)
	if err != nil {
		return err
	}
	s.add(Row{Name: "grep of an open log", Goal: goal, Ours: figureOf("a word that is nowhere", "MB/s", b["Grep"]["MB/s"]...)})
	if b, err = s.benchmark("./eventlog/source", "^BenchmarkSearch$/^nowhere", "3x", log); err != nil {
		return err
	}
	for _, c := range []struct{ name, what string }{
		{"Search/nowhere", "a word that is nowhere"}, {"Search/nowhere,_frequent_letters", "of frequent letters"}, {"Search/nowhere,_beyond_ascii", "beyond ASCII"},
	} {
		s.add(Row{Name: "search, " + c.what, Goal: goal, Ours: figureOf(c.what, "MB/s", b[c.name]["MB/s"]...)})
	}

	p, err := s.opened(s.size)
	if err != nil {
		return err
	}
	p.what += ", searched"
	p.check = nil // the head is that of the search at the end
	p.steps = []string{"page:gf", "word:toesrandi", `nowhere:\r=>` + foundNothing, "again:gf", "clear:<c-u>café", `first:\r=>` + foundSomething}
	runs, err := s.watchAll(p)
	if err != nil {
		return err
	}
	var rate []float64
	for _, r := range runs[0] {
		if ms, ok := r["nowhere_ms"]; ok {
			rate = append(rate, float64(s.size)/1e3/ms)
		}
	}
	s.add(Row{Name: "search in the explorer", Goal: goal, Ours: figureOf("until nothing is found", "MB/s", rate...)})
	s.add(Row{Name: "search in the explorer, first hits", Ours: pick("café", "ms", "first_ms", runs[0])})
	return nil
}

// foundNothing is the page of the search when all is searched, foundSomething a
// session on it that has hits.
const (
	foundNothing   = `all of [0-9.]+ [kMGT]?B searched`
	foundSomething = `^.{1,4}[▸▾] .* hits?$`
)
