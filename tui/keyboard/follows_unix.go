//go:build unix

package keyboard

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// follows reports whether more can be read within some time. It asks by select:
// poll knows no terminals on macOS.
func follows(f *os.File, within time.Duration) bool {
	fd := int(f.Fd())
	end := time.Now().Add(within)
	for {
		left := unix.NsecToTimeval(max(0, time.Until(end)).Nanoseconds())
		var set unix.FdSet
		set.Set(fd)
		n, err := unix.Select(fd+1, &set, nil, nil, &left)
		if err != unix.EINTR {
			return err != nil || n > 0 // when in doubt it is left to who knows better
		}
	}
}
