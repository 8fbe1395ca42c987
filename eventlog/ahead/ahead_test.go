package ahead

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

var shape = jsonl.NewOutliner(jsonl.Shape{"payload": nil})

// record is what is compared of a record.
type record struct {
	pos  int64
	size int
	body string
}

// whole reads a file as the explorer does: ahead as far as that goes, and the rest
// as it is followed. It returns how many records came ahead.
func whole(t *testing.T, path string) (records []record, first int) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(file, info.Size(), shape)
	if err != nil {
		t.Fatal(err)
	}
	for {
		rec, err := r.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		holdMembers(t, rec)
		records = append(records, record{rec.Pos, rec.Size, string(rec.Body)})
	}
	reached := r.Reached()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	first = len(records)
	return append(records, followed(t, path, &reached)...), first
}

func followed(t *testing.T, path string, from *jsonl.Reached) (records []record) {
	t.Helper()
	f, err := jsonl.Follow(path, jsonl.FollowOptions{Reached: from})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for {
		line, err := f.Next(t.Context())
		if err == io.EOF {
			return records
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record{line.Pos, line.Size, string(line.Body)})
	}
}

// holdMembers holds the members of a record to what Fields finds.
func holdMembers(t *testing.T, rec *eventlog.Record) {
	t.Helper()
	var want, got []string
	err := jsonl.Fields(rec.Body, func(k, v []byte) bool {
		want = append(want, string(k)+"="+string(v))
		return true
	})
	if rec.Members == nil {
		if err == nil && len(want) > 0 && !bytes.ContainsRune(rec.Body, '\\') {
			t.Errorf("no members of %q", rec.Body)
		}
		return
	}
	if err != nil {
		t.Fatalf("members of %q, which is refused: %v", rec.Body, err)
	}
	for i := 0; i < len(rec.Members); i += 1 + int(rec.Members[i].Inner) {
		m := rec.Members[i]
		got = append(got, string(rec.Body[m.Key:m.Key+uint32(m.KeyLen)])+"="+string(rec.Body[m.From:m.To]))
	}
	if strings.Join(got, "\x00") != strings.Join(want, "\x00") {
		t.Errorf("%q: members %q, want %q", rec.Body, got, want)
	}
}

// lineOf makes a line of about n bytes.
func lineOf(i, n int) string {
	return fmt.Sprintf(`{"session_id": "s", "n": %d, "payload": {"text": %q}}`, i, strings.Repeat("x", max(0, n-50)))
}

// TestSameAsFollowed holds what is read ahead, and behind it, to what is read line
// by line, for files that are plain and for those that are not.
func TestSameAsFollowed(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	sizes := func(n, most int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(lineOf(i, rnd.IntN(most)) + "\n")
		}
		return b.String()
	}
	plain := sizes(3000, 1500)
	for _, c := range []struct {
		name  string
		text  string
		ahead bool // all but the last line comes ahead
	}{
		{"plain", plain, true},
		{"no end", plain + lineOf(1, 100), true},
		{"torn", plain + `{"session_id": "s", "n`, true},
		{"long lines", sizes(40, 3*blockSize), true},
		{"one long line", lineOf(1, 5*blockSize) + "\n" + plain, true},
		{"windows", strings.ReplaceAll(plain, "\n", "\r\n"), true},
		{"blank lines", strings.ReplaceAll(plain, "\n", "\n\n  \n"), true},
		{"no objects", strings.ReplaceAll(plain, `{"session_id"`, `"session_id"`), true},
		{"escaped keys", strings.ReplaceAll(plain, `"n"`, `"\u006e"`), true},
		{"lines end with blocks", strings.Repeat(lineOf(7, 1023)[:1023]+"\n", 2000), true},
		{"byte order mark", "\xef\xbb\xbf" + plain, false},
		{"a hole", plain[:blockSize+100] + "\n" + strings.Repeat("\x00", 3*blockSize) + plain, false},
		{"nothing but NUL", strings.Repeat("\x00", 3*blockSize), false},
		{"no line at all", strings.Repeat("x", 3*blockSize), false},
		{"blank", strings.Repeat("\n", 3*blockSize), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log.jsonl")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, first := whole(t, path)
			want := followed(t, path, nil)
			if len(got) != len(want) {
				t.Fatalf("%d records, want %d", len(got), len(want))
			}
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("record %d is at %d (%d bytes), want %d (%d)", i, got[i].pos, got[i].size, want[i].pos, want[i].size)
				}
			}
			if c.ahead && first < len(want)-1 {
				t.Errorf("%d of %d records came ahead", first, len(want))
			}
		})
	}
}

// TestChangedMeanwhile: a file that holds another text by the time it is read ends
// the reading, and whoever follows it begins anew.
func TestChangedMeanwhile(t *testing.T) {
	var b strings.Builder
	for i := range 20_000 {
		b.WriteString(lineOf(i, 300) + "\n")
	}
	for name, change := range map[string]func(*os.File) error{
		"truncated": func(f *os.File) error { return f.Truncate(1000) },
		"written anew": func(f *os.File) error {
			_, err := f.WriteAt([]byte(strings.ReplaceAll(b.String(), `"s"`, `"t"`)), 0)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log.jsonl")
			if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			file, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Open(file, int64(b.Len()), shape)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := change(file); err != nil {
				t.Fatal(err)
			}
			n := 1
			for ; ; n++ {
				if _, err := r.Next(t.Context()); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			// A few blocks had been read before.
			if n*300 > (blocks+2)*blockSize {
				t.Errorf("%d records of a text that is gone", n)
			}
			reached := r.Reached()
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			rest := followed(t, path, &reached)
			if want := followed(t, path, nil); len(rest) < len(want) || rest[len(rest)-len(want)] != want[0] {
				t.Errorf("%d records came after it, of a text of %d", len(rest), len(want))
			}
		})
	}
}

// TestCalledOff: Next returns when its context ends, and Close when workers wait.
func TestCalledOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	if err := os.WriteFile(path, []byte(strings.Repeat(lineOf(1, 1000)+"\n", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(file, 10_000*1000, shape)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10_000 * blocks {
		if _, err = r.Next(ctx); err != nil {
			break
		}
	}
	if err != context.Canceled && err != io.EOF {
		t.Errorf("%v", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// FuzzSame holds the two ways of reading a file to each other, whatever is in it.
// Blocks are of a fixed size, so the text is set across the end of one.
func FuzzSame(f *testing.F) {
	f.Add([]byte("{\"a\":1}\n{\"b\":2}\r\n"), uint16(3))
	f.Add([]byte("\x00\x00{}\n\n x\n"), uint16(1))
	f.Add([]byte("\xef\xbb\xbf{}\n{\"a\\u0062\":{}}"), uint16(9))
	f.Fuzz(func(t *testing.T, text []byte, before uint16) {
		path := filepath.Join(t.TempDir(), "log.jsonl")
		pad := bytes.Repeat([]byte("{}\n"), blockSize/3+1)
		pad = pad[:max(0, blockSize-int(before))]
		if len(pad) > 0 {
			pad[len(pad)-1] = '\n'
		}
		all := append(pad, text...)
		if len(all) == 0 {
			return
		}
		if err := os.WriteFile(path, all, 0o600); err != nil {
			t.Fatal(err)
		}
		got, _ := whole(t, path)
		want := followed(t, path, nil)
		if len(got) != len(want) {
			t.Fatalf("%d records, want %d", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("record %d: %+v, want %+v", i, got[i], want[i])
			}
		}
	})
}
