//go:build unix

package process

import (
	"errors"
	"io"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// outlet is the end of a pipe at which comes out what a program prints. We wait for it
// ourselves: see unpolled.
type outlet struct {
	file    *os.File
	halt    [2]*os.File // a pipe that ends when we are to stop
	stopped atomic.Bool
}

// newOutlet takes a pipe over.
func newOutlet(pipe *os.File) (*outlet, error) {
	file, err := unpolled(pipe)
	if err != nil {
		return nil, err
	}
	o := &outlet{file: file}
	if o.halt[0], o.halt[1], err = os.Pipe(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return o, nil
}

// Read waits for output. It returns errStopped after stop, and then the output stays.
func (o *outlet) Read(buf []byte) (n int, err error) {
	raw, err := o.file.SyscallConn()
	if err != nil {
		return 0, err // it was closed
	}
	if closed := raw.Read(func(fd uintptr) bool {
		n, err = o.take(int(fd), buf)
		return true
	}); closed != nil {
		return 0, closed
	}
	return n, err
}

// take waits until there is output, and returns what is there.
func (o *outlet) take(fd int, buf []byte) (int, error) {
	for !o.stopped.Load() {
		switch n, err := unix.Read(fd, buf); {
		case n > 0:
			return n, nil
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			if err := o.wait(fd); err != nil {
				return 0, err
			}
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		default:
			return 0, io.EOF
		}
	}
	return 0, errStopped
}

// wait returns when there may be output, or stop was called. Of pipes any system can poll,
// whatever their numbers are, which not all can of terminals: see heard.
func (o *outlet) wait(fd int) error {
	both := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}, {Fd: int32(o.halt[0].Fd()), Events: unix.POLLIN}}
	if _, err := unix.Poll(both, -1); err != nil && err != unix.EINTR {
		return os.NewSyscallError("poll", err)
	}
	return nil
}

// stop ends Read, now or when it is called.
func (o *outlet) stop() {
	o.stopped.Store(true)
	o.halt[1].Close()
}

// handed returns the pipe for another program to read from, one that waits as most do.
func (o *outlet) handed() *os.File {
	if raw, err := o.file.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SetNonblock(int(fd), false) })
	}
	return o.file
}

// close may be called again.
func (o *outlet) close() {
	o.file.Close()
	o.halt[0].Close()
	o.halt[1].Close()
}
