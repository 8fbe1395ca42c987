package origin

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGitBranch(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	work, sub := filepath.Join(root, "work"), filepath.Join(root, "repo", "a", "b")
	for _, dir := range []string{work, sub, filepath.Join(root, "repo", ".git", "worktrees", "w")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for path, text := range map[string]string{
		"repo/.git/HEAD": "ref: refs/heads/main\n", "repo/.git/worktrees/w/HEAD": "ref: refs/heads/feature/x\n",
		"work/.git": "gitdir: ../repo/.git/worktrees/w\n",
	} {
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]string{sub: "main", work: "feature/x", root: ""} {
		if got := gitBranch(dir); got != want {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
	}
}

func TestAbove(t *testing.T) {
	t.Parallel()
	env := map[string]string{EnvSession: "outer", EnvRun: "outer-run"}
	for name, c := range map[string]struct {
		parent       string
		detached     bool
		session, run string
	}{
		"child": {"", false, "outer", "outer-run"}, "detached": {"", true, "", ""}, "other": {"other", false, "other", ""},
		"same": {"outer", false, "outer", "outer-run"}, "other, detached": {"other", true, "other", ""},
	} {
		session, run, _ := Above(func(name string) string { return env[name] }, c.parent, c.detached)
		if session != c.session || run != c.run {
			t.Errorf("%s: %q, %q", name, session, run)
		}
	}
	if session, run, root := Above(func(string) string { return "" }, "", false); session+run+root != "" {
		t.Errorf("nothing around: %q, %q", session, run)
	}
}

func TestCheckMetrics(t *testing.T) {
	t.Parallel()
	ten := map[string]float64{"score": 1, "goal_completed": 0}
	for _, name := range strings.Split("abcdefghij", "") {
		ten[name] = -5
	}
	if err := CheckMetrics(ten); err != nil {
		t.Error(err)
	}
	for want, m := range map[string]map[string]float64{
		"score=1.5: it goes from 0 to 1":           {"score": 1.5},
		"goal_completed=-1: it goes from 0 to 1":   {"goal_completed": -1, "z": 1},
		"a=NaN: a number is expected":              {"a": math.NaN()},
		"a=+Inf: a number is expected":             {"a": math.Inf(1)},
		"a metric needs a name":                    {"": 1},
		"11 metrics, 10 are allowed besides score": {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1, "g": 1, "h": 1, "i": 1, "j": 1, "k": 1},
	} {
		if err := CheckMetrics(m); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestUnsafeSessionsSaySo(t *testing.T) {
	t.Parallel()
	s := Session{Name: "n", Unsafe: true}
	if text := string(s.Payload().JSON()); !strings.Contains(text, `"unsafe_payloads":true`) || !strings.Contains(text, "without redaction") {
		t.Error(text)
	}
	s.Unsafe = false
	if text := string(s.Payload().JSON()); strings.Contains(text, "unsafe") {
		t.Error(text)
	}
}
