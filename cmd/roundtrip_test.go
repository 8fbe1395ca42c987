package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// roundTrip runs commands in a home of its own.
type roundTrip struct {
	t   *testing.T
	dir string
}

func newRoundTrip(t *testing.T) *roundTrip { return &roundTrip{t, t.TempDir()} }

func (r *roundTrip) path(name string) string { return filepath.Join(r.dir, name) }

// run runs a command that must succeed, and returns what it prints.
func (r *roundTrip) run(args ...string) string {
	r.t.Helper()
	var out, errs bytes.Buffer
	variables := map[string]string{"HOME": r.dir, "XDG_DATA_HOME": r.path("data"), "XDG_CONFIG_HOME": r.path("config"), "XDG_CACHE_HOME": r.path("cache"), "LAZYTRACE_NO_CACHE": "1"}
	env := &Env{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Now: time.Now, Terminal: func() bool { return false },
		Getenv: func(name string) string { return variables[name] },
	}
	if code := run(context.Background(), env, args); code != 0 {
		r.t.Fatalf("lazytrace %s: exit code %d: %s", strings.Join(args, " "), code, errs.String())
	}
	return out.String()
}

// usage is what paths come to: in total and by whatever a tree is made of.
func (r *roundTrip) usage(by string, paths ...string) string {
	r.t.Helper()
	var report map[string]any
	if err := json.Unmarshal([]byte(r.run(append([]string{"usage", "--json", "--by", by}, paths...)...)), &report); err != nil {
		r.t.Fatal(err)
	}
	delete(report, "audit") // it tells how often a call was found
	delete(report, "prices")
	text, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// tree is what each run comes to by itself and with all below it, whatever it is called:
// a span has an id of its own. Chance makes no two runs that are alike, so two trees that
// come to the same are the same.
func (r *roundTrip) tree(path string) string {
	r.t.Helper()
	var report struct {
		Runs map[string]map[string]any `json:"by_run"`
	}
	if err := json.Unmarshal([]byte(r.run("usage", "--json", "--by", "run", path)), &report); err != nil {
		r.t.Fatal(err)
	}
	var runs []string
	for _, run := range report.Runs {
		delete(run, "parent_run_id")
		text, err := json.Marshal(run)
		if err != nil {
			r.t.Fatal(err)
		}
		runs = append(runs, string(text))
	}
	slices.Sort(runs)
	return strings.Join(runs, "\n")
}

func (r *roundTrip) same(what, got, want string) {
	r.t.Helper()
	if got == want {
		return
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			r.t.Errorf("%s: line %d is\n%.300s\nand should be\n%.300s", what, i+1, a[i], b[i])
			return
		}
	}
	r.t.Errorf("%s: %d lines, should be %d", what, len(a), len(b))
}

func (r *roundTrip) text(name string) string {
	r.t.Helper()
	text, err := os.ReadFile(r.path(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

const (
	treeAndSums = "total,run,model,agent,session,tool"
	sumsOnly    = "total,model,agent,session,tool"
)

// keeps checks that a log stays what it is as lines and in a store, that what was
// imported is exported as it came, and that nothing counts twice.
func (r *roundTrip) keeps(log string) {
	r.t.Helper()
	want := r.usage(treeAndSums, log)
	r.run("export", "--format", "jsonl", "-o", r.path("a.jsonl"), log)
	r.same("as lines", r.usage(treeAndSums, r.path("a.jsonl")), want)
	r.run("import", "--db", r.path("lines.sqlite"), r.path("a.jsonl"))
	r.same("lines imported", r.usage(treeAndSums, r.path("lines.sqlite")), want)
	r.run("export", "--format", "jsonl", "-o", r.path("b.jsonl"), r.path("lines.sqlite"))
	r.same("lines exported again", r.text("b.jsonl"), r.text("a.jsonl"))
	r.run("import", "--db", r.path("log.sqlite"), log)
	r.same("imported", r.usage(treeAndSums, r.path("log.sqlite")), want)
	if text := r.run("import", "--db", r.path("log.sqlite"), log); !strings.HasPrefix(text, "nothing new: ") {
		r.t.Errorf("a second import says %q", text)
	}
	r.same("beside its original", r.usage(treeAndSums, log, r.path("log.sqlite")), want)
}

// Logs of every kind keep calls, tokens, amounts and trees.
func TestLogsKeepWhatTheyTellAsLinesAndInAStore(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the program for many logs")
	}
	t.Parallel()
	for _, name := range []string{"native", "lazybridge", "claude", "claude-workflow", "codex", "otlp", "sentrial", "niitaka", "gemini"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newRoundTrip(t).keeps(filepath.Join("..", "testdata", name))
		})
	}
}

