package guard

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// A recording that may be paused can be asked to go on over a socket, which is
// called controlName in a folder of its own. Who asks finds it by looking for
// such folders: a process that answers is the one that is meant, which no number
// of a process can promise.
const (
	controlDir  = "lazytrace-"
	controlName = "control"
	controlTime = 5 * time.Second // for one question and its answer
	longestPath = 103             // of a socket, on every system
)

// Recording is what a recording answers about itself.
type Recording struct {
	Session  string `json:"session"`
	Recorder int    `json:"recorder_pid"`
	Command  int    `json:"pid"`
	Paused   string `json:"paused,omitempty"` // why; empty when it is not

	path string
}

// ErrNotPaused is returned by Resume for a recording that is not paused.
var ErrNotPaused = errors.New("it is not paused")

// question is what is asked: who, or resume.
type question struct {
	Ask string `json:"ask"`
}

type answer struct {
	Recording
	Resumed bool `json:"resumed,omitempty"`
}

// control answers. Its goroutines end with close.
type control struct {
	guard    *Guard
	listener *net.UnixListener
	dir      string
	group    sync.WaitGroup
}

// openControl opens the socket, if it may ever be of use. Without it SIGCONT to
// the recorder still does.
func (g *Guard) openControl() {
	if !g.opts.Pauses() {
		return
	}
	for _, parent := range controlDirs() {
		if c, err := listenIn(parent); err == nil {
			c.guard = g
			g.control = c
			c.group.Go(c.serve)
			return
		}
	}
}

func controlDirs() []string { return []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} }

func listenIn(parent string) (*control, error) {
	if !filepath.IsAbs(parent) {
		return nil, os.ErrNotExist
	}
	dir, err := os.MkdirTemp(parent, controlDir) // mode 0700
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, controlName)
	if len(path) > longestPath {
		return nil, errors.Join(fmt.Errorf("%s is too long for a socket", path), os.Remove(dir))
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, errors.Join(err, os.Remove(dir))
	}
	return &control{listener: l, dir: dir}, nil
}

func (c *control) serve() {
	for {
		conn, err := c.listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of file descriptors, most likely
			continue
		}
		c.answer(conn)
	}
}

// answer answers one question. They are rare, so one waits for another.
func (c *control) answer(conn *net.UnixConn) {
	defer func() { _ = conn.Close() }()
	if conn.SetDeadline(time.Now().Add(controlTime)) != nil {
		return
	}
	line, err := bufio.NewReaderSize(conn, 1024).ReadSlice('\n')
	var q question
	if err != nil || json.Unmarshal(line, &q) != nil {
		return
	}
	a := answer{Recording: c.guard.recording()}
	if q.Ask == "resume" {
		a.Resumed = c.guard.resumeNow("lazytrace resume")
	}
	_ = json.NewEncoder(conn).Encode(a) // who does not listen is not told
}

func (c *control) close() {
	_ = c.listener.Close() // unlinks the socket
	c.group.Wait()
	os.Remove(c.dir)
}

func (g *Guard) recording() Recording {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Recording{Session: g.host.Session, Recorder: os.Getpid(), Command: g.target.Pid(), Paused: g.paused}
}

// resumeNow has the actor resume, and waits for it.
func (g *Guard) resumeNow(by string) bool {
	r := request{by: by, answer: make(chan bool, 1)}
	g.ask(r)
	select {
	case was := <-r.answer:
		return was
	case <-g.done:
		return false
	}
}

// Find returns the recordings of this user that may be paused. It removes what
// killed ones have left.
func Find(ctx context.Context) []Recording {
	var list []Recording
	seen := map[string]bool{}
	for _, parent := range controlDirs() {
		if !filepath.IsAbs(parent) {
			continue
		}
		paths, _ := filepath.Glob(filepath.Join(parent, controlDir+"*", controlName)) // the pattern is fine
		for _, path := range paths {
			if seen[path] {
				continue
			}
			seen[path] = true
			a, err := ask(ctx, path, "who")
			if errors.Is(err, syscall.ECONNREFUSED) {
				sweep(path)
			}
			if err == nil {
				a.path = path
				list = append(list, a.Recording)
			}
		}
	}
	return list
}

// sweep removes the socket of a recorder that was killed. One that is young may
// not be listening yet.
func sweep(path string) {
	info, err := os.Lstat(path)
	if err == nil && time.Since(info.ModTime()) > time.Minute && os.Remove(path) == nil {
		os.Remove(filepath.Dir(path))
	}
}

// Resume lets a paused recording go on. What it was paused for may be used as
// much again.
func Resume(ctx context.Context, r Recording) error {
	a, err := ask(ctx, r.path, "resume")
	switch {
	case err != nil:
		return fmt.Errorf("ask the recorder, process %d: %w", r.Recorder, err)
	case !a.Resumed:
		return ErrNotPaused
	}
	return nil
}

func ask(ctx context.Context, path, what string) (a answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, controlTime)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return a, err
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return a, err
	}
	if err := json.NewEncoder(conn).Encode(question{what}); err != nil {
		return a, err
	}
	return a, json.NewDecoder(conn).Decode(&a)
}
