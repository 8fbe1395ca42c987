package cmd

import (
	"context"
	"errors"
	"os"
	"syscall"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/alive"
)

// stopRecording asks the recorder of a session to end what it records, as a
// person would at its terminal: it passes the signal on and writes how the
// session ended. The recorder is known by its number and by the mark that no
// other process ever has, so that nothing else can be hit.
func stopRecording(_ context.Context, s *eventlog.Session) error {
	if s.RecorderPid <= 1 || s.RecorderMark == "" {
		return errors.New("its log does not tell which process records it")
	}
	if !alive.Is(s.RecorderPid, s.RecorderMark) {
		return errors.New("its recorder is no process of this machine, or no longer")
	}
	p, err := os.FindProcess(s.RecorderPid)
	if err != nil {
		return err
	}
	return p.Signal(syscall.SIGTERM)
}
