package archive

import (
	"errors"
	"syscall"
)

// full are the errors of a disk that takes nothing more.
var full = []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EFBIG}

// Full returns why nothing more can be written, or nil when that is not what an error
// is about.
func Full(err error) error {
	for _, f := range full {
		if errors.Is(err, f) {
			return f
		}
	}
	return nil
}

// IsFull reports whether an error says that nothing more can be written.
func IsFull(err error) bool { return Full(err) != nil }
