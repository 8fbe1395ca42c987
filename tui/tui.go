package tui

import (
	"context"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

type Options struct {
	Sources              *eventlog.Sources
	Open                 func(context.Context, *eventlog.Session) (eventlog.Log, error)
	Now                  func() time.Time
	Title, Query, Start  string
	Follow, Mouse, ASCII bool
	Banner               string
}

func Run(context.Context, Options) error { return nil }
