//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly && !windows

package archive

import (
	"errors"
	"io/fs"
	"os"
)

// lock makes a file that only one process can make. What a process leaves that was
// killed has to be removed by hand.
func lock(path string) (unlock func(), ok bool, err error) {
	f, err := os.OpenFile(path+".held", os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	_ = f.Close()
	return func() { _ = os.Remove(path + ".held") }, true, nil
}
