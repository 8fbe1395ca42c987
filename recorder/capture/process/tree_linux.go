package process

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// Tree is a program and everything that it started and that can still be told
// to be its: the descendants by their parents and, where the program leads a
// session of its own, who is in that. It signals these and nobody else: a number
// is never trusted by itself, since the system gives it to another process when
// the first one has ended. Its methods may be called by any goroutine.
type Tree struct {
	leads bool // the program leads a session of its own

	mu      sync.Mutex
	root    member
	known   map[member]bool // all that were found to belong to it so far, whoever their parent is by now
	stopped []member        // by Pause, parents first
}

// member is a process that no other one can be taken for: its number, and when
// it was started in ticks since the system was.
type member struct {
	pid   int
	start uint64
}

// relative is what the system tells of a process.
type relative struct {
	member
	state           byte
	parent, session int
}

func (r *relative) dead() bool { return r.state == 'Z' || r.state == 'X' || r.state == 'x' }
func (r *relative) held() bool { return r.state == 'T' || r.state == 't' }

// Tree returns the program and its descendants. It must be called before Wait,
// while the number of the program cannot be anybody else's.
func (p *Process) Tree() *Tree {
	t := &Tree{leads: p.cmd.SysProcAttr != nil && p.cmd.SysProcAttr.Setsid, known: map[member]bool{}}
	if r, ok := lookAt(p.Pid()); ok {
		t.root = r.member
		t.known[t.root] = true
	}
	return t
}

// Pid returns the number of the program.
func (t *Tree) Pid() int { return t.root.pid }

// rounds is how often the processes are looked for again: one that starts
// others while it is being found is overtaken by then.
const rounds = 20

// Pause stops every process of the tree, those above first, so that nobody sees
// a process below stop. What is stopped already is left as it is, by Continue
// too. It returns how many processes it stopped.
func (t *Tree) Pause() (n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	done := map[member]bool{}
	for _, m := range t.stopped {
		done[m] = true
	}
	for range rounds {
		fresh := false
		for _, r := range t.look() {
			if done[r.member] || r.dead() || r.held() {
				continue
			}
			done[r.member] = true
			if e := r.signal(unix.SIGSTOP); e != nil {
				err = e
				continue
			}
			t.stopped = append(t.stopped, r.member)
			fresh, n = true, n+1
		}
		if !fresh {
			break
		}
	}
	if n > 0 {
		err = nil // a process that is not ours to signal is not what was asked for
	}
	return n, err
}

// Continue lets go on what Pause stopped, those below first: a shell that looks
// for stopped jobs finds none.
func (t *Tree) Continue() (n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.stopped) - 1; i >= 0; i-- {
		if e := t.stopped[i].signal(unix.SIGCONT); e == nil {
			n++
		} else if !errors.Is(e, unix.ESRCH) {
			err = e
		}
	}
	t.stopped = nil
	return n, err
}

// Paused reports whether the program is stopped, by whomever, or will be as soon
// as it gets to run: one that waits for a child which is about to become another
// program stops with that, and on a busy system it may take its time.
func (t *Tree) Paused() bool {
	r, ok := lookAt(t.root.pid)
	return ok && r.member == t.root && (r.held() || r.state == 'D' || stopPending(r.pid))
}

// stopPending reports whether a process was sent SIGSTOP and has not heard it.
func stopPending(pid int) bool {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status") // of nobody: nothing
	for line := range bytes.Lines(text) {
		name, mask, _ := bytes.Cut(line, []byte{':'})
		if string(name) != "SigPnd" && string(name) != "ShdPnd" {
			continue
		}
		n, err := strconv.ParseUint(string(bytes.TrimSpace(mask)), 16, 64)
		if err == nil && n>>(unix.SIGSTOP-1)&1 == 1 {
			return true
		}
	}
	return false
}

// Terminate asks every process of the tree to end, those above first, and
// returns how many it asked. One that is stopped is woken to hear it.
func (t *Tree) Terminate() (n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.look()
	if n, err = signalAll(all, unix.SIGTERM); n > 0 {
		_, _ = signalAll(all, unix.SIGCONT) // it may have ended by now
	}
	t.stopped = nil
	return n, err
}

