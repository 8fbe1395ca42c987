package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// firstRows tells how long it takes until the first rows of a log are on the screen.
func firstRows(s *suite) error {
	big, err := s.opened(s.size)
	if err != nil {
		return err
	}
	small, err := s.opened(s.size / 100)
	if err != nil {
		return err
	}
	programs := []screen{big, small}
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
	ours := pick(big.what, "ms", "ready_ms", runs[0])
	if haveLnav {
		s.add(Row{Name: "large file / lnav", Goal: atMost(1. / 40), Ours: ours, Theirs: pick(lnav.what, "ms", "ready_ms", runs[2])})
	} else {
		s.skip("large file / lnav", atMost(1./40), "lnav is not here")
	}
	s.add(Row{Name: "large file / small file", Goal: atMost(1.3), Ours: ours, Theirs: pick(small.what, "ms", "ready_ms", runs[1])})
	return nil
}

// opened is the explorer with a log of events, until all of it is loaded.
func (s *suite) opened(size int64) (screen, error) {
	path, err := s.events(size)
	if err != nil {
		return screen{}, err
	}
	total, err := s.totals(path)
	if err != nil {
		return screen{}, err
	}
	dump := filepath.Join(s.folder(), "screen")
	return screen{
		what: "lazytrace open " + spelled(size), args: []string{s.lazytrace, "open", path}, env: s.home,
		ready: aSession, done: loaded(total.Sessions), settle: 3 * time.Second, dump: dump, check: func() error { return settled(dump) },
	}, nil
}

// aSession is a row of the sessions: its state and its agent. loaded is the head of
// the first screen once all is read: so many sessions, and the views where it said
// how much of it was read.
const aSession = `^.{1,6}[✓●✗◌].{1,6}orchestrator`

// anySession is the same, whoever its agent is: of several logs nobody knows which of
// them has the newest sessions so far.
const anySession = `^.{1,6}[✓●✗◌] +\S`

func loaded(sessions int64) string {
	return fmt.Sprintf(`(?s)\A[^\n]* %s sessions\n sessions +all `, digits(float64(sessions)))
}

// spelled is a size as it is given.
func spelled(size int64) string {
	for _, u := range []struct {
		of   int64
		name string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if size >= u.of {
			return digits(float64(size)/float64(u.of)) + " " + u.name
		}
	}
	return fmt.Sprint(size, " B")
}

// sums is what lazytrace usage adds up.
type sums struct {
	Sessions   int64   `json:"sessions"`
	Calls      int64   `json:"calls"`
	Tools      int64   `json:"tool_calls"`
	Input      int64   `json:"input_tokens"`
	Output     int64   `json:"output_tokens"`
	CacheRead  int64   `json:"cache_read_tokens"`
	CacheWrite int64   `json:"cache_write_5m_tokens"`
	CacheHour  int64   `json:"cache_write_1h_tokens"`
	Cost       float64 `json:"cost_usd"`
}

func sumsOf(text []byte) (sums, error) {
	var out struct {
		Total *sums `json:"total"`
	}
	if err := json.Unmarshal(text, &out); err != nil || out.Total == nil {
		return sums{}, fmt.Errorf("usage --json told no total: %v", err)
	}
	return *out.Total, nil
}

func (s *suite) totals(path string) (sums, error) {
	c := exec.Command(s.lazytrace, "usage", "--json", "--by", "total", path)
	c.Env = s.home()
	text, err := c.Output()
	if err != nil {
		return sums{}, fmt.Errorf("lazytrace usage %s: %w", path, err)
	}
	return sumsOf(text)
}

// lnavHome is a home of lnav's with the description of the format: made once, since
// lnav unpacks what it brings along into a home that is new.
func (s *suite) lnavHome() (env func() []string, config string, err error) {
	dir := filepath.Join(s.cache, "lnav")
	config = filepath.Join(dir, "formats-of-the-test-material")
	to := filepath.Join(config, "formats", "agent")
	if err := os.MkdirAll(to, 0o755); err != nil {
		return nil, "", err
	}
	if err := copied(filepath.Join(s.shared, "harness", "lnav", "formats", "agent", "agent.json"), filepath.Join(to, "agent.json")); err != nil {
		return nil, "", err
	}
	return func() []string { return homeAt(dir) }, config, nil
}

// lnavOpened is lnav with the same log, and true when it is here and understands it.
func (s *suite) lnavOpened(size int64) (screen, bool, error) {
	path, err := s.events(size)
	if err != nil {
		return screen{}, false, err
	}
	lnav, ok := s.program("lnav")
	if !ok {
		return screen{}, false, nil
	}
	env, config, err := s.lnavHome()
	if err != nil {
		return screen{}, false, err
	}
	if err := s.lnavUnderstands(lnav, env, config); err != nil {
		return screen{}, false, err
	}
	return screen{
		what: "lnav " + spelled(size), args: []string{lnav, "-I", config, path}, env: env,
		ready: lnavRow, settle: 3 * time.Second,
	}, true, nil
}

// lnavRow is an event as the description of the format has lnav write it.
const lnavRow = `^.?\d{4}-\d\d-\d\dT[0-9:.]+ [a-z]+_[a-z]+ [a-z-]+ `

// lnavUnderstands looks whether lnav counts as many events in a small log as it has
// lines: without the format it would show the text and be much faster.
func (s *suite) lnavUnderstands(lnav string, env func() []string, config string) error {
	path, err := s.events(1e6)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	c := exec.Command(lnav, "-I", config, "-n", "-c", ";select count(*) as n from agent_ev", "-c", ":write-csv-to -", path)
	c.Env = env()
	out, err := c.Output()
	if err != nil {
		return fmt.Errorf("lnav: %w", err)
	}
	if want := fmt.Sprint(bytes.Count(text, []byte("\n"))); !strings.Contains(string(out), want) {
		return fmt.Errorf("lnav does not count the %s events of %s but says %s", want, filepath.Base(path), lastLine(out))
	}
	return nil
}
