package process

import (
	"os"

	"golang.org/x/sys/unix"
)

// widen makes room in a pipe, so that a program that prints much, we, who pass it on, and
// whoever reads that take turns less often. Room that there is stays, what is no pipe is
// left alone, and a system that says no has its reasons.
func widen(pipe *os.File, size int) {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		if has, err := unix.FcntlInt(fd, unix.F_GETPIPE_SZ, 0); err == nil && has < size {
			_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, size)
		}
	})
}
