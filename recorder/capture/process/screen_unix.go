//go:build unix

package process

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/charmbracelet/x/xpty"
	"golang.org/x/sys/unix"
)

// screen is a terminal of its own for the program. The real one is made
// transparent meanwhile: keys go through as they are and it is the program's
// terminal that gives them their meaning.
type screen struct {
	master  *os.File // our side of the program's terminal
	slave   *os.File // its side
	outer   *os.File // the real terminal
	keys    *os.File // where input is read from; nil when stdin is no terminal
	out     *os.File // where output goes
	tap     io.Writer
	wake    [2]*os.File // a pipe that ends the reading of keys
	halt    [2]*os.File // a pipe that ends the reading of what the program shows
	input   sync.WaitGroup
	output  chan struct{} // closed when the terminal of the program has shut
	showing bool          // show was begun
	typed   func()        // told of an interrupt that was typed; may be nil

	mu     sync.Mutex
	before *term.State // of the real terminal; nil when it is as it was
}

// openScreen makes a terminal that is like the real one.
func openScreen(o Options) (*screen, error) {
	s := &screen{out: o.Stdout, output: make(chan struct{}), typed: o.Interrupted}
	for _, f := range []*os.File{o.Stdin, o.Stdout, o.Stderr} {
		if isTerminal(f) {
			s.outer = f
			break
		}
	}
	if s.outer == nil {
		return nil, fmt.Errorf("open a terminal: %w", os.ErrInvalid)
	}
	if isTerminal(o.Stdin) {
		s.keys = o.Stdin
	}
	pty, err := xpty.NewUnixPty(-1, -1)
	if err != nil {
		return nil, fmt.Errorf("open a terminal: %w", err)
	}
	s.slave = pty.Slave()
	if s.master, err = unpolled(pty.Master()); err != nil {
		s.close()
		return nil, fmt.Errorf("open a terminal: %w", err)
	}
	for _, pipe := range []*[2]*os.File{&s.wake, &s.halt} {
		if pipe[0], pipe[1], err = os.Pipe(); err != nil {
			s.close()
			return nil, fmt.Errorf("open a terminal: %w", err)
		}
	}
	s.imitate()
	s.tap = o.Output("terminal")
	return s, nil
}

// imitate gives the program's terminal the size and the settings of the real
// one. What cannot be read stays at the kernel's defaults.
func (s *screen) imitate() {
	s.resize()
	settings, err := term.GetState(s.outer.Fd())
	if err != nil {
		return
	}
	if raw, err := s.slave.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = term.SetState(fd, settings) })
	}
}

// attach gives the program its terminal in place of every stream that is the
// real one.
func (s *screen) attach(cmd *exec.Cmd, out, errOut bool) {
	at := -1
	if errOut {
		cmd.Stderr, at = s.slave, 2
	}
	if out {
		cmd.Stdout, at = s.slave, 1
	}
	if s.keys != nil {
		cmd.Stdin, at = s.slave, 0
	}
	if at >= 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: at}
	}
}

// started lets go of the program's side, so that the terminal shuts with the
// program.
func (s *screen) started() { s.slave.Close() }

func (s *screen) run() {
	if s.keys != nil {
		s.raw()
	}
	s.showing = true
	go s.show()
	if s.keys != nil {
		s.input.Go(s.typing)
	}
}

// show passes on what the program shows until its terminal is shut. A terminal gives
// 4 KiB at once at most. Each piece is passed on as it comes: asking whether there is more
// behind it makes the kernel look, and then us wait, while the program writes the next.
func (s *screen) show() {
	defer close(s.output)
	defer s.halt[0].Close()
	halt := int(s.halt[0].Fd())
	raw, err := s.master.SyscallConn()
	if err != nil {
		return // it was closed
	}
	buf := make([]byte, shown)
	for shut := false; !shut; {
		n := 0
		// Waited for here and not by the runtime, which would have another thread
		// wait, and hand over to this one for every piece.
		if raw.Read(func(fd uintptr) bool {
			n, shut = take(int(fd), halt, buf)
			return true
		}) != nil {
			return
		}
		if n == 0 {
			continue
		}
		if _, err := s.out.Write(buf[:n]); err != nil {
			s.hangUp()
			return
		}
		_, _ = s.tap.Write(buf[:n]) // never fails, says Options
	}
}

// shown is how much is passed on at once: more than terminals give.
const shown = 64 << 10

