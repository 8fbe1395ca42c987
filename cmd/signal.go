package cmd

import (
	"context"
	"os/signal"
	"syscall"
)

// untilSignal returns a context that ends when the user, or the system, asks
// the program to end.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
}
