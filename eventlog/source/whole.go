package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
	"github.com/lazytrace/lazytrace/eventlog/pack"
)

// Files that are not appended to are read as a whole: documents, which their
// programs write anew with every change, and packed files.

// isWhole reports whether the segment is such a file.
func (s *segment) isWhole() bool { return s.packed != pack.None || s.document }

// whole is the text of such a file as it was when it was opened, and where in
// it the parts of the document lie.
type whole struct {
	info   os.FileInfo
	file   *os.File
	text   *pack.Text
	parts  []jsonl.Part
	byList [][]int32 // the parts of each list in the order of their numbers
	torn   bool      // it ends too early: it is being written
	fault  *fault    // why not all of it could be read
	above  map[int][]byte
}

// open opens and unpacks the file, and cuts it up when it is a document.
func (s *segment) open(ctx context.Context) (*whole, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", s.path, reason(err))
	}
	w := &whole{file: f}
	if w.info, err = f.Stat(); err == nil {
		w.text, err = pack.Unpack(ctx, f, w.info.Size(), s.members)
	}
	if err != nil {
		w.close()
		return nil, fmt.Errorf("open %s: %w", s.path, err)
	}
	if w.text.Fault != nil {
		w.fault = &fault{-1, w.text.Fault}
	}
	if s.document {
		if err := w.cut(ctx, s); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

// members returns which members of an archive are read.
func (s *segment) members(names []string) []string {
	var list []string
	if a, ok := s.dialect.(dialect.Archiver); ok {
		for _, m := range a.Members(names) {
			list = append(list, m.Name)
		}
	}
	return list
}

func (w *whole) cut(ctx context.Context, s *segment) error {
	as := map[string]string{}
	if a, ok := s.dialect.(dialect.Archiver); ok {
		var names []string
		for _, section := range w.text.Sections {
			names = append(names, section.Name)
		}
		for _, m := range a.Members(names) {
			as[m.Name] = m.As
		}
	}
	c := jsonl.Cutter{Lists: s.lists}
	for _, section := range w.text.Sections {
		err := c.Cut(ctx, io.NewSectionReader(w.text, section.Pos, section.Size), section.Pos, as[section.Name])
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == io.ErrUnexpectedEOF && w.fault == nil:
			w.torn = true
		case err != nil && w.fault == nil:
			w.fault = &fault{-1, fmt.Errorf("the rest of the document cannot be read: %w", err)}
		}
	}
	w.parts = c.Parts
	w.byList = make([][]int32, len(s.lists)+1)
	for i := range w.parts {
		list := w.parts[i].List
		w.byList[list] = append(w.byList[list], int32(i))
	}
	return nil
}

func (w *whole) close() {
	if w.text != nil {
		_ = w.text.Close()
	}
	_ = w.file.Close()
}

// is reports whether the file at the path is still the one that was opened.
func (w *whole) is(now os.FileInfo) bool {
	return os.SameFile(w.info, now) && w.info.Size() == now.Size() && w.info.ModTime().Equal(now.ModTime())
}

// part returns a part of the document as a record.
func (w *whole) part(i int) (eventlog.Record, error) {
	p := &w.parts[i]
	body, err := p.Read(w.text, 0)
	return eventlog.Record{Table: p.List, Pos: int64(p.Number), Size: len(body), Body: body}, err
}

// at reads the record of a row by itself, with the parts that it stands in.
func (w *whole) at(s *segment, row eventlog.Row) (*eventlog.Record, error) {
	if !s.document {
		if row.Pos < 0 || row.Pos+int64(row.Size) > w.text.Size {
			return nil, errGone
		}
		body := make([]byte, row.Size)
		n, err := w.text.ReadAt(body, row.Pos)
		if err != nil && err != io.EOF {
			return nil, err
		}
		return &eventlog.Record{Pos: row.Pos, Size: n, Body: trimLine(body[:n])}, nil
	}
	list := int(row.Table)
	if list >= len(w.byList) || row.Pos < 0 || row.Pos >= int64(len(w.byList[list])) {
		return nil, errGone
	}
	i := int(w.byList[list][row.Pos])
	rec, err := w.part(i)
	if err != nil {
		return nil, err
	}
	for up := w.parts[i].Above; up >= 0; up = w.parts[up].Above {
		text, ok := w.above[up]
		if !ok {
			if text, err = w.parts[up].Read(w.text, 0); err != nil {
				return nil, err
			}
			const most = 4 // of each event that is shown the same few are needed
			if len(w.above) >= most || w.above == nil {
				w.above = map[int][]byte{}
			}
			w.above[up] = text
		}
		rec.Above = append([][]byte{text}, rec.Above...)
	}
	return &rec, nil
}

// wholeFeed gives the records of such a file in passes: all of them again when
// it has changed. While a document is not whole, because it is just being
// written, what was read of it before stays.
type wholeFeed struct {
	seg     *segment
	seen    os.FileInfo // the file of the last pass, or the one that was not whole
	begun   bool        // records were given
	whole   bool        // by a pass that lacked nothing
	writing bool        // what is there now is not whole
	start   time.Time
	end     time.Time

	doc  *whole // of the pass under way; one of these two
	at   int
	flow *flow
	rest *fault // to be given at the end of the pass

	read, total int64
	record      eventlog.Record
}

