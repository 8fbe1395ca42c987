package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
	"github.com/lazytrace/lazytrace/eventlog/pack"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

// How much of a text file is looked at to tell its format. Some formats begin
// with records of a hundred kilobytes.
const (
	sniffBytes = 1 << 20
	sniffLines = 24
)

// Most files are known by their first lines. A document is known by the first
// members of its first value; some begin with a text that is longer than what is
// read first.
const (
	sniffFirst    = 16 << 10
	sniffSecond   = 64 << 10
	sniffDocument = 256 << 10
)

// unknownFormat begins the reason for a file that is in no format that is read.
const unknownFormat = "no known format"

// IsUnknown reports whether a file was not opened since it is in no format that
// is read, rather than since something is wrong with it.
func IsUnknown(f eventlog.Fault) bool { return strings.Contains(f.Why, unknownFormat) }

// noLog is the reason for a file that is none of ours. One that was named is
// refused with it; a folder may hold any number of them.
type noLog struct{ why string }

func (n *noLog) Error() string { return n.why }

// sniff opens a file as far as is needed to tell its dialect.
func sniff(ctx context.Context, path string, o *Options) (*segment, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, reason(err))
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open %s: it is %s, not a regular file", path, kindOfFile(info.Mode()))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, reason(err))
	}
	defer f.Close()
	seg := &segment{path: path, origin: o.origin(path)}
	seg.head = &dialect.Head{Path: seg.told()}
	if err := seg.tell(ctx, f, info.Size(), o.Known); err != nil {
		seg.close()
		return nil, err
	}
	if s, ok := seg.dialect.(dialect.Sidecarer); ok {
		if name := s.Sidecar(seg.told()); name != "" {
			seg.describe(o, name)
		}
	}
	return seg, nil
}

// fail says what could not be opened.
func (s *segment) fail(err error) error { return fmt.Errorf("open %s: %w", s.path, err) }

// tell looks at the beginning of a file for its dialect.
func (s *segment) tell(ctx context.Context, f *os.File, size int64, known []dialect.Dialect) error {
	s.room, _ = spareBeginnings.Get().(*[sniffFirst]byte)
	if s.room == nil {
		s.room = new([sniffFirst]byte)
	}
	b := beginning{f: f, size: size, room: s.room[:]}
	defer b.close()
	if err := b.read(len(b.room)); err != nil && b.packed == pack.None {
		return s.fail(reason(err))
	}
	s.packed = b.packed
	switch {
	case s.packed == pack.Zip:
		return s.tellArchive(f, size, known)
	case bytes.HasPrefix(b.text, []byte("SQLite format 3\x00")):
		if s.packed != pack.None {
			return s.fail(&noLog{"it is a database, packed with " + s.packed.String() + "; unpack it first"})
		}
		if err := s.openDatabase(ctx); err != nil {
			return err // it names the file
		}
		s.dialect = dialect.Sniff(s.head, known)
	default:
		if why := notText(b.text); why != "" {
			return s.fail(&noLog{why})
		}
		if err := s.tellText(ctx, &b, known); err != nil {
			return err
		}
		if s.packed != pack.None && s.framing() != dialect.NoFrames {
			return s.fail(&noLog{"its messages are packed with " + s.packed.String() + "; unpack it first"})
		}
	}
	if s.dialect == nil {
		return s.fail(s.unknown(known, b.failed))
	}
	return nil
}

