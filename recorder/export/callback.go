package export

import "github.com/lazytrace/lazytrace/eventlog"

// Callback gives each event to a function, and tells of the errors that it
// returns. The function is called by the goroutine that writes the log and must
// not take long, or else stand behind Detach; it must not change the payload,
// which others read.
func Callback(f func(e eventlog.Event) error) Exporter { return &callback{f} }

type callback struct{ f func(eventlog.Event) error }

func (*callback) Name() string { return "callback" }

func (c *callback) Export(e eventlog.Event) error { return c.f(e) }

func (*callback) Close() error { return nil }