// Recordings that chance makes do so too, also as LazyBridge's lines and as spans.
func TestRandomRecordingsKeepWhatTheyTell(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the program for many logs")
	}
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := newRoundTrip(t)
			g := &chance{Rand: rand.New(rand.NewPCG(seed, 7)), at: 1_770_000_000_000_000}
			for s := range 1 + g.IntN(3) {
				g.session(fmt.Sprintf("session-%d-%d", seed, s))
			}
			if err := os.WriteFile(r.path("log.jsonl"), g.out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			log := r.path("log.jsonl")
			r.keeps(log)
			r.run("export", "--format", "jsonl", "--flat", "-o", r.path("flat.jsonl"), r.path("log.sqlite"))
			r.same("flat", r.usage(sumsOnly, r.path("flat.jsonl")), r.usage(sumsOnly, log))
			r.run("export", "--format", "otlp", "-o", r.path("spans.json"), r.path("log.sqlite"))
			r.run("import", "--db", r.path("spans.sqlite"), r.path("spans.json"))
			sums, tree := r.usage(sumsOnly, log), r.tree(log)
			for _, spans := range []string{r.path("spans.json"), r.path("spans.sqlite")} {
				r.same("sums of "+spans, r.usage(sumsOnly, spans), sums)
				r.same("tree of "+spans, r.tree(spans), tree)
			}
		})
	}
}

// chance makes sessions: runs below calls, calls with results, failures, tokens and
// amounts down to the billionth.
type chance struct {
	*rand.Rand
	out bytes.Buffer
	at  int64 // microseconds
	n   int
}

func (g *chance) event(session, run, kind string, payload map[string]any) {
	g.n++
	g.at += 1 + g.Int64N(3_000_000)
	line, _ := json.Marshal(map[string]any{
		"id": fmt.Sprintf("%s-e%d", session, g.n), "session_id": session, "run_id": run, "event_type": kind,
		"ts": json.Number(fmt.Sprintf("%d.%06d", g.at/1e6, g.at%1e6)), "payload": payload,
	})
	g.out.Write(append(line, '\n'))
}

func (g *chance) session(id string) {
	for range 1 + g.IntN(2) {
		g.run(id, "", "", 0)
	}
}

func (g *chance) run(session, parent, call string, depth int) {
	g.n++
	run, agent := fmt.Sprintf("%s-r%d", session, g.n), []string{"lead", "research", "écrivain"}[g.IntN(3)]
	start := map[string]any{"agent_name": agent, "task": fmt.Sprintf("task %d\n=\u202e\x00<&>", g.n)}
	if parent != "" {
		start["parent_run_id"], start["tool_use_id"] = parent, call
	}
	g.event(session, run, "agent_start", start)
	for range 1 + g.IntN(4) {
		g.event(session, run, "model_request", map[string]any{"agent_name": agent, "provider": "AnthropicProvider", "model": "m" + fmt.Sprint(g.IntN(3))})
		answer := map[string]any{"agent_name": agent, "input_tokens": g.IntN(1 << 30), "output_tokens": g.IntN(1 << 20), "content": "ok"}
		if g.IntN(3) > 0 {
			answer["cost_usd"] = json.Number(fmt.Sprintf("%d.%09d", g.IntN(3), g.IntN(1e9)))
		}
		if g.IntN(3) == 0 {
			answer["cache_read_tokens"], answer["cache_write_5m_tokens"], answer["cache_write_1h_tokens"] = g.IntN(1000), g.IntN(1000), g.IntN(1000)
			answer["reasoning_tokens"] = g.IntN(answer["output_tokens"].(int) + 1)
		}
		g.event(session, run, "model_response", answer)
		g.n++
		use := fmt.Sprintf("%s-t%d", session, g.n)
		g.event(session, run, "tool_call", map[string]any{"tool": "bash", "tool_use_id": use, "arguments": map[string]any{"n": g.n}})
		if depth < 3 && g.IntN(3) == 0 {
			g.run(session, run, use, depth+1)
		}
		if g.IntN(4) == 0 {
			g.event(session, run, "tool_error", map[string]any{"tool": "bash", "tool_use_id": use, "error": "no"})
		} else {
			g.event(session, run, "tool_result", map[string]any{"tool": "bash", "tool_use_id": use, "result": "yes"})
		}
	}
	g.event(session, run, "agent_finish", map[string]any{"agent_name": agent, "payload": "done"})
}
