//go:build (amd64 || arm64) && !race

package cmd

import (
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"unsafe"
)

// inLargePages asks the system to give the next so many bytes of the heap in pages of
// megabytes: adding up a gigabyte of logs, or the first screen over thousands of them,
// fills tens of thousands of the usual ones, and being given those takes up to half of
// the time. The bytes are asked for and let go at once, so that the heap grows into them;
// nothing is taken that it does not fill. A system that gives none goes on as it did.
func inLargePages(size int) {
	percent := debug.SetGCPercent(-1) // a collection that finds them in use would put off the next one
	advise(size)
	runtime.GC()
	debug.SetGCPercent(percent)
}

//go:noinline
func advise(size int) {
	var room strings.Builder // which does not clear, and so not fill, what it has grown by
	room.Grow(size)
	_ = room.WriteByte(0)
	_ = syscall.Madvise(unsafe.Slice(unsafe.StringData(room.String()), size), syscall.MADV_HUGEPAGE)
}
