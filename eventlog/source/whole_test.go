package source

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/lazytrace/lazytrace/eventlog"
)

// chat is a document of Gemini CLI with so many prompts.
func chat(prompts int, more string) string {
	var b strings.Builder
	b.WriteString("{\r\n  \"sessionId\": \"s\",\r\n  \"projectHash\": \"p\",\r\n  \"messages\": [")
	for i := range prompts {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\r\n    {\"id\": \"m%d\", \"timestamp\": \"2025-10-02T08:00:%02dZ\", \"type\": \"user\", \"content\": \"word %d%s\"}", i, i%60, i, more)
	}
	b.WriteString("\r\n  ],\r\n  \"lastUpdated\": \"2025-10-02T08:00:00Z\"\r\n}\r\n")
	return b.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// replace writes a file as careful programs do: another one takes its place.
func replace(t *testing.T, path, text string) {
	t.Helper()
	write(t, path+".new", text)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// texts returns what the rows of a log say, those of the first rows left out.
func texts(t *testing.T, log eventlog.Log, from int) string {
	t.Helper()
	var rows []eventlog.RowID
	for i := from; i < log.Snapshot().Rows.Len(); i++ {
		rows = append(rows, eventlog.RowID(i))
	}
	events, err := log.Events(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range events {
		list = append(list, e.Text+e.Message)
	}
	return strings.Join(list, "|")
}

// A document that is written anew adds records behind those that are shown.
// While it is only half there, what was known stays.
func TestDocumentLive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "session.json")
	write(t, path, "\xef\xbb\xbf"+chat(2, ""))
	set := Open(t.Context(), []string{path}, Options{Follow: true})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := set.OpenLog(t.Context(), set.Sources().Catalog().Sessions[0])
	if err != nil {
		t.Fatal(err)
	}
	load(t, log)
	segment := func() eventlog.Segment { return set.Sources().Catalog().Segments[0] }
	for _, step := range []struct {
		name       string
		text       string
		rename     bool
		rows       int
		pending    bool
		generation int64
		says       string
	}{
		{"another message", chat(3, ""), true, 4, false, 0, "word 0|word 1|word 2"},
		{"half of it", chat(9, "")[:400], false, 4, true, 0, "word 0|word 1|word 2"},
		{"cut to nothing", "", false, 4, true, 0, "word 0|word 1|word 2"},
		{"no JSON", "{\n\"sessionId\": oops", false, 4, true, 0, "word 0|word 1|word 2"},
		{"whole again, every place another", chat(4, " and more"), true, 5, false, 0, "word 0 and more|word 1 and more|word 2 and more|word 3 and more"},
		{"messages dropped", chat(1, ""), true, 2, false, 1, "word 0"},
	} {
		if step.rename {
			replace(t, path, step.text)
		} else {
			write(t, path, step.text)
		}
		until(t, set.Sources().Changed(), func() bool {
			s := segment()
			return s.Pending == step.pending && s.Rows == int64(step.rows) && s.Faults.Count == 0
		})
		until(t, log.Changed(), func() bool {
			snap := log.Snapshot()
			return snap.Rows.Len() == step.rows && snap.Generation == step.generation
		})
		if got := texts(t, log, 1); got != step.says {
			t.Errorf("%s: it says %q, want %q", step.name, got, step.says)
		}
	}
	found := 0
	if _, err := log.Grep(t.Context(), []string{"WORD 0"}, 0, func(int, eventlog.RowID) { found++ }); err != nil || found != 1 {
		t.Errorf("found %d times, %v", found, err)
	}
}

// A document that ends too early when it is first seen tells what is there, and
// one that is broken says so.
func TestDocumentsThatAreNotWhole(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		name, text   string
		rows, faults int64
		pending      bool
	}{
		{"torn.json", chat(5, "")[:420], 4, 0, true},
		{"broken.json", strings.Replace(chat(5, ""), `"id": "m3"`, `"id" "m3"`, 1), 5, 1, false},
		{"foreign.json", strings.Replace(chat(3, ""), `{"id": "m1"`, `7, {"id": "m1"`, 1), 4, 1, false},
	} {
		path := filepath.Join(dir, tc.name)
		write(t, path, tc.text)
		_, c := read(t, path)
		if s := c.Segments[0]; s.Rows-s.Kinds["unreadable"] != tc.rows || s.Faults.Count != tc.faults || s.Pending != tc.pending {
			t.Errorf("%s: %d rows, pending %v, %+v", tc.name, s.Rows, s.Pending, s.Faults)
		}
	}
}

