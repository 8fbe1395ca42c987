package cmd

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/rollup/health"
)

// doctor runs the command in a world with an empty home.
func doctor(t *testing.T, wantCode int, args ...string) health.Report {
	t.Helper()
	home := t.TempDir()
	var out bytes.Buffer
	env := &Env{Stdin: &bytes.Buffer{}, Stdout: &out, Stderr: &out, Now: func() time.Time { return time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC) }, Terminal: func() bool { return false }}
	env.Getenv = func(key string) string {
		if key == "HOME" {
			return home
		}
		return ""
	}
	if code := run(t.Context(), env, append([]string{"doctor", "--json"}, args...)); code != wantCode {
		t.Errorf("exit code %d, want %d: %s", code, wantCode, out.String())
	}
	var r health.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	return r
}

// What writers wrote that were at hand is no news.
func TestDoctorOfRealLogs(t *testing.T) {
	root := os.Getenv("LAZYTRACE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	var paths []string
	for _, dir := range []string{"claude", "codex", "gemini", "pi", "opencode", "stdout"} {
		if path := filepath.Join(root, "samples", dir); exists(path) {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		t.Skip("no real logs here")
	}
	r := doctor(t, exitFine, paths...)
	for _, n := range r.Drift {
		t.Errorf("%+v", n)
	}
	for _, f := range r.Read {
		if f.Format == "claude" && !slices.Equal(f.Versions, []string{"2.1.38", "2.1.328"}) {
			t.Errorf("%+v", f)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestDoctorTellsNews(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	text := `{"type":"session.start","data":{"sessionId":"s"},"id":"1","parentId":null,"timestamp":"2026-11-20T09:00:00Z"}
{"type":"tool.levitate","data":{},"id":"2","parentId":"1","timestamp":"2026-11-20T09:00:01Z","mood":"good"}
{"type":"tool.levitate","data":{},"id":"3","parentId":"2","timestamp":"2026-11-20T09:00:02Z"}
{broken
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := doctor(t, exitFine, path)
	want := []health.Drift{
		{Format: "copilot", What: "kind", Name: "tool.levitate", Count: 2, Path: path, Pos: 110},
		{Format: "copilot", What: "field", Name: "mood", Count: 1, Path: path, Pos: 110},
	}
	if !slices.Equal(r.Drift, want) {
		t.Errorf("%+v, want %+v", r.Drift, want)
	}
	if len(r.Faults) != 1 || r.Faults[0].Path != path || len(r.Read) != 1 || r.Read[0].Unread != 1 {
		t.Errorf("%+v %+v", r.Faults, r.Read)
	}
	if r.Prices.Days < 300 || len(r.Advice) != 3 {
		t.Errorf("%+v %q", r.Prices, r.Advice)
	}
}
