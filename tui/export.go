package tui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/rollup/sheet"
	"github.com/lazytrace/lazytrace/tui/ask"
	"github.com/lazytrace/lazytrace/tui/forest"
	"github.com/lazytrace/lazytrace/tui/menu"
)

// write writes a table, saying how far it is.
type write func(ctx context.Context, w io.Writer, progress func(done, total int64)) error

// export asks where to write a table, and writes it there.
func (w *world) export(what string, do write) tea.Cmd {
	name := fmt.Sprintf("lazytrace-%s-%s.csv", what, w.now().Format("2006-01-02-150405"))
	return ask.Do(ask.Text{Sign: "write to", Value: name, Hint: "a new file", Enter: func(path string) (tea.Cmd, error) {
		path = strings.TrimSpace(path)
		if path == "" {
			return nil, errors.New("a file needs a name")
		}
		if _, err := os.Lstat(path); err == nil {
			return nil, fmt.Errorf("%s is there already; choose another name", path)
		}
		return ask.Do(ask.Task{Title: "writing " + escape.Line(filepath.Base(path)), Run: func(ctx context.Context, progress func(done, total int64)) (string, error) {
			err := newFile(path, func(f io.Writer) error { return do(ctx, f, progress) })
			return "written: " + path, err
		}}), nil
	}})
}

// newFile writes a file that was not there, its owner's only, in whole or not at
// all.
func newFile(path string, do func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	err = do(out)
	if err == nil {
		err = out.Flush()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(path) // half a table is worse than none
	}
	return err
}

// export is the menu of what can be written of the sessions that are shown.
func (h *home) export() tea.Cmd {
	if h.view == nil {
		return nil
	}
	v, now := h.view, h.world.stamp()
	keep := func(s *eventlog.Session) bool { return v.Keeps(s) }
	items := []menu.Item{
		{Key: "s", Text: "sessions", Note: fmt.Sprintf("%d rows", v.Shown), Do: func() tea.Cmd {
			return h.world.export("sessions", func(_ context.Context, w io.Writer, _ func(done, total int64)) error {
				return sheet.Sessions(w, v.Catalog, keep, 0, now)
			})
		}},
		{Key: "l", Text: "ledger: every model call", Note: fmt.Sprintf("%d rows", v.Report.Total.Calls), Do: func() tea.Cmd {
			return h.world.export("ledger", func(ctx context.Context, w io.Writer, _ func(done, total int64)) error {
				return sheet.Ledger(ctx, w, v.Catalog, keep)
			})
		}},
	}
	return ask.Do(ask.Choice{Menu: menu.New("Write as CSV", menu.ByLetter, items)})
}

// export is the menu of what can be written of an opened session.
func (e *explorer) export() tea.Cmd {
	s := e.subject()
	if s == nil {
		return nil
	}
	items := []menu.Item{
		{Key: "e", Text: "events that the filter shows", Note: e.Count(), Do: func() tea.Cmd {
			return e.world.export("events", func(ctx context.Context, w io.Writer, progress func(done, total int64)) error {
				return writeEvents(ctx, w, s.Log, s.Lines, progress)
			})
		}},
		{Key: "l", Text: "ledger: every model call", Do: func() tea.Cmd {
			return e.world.export("ledger", func(ctx context.Context, w io.Writer, _ func(done, total int64)) error {
				return sheet.Ledger(ctx, w, s.Catalog, func(of *eventlog.Session) bool { return s.Within(of.Sym) })
			})
		}},
	}
	return ask.Do(ask.Choice{Menu: menu.New("Write as CSV", menu.ByLetter, items)})
}

// writeEvents writes the events of the spans that a filter lets through, in the
// order of the log.
func writeEvents(ctx context.Context, w io.Writer, log eventlog.Log, lines *forest.Lines, progress func(done, total int64)) error {
	const portion = 500
	in := make([]bool, lines.Snap.Spans.Len()+1)
	for _, id := range lines.Order() {
		in[id] = lines.Matched == nil || lines.Hit(eventlog.SpanID(id))
	}
	t := sheet.NewEvents(w)
	var rows []eventlog.RowID
	flush := func() error {
		events, err := log.Events(ctx, rows)
		if err != nil {
			return err
		}
		for i := range events {
			path := ""
			if r := lines.Snap.Rows.At(int(rows[i])); int(r.Segment) < len(lines.Snap.Paths) {
				path = lines.Snap.Paths[r.Segment]
			}
			if err := t.Event(path, &events[i]); err != nil {
				return err
			}
		}
		rows = rows[:0]
		return ctx.Err()
	}
	total := int64(lines.Snap.Rows.Len())
	for i, r := range lines.Snap.Rows.All() {
		if r.Span == 0 || !in[r.Span] {
			continue
		}
		if rows = append(rows, eventlog.RowID(i)); len(rows) == portion {
			progress(int64(i), total)
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return errors.Join(flush(), t.Flush())
}
