package recorder

import (
	"encoding/json"
	"io"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/export"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// console prints what the program's agents do, one line an event. What the
// session says of itself is left out, and so are the ids that tie runs and calls
// together: they are for programs.
type console struct{ *export.Console }

func newConsole(to io.Writer) Exporter { return console{export.NewConsole(to)} }

func (c console) Export(e Event) error {
	switch e.Kind {
	case eventlog.SessionStart, eventlog.SessionEnd, eventlog.Heartbeat:
		return nil
	}
	var o wire.Object
	wire.Fields(e.Payload, func(name string, raw json.RawMessage) bool {
		if name != "parent_run_id" && name != "call_id" {
			o.Raw(name, raw)
		}
		return true
	})
	e.Payload = o.JSON()
	return c.Console.Export(e)
}
