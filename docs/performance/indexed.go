package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed duckdb.cjs
var duckdbScript []byte

// indexed tells how long it takes until all of a file is read, added up and ready for
// questions.
func indexed(s *suite) error {
	path, err := s.events(s.size)
	if err != nil {
		return err
	}
	lines, err := count(path)
	if err != nil {
		return err
	}
	total, err := s.totals(path)
	if err != nil {
		return err
	}
	race := []contender{
		{what: "usage", args: []string{s.lazytrace, "usage", "--json", "--by", "total,agent,model", path}, env: s.home, check: func(out []byte) error {
			have, err := sumsOf(out)
			if err == nil && have != total {
				err = fmt.Errorf("the totals differ from run to run: %+v, %+v", have, total)
			}
			return err
		}},
		{what: "stat", args: []string{s.lazytrace, "stat", "--json", path}, env: s.home, check: func(out []byte) error { return eventsIn(out, lines) }},
		{what: "wc -l", args: []string{"wc", "-l", path}, check: counted(lines)},
	}
	byName := map[string]*Figure{}
	if lnav, ok := s.program("lnav"); ok {
		env, config, err := s.lnavHome()
		if err != nil {
			return err
		}
		if err := s.lnavUnderstands(lnav, env, config); err != nil {
			return err
		}
		race = append(race, contender{what: "lnav -n", args: []string{lnav, "-I", config, "-n", "-q", "-c", ":goto 0", path}, env: env})
	}
	if node, dir, ok := s.packaged("@duckdb/node-api"); ok {
		script := filepath.Join(s.folder(), "duckdb.cjs")
		if err := os.WriteFile(script, duckdbScript, 0o600); err != nil {
			return err
		}
		env := func() []string { return append(os.Environ(), "NODE_PATH="+filepath.Dir(filepath.Dir(dir))) }
		race = append(race, contender{what: "DuckDB read_json", args: []string{node, script, path}, env: env, check: func(out []byte) error {
			n, cost, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
			usd, err := strconv.ParseFloat(cost, 64)
			if err != nil || n != strconv.FormatInt(lines, 10) || math.Abs(usd-total.Cost) > 0.01 {
				return fmt.Errorf("%s events, %s USD; there are %d, and lazytrace adds up %.4f", n, cost, lines, total.Cost)
			}
			return nil
		}})
	}
	f, err := s.race(s.runs, true, race...)
	if err != nil {
		return err
	}
	for i, c := range race {
		byName[c.what] = f[i]
	}
	for _, name := range []string{"usage", "stat"} {
		s.beside(name, byName[name], "wc -l", byName["wc -l"], atMost(4))
		s.beside(name, byName[name], "lnav -n", byName["lnav -n"], atMost(1./8))
		s.beside(name, byName[name], "DuckDB read_json", byName["DuckDB read_json"], atMost(0.6))
	}

	f, err = s.race(s.runs, false,
		contender{what: "usage, cold", args: []string{s.lazytrace, "usage", path}, env: s.home, ready: cold(path)},
		contender{what: "wc -l, cold", args: []string{"wc", "-l", path}, ready: cold(path)})
	if err != nil {
		s.skip("usage, cold / wc -l, cold", atMost(1.6), "%v", err)
	} else {
		s.beside("usage, cold", f[0], "wc -l, cold", f[1], atMost(1.6))
	}
	if err := warm(path); err != nil {
		return err
	}

	open, err := s.opened(s.size)
	if err != nil {
		return err
	}
	runs, err := s.watchAll(open)
	if err != nil {
		return err
	}
	ours := pick(open.what+", loaded", "ms", "done_ms", runs[0])
	s.beside("on the screen", ours, "wc -l", byName["wc -l"], nil)
	if lnav, ok, err := s.lnavOpened(s.size); err != nil {
		return err
	} else if ok {
		runs, err := s.watchAll(lnav)
		if err != nil {
			return err
		}
		s.beside("on the screen", ours, "lnav", pick(lnav.what+", loaded", "ms", "ready_ms", runs[0]), nil)
	}
	return nil
}

// beside adds a row of two figures, or says that the peer is not here.
func (s *suite) beside(name string, ours *Figure, peer string, theirs *Figure, goal *Goal) {
	if theirs == nil {
		s.skip(name+" / "+peer, goal, "%s is not here", strings.Fields(peer)[0])
		return
	}
	s.add(Row{Name: name + " / " + peer, Goal: goal, Ours: ours, Theirs: theirs})
}

// settled looks at the screens that tuibench left: the sums of the one that counts as
// loaded are those of the one that nothing came to any more.
func settled(dump string) error {
	done, err := os.ReadFile(dump + ".done")
	if err != nil {
		return err
	}
	end, err := os.ReadFile(dump + ".end")
	if err != nil {
		return err
	}
	a, b := bytes.SplitN(done, []byte("\n"), 4), bytes.SplitN(end, []byte("\n"), 4)
	if len(a) < 4 || len(b) < 4 || !bytes.Equal(a[2], b[2]) {
		return fmt.Errorf("the screen was not loaded when it was taken for it: %q, later %q", a[min(2, len(a)-1)], b[min(2, len(b)-1)])
	}
	return nil
}

// count is the number of lines of a file, as wc tells it.
func count(path string) (int64, error) {
	out, err := exec.Command("wc", "-l", path).Output()
	if err != nil {
		return 0, err
	}
	n, _, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	return strconv.ParseInt(n, 10, 64)
}

func counted(lines int64) func([]byte) error {
	return func(out []byte) error {
		if n, _, _ := strings.Cut(strings.TrimSpace(string(out)), " "); n != strconv.FormatInt(lines, 10) {
			return fmt.Errorf("%s lines, there are %d", n, lines)
		}
		return nil
	}
}

// eventsIn looks whether lazytrace stat --json found as many events as there are.
func eventsIn(out []byte, want int64) error {
	var told struct {
		Rows int64 `json:"rows"`
	}
	if err := json.Unmarshal(out, &told); err != nil {
		return err
	}
	if told.Rows != want {
		return fmt.Errorf("%d events, there are %d", told.Rows, want)
	}
	return nil
}

// warm reads a file, so that the page cache has it.
func warm(path string) error {
	return exec.Command("wc", "-l", path).Run()
}
