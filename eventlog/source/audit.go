package source

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// Find tells of every record behind a figure of the audit. Of what is not
// counted the catalog keeps numbers only, so the records are found by reading
// the segments once more. found may return an error to stop.
func (s *Set) Find(ctx context.Context, f eventlog.Figure, found func(*eventlog.Finding) error) error {
	s.settled(ctx)
	a := &auditor{set: s, figure: f, found: found, standing: s.sources.Standing(), lines: map[string]*lineNumbers{}}
	a.ctx, a.cancel = context.WithCancel(ctx)
	defer a.cancel()
	defer a.close()
	cat := a.across()
	if entries, ok := cat.Behind(f); ok {
		for _, e := range entries {
			a.entry(e)
		}
		return a.err
	}
	a.flush()
	if reads(f) {
		for i := range cat.Segments {
			if a.err == nil && ctx.Err() == nil {
				a.read(&cat.Segments[i])
			}
		}
	}
	if a.err == nil {
		return ctx.Err()
	}
	return a.err
}

// reads reports whether segments must be read to find the records of a figure.
func reads(f eventlog.Figure) bool {
	switch f {
	case eventlog.FigureCopies, eventlog.FigureCopiedResponse, eventlog.FigureCopiedRequest, eventlog.FigureCopiedRecord, eventlog.FigureToolCopies:
		return false
	}
	return true
}

// auditor finds the records of a figure.
type auditor struct {
	ctx      context.Context
	cancel   context.CancelFunc
	set      *Set
	figure   eventlog.Figure
	found    func(*eventlog.Finding) error
	standing *eventlog.Standing
	cat      *eventlog.Catalog
	lines    map[string]*lineNumbers
	cuts     []eventlog.Cut // by segments, until their catalog is there
	uses     []eventlog.Use
	err      error
}

func (a *auditor) close() {
	for _, l := range a.lines {
		l.close()
	}
}

// across makes the catalog and keeps what was cut across segments, as far as
// the figure counts it.
func (a *auditor) across() *eventlog.Catalog {
	a.cat = a.set.sources.Across(func(c *eventlog.Cut) {
		if a.copied(c) {
			a.cuts = append(a.cuts, *c)
		}
	}, func(u *eventlog.Use) {
		if a.figure == eventlog.FigureToolCopies {
			a.uses = append(a.uses, *u)
		}
	})
	return a.cat
}

// copied reports whether a record that was cut across segments is one of the
// figure's.
func (a *auditor) copied(c *eventlog.Cut) bool {
	switch a.figure {
	case eventlog.FigureCopies, eventlog.FigureCallRecords:
		return true
	case eventlog.FigureCopiedResponse:
		return c.Rule == eventlog.RuleResponse
	case eventlog.FigureCopiedRequest:
		return c.Rule == eventlog.RuleRequest
	case eventlog.FigureCopiedRecord:
		return c.Rule == eventlog.RuleRecord
	case eventlog.FigureForks:
		return c.Fork
	}
	return false
}

// repeated reports whether a record that was cut within a segment is one of the
// figure's.
func (a *auditor) repeated(c *eventlog.Cut) bool {
	switch a.figure {
	case eventlog.FigureSameResponse:
		return c.Rule == eventlog.RuleResponse
	case eventlog.FigureSameRequest:
		return c.Rule == eventlog.RuleRequest
	case eventlog.FigureSameRecord:
		return c.Rule == eventlog.RuleRecord
	case eventlog.FigureForks:
		return c.Fork
	}
	return false
}

// flush tells of what was cut across segments. Records of calls that are read
// again anyway are told of when they are.
func (a *auditor) flush() {
	if a.figure == eventlog.FigureCallRecords {
		return
	}
	slices.SortStableFunc(a.cuts, func(x, y eventlog.Cut) int {
		return cmp.Or(cmp.Compare(x.Segment, y.Segment), cmp.Compare(x.Table, y.Table), cmp.Compare(x.Pos, y.Pos))
	})
	for i := range a.cuts {
		a.entry(&a.cuts[i].Entry)
	}
	names := a.cat.Symbols.Names()
	for _, u := range a.uses {
		a.tell(&eventlog.Finding{
			Path: a.cat.Segments[u.Segment].Path, Format: a.cat.Segments[u.Segment].Format, Table: a.table(u.Segment, u.Table), Within: u.Table, Pos: u.Pos,
			Session: names[u.Session], Run: names[u.Run], Tool: names[u.Tool], Event: eventlog.ToolCall.String(),
		})
	}
	a.cuts, a.uses = nil, nil
}

