//go:build !unix

package external

import "os/exec"

// shell makes a command that the command interpreter reads.
func shell(command string) *exec.Cmd { return exec.Command("cmd", "/C", command) }

// killAll kills the program. Whether it was still there is all the same.
func killAll(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
