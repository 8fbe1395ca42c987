package cmd

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Real logs: the parts add up in everything that has a time, and a question to
// a person is no work of a tool.
func TestTimesOfRealLogs(t *testing.T) {
	root := os.Getenv("LAZYTRACE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	samples := filepath.Join(root, "samples")
	if _, err := os.Stat(samples); err != nil {
		t.Skipf("no real logs here: %v", err)
	}
	type span struct{ Wall, Busy, Model, Tool, Approval, Human, Queue, Idle int64 }
	read := func(v any) (s span, ok bool) {
		m, ok := v.(map[string]any)
		n := func(key string) int64 { f, _ := m[key].(float64); return int64(f) }
		return span{n("wall_ms"), n("busy_ms"), n("model_ms"), n("tool_ms"), n("approval_ms"), n("human_ms"), n("queue_ms"), n("idle_ms")}, ok
	}
	usage := func(t *testing.T, path string) map[string]any {
		t.Helper()
		path = filepath.Join(samples, path)
		if _, err := os.Stat(path); err != nil {
			t.Skipf("not here: %v", err)
		}
		var out, errs bytes.Buffer
		env := &Env{
			Stdin: bytes.NewReader(nil), Stdout: &out, Stderr: &errs, Now: time.Now,
			Getenv: func(string) string { return "" }, Terminal: func() bool { return false },
		}
		if code := run(t.Context(), env, []string{"usage", "--times", "--json", path}); code != 0 {
			t.Fatalf("exit %d: %s", code, &errs)
		}
		var m map[string]any
		if err := json.Unmarshal(out.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, path := range []string{"claude", "codex", "gemini", "opencode", "pi", "stdout", filepath.Join("seeds", "nested.sqlite"), filepath.Join("seeds", "coding_engines.sqlite")} {
		t.Run(path, func(t *testing.T) {
			all := usage(t, path)
			if total, ok := read(all["total"].(map[string]any)["time"]); !ok || total.Wall <= 0 {
				t.Errorf("in total no time: %+v", total)
			}
			found := 0
			for _, group := range all {
				for name, one := range group.(map[string]any) {
					fields, _ := one.(map[string]any)
					for _, key := range []string{"time", "time_inclusive"} {
						s, ok := read(fields[key])
						if !ok {
							continue
						}
						found++
						if s.Busy != s.Model+s.Tool || s.Wall != s.Busy+s.Approval+s.Human+s.Queue+s.Idle {
							t.Errorf("%s of %s does not add up: %+v", key, name, s)
						}
					}
				}
			}
			if found < 3 {
				t.Errorf("only %d times", found)
			}
		})
	}
	t.Run("question", func(t *testing.T) {
		all := usage(t, filepath.Join("claude", "spotter_4d5611e5"))
		ask, _ := read(all["by_tool"].(map[string]any)["AskUserQuestion"].(map[string]any)["time"])
		if ask.Tool != 0 || ask.Human < 18*60_000 || ask.Human != ask.Wall {
			t.Errorf("a question took %+v", ask)
		}
	})
}
