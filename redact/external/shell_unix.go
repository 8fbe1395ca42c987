//go:build unix

package external

import (
	"os/exec"
	"syscall"
)

// shell makes a command that the shell reads. It leads a process group of its
// own: keys that interrupt the recorded command are not for it, for it has the
// last events still before it.
func shell(command string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", command)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// killAll kills the program's group. Whether it was still there is all the
// same.
func killAll(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
