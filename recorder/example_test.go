package recorder_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/lazytrace/lazytrace/recorder"
	"github.com/lazytrace/lazytrace/recorder/export"
)

// must keeps the examples short.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// steady leaves out how long things took, which differs each time.
type steady struct{ io.Writer }

var took = regexp.MustCompile(`  latency_ms=[0-9.]+`)

func (w steady) Write(p []byte) (int, error) {
	_, err := w.Writer.Write(took.ReplaceAll(p, nil))
	return len(p), err
}

// chat is an agent that asks a model once. It does not know who records it.
func chat(ctx context.Context, task string) (answer string) {
	_, run := recorder.StartRun(ctx, "chat", task)
	defer func() { run.Finish(answer, nil) }()
	call := run.ModelCall("openai", "gpt-5.4-mini")
	answer = "hello yourself"
	call.Finish(recorder.Response{
		Text: answer, StopReason: "end_turn", Tokens: recorder.Tokens{Input: 9, Output: 3}, Cost: recorder.USD(0.0021),
	}, nil)
	return answer
}

// research is an agent with a tool that fails and a writer that it starts.
func research(ctx context.Context, task string) (text string, err error) {
	ctx, run := recorder.StartRun(ctx, "research", task)
	defer func() { run.Finish(text, err) }()
	run.ModelCall("openai", "gpt-5.4-mini").Finish(recorder.Response{
		StopReason: "tool_use", Tokens: recorder.Tokens{Input: 210, Output: 31}, Cost: recorder.USD(0.0021),
	}, nil)
	_, search := run.ToolCall(ctx, "search_web", map[string]any{"query": task})
	search.Finish(nil, errors.New("503 from the index"))
	inside, write := run.ToolCall(ctx, "write", map[string]any{"task": "an article"})
	text = writer(inside, "an article")
	write.Finish(text, nil)
	return text, nil
}

func writer(ctx context.Context, task string) string {
	_, run := recorder.StartRun(ctx, "write", task)
	run.ModelCall("anthropic", "claude-sonnet-4-6").Finish(recorder.Response{
		Text: "Draft.", Tokens: recorder.Tokens{Input: 500, Output: 300, CacheRead: 40}, Cost: recorder.USD(0.009),
	}, nil)
	run.Finish("Draft.", nil)
	return "Draft."
}

// One flag shows what goes on while a program is being written.
func Example() {
	session := must(recorder.NewSession(recorder.Options{Console: true, ConsoleTo: steady{os.Stdout}}))
	chat(recorder.NewContext(context.Background(), session), "hello")
	if err := session.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// [chat] agent_start  task=hello
	// [chat] model_request  provider=openai  model=gpt-5.4-mini
	// [chat] model_response  content=hello yourself  provider=openai  model=gpt-5.4-mini  input_tokens=9  output_tokens=3  cost_usd=0.0021  stop_reason=end_turn
	// [chat] agent_finish  payload=hello yourself
}

// In production events go into a file and to exporters, nothing waits for the
// disk, and what must not be kept is rewritten before it is.
func ExampleNewSession() {
	dir := must(os.MkdirTemp("", "example-"))
	defer os.RemoveAll(dir)
	maskMail := recorder.RedactFunc(func(payload map[string]any) (map[string]any, error) {
		if task, ok := payload["task"].(string); ok {
			payload["task"] = strings.ReplaceAll(task, "foo@bar.com", "[REDACTED]")
		}
		return payload, nil
	})
	session := must(recorder.NewSession(recorder.Options{
		Name:      "morning mail",
		DB:        filepath.Join(dir, "events.sqlite"),
		Exporters: []recorder.Exporter{must(export.OpenJSONL(filepath.Join(dir, "events.jsonl")))},
		Batched:   true,
		OnFull:    recorder.Hybrid,
		Redact:    recorder.Stack(recorder.DefaultRedactor(), maskMail), // alone, maskMail would replace the default
	}))
	key := "sk-" + strings.Repeat("aB3", 12)
	_, run := session.Run(context.Background(), "mail", "answer foo@bar.com, the key is "+key)
	run.Finish("sent", nil)
	if err := session.Close(); err != nil {
		fmt.Println(err)
	}
	for line := range strings.Lines(string(must(os.ReadFile(filepath.Join(dir, "events.jsonl"))))) {
		if at := strings.Index(line, `"task":`); at >= 0 {
			fmt.Println(strings.TrimSpace(line[at:]))
		}
	}
	// Output:
	// "task":"answer [REDACTED], the key is [REDACTED:api-key]"}
}

// Agents that are started under the context of a tool call stand below it. Nobody
// passes a session or a run on.
func ExampleStartRun() {
	session := must(recorder.NewSession(recorder.Options{}))
	defer session.Close()
	ctx := recorder.NewContext(context.Background(), session)
	_, _ = research(ctx, "AI trends")
	usage := must(session.UsageSummary(ctx))
	for _, run := range usage.ByRun {
		if run.Parent >= 0 {
			fmt.Printf("%s stands below %s\n", run.Agent, usage.ByRun[run.Above].Agent)
		}
	}
	// What is not to be recorded is done under no session.
	_, hidden := recorder.StartRun(recorder.NewContext(ctx, nil), "hidden", "a secret task")
	fmt.Println(hidden == nil)
	// Output:
	// write stands below research
	// true
}

