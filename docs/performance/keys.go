package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"time"
)

// keys tells how long a key takes until the screen changes, with a large log open and
// while one is being read, beside a list that does nothing else.
func keys(s *suite) error {
	const presses = 60
	bare, err := s.built("list")
	if err != nil {
		s.skip("a bare list", atMost(1.25), "%v", err)
		return nil
	}
	home, err := s.opened(s.size)
	if err != nil {
		return err
	}
	trace, err := s.openedTrace(s.size)
	if err != nil {
		return err
	}
	list := screen{what: "bare list", args: []string{bare}, env: s.home, ready: "row 1 of 100000"}
	programs := []screen{list, home, trace}
	for i := range programs {
		p := &programs[i]
		p.what += ", keys"
		p.settle = 5 * time.Second
		for n := range presses {
			// Down and down and up: where the next row is drawn must not be foreseen.
			p.steps = append(p.steps, fmt.Sprintf("key%02d:%c", n, "jjk"[n%3]))
		}
	}
	runs, err := s.watchAll(programs...)
	if err != nil {
		return err
	}
	pressed := regexp.MustCompile(`^key\d\d_first_ms$`)
	for i, name := range []string{"sessions", "trace"} {
		for _, share := range []float64{0.5, 0.95} {
			s.add(Row{Name: fmt.Sprintf("%s, p%.0f / bare list", name, share*100), Goal: atMost(1.25),
				Ours: sharesOf("key to paint", pressed, share, runs[i+1]), Theirs: sharesOf("bare list", pressed, share, runs[0])})
		}
		s.add(Row{Name: name + ", idle / bare list", Goal: atMost(1.5), Ours: pick("processor", "%", "idle_cpu_pct", runs[i+1]), Theirs: pick("bare list", "%", "idle_cpu_pct", runs[0])})
	}
	return whileReading(s, sharesOf("bare list", pressed, 0.5, runs[0]), sharesOf("bare list", pressed, 0.95, runs[0]))
}

// whileReading opens three logs at once and opens and closes the line for a filter
// for as long as they are read. The screen changes by itself all the time, so that an
// answer is known by what only the key brings.
func whileReading(s *suite, bareP50, bareP95 *Figure) error {
	events, err := s.events(s.size)
	if err != nil {
		return err
	}
	lines, err := s.bridge(s.size)
	if err != nil {
		return err
	}
	tree, err := s.tree(s.size)
	if err != nil {
		return err
	}
	var runs []result
	for presses := 16; len(runs) < s.runs; {
		dump := filepath.Join(s.folder(), "screen")
		p := screen{what: "lazytrace open of three logs", args: []string{s.lazytrace, "open", events, lines, tree}, env: s.home, ready: anySession, dump: dump}
		for n := range presses {
			p.steps = append(p.steps, fmt.Sprintf(`key%02d:/=>%s`, n, filterLine), fmt.Sprintf(`away%02d:<esc>=>%s`, n, noFilterLine))
		}
		r, err := s.watch(p)
		if err != nil {
			return err
		}
		if still, err := matches(dump+".end", `(?m)\A[^\n]*\n sessions +.*reading`); err != nil {
			return err
		} else if still {
			runs = append(runs, r)
			continue
		}
		if presses /= 2; presses == 0 {
			s.skip("while reading, p50 / bare list", atMost(2), "all was read before a key could be pressed: a larger -size is needed")
			return nil
		}
		runs = nil
	}
	pressed := regexp.MustCompile(`^key\d\d_ms$`)
	s.add(Row{Name: "while reading, p50 / bare list", Goal: atMost(2), Ours: sharesOf("/ to its line", pressed, 0.5, runs), Theirs: bareP50})
	s.add(Row{Name: "while reading, p95 / bare list", Goal: atMost(2), Ours: sharesOf("/ to its line", pressed, 0.95, runs), Theirs: bareP95})
	return nil
}

// filterLine and noFilterLine are the last line of the first screen, with the line for
// a filter open and without it.
const (
	filterLine   = `^ enter keep  esc clear`
	noFilterLine = `^ enter open `
)

// sharesOf is the time within which a share of the keys was answered, for each run.
func sharesOf(what string, name *regexp.Regexp, share float64, runs []result) *Figure {
	var v []float64
	for _, r := range runs {
		var times []float64
		for k, ms := range r {
			if name.MatchString(k) {
				times = append(times, ms)
			}
		}
		v = append(v, at(share, times))
	}
	if share == 1 {
		return figureOf(what+", slowest", "ms", v...)
	}
	return figureOf(fmt.Sprintf("%s p%.0f", what, share*100), "ms", v...)
}

// openedTrace is the explorer in the trace of one session that fills the whole file.
func (s *suite) openedTrace(size int64) (screen, error) {
	path, err := s.oneSession(size)
	if err != nil {
		return screen{}, err
	}
	lines, err := count(path)
	if err != nil {
		return screen{}, err
	}
	return screen{
		what: "lazytrace open --session " + spelled(size), args: []string{s.lazytrace, "open", "--session", theSession[:8], path}, env: s.home,
		ready: "orchestrator", done: inTrace(lines), settle: 3 * time.Second,
	}, nil
}

// inTrace is the head of a trace whose log is read: the number of its events, and
// nothing about how far it has come.
func inTrace(events int64) string {
	return fmt.Sprintf(`\A(?![^\n]* reading )[^\n]* / %s `, digits(float64(events)))
}

func matches(path, pattern string) (bool, error) {
	text, err := readText(path)
	if err != nil {
		return false, err
	}
	return regexp.MustCompile(pattern).MatchString(text), nil
}
