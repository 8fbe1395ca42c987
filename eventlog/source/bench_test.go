package source

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// benchBytes is the size of the logs that are made for the benchmarks. Larger
// ones are measured from outside; see docs/performance.md.
const benchBytes = 20 << 20

// bridgeLog writes a log of one session, agents inside each other, with bodies
// of the sizes that real ones have.
func bridgeLog(b *testing.B) string {
	b.Helper()
	return bridgeLogOf(b, benchBytes)
}

// bridgeLogOf writes one of so many bytes, and a little more.
func bridgeLogOf(b *testing.B, size int) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "bridge.jsonl")
	var text bytes.Buffer
	body := strings.Repeat("lorem ipsum dolor sit amet ", 20)
	for n := 0; text.Len() < size; n++ {
		run, ts := n/20, float64(1_763_629_200)+float64(n)/10
		put := func(kind, rest string) {
			fmt.Fprintf(&text, `{"event_type": %q, "session_id": "0f0e0d0c-1111-4aaa-8bbb-cccccccccccc", "run_id": "run-%d", "ts": %.3f, "agent_name": "agent-%d", %s}`+"\n", kind, run, ts, run%7, rest)
		}
		if n%20 == 0 {
			put("agent_start", fmt.Sprintf(`"task": "task %d", "parent_run_id": "run-%d"`, n, run/3))
		}
		put("model_request", `"model": "large", "provider": "anthropic", "turn": 1`)
		put("model_response", fmt.Sprintf(`"content": %q, "input_tokens": 1200, "output_tokens": 40, "cost_usd": 0.0078`, body))
		put("tool_call", fmt.Sprintf(`"tool": "bash", "tool_use_id": "c%d", "arguments": {"command": "make test"}`, n))
		put("tool_result", fmt.Sprintf(`"tool": "bash", "tool_use_id": "c%d", "result": %q`, n, body))
	}
	return written(b, path, text.Bytes())
}

// claudeLog writes a transcript: each response on two lines, each call with its
// result.
func claudeLog(b *testing.B) string {
	b.Helper()
	const session = "0f0e0d0c-1111-4aaa-8bbb-cccccccccccc"
	path := filepath.Join(b.TempDir(), session+".jsonl")
	var text bytes.Buffer
	body := strings.Repeat("lorem ipsum dolor sit amet ", 30)
	for n := 0; text.Len() < benchBytes; n++ {
		put := func(kind, part, message string) {
			fmt.Fprintf(&text, `{"parentUuid":"u%d-%s","isSidechain":false,"userType":"external","cwd":"/home/dev/shop","sessionId":%q,"version":"2.1.40","gitBranch":"main","type":%q,"message":%s,"requestId":"req_%d","uuid":"u%d%s","timestamp":"2026-02-01T%02d:%02d:%02d.%03dZ"}`+"\n",
				n, part, session, kind, message, n, n, part, n/3600%24, n/60%60, n%60, n%1000)
		}
		response := func(part, block string) {
			put("assistant", part, fmt.Sprintf(`{"model":"claude-sonnet-4-6","id":"msg_%d","type":"message","role":"assistant","content":[%s],"stop_reason":"tool_use","usage":{"input_tokens":10,"cache_creation_input_tokens":900,"cache_read_input_tokens":12000,"output_tokens":320}}`, n, block))
		}
		response("a", fmt.Sprintf(`{"type":"text","text":%q}`, body))
		response("b", fmt.Sprintf(`{"type":"tool_use","id":"toolu_%d","name":"Bash","input":{"command":"npm test"}}`, n))
		put("user", "c", fmt.Sprintf(`{"role":"user","content":[{"tool_use_id":"toolu_%d","type":"tool_result","content":%q}]}`, n, body))
	}
	return written(b, path, text.Bytes())
}

