//go:build linux

package process

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// family is a shell with a child and a grandchild that are named in its output.
const family = `sh -c 'sleep 300 & echo $!; wait' & echo $!; wait`

// await returns when it holds, or ends the test.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("%s: it never was", what)
}

// state is a letter of /proc/PID/stat, and a dash for nobody.
func state(pid int) byte {
	if r, ok := lookAt(pid); ok {
		return r.state
	}
	return '-'
}

func states(pids []int) string {
	var s []byte
	for _, pid := range pids {
		s = append(s, state(pid))
	}
	return string(s)
}

func beginCommand(t *testing.T, args ...string) *program {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	out, outW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{out: out}
	p.Process, err = Start(Options{
		Args: args, Stdin: null, Stdout: outW, Stderr: null, Output: func(string) io.Writer { return io.Discard },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		for _, f := range []*os.File{null, out, outW} {
			f.Close()
		}
	})
	return p
}

// beget runs the family and returns the processes of it.
func beget(t *testing.T, script string, n int) (*program, *Tree, []int) {
	t.Helper()
	p := beginCommand(t, "sh", "-c", script)
	tree := p.Tree()
	pids := []int{p.Pid()}
	lines := bufio.NewScanner(p.out)
	for range n {
		if !lines.Scan() {
			t.Fatal("the family is not complete")
		}
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	t.Cleanup(func() { _, _ = tree.Kill() })
	return p, tree, pids
}

func TestTree(t *testing.T) {
	stranger := exec.Command("sleep", "300")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { stranger.Process.Kill(); stranger.Wait() }()
	p, tree, pids := beget(t, family, 2)
	await(t, "everybody is there", func() bool { return tree.Alive() == 3 })
	if n, err := tree.Pause(); n != 3 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	await(t, "all are stopped", func() bool { return states(pids) == "TTT" })
	if !tree.Paused() || state(stranger.Process.Pid) == 'T' || state(os.Getpid()) == 'T' {
		t.Error("the wrong ones are stopped")
	}
	if n, _ := tree.Pause(); n != 0 {
		t.Errorf("%d were stopped twice", n)
	}
	if n, err := tree.Continue(); n != 3 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	await(t, "all go on", func() bool { return states(pids) == "SSS" })
	// What somebody else has stopped is not ours to let go on.
	unix.Kill(pids[2], unix.SIGSTOP)
	await(t, "one is stopped", func() bool { return states(pids) == "SST" })
	if n, _ := tree.Pause(); n != 2 {
		t.Errorf("%d were stopped", n)
	}
	await(t, "all are stopped", func() bool { return states(pids) == "TTT" })
	tree.Continue()
	await(t, "two go on", func() bool { return states(pids) == "SST" })
	// Asked to end, it hears that too.
	tree.Pause()
	if n, err := tree.Terminate(); n != 3 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if status, err := p.Wait(); status.Code != 143 || err != nil {
		t.Errorf("%+v, %v", status, err)
	}
	await(t, "all have ended", func() bool { return tree.Alive() == 0 })
	if n, _ := tree.Terminate(); n != 0 {
		t.Errorf("%d were told that are gone", n)
	}
	p.Close()
	if s := state(stranger.Process.Pid); s != 'S' {
		t.Errorf("the stranger is %c", s)
	}
}

// Those below are still known when who started them has ended, and are killed
// when they do not listen.
func TestTreeOfOrphans(t *testing.T) {
	p, tree, pids := beget(t, `sh -c 'trap "" TERM; echo $$; sleep 300 & echo $!; wait; while :; do sleep 1; done' & wait`, 2)
	await(t, "everybody is there", func() bool { return tree.Alive() == 3 })
	tree.Terminate()
	if status, _ := p.Wait(); status.Code != 143 {
		t.Errorf("%+v", status)
	}
	if n := tree.Alive(); n == 0 {
		t.Fatal("the one that does not listen has gone")
	}
	tree.Kill()
	await(t, "all have ended", func() bool { return tree.Alive() == 0 })
	if s := state(pids[1]); s != '-' && s != 'Z' {
		t.Errorf("%c", s)
	}
	p.Close()
}

// A process that has the number of one that ended is somebody else.
func TestTreeKnowsWhoIsWho(t *testing.T) {
	other := exec.Command("sleep", "300")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { other.Process.Kill(); other.Wait() }()
	r, ok := lookAt(other.Process.Pid)
	if !ok {
		t.Fatal("it cannot be seen")
	}
	before := r.member
	before.start-- // one that had its number
	tree := &Tree{root: before, known: map[member]bool{before: true}, leads: true}
	if n, _ := tree.Pause(); n != 0 {
		t.Errorf("%d were stopped", n)
	}
	tree.stopped = []member{before}
	if n, _ := tree.Continue(); n != 0 {
		t.Errorf("%d were told to go on", n)
	}
	if err := before.signal(unix.SIGKILL); err != unix.ESRCH {
		t.Error(err)
	}
	if n, _ := tree.Kill(); n != 0 || tree.Alive() != 0 || tree.Paused() {
		t.Errorf("%d were killed", n)
	}
	if s := state(other.Process.Pid); s == 'T' || s == 'Z' || s == '-' {
		t.Errorf("it is %c", s)
	}
}

// A program that starts others without an end is stopped as a whole.
func TestTreeThatGrows(t *testing.T) {
	p, tree, pids := beget(t, `echo $$; while :; do sh -c 'sleep 0.01; sh -c "sleep 0.01"' & sh -c :; done`, 1)
	for range 5 {
		if n, err := tree.Pause(); n == 0 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		// A shell that waits for a child to become another program (D) stops with it.
		await(t, "it is stopped", func() bool { return strings.ContainsRune("TD", rune(state(pids[0]))) })
		for _, r := range tree.everyone() {
			await(t, fmt.Sprint(r.pid), func() bool { return strings.ContainsRune("TtDZX-", rune(state(r.pid))) })
		}
		if !tree.Paused() {
			t.Errorf("it is %c, which is not paused", state(pids[0]))
		}
		tree.Continue()
	}
	tree.Kill()
	if status, _ := p.Wait(); status.Code != 137 {
		t.Errorf("%+v", status)
	}
	await(t, "all have ended", func() bool { return tree.Alive() == 0 })
	p.Close()
}

func (t *Tree) everyone() []relative {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.look()
}
