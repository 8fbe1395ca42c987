package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// The environment by which the demo tells its agents what they need.
const (
	EnvModel   = "LAZYTRACE_DEMO_MODEL"   // the URL of the model
	EnvProject = "LAZYTRACE_DEMO_PROJECT" // the folder to work in
	EnvPace    = "LAZYTRACE_DEMO_PACE"
)

// Agent is one of the demo's agents. Sub-agents run within the same process,
// but the reviewer, which is a program of its own under a recorder of its own.
type Agent struct {
	Recorder *Emitter
	Model    string
	Project  string
	Pace     float64
	Self     string // the program to start the reviewer with
}

// task is what one agent was given, and by whom.
type task struct {
	agent, text, run, parentRun, parentCall string
}

// Run works until the model has nothing more to do.
func (a *Agent) Run(ctx context.Context, agent, goal string) error {
	_, err := a.work(ctx, task{agent: agent, text: goal, run: newRun(agent), parentRun: os.Getenv("LAZYTRACE_PARENT_RUN")})
	return err
}

func newRun(agent string) string { return fmt.Sprintf("%s-%d", agent, time.Now().UnixNano()) }

// work is the loop of every agent: ask the model, do what it calls for, until
// it calls for nothing.
func (a *Agent) work(ctx context.Context, t task) (string, error) {
	emit := func(kind string, payload map[string]any) { a.Recorder.Emit(t.run, t.agent, kind, payload) }
	start := map[string]any{"task": t.text}
	if t.parentRun != "" {
		start["parent_run_id"], start["call_id"] = t.parentRun, t.parentCall
	}
	emit("agent_start", start)
	for turn := 0; ; turn++ {
		emit("loop_step", map[string]any{"turn": turn})
		said, err := a.ask(ctx, t, turn, emit)
		if err != nil {
			emit("agent_finish", map[string]any{"error": err.Error()})
			return "", err
		}
		if len(said.Calls) == 0 {
			emit("agent_finish", map[string]any{"payload": said.Text})
			return said.Text, nil
		}
		var calls sync.WaitGroup
		for i, c := range said.Calls {
			calls.Go(func() { a.do(ctx, t, c, fmt.Sprintf("call_%d_%d", turn, i), emit) })
		}
		calls.Wait()
	}
}

// ask asks the model, again when it is overloaded.
func (a *Agent) ask(ctx context.Context, t task, turn int, emit func(string, map[string]any)) (answer, error) {
	body, _ := json.Marshal(request{t.agent, turn})
	id := fmt.Sprintf("msg_%s_%d", t.run, turn)
	emit("model_request", map[string]any{"provider": "scripted", "model": modelOf(t.agent), "turn": turn, "call_id": id})
	for attempt := 1; ; attempt++ {
		said, status, err := a.post(ctx, body)
		if err != nil {
			return said, err
		}
		if status == 529 && attempt < 3 {
			emit("retry", map[string]any{"error": "529 Overloaded", "attempt": attempt, "turn": turn})
			a.pause(ctx, 700*time.Millisecond)
			continue
		}
		if status != http.StatusOK {
			return said, fmt.Errorf("the model answered %d", status)
		}
		emit("model_response", map[string]any{
			"provider": "scripted", "model": modelOf(t.agent), "content": said.Text, "call_id": id, "response_id": id,
			"input_tokens": said.Usage.Input, "output_tokens": said.Usage.Output, "cache_read_tokens": said.Usage.CacheRead, "cost_usd": said.Usage.Cost,
		})
		return said, nil
	}
}

func (a *Agent) post(ctx context.Context, body []byte) (said answer, status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Model, bytes.NewReader(body))
	if err != nil {
		return said, 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return said, 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode == http.StatusOK {
		err = json.Unmarshal(text, &said)
	}
	return said, resp.StatusCode, err
}

func (a *Agent) pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(float64(d) * a.Pace)):
	}
}

// do makes one call and tells how it went.
func (a *Agent) do(ctx context.Context, t task, c call, id string, emit func(string, map[string]any)) {
	emit("tool_call", map[string]any{"tool": c.Tool, "tool_use_id": id, "arguments": c.Input})
	result, err := a.tool(ctx, t, c, id)
	a.pause(ctx, 400*time.Millisecond)
	if err != nil {
		emit("tool_error", map[string]any{"tool": c.Tool, "tool_use_id": id, "error": strings.TrimSpace(err.Error() + "\n" + result)})
		return
	}
	emit("tool_result", map[string]any{"tool": c.Tool, "tool_use_id": id, "result": result})
}

// tool does the real work.
func (a *Agent) tool(ctx context.Context, t task, c call, id string) (string, error) {
	path := filepath.Join(a.Project, filepath.Base(c.Input["path"]))
	switch c.Tool {
	case "run_tests":
		cmd := exec.CommandContext(ctx, "sh", "test.sh")
		cmd.Dir = a.Project
		out, err := cmd.CombinedOutput()
		a.pause(ctx, 900*time.Millisecond)
		return string(out), err
	case "list_files":
		entries, err := os.ReadDir(a.Project)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return strings.Join(names, "\n"), err
	case "read_file":
		text, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("%s: no such file", filepath.Base(path))
		}
		return string(text), nil
	case "search":
		return a.search(c.Input["text"])
	case "edit_file":
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		changed := strings.ReplaceAll(string(text), c.Input["old"], c.Input["new"])
		return "1 file changed", os.WriteFile(path, []byte(changed), 0o600)
	case "explore":
		return a.work(ctx, task{agent: "explore", text: c.Input["task"], run: newRun("explore"), parentRun: t.run, parentCall: id})
	case "review":
		return a.review(ctx, t, c.Input["task"])
	}
	return "", fmt.Errorf("there is no tool %q", c.Tool)
}

func (a *Agent) search(text string) (string, error) {
	files, err := filepath.Glob(filepath.Join(a.Project, "*.sh"))
	var hits []string
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		for i, line := range strings.Split(string(body), "\n") {
			if strings.Contains(line, text) {
				hits = append(hits, fmt.Sprintf("%s:%d: %s", filepath.Base(f), i+1, line))
			}
		}
	}
	return strings.Join(hits, "\n"), err
}

// review starts the reviewer as a program of its own, recorded as a child
// session.
func (a *Agent) review(ctx context.Context, t task, goal string) (string, error) {
	cmd := exec.CommandContext(ctx, a.Self, "run", "--name", "review cart.sh", "--goal", goal, "--agent", "reviewer", "--capture", "none", "--", a.Self, "demo-agent", "review", goal)
	cmd.Env = append(os.Environ(), "LAZYTRACE_PARENT_RUN="+t.run)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
