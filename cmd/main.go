// Package cmd is the command line: one file a command, flags, wiring and exit
// codes. It is the only package that knows every other one.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/lazytrace/lazytrace/eventlog/escape"
)

// Main runs the command line and returns the exit code.
func Main() int {
	err := newRootCommand().ExecuteContext(context.Background())
	var exit exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if exit.err == nil {
			return exit.code
		}
	default:
		exit.code = 1
	}
	fmt.Fprintf(os.Stderr, "lazytrace: %s\n", escape.Line(err.Error()))
	return exit.code
}