func (a *auditor) entry(e *eventlog.Entry) {
	f := a.cat.Finding(e)
	f.Table = a.table(e.Segment, e.Table)
	a.tell(&f)
}

// table returns the name of a table of a segment.
func (a *auditor) table(segment int32, table uint16) string {
	if t := a.tracked(a.cat.Segments[segment].Path); t != nil {
		return t.seg.table(int(table))
	}
	return ""
}

// table returns what the records of a segment are numbered within, or nothing
// where they are lines, which have places in the file.
func (s *segment) table(n int) string {
	switch tables := s.dialect.Tables(); {
	case s.head.IsDatabase() && n < len(tables):
		return tables[n].Name
	case s.document && n > 0 && n <= len(s.lists):
		return s.lists[n-1]
	case s.isWhole():
		return "part"
	}
	if _, tree := s.dialect.(dialect.Treed); tree {
		return "file"
	}
	return ""
}

func (a *auditor) tracked(path string) *tracked {
	a.set.mu.Lock()
	defer a.set.mu.Unlock()
	if t := a.set.known[path]; t != nil && t.seg != nil {
		return t
	}
	return nil
}

// tell hands out a finding, with the number of its line.
func (a *auditor) tell(f *eventlog.Finding) {
	if a.err == nil {
		a.err = a.ctx.Err()
	}
	if a.err != nil {
		return
	}
	if f.Table == "" && f.Pos >= 0 {
		l := a.lines[f.Path]
		if l == nil {
			if len(a.lines) >= 64 { // files are told of one after the other
				a.close()
				clear(a.lines)
			}
			l = &lineNumbers{path: f.Path}
			a.lines[f.Path] = l
		}
		f.Line = l.at(a.ctx, f.Pos)
	}
	if a.err = a.found(f); a.err != nil {
		a.cancel() // whatever is being read
	}
}

// read reads a segment once more.
func (a *auditor) read(of *eventlog.Segment) {
	t := a.tracked(of.Path)
	if t == nil || a.figure == eventlog.FigureUnreadable && of.Faults.Count == 0 {
		return
	}
	seg, err := sniff(a.ctx, of.Path, &a.set.opt)
	if err != nil {
		a.err = err
		return
	}
	feed, err := seg.feed(a.ctx)
	if err != nil {
		a.err = err
		return
	}
	r := &reader{feed: feed, decoder: seg.decoder()}
	defer r.close()
	// The records that are cut are found as they were cut: by a summary.
	sum := eventlog.NewSummary(a.set.opt.Symbols, of.Path, of.Format, seg.rank())
	take := &findTaker{auditor: a, seg: seg, of: of, sum: sum, mask: masker{red: a.set.opt.Redactor}}
	sum.Watch(func(c *eventlog.Cut) {
		if a.repeated(c) && a.standing.Counts(sum.Path, sum.Rank, c.Session, c.Of) {
			take.cut(c)
		}
	})
	err = r.advance(a.ctx, func(batch func()) { sum.Update(batch) }, take)
	if err != nil && err != io.EOF && a.err == nil && !errors.Is(err, errLater) && a.ctx.Err() == nil {
		take.fault(0, -1, 0, err)
	}
}

// findTaker takes the events of a segment that is read once more.
type findTaker struct {
	*auditor
	seg  *segment
	of   *eventlog.Segment
	sum  *eventlog.Summary
	mask masker
}

// at begins a finding at a place of the segment.
func (t *findTaker) at(table int, pos int64) eventlog.Finding {
	return eventlog.Finding{Path: t.of.Path, Format: t.of.Format, Table: t.seg.table(table), Within: uint16(table), Pos: pos}
}

func (t *findTaker) record(rec *eventlog.Record) {
	t.sum.Table(rec.Table)
	if t.figure == eventlog.FigureRecords {
		f := t.at(rec.Table, rec.Pos)
		t.tell(&f)
	}
}

