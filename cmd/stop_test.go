package cmd

import (
	"os"
	"os/exec"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/alive"
)

// Only the very process that records is told to stop.
func TestStopRecording(t *testing.T) {
	_, own := alive.Self()
	if own == "" {
		t.Skip("this system does not tell when a process began")
	}
	p := exec.CommandContext(t.Context(), "sleep", "60")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	defer p.Process.Kill()
	session := func(pid int, mark string) *eventlog.Session {
		return &eventlog.Session{Facts: eventlog.Facts{RecorderPid: pid, RecorderMark: mark}}
	}
	for name, s := range map[string]*eventlog.Session{
		"nobody": session(0, ""), "no mark": session(p.Process.Pid, ""), "another mark": session(p.Process.Pid, own), "gone": session(1<<22-1, own),
	} {
		if err := stopRecording(t.Context(), s); err == nil {
			t.Errorf("%s was told to stop", name)
		}
	}
	if !alive.Is(os.Getpid(), own) || alive.Is(p.Process.Pid, own) {
		t.Error("a process is not known by its mark")
	}
}
