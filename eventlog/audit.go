package eventlog

import (
	"cmp"
	"slices"
	"strings"
)

// Cut is a record of a model call that was not counted, since another record
// tells of the same call. Its bill is what the record itself says.
type Cut struct {
	Entry
	Fork bool // it stands in another session than the one that made the call
}

// Watch has fn told of each record that is cut. It is for a summary that is
// made only to find these records again, and must be called before any Add.
func (s *Summary) Watch(fn func(*Cut)) { s.watch = fn }

// Figure is a line of the audit.
type Figure uint8

// The figures. Those from SameResponse to CopiedRecord are records of calls that
// were cut; together with Billed they are all of CallRecords. The three Copied
// figures are parts of Copies, and Forks of all that was cut. Recorded,
// estimated and unpriced calls together are all Calls.
const (
	FigureRecords Figure = iota
	FigureUnreadable
	FigureCallRecords
	FigureSameResponse
	FigureSameRequest
	FigureSameRecord
	FigureCopies
	FigureCopiedResponse
	FigureCopiedRequest
	FigureCopiedRecord
	FigureForks
	FigureEchoes
	FigureBilled
	FigureCalls
	FigureRecorded
	FigureEstimated
	FigureUnpriced
	FigureAtLeast
	FigureToolCopies
	FigureShadow
	figures
)

var figureNames = [figures]string{
	"records", "unreadable", "call_records", "cut_same_response_id", "cut_same_request_id", "cut_same_record",
	"cut_copied_sessions", "copied_by_response_id", "copied_by_request_id", "copied_by_record", "fork_replay", "progress_copies",
	"billed_records", "calls", "recorded_calls", "estimated_calls", "unpriced_calls", "calls_at_least", "tool_calls_copied", "events_in_better_segment",
}

// String returns the name of the figure, as in JSON.
func (f Figure) String() string { return figureNames[f] }

// Figures returns all figures in their order.
func Figures() []Figure {
	all := make([]Figure, figures)
	for i := range all {
		all[i] = Figure(i)
	}
	return all
}

// ParseFigure returns the figure with a name, in which dashes may stand for
// underscores, and "cut" may be left out.
func ParseFigure(name string) (Figure, bool) {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	for f, known := range figureNames {
		if name == known || name == strings.TrimPrefix(known, "cut_") {
			return Figure(f), true
		}
	}
	return 0, false
}

// Count returns a figure.
func (a *Audit) Count(f Figure) int64 {
	return [figures]int64{
		a.Records, a.Unreadable, a.CallRecords, a.SameResponse, a.SameRequest, a.SameRecord,
		a.Copies, a.CopiedBy[RuleResponse], a.CopiedBy[RuleRequest], a.CopiedBy[RuleRecord], a.Forks, a.Echoes,
		a.Billed, a.Calls, a.RecordedCalls, a.Estimates, a.UnpricedCalls, a.AtLeast, a.ToolCopies, a.ShadowEvents,
	}[f]
}

// Finding is one record behind a figure of the audit.
type Finding struct {
	Path   string
	Format string
	Table  string // of a database
	Within uint16 // the number of the table; see Record
	Pos    int64  // the byte offset of a line, the key of a row; negative is nowhere in particular
	Line   int64  // the number of the line; zero in a database
	Time   Stamp

	Session, Run, Agent, Provider, Model, Tool string

	Event   string // what kind of event it is, where that is not plain
	Sub     int    // which event of its record, counted from one; zero where that is not told
	Bill    *Bill  // of a record that tells of a call
	Price   string // see Bill.Price
	Why     string // of a record that could not be read
	Excerpt string // the beginning of such a record, or what is around a word that was searched for
}

// Finding returns an entry of the ledger as it is shown.
func (c *Catalog) Finding(e *Entry) Finding {
	names, seg := c.Symbols.Names(), &c.Segments[e.Segment]
	bill := e.Bill
	return Finding{
		Path: seg.Path, Format: seg.Format, Within: e.Table, Pos: e.Pos, Time: e.Time, Session: names[e.Session], Run: names[e.Run], Agent: names[e.Agent],
		Provider: names[e.Provider], Model: names[e.Model], Bill: &bill, Price: names[e.Price],
	}
}

// Behind returns the entries of the ledger that a figure counts, in the order
// of their records. It reports whether the figure is one of the ledger's.
func (c *Catalog) Behind(f Figure) ([]*Entry, bool) {
	keep := map[Figure]func(*Entry) bool{
		FigureBilled:    func(*Entry) bool { return true },
		FigureCalls:     func(*Entry) bool { return true },
		FigureRecorded:  func(e *Entry) bool { return e.Source == Recorded },
		FigureEstimated: func(e *Entry) bool { return e.Source == Estimated },
		FigureUnpriced:  func(e *Entry) bool { return e.Source == Unpriced },
		FigureAtLeast:   func(e *Entry) bool { return e.AtLeast },
	}[f]
	if keep == nil {
		return nil, false
	}
	var found []*Entry
	for _, e := range c.Entries.All() {
		if keep(e) {
			one := *e
			found = append(found, &one)
		}
	}
	slices.SortStableFunc(found, func(a, b *Entry) int {
		return cmp.Or(cmp.Compare(a.Segment, b.Segment), cmp.Compare(a.Table, b.Table), cmp.Compare(a.Pos, b.Pos))
	})
	return found, true
}

// Across makes the catalog once more and tells of every record of a call, and of
// every tool call, that is cut since another segment tells of it. Segment
// numbers are those of the catalog that it returns.
func (s *Sources) Across(cut func(*Cut), copied func(*Use)) *Catalog { return s.catalog(cut, copied) }
