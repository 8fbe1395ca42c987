package cmd

// exitRefused is the exit code for bad usage or input.
const exitRefused = 2

// exitTripped is the exit code of a gate: something that was asked about is so.
const exitTripped = 3

// exitError ends the program with a code, silently when there is no error in
// it.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e exitError) Unwrap() error { return e.err }

// refused makes bad usage or input of an error.
func refused(err error) error { return exitError{exitRefused, err} }
