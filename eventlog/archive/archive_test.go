package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// world is a folder of logs and an archive beside it.
type world struct {
	*testing.T
	logs   string
	folder *Folder
	opt    Options
	full   bool
}

// plain masks nothing that could be taken for more than the word secret.
func plain(b []byte) []byte { return bytes.ReplaceAll(b, []byte("secret"), []byte("[MASKED]")) }

type plainStream struct{ held string }

func (p *plainStream) Write(s string) string {
	out := strings.ReplaceAll(p.held+s, "secret", "[MASKED]")
	n := max(0, len(out)-8)
	p.held = out[n:]
	return out[:n]
}

func (p *plainStream) Close() string { return p.held }

func newWorld(t *testing.T) *world {
	dir := t.TempDir()
	w := &world{T: t, logs: filepath.Join(dir, "logs"), folder: Open(filepath.Join(dir, "archive"))}
	w.opt = Options{Whole: plain, Stream: func() Masker { return &plainStream{} }, Wait: time.Nanosecond}
	if err := os.MkdirAll(w.logs, 0o700); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.logs, name) }

// write writes a log that was left alone for an hour.
func (w *world) write(name, text string) {
	w.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
	w.age(name, time.Hour)
}

func (w *world) age(name string, by time.Duration) {
	w.Helper()
	when := time.Now().Add(-by)
	if err := os.Chtimes(w.path(name), when, when); err != nil {
		w.Fatal(err)
	}
}

// take archives one log and returns what was done.
func (w *world) take(name string) (Outcome, error) {
	w.Helper()
	writer, err := w.folder.Begin(w.Context(), w.opt)
	if err != nil {
		w.Fatal(err)
	}
	if w.full {
		writer.files = func(to io.Writer) io.Writer { return &fullDisk{to, 10} }
	}
	info, err := os.Stat(w.path(name))
	if err != nil {
		w.Fatal(err)
	}
	out, err := writer.Take(w.Context(), Source{
		Path: w.path(name), Root: w.logs, Rel: name, Format: "test", Lines: strings.HasSuffix(name, ".jsonl"), Info: info,
	})
	if cerr := writer.Close(); cerr != nil && !w.full {
		w.Fatal(cerr)
	}
	return out, err
}

func (w *world) does(name, want string) {
	w.Helper()
	out, err := w.take(name)
	if err != nil || out.Did != want {
		w.Fatalf("%s: %q, %v; want %q", name, out.Did, err, want)
	}
}

// kept is what the archive has of a log.
func (w *world) kept(name string) string {
	w.Helper()
	c, ok := Open(w.folder.Dir()).Of(w.path(name))
	if !ok {
		w.Fatalf("nothing is kept of %s", name)
	}
	var b bytes.Buffer
	if err := w.folder.Read(w.Context(), &c, &b); err != nil {
		w.Fatal(err)
	}
	return b.String()
}

func (w *world) objects() int {
	files, _ := os.ReadDir(w.folder.objects())
	return len(files)
}

type fullDisk struct {
	to   io.Writer
	room int
}

