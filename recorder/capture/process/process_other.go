//go:build !unix

package process

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"github.com/charmbracelet/x/term"
)

func statusOf(s *os.ProcessState) Status { return Status{Code: s.ExitCode()} }

func isFormat(error) bool { return false }

func isTerminal(f *os.File) bool { return term.IsTerminal(f.Fd()) }

// inForeground is false: without a controlling terminal there is none to
// imitate, and a program keeps the real one.
func inForeground() bool { return false }

// relay keeps an interrupt, which the console sends to the program as well,
// from ending us first.
type relay struct{ ch chan os.Signal }

func newRelay(func(string), func()) *relay {
	r := &relay{ch: make(chan os.Signal, 1)}
	signal.Notify(r.ch, os.Interrupt)
	return r
}

func (r *relay) run(*Process) {}
func (r *relay) ended()       {}
func (r *relay) stop()        { signal.Stop(r.ch) }

// screen is not there yet on this system.
type screen struct{ tap io.Writer }

func openScreen(Options) (*screen, error) { return nil, errors.ErrUnsupported }

func (s *screen) attach(*exec.Cmd, bool, bool) {}
func (s *screen) started()                     {}
func (s *screen) run()                         {}
func (s *screen) finish(time.Duration)         {}
func (s *screen) close()                       {}
