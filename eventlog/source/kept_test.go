package source

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/redact"
)

// later is a clock by which what was written just now is long settled.
func later() time.Time { return time.Now().Add(time.Hour) }

// reading says how the last start came to a summary.
type reading struct {
	summary []byte // frozen
	kept    bool   // nothing of the file was read
	from    int64  // where the reading of lines began
}

// start opens the paths, waits, closes, and returns what is known of each file.
func start(t *testing.T, opt Options, paths ...string) map[string]reading {
	t.Helper()
	set := Open(t.Context(), paths, opt)
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	set.Sources().Catalog()
	known := map[string]reading{}
	set.mu.Lock()
	for path, k := range set.known {
		if k == nil || k.summary == nil {
			continue
		}
		r := reading{summary: k.summary.Freeze(nil), kept: k.reader == nil}
		if k.reader != nil {
			if f, ok := k.reader.feed.(*lineFeed); ok {
				r.from = f.begin
			}
		}
		known[path] = r
	}
	set.mu.Unlock()
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	return known
}

// same fails when two starts came to different summaries.
func same(t *testing.T, got, want map[string]reading) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d segments, want %d", len(got), len(want))
	}
	for path, r := range want {
		if !bytes.Equal(got[path].summary, r.summary) {
			t.Errorf("%s comes to something else than when it is read", path)
		}
	}
}

// keeping are options that keep summaries in a new folder.
func keeping(t *testing.T) Options {
	return Options{Keep: filepath.Join(t.TempDir(), "kept"), Stamp: "a", now: later}
}

// Every log of ours comes to the same, whether it is read or was kept.
func TestKeptLogsAreTheSame(t *testing.T) {
	root := filepath.Join("..", "..", "testdata")
	want := start(t, Options{}, root)
	opt := keeping(t)
	same(t, start(t, opt, root), want)
	again := start(t, opt, root)
	same(t, again, want)
	read := 0
	for path, r := range again {
		if !r.kept {
			read++
			t.Logf("read again: %s", path)
		}
	}
	if most := 12; read > most || len(again) < 40 {
		t.Errorf("%d of %d were read again", read, len(again))
	}
}

// bridgeLines are lines of a log that is long enough to be read on.
func bridgeLines(from, to int) []byte {
	var b bytes.Buffer
	body := strings.Repeat("lorem ipsum ", 40)
	for n := from; n < to; n++ {
		fmt.Fprintf(&b, `{"event_type":"tool_call","session_id":"s","run_id":"r%d","ts":%d,"agent_name":"a","tool":"b","arguments":{"task":"t%d"}}`+"\n", n%50, 1_763_629_200+n, n)
		fmt.Fprintf(&b, `{"event_type":"tool_result","session_id":"s","run_id":"r%d","ts":%d,"tool":"b","result":%q}`+"\n", n%50, 1_763_629_201+n, body)
		fmt.Fprintf(&b, `{"event_type":"model_response","session_id":"s","run_id":"r%d","ts":%d,"model":"m","response_id":"x%d","input_tokens":5,"output_tokens":%d}`+"\n", n%50, 1_763_629_202+n, n/2, n%9)
	}
	return b.Bytes()
}

