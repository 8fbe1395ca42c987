package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/redact"
)

// foldIndex is the search that anybody can see is right.
func foldIndex(text, word []byte) int {
	lower := func(b []byte) []byte {
		b = bytes.Clone(b)
		lowerBytes(b)
		return b
	}
	return bytes.Index(lower(text), lower(word))
}

// The block scanner finds what a naive search finds, wherever blocks end.
func TestBlocksFindWhatIsThere(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	letters := []byte("aAbB\"\\ .\xc3\xa9u0\n")
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return b
	}
	for range 20_000 {
		text, size := random(r.IntN(200)), 1+r.IntN(90)
		var texts [][]byte
		for range 1 + r.IntN(3) {
			w := random(1 + r.IntN(6))
			if len(text) > 8 && r.IntN(2) == 0 {
				at := r.IntN(len(text) - 6)
				w = bytes.ToUpper(text[at : at+1+r.IntN(6)]) // one that is there, or nearly
			}
			texts = append(texts, w)
		}
		checkBlocks(t, text, size, texts)
	}
}

func checkBlocks(t *testing.T, text []byte, size int, texts [][]byte) {
	t.Helper()
	want := true
	var words []word
	for _, w := range texts {
		n := newNeedle(w)
		words = append(words, word{n})
		first := foldIndex(text, w)
		if at := n.index(text); at != first {
			t.Fatalf("%q in %q is at %d, want %d", w, text, at, first)
		}
		want = want && first >= 0
	}
	read := 0
	got, err := newBlocks(words, size).holds(t.Context(), bytes.NewReader(text), func(n int) { read += n })
	if err != nil || got != want {
		t.Fatalf("%q in %q by %d bytes: %t (%v), want %t", texts, text, size, got, err, want)
	}
	if !got && read != len(text) {
		t.Fatalf("%d of %d bytes were looked at", read, len(text))
	}
	if within(text, words) != want {
		t.Fatalf("%q within %q is not %t", texts, text, want)
	}
}

func FuzzBlocks(f *testing.F) {
	f.Add([]byte(`{"text":"The Checkout sometimes charges twice"}`), "checkout", 7)
	f.Add([]byte("aaaaaaaaab"), "aab", 1)
	f.Add([]byte("\xc3\x89cole"), "\u00c9COLE", 2)
	f.Fuzz(func(t *testing.T, text []byte, w string, size int) {
		if w == "" || len(w) > 200 || len(text) > 1<<16 {
			return
		}
		checkBlocks(t, text, 1+(size&0x7fff), [][]byte{[]byte(w)})
		all := newWord(w, true)
		if at, n := all.index(text); at >= 0 && !slices.ContainsFunc(all, func(s needle) bool { return n == len(s.text) && s.at(text[at:]) }) {
			t.Fatalf("%q is not at %d of %q", w, at, text)
		}
		for _, at := range []int{0, len(text) / 2, len(text)} {
			if got := readable(text, at); len(got) > 4*(excerptBefore+excerptAfter)+64 {
				t.Fatalf("%d bytes around a word", len(got))
			}
		}
	})
}

