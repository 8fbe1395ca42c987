package jsonl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// growing is a file in memory that a test writes to between reads.
type growing struct{ text []byte }

func (g *growing) write(s string) { g.text = append(g.text, s...) }

func (g *growing) ReadAt(b []byte, pos int64) (int, error) {
	if pos >= int64(len(g.text)) {
		return 0, io.EOF
	}
	n := copy(b, g.text[pos:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// drain spells the lines up to the end: where each begins, its size, its text
// and its marks.
func drain(t *testing.T, l *Lines) string {
	t.Helper()
	var b strings.Builder
	for {
		line, err := l.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			return b.String() + "error: " + err.Error() + "\n"
		}
		b.WriteString(spellLine(line))
	}
	if r, ok := l.Pending(); ok {
		fmt.Fprintf(&b, "pending %d+%d %q\n", r.Pos, r.Size, r.Body)
	}
	return b.String()
}

func spellLine(line Line) string {
	s := fmt.Sprintf("%d+%d %s", line.Pos, line.Size, line.Body)
	if line.Unterminated {
		s += " (unterminated)"
	}
	if line.Again {
		s += " (again)"
	}
	if line.Fault != nil {
		s += " (" + line.Fault.Error() + ")"
	}
	return s + "\n"
}

func TestLines(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("\x00", 100)
	for name, c := range map[string]struct {
		in, want string
		o        LinesOptions
	}{
		"empty":           {in: "", want: ""},
		"two":             {in: "{}\n{\"a\":1}\n", want: "0+3 {}\n3+8 {\"a\":1}\n"},
		"garbage is kept": {in: "oops\n{}\n", want: "0+5 oops\n5+3 {}\n"},
		"blank lines":     {in: "\n\n  \n{}\n\r\n", want: "5+3 {}\n"},
		"white space":     {in: "  {} \t\n", want: "2+5 {}\n"},
		"crlf":            {in: "{}\r\n{}\r\n", want: "0+4 {}\n4+4 {}\n"},
		"byte order mark": {in: "\ufeff{}\n\ufeff\n", want: "3+3 {}\n6+4 \ufeff\n"},
		"only a mark":     {in: "\ufeff", want: ""},
		"unterminated":    {in: "{}\n{\"a\":1}", want: "0+3 {}\n3+7 {\"a\":1} (unterminated)\n"},
		"pending":         {in: "{}\n{\"a\":", want: "0+3 {}\npending 3+5 \"{\\\"a\\\":\"\n"},
		"garbage pending": {in: "x}", want: "pending 0+2 \"x}\"\n"},
		"hole":            {in: "{}\n" + zeros + "{}\n", want: "0+3 {}\n103+3 {}\n"},
		"hole on a line":  {in: "{}\n" + zeros + "\n{}\n", want: "0+3 {}\n104+3 {}\n"},
		"hole at the end": {in: "{}\n" + zeros, want: "0+3 {}\n"},
		"hole in a line":  {in: "{\"a\":" + "\x00\x00" + "1}\n", want: "0+10 {\"a\":\x00\x001}\n"},
		"hole first":      {in: zeros + "{}\n", want: "100+3 {}\n"},
		"zeros behind":    {in: "{}\x00\x00\n{}", want: "0+5 {}\n5+2 {} (unterminated)\n"},
		"over the limit": {
			in:   "{}\n\"" + strings.Repeat("x", 50) + "\"\n{}\n",
			o:    LinesOptions{Limit: 20},
			want: "0+3 {}\n3+53 \"" + strings.Repeat("x", 50) + "\" (line is over the limit)\n56+3 {}\n",
		},
		"far over the limit": {
			in:   "{}\n" + strings.Repeat("x", 5000) + "\n{}\n",
			o:    LinesOptions{Limit: 20},
			want: "0+3 {}\n3+5001 " + strings.Repeat("x", 256) + " (line is over the limit)\n5004+3 {}\n",
		},
		"at the limit":  {in: "{\"a\":123456}\n", o: LinesOptions{Limit: 12}, want: "0+13 {\"a\":123456}\n"},
		"part of it":    {in: "{}\n{}\n{}\n{}\n", o: LinesOptions{From: 3, To: 7}, want: "3+3 {}\n6+3 {}\n"},
		"utf-16 little": {in: "\xff\xfe{\x00}\x00\n\x00", want: "error: " + ErrUTF16.Error() + "\n"},
		"utf-16 big":    {in: "\xfe\xff\x00{\x00}\x00\n", want: "error: " + ErrUTF16.Error() + "\n"},
		"only its mark": {in: "\xff\xfe\n{}\n", want: "0+3 \xff\xfe\n3+3 {}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, block := range []int{0, 1, 2, 7, 64} {
				if block > 0 && c.o.Limit > 0 {
					break // how much is kept of a long line depends on the block
				}
				o := c.o
				o.Block = block
				got := drain(t, NewLines(&growing{text: []byte(c.in)}, o))
				if got != c.want {
					t.Errorf("block of %d:\n%swant\n%s", block, got, c.want)
				}
			}
		})
	}
}

