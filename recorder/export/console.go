package export

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Console prints one line an event, the way LazyBridge's console exporter does:
//
//	[agent] event_type  k=v  k=v
//
// Values that are empty are left out, long ones are cut, and control bytes are
// shown rather than obeyed.
type Console struct {
	out  io.Writer
	buf  strings.Builder
	held int // events in it
}

// NewConsole prints to out.
func NewConsole(out io.Writer) *Console { return &Console{out: out} }

// Name says what it is.
func (*Console) Name() string { return "console" }

// longest is how many characters of a value are shown.
const longest = 120

// Export adds the line of the event to the batch.
func (c *Console) Export(e eventlog.Event) error {
	c.held++
	agent := e.Agent
	var parts []string
	wire.Fields(e.Payload, func(name string, raw json.RawMessage) bool {
		switch name {
		case "agent_name":
			if s := python(raw, false); s != "" {
				agent = s
			}
			return true
		case "session_id", "event_type", "run_id":
			return true
		}
		if s := python(raw, false); s != "" && s != "None" {
			parts = append(parts, name+"="+cut(s))
		}
		return true
	})
	if agent == "" {
		agent = "?"
	}
	c.buf.WriteString(escape.Line("[" + agent + "] " + e.Type))
	for _, part := range parts {
		c.buf.WriteString("  ")
		c.buf.WriteString(escape.Line(part))
	}
	c.buf.WriteByte('\n')
	return nil
}

// Flush prints the batch.
func (c *Console) Flush() error {
	if c.buf.Len() == 0 {
		return nil
	}
	err := printed(c.out, c.buf.String(), c.held)
	c.buf.Reset()
	c.held = 0
	return err
}

// printed prints the lines of some events.
func printed(out io.Writer, lines string, events int) error {
	if _, err := io.WriteString(out, lines); err != nil {
		return lost(events, fmt.Errorf("print events: %w", err))
	}
	return nil
}

// Close prints what is left. What is printed to stays open.
func (c *Console) Close() error { return c.Flush() }

func cut(s string) string {
	if len(s) <= longest {
		return s
	}
	runes := 0
	at := 0
	for i := range s {
		if runes == longest-3 {
			at = i
		}
		if runes == longest {
			return s[:at] + "..."
		}
		runes++
	}
	return s
}

// python spells a JSON value as Python's str does, which is what a LazyBridge
// user is used to see: 'quoted' inside of containers, True, None.
func python(raw json.RawMessage, nested bool) string {
	raw = trim(raw)
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return string(raw)
		}
		if nested {
			return quote(s)
		}
		return s
	case '{':
		var parts []string
		wire.Fields(raw, func(name string, raw json.RawMessage) bool {
			parts = append(parts, quote(name)+": "+python(raw, true))
			return len(parts) < longest // what follows is cut anyway
		})
		return "{" + strings.Join(parts, ", ") + "}"
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return string(raw)
		}
		parts := make([]string, 0, min(len(list), longest))
		for _, raw := range list[:min(len(list), longest)] {
			parts = append(parts, python(raw, true))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case 't':
		return "True"
	case 'f':
		return "False"
	case 'n':
		return "None"
	}
	return string(raw)
}

func quote(s string) string {
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return `"` + strings.ReplaceAll(s, `\`, `\\`) + `"`
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + "'"
}

func trim(raw json.RawMessage) json.RawMessage {
	return json.RawMessage(strings.TrimSpace(string(raw)))
}
