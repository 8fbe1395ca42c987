package cmd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// terminal is the explorer in a real terminal, as a person sees it.
type terminal struct {
	*testing.T
	socket string
}

// openTerminal starts the program in a terminal of tmux.
func openTerminal(t *testing.T, columns, rows int, args ...string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skip("tmux is not here: no terminal to look at")
	}
	program, err := exec.LookPath("lazytrace") // the scripts' own
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	term := &terminal{t, filepath.Join(dir, "tmux")}
	command := fmt.Sprintf("env HOME=%s XDG_DATA_HOME=%s/data XDG_CONFIG_HOME=%s/config XDG_CACHE_HOME=%s/cache TERM=tmux-256color %s %s", dir, dir, dir, dir, program, strings.Join(args, " "))
	term.tmux("-f", os.DevNull, "new-session", "-d", "-x", fmt.Sprint(columns), "-y", fmt.Sprint(rows), command)
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", term.socket, "kill-server").Run() })
	return term
}

func (t *terminal) tmux(args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "tmux", append([]string{"-S", t.socket}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("tmux %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// sees waits until a text is on the screen. Nothing depends on how long that
// takes, unless it never comes.
func (t *terminal) sees(texts ...string) {
	t.Helper()
	screen := ""
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		screen = t.tmux("capture-pane", "-p")
		missing := ""
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				missing = text
			}
		}
		if missing == "" {
			return
		}
	}
	t.Fatalf("never seen: %q; the screen is\n%s", texts, screen)
}

// keys presses keys and returns how many they were.
func (t *terminal) keys(names ...string) int {
	t.Helper()
	for _, name := range names {
		t.tmux("send-keys", name)
	}
	return len(names)
}

// A person goes from the first screen to a failing call of a sub-agent of a
// sub-agent, to what it cost, and to where the run parted from yesterday's, in as
// few keys as fingers like.
func TestJourney(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "showcase.jsonl")
	out, err := exec.CommandContext(t.Context(), "go", "run", "../testdata/showcase").Output()
	if err == nil {
		err = os.WriteFile(log, out, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	sessions := map[string]bool{} // how many there are depends on the day of the week
	for _, id := range regexp.MustCompile(`"session_id":"([^"]*)"`).FindAllSubmatch(out, -1) {
		sessions[string(id[1])] = true
	}
	term := openTerminal(t, 120, 36, "open", log)
	term.sees("Sessions", "Fix the double charge", fmt.Sprint(len(sessions), " sessions"))
	if n := term.keys("Enter"); n > 4 {
		t.Errorf("%d keys", n)
	}
	term.sees("Trace", "run-ci")
	term.keys("e")
	term.sees("run-ci › Bash", "exit 1: 1 of 42 tests failed", "Expected: 1")
	term.keys("g", "c")
	term.sees("Cost by agent", "run-ci")
	term.keys("g", "t")
	term.sees("run-ci › Bash")
	term.keys("W", "Enter")
	term.sees("first", "Compare")
	term.keys("q", "q", "q")
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if exec.Command("tmux", "-S", term.socket, "has-session").Run() != nil {
			break // it has quit, and the terminal with it
		}
		if time.Now().After(end) {
			t.Fatalf("q does not quit:\n%s", term.tmux("capture-pane", "-p"))
		}
	}
}
