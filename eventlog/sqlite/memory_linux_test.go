package sqlite

import (
	"os"
	"syscall"
)

// peakMemory returns how much memory a process had at most, in bytes.
func peakMemory(state *os.ProcessState) int64 {
	return state.SysUsage().(*syscall.Rusage).Maxrss << 10
}