// What comes slowly, as from a pipe, is told once there is enough of it.
func TestDocumentThatGrows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stdin-1")
	write(t, path, "")
	set := Open(t.Context(), []string{path}, Options{Follow: true})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := chat(3, "")
	for _, n := range []int{1, 12, 40, 200, len(text)} {
		write(t, path, text[:n])
		time.Sleep(30 * time.Millisecond)
	}
	until(t, set.Sources().Changed(), func() bool {
		c := set.Sources().Catalog()
		return len(c.Segments) == 1 && c.Segments[0].Format == "gemini" && c.Segments[0].Rows == 4 && !c.Segments[0].Pending && len(c.Progress.Failed) == 0
	})
}

// The same session as a document, and as the lines that were made of it.
func TestDocumentBesideLines(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "session-1.json"), `{"sessionId":"s","projectHash":"p","messages":[{"id":"a","timestamp":"2025-10-02T08:00:00Z","type":"gemini","content":"x","model":"m","tokens":{"input":5,"output":2}}]}`)
	write(t, filepath.Join(dir, "session-1.jsonl"), `{"sessionId":"s","projectHash":"p"}
{"id":"a","timestamp":"2025-10-02T08:00:00Z","type":"gemini","content":"x","model":"m","tokens":{"input":5,"output":2}}
{"id":"b","timestamp":"2025-10-02T08:00:09Z","type":"gemini","content":"x","model":"m","tokens":{"input":7,"output":3}}
`)
	_, c := read(t, dir)
	if s := c.Sessions[0]; len(c.Segments) != 2 || len(c.Sessions) != 1 || s.Calls != 2 || s.Usage.Output != 5 || s.Events != 3 {
		t.Errorf("%d segments, %+v", len(c.Segments), s)
	}
}

// Lines that were put into an array, or over lines, are what they were.
func TestLinesAsDocument(t *testing.T) {
	lines, err := os.ReadFile(filepath.Join("..", "..", "testdata", "claude-stream", "two-turns.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	list := strings.Split(strings.TrimSpace(string(lines)), "\n")
	plain, array, pretty := filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.json"), filepath.Join(dir, "c.json")
	write(t, plain, string(lines))
	write(t, array, "[\n"+strings.Join(list, ",\n")+"\n]\n")
	write(t, pretty, strings.ReplaceAll(string(lines), `{"type"`, "{\n  \"type\""))
	_, want := read(t, plain)
	for _, path := range []string{array, pretty} {
		_, got := read(t, path)
		if w, g := want.Sessions[0], got.Sessions[0]; g.Usage != w.Usage || g.Recorded != w.Recorded || g.Calls != w.Calls || g.Events != w.Events || g.ToolCalls != w.ToolCalls {
			t.Errorf("%s: %+v, want %+v", path, g, w)
		}
	}
}

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text))
	_ = z.Close()
	return b.String()
}

func zstandard(t *testing.T, text string) string {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(z.EncodeAll([]byte(text), nil))
}

func eventLines(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, `{"event_type":"message","session_id":"s","run_id":"r","text":"word %d %s"}`+"\n", i, strings.Repeat("x", i%50))
	}
	return b.String()
}

// A packed log is the log that was packed, in the detail as well.
func TestPacked(t *testing.T) {
	dir := t.TempDir()
	lines := eventLines(0, 300)
	for name, text := range map[string]string{
		"a.jsonl.gz": gzipped(lines), "b.jsonl.zst": zstandard(t, lines), "c.jsonl.1.gz": gzipped(lines[:len(lines)/2]) + gzipped(lines[len(lines)/2:]), "d": gzipped(lines),
	} {
		path := filepath.Join(dir, name)
		write(t, path, text)
		set, c := read(t, path)
		if s := c.Segments[0]; s.Rows != 300 || s.Format != "lazybridge" || s.Faults.Count != 0 || s.Pending {
			t.Errorf("%s: %+v", name, s)
		}
		log, err := set.OpenLog(t.Context(), c.Sessions[0])
		if err != nil {
			t.Fatal(err)
		}
		load(t, log)
		events, err := log.Events(t.Context(), []eventlog.RowID{299, 0, 77})
		if err != nil || !strings.HasPrefix(events[0].Text, "word 299 ") || events[1].Text != "word 0 " || !strings.HasPrefix(events[2].Text, "word 77 ") {
			t.Errorf("%s: %+v, %v", name, events, err)
		}
		var found []eventlog.RowID
		if _, err := log.Grep(t.Context(), []string{"word 123 "}, 0, func(_ int, r eventlog.RowID) { found = append(found, r) }); err != nil || !slices.Equal(found, []eventlog.RowID{123}) {
			t.Errorf("%s: found %v, %v", name, found, err)
		}
	}
	path := filepath.Join(dir, "chat.json.zst")
	write(t, path, zstandard(t, chat(3, "")))
	set, c := read(t, path)
	log, err := set.OpenLog(t.Context(), c.Sessions[0])
	if err != nil {
		t.Fatal(err)
	}
	load(t, log)
	if got := texts(t, log, 1); got != "word 0|word 1|word 2" {
		t.Errorf("a packed document says %q", got)
	}
}

