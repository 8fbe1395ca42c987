package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/lazytrace/lazytrace/recorder/capture/provider/scripted"
)

// The environment of the tests with real agents.
const (
	envAgents = "LAZYTRACE_AGENTS"      // where npm has put them; see the Makefile
	envKeep   = "LAZYTRACE_AGENTS_KEEP" // a folder to leave homes, stores and ledgers in
	envOnly   = "LAZYTRACE_AGENTS_ONLY" // the beginning of AGENT/SCENARIO
)

// TestRealAgents runs the agents that people run, each in a home of its own, on
// a model that is scripted, and compares what lazytrace tells of them with what
// the model served: from the agent's own log, from its calls on the way, and
// from both together.
func TestRealAgents(t *testing.T) {
	dir := os.Getenv(envAgents)
	if dir == "" {
		t.Skipf("%s names no folder with agents; make agents installs them and runs this", envAgents)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	follows := followsTranscripts(t)
	var mu sync.Mutex
	var rows []agentRow
	for _, a := range realAgents() {
		if !slices.ContainsFunc(a.scenarios, func(s agentScenario) bool { return wanted(a.name + "/" + s.name) }) {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			program, version := a.find(t, dir)
			for _, s := range a.scenarios {
				if !wanted(a.name + "/" + s.name) {
					continue
				}
				t.Run(s.name, func(t *testing.T) {
					t.Parallel() // they mostly wait
					row := agentRow{name: a.name + " " + version + " " + s.name, got: map[string]string{}}
					for _, way := range agentWays(follows) {
						a.try(t, program, dir, s, way, row.got)
					}
					mu.Lock()
					defer mu.Unlock()
					rows = append(rows, row)
				})
			}
		})
	}
	slices.SortFunc(rows, func(a, b agentRow) int { return strings.Compare(a.name, b.name) })
	t.Log("\n" + agentTable(rows, follows))
}

// wanted reports whether a scenario is to be tried.
func wanted(name string) bool { return strings.HasPrefix(name, os.Getenv(envOnly)) }

// agentWay is a way of recording.
type agentWay struct {
	name, capture string
	readings      []string // what is read afterwards
}

// follows reports whether the agent's log is read while it is written.
func (w agentWay) follows() bool { return w.name == "transcript" || w.name == "both" }

// What can be read when a command has ended.
const (
	ownLog      = "its log"
	theStore    = "the store"
	storeAndLog = "store and log"
)

func agentWays(follows bool) []agentWay {
	ways := []agentWay{
		{"none", "none", []string{ownLog}},
		{"proxy", "none,proxy", []string{theStore, storeAndLog}},
	}
	if follows {
		ways = append(ways,
			agentWay{"transcript", "transcript", []string{theStore, storeAndLog}},
			agentWay{"both", "transcript,proxy", []string{theStore, storeAndLog}})
	}
	return ways
}

// followsTranscripts reports whether this build can follow an agent's log while
// it records.
func followsTranscripts(t *testing.T) bool {
	t.Helper()
	c := exec.CommandContext(t.Context(), "lazytrace", "run", "--db", "none", "--capture", "transcript", "--", "lazytrace", "version")
	c.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir())
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitRefused {
		t.Log("--capture transcript is not known to this build: agents' logs are read afterwards only")
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	return true
}

// realAgent is a program that people run.
type realAgent struct {
	name         string
	programs     []string // where it may lie, below the folder of npm
	env          func(home, url string) []string
	setUp        func(home, url string) map[string]string // files of its home
	args         func(run agentRun, url string) []string
	log          string                                             // its log, below its home
	silent       bool                                               // its log tells of no failure that ends a run
	nameless     bool                                               // its log names calls in its own way: not to be read with the store
	elsewhere    bool                                               // it takes the address of its provider from its settings: the proxy sees nothing
	failuresCall bool                                               // a call that was refused is a message in its log, and counts
	fold         func(scripted.Entry) (e scripted.Entry, kept bool) // what its log keeps of a call; nil for all
	scripts      scripted.Scripts
	scenarios    []agentScenario
}