func store(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func add(t *testing.T, path string, text []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// A long file of lines that has grown is read on from where it was left, one whose
// text has changed in any way is read anew, and so is what is short.
func TestKeptFileChanges(t *testing.T) {
	long, more := bridgeLines(0, 2500), bridgeLines(2500, 2600)
	if len(long) < resumable {
		t.Fatal("it is not long enough")
	}
	torn := append(bytes.Clone(long), more[:100]...)
	for name, tc := range map[string]struct {
		before []byte
		change func(path string)
		kept   bool
		from   int64
	}{
		"nothing":  {long, func(string) {}, true, 0},
		"grown":    {long, func(p string) { add(t, p, more) }, false, int64(len(long))},
		"torn":     {torn, func(string) {}, true, 0},
		"mended":   {torn, func(p string) { add(t, p, more[100:]) }, false, int64(len(long))},
		"cut":      {long, func(p string) { store(t, p, long[:len(long)/2]) }, false, 0},
		"same end": {long, func(p string) { store(t, p, append(bytes.Replace(long, []byte(`"s"`), []byte(`"z"`), 1), more...)) }, false, 0},
		"same start": {long, func(p string) {
			store(t, p, append(append(bytes.Clone(long[:len(long)-20]), bytes.Repeat([]byte("x"), 20)...), more...))
		}, false, 0},
		"replaced by one of its size": {long, func(p string) {
			info, err := os.Stat(p)
			if err != nil {
				t.Fatal(err)
			}
			store(t, p+".new", bytes.Replace(long, []byte("lorem"), []byte("LOREM"), 1))
			if err := os.Chtimes(p+".new", info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(p+".new", p); err != nil {
				t.Fatal(err)
			}
		}, identityOf(stat(t, ".")) == identity{}, 0}, // where a system tells no files from each other nobody can
		"short and grown":            {bridgeLines(0, 10), func(p string) { add(t, p, more) }, false, 0},
		"whole line without its end": {bytes.TrimRight(long, "\n"), func(p string) { add(t, p, append([]byte("\n"), more...)) }, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "events.jsonl")
			store(t, path, tc.before)
			opt := keeping(t)
			start(t, opt, path)
			tc.change(path)
			want := start(t, Options{}, path)
			got := start(t, opt, path)
			same(t, got, want)
			if r := got[path]; r.kept != tc.kept || r.from != tc.from {
				t.Errorf("kept %t, read from %d, want %t, %d", r.kept, r.from, tc.kept, tc.from)
			}
			same(t, start(t, opt, path), want) // and what is kept now is right as well
		})
	}
}

func stat(t *testing.T, path string) fs.FileInfo {
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// What was written to a moment before it was read may have been written to again
// without a sign of it: a short file is not kept then, and a long one is looked at.
func TestKeptFileThatIsWritten(t *testing.T) {
	opt := keeping(t)
	opt.now = time.Now
	for _, tc := range []struct {
		text []byte
		from int64
	}{{bridgeLines(0, 10), 0}, {bridgeLines(0, 2500), int64(len(bridgeLines(0, 2500)))}} {
		path := filepath.Join(t.TempDir(), "events.jsonl")
		store(t, path, tc.text)
		want := start(t, opt, path)
		got := start(t, opt, path)
		same(t, got, want)
		if r := got[path]; r.kept || r.from != tc.from {
			t.Errorf("kept %t, read from %d, want %d", r.kept, r.from, tc.from)
		}
	}
}

// Another program, or one that was told something else, makes its own summaries.
func TestKeptForTheSameProgramOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	store(t, path, bridgeLines(0, 20))
	opt := keeping(t)
	start(t, opt, path)
	opt.Stamp = "b"
	if start(t, opt, path)[path].kept {
		t.Error("what another program made is used")
	}
	if !start(t, opt, path)[path].kept {
		t.Error("what the program made is not used")
	}
}

// Whatever happens to what is kept, the logs are what they are.
func TestKeptDamage(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "claude")
	want := start(t, Options{}, root)
	opt := keeping(t)
	start(t, opt, root)
	packs, err := filepath.Glob(filepath.Join(opt.Keep, "*"))
	if err != nil || len(packs) != 1 {
		t.Fatalf("%v %v", packs, err)
	}
	whole, err := os.ReadFile(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(5, 6))
	for n := range 60 {
		b := bytes.Clone(whole)
		switch n % 3 {
		case 0:
			b = b[:random.IntN(len(b))]
		case 1:
			b[random.IntN(len(b))] ^= byte(1 + random.IntN(255))
		case 2:
			copy(b[random.IntN(len(b)):], bytes.Repeat([]byte{0xff}, 64))
		}
		if err := os.RemoveAll(opt.Keep); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(opt.Keep, 0o700); err != nil {
			t.Fatal(err)
		}
		store(t, packs[0], b)
		same(t, start(t, opt, root), want)
	}
}

// Where nothing can be written everything works as without.
func TestKeptNowhere(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "claude")
	file := filepath.Join(t.TempDir(), "file")
	store(t, file, nil)
	opt := Options{Keep: filepath.Join(file, "kept"), now: later}
	want := start(t, Options{}, root)
	same(t, start(t, opt, root), want)
	same(t, start(t, opt, root), want)
}

