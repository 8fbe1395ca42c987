//go:build !linux || !(amd64 || arm64) || race

package cmd

// inLargePages does nothing: the system knows best, and a detector of races would fill
// what stands for so much memory.
func inLargePages(int) {}
