//go:build unix

package process

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

func statusOf(s *os.ProcessState) Status {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return Status{Code: 128 + int(w.Signal()), Signal: unix.SignalName(w.Signal())}
	}
	return Status{Code: s.ExitCode()}
}

func isFormat(err error) bool { return errors.Is(err, syscall.ENOEXEC) }

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	return err == nil
}

// inForeground reports whether we, and with us a program that shares our
// group, are who the keys of the controlling terminal go to.
func inForeground() bool {
	tty, err := unix.Open("/dev/tty", unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(tty) }()
	group, err := unix.IoctlGetInt(tty, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// unpolled takes the place of f with a file that never blocks and that the runtime does
// not watch: we wait for it ourselves, and a thread of the runtime's would be woken for
// each of the thousands of pieces that a program prints, and hand over to ours.
func unpolled(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	own := os.NewFile(uintptr(fd), f.Name()) // it blocks as yet, so the runtime leaves it alone
	if err := errors.Join(unix.SetNonblock(fd, true), f.Close()); err != nil {
		return nil, errors.Join(err, own.Close())
	}
	return own, nil
}
