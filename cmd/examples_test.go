package cmd

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// examples runs the programs of testdata/examples, each in a folder of its own.
type examples struct {
	t         *testing.T
	dir       string
	lazytrace string
}

func newExamples(t *testing.T) *examples {
	t.Helper()
	program, err := exec.LookPath("lazytrace") // this program, by testscript.Main
	if err != nil {
		t.Fatal(err)
	}
	return &examples{t, t.TempDir(), program}
}

// agent returns how an example is called, or skips the test and says why.
func (x *examples) agent(language string) []string {
	x.t.Helper()
	root, err := filepath.Abs(filepath.Join("..", "testdata", "examples"))
	if err != nil {
		x.t.Fatal(err)
	}
	if language != "go" && runtime.GOOS == "windows" {
		x.t.Skipf("the example in %s needs a Unix socket and a shell", language)
	}
	switch language {
	case "go":
		program := filepath.Join(x.t.TempDir(), "goagent.exe")
		execute(x.t, "", "go", "build", "-o", program, filepath.Join(root, "go"))
		return []string{program}
	case "python":
		python, err := exec.LookPath("python3")
		if err != nil {
			x.t.Skipf("python3 is not installed: %v", err)
		}
		return []string{python, filepath.Join(root, "python", "agent.py")}
	}
	return []string{"sh", filepath.Join(root, "shell", "agent.sh")}
}

// run runs a program that must succeed and say nothing on stderr, and returns
// what it printed.
func (x *examples) run(args ...string) string {
	x.t.Helper()
	ctx, cancel := context.WithTimeout(x.t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir = x.dir
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "LAZYTRACE_") {
			c.Env = append(c.Env, entry)
		}
	}
	c.Env = append(c.Env, "HOME="+x.dir, "XDG_DATA_HOME="+filepath.Join(x.dir, "data"), envNoCache+"=1") // where Go keeps what it builds is left as it is
	var complaints strings.Builder
	c.Stderr = &complaints
	out, err := c.Output()
	if err != nil {
		x.t.Fatalf("%s: %v\n%s", c, err, &complaints)
	}
	if complaints.Len() > 0 {
		x.t.Errorf("%s said:\n%s", c, &complaints)
	}
	return string(out)
}

func (x *examples) record(args ...string) {
	x.run(append([]string{x.lazytrace, "run", "--db", "s.sqlite", "--"}, args...)...)
}

// told is what lazytrace usage --json says of the store, as far as it is looked at.
type told struct {
	Total   sumTold            `json:"total"`
	Runs    map[string]runTold `json:"by_run"`
	Session map[string]struct {
		sumTold
		Inclusive sumTold `json:"inclusive"`
	} `json:"by_session"`
}

type sumTold struct {
	Calls      int         `json:"calls"`
	ToolErrors int         `json:"tool_errors"`
	Input      int         `json:"input_tokens"`
	Cost       json.Number `json:"cost_usd"`
}

type runTold struct {
	sumTold
	Agent  string `json:"agent_name"`
	Parent string `json:"parent_run_id"`
	Link   string `json:"link"`
}

func (x *examples) usage() (u told) {
	x.t.Helper()
	if err := json.Unmarshal([]byte(x.run(x.lazytrace, "usage", "--json", "s.sqlite")), &u); err != nil {
		x.t.Fatal(err)
	}
	return u
}

// Each example runs alone, recorded or not, and tells of its model calls, its
// tools, one of which fails, and its sub-agent.
func TestExamples(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]struct {
		agent, sub, cost string
		input            int
	}{
		"shell": {"shell-agent", "counter", "0.0012", 150}, "python": {"python-agent", "py-counter", "0.0024", 240},
		"go": {"go-agent", "go-counter", "0.0035", 350},
	} {
		t.Run(language, func(t *testing.T) {
			x := newExamples(t)
			args := x.agent(language)
			if language != "go" { // that prints its events instead
				if out := x.run(args...); !strings.HasPrefix(out, want.agent+": there are ") {
					t.Errorf("without a recorder: %q", out)
				}
			}
			x.record(args...)
			u := x.usage()
			if u.Total != (sumTold{2, 1, want.input, json.Number(want.cost)}) {
				t.Errorf("%+v", u.Total)
			}
			found := false
			for _, run := range u.Runs {
				if run.Agent == want.sub {
					found = true
					if run.Link != "recorded" || u.Runs[run.Parent].Agent != want.agent {
						t.Errorf("the sub-agent: %+v", run)
					}
				}
			}
			if !found {
				t.Errorf("no %s among %+v", want.sub, u.Runs)
			}
		})
	}
}

// A shell agent starts a Python agent, which starts a Go agent, each recorded by
// lazytrace run: one tree, in one store, in which everything counts once and
// whoever started something has it in its sum.
func TestRecordingsInRecordings(t *testing.T) {
	t.Parallel()
	x := newExamples(t)
	var chain []string
	for i, language := range []string{"shell", "python", "go"} {
		if i > 0 {
			chain = append(chain, x.lazytrace, "run", "--name", language, "--")
		}
		chain = append(chain, x.agent(language)...)
	}
	x.record(chain...)

	// From the outside in: the three commands, and the session of the Go program.
	levels := []struct{ agent, starter, own, all string }{
		{"sh", "", "0.0012", "0.0071"},
		{"python3", "shell-agent", "0.0024", "0.0059"},
		{"goagent.exe", "python-agent", "0", "0.0035"},
		{"go-agent", "goagent.exe", "0.0035", "0.0035"},
	}
	type session struct {
		ID      string `json:"id"`
		Parent  string `json:"parent_session_id"`
		Outcome string `json:"outcome"`
		Status  string `json:"status"`
		Agent   string `json:"agent"`
	}
	below := map[string]session{} // by parent: each has one child
	dec := json.NewDecoder(strings.NewReader(x.run(x.lazytrace, "sessions", "--json", "s.sqlite")))
	for dec.More() {
		var s session
		if err := dec.Decode(&s); err != nil {
			t.Fatal(err)
		}
		below[s.Parent] = s
	}
	u := x.usage()
	starters := x.starters()
	if len(below) != len(levels) || len(u.Session) != len(levels) || u.Total != (sumTold{6, 3, 740, "0.0071"}) {
		t.Fatalf("sessions %+v\ntotal %+v", below, u.Total)
	}
	parent := ""
	for _, want := range levels {
		s := below[parent]
		sum := u.Session[s.ID]
		if s.Agent != want.agent && !strings.HasPrefix(s.Agent, want.agent) || s.Outcome != "success" || s.Status != "done" {
			t.Errorf("below %q: %+v, want %s", parent, s, want.agent)
		}
		if string(sum.Cost) != want.own || string(sum.Inclusive.Cost) != want.all {
			t.Errorf("%s: $%s, with children $%s; want $%s, $%s", want.agent, sum.Cost, sum.Inclusive.Cost, want.own, want.all)
		}
		if by := u.Runs[starters[s.ID]].Agent; by != want.starter {
			t.Errorf("%s was started by %q, want %q", want.agent, by, want.starter)
		}
		parent = s.ID
	}
}

// starters returns the run that each session was started by.
func (x *examples) starters() map[string]string {
	x.t.Helper()
	m := map[string]string{}
	dec := json.NewDecoder(strings.NewReader(x.run(x.lazytrace, "events", "--json", "--type", "session_start", "s.sqlite")))
	for dec.More() {
		var e struct {
			Session string `json:"session_id"`
			Run     string `json:"parent_run_id"`
		}
		if err := dec.Decode(&e); err != nil {
			x.t.Fatal(err)
		}
		m[e.Session] = e.Run
	}
	return m
}
