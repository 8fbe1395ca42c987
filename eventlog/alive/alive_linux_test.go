package alive

import (
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv("ALIVE_TEST_WAITS") != "" {
		_, _ = os.Stdin.Read(make([]byte, 1)) // until the test lets go
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestGone(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "ALIVE_TEST_WAITS=1")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	pid := c.Process.Pid
	mark := markOf(pid)
	place, tick, _ := strings.Cut(mark, " tick ")
	machine, boot, space := parts(place)
	var m Memory
	for name, want := range map[string]struct {
		host, mark string
		gone       bool
	}{
		"it lives":            {host, mark, false},
		"on another host":     {host + "x", place + " tick 1", false},
		"its number is taken": {host, place + " tick 1" + tick, true},
		"before the boot":     {host, strings.Replace(mark, boot, "x"+boot, 1), true},
		"another machine":     {host, strings.Replace(strings.Replace(mark, boot, "x"+boot, 1), machine, "00", 1), false},
		"another space":       {host, strings.Replace(mark, "space "+space, "space 1", 1), false},
		"nothing is known":    {host, "", false},
		"nonsense":            {host, "tick boot", false},
	} {
		if got := m.Gone(want.host, pid, want.mark); got != want.gone {
			t.Errorf("%s: %v (%q)", name, got, mark)
		}
	}
	in.Close()
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !m.Gone(host, pid, mark) {
			t.Error("it has ended")
		}
	}
	// Who begins within one tick has the same mark, and another number.
	if self, own := Self(); own == "" || m.Gone(host, self, own) || self == pid && own == mark {
		t.Errorf("%d %q", self, own)
	}
}

func TestAZombieIsGone(t *testing.T) {
	t.Parallel()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "ALIVE_TEST_WAITS=1")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	mark := markOf(c.Process.Pid)
	in.Close()
	_, _ = out.Read(make([]byte, 1)) // closed by its end
	for !Gone(host, c.Process.Pid, mark) {
		runtime.Gosched() // between the end of its files and its own
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
}
