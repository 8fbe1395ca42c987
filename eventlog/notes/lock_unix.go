//go:build unix && !solaris && !illumos && !aix

package notes

import (
	"os"
	"syscall"
)

// lock waits until no other process writes to the file, and returns what lets
// others write again. The lock goes with the process.
func lock(f *os.File) (unlock func(), err error) {
	fd := int(f.Fd())
	for {
		if err = syscall.Flock(fd, syscall.LOCK_EX); err != syscall.EINTR {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return func() { _ = syscall.Flock(fd, syscall.LOCK_UN) }, nil
}