// Sums are exact, count every call once, and tell what an agent used itself from
// what it used with everything below it.
func ExampleSession_UsageSummary() {
	session := must(recorder.NewSession(recorder.Options{}))
	defer session.Close()
	ctx := recorder.NewContext(context.Background(), session)
	_, _ = research(ctx, "AI trends")
	usage := must(session.UsageSummary(ctx))
	fmt.Printf("in total $%s for %d calls\n", usage.Total.Cost(), usage.Total.Calls)
	for _, name := range []string{"research", "write"} {
		g := usage.ByAgent[name]
		fmt.Printf("%s $%s, with what it started $%s and %d tokens\n", name, g.Own.Cost(), g.Inclusive.Cost(), g.Inclusive.Usage.Total())
	}
	// Output:
	// in total $0.0111 for 2 calls
	// research $0.0021, with what it started $0.0111 and 1081 tokens
	// write $0.009, with what it started $0.009 and 840 tokens
}

// What was recorded can be asked. In batches, what waits is flushed first.
func ExampleSession_Events() {
	session := must(recorder.NewSession(recorder.Options{Batched: true}))
	defer session.Close()
	ctx := recorder.NewContext(context.Background(), session)
	_, _ = research(ctx, "AI trends")
	if err := session.Flush(ctx); err != nil {
		fmt.Println(err)
	}
	for _, e := range must(session.Events().Query(ctx, recorder.Filter{Type: recorder.TypeToolError})) {
		fmt.Printf("%s of %s: %s\n", e.Tool, e.Agent, e.Message)
	}
	for _, e := range must(session.Events().Query(ctx, recorder.Filter{Where: "cost>0.005"})) {
		fmt.Println(e.Type, e.Model)
	}
	// Output:
	// search_web of research: 503 from the index
	// model_response claude-sonnet-4-6
}

// Who called whom is drawn from the events.
func ExampleSession_Graph() {
	session := must(recorder.NewSession(recorder.Options{ID: "s"}))
	defer session.Close()
	ctx := recorder.NewContext(context.Background(), session)
	_, _ = research(ctx, "AI trends")
	fmt.Println(must(session.Graph(ctx)).ToJSON())
	// Output:
	// {
	//   "session_id": "s",
	//   "nodes": [
	//     {
	//       "id": "research",
	//       "name": "research",
	//       "provider": "openai",
	//       "model": "gpt-5.4-mini",
	//       "system": null,
	//       "engine_type": null,
	//       "tools": [
	//         "search_web"
	//       ],
	//       "type": "agent"
	//     },
	//     {
	//       "id": "tool:search_web",
	//       "name": "search_web",
	//       "type": "tool"
	//     },
	//     {
	//       "id": "write",
	//       "name": "write",
	//       "provider": "anthropic",
	//       "model": "claude-sonnet-4-6",
	//       "system": null,
	//       "engine_type": null,
	//       "tools": [],
	//       "type": "agent"
	//     }
	//   ],
	//   "edges": [
	//     {
	//       "from": "research",
	//       "to": "tool:search_web",
	//       "label": "search_web",
	//       "type": "tool"
	//     },
	//     {
	//       "from": "research",
	//       "to": "write",
	//       "label": "write",
	//       "type": "tool"
	//     }
	//   ]
	// }
}

// alarm is an exporter of one's own.
type alarm struct{ heard int }

func (a *alarm) Export(e recorder.Event) error {
	if e.Failed {
		a.heard++
	}
	return nil
}

func (a *alarm) Close() error { return nil }

// Exporters come and go while events do.
func ExampleSession_AddExporter() {
	session := must(recorder.NewSession(recorder.Options{}))
	defer session.Close()
	ctx := recorder.NewContext(context.Background(), session)
	_, _ = research(ctx, "unheard")
	var a alarm
	if err := session.AddExporter(&a); err != nil {
		fmt.Println(err)
	}
	_, _ = research(ctx, "heard")
	if err := session.RemoveExporter(&a); err != nil {
		fmt.Println(err)
	}
	_, _ = research(ctx, "unheard")
	fmt.Println(a.heard)
	// Output: 1
}

// How it went is told in numbers, and by an outcome.
func ExampleSession_SetMetrics() {
	session := must(recorder.NewSession(recorder.Options{Goal: "fix the build"}))
	fmt.Println(session.SetMetrics(map[string]float64{"goal_completed": 1, "score": 0.75, "files_changed": 3}))
	fmt.Println(session.SetMetrics(map[string]float64{"score": 75}))
	session.SetOutcome(recorder.Success, "")
	fmt.Println(session.Close())
	// Output:
	// <nil>
	// set metrics: score=75: it goes from 0 to 1
	// <nil>
}