// benchLog is the log that LAZYTRACE_BENCH_LOG names, for figures of large files and
// of one's own, or else one that is made, and its size.
func benchLog(b *testing.B, size int) (path string, bytes int64) {
	b.Helper()
	if path = os.Getenv("LAZYTRACE_BENCH_LOG"); path == "" {
		path = bridgeLogOf(b, size)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return path, info.Size()
}

func written(b *testing.B, path string, text []byte) string {
	b.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

var logs = []struct {
	name string
	make func(*testing.B) string
}{{"lazybridge", bridgeLog}, {"claude", claudeLog}}

// BenchmarkSummarise reads a log into the catalog, as every command does.
func BenchmarkSummarise(b *testing.B) {
	for _, l := range logs {
		b.Run(l.name, func(b *testing.B) {
			path := l.make(b)
			b.SetBytes(benchBytes)
			b.ReportAllocs()
			var events int64
			for b.Loop() {
				set := Open(b.Context(), []string{path}, Options{})
				if err := set.Wait(b.Context()); err != nil {
					b.Fatal(err)
				}
				events = set.Sources().Catalog().Sessions[0].Events
				_ = set.Close()
			}
			b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkOpenLog reads the rows and spans of a session, as the explorer does.
func BenchmarkOpenLog(b *testing.B) {
	for _, l := range logs {
		b.Run(l.name, func(b *testing.B) {
			path := l.make(b)
			set := Open(b.Context(), []string{path}, Options{})
			defer func() { _ = set.Close() }()
			if err := set.Wait(b.Context()); err != nil {
				b.Fatal(err)
			}
			session := set.Sources().Catalog().Sessions[0]
			b.SetBytes(benchBytes)
			b.ReportAllocs()
			rows := 0
			for b.Loop() {
				log, err := set.OpenLog(b.Context(), session)
				if err != nil {
					b.Fatal(err)
				}
				for log.Snapshot().Loading {
					<-log.Changed()
				}
				rows = log.Snapshot().Rows.Len()
				_ = log.Close()
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkIndexMemory tells what the rows and spans of an opened log hold for each
// event of it, when nothing more comes.
func BenchmarkIndexMemory(b *testing.B) {
	path, _ := benchLog(b, benchBytes)
	set := Open(b.Context(), []string{path}, Options{})
	defer func() { _ = set.Close() }()
	if err := set.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	session := set.Sources().Catalog().Sessions[0]
	live := func() float64 {
		var m runtime.MemStats
		for range 3 { // what lies ready to be used again is given back by the second
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	for b.Loop() {
		before := live()
		log, err := set.OpenLog(b.Context(), session)
		if err != nil {
			b.Fatal(err)
		}
		for log.Snapshot().Loading {
			<-log.Changed()
		}
		snap := log.Snapshot()
		b.ReportMetric((live()-before)/float64(snap.Rows.Len()), "B/event")
		runtime.KeepAlive(snap)
		_ = log.Close()
	}
}

// BenchmarkStream decodes every event in full, as lazytrace events does.
func BenchmarkStream(b *testing.B) {
	for _, l := range logs {
		b.Run(l.name, func(b *testing.B) {
			path := l.make(b)
			b.SetBytes(benchBytes)
			b.ReportAllocs()
			for b.Loop() {
				if err := Stream(b.Context(), []string{path}, Options{}, nobody{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// nobody takes the events of a stream.
type nobody struct{}

func (nobody) Event(string, *eventlog.Event) error { return nil }
func (nobody) Fault(eventlog.Fault) error          { return nil }
func (nobody) Idle() error                         { return nil }

// BenchmarkGrep looks for a word that is nowhere.
func BenchmarkGrep(b *testing.B) {
	path, size := benchLog(b, benchBytes)
	set := Open(context.Background(), []string{path}, Options{})
	defer func() { _ = set.Close() }()
	if err := set.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	log, err := set.OpenLog(b.Context(), set.Sources().Catalog().Sessions[0])
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	for log.Snapshot().Loading {
		<-log.Changed()
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := log.Grep(b.Context(), []string{"no such word"}, 0, func(int, eventlog.RowID) {}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearch looks for words in a file of 100 MB: for some that are nowhere,
// made of letters that are rare and of letters that are frequent, and for one that
// is in a single record, so that all are decoded.
func BenchmarkSearch(b *testing.B) {
	path, size := benchLog(b, 100<<20)
	set := Open(context.Background(), []string{path}, Options{})
	defer func() { _ = set.Close() }()
	if err := set.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, words string }{
		{"nowhere", "no such word"}, {"nowhere, frequent letters", "lorem dolores"}, {"nowhere, beyond ascii", "für"}, {"two, nowhere", "lorem|no such word"}, {"one record", "task 39980"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			found := 0
			for b.Loop() {
				err := set.Search(b.Context(), strings.Split(c.words, "|"), nil, func(*eventlog.Finding) error { found++; return nil }, nil)
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(found)/float64(b.N), "hits")
		})
	}
}

// manyFiles writes 3,000 transcripts of Claude Code into 300 folders, as years of
// work leave them where nothing is deleted, and returns the home folder.
func manyFiles(b testing.TB) string {
	b.Helper()
	home := b.TempDir()
	for p := range 300 {
		dir := filepath.Join(home, ".claude", "projects", fmt.Sprintf("-home-dev-p%d", p))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		for n := range 10 {
			id := fmt.Sprintf("%08x-1111-4aaa-8bbb-cccccccccccc", p*10+n)
			var text bytes.Buffer
			put := func(i int, kind, message string) {
				fmt.Fprintf(&text, `{"parentUuid":null,"cwd":"/home/dev/p%d","sessionId":%q,"version":"2.1.40","type":%q,"message":%s,"requestId":"req_%s_%d","uuid":"u%d-%s","timestamp":"2026-02-%02dT09:%02d:%02d.000Z"}`+"\n",
					p, id, kind, message, id, i, i, id, 1+n, p%60, i)
			}
			put(0, "user", fmt.Sprintf(`{"role":"user","content":"task %d of project %d"}`, n, p))
			for i := range 20 {
				put(1+2*i, "assistant", fmt.Sprintf(`{"model":"claude-sonnet-4-6","id":"msg_%s_%d","role":"assistant","content":[{"type":"tool_use","id":"t_%s_%d","name":"Bash","input":{"command":"make test"}}],"stop_reason":"tool_use","usage":{"input_tokens":10,"cache_read_input_tokens":12000,"output_tokens":320}}`, id, i, id, i))
				put(2+2*i, "user", fmt.Sprintf(`{"role":"user","content":[{"tool_use_id":"t_%s_%d","type":"tool_result","content":%q}]}`, id, i, strings.Repeat("lorem ipsum ", 40)))
			}
			if err := os.WriteFile(filepath.Join(dir, id+".jsonl"), text.Bytes(), 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	return home
}

// BenchmarkManyFiles opens 3,000 files in 300 folders until all are read and
// watched, and tells what one look at them costs while nothing is written.
func BenchmarkManyFiles(b *testing.B) {
	home := manyFiles(b)
	env := func(name string) string { return map[string]string{"HOME": home}[name] }
	var look, watch time.Duration
	var heap uint64
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		set := Open(b.Context(), []string{filepath.Join(home, ".claude", "projects")}, Options{Follow: true, Env: env})
		if err := set.Wait(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if n := len(set.Sources().Catalog().Sessions); n != 3000 {
			b.Fatalf("%d sessions", n)
		}
		began := time.Now()
		_, folders := find(b.Context(), set.paths, func(string, error) {})
		look += time.Since(began)
		w := newWaker(set)
		began = time.Now()
		w.watch(folders)
		watch += time.Since(began)
		if told, polled, err := w.w.State(); told < 300 || told > 320 || polled > 0 {
			b.Fatalf("%d folders are watched, %d paths polled: %v", told, polled, err)
		}
		w.close()
		runtime.GC()
		runtime.ReadMemStats(&after)
		heap = after.HeapAlloc - before.HeapAlloc
		if err := set.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(look.Microseconds())/float64(b.N)/1000, "ms/look")
	b.ReportMetric(float64(watch.Microseconds())/float64(b.N)/1000, "ms/watch")
	b.ReportMetric(float64(heap)/(1<<20), "MiB")
}
