//go:build linux

package cmd

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/xpty"
)

// On a terminal of its own the command leads a session. It is paused with what it
// started, what that is about is said while it lasts, and Ctrl-C reaches it.
func TestGuardOnATerminal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pty, err := xpty.NewUnixPty(200, 30)
	if err != nil {
		t.Skip(err) // no terminals here
	}
	script := `sh -c 'echo $$; : >"$XDG_RUNTIME_DIR/ready"; sleep 100' &
while [ ! -e "$XDG_RUNTIME_DIR/ready" ]; do sleep 0.01; done
echo $$
echo '{"event_type":"error","message":"x"}'
while :; do sleep 0.1; done`
	db := filepath.Join(dir, "x.sqlite")
	c := exec.Command("lazytrace", "run", "--db", db, "--max-errors", "0", "--on-trip", "pause", "sh", "-c", script)
	c.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir, "XDG_CACHE_HOME="+dir, "XDG_DATA_HOME="+dir, "HOME="+dir)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := pty.Start(c); err != nil {
		t.Fatal(err)
	}
	pty.Slave().Close()
	t.Cleanup(func() { pty.Close(); c.Process.Kill(); c.Wait() })
	var pids []string
	lines := bufio.NewScanner(pty)
	told := false
	for !told && lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.Trim(line, "0123456789") == "" && line != "" {
			pids = append(pids, line)
		}
		told = strings.HasPrefix(line, "lazytrace: max_errors tripped: 1 of 0 errors, paused; `lazytrace resume ")
	}
	if !told || len(pids) != 2 {
		t.Fatalf("told %v, processes %v", told, pids)
	}
	for _, pid := range pids {
		// One that waits for its turn stops later; one that is just starting another
		// does not get to stop as long as that one is stopped (D).
		stopped := false
		for end := time.Now().Add(20 * time.Second); !stopped && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			stat, err := os.ReadFile("/proc/" + pid + "/stat")
			stopped = err == nil && (strings.Contains(string(stat), ") T ") || strings.Contains(string(stat), ") D "))
		}
		if !stopped {
			t.Errorf("%s was not stopped", pid)
		}
	}
	if _, err := pty.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // until the terminal shuts
	}
	c.Wait()
	if code := c.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit %d", code)
	}
	out, err := exec.Command("lazytrace", "events", db).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "state_change      max_errors tripped: 1 of 0 errors, paused") ||
		!strings.Contains(string(out), "state_change      resumed by Ctrl-C") {
		t.Errorf("%v\n%s", err, out)
	}
}
