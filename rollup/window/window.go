// Package window tells how the context of each run grew from call to call, where
// it was shortened, and what carrying its blocks from call to call cost. It knows
// spans, rows and bills, and neither a format nor a screen.
//
// What a call read, wrote and cost is counted or priced elsewhere. How many tokens
// of a context one block is, is told by no log: those figures are estimates.
package window

import (
	"context"
	"fmt"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/price"
)

// Report is how the windows of a session's runs grew. It is immutable.
type Report struct {
	Session string
	Runs    []Run   // those with model calls; a run stands behind the one that started it
	Blocks  []Block // those that were dearest to carry, the dearest first; see Most
	Total   Sum     // of all blocks, also of those that are not listed
	Kinds   []KindSum

	Calls    int64          // model calls of the runs
	Unpriced int64          // of them, those without a price
	Copied   int64          // of them, those that say they were made in another session: where its log is read too, the ledger counts them there
	Left     int64          // bills for several calls, and of no call: nobody can tell a context from them
	ByTokens int64          // priced calls whose cost was parted by tokens, since their model has no known price
	Cost     eventlog.Money // of the calls
	CopyCost eventlog.Money // of it, that of the calls that were copied
	Read     eventlog.Money // of it, what their contexts cost; the rest is output

	// Measured says that the bodies were read to know their sizes. In logs with too
	// much for that, Bytes are those of the records that the blocks stand in, which
	// are larger, but for what tools gave and people wrote of the listed blocks.
	Measured   bool
	Generation int64 // of the snapshot that the numbers of spans and rows are of
	Version    int64
}

// Most is how many blocks a report lists.
const Most = 500

// Run is how the window of one run grew.
type Run struct {
	Span        eventlog.SpanID // of the run, or of its session where calls belong to no run
	Parent      int             // index into Report.Runs, or -1
	Depth       int             // how many of the runs that are listed stand above it
	Session     string
	Run         string
	Agent       string
	Model       string // of its last call
	Turns       []Turn // in order
	Largest     int    // the turn that read most
	Limit       Limit
	Compactions []Compaction // in order
	Blocks      Sum
}

// Turn is one model call of a run.
type Turn struct {
	Span   eventlog.SpanID
	Row    eventlog.RowID // its first
	Time   eventlog.Stamp // when it began
	Usage  eventlog.Usage
	Grew   int64          // tokens more than the turn before had read; all of them at first and after a compaction
	Cost   eventlog.Money // without meaning where it is unpriced
	Source eventlog.CostSource
	Read   eventlog.Money // the part of Cost that the context cost
	// Aside says that the call read a context of its own: it was much smaller, and
	// a later call goes on from where the one before had been.
	Aside   bool
	Copied  bool // it says that it was made in another session
	AtLeast bool // its log does not hold the final count of what it wrote
}

// Context is how many tokens the turn read.
func (t *Turn) Context() int64 { return t.Usage.Context() }

// Compaction is where the context of a run was shortened.
type Compaction struct {
	Span     eventlog.SpanID // its record, or the first turn after it where it is inferred
	Row      eventlog.RowID
	Time     eventlog.Stamp
	At       int   // index of the first turn after it; len(Turns) when none came
	Before   int64 // tokens that the last turn before it read
	After    int64 // and the first one after it; zero when none came
	Inferred bool  // no record tells of it: the context of a turn was less than two thirds of the one before
	Call     eventlog.SpanID
	Cost     eventlog.Money // of the calls that wrote the summary
	Source   eventlog.CostSource
	Known    bool // a call that wrote the summary was found; its span is Call
}

// Kind is what a block of a context is.
type Kind uint8

// The kinds of blocks.
const (
	Result  Kind = iota // what a tool gave
	User                // what a person, or whoever started the run, wrote
	System              // what the program put there: instructions, reminders, attachments
	Answer              // what the model wrote itself, with the arguments of its calls
	Summary             // what a compaction left
	Untold              // what is in no record: the system prompt and the tools, mostly
	kinds
)

var kindNames = [kinds]string{"tool_result", "user", "system", "answer", "summary", "untold"}

// String returns the name of the kind.
func (k Kind) String() string { return kindNames[k] }

// MarshalText returns the name of the kind.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Basis says what the tokens of a block were estimated from.
type Basis uint8

// What tokens are estimated from.
const (
	Growth  Basis = iota // a part of what the context grew by
	Counted              // what the call that wrote it counted as output
	Bytes                // a quarter of its bytes: the growth tells nothing
)

var basisNames = [...]string{"growth", "output", "bytes"}

// String returns the name of the basis.
func (b Basis) String() string { return basisNames[b] }

// MarshalText returns the name of the basis.
func (b Basis) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// Block is one thing that entered the context of a run.
type Block struct {
	Kind     Kind
	Basis    Basis
	Run      int // index into Report.Runs
	Turn     int // the turn that read it first; -1 when none did
	Span     eventlog.SpanID
	Row      eventlog.RowID
	Time     eventlog.Stamp
	Tool     string
	Label    string
	Bytes    int64          // of its body, or of its records; see Report.Measured
	Tokens   int64          // estimated
	Calls    int64          // later calls of the run that read it again
	Carried  int64          // Tokens times Calls
	First    eventlog.Money // its part of what the turn that read it first cost
	Cost     eventlog.Money // its part of what the calls that read it again cost
	Unpriced int64          // of Calls, those without a price
}

// Sum is what blocks come to.
type Sum struct {
	Blocks  int64
	Bytes   int64
	Tokens  int64
	Carried int64
	First   eventlog.Money
	Cost    eventlog.Money
}

func (s *Sum) add(b *Block) {
	s.Blocks++
	s.Bytes = plus(s.Bytes, b.Bytes)
	s.Tokens = plus(s.Tokens, b.Tokens)
	s.Carried = plus(s.Carried, b.Carried)
	s.First += b.First
	s.Cost += b.Cost
}

// plus adds what hostile logs may have made large.
func plus(a, b int64) int64 {
	if s := a + b; s >= a {
		return s
	}
	return a
}

// KindSum is what the blocks of one kind come to.
type KindSum struct {
	Kind Kind
	Sum
}

// Progress is told how many rows of how many have been looked at. It may be nil.
type Progress func(done, total int)

// Grow finds out how the windows of a session's runs grew, and those of all that
// lies below the session. prices part costs into those of input and output; nil
// parts them by tokens. Its work is proportional to the rows of the log, and the
// bodies of the blocks that it lists are read: call it from a command.
func Grow(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot, session eventlog.Sym, prices *price.Book, progress Progress) (*Report, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	g := &gathering{ctx: ctx, log: log, snap: snap, names: snap.Symbols.Names(), progress: progress}
	if !g.scope(session) {
		return nil, fmt.Errorf("session %s is not in the log that was opened", snap.Symbols.Name(session))
	}
	if err := g.gather(); err != nil {
		return nil, err
	}
	f := &folding{gathering: g, parts: parting{book: prices, names: g.names}, top: top{most: Most}, r: &Report{
		Session: snap.Symbols.Name(session), Generation: snap.Generation, Version: snap.Version, Left: g.left, Measured: !g.bulky,
	}}
	if err := f.all(); err != nil {
		return nil, err
	}
	if err := f.finish(); err != nil {
		return nil, err
	}
	return f.r, nil
}