// What stands before the damage is read, and the damage is counted.
func TestPackedAndDamaged(t *testing.T) {
	dir := t.TempDir()
	lines := eventLines(0, 20000)
	whole := map[string]string{"a.jsonl.gz": gzipped(lines), "b.jsonl.zst": zstandard(t, lines)}
	for name, text := range whole {
		broken := []byte(text)
		broken[len(broken)-3-4*strings.Count(name, ".gz")] ^= 0x55 // its checksum
		for how, damaged := range map[string]string{"torn": text[:len(text)*2/3], "broken": string(broken)} {
			path := filepath.Join(dir, how+name)
			write(t, path, damaged)
			_, c := read(t, path)
			if s := c.Segments[0]; s.Rows < 1000 || s.Rows > 20000 || s.Faults.Count != 1 || !strings.Contains(s.Faults.Samples[0].Why, "damaged") {
				t.Errorf("%s %s: %d rows, %+v", how, name, s.Rows, s.Faults)
			}
		}
	}
}

// A file that unpacks to more than any log is not read to its end.
func TestPackedBomb(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(eventLines(0, 1)))
	zeros := make([]byte, 1<<20)
	for range 100 {
		_, _ = z.Write(zeros)
	}
	_ = z.Close()
	small := packed.Bytes()
	if len(small) > 128<<10 {
		t.Fatalf("it has %d bytes", len(small))
	}
	for name, tc := range map[string]struct {
		text string
		want int64
	}{"log.jsonl.gz": {string(small), 1}, "log.jsonl.zst": {zstandard(t, eventLines(0, 1)+strings.Repeat("\n", 100<<20)), 1}} {
		path := filepath.Join(t.TempDir(), name)
		write(t, path, tc.text)
		_, c := read(t, path)
		if s := c.Segments[0]; s.Faults.Count != 1 || !strings.Contains(s.Faults.Samples[0].Why, "come out of it") || s.Records != tc.want {
			t.Errorf("%s: %d records, %+v", name, s.Records, s.Faults)
		}
	}
}

// A copy that is packed does not count beside what was packed.
func TestPackedBesidePlain(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "codex", "sessions", "2026", "03", "02", "rollout-2026-03-02T09-00-00-019cadc6-9a80-7000-8000-000000000001.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "rollout-2026-03-02T09-00-00-019cadc6-9a80-7000-8000-000000000001.jsonl")
	write(t, path, string(text))
	_, want := read(t, dir)
	write(t, path+".zst", zstandard(t, string(text)))
	_, both := read(t, dir)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, packed := read(t, dir)
	for name, got := range map[string]*eventlog.Catalog{"both": both, "packed": packed} {
		if w, g := want.Sessions[0], got.Sessions[0]; len(got.Sessions) != len(want.Sessions) || g.Usage != w.Usage || g.Calls != w.Calls || g.ToolCalls != w.ToolCalls || g.Errors != w.Errors || g.Events != w.Events {
			t.Errorf("%s: %+v, want %+v", name, g, w)
		}
	}
	if len(both.Segments) != 2 {
		t.Errorf("%d segments", len(both.Segments))
	}
}

// An archive of an evaluation, with a member that is damaged.
func TestArchive(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name, text string) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(text))
	}
	add("header.json", `{"version":2,"status":"success","eval":{"eval_id":"e","task":"counting","model":"p/m"}}`)
	sample := `{"id":"%s","epoch":1,"input":"how many","events":[{"event":"model","uuid":"u","timestamp":"2026-03-02T09:00:00Z","model":"p/m","output":{"choices":[{"message":{"content":"answer %[1]s"}}],"usage":{"input_tokens":3,"output_tokens":2}}}]}`
	for _, name := range []string{"a", "b", "c"} {
		add("samples/"+name+"_epoch_1.json", fmt.Sprintf(sample, name))
	}
	add("README", "no JSON")
	_ = z.Close()
	path := filepath.Join(t.TempDir(), "log.eval")
	write(t, path, strings.Replace(b.String(), "answer b", "answer !", 1)) // its checksum is wrong now
	set, c := read(t, path)
	if s := c.Segments[0]; len(c.Sessions) != 3 || s.Faults.Count != 1 || !strings.Contains(s.Faults.Samples[0].Why, "samples/b_epoch_1.json") || c.Sessions[0].Experiment != "counting" {
		t.Fatalf("%d sessions, %+v", len(c.Sessions), s.Faults)
	}
	session, _ := c.Session("e/c/1")
	log, err := set.OpenLog(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	load(t, log)
	if got := texts(t, log, 2); !strings.HasPrefix(got, "answer c|damaged: samples/b_epoch_1.json in the zip cannot be unpacked") || session.Usage.Output != 2 {
		t.Errorf("it says %q, %+v", got, session.Usage)
	}
	other := filepath.Join(t.TempDir(), "other.zip")
	write(t, other, strings.ReplaceAll(strings.ReplaceAll(b.String(), "header.json", "HEADER.json"), "samples/", "SAMPLES/"))
	if _, c := read(t, other); len(c.Progress.Failed) != 1 || !strings.Contains(c.Progress.Failed[0].Why, "zip archive of other things") {
		t.Errorf("%+v", c.Progress.Failed)
	}
}