func TestLinesGrow(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("\x00", 40)
	for name, steps := range map[string][][2]string{
		"split": {
			{`{"a`, "pending 0+3 \"{\\\"a\"\n"}, {`":1}` + "\n", "0+8 {\"a\":1}\n"}, {"", ""},
		},
		"whole, then its end": {
			{`{"a":1}`, "0+7 {\"a\":1} (unterminated)\n"}, {"", ""}, {"\r", ""}, {"\n", ""}, {"{}\n", "9+3 {}\n"},
		},
		"whole, then more": {
			{`{"a":1}`, "0+7 {\"a\":1} (unterminated)\n"},
			{`{"b"`, "pending 0+11 \"{\\\"a\\\":1}{\\\"b\\\"\"\n"},
			{":2}\n", "0+15 {\"a\":1}{\"b\":2} (again)\n"},
		},
		"set aside, then written": {
			{"{}\n" + zeros, "0+3 {}\n"}, {"", ""},
		},
		"zeros, then more": {
			{"{}\n" + zeros, "0+3 {}\n"}, {zeros, ""}, {"{}\n", "83+3 {}\n"},
		},
		"torn before zeros": {
			{`{"a":` + zeros, "pending 0+5 \"{\\\"a\\\":\"\n"}, {"1}\n", "0+48 {\"a\":" + zeros + "1}\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := &growing{}
			l := NewLines(g, LinesOptions{})
			for i, s := range steps {
				g.write(s[0])
				if got := drain(t, l); got != s[1] {
					t.Errorf("step %d:\n%swant\n%s", i, got, s[1])
				}
				l.Release()
			}
		})
	}
}

// A file system may tell of a size before it has the bytes.
func TestZerosBecomeText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, text string }{
		"a line":         {"", "{\"a\":1}\n"},
		"part of a line": {`{"a":`, "1}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			g := &growing{}
			g.write("{}\n" + c.before + strings.Repeat("\x00", len(c.text)+5))
			l := NewLines(g, LinesOptions{})
			drain(t, l)
			copy(g.text[3+len(c.before):], c.text)
			if got, want := drain(t, l), "3+8 {\"a\":1}\n"; got != want {
				t.Errorf("got %swant %s", got, want)
			}
		})
	}
}

func TestSparseFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log.jsonl")
	const line = "{\"a\":1}\n"
	if err := os.WriteFile(path, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const far = 1 << 32
	if err := f.Truncate(far); err != nil {
		t.Skip(err)
	}
	l := NewLines(f, LinesOptions{})
	if got := drain(t, l); got != "0+8 {\"a\":1}\n" {
		t.Errorf("got %s", got)
	}
	if _, err := f.WriteAt([]byte(line), far); err != nil {
		t.Fatal(err)
	}
	if got := drain(t, l); got != fmt.Sprintf("%d+8 {\"a\":1}\n", int64(far)) {
		t.Errorf("behind the hole: got %s", got)
	}
}

func TestLongLine(t *testing.T) {
	t.Parallel()
	long := `{"a":"` + strings.Repeat("x", 5<<20) + `"}`
	g := &growing{text: []byte("{}\n" + long + "\n{}\n")}
	l := NewLines(g, LinesOptions{})
	want := []int{2, len(long), 2}
	for i, n := range want {
		line, err := l.Next(t.Context())
		if err != nil || len(line.Body) != n {
			t.Fatalf("line %d has %d bytes, %v; want %d", i, len(line.Body), err, n)
		}
	}
	g.write(strings.Repeat("{}\n", 1000))
	drain(t, l)
	if len(l.buf) > 2*defaultBlock {
		t.Errorf("the buffer stays at %d bytes", len(l.buf))
	}
}

func TestLinesStopWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewLines(&growing{}, LinesOptions{}).Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errors.New("no such luck") }

func TestLinesReadError(t *testing.T) {
	t.Parallel()
	_, err := NewLines(failing{}, LinesOptions{From: 12}).Next(t.Context())
	if err == nil || err.Error() != "read at 12: no such luck" {
		t.Errorf("got %v", err)
	}
}
