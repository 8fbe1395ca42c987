//go:build unix

package guard

import (
	"context"
	"os/exec"
	"syscall"
)

// shell makes a command of a line. It is a group of its own, so that keys which
// end the program do not end it, and so that all of it can be ended.
func shell(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", line)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// The shell has not been waited for yet, so nobody else has its number.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}
