package main

// memory tells what the explorer holds with a large file open.
func memory(s *suite) error {
	open, err := s.opened(s.size)
	if err != nil {
		return err
	}
	programs := []screen{open}
	lnav, haveLnav, err := s.lnavOpened(s.size)
	if err != nil {
		return err
	}
	if haveLnav {
		programs = append(programs, lnav)
	}
	runs, err := s.watchAll(programs...)
	if err != nil {
		return err
	}
	file := figureOf("the file", "MiB", float64(s.size)/(1<<20))
	for _, m := range []struct{ name, figure string }{{"at most", "rss_peak_mib"}, {"at rest", "rss_rest_mib"}} {
		ours := pick(open.what+", "+m.name, "MiB", m.figure, runs[0])
		s.add(Row{Name: m.name + " / the file", Goal: atMost(0.1), Ours: ours, Theirs: file})
		if haveLnav {
			s.add(Row{Name: m.name + " / lnav", Goal: atMost(1. / 3), Ours: ours, Theirs: pick(lnav.what, "MiB", m.figure, runs[1])})
		} else {
			s.skip(m.name+" / lnav", atMost(1./3), "lnav is not here")
		}
	}
	one, err := s.oneSession(s.size)
	if err != nil {
		return err
	}
	b, err := s.benchmark("./eventlog/source", "^BenchmarkIndexMemory$", "1x", "LAZYTRACE_BENCH_LOG="+one)
	if err != nil {
		return err
	}
	bytes := b["IndexMemory"]["B/event"]
	s.add(Row{Name: "index of an event", Goal: &Goal{"<=", 48, "B"}, Ours: figureOf("live after loading", "B", bytes...)})
	return nil
}
