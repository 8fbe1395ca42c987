package ahead

import (
	"os"

	"golang.org/x/sys/unix"
)

// soon tells the system that a part of the file will be read, so that the disk brings it
// meanwhile. It finds out by itself of one who reads on and on, but not of several who
// read in turns and look back.
func soon(file *os.File, from, n int64) {
	_ = unix.Fadvise(int(file.Fd()), from, n, unix.FADV_WILLNEED) // it may as well not
}
