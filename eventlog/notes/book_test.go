package notes

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

const now = eventlog.Stamp(1_772_452_800_123_000_000)

func open(t *testing.T, path string) *Book {
	t.Helper()
	b, err := Open(path, func(s string) string { return strings.ReplaceAll(s, "hunter2", "<redacted>") })
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func add(t *testing.T, b *Book, n Note) Note {
	t.Helper()
	n.Time = now
	n, err := b.Add(n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// texts are what the notes say, in their order.
func texts(list []Note) string {
	var all []string
	for _, n := range list {
		all = append(all, n.Text)
	}
	return strings.Join(all, "|")
}

func TestBook(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", "lazytrace", "notes.jsonl")
	b := open(t, path)
	if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, os.ErrNotExist) {
		t.Error("looking for notes made a folder")
	}
	one := add(t, b, Note{Session: "s", Kind: Text, Text: " the key is hunter2 ", Author: "ann"})
	tag := add(t, b, Note{Session: "s", Kind: Tag, Text: "slow"})
	add(t, b, Note{Session: "s", Kind: Tag, Text: "slow", Event: "e7"})
	mark := add(t, b, Note{Session: "t", Kind: Mark, Place: Place{"/log.jsonl", 0, 2}})
	if one.Text != "the key is <redacted>" || len(one.ID) != 8 {
		t.Errorf("stored %+v", one)
	}
	again := open(t, path)
	for name, b := range map[string]*Book{"who wrote": b, "who reads": again} {
		if got := texts(b.Of("s")); len(b.Of("s")) != 3 || !strings.Contains(got, "the key is <redacted>") {
			t.Errorf("%s: notes of s: %s", name, got)
		}
		if got := b.Of("t"); len(got) != 1 || got[0] != mark || !got[0].OnEvent() {
			t.Errorf("%s: notes of t: %+v", name, got)
		}
		if got := b.Said("s"); len(got.Tags) != 1 || got.Tags[0] != "slow" || got.Title != "" {
			t.Errorf("%s: said %+v", name, got)
		}
		if len(b.All()) != 4 || b.Strange() != 0 || b.Of("nobody") != nil || b.Said("t").Tags != nil {
			t.Errorf("%s: %d notes", name, len(b.All()))
		}
	}
	if err := again.Delete(tag.ID, now); err != nil {
		t.Fatal(err)
	}
	if changed, err := b.Reload(); !changed || err != nil || len(b.Of("s")) != 2 {
		t.Errorf("changed %v, %v, %d left", changed, err, len(b.Of("s")))
	}
	if changed, err := b.Reload(); changed || err != nil {
		t.Errorf("nothing was written: %v, %v", changed, err)
	}
	if err := b.Delete(tag.ID, now); !errors.Is(err, ErrUnknown) {
		t.Errorf("deleted twice: %v", err)
	}
	if n, err := b.Find(one.ID[:5]); err != nil || n != one {
		t.Errorf("found %+v, %v", n, err)
	}
	if _, err := b.Find(""); !errors.Is(err, ErrUnknown) {
		t.Errorf("found nothing: %v", err)
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), "hunter2") || strings.Count(string(text), "\n") != 5 {
		t.Errorf("%v\n%s", err, text)
	}
	for l := range strings.Lines(string(text)) {
		var o map[string]any
		if err := json.Unmarshal([]byte(l), &o); err != nil || o["time"] != "2026-03-02T12:00:00.123Z" {
			t.Errorf("%s: %v", l, err)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", p, info.Mode(), err)
		}
	}
}

func TestWhatIsNoNote(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes.jsonl")
	b := open(t, path)
	for name, n := range map[string]Note{
		"no session": {Kind: Text, Text: "x"}, "no kind": {Session: "s", Text: "x"}, "no text": {Session: "s", Kind: Text, Text: " \n"},
		"two tags": {Session: "s", Kind: Tag, Text: "a b"}, "a list": {Session: "s", Kind: Tag, Text: "a,b"}, "a book": {Session: "s", Kind: Text, Text: strings.Repeat("x", longest+1)},
	} {
		if _, err := b.Add(n); err == nil {
			t.Errorf("%s was added", name)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a note that was refused made a file")
	}
	if _, err := Open(t.TempDir(), nil); err == nil {
		t.Error("a folder was opened")
	}
}

// A line that was torn, by a crash or a full disk, costs that line only.
func TestTornLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes.jsonl")
	whole := `{"id":"a","time":"2026-03-02T12:00:00Z","session":"s","event":"","kind":"note","text":"first","author":""}`
	for _, c := range []struct{ name, text, before, after string }{
		{"torn", whole + "\n" + whole[:40], "first", "first|second"},
		{"torn in the first line", whole[:40], "", "second"},
		{"without its end", strings.Replace(whole, "first", "zero", 1), "", "zero|second"},
		{"nonsense between", "nonsense\n\n{}\n[]\n" + whole + "\n", "first", "first|second"},
		{"too long", `{"id":"b","session":"s","kind":"note","text":"` + strings.Repeat("x", 1<<20) + "\"}\n" + whole + "\n", "first", "first|second"},
		{"a kind of later", strings.Replace(whole, `"note"`, `"star"`, 1) + "\n" + whole + "\n", "first", "first|second"},
		{"a later line with its id", whole + "\n" + strings.Replace(whole, "first", "better", 1) + "\n", "better", "better|second"},
		{"and for another session", whole + "\n" + strings.Replace(whole, `"s"`, `"t"`, 1) + "\n", "", "second"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		b := open(t, path)
		if got := texts(b.Of("s")); got != c.before {
			t.Errorf("%s: %q, want %q", c.name, got, c.before)
		}
		n, err := b.Add(Note{Session: "s", Kind: Text, Text: "second", Time: now + 1e12})
		if err != nil || n.Text != "second" {
			t.Fatal(err)
		}
		if got, same := texts(b.Of("s")), texts(open(t, path).Of("s")); got != c.after || same != got {
			t.Errorf("%s: then %q, read again %q, want %q", c.name, got, same, c.after)
		}
	}
}

// A file that was replaced or cut is read from its beginning.
func TestReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes.jsonl")
	b := open(t, path)
	add(t, b, Note{Session: "s", Kind: Text, Text: "one"})
	add(t, b, Note{Session: "s", Kind: Text, Text: "two"})
	if err := os.WriteFile(path+".new", []byte(`{"id":"z","session":"s","kind":"note","text":"three"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if changed, err := b.Reload(); !changed || err != nil || texts(b.Of("s")) != "three" {
		t.Errorf("%v %v %s", changed, err, texts(b.Of("s")))
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if changed, err := b.Reload(); !changed || err != nil || len(b.All()) != 0 {
		t.Errorf("%v %v %d", changed, err, len(b.All()))
	}
}

// Many processes add at once, and nothing is lost or mixed.
func TestManyWriters(t *testing.T) {
	t.Parallel()
	const processes, each = 4, 25
	path := os.Getenv("NOTES_TEST_PATH")
	if path != "" {
		b := open(t, path)
		for i := range each {
			add(t, b, Note{Session: "s", Kind: Text, Text: fmt.Sprint(os.Getpid(), " ", i, strings.Repeat("x", 9000))})
		}
		return
	}
	path = filepath.Join(t.TempDir(), "notes.jsonl")
	var running []*exec.Cmd
	for range processes {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestManyWriters$")
		c.Env = append(os.Environ(), "NOTES_TEST_PATH="+path)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, c)
	}
	for _, c := range running {
		if err := c.Wait(); err != nil {
			t.Errorf("%v", err)
		}
	}
	b := open(t, path)
	if len(b.Of("s")) != processes*each || b.Strange() != 0 {
		t.Errorf("%d notes, %d strange lines, want %d", len(b.Of("s")), b.Strange(), processes*each)
	}
}

// Whatever stands in the file, reading it and adding to it does no harm, and what
// was there before is read the same afterwards.
func FuzzBook(f *testing.F) {
	whole := `{"id":"a","time":"2026-03-02T12:00:00Z","session":"s","event":"e","place":{"path":"p","pos":1,"sub":2},"kind":"tag","text":"x","author":"me"}` + "\n"
	for _, text := range []string{"", whole, whole[:50], whole + whole[:50], `{"id":"a","deleted":true}` + "\n" + whole, "\xff\xfe{\x00", "\x00\x00\n{}"} {
		f.Add([]byte(text))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(dir, fmt.Sprint(os.Getpid(), ".jsonl"))
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		before := b.All()
		n, err := b.Add(Note{Session: "mine", Kind: Tag, Text: "added", Time: now})
		if err != nil {
			t.Fatal(err)
		}
		again, err := Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if found, err := again.Find(n.ID); err != nil || found != n {
			t.Fatalf("what was added is %+v, %v", found, err)
		}
		after := again.All()
		if len(after) < len(before)+1-bytesAfterTear(text) {
			t.Fatalf("%d notes before, %d after", len(before), len(after))
		}
		if got, want := fmt.Sprint(b.All()), fmt.Sprint(after); got != want {
			t.Fatalf("who wrote has %s, who reads %s", got, want)
		}
	})
}

// bytesAfterTear is 1 where a last line without its end may turn out to take the
// place of a note, or take it away, once it has one.
func bytesAfterTear(text []byte) int {
	if len(text) > 0 && text[len(text)-1] != '\n' {
		return 1
	}
	return 0
}

// The last name counts, whoever wrote it, and when it is taken away the one before.
func TestNames(t *testing.T) {
	t.Parallel()
	b := open(t, filepath.Join(t.TempDir(), "notes.jsonl"))
	var ids []string
	for i, name := range []string{"first", " second "} {
		n, err := b.Add(Note{Session: "s", Kind: Name, Text: name, Time: eventlog.Stamp(i + 1)})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, n.ID)
	}
	if got := b.Said("s").Title; got != "second" {
		t.Errorf("it is called %q", got)
	}
	if err := b.Delete(ids[1], 3); err != nil {
		t.Fatal(err)
	}
	if got := b.Said("s").Title; got != "first" {
		t.Errorf("then it is called %q", got)
	}
	for _, bad := range []Note{{Session: "s", Kind: Name, Text: "two\nlines"}, {Session: "s", Kind: Name, Text: "x", Event: "e"}, {Session: "s", Kind: Name, Text: "  "}} {
		if _, err := b.Add(bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}
