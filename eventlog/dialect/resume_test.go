package dialect

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// linesBelow returns the lines of each file of lines in our small logs and, where they
// are there, in the real ones.
func linesBelow(t *testing.T) map[string][][]byte {
	t.Helper()
	logs := map[string][][]byte{}
	for _, root := range []string{"../../testdata", "testdata", "../../../shared/samples"} {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".jsonl") {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for line := range bytes.SplitSeq(text, []byte("\n")) {
				if line = bytes.TrimSpace(line); len(line) > 0 {
					logs[path] = append(logs[path], line)
				}
			}
			return nil
		})
	}
	return logs
}

// adding decodes lines into a summary.
func adding(sum *eventlog.Summary, d Decoder, lines [][]byte, from int) {
	sum.Update(func() {
		for i, line := range lines {
			rec := eventlog.Record{Pos: int64(from + i), Size: len(line), Body: line}
			sum.Record()
			if err := d.Decode(&rec, false, func(e *eventlog.Event) { sum.Add(rec.Pos, e) }); err != nil {
				sum.Fault(eventlog.Fault{Path: sum.Path, Pos: rec.Pos, Why: err.Error()})
			}
		}
	})
}

// A log that is read on by another process, from any line on, comes to what it comes
// to when it is read at once: what a decoder saves is all that it knows, and what a
// summary is frozen to is all that it has.
func TestResume(t *testing.T) {
	t.Parallel()
	formats := map[string]int{}
	for path, lines := range linesBelow(t) {
		head := &Head{Path: path, Lines: lines[:min(len(lines), 24)]}
		known := Sniff(head, All())
		if known == nil {
			continue
		}
		open := func() Decoder { return known.Open(Segment{Path: path, Head: head}) }
		if _, ok := open().(Resumer); !ok {
			continue
		}
		syms := eventlog.NewSymbols()
		whole := eventlog.NewSummary(syms, path, known.Name(), 0)
		adding(whole, open(), lines, 0)
		want := whole.Freeze(nil)
		left, part := open(), eventlog.NewSummary(syms, path, known.Name(), 0)
		step := max(1, len(lines)/40)
		for cut := 0; cut < len(lines); cut += step {
			if cut > 0 {
				adding(part, left, lines[cut-step:cut], cut-step)
			}
			saved, ok := left.(Resumer).Save(nil)
			if !ok {
				continue
			}
			formats[known.Name()]++
			again := open()
			if !again.(Resumer).Resume(saved) {
				t.Fatalf("%s: what was saved after %d lines cannot be resumed", path, cut)
			}
			sum, ok := eventlog.Thaw(eventlog.NewSymbols(), path, part.Freeze(nil))
			if !ok {
				t.Fatalf("%s: the summary of %d lines cannot be read", path, cut)
			}
			adding(sum, again, lines[cut:], cut)
			if !bytes.Equal(sum.Freeze(nil), want) {
				t.Fatalf("%s: cut after %d of %d lines it comes to something else", path, cut, len(lines))
			}
		}
	}
	for _, name := range []string{"lazybridge", "claude", "codex", "gemini", "pi"} {
		if formats[name] == 0 {
			t.Errorf("no log of %s was cut", name)
		}
	}
	t.Log(formats)
}

// What is no state is refused, and nothing breaks on it.
func TestResumeOfDamage(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	done := map[string]bool{}
	for path, lines := range linesBelow(t) {
		head := &Head{Path: path, Lines: lines[:min(len(lines), 24)]}
		known := Sniff(head, All())
		if known == nil || done[known.Name()] {
			continue
		}
		d, ok := known.Open(Segment{Path: path, Head: head}).(Resumer)
		if !ok {
			continue
		}
		done[known.Name()] = true
		adding(eventlog.NewSummary(eventlog.NewSymbols(), path, "", 0), d.(Decoder), lines, 0)
		saved, ok := d.Save(nil)
		if !ok {
			continue
		}
		for n := range saved {
			if known.Open(Segment{Path: path, Head: head}).(Resumer).Resume(saved[:n]) {
				t.Fatalf("%s: %d of %d bytes are a state", known.Name(), n, len(saved))
			}
		}
		for range 300 {
			b := bytes.Clone(saved)
			b[random.IntN(len(b))] = byte(random.Uint32())
			again := known.Open(Segment{Path: path, Head: head})
			if again.(Resumer).Resume(b) {
				adding(eventlog.NewSummary(eventlog.NewSymbols(), path, "", 0), again, lines, 0)
			}
		}
	}
}

// filler puts something into every field of a value, but for those that hold nothing
// from one record to the next.
type filler struct {
	n    int64
	skip []string
}

func (f *filler) fill(v reflect.Value) {
	f.n++
	v = reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(f.n)
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(uint64(f.n%3 + 1))
	case reflect.String:
		v.SetString("text " + strconv.FormatInt(f.n, 10))
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key)
			f.fill(value)
			v.SetMapIndex(key, value)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if !slices.Contains(f.skip, v.Type().Field(i).Name) {
				f.fill(v.Field(i))
			}
		}
	default:
		panic(v.Type())
	}
}

// All that a decoder knows is saved: a field that is added is, or is said to hold
// nothing from one record to the next, or nothing that cannot be made again. Calls
// that are open stand in a list or in maps; here it is the maps.
func TestSaveKeepsEveryField(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		left, fresh Resumer
		skip        []string
	}{
		"bridge": {&bridge{}, &bridge{}, []string{"names", "lines", "current", "kinds", "columns", "f", "e", "bill", "byID", "open", "spare"}},
		"claude": {&claude{}, &claude{}, []string{"names", "lines", "call", "r", "e", "part", "b"}},
		"codex":  {&codex{}, &codex{}, []string{"names", "lines", "failure", "scratch", "r", "p", "e", "b"}},
		"gemini": {&gemini{}, &gemini{}, []string{"names", "path", "r", "e", "b"}},
		"pi":     {&pi{}, &pi{}, []string{"names", "r", "m", "e", "b"}},
	} {
		f := filler{skip: tc.skip}
		f.fill(reflect.ValueOf(tc.left).Elem())
		saved, ok := tc.left.Save(nil)
		if !ok || !tc.fresh.Resume(saved) {
			t.Errorf("%s cannot be resumed", name)
			continue
		}
		if !reflect.DeepEqual(tc.left, tc.fresh) {
			t.Errorf("%s: %+v\nwant\n%+v", name, tc.fresh, tc.left)
		}
	}
}