// tellText tells a text, of which more is read where it takes more.
func (s *segment) tellText(ctx context.Context, b *beginning, known []dialect.Dialect) error {
	if d := s.tellSurely(b, known); d != nil {
		s.dialect = d
		return nil
	}
	if err := b.read(sniffSecond); err != nil && b.packed == pack.None {
		return s.fail(reason(err))
	}
	for most := sniffDocument; ; most = sniffBytes {
		text := trimLine(bytes.TrimPrefix(b.text, []byte("\xef\xbb\xbf")))
		if len(text) == 0 && b.failed != nil {
			return nil
		}
		if len(text) == 0 && b.ended {
			s.dialect = known[0] // an empty log: whatever comes may be known
			s.blank = true
			return nil
		}
		values, document := topValues(ctx, text)
		if document {
			s.head.Lines = values
		} else if most < sniffBytes && !b.ended && bytes.Count(b.text, []byte("\n")) < sniffLines {
			// Few lines, and long ones: mostly the first of them tell.
			if s.dialect = s.tellSurely(b, known); s.dialect != nil {
				return nil
			}
			most = sniffBytes
			if err := b.read(most); err != nil && b.packed == pack.None {
				return s.fail(reason(err))
			}
			continue
		} else {
			s.head.Lines = wholeLines(b.text, b.ended)
		}
		s.head.Text, s.head.Start = nil, b.text
		if len(text) > 0 && (text[0] == '{' || text[0] == '[') {
			s.head.Text = text
		}
		s.dialect = nil
		if document || strings.Contains(filepath.Base(s.told()), ".json.") || strings.HasSuffix(s.told(), ".json") {
			s.dialect = dialect.SniffDocument(s.head, known)
		} else {
			s.dialect = dialect.Sniff(s.head, known)
		}
		if d, ok := s.dialect.(dialect.Documenter); ok {
			s.lists, s.document = d.Lists(s.head)
		}
		_, stacks := s.dialect.(dialect.Stacker)
		s.values = document && stacks
		s.document = s.document || document && !stacks
		if s.dialect != nil || b.ended || !document || most == sniffBytes {
			return nil
		}
		if err := b.read(most); err != nil && b.packed == pack.None {
			return s.fail(reason(err))
		}
	}
}

// tellSurely tells a text by its first lines, if they leave no doubt and nothing
// but lines is in the dialect.
func (s *segment) tellSurely(b *beginning, known []dialect.Dialect) dialect.Dialect {
	if b.ended {
		return nil // all of it is here
	}
	s.head.Lines, s.head.Start = wholeLines(b.text, false), b.text
	if d := dialect.SniffSurely(s.head, known); d != nil && isOfLines(d) {
		return d
	}
	return nil
}

// isOfLines reports whether nothing but lines is in a dialect.
func isOfLines(d dialect.Dialect) bool {
	_, stacks := d.(dialect.Stacker)
	_, documents := d.(dialect.Documenter)
	return !stacks && !documents
}

// tellArchive tells an archive by the names of its members.
func (s *segment) tellArchive(f *os.File, size int64, known []dialect.Dialect) error {
	var err error
	if s.head.Members, err = pack.Members(f, size); err != nil {
		return s.fail(&noLog{err.Error()})
	}
	if s.head.Members == nil {
		s.head.Members = []string{}
	}
	if s.dialect = dialect.Sniff(s.head, known); s.dialect == nil {
		return s.fail(&noLog{unknownFormat + ": it is a zip archive of other things"})
	}
	s.document = true
	if d, ok := s.dialect.(dialect.Documenter); ok {
		s.lists, _ = d.Lists(s.head)
	}
	return nil
}

// spareBeginnings are those of files whose formats are known.
var spareBeginnings sync.Pool

// beginning is what was read of the beginning of a file, unpacked.
type beginning struct {
	f      *os.File
	size   int64
	packed pack.Kind
	src    io.Reader
	done   func() error
	room   []byte // that it is read into at first
	text   []byte
	ended  bool
	failed error // why no more could be unpacked
}

func (b *beginning) close() {
	if b.done != nil {
		_ = b.done()
	}
}

// read reads until there are so many bytes, or to the end.
func (b *beginning) read(most int) error {
	if b.src == nil {
		start := b.room[:min(int64(most), b.size)]
		n, err := b.f.ReadAt(start, 0)
		if err != nil && err != io.EOF {
			return err
		}
		start = start[:n]
		b.packed = pack.Of(start)
		b.src = io.NewSectionReader(b.f, 0, b.size)
		switch b.packed {
		case pack.None:
			b.text, b.ended = start, n < most
			b.src = io.NewSectionReader(b.f, int64(n), b.size-int64(n))
			return nil
		case pack.Zip:
			b.ended = true
			return nil
		case pack.Gzip, pack.Zstd:
			r, err := pack.Reader(b.src, b.packed, b.size)
			if err != nil {
				b.ended, b.failed = true, err
				return err
			}
			b.src, b.done = r, r.Close
		}
	}
	room := make([]byte, most)
	n := copy(room, b.text)
	m, err := io.ReadFull(b.src, room[n:])
	b.text = room[:n+m]
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		b.ended, err = true, nil
	}
	if err != nil {
		b.ended, b.failed = true, err
	}
	return err
}

