package recorder

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/redact"
)

// Options say what a session is called, where its events go, and what happens
// on the way. The zero Options keep everything in memory, masked, until Close.
type Options struct {
	// What tells of the session. None of it is needed.

	ID          string // a new one when empty
	Name        string // what to call it
	Goal        string // what it is meant to achieve
	Agent       string // who it is the session of; its first agent when empty
	Environment string // production, staging, ...
	Experiment  string // and the variant of it
	Variant     string
	Metadata    map[string]string
	Tags        []string

	// Parent is the session that started this one, and ParentRun the run in it.
	// Without them, inside of a recorded command, it is the command's.
	Parent, ParentRun string
	// Detached keeps the session from becoming a child of the one that the
	// program runs in.
	Detached bool

	// DB is the file of the store, made with mode 0600 if need be. Empty is the
	// store of the recorder that the program runs under and, without one,
	// memory, as :memory: and none are: the events are gone after Close, and grow
	// with what is emitted until then.
	DB string
	// Durable waits for the disk at every commit, so that nothing is lost when
	// the power fails.
	Durable bool
	// Exporters are given each event, in this order, after it was committed.
	// The session closes them, also when NewSession fails.
	Exporters []Exporter
	// Console also prints a line for each event of the program, behind the
	// Exporters, to ConsoleTo, or to stderr when that is nil.
	Console   bool
	ConsoleTo io.Writer

	// Redact masks what is recorded, in the place of the default, which is
	// DefaultRedactor. See RedactFunc, and Stack for more than one.
	Redact Redactor
	// RedactOnError is what becomes of events that cannot be redacted: Strict
	// drops them, Fallback keeps them without their body.
	RedactOnError RedactFailure
	// UnsafeLogPayloads turns the default redaction off, which the session says
	// of itself. A Redact that is given is used all the same.
	UnsafeLogPayloads bool

	// Batched makes Emit return at once; what it takes is committed a moment
	// later. Without it Emit returns after the commit. The fields below, but
	// for Critical, matter in batches only.
	Batched       bool
	BatchSize     int           // events that are committed at once; 100
	BatchInterval time.Duration // how long an event may wait for its batch; 1 s
	MaxQueue      int           // events that may wait; 10,000
	OnFull        OnFull        // what happens to an event for which there is no room; Hybrid
	// Critical are the types that Hybrid lets wait for room. Nil are the starts,
	// finishes, tool events (tool_timeout as well), decisions of people, errors and
	// metrics; an empty list is no type at all.
	Critical []string

	// Price estimates what a call cost that tells of no cost, for UsageSummary,
	// and says by which price, or why there is none. The method Estimate of
	// price.Default() is one. Without it such calls are counted as unpriced.
	Price func(provider, model string, b *eventlog.Bill) (cost Money, why string, ok bool)

	// Warn takes one line about something that went wrong while the recording
	// goes on; it may be called by any goroutine and must not call the session.
	// When nil the first three are printed on stderr.
	Warn func(line string)

	heartbeat time.Duration // 30 s; shorter in tests
}

// How long the session waits for its own work where no context says otherwise.
const (
	flushTimeout = 5 * time.Second
	heartbeats   = 30 * time.Second
)

// check returns what is wrong with the options in one line.
func (o *Options) check() error {
	switch {
	case o.BatchSize < 0:
		return fmt.Errorf("BatchSize is %d: it must be more than 0, or 0 for 100", o.BatchSize)
	case o.BatchInterval < 0:
		return fmt.Errorf("BatchInterval is %s: it must be more than 0, or 0 for 1s", o.BatchInterval)
	case o.MaxQueue < 0:
		return fmt.Errorf("MaxQueue is %d: it must be more than 0, or 0 for 10000", o.MaxQueue)
	case o.OnFull > Drop:
		return fmt.Errorf("OnFull is %d: it is Hybrid, Block or Drop", o.OnFull)
	case o.RedactOnError > Fallback:
		return fmt.Errorf("RedactOnError is %d: it is Strict or Fallback", o.RedactOnError)
	case o.ParentRun != "" && o.Parent == "":
		return fmt.Errorf("ParentRun %q is of no session: say which in Parent", o.ParentRun)
	}
	for i, x := range o.Exporters {
		if x == nil {
			return fmt.Errorf("Exporters[%d] is nil", i)
		}
	}
	return nil
}

// onlyTells returns an error when more is set than what tells of a session.
func (o Options) onlyTells() error {
	o.ID, o.Name, o.Goal, o.Agent, o.Environment, o.Experiment, o.Variant = "", "", "", "", "", "", ""
	o.Metadata, o.Tags = nil, nil
	v := reflect.ValueOf(o)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			return fmt.Errorf("%s is its parent's: a child goes where its parent goes", v.Type().Field(i).Name)
		}
	}
	return nil
}

// store is where the events go: a path, or "" for memory.
func (o *Options) store(outer string) string {
	path := o.DB
	if path == "" {
		path = outer
	}
	if path == "none" || path == ":memory:" {
		return ""
	}
	return path
}

// pipeline makes the options of the pipeline. What waits for the commit anyway
// shares it with whoever comes while another one is under way, and is never
// dropped.
func (o *Options) pipeline() (p pipeline.Options, err error) {
	p = pipeline.Options{
		BatchSize: o.BatchSize, BatchInterval: o.BatchInterval, MaxQueue: o.MaxQueue, OnFull: o.OnFull,
		Redactor: o.Redact, OnError: o.RedactOnError, Warn: o.Warn,
	}
	if !o.Batched {
		p.OnFull, p.GroupDelay = Block, 1
	}
	if o.Critical != nil {
		types := make(map[string]bool, len(o.Critical))
		for _, name := range o.Critical {
			types[strings.TrimSpace(name)] = true
		}
		p.Critical = func(e *Event) bool { return types[e.Type] }
	}
	if o.Redact == nil && !o.UnsafeLogPayloads {
		if p.Redactor, err = redact.New(redact.Options{}); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (o *Options) consoleTo() io.Writer {
	if o.ConsoleTo != nil {
		return o.ConsoleTo
	}
	return os.Stderr
}
