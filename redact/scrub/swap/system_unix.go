//go:build unix

package swap

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// shared reports whether a file has more names than one.
func shared(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && s.Nlink > 1
}

// owned gives a file the owner and group of another one.
func owned(f *os.File, as fs.FileInfo) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	want, ok := as.Sys().(*syscall.Stat_t)
	have, too := info.Sys().(*syscall.Stat_t)
	if !ok || !too || want.Uid == have.Uid && want.Gid == have.Gid {
		return nil
	}
	return f.Chown(int(want.Uid), int(want.Gid))
}

// syncFolder has the names in a folder written to the disk.
func syncFolder(dir string) error {
	if dir == "" {
		dir = "."
	}
	d, err := os.Open(dir)
	if err != nil {
		return cause(err)
	}
	err = d.Sync()
	d.Close()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil // there are systems of files that cannot
	}
	return cause(err)
}