// topValues returns the first values at the top of a text that are whole, and
// whether the text is a document rather than lines: it begins with an array, or
// with an object that does not end with its line.
func topValues(ctx context.Context, text []byte) (values [][]byte, document bool) {
	if len(text) == 0 || text[0] != '[' && text[0] != '{' {
		return nil, false
	}
	if text[0] == '{' {
		line, _, more := bytes.Cut(text, []byte("\n"))
		if !more || jsonl.Fields(line, func(_, _ []byte) bool { return true }) == nil {
			return nil, false
		}
	}
	var c jsonl.Cutter
	if err := c.Cut(ctx, bytes.NewReader(text), 0, ""); err != nil && err != io.ErrUnexpectedEOF {
		if text[0] == '{' || len(c.Parts) == 0 {
			return nil, false
		}
	}
	for _, p := range c.Parts {
		if len(values) == sniffLines {
			break
		}
		values = append(values, text[p.Pos:p.End])
	}
	return values, true
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

// notText says why a text cannot hold JSON, or nothing.
func notText(start []byte) string {
	text := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\xef\xbb\xbf")), " \t\r\n\x00")
	switch {
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return jsonl.ErrUTF16.Error()
	case bytes.HasPrefix(bytes.ToLower(text[:min(len(text), 16)]), []byte("<!doctype")), bytes.HasPrefix(bytes.ToLower(text[:min(len(text), 16)]), []byte("<html")):
		return "it is an HTML page, not a log"
	}
	return ""
}

// wholeLines returns the first lines that end within the text; the only line of
// a short file counts as well.
func wholeLines(start []byte, ended bool) [][]byte {
	var lines [][]byte
	rest := bytes.TrimPrefix(start, []byte("\xef\xbb\xbf"))
	for len(rest) > 0 && len(lines) < sniffLines {
		line, more, whole := bytes.Cut(rest, []byte("\n"))
		if !whole && !ended {
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

// unknown says what was found instead of a known format.
func (s *segment) unknown(known []dialect.Dialect, failed error) error {
	if failed != nil {
		return &noLog{failed.Error()}
	}
	if len(known) == 1 {
		if d, ok := known[0].(dialect.Explainer); ok {
			return &noLog{fmt.Sprintf("it is not in the format %s: %s", known[0].Name(), d.Explain(s.head))}
		}
	}
	switch {
	case s.head.IsDatabase():
		names := make([]string, 0, len(s.head.Tables))
		for name := range s.head.Tables {
			names = append(names, name)
		}
		return &noLog{unknownFormat + ": the database has " + listOf(names) + "; looked for " + namesOf(known, true)}
	case s.head.Text != nil && len(s.head.Lines) == 0:
		return &noLog{unknownFormat + ": it is a JSON document of another kind, or one that is only begun; looked for " + namesOf(known, false)}
	case !s.isText():
		return &noLog{unknownFormat + ": it is neither text nor a database"}
	}
	return &noLog{fmt.Sprintf(unknownFormat+": none of its first lines (%d) is a record; looked for %s", len(s.head.Lines), namesOf(known, false))}
}

// isText reports whether the first lines are text.
func (s *segment) isText() bool {
	for _, line := range s.head.Lines {
		if !utf8.Valid(line) {
			return false
		}
	}
	return true
}

// namesOf lists the formats of texts, or of databases. LazyBridge has both.
func namesOf(known []dialect.Dialect, databases bool) string {
	var names []string
	for _, d := range known {
		if database := d.Tables() != nil; database == databases || d == dialect.Dialect(dialect.LazyBridge{}) {
			names = append(names, d.Name())
		}
	}
	return strings.Join(slices.Compact(names), ", ")
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
