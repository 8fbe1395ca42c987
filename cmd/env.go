package cmd

import (
	"io"
	"os"
	"time"

	"github.com/charmbracelet/x/term"
)

// Env is the world that a command runs in, so that tests can make one.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	Now    func() time.Time
	// Terminal reports whether both standard input and output are terminals.
	Terminal func() bool
}

// realEnv is the world of the process.
func realEnv() *Env {
	return &Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		Terminal: func() bool { return term.IsTerminal(os.Stdin.Fd()) && term.IsTerminal(os.Stdout.Fd()) },
	}
}