// A folder may be full of files that are no logs: nothing is said of them, but
// of those that look like logs.
func TestForeignFilesInFolders(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"package.json": `{"name":"x","type":"module"}`, "data.json": "[1,2,3]", "config.json": "{\n  \"type\": \"x\",\n  \"id\": 3\n}", "notes.jsonl": "hello\n", "page.json": "<!doctype html>",
		"image.gz": gzipped("\x00\x01\x02"), "torn.gz": "\x1f\x8b\x08", "other.eval": "PK\x03\x04", "wide.json": "\xff\xfe{\x00", "begun.json": `{"a`, "empty.json": "",
		"log.json": chat(1, ""),
	} {
		write(t, filepath.Join(dir, name), text)
	}
	_, c := read(t, dir)
	var told []string
	for _, f := range c.Progress.Failed {
		told = append(told, filepath.Base(f.Path))
	}
	slices.Sort(told)
	if len(c.Segments) != 1 || strings.Join(told, " ") != "notes.jsonl other.eval" {
		t.Errorf("%d segments, %v told of", len(c.Segments), told)
	}
	for _, name := range []string{"data.json", "config.json", "notes.jsonl", "torn.gz", "other.eval", "begun.json"} {
		if _, c := read(t, filepath.Join(dir, name)); len(c.Progress.Failed) != 1 || strings.Contains(c.Progress.Failed[0].Why, "\n") {
			t.Errorf("%s: %+v", name, c.Progress.Failed)
		}
	}
}

// The trajectories of SWE-agent come to what was counted elsewhere.
func TestRealTrajectories(t *testing.T) {
	dir := shared(t, "samples", "sweagent")
	_, c := read(t, dir)
	var calls, input, output int64
	var cost eventlog.Money
	for _, s := range c.Sessions {
		calls, input, output, cost = calls+s.Calls, input+s.Usage.Input, output+s.Usage.Output, cost+s.Recorded
	}
	if len(c.Sessions) != 5 || calls != 22 || input != 7141+52861+122612 || output != 243+326+1369 || cost != 19_520_000+538_390_000+1_267_190_000 {
		t.Errorf("%d sessions, %d calls, %d and %d tokens, %s", len(c.Sessions), calls, input, output, cost)
	}
}

// A session of the Agent SDK in a file: what is added, changed, cleared is seen.
func TestSessionFileLive(t *testing.T) {
	document := func(words ...string) string {
		var all []string
		for i, w := range words {
			all = append(all, `{"role":"`+[]string{"user", "assistant"}[i%2]+`","content":"`+w+`","name":null,"tool_call_id":null,"tool_calls":null}`)
		}
		return `{"session_id":"s","system":"x","messages":[` + strings.Join(all, ", ") + `]}`
	}
	path := filepath.Join(t.TempDir(), "session.json")
	write(t, path, document("a", "b"))
	set := Open(t.Context(), []string{path}, Options{Follow: true})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := set.OpenLog(t.Context(), set.Sources().Catalog().Sessions[0])
	if err != nil {
		t.Fatal(err)
	}
	load(t, log)
	for _, step := range []struct {
		words      []string
		generation int64
	}{{[]string{"a", "b", "c", "d"}, 0}, {[]string{"a", "another", "c", "d"}, 0}, {nil, 1}, {[]string{"new"}, 1}} {
		replace(t, path, document(step.words...))
		until(t, log.Changed(), func() bool {
			snap := log.Snapshot()
			return snap.Rows.Len() == len(step.words)+1 && snap.Generation == step.generation && texts(t, log, 1) == strings.Join(step.words, "|")
		})
	}
	until(t, set.Sources().Changed(), func() bool { return set.Sources().Catalog().Sessions[0].Events == 2 })
}
