package cmd

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// program is this test as the program that it tests, with a home of its own.
type program struct {
	t    *testing.T
	path string
	dir  string
	env  []string
}

func newProgram(t *testing.T) *program {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, path: filepath.Join(dir, "bin", "lazytrace"), dir: dir}
	if err := os.Mkdir(filepath.Dir(p.path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, p.path); err != nil {
		t.Fatal(err)
	}
	p.env = []string{
		"PATH=" + filepath.Dir(p.path) + string(filepath.ListSeparator) + os.Getenv("PATH"), "HOME=" + dir, "TZ=UTC",
		"XDG_DATA_HOME=" + filepath.Join(dir, "data"), "XDG_CONFIG_HOME=" + filepath.Join(dir, "config"), "XDG_RUNTIME_DIR=" + dir,
	}
	return p
}

func (p *program) command(args ...string) *exec.Cmd {
	c := exec.CommandContext(p.t.Context(), p.path, args...)
	c.Env, c.Dir = p.env, p.dir
	return c
}

// run returns what the program printed; it must succeed.
func (p *program) run(args ...string) (stdout, stderr string) {
	p.t.Helper()
	var out, err strings.Builder
	c := p.command(args...)
	c.Stdout, c.Stderr = &out, &err
	if e := c.Run(); e != nil {
		p.t.Fatalf("%v: %v\n%s", args, e, err.String())
	}
	return out.String(), err.String()
}

// session returns what sessions --json tells of the one session with an id.
func (p *program) session(id, store string) map[string]any {
	p.t.Helper()
	out, _ := p.run("sessions", "--json", store)
	for line := range strings.Lines(out) {
		var s map[string]any
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			p.t.Fatal(err)
		}
		if s["id"] == id {
			return s
		}
	}
	p.t.Fatalf("no session %s in %s", id, out)
	return nil
}

// A recorder that is killed leaves a session that readers see to be
// interrupted, without writing anything, and that the next recorder ends.
func TestAKilledRecorder(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("here a process is not told from another one of its number")
	}
	p := newProgram(t)
	store := filepath.Join(p.dir, "events.sqlite")
	recorder := p.command("run", "--db", store, "--session-id", "victim", "sh", "-c",
		`echo '{"event_type":"tool_call","tool":"bash","tool_use_id":"1","arguments":{}}'
echo '{"event_type":"tool_result","tool":"bash","tool_use_id":"1","result":""}'
echo '{"event_type":"tool_call","tool":"bash","tool_use_id":"2","arguments":{}}'
echo '{"event_type":"tool_call","tool":"read","tool_use_id":"3","arguments":{}}'
echo under way
read end`)
	stdin, err := recorder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close() // ends the shell, which outlives its recorder
	out, err := recorder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := recorder.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "under way" {
	}
	for stored := ""; !strings.Contains(stored, `"text":"under way"`); { // the argv has the words too
		// The store is made while the shell starts.
		if c := p.command("events", "--json", store); t.Context().Err() == nil {
			printed, _ := c.Output()
			stored = string(printed)
		}
	}
	if s := p.session("victim", store); s["status"] != "running" {
		t.Errorf("while it runs: %v", s["status"])
	}
	if err := recorder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	var exit *exec.ExitError
	if err := recorder.Wait(); !errors.As(err, &exit) {
		t.Fatalf("it was killed: %v", err)
	}

	// Those who only read.
	before := sums(t, store, store+"-wal")
	s := p.session("victim", store)
	reason, _ := s["failure_reason"].(string)
	if s["status"] != "interrupted" || s["closed_by"] != "interrupted" || !strings.HasSuffix(reason, ": 7 events kept, 2 open calls closed") {
		t.Errorf("status %v, closed by %v, %q", s["status"], s["closed_by"], reason)
	}
	for _, r := range s["runs"].([]any) {
		if r := r.(map[string]any); r["open"] != false || r["ended_at"] == nil {
			t.Errorf("run %v", r)
		}
	}
	for _, args := range [][]string{{"sessions", store}, {"sessions", "show", "victim", store}, {"doctor", store}, {"sessions", "--status", "interrupted", store}} {
		if printed, _ := p.run(args...); !strings.Contains(printed, "interrupted") {
			t.Errorf("%v: %s", args, printed)
		}
	}
	if printed, _ := p.run("sessions", "--status", "running", store); strings.Contains(printed, "victim") {
		t.Errorf("it runs for ever: %s", printed)
	}
	if after := sums(t, store, store+"-wal"); after != before {
		t.Error("reading changed the store")
	}

	// The next recorder, and the one after it.
	_, told := p.run("run", "--db", store, "--session-id", "next", "--console", "true")
	if !strings.Contains(told, "lazytrace: session victim was interrupted: its recorder was killed at ") || strings.Count(told, "was interrupted") != 1 {
		t.Errorf("told: %s", told)
	}
	for range 2 {
		s = p.session("victim", store)
		if s["status"] != "interrupted" || s["failure_reason"] != reason || s["outcome"] != "cancelled" {
			t.Errorf("written: %v, %v, %v", s["status"], s["failure_reason"], s["outcome"])
		}
		ended := 0
		events, _ := p.run("events", "--json", store)
		for line := range strings.Lines(events) {
			if strings.Contains(line, `"victim"`) && (strings.Contains(line, `"event_type":"session_end"`) || strings.Contains(line, `"event_type":"agent_finish"`)) {
				ended++
			}
		}
		if ended != 2 {
			t.Errorf("%d events end it, want the end of the run and of the session", ended)
		}
		if _, told := p.run("run", "--db", store, "--session-id", "later", "--console", "true"); strings.Contains(told, "was interrupted") {
			t.Errorf("told twice: %s", told)
		}
	}
	if s := p.session("next", store); s["status"] != "done" || s["closed_by"] != "exit" {
		t.Errorf("the next one: %v, %v", s["status"], s["closed_by"])
	}
}

func sums(t *testing.T, paths ...string) (all [2][sha256.Size]byte) {
	t.Helper()
	for i, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = sha256.Sum256(b)
	}
	return all
}