// take waits until the program shows something and returns it, and whether its
// terminal is shut, by the program's end or by us.
func take(fd, halt int, buf []byte) (n int, shut bool) {
	for {
		n, err := unix.Read(fd, buf)
		switch {
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			if heard(fd, halt) {
				return 0, true
			}
		case err != nil || n == 0:
			return 0, true // the program is gone, as a pty tells it
		default:
			return n, false
		}
	}
}

// heard waits for something to read, and reports whether the other descriptor is
// what was heard of.
func heard(fd, other int) (ended bool) {
	for {
		var ready unix.FdSet
		ready.Set(fd)
		ready.Set(other)
		_, err := unix.Select(max(fd, other)+1, &ready, nil, nil, nil)
		if err != unix.EINTR {
			return err != nil || ready.IsSet(other)
		}
	}
}

// typing passes keys on. It waits for a key without reading, so that it can be
// ended and takes nothing that was typed for whoever comes after us.
func (s *screen) typing() {
	keys, wake := int(s.keys.Fd()), int(s.wake[0].Fd())
	buf := make([]byte, 4<<10)
	for {
		if heard(keys, wake) {
			return
		}
		n, err := unix.Read(keys, buf)
		if err == unix.EINTR || err == unix.EAGAIN {
			continue
		}
		if n <= 0 {
			return // the terminal is gone; SIGHUP says the rest
		}
		if !s.pass(buf[:n], wake) {
			return
		}
		if s.typed != nil && bytes.IndexByte(buf[:n], interruptKey) >= 0 {
			s.typed()
		}
	}
}

// pass gives keys to the program's terminal, which takes as many as have room in it. It
// reports false when that has ended, or typing has.
func (s *screen) pass(keys []byte, wake int) bool {
	for {
		n, err := s.master.Write(keys)
		if keys = keys[n:]; len(keys) == 0 {
			return true
		}
		if !errors.Is(err, unix.EAGAIN) || !s.room(wake) {
			return false
		}
	}
}

// room waits until the program's terminal takes keys, and reports false when typing ends
// before.
func (s *screen) room(wake int) (ok bool) {
	raw, err := s.master.SyscallConn()
	if err != nil {
		return false // it was closed
	}
	_ = raw.Write(func(fd uintptr) bool {
		for {
			var ended, free unix.FdSet
			ended.Set(wake)
			free.Set(int(fd))
			_, err := unix.Select(max(int(fd), wake)+1, &ended, &free, nil, nil)
			if err != unix.EINTR {
				ok = err == nil && !ended.IsSet(wake)
				return true
			}
		}
	})
	return ok
}

// interruptKey is Ctrl-C, which a terminal that is not told otherwise takes for
// an interrupt.
const interruptKey = 3

// resize gives the program's terminal the size of the real one.
func (s *screen) resize() {
	size, err := unix.IoctlGetWinsize(int(s.outer.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return
	}
	if raw, err := s.master.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, size) })
	}
}

// gone reports whether the real terminal was hung up.
func (s *screen) gone() bool {
	_, err := term.GetState(s.outer.Fd())
	return err != nil
}

// hangUp shuts the program's terminal: the kernel sends SIGHUP to who is on it.
func (s *screen) hangUp() {
	s.halt[1].Close() // whoever reads from a terminal keeps it open
	s.master.Close()
}

// suspend stops us with the real terminal in the state in which we got it.
func (s *screen) suspend(stop func()) {
	s.restore()
	stop()
	if s.keys != nil {
		s.raw()
	}
	s.resize()
}

func (s *screen) raw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before == nil {
		// A terminal that cannot be made raw shows keys twice, no more.
		s.before, _ = term.MakeRaw(s.outer.Fd())
	}
}

func (s *screen) restore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.before != nil {
		_ = term.Restore(s.outer.Fd(), s.before) // fails when the terminal is gone
		s.before = nil
	}
}

// finish is called when the program has ended: it shows what is left and gives
// the real terminal back.
func (s *screen) finish(wait time.Duration) {
	select {
	case <-s.output:
	case <-time.After(wait):
	}
	s.close()
	<-s.output
}

// close may be called more than once.
func (s *screen) close() {
	s.restore()
	if s.wake[1] != nil {
		s.wake[1].Close() // ends typing
	}
	if s.halt[1] != nil {
		s.halt[1].Close() // ends show
	}
	if s.master != nil {
		s.master.Close()
	}
	s.slave.Close() // a second time, unless the program was not started
	s.input.Wait()
	if s.wake[0] != nil {
		s.wake[0].Close()
	}
	if s.halt[0] != nil && !s.showing {
		s.halt[0].Close()
	}
}
