package process

import (
	"os"

	"golang.org/x/sys/unix"
)

// widen makes room in a pipe, so that a program that prints much and we, who
// pass it on, take turns less often. A system that says no has its reasons.
func widen(pipe *os.File, size int) {
	if raw, err := pipe.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, size) })
	}
}
