package source

import (
	"context"
	"fmt"
	"io"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// Grep looks for words in the records of all rows, segment by segment in the
// order of the file, so that each byte is read once.
func (l *openLog) Grep(ctx context.Context, words []string, from eventlog.RowID, found func(int, eventlog.RowID)) (eventlog.RowID, error) {
	snap := l.Snapshot()
	g := grep{found: found}
	for _, w := range words {
		g.words, g.raw = append(g.words, newWord(w, false)), append(g.raw, newWord(w, true))
	}
	rows := eventlog.RowID(snap.Rows.Len())
	for id := from; id < rows; id++ {
		row := snap.Rows.At(int(id))
		if id%64 == 0 && ctx.Err() != nil {
			return id, ctx.Err()
		}
		p, seg := l.part(row)
		if seg == nil {
			continue
		}
		if _, tree := seg.dialect.(dialect.Treed); tree || seg.head.IsDatabase() || seg.isWhole() {
			if rec, err := p.at(ctx, seg, row); err == nil {
				g.record(rec, id)
			}
			continue
		}
		if row.Pos < 0 || row.Size <= 0 {
			continue
		}
		if !g.holds(&row) {
			if err := g.read(p, &row); err != nil {
				return id, fmt.Errorf("search %s: %w", p.path, err)
			}
		}
		if len(g.near) > 0 {
			g.line(&row, id)
		}
	}
	return max(rows, from), nil
}

// grep looks for words in records. Of a file of lines a window is searched as a whole:
// mostly none of the words is in it, and its records need not be looked at.
type grep struct {
	words []word // as they stand in JSON
	raw   []word // also as they stand in cells
	found func(int, eventlog.RowID)

	window  []byte
	start   int64
	segment int32 // and one more: zero is none
	near    []int // the words that are in the window
}

// holds reports whether the record of a row lies in the window.
func (g *grep) holds(row *eventlog.Row) bool {
	return g.segment == int32(row.Segment)+1 && row.Pos >= g.start && row.Pos+int64(row.Size) <= g.start+int64(len(g.window))
}

// read has the window begin with the record of a row.
func (g *grep) read(p *logPart, row *eventlog.Row) error {
	if size := max(searchBlock, int(row.Size)); cap(g.window) < size {
		g.window = make([]byte, size)
	}
	g.window = g.window[:cap(g.window)]
	p.mu.Lock()
	err := p.open()
	n := 0
	if err == nil {
		n, err = p.file.ReadAt(g.window, row.Pos)
	}
	p.mu.Unlock()
	if err != nil && err != io.EOF {
		return err
	}
	g.window, g.start, g.segment, g.near = g.window[:n], row.Pos, int32(row.Segment)+1, g.near[:0]
	for i, w := range g.words {
		if at, _ := w.index(g.window); at >= 0 {
			g.near = append(g.near, i)
		}
	}
	return nil
}

// line looks for the words that are near in the record of a row.
func (g *grep) line(row *eventlog.Row, id eventlog.RowID) {
	at := row.Pos - g.start
	body := g.window[at:min(int64(len(g.window)), at+int64(row.Size))]
	for _, i := range g.near {
		if hit, _ := g.words[i].index(body); hit >= 0 {
			g.found(i, id)
		}
	}
}

// record looks for the words in a record that is no line.
func (g *grep) record(rec *eventlog.Record, id eventlog.RowID) {
	for i := range g.raw {
		if recordHolds(rec, g.raw[i:i+1]) {
			g.found(i, id)
		}
	}
}
