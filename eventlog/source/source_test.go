package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/redact"
	"github.com/lazytrace/lazytrace/rollup"
)

// read opens paths, waits until they are read, and returns their catalog.
func read(t *testing.T, paths ...string) (*Set, *eventlog.Catalog) {
	t.Helper()
	set := Open(t.Context(), paths, Options{})
	t.Cleanup(func() { set.Close() })
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	return set, set.Sources().Catalog()
}

// tree spells the runs of all sessions, oldest session first, each below its
// parent.
func tree(c *eventlog.Catalog) string {
	r := rollup.New(c, nil)
	var b strings.Builder
	for i := len(c.Sessions) - 1; i >= 0; i-- {
		for _, run := range r.Runs {
			if run.Session != c.Sessions[i] || !run.Run.Started {
				continue
			}
			fmt.Fprintf(&b, "%s%s [%s]", strings.Repeat("  ", run.Depth), run.Agent, run.Key[:min(6, len(run.Key))])
			if run.Run.Link != eventlog.LinkNone {
				fmt.Fprintf(&b, " %s", run.Run.Link)
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// The inferred nesting equals what was found by hand and by another program.
func TestTreesOfRealLogs(t *testing.T) {
	text, err := os.ReadFile(shared(t, "samples", "seeds", "TREE_GOLD.txt"))
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^( *)(\S+) \[(\w+)\] .*link=(?:None|\('(\w+)', \d+\))$`)
	want := map[string]*strings.Builder{}
	var file *strings.Builder
	for l := range strings.Lines(string(text)) {
		l = strings.TrimRight(l, "\n")
		if name, ok := strings.CutPrefix(l, "## samples/"); ok {
			file = &strings.Builder{}
			want[name] = file
			continue
		}
		m := line.FindStringSubmatch(l)
		if m == nil {
			t.Fatalf("the gold has a line that is not understood: %q", l)
		}
		fmt.Fprintf(file, "%s%s [%s]", m[1], m[2], m[3])
		if m[4] != "" {
			fmt.Fprintf(file, " %s", m[4])
		}
		file.WriteByte('\n')
	}
	for name, b := range want {
		_, c := read(t, shared(t, "samples", "seeds", name))
		if got := tree(c); sortedLines(got) != sortedLines(b.String()) || len(want) == 0 {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, b.String())
		}
	}
}

// sortedLines makes the order of roots irrelevant, but keeps children with
// their parents.
func sortedLines(text string) string {
	var blocks []string
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, " ") && len(blocks) > 0 {
			blocks[len(blocks)-1] += l
		} else {
			blocks = append(blocks, l)
		}
	}
	return strings.Join(sorted(blocks), "")
}

// eachFacts reads every folder of real logs of an agent that has figures of an
// independent counter beside it.
func eachFacts[F any](t *testing.T, agent string, check func(name string, facts F, c *eventlog.Catalog)) {
	root := shared(t, "samples", agent)
	files, err := filepath.Glob(filepath.Join(root, "*", "facts.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no figures below %s: %v", root, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var facts F
		if err := json.Unmarshal(text, &facts); err != nil {
			t.Fatal(err)
		}
		_, c := read(t, filepath.Dir(file))
		check(filepath.Base(filepath.Dir(file)), facts, c)
	}
}

// The figures of real logs equal those of an independent counter.
func TestFactsOfRealLogs(t *testing.T) {
	type facts struct {
		Sessions   int64 `json:"sessions"`
		Calls      int64 `json:"api_calls"`
		ToolCalls  int64 `json:"tool_calls"`
		ToolErrors int64 `json:"tool_errors"`
		Tokens     struct {
			Input   int64 `json:"input"`
			Output  int64 `json:"output"`
			Read    int64 `json:"cache_read"`
			Write5m int64 `json:"cache_write_5m"`
			Write1h int64 `json:"cache_write_1h"`
		} `json:"tokens"`
	}
	eachFacts(t, "claude", func(name string, facts facts, c *eventlog.Catalog) {
		got := rollup.New(c, nil).Total
		want := rollup.Sum{
			Sessions: facts.Sessions, Runs: got.Runs, Calls: facts.Calls, ToolCalls: facts.ToolCalls, ToolErrors: facts.ToolErrors, Errors: got.Errors,
			Usage:    eventlog.Usage{Input: facts.Tokens.Input, Output: facts.Tokens.Output, CacheRead: facts.Tokens.Read, CacheWrite5m: facts.Tokens.Write5m, CacheWrite1h: facts.Tokens.Write1h},
			Unpriced: facts.Calls, AtLeast: got.AtLeast,
		}
		if got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
	})
}

// LazyBridge's own answer about its session.
func TestUsageOfRealLog(t *testing.T) {
	text, err := os.ReadFile(shared(t, "samples", "seeds", "usage_summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	type sum struct {
		Input  int64   `json:"input_tokens"`
		Output int64   `json:"output_tokens"`
		Cost   float64 `json:"cost_usd"`
	}
	var want struct {
		Total   sum            `json:"total"`
		ByAgent map[string]sum `json:"by_agent"`
		ByRun   map[string]sum `json:"by_run"`
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	_, c := read(t, shared(t, "samples", "seeds", "events.sqlite"))
	r := rollup.New(c, func(s *eventlog.Session) bool { return s.Events == 91 })
	same := func(what string, got rollup.Sum, want sum) {
		cents := float64(got.Cost()) / float64(eventlog.Dollar)
		if got.Usage.Input != want.Input || got.Usage.Output != want.Output || cents-want.Cost > 1e-12 || want.Cost-cents > 1e-12 {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	same("total", r.Total, want.Total)
	agents, runs := map[string]rollup.Sum{}, map[string]rollup.Sum{}
	for _, g := range r.Agents {
		agents[g.Key] = g.Own
	}
	for _, g := range r.Runs {
		runs[g.Key] = *g.Own
	}
	for name, s := range want.ByAgent {
		same(name, agents[name], s)
	}
	for id, s := range want.ByRun {
		same(id, runs[id], s)
	}
	if r.Total.Cost() != 25_000_000 {
		t.Errorf("the total is %s, not 0.025 exactly", r.Total.Cost())
	}
}

// hashes returns what every file of a folder holds.
func hashes(t *testing.T, root string) map[string]string {
	t.Helper()
	m := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, "-shm") {
			return err // a -shm is SQLite's own, and no part of the data
		}
		text, err := os.ReadFile(path)
		info, _ := e.Info()
		m[path] = fmt.Sprintf("%x %v", sha256.Sum256(text), info.ModTime())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestForeignFilesStayAsTheyAre(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(filepath.Join("..", "..", "testdata"))); err != nil {
		t.Fatal(err)
	}
	if real := os.Getenv("LAZYTRACE_SHARED"); real != "" {
		if err := os.CopyFS(filepath.Join(root, "real"), os.DirFS(filepath.Join(real, "samples", "seeds"))); err != nil {
			t.Fatal(err)
		}
	}
	before := hashes(t, root)
	set, c := read(t, root)
	for _, s := range c.Sessions {
		log, err := set.OpenLog(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		load(t, log)
		log.Close()
	}
	set.Close()
	after := hashes(t, root)
	for path, h := range before {
		if after[path] != h {
			t.Errorf("%s was changed", path)
		}
	}
	if len(after) != len(before) {
		t.Errorf("%d files, there were %d", len(after), len(before))
	}
}

// load waits until a log has been read.
func load(t *testing.T, log eventlog.Log) *eventlog.Snapshot {
	t.Helper()
	for {
		if s := log.Snapshot(); !s.Loading {
			return s
		}
		select {
		case <-log.Changed():
		case <-t.Context().Done():
			t.Fatal("the log was never read")
		}
	}
}

func TestLogOfASession(t *testing.T) {
	set, c := read(t, filepath.Join("..", "..", "testdata", "claude"))
	s, ok := c.Session("0f0e0d0c-1111-4aaa-8bbb-cccccccccccc")
	if !ok {
		t.Fatal("the session was not found")
	}
	log, err := set.OpenLog(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	snap := load(t, log)
	names := snap.Symbols.Names()
	// The sub-agent's run hangs below the call that started it.
	found := false
	for _, span := range snap.Spans.All() {
		if span.Kind == eventlog.SpanRun && names[span.Agent] == "Explore" {
			up := snap.Span(span.Parent)
			found = up.Kind == eventlog.SpanTool && names[up.Tool] == "Task"
		}
		if names[span.Session] != s.ID {
			t.Errorf("a span of session %s", names[span.Session])
		}
	}
	if !found {
		t.Error("the sub-agent does not hang below its call")
	}
	// Bodies are read when they are asked for, one event or many.
	var rows []eventlog.RowID
	for i := range snap.Rows.All() {
		rows = append(rows, eventlog.RowID(i))
	}
	events, err := log.Events(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range events {
		if row := snap.Rows.At(i); e.Kind != row.Kind || e.Time != row.Time {
			t.Errorf("row %d is %v at %v, its event %v at %v", i, row.Kind, row.Time, e.Kind, e.Time)
		}
	}
	hits := 0
	if _, err := log.Grep(t.Context(), []string{"LOCK IS taken", "no such text"}, 0, func(word int, _ eventlog.RowID) {
		if word != 0 {
			t.Error("found what is not there")
		}
		hits++
	}); err != nil {
		t.Fatal(err)
	}
	if hits != 3 {
		t.Errorf("%d rows hold the words, want 3", hits)
	}
}

func line(session string, n int, kind string) string {
	return fmt.Sprintf(`{"event_type":%q,"session_id":%q,"run_id":"r","ts":%d,"tool":"t%d","tool_use_id":"c%d"}`+"\n", kind, session, 1_763_629_200+n, n, n)
}

// until waits for a change after which ok holds.
func until(t *testing.T, changed <-chan struct{}, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !ok() {
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatal("it never came")
		}
	}
}

func TestFollowsAFileAndAFolder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.jsonl")
	write := func(path, text string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	write(path, line("one", 1, "tool_call"))
	set := Open(t.Context(), []string{dir}, Options{Follow: true})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	events := func(id string) int64 {
		if s, ok := set.Sources().Catalog().Session(id); ok {
			return s.Events
		}
		return 0
	}
	s, _ := set.Sources().Catalog().Session("one")
	log, err := set.OpenLog(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	until(t, log.Changed(), func() bool { return log.Snapshot().Rows.Len() == 1 })
	// A torn line waits until it is whole.
	whole := line("one", 2, "tool_result")
	write(path, whole[:20])
	write(path, whole[20:]+line("one", 3, "tool_call"))
	until(t, log.Changed(), func() bool { return log.Snapshot().Rows.Len() == 3 })
	until(t, set.Sources().Changed(), func() bool { return events("one") == 3 })
	// A new file below the folder is found.
	write(filepath.Join(dir, "b.jsonl"), line("two", 1, "tool_call"))
	until(t, set.Sources().Changed(), func() bool { return events("two") == 1 })
	if n := log.Snapshot().Faults.Count; n != 0 {
		t.Errorf("%d faults", n)
	}
}

func TestFollowsADatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.sqlite")
	store, err := sqlite.Create(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	put := func(id string) {
		err := store.WriteEvents(t.Context(), []eventlog.Event{{
			ID: id, SessionID: "s", RunID: "r", Kind: eventlog.ToolCall, Type: "tool_call", Time: 1_763_629_200e9, Payload: json.RawMessage(`{"tool":"bash"}`),
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("1")
	set := Open(t.Context(), []string{path}, Options{Follow: true})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	put("2")
	put("2") // a resend is harmless
	put("3")
	until(t, set.Sources().Changed(), func() bool {
		s, ok := set.Sources().Catalog().Session("s")
		return ok && s.Events == 3
	})
}

// A writer that waits for the disk tells others of its rows only afterwards.
// Each of them is seen, the last one too, which no later write brings to light.
func TestFollowsADurableDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.sqlite")
	store, err := sqlite.Create(t.Context(), path, sqlite.Options{Durable: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	set := Open(t.Context(), []string{path}, Options{Follow: true})
	defer set.Close()
	for n := range int64(20) {
		err := store.WriteEvents(t.Context(), []eventlog.Event{{
			ID: fmt.Sprint(n), SessionID: "s", RunID: "r", Kind: eventlog.ToolCall, Type: "tool_call", Time: 1_763_629_200e9, Payload: json.RawMessage(`{}`),
		}})
		if err != nil {
			t.Fatal(err)
		}
		until(t, set.Sources().Changed(), func() bool {
			s, ok := set.Sources().Catalog().Session("s")
			return ok && s.Events == n+1
		})
	}
}

// While nothing is written there is nothing to do, however often we look.
func TestQuietWhenNothingIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jsonl")
	if err := os.WriteFile(path, []byte(line("s", 1, "tool_call")), 0o600); err != nil {
		t.Fatal(err)
	}
	set := Open(t.Context(), []string{path}, Options{Follow: true})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := set.Sources().Catalog()
	for range 3 {
		set.look()
	}
	select {
	case <-set.Sources().Changed(): // of the reading at first
	default:
	}
	set.look()
	select {
	case <-set.Sources().Changed():
		t.Errorf("a change, though nothing was written after catalog %d", before.Version)
	default:
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	for name, tc := range map[string]struct{ text, why string }{
		"page.jsonl":  {"<!DOCTYPE html><html></html>", "HTML page"},
		"zip.jsonl":   {"\x1f\x8b\x08\x00", "gzip"},
		"wide.jsonl":  {"\xff\xfe{\x00", "UTF-16"},
		"array.jsonl": {`[{"event":"x"}]`, "no known format"},
		"begun.json":  {"{\n  \"name\": \"x\",\n", "JSON document of another kind"},
		"notes.jsonl": {"hello\nworld\n", "no known format"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, c := read(t, path)
		if len(c.Progress.Failed) != 1 || !strings.Contains(c.Progress.Failed[0].Why, tc.why) || strings.Contains(c.Progress.Failed[0].Why, "\n") {
			t.Errorf("%s: %+v, want one line with %q", name, c.Progress.Failed, tc.why)
		}
	}
}

// What is kept and shown of a foreign log is masked.
func TestMasks(t *testing.T) {
	secret := "sk-proj-" + strings.Repeat("aB3dE5fG7h", 4)
	path := filepath.Join(t.TempDir(), "a.jsonl")
	text := fmt.Sprintf(`{"event_type":"agent_start","session_id":"s","run_id":"r","agent_name":"the %[1]s one","task":"use %[1]s"}`+"\n"+
		`{"event_type":"tool_call","session_id":"s","run_id":"r","tool":"the %[1]s one","call_id":"1"}`+"\n"+
		`{"event_type":"model_response","session_id":"s","run_id":"r","model":"the %[1]s one","input_tokens":1}`+"\n", secret)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	red, err := redact.New(redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set := Open(t.Context(), []string{path}, Options{Redactor: red})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := set.Sources().Catalog()
	log, err := set.OpenLog(t.Context(), c.Sessions[0])
	if err != nil {
		t.Fatal(err)
	}
	load(t, log)
	events, err := log.Events(t.Context(), []eventlog.RowID{0, 1, 2})
	if err != nil {
		t.Fatal(err)
	}
	if shown := fmt.Sprintf("%s %+v %q", c.Sessions[0].Goal, events, set.Sources().Symbols().Names()); strings.Contains(shown, secret) || !strings.Contains(shown, "REDACTED") {
		t.Errorf("shown: %s", shown)
	}
}

// A file that was named while it was empty is told by what it holds once it does.
func TestFormatOfAFileThatWasEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	set := Open(t.Context(), []string{path}, Options{Follow: true})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole := must(os.ReadFile(filepath.Join("..", "..", "testdata", "claude", "projects", "-home-dev-shop", "1f0e0d0c-2222-4aaa-8bbb-cccccccccccc.jsonl")))
	first := bytes.IndexByte(whole, '\n') + 1
	for _, text := range [][]byte{[]byte("\n"), whole[:first], whole} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Millisecond)
	}
	until(t, set.Sources().Changed(), func() bool {
		c := set.Sources().Catalog()
		return len(c.Segments) == 1 && c.Segments[0].Format == "claude" && len(c.Sessions) == 1 && c.Sessions[0].Calls > 0 && c.Segments[0].Faults.Count == 0
	})
}
