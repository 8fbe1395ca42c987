package process

import (
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/recorder/agents"
)

// Capture says how a program may be captured: its output, and what it is asked
// to send.
type Capture struct {
	Auto     bool // decide by what the program would see without us
	Stdout   bool // copy what goes to stdout and stderr
	Terminal bool // give the program a terminal of its own and copy what it shows

	HTTP      bool // take events over HTTP
	Telemetry bool // take OpenTelemetry, and have agents send theirs
	Proxy     bool // pass on its calls of model providers, and tell of them

	Transcript bool // follow what agents write about themselves
}

// ParseCapture reads a list of layers: auto, none, stdout, pty, transcript, http, otlp,
// proxy. Where none of them is about the output, that is captured as without a list.
// Transcripts are part of auto.
func ParseCapture(list string) (c Capture, err error) {
	output := false
	for _, name := range strings.Split(list, ",") {
		switch name = strings.TrimSpace(name); name {
		case "auto", "":
			c.Auto = true
		case "none":
			output = true
		case "stdout":
			c.Stdout = true
		case "pty":
			c.Terminal = true
		case "transcript":
			c.Transcript = true
		case "http":
			c.HTTP = true
		case "otlp":
			c.Telemetry = true
		case "proxy":
			c.Proxy = true
		default:
			return c, fmt.Errorf("%q is not auto, stdout, pty, transcript, http, otlp, proxy or none", name)
		}
	}
	if !output && !c.Stdout && !c.Terminal {
		c.Auto = true
	}
	c.Transcript = c.Transcript || c.Auto
	return c, nil
}

// plan is what is done with the streams of one program.
type plan struct {
	terminal    bool // a terminal of its own in place of every stream that is one
	out, errOut bool // copy stdout, stderr
}

// decide picks the least that captures: a stream that is no terminal can be
// copied without the program noticing, a terminal cannot.
func decide(c Capture, args []string, outTTY, errTTY, foreground bool) plan {
	var p plan
	switch {
	case c.Terminal && foreground:
		p.terminal = true
	case c.Stdout:
		return plan{out: true, errOut: true}
	case c.Auto && outTTY && foreground && !agents.IsFullScreen(args):
		p.terminal = true
	}
	if c.Auto || c.Terminal {
		p.out, p.errOut = !outTTY, !errTTY
	}
	return p
}
