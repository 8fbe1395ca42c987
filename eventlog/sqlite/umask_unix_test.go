//go:build unix

package sqlite

import (
	"syscall"
	"testing"
)

func withUmask(t *testing.T, mask int, do func()) {
	t.Helper()
	defer syscall.Umask(syscall.Umask(mask))
	do()
}
