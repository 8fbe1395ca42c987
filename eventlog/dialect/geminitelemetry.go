package dialect

import "github.com/lazytrace/lazytrace/eventlog"

// GeminiTelemetry reads the file that Gemini CLI writes its telemetry to: the
// objects of OpenTelemetry's SDK for JavaScript as they are in memory, one after
// the other. See docs/format/gemini-telemetry.md.
type GeminiTelemetry struct{}

// Name returns the name of the format.
func (GeminiTelemetry) Name() string { return "gemini-telemetry" }

// Sniff knows an object by the fields that only these have, and the scope that
// each of them names.
func (GeminiTelemetry) Sniff(h *Head) int {
	for _, value := range h.Lines {
		if sdkKind(value) != itemNone {
			return 93
		}
	}
	return 0
}

// Stacks tells that objects take many lines.
func (GeminiTelemetry) Stacks() {}

// Rank puts a chat before what was reported of it.
func (GeminiTelemetry) Rank(*Head) int { return OTLP{}.Rank(nil) }

// Tables asks for nothing: it is never a database.
func (GeminiTelemetry) Tables() []eventlog.Table { return nil }

// Open returns a decoder.
func (GeminiTelemetry) Open(seg Segment) Decoder { return &sdkObjects{newOTLP(seg.Path)} }
