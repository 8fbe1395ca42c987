package transcript

import (
	"sync"

	"github.com/lazytrace/lazytrace/recorder/agents"
)

// process is a process that is an agent.
type process struct {
	pid   int
	agent agents.Agent
	dir   string // where it works; empty when that cannot be told
	ours  bool   // it runs in this recording
}

// place is where an agent works.
type place struct{ agent, dir string }

// processes knows the agents that run on this machine, as far as the system
// tells: nothing, where it does not.
type processes struct {
	session string

	mu     sync.Mutex
	seen   map[int]seen
	others map[place]bool // where agents worked that are not ours, now or before
	ours   map[place]bool
}

// seen is a process that was looked at.
type seen struct {
	image   image
	process *process // nil when it is no agent
}

// image is what a process runs. Its number may be given again, and it may come to
// run something else.
type image struct{ started, program string }

func newProcesses(session string) *processes {
	return &processes{session: session, seen: map[int]seen{}, others: map[place]bool{}, ours: map[place]bool{}}
}

// look returns the agents that run in this recording.
func (p *processes) look() (ours []process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.running() {
		at := place{a.agent.Name, a.dir}
		if !a.ours {
			p.others[at] = true
			continue
		}
		p.ours[at] = true
		ours = append(ours, a)
	}
	return ours
}

// rivals reports whether an agent of the same kind, of somebody else, works or
// worked in a folder while we recorded, so that what is written for that folder
// may be its. An agent of which the system does not say where it works may be in any.
func (p *processes) rivals(agent, dir string) bool {
	p.look()
	p.mu.Lock()
	defer p.mu.Unlock()
	for at := range p.others {
		if at.agent == agent && (at.dir == "" || dir == "" || samePlace(at.dir, dir)) {
			return true
		}
	}
	return false
}

// worksIn reports whether an agent in this recording works or worked in a folder.
func (p *processes) worksIn(agent, dir string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for at := range p.ours {
		if at.agent == agent && at.dir != "" && samePlace(at.dir, dir) {
			return true
		}
	}
	return false
}

// writes reports whether an agent in this recording has a file open.
func (p *processes) writes(agent, path string) bool {
	for _, a := range p.look() {
		if a.agent.Name == agent && a.has(path) {
			return true
		}
	}
	return false
}