// agentScenario is one thing to try.
type agentScenario struct {
	name   string
	runs   []agentRun
	failed int64 // runs that end with an error of the provider
}

// agentRun is one start of an agent.
type agentRun struct {
	script string
	resume bool // the conversation of the run before
	more   []string
	model  string
	exit   int
}

// find returns the program and its version, or skips.
func (a *realAgent) find(t *testing.T, dir string) (program, version string) {
	for _, pattern := range a.programs {
		found, err := filepath.Glob(filepath.Join(dir, "node_modules", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, program := range found {
			c := exec.CommandContext(t.Context(), program, "--version")
			c.Env = a.environment(dir, t.TempDir(), "")
			out, err := c.CombinedOutput()
			if err != nil {
				t.Skipf("%s does not run here: %v", program, err)
			}
			return program, versionIn.FindString(string(out))
		}
	}
	t.Skipf("%s is not in %s", a.name, dir)
	return "", ""
}

var versionIn = regexp.MustCompile(`\d+\.\d+\.\d+\S*`)

// environment is all that an agent finds: nothing of the caller's, and no way
// out of the machine.
func (a *realAgent) environment(dir, home, url string) []string {
	const nowhere = "http://127.0.0.1:9"
	env := []string{
		"PATH=" + filepath.Join(dir, "node_modules", ".bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + home, "USERPROFILE=" + home, "TERM=dumb", "TMPDIR=" + os.TempDir(), "XDG_DATA_HOME=" + filepath.Join(home, ".local", "share"),
		"HTTP_PROXY=" + nowhere, "HTTPS_PROXY=" + nowhere, "NO_PROXY=127.0.0.1,localhost",
	}
	if a.env != nil {
		env = append(env, a.env(home, url)...)
	}
	return env
}

// try runs a scenario in one way and compares each reading with the ledger.
func (a *realAgent) try(t *testing.T, program, dir string, s agentScenario, way agentWay, got map[string]string) {
	root := t.TempDir()
	if keep := os.Getenv(envKeep); keep != "" {
		root = filepath.Join(keep, a.name, s.name, way.name)
		if err := os.RemoveAll(root); err != nil {
			t.Fatal(err)
		}
	}
	home, project, store := filepath.Join(root, "home"), filepath.Join(root, "project"), filepath.Join(root, "store.sqlite")
	server, err := scripted.Serve(a.scripts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, d := range []string{home, project} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range a.setUp(home, server.URL) {
		path := filepath.Join(home, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	var exits int64
	commands := map[int]int{} // by the serial of an entry: which run it belongs to
	for i, run := range s.runs {
		if code := a.start(t, program, dir, run, way, root, server.URL, i); code != 0 {
			exits++
			if run.exit == 0 {
				t.Errorf("%s: it ended with %d; see %s", way.name, code, filepath.Join(root, "stderr"))
			}
		} else if run.exit != 0 {
			t.Errorf("%s: it ended with 0, want %d", way.name, run.exit)
		}
		for _, e := range server.Ledger()[len(commands):] {
			commands[e.Serial] = i
		}
	}
	ledger := server.Ledger()
	if err := scripted.Write(filepath.Join(root, "ledger.json"), ledger); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(home, filepath.FromSlash(a.log))
	for _, reading := range way.readings {
		paths := map[string][]string{ownLog: {log}, theStore: {store}, storeAndLog: {store, log}}[reading]
		name := way.name + ", " + reading
		if way.name == "proxy" && (a.elsewhere || reading == storeAndLog && a.nameless) {
			got[name] = "-"
			continue
		}
		want := a.want(ledger, s, reading, way, exits)
		have := usageFigures(t, paths...)
		switch reading {
		case theStore:
			if a.nameless && way.follows() {
				have.Asking = 0 // the log knows of runs that no header tells of
			} else if want.Asking = asking(ledger, commands); a.failuresCall && s.failed > 0 && way.name != "proxy" {
				want.Asking = max(want.Asking, 1) // the run whose only call was refused
			}
		case storeAndLog:
			have.Asking, want.Asking = 0, 0 // each call is in one of them, and nobody says in which
		}
		if a.nameless && way.name == "both" && reading == storeAndLog {
			// Its log does not say for how long something was cached.
			have.Write5m, have.Write1h = have.Write5m+have.Write1h, 0
			want.Write5m, want.Write1h = want.Write5m+want.Write1h, 0
		}
		if a.nameless && way.follows() {
			want.Asking = 0
		}
		if have == want {
			got[name] = "ok"
			continue
		}
		got[name] = "differs: " + have.less(want)
		t.Errorf("%s: %s\nhave %+v\nwant %+v", name, have.less(want), have, want)
	}
}

// start runs the agent once under the recorder and returns its exit code.
func (a *realAgent) start(t *testing.T, program, dir string, run agentRun, way agentWay, root, url string, i int) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args := []string{"run", "--db", filepath.Join(root, "store.sqlite"), "--capture", way.capture, "--", program}
	c := exec.CommandContext(ctx, "lazytrace", append(args, a.args(run, url)...)...)
	c.Dir, c.Env = filepath.Join(root, "project"), a.environment(dir, filepath.Join(root, "home"), url)
	c.Cancel, c.WaitDelay = func() error { return c.Process.Signal(syscall.SIGTERM) }, 10*time.Second
	var out, failed bytes.Buffer
	c.Stdout, c.Stderr = &out, &failed
	err := c.Run()
	for name, text := range map[string][]byte{"stdout": out.Bytes(), "stderr": failed.Bytes()} {
		if werr := os.WriteFile(filepath.Join(root, fmt.Sprintf("%s.%d", name, i+1)), text, 0o600); werr != nil {
			t.Fatal(werr)
		}
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v\n%s", c.Args, err, failed.String())
	}
	if strings.Contains(failed.String(), "lazytrace: ") {
		t.Errorf("%s: the recorder complains:\n%s", way.name, failed.String())
	}
	return c.ProcessState.ExitCode()
}

// want is what a reading of a ledger must come to. The agent's own log knows
// nothing of answers that broke off, since it asked again, nor of requests that
// were refused and made again. A run that ends with an error says so in it,
// besides the request that was refused.
func (a *realAgent) want(ledger []scripted.Entry, s agentScenario, reading string, way agentWay, exits int64) figures {
	log := reading == ownLog || way.name == "transcript" || way.name == "both" && a.elsewhere
	var whole []scripted.Entry
	for _, e := range ledger {
		kept := true
		if log {
			kept = !e.Served() || e.Fault == ""
		}
		if log && a.fold != nil && kept {
			e, kept = a.fold(e)
		}
		if kept {
			whole = append(whole, e)
		}
	}
	w := figuresOf(whole)
	if log {
		w.Errors = w.ToolErrors
	}
	if log && a.nameless && slices.ContainsFunc(whole, func(e scripted.Entry) bool { return e.Script == "child" }) {
		w.Asking++ // its headers do not tell of the agents that it starts
	}
	if log && a.failuresCall && s.failed > 0 {
		w.Calls, w.Asking = w.Calls+s.failed, max(w.Asking, 1)
	}
	if (log || way.name == "proxy" && reading == storeAndLog) && !a.silent {
		w.Errors += s.failed // where both are recorded, it is known to be the request that was refused
	}
	if reading != ownLog {
		w.Errors += exits
	}
	return w
}

// agentRow is a line of the table at the end.
type agentRow struct {
	name string
	got  map[string]string
}

func agentTable(rows []agentRow, follows bool) string {
	var columns []string
	for _, way := range agentWays(follows) {
		for _, reading := range way.readings {
			columns = append(columns, way.name+", "+reading)
		}
	}
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\t"+strings.Join(columns, "\t"))
	for _, r := range rows {
		line := []string{r.name}
		for _, c := range columns {
			line = append(line, r.got[c])
		}
		fmt.Fprintln(w, strings.Join(line, "\t"))
	}
	_ = w.Flush()
	return b.String()
}

// npmName is how npm calls the machine.
func npmName() string {
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	return strings.Replace(runtime.GOOS, "windows", "win32", 1) + "-" + arch
}
