//go:build !unix

package guard

import (
	"context"
	"os/exec"
)

// shell makes a command of a line.
func shell(ctx context.Context, line string) *exec.Cmd {
	return exec.CommandContext(ctx, "cmd", "/c", line)
}