func (t *findTaker) event(rec *eventlog.Record, _ int, e *eventlog.Event) {
	t.set.opt.estimate(e)
	t.mask.names(e)
	syms := t.set.opt.Symbols
	counts := t.standing.Counts(t.sum.Path, t.sum.Rank, syms.Intern(e.SessionID), syms.Intern(e.Of))
	wanted := false
	switch t.figure {
	case eventlog.FigureCallRecords:
		wanted = e.Bill != nil && counts
	case eventlog.FigureEchoes:
		wanted = e.Echo && counts
	case eventlog.FigureShadow:
		wanted = !counts
	default:
		if e.Bill != nil {
			t.sum.Add(rec.Pos, e)
		}
	}
	if !wanted {
		return
	}
	f := t.at(rec.Table, rec.Pos)
	f.Time, f.Session, f.Run, f.Agent, f.Provider, f.Model, f.Tool = e.Time, e.SessionID, e.RunID, e.Agent, e.Provider, e.Model, e.Tool
	if e.Bill != nil {
		bill := *e.Bill
		f.Bill, f.Price = &bill, t.set.opt.Symbols.Name(bill.Price)
	} else if f.Event = e.Kind.String(); e.Kind == eventlog.Custom {
		f.Event = e.Type
	}
	t.tell(&f)
}

func (t *findTaker) cut(c *eventlog.Cut) {
	names := t.set.opt.Symbols.Names()
	f := t.at(int(c.Table), c.Pos)
	bill := c.Bill
	f.Time, f.Session, f.Run, f.Agent, f.Provider, f.Model = c.Time, names[c.Session], names[c.Run], names[c.Agent], names[c.Provider], names[c.Model]
	f.Bill, f.Price = &bill, names[bill.Price]
	t.tell(&f)
}

func (t *findTaker) fault(table int, pos int64, size int, err error) {
	if t.figure != eventlog.FigureUnreadable {
		return
	}
	f := t.at(table, pos)
	f.Why = err.Error()
	if f.Table == "" && pos >= 0 {
		f.Excerpt = t.excerpt(pos, size)
	}
	t.tell(&f)
}

// excerpt returns the beginning of a line, its secrets masked.
func (t *findTaker) excerpt(pos int64, size int) string {
	const most = 400
	if size <= 0 {
		size = most
	}
	f, err := os.Open(t.of.Path)
	if err != nil {
		return ""
	}
	defer f.Close()
	// More is read than is shown, so that a secret is not cut before it is told.
	text := make([]byte, min(size, 4*most))
	n, err := f.ReadAt(text, pos)
	if err != nil && err != io.EOF {
		return ""
	}
	line, _, _ := bytes.Cut(bytes.TrimLeft(text[:n], "\r\n"), []byte("\n"))
	shown := string(line)
	if red := t.set.opt.Redactor; red != nil {
		shown, _ = red.Text(shown)
	}
	return shown[:min(len(shown), most)]
}

// lineNumbers finds the number of the line at a place of a file. It remembers
// how many lines are before each part of the file, so that places may be asked
// for in any order.
type lineNumbers struct {
	path   string
	file   *os.File
	before []int64 // lines before each part
	buf    []byte
}

// linePart is how much of a file is between two counts of its lines.
const linePart = 1 << 20

// at returns the number of the line that begins at pos, or 0 when it cannot be
// told.
func (l *lineNumbers) at(ctx context.Context, pos int64) int64 {
	if l.file == nil {
		f, err := os.Open(l.path)
		if err != nil {
			return 0
		}
		l.file, l.before, l.buf = f, []int64{0}, make([]byte, linePart)
	}
	for part := pos / linePart; int64(len(l.before)) <= part; {
		n := int64(len(l.before)) - 1
		lines, ok := l.count(n*linePart, linePart)
		if !ok || ctx.Err() != nil {
			return 0
		}
		l.before = append(l.before, l.before[n]+lines)
	}
	lines, ok := l.count(pos/linePart*linePart, pos%linePart)
	if !ok {
		return 0
	}
	return l.before[pos/linePart] + lines + 1
}

// count returns how many lines end in a piece of the file.
func (l *lineNumbers) count(from, size int64) (int64, bool) {
	n, err := l.file.ReadAt(l.buf[:size], from)
	if err != nil && err != io.EOF {
		return 0, false
	}
	return int64(bytes.Count(l.buf[:n], []byte("\n"))), int64(n) == size
}

func (l *lineNumbers) close() {
	if l.file != nil {
		_ = l.file.Close() // it was only read
		l.file = nil
	}
}
