package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// suite is what all groups measure with, and where their rows go.
type suite struct {
	root, shared string
	cache        string // what stays: logs, programs
	temp         string // what goes
	lazytrace    string
	npm          string
	size         int64
	runs         int
	seconds      int
	group        string
	seen         map[string][]result // what was measured of a screen, by its name
	report       report
}

func newSuite() *suite {
	return &suite{seen: map[string][]result{}, report: report{Peers: map[string]string{}, Missing: []string{}, Rows: []*Row{}}}
}

// prepare finds the material, makes the folders and builds what is to be measured.
func (s *suite) prepare(shared, size string) (err error) {
	if s.root, err = root(); err != nil {
		return err
	}
	if s.shared = shared; shared == "" {
		s.shared = filepath.Join(filepath.Dir(s.root), "shared")
	}
	if _, err := os.Stat(filepath.Join(s.shared, "harness", "tuibench.py")); err != nil {
		return errNoMaterial
	}
	if s.size, err = bytesOf(size); err != nil {
		return err
	}
	if s.runs < 1 {
		return fmt.Errorf("-runs %d: at least once", s.runs)
	}
	home, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	s.cache = filepath.Join(home, "lazytrace-compare")
	if err := os.MkdirAll(filepath.Join(s.cache, "bin"), 0o755); err != nil {
		return err
	}
	if s.temp, err = os.MkdirTemp(s.cache, "run-"); err != nil {
		return err
	}
	if s.lazytrace == "" {
		s.lazytrace = filepath.Join(s.cache, "bin", "lazytrace")
		if err := s.build(s.root, s.lazytrace, "."); err != nil {
			return err
		}
	} else if s.lazytrace, err = filepath.Abs(s.lazytrace); err != nil {
		return err
	}
	s.report.Size, s.report.Runs = size, s.runs
	s.report.Machine = fmt.Sprintf("%d processors, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	return nil
}

func (s *suite) build(dir, out, what string) error {
	c := exec.Command("go", "build", "-trimpath", "-o", out, what)
	c.Dir = dir
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if text, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s cannot be built: %s", what, firstLine(text))
	}
	return nil
}

// add judges a row and keeps it.
func (s *suite) add(r Row) {
	r.Group = s.group
	r.judge()
	s.report.Rows = append(s.report.Rows, &r)
	s.say(strings.Join(strings.Fields(strings.Join(r.cells(), " ")), " "))
}

// skip keeps a row that could not be measured, with the reason.
func (s *suite) skip(name string, goal *Goal, format string, args ...any) {
	s.add(Row{Name: name, Goal: goal, Skipped: fmt.Sprintf(format, args...)})
}

// say tells on stderr how far it has come; the table comes at the end.
func (s *suite) say(what string) {
	fmt.Fprintf(os.Stderr, "%s %s %s\n", time.Now().Format("15:04:05"), s.group, what)
}

// folder is an empty one for a measurement of its own.
func (s *suite) folder() string {
	dir, err := os.MkdirTemp(s.temp, "at-")
	if err != nil {
		return filepath.Join(s.temp, "unmade") // whoever writes there is told
	}
	return dir
}

// home is an environment in which lazytrace finds nothing of this machine's and nothing
// of an earlier measurement.
func (s *suite) home() []string { return homeAt(s.folder()) }

func homeAt(dir string) []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if name == "HOME" || strings.HasPrefix(name, "XDG_") || strings.HasPrefix(name, "LAZYTRACE_") || strings.HasSuffix(name, "_BASE_URL") {
			continue
		}
		env = append(env, v)
	}
	for name, sub := range map[string]string{"HOME": "", "XDG_CACHE_HOME": "cache", "XDG_CONFIG_HOME": "config", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state"} {
		env = append(env, name+"="+filepath.Join(dir, sub))
	}
	return env
}

// patience is how long one run of a command may take.
const patience = 15 * time.Minute

// contender is a command that runs against others.
type contender struct {
	what  string
	args  []string
	env   func() []string // nil: that of the program
	ready func() error    // what must be so before each run
	check func(out []byte) error
}

// race runs the commands in turns, so that all of them see the machine as it is at
// the time, and returns the milliseconds of each.
func (s *suite) race(runs int, warm bool, contenders ...contender) ([]*Figure, error) {
	figures := make([]*Figure, len(contenders))
	times := make([][]float64, len(contenders))
	first := 0
	if warm {
		first = -1
	}
	for run := first; run < runs; run++ {
		for i, c := range contenders {
			took, err := c.run()
			if err != nil {
				return nil, err
			}
			if run >= 0 {
				times[i] = append(times[i], took)
			}
		}
	}
	for i, c := range contenders {
		figures[i] = figureOf(c.what, "ms", times[i]...)
	}
	return figures, nil
}

func (c contender) run() (float64, error) {
	if c.ready != nil {
		if err := c.ready(); err != nil {
			return 0, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	if c.env != nil {
		cmd.Env = c.env()
	}
	var out, said strings.Builder
	cmd.Stderr = &limited{&said, 4096}
	if c.check != nil {
		cmd.Stdout = &out
	}
	began := time.Now()
	err := cmd.Run()
	took := float64(time.Since(began).Nanoseconds()) / 1e6
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %s", c.what, err, firstLine([]byte(said.String())))
	}
	if c.check != nil {
		if err := c.check([]byte(out.String())); err != nil {
			return 0, fmt.Errorf("%s: %w", c.what, err)
		}
	}
	return took, nil
}

// limited takes everything and keeps its beginning.
type limited struct {
	to   *strings.Builder
	room int
}

func (l *limited) Write(p []byte) (int, error) {
	keep := min(l.room, len(p))
	l.room -= keep
	if _, err := l.to.Write(p[:keep]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// cold drops a file from the page cache, and only this file: others measure here too.
func cold(path string) func() error {
	return func() error {
		if out, err := exec.Command("dd", "if="+path, "iflag=nocache", "count=0").CombinedOutput(); err != nil {
			return fmt.Errorf("the page cache cannot be told to drop a file: %s", firstLine(out))
		}
		return nil
	}
}

// member is a text of a JSON object, empty where there is none.
func member(object []byte, name string) string {
	var m map[string]any
	if json.Unmarshal(object, &m) != nil {
		return ""
	}
	text, _ := m[name].(string)
	return text
}

// copied copies the beginning of a file, or all of it.
func copied(from, to string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		_ = w.Close()
		return err
	}
	return w.Close()
}
