//go:build unix

package process

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// relayed are the signals that the program is given when we get them. Those
// that stop a job are left alone: the terminal sends them to the program as
// well, and the shell has to see that we stop.
var relayed = []os.Signal{
	unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGVTALRM,
	unix.SIGCONT, unix.SIGIO, unix.SIGXCPU, unix.SIGXFSZ,
}

// relay passes signals on to the program. It owns one goroutine from run to
// stop.
type relay struct {
	told   func(string)
	woken  func()
	ch     chan os.Signal // capacity 64: a burst of different signals; one of each kind is what a kernel would keep
	sizes  chan os.Signal // capacity 1: only the last size counts
	late   []os.Signal    // to be caught by run
	quit   chan struct{}
	group  sync.WaitGroup
	once   sync.Once
	mu     sync.Mutex
	target *os.Process // nil when there is nobody to tell
}

// newRelay catches signals from now on. One that our caller had us ignore is
// caught only when the program was started, which thereby inherits that it is
// ignored.
func newRelay(told func(string), woken func()) *relay {
	r := &relay{told: told, woken: woken, ch: make(chan os.Signal, 64), sizes: make(chan os.Signal, 1), quit: make(chan struct{})}
	for _, s := range relayed {
		if signal.Ignored(s) {
			r.late = append(r.late, s)
			continue
		}
		signal.Notify(r.ch, s)
	}
	signal.Notify(r.ch, unix.SIGPIPE) // a reader that goes away must not end us
	signal.Notify(r.sizes, unix.SIGWINCH)
	return r
}

func (r *relay) run(p *Process) {
	r.mu.Lock()
	r.target = p.cmd.Process
	r.mu.Unlock()
	for _, s := range r.late {
		signal.Notify(r.ch, s)
	}
	if p.screen != nil {
		signal.Notify(r.ch, unix.SIGTSTP)
	}
	r.group.Go(func() {
		for {
			select {
			case s := <-r.ch:
				r.pass(p, s.(syscall.Signal))
			case <-r.sizes:
				r.resize(p)
			case <-r.quit:
				return
			}
		}
	})
}

// pass tells the program. The keys of a terminal that both of us share have
// told it already.
func (r *relay) pass(p *Process, s syscall.Signal) {
	switch s {
	case unix.SIGPIPE:
		return
	case unix.SIGTSTP:
		p.screen.suspend(func() { r.stopSelf() })
		return
	case unix.SIGINT, unix.SIGQUIT:
		if p.screen == nil && inForeground() {
			break
		}
		r.send(s)
	case unix.SIGHUP:
		if p.screen != nil && p.screen.gone() {
			p.screen.hangUp() // the kernel tells the program, and everybody else on that terminal
			break
		}
		r.send(s)
	case unix.SIGCONT:
		if r.woken != nil {
			r.woken()
		}
		r.send(s)
	default:
		r.send(s)
	}
	switch s {
	case unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT:
		if r.told != nil {
			r.told(unix.SignalName(s))
		}
	}
}

func (r *relay) resize(p *Process) {
	switch {
	case p.screen != nil:
		p.screen.resize()
	case !inForeground():
		r.send(unix.SIGWINCH)
	}
}

// stopSelf stops us as the terminal would have, and returns when we go on.
func (r *relay) stopSelf() {
	woken := make(chan os.Signal, 1)
	signal.Notify(woken, unix.SIGCONT)
	defer signal.Stop(woken)
	signal.Reset(unix.SIGTSTP)
	defer signal.Notify(r.ch, unix.SIGTSTP)
	if unix.Kill(os.Getpid(), unix.SIGTSTP) != nil {
		return
	}
	select {
	case <-woken:
	case <-time.After(100 * time.Millisecond): // nobody could wake us, so the kernel did not stop us
	}
}

func (r *relay) send(s syscall.Signal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.target != nil {
		_ = r.target.Signal(s) // it may have ended just now
	}
}

// ended is called when the program has ended: there is nobody to tell.
func (r *relay) ended() {
	r.mu.Lock()
	r.target = nil
	r.mu.Unlock()
}

// stop gives the signals back.
func (r *relay) stop() {
	r.once.Do(func() {
		signal.Stop(r.ch)
		signal.Stop(r.sizes)
		close(r.quit)
	})
	r.group.Wait()
}
