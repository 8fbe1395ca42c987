package process

import (
	"errors"
	"io/fs"
	"os/exec"
)

// Status is how a program ended.
type Status struct {
	Code   int    // its exit code; 128 and the number of the signal that ended it
	Signal string // the name of that signal, or ""
}

// Exit codes of a program that could not be started, as shells give them.
const (
	NotExecutable = 126
	NotFound      = 127
)

// CodeOf returns the exit code for a program that could not be started.
func CodeOf(err error) int {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return NotFound
	}
	return NotExecutable
}