// writeClaude writes a transcript whose messages are given.
func writeClaude(t *testing.T, dir, id, day string, texts ...string) string {
	t.Helper()
	var b bytes.Buffer
	for i, text := range texts {
		quoted, _ := json.Marshal(text)
		fmt.Fprintf(&b, `{"type":"user","uuid":"u%d-%s","sessionId":%q,"cwd":"/home/dev/shop","version":"2.1.40","timestamp":"%sT09:00:%02d.000Z","message":{"role":"user","content":%s}}`+"\n", i, id, id, day, i%60, quoted)
	}
	path := filepath.Join(dir, id+".jsonl")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func collect(t *testing.T, set *Set, sessions []*eventlog.Session, words ...string) []eventlog.Finding {
	t.Helper()
	var all []eventlog.Finding
	last := int64(-1)
	err := set.Search(t.Context(), words, sessions, func(f *eventlog.Finding) error {
		all = append(all, *f)
		return nil
	}, func(done, total int64) {
		if done < 0 || done > total {
			t.Errorf("%d of %d bytes", done, total)
		}
		last = total - done
	})
	if err != nil {
		t.Fatal(err)
	}
	if last != 0 {
		t.Errorf("%d bytes were not looked at", last)
	}
	return all
}

const (
	oldID = "0f0e0d0c-1111-4aaa-8bbb-cccccccccccc"
	newID = "1f0e0d0c-2222-4aaa-8bbb-cccccccccccc"
)

func TestSearchFindsRecords(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	older := writeClaude(t, dir, oldID, "2026-02-01", "nothing here", "The \"Lock\"\n  order is wrong in café", "lock alone")
	newer := writeClaude(t, dir, newID, "2026-02-02", "wrong LOCK order", "unrelated")
	set, cat := read(t, dir)
	got := collect(t, set, nil, "lock", "wrong")
	if len(got) != 2 || got[0].Path != newer || got[1].Path != older {
		t.Fatalf("%+v", got)
	}
	f := got[1]
	if f.Session != oldID || f.Line != 2 || f.Pos == 0 || f.Event != "message" || f.Sub == 0 || !f.Time.Known() || f.Excerpt != `The "Lock" order is wrong in café` {
		t.Errorf("%+v", f)
	}
	for name, words := range map[string][]string{
		"escaped": {`"lock"`}, "beyond ascii": {"café"}, "phrase": {"order is WRONG"},
	} {
		if got := collect(t, set, nil, words...); len(got) != 1 || got[0].Path != older {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := collect(t, set, nil, "lock", "nowhere"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := collect(t, set, cat.Sessions[1:], "wrong"); len(got) != 1 || got[0].Session != oldID {
		t.Errorf("one session: %+v", got)
	}
	stop := errors.New("enough")
	if err := set.Search(t.Context(), []string{"wrong"}, nil, func(*eventlog.Finding) error { return stop }, nil); !errors.Is(err, stop) {
		t.Errorf("stopped by %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := set.Search(ctx, []string{"wrong"}, nil, func(*eventlog.Finding) error { t.Error("found"); return nil }, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}

// What is found is told with its secrets masked, also when the secret itself was
// searched for, and however near the cut it stands.
func TestSearchMasksSecrets(t *testing.T) {
	t.Parallel()
	secret := "sk-ant-" + "api03-" + strings.Repeat("Zx9Qw7", 15)
	dir := t.TempDir()
	writeClaude(t, dir, oldID, "2026-02-01", "the key is "+secret+" and more", strings.Repeat("word ", 60)+"marker "+strings.Repeat("x ", 100)+secret, secret+strings.Repeat(" y", excerptBefore/2)+" marker")
	red, err := redact.New(redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set := Open(t.Context(), []string{dir}, Options{Redactor: red})
	t.Cleanup(func() { set.Close() })
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]int{"marker": 2, secret: 3, "key": 1} {
		got := collect(t, set, nil, word)
		if len(got) != want {
			t.Errorf("%q is found %d times, want %d", word, len(got), want)
		}
		for _, f := range got {
			if strings.Contains(f.Excerpt, "Zx9Qw7") {
				t.Errorf("an excerpt tells a secret: %q", f.Excerpt)
			}
			if f.Excerpt == "" {
				t.Error("an excerpt is empty")
			}
		}
	}
}

// Search finds the records that decoding everything finds, in every kind of
// segment, and says where they are so that the step of each is found again.
func TestSearchOfAllKindsOfSegments(t *testing.T) {
	t.Parallel()
	for _, c := range segmentKinds(t) {
		t.Run(c.name, func(t *testing.T) {
			set, cat := read(t, c.paths...)
			if len(cat.Sessions) == 0 {
				t.Fatal("no sessions")
			}
			hits := collect(t, set, nil, c.word)
			if len(hits) == 0 {
				t.Fatalf("%q is nowhere", c.word)
			}
			for i := range hits {
				f := &hits[i]
				s, ok := cat.Session(f.Session)
				if !ok {
					t.Fatalf("no session %q", f.Session)
				}
				log, err := set.ReadLog(t.Context(), []*eventlog.Session{s})
				if err != nil {
					t.Fatal(err)
				}
				snap, row := log.Snapshot(), eventlog.RowID(-1)
				for i, r := range snap.Rows.All() {
					if r.Pos == f.Pos && r.Table == f.Within && int(r.Sub) == f.Sub-1 && snap.Paths[r.Segment] == f.Path {
						row = eventlog.RowID(i)
					}
				}
				if row < 0 {
					t.Fatalf("no row is at %+v", f)
				}
				if r := snap.Rows.At(int(row)); r.Kind != eventlog.Custom && r.Kind.String() != f.Event {
					t.Errorf("%+v is a %s", f, r.Kind)
				}
				_ = log.Close()
			}
		})
	}
}

// The records that are found are those that a naive search of all records finds.
func TestSearchEqualsNaiveSearch(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	vocabulary := strings.Fields(`lock Lock cart "quoted" naïve back\slash tab	bed <b> & 日本語 x`)
	var texts []string
	for range 200 {
		var words []string
		for range 1 + r.IntN(6) {
			words = append(words, vocabulary[r.IntN(len(vocabulary))])
		}
		texts = append(texts, strings.Join(words, " "))
	}
	writeClaude(t, dir, oldID, "2026-02-01", texts...)
	set, _ := read(t, dir)
	for range 200 {
		words := []string{vocabulary[r.IntN(len(vocabulary))], vocabulary[r.IntN(len(vocabulary))]}
		if slices.ContainsFunc(words, func(w string) bool { return strings.ContainsAny(w, "<&x") || w == "tab" || w == "back" }) {
			continue // they are in the frame of every record, or spelled in a third way
		}
		want := 0
		for _, text := range texts {
			if foldIndex([]byte(text), []byte(words[0])) >= 0 && foldIndex([]byte(text), []byte(words[1])) >= 0 {
				want++
			}
		}
		if got := len(collect(t, set, nil, words...)); got != want {
			t.Errorf("%q: %d records, want %d", words, got, want)
		}
	}
}

// Of several words the excerpt shows the place where they are together.
func TestExcerptShowsWordsTogether(t *testing.T) {
	text := []byte("cart " + strings.Repeat("and so on ", 100) + "the cart test, " + strings.Repeat("and so on ", 100) + "test")
	words := []word{newWord("cart", true), newWord("test", true)}
	if at := first(text, words); !bytes.HasPrefix(text[at:], []byte("cart test")) {
		t.Errorf("it is at %d: %q", at, text[at:at+20])
	}
	if at := first(text, words[1:]); !bytes.HasPrefix(text[at:], []byte("test, ")) {
		t.Errorf("one word is at %d", at)
	}
	if at := first(text, []word{newWord("nowhere", true)}); at != -1 {
		t.Errorf("nothing is at %d", at)
	}
}

func TestReadable(t *testing.T) {
	for name, c := range map[string]struct{ text, word, want string }{
		"value":           {`{"type":"user","content":"fix the\n\n  cart"}`, "cart", "fix the cart"},
		"named value":     {`{"input":{"command":"npm test -- cart"}}`, "cart", "command: npm test -- cart"},
		"escapes":         {`{"text":"caf\u00e9 \ud83d\ude00 \"so\" \\n C:\\new"}`, "so", `café 😀 "so" \n C:\new`},
		"a name":          {`{"cart_total":12,"b":"c"}`, "cart", `{"cart_total":12,"b":"c"}`},
		"a number":        {`{"a":"b","ts":12345,"c":"d"}`, "12345", `{"a":"b","ts":12345,"c":"d"}`},
		"plain":           {"first\n\tsecond  third", "second", "first second third"},
		"json in a value": {`{"arguments":"{\"path\":\"a/cart.ts\"}"}`, "cart", `arguments: {"path":"a/cart.ts"}`},
	} {
		if got := readable([]byte(c.text), strings.Index(c.text, c.word)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	long := `{"text":"` + strings.Repeat("before ", 500) + `cart` + strings.Repeat(" after", 500) + `"}`
	got := readable([]byte(long), strings.Index(long, "cart"))
	if !strings.HasPrefix(got, "…before ") || !strings.HasSuffix(got, "…") || len(got) > excerptBefore+excerptAfter+8 || !strings.Contains(got, " cart after") {
		t.Errorf("%q", got)
	}
}

// segmentKind is one kind of segment, with a word that is in it.
type segmentKind struct {
	name  string
	paths []string
	word  string
}

func segmentKinds(t *testing.T) []segmentKind {
	t.Helper()
	testdata := func(parts ...string) string {
		return filepath.Join(append([]string{"..", "..", "testdata"}, parts...)...)
	}
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		write(t, path, text)
		return path
	}
	lines, err := os.ReadFile(writeClaude(t, dir, oldID, "2026-02-01", "a cart", "no word", "the CART again"))
	if err != nil {
		t.Fatal(err)
	}
	return []segmentKind{
		{"lines", []string{testdata("claude", "projects")}, "test"},
		{"native lines", []string{testdata("native", "events.jsonl")}, "run"},
		{"wire", []string{testdata("sentrial", "wire.jsonl")}, "tool"},
		{"database", []string{statements(t, "thread_history_2.sqlite", "codex-history", "history.sql")}, "date"},
		{"database of several tables", []string{statements(t, "opencode.db", "opencode", "opencode.sql")}, "overloaded"},
		{"database of one table", []string{statements(t, "sessions.db", "goose", "sessions.sql")}, "m-1"},
		{"tree", []string{legacyStorage}, "checkout"},
		{"document", []string{file("session-2025-10-02T08-00-7d2e8b11.json", chat(30, ""))}, "word 1"},
		{"packed lines", []string{file("packed.jsonl.gz", gzipped(string(lines)))}, "cart"},
		{"messages of bytes", []string{file("traces.binpb", string(sized(protoSpan(0)))+string(sized(protoSpan(1))))}, "long long"},
	}
}
