package cmd

import (
	"errors"
	"fmt"
)

// The exit codes of every command but run, whose code is that of its child.
const (
	exitFine    = 0
	exitFailed  = 1
	exitRefused = 2 // bad usage or bad input: one line says why
	exitTripped = 3 // a gate was not passed
)

// exitError is an error that knows the exit code it leads to. A nil err ends
// the program without a word.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// refuse returns an error about what the user gave.
func refuse(format string, args ...any) error {
	return exitError{exitRefused, fmt.Errorf(format, args...)}
}

// refused marks an error as being about what the user gave.
func refused(err error) error {
	if err == nil {
		return nil
	}
	return exitError{exitRefused, err}
}

// codeOf returns the exit code that an error leads to.
func codeOf(err error) int {
	var exit exitError
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &exit):
		return exit.code
	}
	return exitFailed
}