// What is kept is followed like anything else: a file that grows is read on, or anew.
func TestKeptFileGrowsWhileItIsFollowed(t *testing.T) {
	dir := t.TempDir()
	long, short := filepath.Join(dir, "long.jsonl"), filepath.Join(dir, "short.jsonl")
	store(t, long, bridgeLines(0, 2500))
	store(t, short, bytes.ReplaceAll(bridgeLines(0, 10), []byte(`"s"`), []byte(`"t"`)))
	opt := keeping(t)
	start(t, opt, dir)
	opt.Follow = true
	set := Open(t.Context(), []string{dir}, opt)
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	add(t, long, bridgeLines(2500, 2600))
	add(t, short, bytes.ReplaceAll(bridgeLines(10, 20), []byte(`"s"`), []byte(`"t"`)))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		events := map[string]int64{}
		for _, s := range set.Sources().Catalog().Sessions {
			events[s.ID] = s.Events
		}
		if events["s"] == 7800 && events["t"] == 60 {
			break
		}
		select {
		case <-set.Sources().Changed():
		case <-ctx.Done():
			t.Fatalf("there are %v events", events)
		}
	}
	got := map[string]reading{}
	set.mu.Lock()
	for path, k := range set.known {
		k.mu.Lock()
		got[path] = reading{summary: k.summary.Freeze(nil)}
		if from := k.reader.feed.(*lineFeed).begin; (from > 0) != (path == long) {
			t.Errorf("%s was read from %d", path, from)
		}
		k.mu.Unlock()
	}
	set.mu.Unlock()
	same(t, got, start(t, Options{}, dir))
}

// A secret that stands in a log does not stand in what is kept of it, and nobody else
// may read that.
func TestKeptHoldsNoSecrets(t *testing.T) {
	random, secret := rand.New(rand.NewPCG(7, 8)), "sk-"+"ant-"+"api03-"
	for range 60 {
		const letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
		secret += string(letters[random.IntN(len(letters))])
	}
	path := filepath.Join(t.TempDir(), "events.jsonl")
	var b bytes.Buffer
	line := func(kind, rest string) {
		fmt.Fprintf(&b, `{"event_type":%q,"session_id":"s","run_id":"r","ts":1763629200,%s}`+"\n", kind, strings.ReplaceAll(rest, "SECRET", "use the key "+secret))
	}
	line("session_start", `"goal":"SECRET","title":"SECRET","command":"SECRET","metadata":{"a":"SECRET"},"user":"SECRET","project":"SECRET","git_branch":"SECRET","environment":"SECRET","experiment":"SECRET","variant":"SECRET","host":"SECRET","tags":["SECRET"]`)
	line("agent_start", `"agent_name":"SECRET","task":"SECRET"`)
	line("model_response", `"agent_name":"SECRET","model":"SECRET","provider":"SECRET","input_tokens":1`)
	line("tool_call", `"tool":"SECRET","call_id":"0","branch_id":"SECRET"`)
	line("SECRET", `"user":"SECRET"`)
	line("tool_call", `"tool":"helper","call_id":"1","arguments":{"task":"SECRET"}`)
	line("tool_error", `"tool":"helper","call_id":"2","error":"SECRET"`)
	b.Write(bridgeLines(0, 2500))
	line("session_end", `"failure_reason":"SECRET","summary":"SECRET"`)
	store(t, path, b.Bytes())
	red, err := redact.New(redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opt := keeping(t)
	opt.Redactor = red
	start(t, opt, path)
	packs, _ := filepath.Glob(filepath.Join(opt.Keep, "*"))
	if len(packs) != 1 {
		t.Fatal(packs)
	}
	text, err := os.ReadFile(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte(secret[:24])) || !bytes.Contains(text, []byte("REDACTED")) {
		t.Error("a secret is kept")
	}
	if bytes.Contains(text, []byte("lorem ipsum")) {
		t.Error("a body is kept")
	}
	if info := stat(t, packs[0]); info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("it is %v", info.Mode())
	}
	if info := stat(t, opt.Keep); info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("its folder is %v", info.Mode())
	}
	if !start(t, opt, path)[path].kept {
		t.Error("it was not kept")
	}
}

// A last line whose end has not come counts once, also when its file is let go of
// meanwhile, as one that is old is.
func TestRestingFileWithoutLastEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.jsonl")
	text := bridgeLines(0, 10)
	store(t, path, text[:len(text)-1])
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	set := Open(t.Context(), []string{path}, Options{Follow: true})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	add(t, path, append([]byte("\n"), bridgeLines(10, 20)...))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	events := int64(0)
	for events < 60 {
		events = set.Sources().Catalog().Sessions[0].Events
		select {
		case <-set.Sources().Changed():
		case <-ctx.Done():
			t.Fatalf("there are %d events", events)
		}
	}
	if events != 60 {
		t.Errorf("there are %d events, want 60", events)
	}
}
