// Package dialect knows how each system spells its records: one file, one test
// and one page in docs/format a system. A dialect tells its own records from
// others, and decodes one record at a time into events. It reads no file and
// keeps nothing but the state of the segment it decodes.
package dialect

import (
	"errors"
	"math"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Dialect is one way of spelling records.
type Dialect interface {
	// Name is what people call the format: lazybridge, claude.
	Name() string
	// Sniff says how likely a segment is in this dialect, from 0, not at all,
	// to 100, certainly. It sees the first records only.
	Sniff(h *Head) int
	// Tables are the tables to read when the segment is a database.
	Tables() []eventlog.Table
	// Open returns the decoder of one segment.
	Open(seg Segment) Decoder
}

// Decoder decodes the records of one segment in their order.
type Decoder interface {
	// Decode calls emit for each event of a record. The event is reused. With
	// full, bodies are decoded as well: the decoder is then a fresh one that
	// sees this record only, so bodies may not depend on earlier records.
	Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error
}

// Rester is a decoder that holds parts of the record that it decoded last. They
// hold the whole block that was read: of thousands of files that nobody writes
// to it would be most of what is kept.
type Rester interface {
	Rest() // until the next record
}

// Outliner is a dialect whose decoders make use of the members of a record that
// were found ahead, by the outliner that they would find them with themselves.
type Outliner interface {
	Outliner() *jsonl.Outliner
}

// Segment is what a decoder is told about the segment that it decodes.
type Segment struct {
	Path string
	Head *Head
	// Sidecar is the content of the small file that describes this one, where
	// the dialect asked for it; otherwise nil.
	Sidecar []byte
}

// Sidecarer is a dialect whose segments may have a small file beside them that
// describes them.
type Sidecarer interface {
	Sidecar(path string) string
}

// Explainer is a dialect that can say why a segment is not in it.
type Explainer interface {
	Explain(h *Head) string
}

// Treed is a dialect whose segments are trees of small files, each of them a
// record: the file of a segment leads to others.
type Treed interface {
	// Below returns a pattern of the files that lie below one, or nothing. Table
	// is how deep that one lies; it is the table of its record.
	Below(table int, path string) string
}

// Ranker is a dialect that may hold the same session as another segment does
// in a poorer form; see eventlog.Summary.Rank.
type Ranker interface {
	Rank(h *Head) int
}

// Stacker is a dialect whose records may be JSON values that take many lines, in
// files that are appended to.
type Stacker interface{ Stacks() }

// Framer is a dialect whose segments may hold messages of bytes, not of text.
type Framer interface {
	Frames(h *Head) Framing
}

// Framing says how messages stand in a file.
type Framing uint8

// The framings of a file.
const (
	NoFrames    Framing = iota // it is text
	OneFrame                   // the whole file is one message
	SizedFrames                // before each message stand four bytes: its size, the highest first
)

// Head is the beginning of a segment.
type Head struct {
	Path    string
	Lines   [][]byte            // the first lines that are whole, of a text file, or the first values of a document
	Text    []byte              // the beginning of a text that may be a document
	Tables  map[string][]string // the columns by table, of a database
	Start   []byte              // the first bytes of a file, whatever they are
	Members []string            // the names of the members, of an archive
}

// IsDatabase reports whether the segment is a database.
func (h *Head) IsDatabase() bool { return h.Tables != nil }

// ErrNoEvent is what Decode returns for a record that is readable but is no
// event of the dialect.
var ErrNoEvent = errors.New("not an event")

// All returns the dialects that are built in, in the order in which ties are
// broken.
func All() []Dialect {
	return []Dialect{
		LazyBridge{}, Legacy{}, Claude{}, Opencode{}, OpencodeFiles{}, Codex{}, CodexExec{}, Gemini{}, GeminiStream{}, Pi{},
		ClaudeStream{}, OpencodeRun{}, AgentSDK{}, Crush{}, Goose{}, GooseLines{}, CodexThreads{}, CodexHistory{}, Copilot{}, AgentsSessions{},
		GeminiResult{}, SWEAgent{}, MiniSWE{}, Inspect{}, OTLP{}, GeminiTelemetry{}, CopilotTelemetry{}, Sentrial{}, Niitaka{},
	}
}

// Sniff returns the dialect that a segment is in, or nil.
func Sniff(h *Head, known []Dialect) Dialect { return sniff(h, known, 1) }

// SniffDocument is Sniff for a file that may be any of the many things that are
// kept as JSON: half a guess is not enough.
func SniffDocument(h *Head, known []Dialect) Dialect { return sniff(h, known, 40) }

// SniffSurely is Sniff for when more can be read: it answers only when a dialect
// is so sure that nobody can be surer, and nil means that more is to be read.
func SniffSurely(h *Head, known []Dialect) Dialect { return sniff(h, known, sure) }

// sure is the most that a dialect says which is built in. Descriptions of formats
// that a user gives may say more.
const sure = 95

// unsure is a dialect whose logs look like those of others, so that it never says sure.
type unsure interface{ most() int }

// most returns the most that a dialect says.
func most(d Dialect) int {
	switch d := d.(type) {
	case *Declared:
		return math.MaxInt
	case unsure:
		return d.most()
	}
	return sure
}

func sniff(h *Head, known []Dialect, least int) Dialect {
	var best Dialect
	score := least - 1
	for _, d := range known {
		if score >= most(d) {
			continue // it says no more than that
		}
		if n := d.Sniff(h); n > score {
			best, score = d, n
		}
	}
	return best
}

// has reports whether a table has all the columns.
func has(columns []string, want ...string) bool {
	for _, w := range want {
		found := false
		for _, c := range columns {
			found = found || c == w
		}
		if !found {
			return false
		}
	}
	return true
}