// Kill ends every process of the tree.
func (t *Tree) Kill() (n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	done := map[member]bool{}
	for range rounds {
		var fresh []relative
		for _, r := range t.look() {
			if !done[r.member] {
				done[r.member] = true
				fresh = append(fresh, r)
			}
		}
		if len(fresh) == 0 {
			break
		}
		k, e := signalAll(fresh, unix.SIGKILL)
		n += k
		err = e
	}
	return n, err
}

// Alive returns how many processes of the tree have not ended.
func (t *Tree) Alive() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.look() {
		if !r.dead() {
			n++
		}
	}
	return n
}

func signalAll(list []relative, s unix.Signal) (n int, err error) {
	for _, r := range list {
		if r.dead() {
			continue
		}
		if e := r.signal(s); e == nil {
			n++
		} else if !errors.Is(e, unix.ESRCH) {
			err = e
		}
	}
	return n, err
}

// look finds the processes of the tree, parents before their children, and
// remembers them.
func (t *Tree) look() []relative {
	all := everybody()
	children := make(map[int][]int, len(all))
	byPid := make(map[int]int, len(all))
	for i, r := range all {
		children[r.parent] = append(children[r.parent], i)
		byPid[r.pid] = i
	}
	var found []relative
	seen := map[int]bool{os.Getpid(): true, 1: true} // never us, never the system's first
	var take func(i int)
	queue := []int{}
	take = func(i int) {
		if r := all[i]; !seen[r.pid] {
			seen[r.pid] = true
			t.known[r.member] = true
			found, queue = append(found, r), append(queue, i)
		}
	}
	drain := func() {
		for len(queue) > 0 {
			i := queue[0]
			queue = queue[1:]
			for _, child := range children[all[i].pid] {
				take(child)
			}
		}
	}
	is := func(m member) (int, bool) {
		i, ok := byPid[m.pid]
		return i, ok && all[i].member == m
	}
	root, there := is(t.root)
	if there {
		take(root)
		drain()
	}
	for m := range t.known {
		if i, ok := is(m); ok {
			take(i)
			drain()
		} else {
			delete(t.known, m)
		}
	}
	// Nobody else's session can have that number while the program has it.
	for i := range all {
		if t.leads && there && all[i].session == t.root.pid {
			take(i)
			drain()
		}
	}
	return found
}

// signal sends a signal to the process, and to no other that has its number.
func (m member) signal(s unix.Signal) error {
	fd, err := unix.PidfdOpen(m.pid, 0)
	switch {
	case err == nil:
		defer func() { _ = unix.Close(fd) }()
	case errors.Is(err, unix.ESRCH):
		return err
	}
	// What the descriptor stands for cannot change any more, so this look is
	// about who is going to be told.
	if r, ok := lookAt(m.pid); !ok || r.member != m {
		return unix.ESRCH
	}
	if err != nil { // a system without such descriptors: the look was a moment ago
		return unix.Kill(m.pid, s)
	}
	return unix.PidfdSendSignal(fd, s, nil, 0)
}

// everybody returns all processes that can be seen.
func everybody() []relative {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // what was read by then is good
	list := make([]relative, 0, len(names))
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			if r, ok := lookAt(pid); ok {
				list = append(list, r)
			}
		}
	}
	return list
}

// lookAt reads what the system tells of a process. Its name stands in
// parentheses and may hold anything, parentheses too.
func lookAt(pid int) (r relative, ok bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return r, false
	}
	f := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const parent, session, start = 1, 3, 19 // state is the first
	if len(f) <= start {
		return r, false
	}
	r.pid, r.state = pid, f[0][0]
	r.parent, _ = strconv.Atoi(string(f[parent]))
	r.session, _ = strconv.Atoi(string(f[session]))
	r.start, err = strconv.ParseUint(string(f[start]), 10, 64)
	return r, err == nil
}
