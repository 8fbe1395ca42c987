package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

// How much of a text file is looked at to tell its format. Some formats begin
// with records of a hundred kilobytes.
const (
	sniffBytes = 1 << 20
	sniffLines = 24
)

// errUnknown is the reason for a file that no dialect knows.
var errUnknown = errors.New("no known format")

// sniff opens a file as far as is needed to tell its dialect.
func sniff(ctx context.Context, path string, known []dialect.Dialect) (*segment, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, reason(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open %s: it is %s, not a regular file", path, kindOfFile(info.Mode()))
	}
	start, err := beginning(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, reason(err))
	}
	seg := &segment{path: path, head: &dialect.Head{Path: path}}
	if bytes.HasPrefix(start, []byte("SQLite format 3\x00")) {
		if err := seg.openDatabase(ctx); err != nil {
			return nil, err
		}
	} else {
		if why := notLines(start); why != "" {
			return nil, fmt.Errorf("open %s: %s", path, why)
		}
		seg.head.Start = start
		seg.head.Lines = wholeLines(start)
		seg.spread()
	}
	seg.dialect = dialect.Sniff(seg.head, known)
	if seg.dialect == nil && len(bytes.Trim(start, " \t\r\n\x00")) == 0 {
		seg.dialect = known[0] // an empty log: whatever comes may be known
		seg.blank = true
	}
	if seg.dialect == nil {
		seg.close()
		return nil, fmt.Errorf("open %s: %w", path, seg.unknown())
	}
	if s, ok := seg.dialect.(dialect.Sidecarer); ok {
		if name := s.Sidecar(path); name != "" {
			seg.sidecar = name
		}
	}
	return seg, nil
}

// reason returns the part of a file error that its path is not in.
func reason(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func kindOfFile(m os.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&os.ModeNamedPipe != 0:
		return "a named pipe"
	case m&os.ModeSocket != 0:
		return "a socket"
	case m&os.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}

func beginning(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buf := make([]byte, 64<<10)
	n, err := io.ReadFull(f, buf)
	if err == nil && bytes.Count(buf[:n], []byte("\n")) < sniffLines {
		more := make([]byte, sniffBytes-len(buf))
		m, merr := io.ReadFull(f, more)
		buf, n, err = append(buf[:n], more[:m]...), n+m, merr
	}
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	return buf[:n], nil
}

// notLines says why a file cannot hold JSON lines, or nothing.
func notLines(start []byte) string {
	text := textOf(start)
	switch {
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		return "it is compressed with gzip; unpack it with gunzip first"
	case bytes.HasPrefix(start, []byte("\x28\xb5\x2f\xfd")):
		return "it is compressed with zstd; unpack it with unzstd first"
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return jsonl.ErrUTF16.Error()
	case bytes.HasPrefix(bytes.ToLower(text[:min(len(text), 16)]), []byte("<!doctype")), bytes.HasPrefix(bytes.ToLower(text[:min(len(text), 16)]), []byte("<html")):
		return "it is an HTML page, not a log"
	}
	return ""
}

// textOf returns a text without what may stand before its first line.
func textOf(start []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n\x00")
}

// wholeLines returns the first lines that end within the text; the only line of
// a short file counts as well.
func wholeLines(start []byte) [][]byte {
	var lines [][]byte
	rest := bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))
	for len(rest) > 0 && len(lines) < sniffLines {
		line, more, ended := bytes.Cut(rest, []byte("\n"))
		if !ended && len(start) >= sniffBytes {
			break
		}
		for _, part := range bytes.Split(line, []byte("\r")) {
			if part = bytes.Trim(part, " \t\r\x00"); len(part) > 0 {
				lines = append(lines, part)
			}
		}
		rest = more
	}
	return lines
}

// spread sees whether a text holds JSON values that take many lines each. One
// that is longer than what was read is told by its dialect, from its beginning.
func (s *segment) spread() {
	text := textOf(s.head.Start)
	if len(text) == 0 || text[0] != '{' && text[0] != '[' {
		return
	}
	for _, line := range s.head.Lines {
		if isObject(line) {
			return
		}
	}
	var values [][]byte
	lines := jsonl.NewLines(bytes.NewReader(s.head.Start), jsonl.LinesOptions{Values: true})
	for len(values) < sniffLines {
		line, err := lines.Next(context.Background())
		if err != nil {
			break
		}
		if line.Fault == nil && isObject(line.Body) {
			values = append(values, bytes.Clone(line.Body))
		}
	}
	if len(values) > 0 || len(s.head.Start) >= sniffBytes {
		s.head.Lines, s.head.Spread = values, true
	}
}

func isObject(text []byte) bool {
	return jsonl.Fields(text, func(_, _ []byte) bool { return true }) == nil
}

// unknown says what was found instead of a known format.
func (s *segment) unknown() error {
	if s.head.IsDatabase() {
		names := make([]string, 0, len(s.head.Tables))
		for name := range s.head.Tables {
			names = append(names, name)
		}
		return fmt.Errorf("%w: the database has %s", errUnknown, listOf(names))
	}
	if text := textOf(s.head.Start); len(text) > 0 {
		switch {
		case text[0] == '[':
			return fmt.Errorf("%w: it is one JSON array; what is read is one object a line", errUnknown)
		case s.head.Spread:
			return fmt.Errorf("%w: its JSON is spread over lines; what is read is one object a line", errUnknown)
		}
	}
	return fmt.Errorf("%w: none of its first %d lines is a record that is known", errUnknown, len(s.head.Lines))
}

func listOf(names []string) string {
	const most = 6
	switch {
	case len(names) == 0:
		return "no tables"
	case len(names) > most:
		return fmt.Sprintf("the tables %s and %d more", strings.Join(sorted(names)[:most], ", "), len(names)-most)
	}
	return "the tables " + strings.Join(sorted(names), ", ")
}

// openDatabase opens the reader of a database and lists its tables.
func (s *segment) openDatabase(ctx context.Context) error {
	db, err := sqlite.Open(ctx, s.path)
	if err != nil {
		return err
	}
	tables, err := db.Tables(ctx)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	s.db, s.head.Tables = db, tables
	if s.head.Tables == nil {
		s.head.Tables = map[string][]string{}
	}
	return nil
}
