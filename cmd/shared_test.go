package cmd

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// What independent programs say about the program as it is built: counts of
// real logs, a hundred hostile inputs, and a corpus of secrets. They lie in a
// folder beside the project, or where LAZYTRACE_SHARED says.
func TestAcceptance(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes its time")
	}
	root := os.Getenv("LAZYTRACE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no real logs here: %v", err)
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip(err)
	}
	program := filepath.Join(t.TempDir(), "lazytrace")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	execute(t, "", "go", "build", "-o", program, "..")
	script := func(t *testing.T, parts ...string) string {
		path := filepath.Join(append([]string{root}, parts...)...)
		if _, err := os.Stat(path); err != nil {
			t.Skipf("not here: %v", err)
		}
		return path
	}

	t.Run("usage", func(t *testing.T) {
		check := script(t, "samples", "check_usage.py")
		for _, format := range []string{"claude/", "codex/", "gemini/", "pi/", "opencode/"} {
			t.Log(execute(t, "", python, check, "--bin", program, "--only", format))
		}
	})
	t.Run("hostile", func(t *testing.T) {
		generate, check := script(t, "corpora", "hostile", "gen_hostile.py"), script(t, "corpora", "hostile", "check_hostile.py")
		dir := t.TempDir()
		execute(t, "", python, generate, dir)
		t.Log(lastLine(execute(t, "", python, check, dir, "--cmd", program+" stat --json {path}")))
	})
	t.Run("secrets", func(t *testing.T) {
		generate, score := script(t, "corpora", "secrets", "gen_secrets.py"), script(t, "corpora", "secrets", "eval_redact.py")
		corpus := filepath.Join(t.TempDir(), "corpus.jsonl")
		execute(t, corpus, python, generate, "--seed", "42")
		t.Log(execute(t, "", python, score, corpus, "--cmd", program+" redact --jsonl", "--gate", "recall=0.99,fp=0.005,stream=0.98"))
	})
}

// execute runs a program that must succeed and returns what it printed, or
// puts it into a file.
func execute(t *testing.T, into, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir())
	if name == "go" {
		c.Env = os.Environ() // it needs its caches
	}
	if into != "" {
		f, err := os.Create(into)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		c.Stdout, c.Stderr = f, os.Stderr
		if err := c.Run(); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		return ""
	}
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", c, err, out)
	}
	return string(out)
}

func lastLine(text string) string {
	end := len(text)
	for end > 0 && text[end-1] == '\n' {
		end--
	}
	start := end
	for start > 0 && text[start-1] != '\n' {
		start--
	}
	return text[start:end]
}