func (f *fullDisk) Write(p []byte) (int, error) {
	if len(p) > f.room {
		return 0, &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	f.room -= len(p)
	return f.to.Write(p)
}

const one, two = `{"n":1}` + "\n", `{"n":2,"text":"secret"}` + "\n"

func TestOnlyWhatIsNewIsPacked(t *testing.T) {
	w := newWorld(t)
	w.write("a.jsonl", one)
	w.does("a.jsonl", Added)
	w.does("a.jsonl", Unchanged)
	before, _ := w.folder.Of(w.path("a.jsonl"))
	first, err := os.ReadFile(w.folder.Object(before.ID))
	if err != nil {
		t.Fatal(err)
	}
	w.write("a.jsonl", one+two)
	w.does("a.jsonl", Grown)
	after, _ := w.folder.Of(w.path("a.jsonl"))
	both, err := os.ReadFile(w.folder.Object(after.ID))
	if err != nil || after.Frames != 2 || !bytes.HasPrefix(both, first[:before.Packed]) {
		t.Errorf("%d frames, %v: what was packed is packed anew", after.Frames, err)
	}
	if got := w.kept("a.jsonl"); got != one+strings.ReplaceAll(two, "secret", "[MASKED]") {
		t.Errorf("%q", got)
	}
	if n := w.objects(); n != 1 {
		t.Errorf("%d objects: what is not needed stays", n)
	}
	// What was changed in the middle is another log; what it was stays.
	w.write("a.jsonl", strings.ToUpper(one)+two+two)
	w.does("a.jsonl", Changed)
	if copies, _ := w.folder.Copies(); len(copies) != 2 || w.objects() != 2 {
		t.Errorf("%d copies, %d objects", len(copies), w.objects())
	}
	// A copy of many frames is packed as one again.
	text := one
	w.write("b.jsonl", text)
	w.does("b.jsonl", Added)
	for range maxFrames {
		text += one
		w.write("b.jsonl", text)
		w.does("b.jsonl", map[bool]string{true: Changed, false: Grown}[len(text) == len(one)*(maxFrames+1)])
	}
	if c, _ := w.folder.Of(w.path("b.jsonl")); c.Frames != 1 || w.kept("b.jsonl") != text {
		t.Errorf("%d frames", c.Frames)
	}
	if copies, _ := w.folder.Copies(); len(copies) != 3 {
		t.Errorf("%d copies", len(copies))
	}
}

func TestSameContentIsKeptOnce(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"a.jsonl", "b.jsonl", "c.jsonl"} {
		w.write(name, one+two)
	}
	w.does("a.jsonl", Added)
	w.does("b.jsonl", Shared)
	w.does("c.jsonl", Shared)
	if n := w.objects(); n != 1 {
		t.Errorf("%d objects", n)
	}
	info, err := w.folder.Info()
	if err != nil || info.Copies != 3 || info.Size != 3*int64(len(one+two)) {
		t.Errorf("%+v, %v", info, err)
	}
	if w.kept("a.jsonl") != w.kept("c.jsonl") {
		t.Error("they differ")
	}
	// The notes tell of all three where the index is lost.
	if err := os.WriteFile(w.folder.index(), []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if copies, err := Open(w.folder.Dir()).Copies(); err != nil || len(copies) != 3 {
		t.Errorf("%d copies, %v", len(copies), err)
	}
	if err := os.Remove(w.folder.index()); err != nil {
		t.Fatal(err)
	}
	w.does("a.jsonl", Unchanged)
	w.write("a.jsonl", one+two+one)
	w.does("a.jsonl", Grown) // the others keep what they had
	if w.kept("b.jsonl") == w.kept("a.jsonl") || w.objects() != 2 {
		t.Errorf("%d objects", w.objects())
	}
}

func TestExactCopies(t *testing.T) {
	w := newWorld(t)
	w.opt.Exact = true
	text := one + two + "{\"torn\": \"\x00\xff"
	w.write("a.jsonl", text)
	w.does("a.jsonl", Added)
	if got := w.kept("a.jsonl"); got != text {
		t.Errorf("%q", got)
	}
	w.write("a.jsonl", text+"\"}\n"+one)
	w.does("a.jsonl", Changed) // frames begin at lines
	if got := w.kept("a.jsonl"); got != text+"\"}\n"+one {
		t.Errorf("%q", got)
	}
	if copies, _ := w.folder.Copies(); len(copies) != 1 {
		t.Errorf("%d copies of a log that only grew", len(copies))
	}
	masked := w.opt
	masked.Exact = false
	if _, err := w.folder.Begin(t.Context(), masked); !errors.Is(err, ErrMode) {
		t.Errorf("masked copies among exact ones: %v", err)
	}
}

func TestWhatIsJustBeingWritten(t *testing.T) {
	w := newWorld(t)
	w.write("a.jsonl", one+`{"n":`)
	w.age("a.jsonl", 0)
	w.does("a.jsonl", Added)
	if got := w.kept("a.jsonl"); got != one {
		t.Errorf("half a line is kept: %q", got)
	}
	w.age("a.jsonl", time.Hour) // nobody writes its end any more
	w.does("a.jsonl", Grown)
	if got := w.kept("a.jsonl"); got != one+`{"n":` {
		t.Errorf("%q", got)
	}
	w.write("a.jsonl", one+`{"n":"secret"}`+"\n")
	w.does("a.jsonl", Changed) // masking wants whole lines
	if got := w.kept("a.jsonl"); got != one+`{"n":"[MASKED]"}`+"\n" {
		t.Errorf("%q", got)
	}
	w.write("b.jsonl", one+`{"n":2}`)
	w.age("b.jsonl", 0)
	w.does("b.jsonl", Added)
	if got := w.kept("b.jsonl"); got != one+`{"n":2}` {
		t.Errorf("a whole line without an end is left away: %q", got)
	}
	// A document that is half written leaves what is kept.
	w.write("c.json", `{"messages":[1]}`)
	w.does("c.json", Added)
	w.write("c.json", `{"messages":[1,2`)
	w.age("c.json", 0)
	w.does("c.json", Later)
	if got := w.kept("c.json"); got != `{"messages":[1]}` {
		t.Errorf("%q", got)
	}
	w.write("c.json", `{"messages":[1,2]}`)
	w.does("c.json", Changed)
	if copies, _ := w.folder.Copies(); len(copies) != 3 {
		t.Errorf("%d copies", len(copies))
	}
}

func TestShorterSourcesLeaveTheirCopy(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat(one, 100)
	w.write("a.jsonl", long)
	w.does("a.jsonl", Added)
	for _, n := range []int{0, 8, 80, 720} {
		w.write("a.jsonl", long[:n])
		w.does("a.jsonl", Shorter)
		if gone := w.folder.Gone(nil); len(gone) != 1 {
			t.Errorf("at %d bytes the copy does not stand for its source", n)
		}
	}
	if got := w.kept("a.jsonl"); got != long {
		t.Errorf("%d bytes are kept", len(got))
	}
	// Another log in its place is another log, and the old copy stays.
	w.write("a.jsonl", strings.Repeat(two, 10))
	if gone := w.folder.Gone(nil); len(gone) != 0 {
		t.Error("the copy of another log stands for this one")
	}
	w.does("a.jsonl", Changed)
	copies, _ := w.folder.Copies()
	if len(copies) != 2 || !copies[0].Replaced && !copies[1].Replaced {
		t.Errorf("%+v", copies)
	}
}

func TestAFullDiskLeavesTheArchive(t *testing.T) {
	w := newWorld(t)
	w.write("a.jsonl", one)
	w.does("a.jsonl", Added)
	index, err := os.ReadFile(w.folder.index())
	if err != nil {
		t.Fatal(err)
	}
	w.write("a.jsonl", one+two)
	w.full = true
	if _, err := w.take("a.jsonl"); !IsFull(err) || Full(err) != syscall.ENOSPC {
		t.Errorf("%v", err)
	}
	w.full = false
	after, err := os.ReadFile(w.folder.index())
	if err != nil || !bytes.Equal(index, after) || w.kept("a.jsonl") != one || w.objects() != 1 {
		t.Errorf("the archive is not as it was: %v, %d objects", err, w.objects())
	}
	w.does("a.jsonl", Grown)
}

func TestACrashLeavesTheOldOrTheNew(t *testing.T) {
	w := newWorld(t)
	w.write("a.jsonl", one)
	w.does("a.jsonl", Added)
	w.write("a.jsonl", one+two)
	writer, err := w.folder.Begin(t.Context(), w.opt)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := os.Stat(w.path("a.jsonl"))
	if _, err := writer.Take(t.Context(), Source{Path: w.path("a.jsonl"), Root: w.logs, Rel: "a.jsonl", Lines: true, Info: info}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.folder.objects(), unwritten+"1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	writer.unlock() // the process is gone before it wrote the index
	if got := w.kept("a.jsonl"); got != one {
		t.Errorf("%q", got)
	}
	w.does("a.jsonl", Grown)
	if n := w.objects(); n != 1 {
		t.Errorf("%d objects", n)
	}
	// An object that is lost is made again.
	c, _ := w.folder.Of(w.path("a.jsonl"))
	if err := os.Remove(w.folder.Object(c.ID)); err != nil {
		t.Fatal(err)
	}
	w.does("a.jsonl", Added)
}

func TestOneWriterAtATime(t *testing.T) {
	w := newWorld(t)
	first, err := w.folder.Begin(t.Context(), w.opt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(w.folder.Dir()).Begin(t.Context(), w.opt); err == nil || !strings.Contains(err.Error(), "another lazytrace") {
		t.Errorf("%v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := Open(w.folder.Dir()).Begin(t.Context(), w.opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyFindsDamage(t *testing.T) {
	w := newWorld(t)
	w.write("a.jsonl", strings.Repeat(one+two, 1000))
	w.does("a.jsonl", Added)
	c, _ := w.folder.Of(w.path("a.jsonl"))
	path := w.folder.Object(c.ID)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	verify := func() (wrong int) {
		if n, err := w.folder.Verify(t.Context(), func(Copy, error) { wrong++ }); n != 1 || err != nil {
			t.Errorf("%d checked, %v", n, err)
		}
		return wrong
	}
	if verify() != 0 {
		t.Error("it is sound")
	}
	for i := range c.Packed {
		bad := bytes.Clone(sound)
		bad[i] ^= 0x41
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		// The bits of a frame's first byte of flags need not all mean something.
		if verify() == 0 {
			var b bytes.Buffer
			if err := w.folder.Read(t.Context(), &c, &b); err != nil || b.String() != strings.Repeat(one+string(plain([]byte(two))), 1000) {
				t.Fatalf("byte %d is wrong and nobody tells", i)
			}
		}
	}
	if err := os.WriteFile(path, sound[:c.Packed/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if verify() != 1 {
		t.Error("half of it is gone and nobody tells")
	}
}

func TestPrune(t *testing.T) {
	w := newWorld(t)
	for i, name := range []string{"a.jsonl", "b.jsonl", "c.jsonl", "d.jsonl"} {
		w.write(name, fmt.Sprintf("{\"n\":%d}\n", i))
		w.age(name, time.Duration(10-i)*24*time.Hour)
		w.does(name, Added)
	}
	for _, name := range []string{"a.jsonl", "b.jsonl", "c.jsonl"} {
		if err := os.Remove(w.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	prune := func(l Limits) (names string, beyond int64) {
		writer, err := w.folder.Begin(t.Context(), w.opt)
		if err != nil {
			t.Fatal(err)
		}
		list, beyond := writer.Prune(l)
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			names += filepath.Base(c.Path)[:1]
		}
		return names, beyond
	}
	if names, _ := prune(Limits{Age: 30 * 24 * time.Hour, Bytes: 1 << 30}); names != "" {
		t.Errorf("%q is forgotten within the limits", names)
	}
	if names, _ := prune(Limits{Age: 9*24*time.Hour + time.Hour}); names != "a" {
		t.Errorf("%q is forgotten by age", names)
	}
	if names, beyond := prune(Limits{Bytes: 1}); names != "bc" || beyond <= 0 {
		t.Errorf("%q is forgotten by size, %d bytes beyond", names, beyond)
	}
	if n := w.objects(); n != 1 {
		t.Errorf("%d objects", n)
	}
}

func TestHostileSources(t *testing.T) {
	w := newWorld(t)
	outside := filepath.Join(filepath.Dir(w.logs), "outside.jsonl")
	if err := os.WriteFile(outside, []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, w.path("link.jsonl")); err != nil {
		t.Skip(err)
	}
	if _, err := w.take("link.jsonl"); err == nil {
		t.Error("a link out of the folder was followed")
	}
	name := "a\x1b]0;x\a\xff\n.jsonl"
	if err := os.WriteFile(w.path(name), []byte(one), 0o600); err != nil {
		t.Skip(err)
	}
	w.does(name, Added)
	if got := w.kept(name); got != one {
		t.Errorf("%q", got)
	}
	if err := os.Remove(w.folder.index()); err != nil {
		t.Fatal(err)
	}
	if got := w.kept(name); got != one {
		t.Errorf("from its note: %q", got)
	}
	c, _ := w.folder.Of(w.path(name))
	out := t.TempDir()
	paths, err := w.folder.Restore(t.Context(), []Copy{c}, out)
	if err != nil || len(paths) != 1 || filepath.Dir(paths[0]) != out {
		t.Fatalf("%q, %v", paths, err)
	}
	if _, err := w.folder.Restore(t.Context(), []Copy{c}, out); err == nil {
		t.Error("what was there is overwritten")
	}
	// An index may say anything: nothing is written out of the folder.
	c.Path = "../../evil.jsonl"
	if paths, err := w.folder.Restore(t.Context(), []Copy{c}, out); err == nil && filepath.Dir(paths[0]) != out {
		t.Errorf("%q", paths)
	}
	for _, mode := range []struct {
		path string
		want os.FileMode
	}{{w.folder.Dir(), 0o700}, {w.folder.objects(), 0o700}, {w.folder.Object(c.ID), 0o600}} {
		if info, err := os.Stat(mode.path); err != nil || info.Mode().Perm() != mode.want {
			t.Errorf("%s: %v, %v", mode.path, info.Mode(), err)
		}
	}
}

func TestLongLinesTakeBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 200 MB")
	}
	w := newWorld(t)
	f, err := os.Create(w.path("a.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	piece := bytes.Repeat([]byte("no word of it. "), 1<<16)
	for range 200 {
		if _, err := f.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = io.WriteString(f, "the secret\n"+one)
	_ = f.Close()
	w.age("a.jsonl", time.Hour)
	w.does("a.jsonl", Added)
	c, _ := w.folder.Of(w.path("a.jsonl"))
	tail := &tailOf{}
	if err := w.folder.Read(context.Background(), &c, tail); err != nil || !strings.HasSuffix(string(tail.b), "the [MASKED]\n"+one) {
		t.Errorf("%q, %v", tail.b, err)
	}
}

type tailOf struct{ b []byte }

func (t *tailOf) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-64):]
	return len(p), nil
}
