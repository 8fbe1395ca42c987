//go:build !unix

package export

import "os/exec"

func apart(*exec.Cmd) {}

// kill ends the program. It may have ended.
func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }
