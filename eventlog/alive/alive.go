// Package alive tells whether the process that began something is still there.
//
// A number alone does not say so: when a process is gone its number is given
// to another one. So a process is named by its number and by a mark that no
// other process ever has on any machine: when it was started, in which space
// of numbers, since which boot of which machine.
package alive

import (
	"os"
	"sync"
)

// Self returns the number of this process and its mark, which is empty where
// the system does not tell when a process began.
func Self() (pid int, mark string) {
	pid = os.Getpid()
	return pid, markOf(pid)
}

// Gone reports whether a process has certainly ended. It is false for one on
// another host, and wherever that cannot be told.
func Gone(host string, pid int, mark string) bool {
	own, err := os.Hostname()
	if err != nil || host != own || pid <= 0 || pid == os.Getpid() {
		return false
	}
	return gone(pid, mark)
}

// Is reports whether a process of this machine is certainly the one with a mark.
// It is false wherever that cannot be told.
func Is(pid int, mark string) bool { return pid > 0 && mark != "" && markOf(pid) == mark }

// Memory remembers who is gone: that does not change. It is safe for
// concurrent use; the zero value knows nothing yet.
type Memory struct {
	mu   sync.Mutex
	dead map[process]bool
}

type process struct {
	host string
	pid  int
	mark string
}

// Gone is the function Gone, which is asked again only about those that were
// there the last time.
func (m *Memory) Gone(host string, pid int, mark string) bool {
	p := process{host, pid, mark}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead[p] {
		return true
	}
	if !Gone(host, pid, mark) {
		return false
	}
	if m.dead == nil {
		m.dead = map[process]bool{}
	}
	m.dead[p] = true
	return true
}
