package dialect

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// CopilotTelemetry reads the file that GitHub Copilot writes its telemetry to,
// the command line's and the editor's: a span, a log record or a metric a line.
// See docs/format/copilot-telemetry.md.
type CopilotTelemetry struct{}

// Name returns the name of the format.
func (CopilotTelemetry) Name() string { return "copilot-telemetry" }

// Sniff knows a span by its ids, which stand beside its attributes, and
// anything else by the program that wrote it.
func (CopilotTelemetry) Sniff(h *Head) int {
	best := 0
	for _, line := range h.Lines {
		kind := sdkKind(line)
		switch {
		case kind == itemNone:
		case kind == itemSpan && hasKey(line, "spanId"):
			return 94
		case isCopilots(line):
			best = 94
		}
	}
	return best
}

// isCopilots reports whether an object is of Copilot, by its service or its name.
func isCopilots(object []byte) bool {
	ours := false
	_ = fieldsOf(object, func(key, value []byte) bool {
		switch string(key) {
		case "resource":
			service := readable(sdkResource(value).attrs.of[attrService])
			ours = ours || service == "github-copilot" || service == "copilot-chat"
		case "name":
			name := readable(value)
			ours = ours || strings.HasPrefix(name, "gen_ai.") || strings.HasPrefix(name, "github.copilot.")
		}
		return true
	})
	return ours
}

func hasKey(object []byte, key string) bool {
	_, ok := lookup(object, key)
	return ok
}

// Rank puts the events that Copilot keeps of a session before what it reported.
func (CopilotTelemetry) Rank(*Head) int { return OTLP{}.Rank(nil) }

// Tables asks for nothing: it is never a database.
func (CopilotTelemetry) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (CopilotTelemetry) Open(seg Segment) Decoder {
	return &copilotTelemetry{sdkObjects{newOTLP(seg.Path)}}
}

// copilotTelemetry decodes one file.
type copilotTelemetry struct{ sdkObjects }

// Decode decodes a line. What is no span and no metric, and has attributes, is
// a log record, whatever it calls itself.
func (c *copilotTelemetry) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	if sdkKind(rec.Body) == itemNone && jsonl.Valid(rec.Body) {
		if attrs, _ := lookup(rec.Body, "attributes"); len(attrs) > 0 && attrs[0] == '{' {
			c.items = c.items[:0]
			c.readLog(rec.Body)
			c.decode(full, emit)
			return nil
		}
	}
	return c.sdkObjects.Decode(rec, full, emit)
}
