package command

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/lazytrace/lazytrace/recorder/capture/lines"
	"github.com/lazytrace/lazytrace/recorder/capture/process"
	"github.com/lazytrace/lazytrace/recorder/capture/raw"
	"github.com/lazytrace/lazytrace/recorder/guard"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
)

// Options say what is recorded and where to. Zero fields are the defaults.
type Options struct {
	Args                  []string // the command
	Env                   []string // its environment, to which ours is added
	Dir                   string   // where it runs, for the log; the process is there already
	Stdin, Stdout, Stderr *os.File
	Capture               process.Capture
	Decode                lines.Decoder // finds events in lines of its output

	SessionID                                 string // a new one when empty
	ParentSession, ParentRun                  string // what this session was started by
	RootSession                               string // the outermost one around it; the parent when empty
	Name, Goal, Agent                         string
	Environment, Experiment, Variant, Version string
	Metadata                                  map[string]string
	Tags                                      []string
	Metrics                                   map[string]float64
	UnsafePayloads                            bool // nothing is redacted, which the log says

	// Raw keeps the output as it is, and no lines or events are made of it; nil makes
	// them. The recording closes it.
	Raw *raw.File

	Open      func(ctx context.Context) (pipeline.Store, error)
	StorePath string // for recorders inside; "" keeps them from finding it
	Exporters []pipeline.Exporter
	Pipeline  pipeline.Options // queue, batches, redaction; what else is in it is overwritten

	Guard *guard.Options // nil guards nothing

	// KeepExchanges keeps what was asked and answered on the way to model providers, in
	// a store that can, so that it can be answered again. It takes Capture.Proxy.
	KeepExchanges bool

	Heartbeat time.Duration // 30 s
	Notices   io.Writer     // Stderr when nil
}

// Result is how a recording ended.
type Result struct {
	Session string
	Code    int // the exit code of the program
	Stats   pipeline.Stats
}

// passiveDelay is how long an event may wait for its batch that was read from
// what the program prints or calls, whatever the interval is: nobody has a copy
// of it or waits to be told, and what was read a quarter of a second before we
// are killed is to be in the store.
const passiveDelay = 150 * time.Millisecond

// How long the end of a recording may take.
const (
	flushAfterSignal = 2 * time.Second // somebody asked us to end and may not wait longer
	flushAtEnd       = 5 * time.Second
)
