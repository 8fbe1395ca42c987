//go:build unix && !linux

package process

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Tree is a program and, where it has a terminal of its own, the process group
// that it leads. What else it started cannot be told apart from others on this
// system, and is left alone. Its methods may be called by any goroutine.
type Tree struct {
	process *os.Process
	leads   bool // the program leads a session, and with it a group, of its own

	mu      sync.Mutex
	stopped bool
	ended   func() bool
}

// Tree returns the program. It must be called before Wait.
func (p *Process) Tree() *Tree {
	return &Tree{
		process: p.cmd.Process, leads: p.cmd.SysProcAttr != nil && p.cmd.SysProcAttr.Setsid,
		ended: p.signals.over,
	}
}

// Pid returns the number of the program.
func (t *Tree) Pid() int { return t.process.Pid }

// Pause stops the program and returns how many it signalled.
func (t *Tree) Pause() (int, error) { return t.mark(true, unix.SIGSTOP) }

// Continue lets go on what Pause stopped.
func (t *Tree) Continue() (int, error) { return t.mark(false, unix.SIGCONT) }

// Paused reports whether Pause has stopped it: this system does not say by
// itself whether a process is.
func (t *Tree) Paused() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stopped
}

// Terminate asks it to end, and wakes it to hear that.
func (t *Tree) Terminate() (int, error) {
	n, err := t.signal(unix.SIGTERM)
	if n > 0 {
		_, _ = t.mark(false, unix.SIGCONT) // it may have ended by now
	}
	return n, err
}

// Kill ends it.
func (t *Tree) Kill() (int, error) { return t.signal(unix.SIGKILL) }

// Alive returns 1 until the program has ended.
func (t *Tree) Alive() int {
	if t.ended() {
		return 0
	}
	return 1
}

func (t *Tree) mark(stopped bool, s unix.Signal) (int, error) {
	t.mu.Lock()
	t.stopped = stopped
	t.mu.Unlock()
	return t.signal(s)
}

func (t *Tree) signal(s unix.Signal) (int, error) {
	switch {
	case t.ended():
		return 0, nil
	case t.leads:
		if err := unix.Kill(-t.process.Pid, s); err != nil {
			return 0, err
		}
		return 1, nil
	}
	if err := t.process.Signal(s); err != nil {
		return 0, err
	}
	return 1, nil
}

// over reports whether the program has ended.
func (r *relay) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.target == nil
}
