package cmd

import (
	"io"
	"os"
	"time"

	"github.com/charmbracelet/x/term"

	"github.com/lazytrace/lazytrace/eventlog/notes"
)

// Env is the world that a command runs in, so that tests can make one.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	Now    func() time.Time
	// Format is the file that --format names, of the command that runs.
	Format string
	book   *notes.Book // of what people write, once it was asked for
	// Terminal reports whether the explorer can be shown: standard output is a
	// terminal, and there is one that keys come from.
	Terminal func() bool
}

// realEnv is the world of the process.
func realEnv() *Env {
	return &Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now,
		Terminal: func() bool { return term.IsTerminal(os.Stdout.Fd()) && hasKeys() },
	}
}

// hasKeys reports whether keys can be read: from standard input or, when that
// is a log, from the terminal itself.
func hasKeys() bool {
	if term.IsTerminal(os.Stdin.Fd()) {
		return true
	}
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	return tty.Close() == nil
}
