package eventlog

import "time"

// RowID is the number of a row in its index, counted from zero.
type RowID int32

// Row is what of an event stays in memory: when, what, and where its record
// lies. Names hang on the span that the row belongs to.
type Row struct {
	Time    Stamp
	Pos     int64 // of the record, in its segment
	Size    int32
	Span    SpanID
	Type    Sym    // the log's own spelling of a Custom kind
	Sub     uint32 // which event of the record
	Segment uint16 // which segment of the log
	Table   uint16 // of the record; see Record
	Kind    Kind
	Flags   RowFlags
}

// RowFlags are facts about one row.
type RowFlags uint8

// The flags of rows.
const (
	RowFailed RowFlags = 1 << iota // the event is a failure
	RowHidden                      // machinery, collapsed by default
	RowUnread                      // the record could not be read
	RowInRun                       // noise of a run that makes no span of its own
	RowCopied                      // the log says that it was copied from another session
)

// SpanID is the number of a span, counted from one. Zero is no span.
type SpanID int32

// SpanKind is what a span is.
type SpanKind uint8

// The kinds of spans.
const (
	SpanSession SpanKind = iota + 1
	SpanRun
	SpanModel
	SpanTool
	SpanEvent // one event that stands for itself
)

// Span is something with a beginning and an end: a session, a run, a call with
// its result, or a single event that deserves a line of its own. Spans form a
// forest by Parent.
type Span struct {
	Start, End  Stamp
	First, Last RowID // its first and last rows
	Parent      SpanID
	Session     Sym
	Run         Sym
	Agent       Sym
	Model       Sym
	Tool        Sym
	Bill        int32 // index into Snapshot.Bills plus one; zero is none
	Kind        SpanKind
	Event       Kind // of the first row
	Flags       SpanFlags
	Link        Link
}

// SpanFlags are facts about one span.
type SpanFlags uint8

// The flags of spans.
const (
	SpanOpen    SpanFlags = 1 << iota // no end was seen
	SpanFailed                        // it failed
	SpanHidden                        // machinery, collapsed by default
	SpanOrphan                        // its parent is named but nowhere to be found
	SpanApprox                        // its start is a guess
	SpanSkewed                        // its clock went backwards
	SpanWaiting                       // a run in which nothing is under way
	SpanCut                           // a call that was under way when its run ended
)

// Has reports whether all the flags of f are set.
func (f SpanFlags) Has(g SpanFlags) bool { return f&g == g }

// Duration returns how long the span took, up to now while it is open. It is
// never negative.
func (s *Span) Duration(now Stamp) time.Duration {
	end := s.End
	if s.Flags.Has(SpanOpen) && now > end {
		end = now
	}
	return max(0, end.Sub(s.Start))
}
