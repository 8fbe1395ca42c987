package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/cmd"
)

// The pages are what the commands say now, and there is none of a command that is gone.
func TestPages(t *testing.T) {
	want := pages(cmd.Commands())
	for name, text := range want {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Errorf("%v; run go run ./docs/commands", err)
		} else if string(got) != text {
			t.Errorf("%s is not what the command says; run go run ./docs/commands", name)
		}
	}
	there, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range there {
		if _, ok := want[name]; !ok {
			t.Errorf("%s tells of a command that is not there", name)
		}
	}
}

// What packages install is there for every shell, and is the same each time.
func TestExtras(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	for _, dir := range []string{a, b} {
		if err := extras(cmd.Commands(), dir); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("diff", "-r", a, b).CombinedOutput(); err != nil && len(out) > 0 {
		t.Errorf("made twice it differs: %s", out)
	}
	for _, name := range []string{"completions/lazytrace.bash", "completions/lazytrace.zsh", "completions/lazytrace.fish", "completions/lazytrace.ps1", "man/lazytrace.1", "man/lazytrace-run.1"} {
		text, err := os.ReadFile(filepath.Join(a, name))
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(text), "lazytrace") {
			t.Errorf("%s does not name the program", name)
		}
	}
	// A shell that is here reads its own.
	if bash, err := exec.LookPath("bash"); err == nil {
		if out, err := exec.Command(bash, "-n", filepath.Join(a, "completions/lazytrace.bash")).CombinedOutput(); err != nil {
			t.Errorf("bash does not read its completions: %v: %s", err, out)
		}
	}
}