func (f *wholeFeed) next(ctx context.Context) (*eventlog.Record, error) {
	if f.doc == nil && f.flow == nil {
		if err := f.begin(ctx); err != nil {
			return nil, err
		}
	}
	if f.flow != nil {
		return f.line(ctx)
	}
	if f.at < len(f.doc.parts) {
		f.at++
		var err error
		f.record, err = f.doc.part(f.at - 1)
		f.read = f.doc.parts[f.at-1].Pos
		if err != nil {
			return nil, &fault{f.record.Pos, err}
		}
		return &f.record, nil
	}
	return nil, f.finish()
}

// line gives the next line of a packed file.
func (f *wholeFeed) line(ctx context.Context) (*eventlog.Record, error) {
	line, err := f.flow.lines.Next(ctx)
	f.read = f.flow.packed.n
	switch {
	case err == io.EOF:
		if f.flow.err != nil && f.flow.err != io.EOF {
			f.rest, f.flow.err = &fault{f.flow.pos, f.flow.err}, io.EOF // it is told once
		} else {
			_, f.writing = f.flow.lines.Pending()
		}
		return nil, f.finish()
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		f.close()
		return nil, &broken{err}
	case line.Fault != nil:
		return nil, &fault{line.Pos, line.Fault}
	}
	f.record = line.Record
	return &f.record, nil
}

// finish ends a pass. What could not be read of the file is told once.
func (f *wholeFeed) finish() error {
	if bad := f.rest; bad != nil {
		f.rest = nil
		return bad
	}
	f.close()
	f.end, f.read = time.Now(), f.total
	return io.EOF
}

// begin begins a pass when there is something new to read.
func (f *wholeFeed) begin(ctx context.Context) error {
	now, err := os.Stat(f.seg.path)
	switch {
	case err != nil && f.begun:
		return io.EOF // it may come back
	case err != nil:
		return &broken{fmt.Errorf("open %s: %w", f.seg.path, reason(err))}
	case f.seen != nil && (&whole{info: f.seen}).is(now):
		return io.EOF
	case f.begun && time.Since(f.end) < restPasses*f.end.Sub(f.start):
		return errLater
	}
	f.start = time.Now()
	if f.seg.document {
		doc, err := f.seg.open(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && f.begun {
			f.seen, f.writing, f.end = now, true, time.Now()
			return io.EOF
		}
		if err != nil {
			return &broken{err}
		}
		f.seen = doc.info
		f.writing = doc.torn
		lacks := doc.torn || doc.fault != nil || len(doc.parts) == 0
		if lacks && f.whole {
			doc.close()
			f.writing, f.end = true, time.Now()
			return io.EOF
		}
		f.doc, f.at, f.rest, f.whole = doc, 0, doc.fault, !lacks
		f.total = doc.text.Size
	} else {
		flow, err := newFlow(f.seg)
		if err != nil {
			return &broken{err}
		}
		f.flow, f.seen, f.writing, f.total = flow, flow.info, false, flow.info.Size()
	}
	again := f.begun
	f.begun = true
	if again {
		return errStartOver
	}
	return nil
}

func (f *wholeFeed) progress() (read, total int64) { return f.read, f.total }

func (f *wholeFeed) pending() bool { return f.writing }

func (f *wholeFeed) changes() bool { return true }

func (f *wholeFeed) close() {
	if f.doc != nil {
		f.doc.close()
		f.doc = nil
	}
	if f.flow != nil {
		f.flow.close()
		f.flow = nil
	}
}

// flow reads the lines of a packed file while it is unpacked. What lines ask
// for comes in the order of the text, so that nothing of it is kept.
type flow struct {
	info   os.FileInfo
	file   *os.File
	packed *counting
	text   io.ReadCloser
	lines  *jsonl.Lines
	pos    int64
	err    error
}

type counting struct {
	io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func newFlow(s *segment) (*flow, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", s.path, reason(err))
	}
	w := &flow{file: f}
	if w.info, err = f.Stat(); err == nil {
		w.packed = &counting{Reader: f}
		w.text, err = pack.Reader(w.packed, s.packed, w.info.Size())
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("open %s: %w", s.path, err)
	}
	w.lines = jsonl.NewLines(w, jsonl.LinesOptions{Values: s.values})
	return w, nil
}

// ReadAt gives what comes next, which is all that is ever asked for, but for
// NUL bytes at the end that are looked at again.
func (w *flow) ReadAt(p []byte, pos int64) (int, error) {
	if w.err != nil || pos != w.pos {
		return 0, io.EOF
	}
	n := 0
	for n < len(p) && w.err == nil {
		var m int
		m, w.err = w.text.Read(p[n:])
		n += m
	}
	w.pos += int64(n)
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (w *flow) close() {
	_ = w.text.Close()
	_ = w.file.Close()
}

// wholeAt reads the record of a row of a file that is read as a whole. The text
// is unpacked once and kept while the log is open, and until the file changes;
// a file that is just being written does not take its place.
func (p *logPart) wholeAt(ctx context.Context, seg *segment, row eventlog.Row) (*eventlog.Record, error) {
	now, err := os.Stat(p.path)
	if p.whole == nil || err == nil && !p.whole.is(now) {
		w, err := seg.open(ctx)
		switch {
		case err == nil && p.whole != nil && (w.torn || w.fault != nil || seg.document && len(w.parts) == 0):
			w.close()
		case err == nil:
			p.closeWhole()
			p.whole = w
		case p.whole == nil || ctx.Err() != nil:
			return nil, err
		}
	}
	rec, err := p.whole.at(seg, row)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errGone
	}
	return rec, err
}

func (p *logPart) closeWhole() {
	if p.whole != nil {
		p.whole.close()
		p.whole = nil
	}
}
