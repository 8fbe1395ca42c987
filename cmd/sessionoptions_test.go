package cmd

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/lazytrace/lazytrace/recorder"
	"github.com/lazytrace/lazytrace/rollup/price"
)

// sessionOptions are the options of LazyBridge's Session, and where each of them
// is found here: as a flag of lazytrace run, and as a field of recorder.Options.
// Methods and members stand below.
var sessionOptions = []struct {
	option, flag, field string
	kind                reflect.Kind // of the field
}{
	{"db", "db", "DB", reflect.String},
	{"exporters", "jsonl", "Exporters", reflect.Slice},
	{"redact", "", "Redact", reflect.Interface}, // a function: a command line has none
	{"redact_on_error", "redact-on-error", "RedactOnError", reflect.Uint8},
	{"unsafe_log_payloads", "unsafe-log-payloads", "UnsafeLogPayloads", reflect.Bool},
	{"console", "console", "Console", reflect.Bool},
	{"batched", "", "Batched", reflect.Bool}, // a command is always recorded in batches
	{"batch_size", "batch-size", "BatchSize", reflect.Int},
	{"batch_interval", "batch-interval", "BatchInterval", reflect.Int64},
	{"max_queue_size", "max-queue", "MaxQueue", reflect.Int},
	{"on_full", "on-full", "OnFull", reflect.Uint8},
	{"critical_events", "critical", "Critical", reflect.Slice},
}

// What else lazytrace run is told of a session, a program tells as well.
var alsoFlags = map[string]string{
	"session-id": "ID", "name": "Name", "goal": "Goal", "agent": "Agent", "env-name": "Environment", "experiment": "Experiment",
	"variant": "Variant", "meta": "Metadata", "tag": "Tags", "parent": "Parent", "new-session": "Detached", "durable": "Durable",
}

// sessionMethods are the methods and members of LazyBridge's Session, and the
// methods of recorder.Session that are in their place.
var sessionMethods = map[string]string{
	"emit": "Emit", "add_exporter": "AddExporter", "remove_exporter": "RemoveExporter", "flush": "Flush", "close": "Close",
	"usage_summary": "UsageSummary", "events": "Events", "graph": "Graph",
}

func TestEverySessionOptionIsHere(t *testing.T) {
	t.Parallel()
	run, _, err := newRoot(realEnv()).Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}
	options := reflect.TypeFor[recorder.Options]()
	has := func(flag, field string) reflect.StructField {
		if flag != "" && run.Flags().Lookup(flag) == nil {
			t.Errorf("lazytrace run has no --%s", flag)
		}
		f, ok := options.FieldByName(field)
		if !ok || !f.IsExported() {
			t.Errorf("recorder.Options has no %s", field)
		}
		return f
	}
	for _, o := range sessionOptions {
		if f := has(o.flag, o.field); f.Type != nil && f.Type.Kind() != o.kind {
			t.Errorf("%s is of kind %s, want %s", o.field, f.Type.Kind(), o.kind)
		}
	}
	for flag, field := range alsoFlags {
		has(flag, field)
	}
	session := reflect.TypeFor[*recorder.Session]()
	for _, method := range sessionMethods {
		if _, ok := session.MethodByName(method); !ok {
			t.Errorf("recorder.Session has no method %s", method)
		}
	}
}

// The table knows every option and method of the document that describes them.
func TestSessionOptionsAgainstTheirDocument(t *testing.T) {
	t.Parallel()
	root := os.Getenv("LAZYTRACE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	found, err := filepath.Glob(filepath.Join(root, "seeds", "000_*.txt"))
	if err != nil || len(found) != 1 {
		t.Skipf("the document is not here: %v", err)
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	var options, methods []string
	for _, m := range regexp.MustCompile(`(?m)^    ([a-z_]+)=`).FindAllStringSubmatch(regexp.MustCompile(`(?s)Session\(\n.*?\n\)`).FindString(string(text)), -1) {
		options = append(options, m[1])
	}
	for _, m := range regexp.MustCompile(`(?m)^session\.([a-z_]+)`).FindAllStringSubmatch(string(text), -1) {
		methods = append(methods, m[1])
	}
	if len(options) != len(sessionOptions) || len(methods) != len(sessionMethods) {
		t.Errorf("the document has the options %v and the methods %v", options, methods)
	}
	for _, o := range sessionOptions {
		if !slices.Contains(options, o.option) {
			t.Errorf("the document has no option %s", o.option)
		}
	}
	for name := range sessionMethods {
		if !slices.Contains(methods, name) {
			t.Errorf("the document has no method %s", name)
		}
	}
}

// What a session says that it used is what lazytrace says of its store, key by
// key and figure by figure.
func TestUsageSummaryIsThatOfTheCommand(t *testing.T) {
	t.Parallel()
	x := newExamples(t)
	session, err := recorder.NewSession(recorder.Options{DB: filepath.Join(x.dir, "s.sqlite"), Price: price.Default().Estimate})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	ctx, run := session.Run(t.Context(), "boss", "all")
	inside, call := run.ToolCall(ctx, "worker", nil)
	_, worker := session.Run(inside, "worker", "a part")
	worker.ModelCall("anthropic", "claude-sonnet-4-5").Finish(recorder.Response{Tokens: recorder.Tokens{Input: 1000, CacheRead: 10, Output: 100, Reasoning: 7}}, nil)
	worker.ModelCall("nobody", "unheard-of").Finish(recorder.Response{Tokens: recorder.Tokens{Input: 5}}, nil)
	worker.Finish(nil, errors.New("broke"))
	call.Finish(nil, errors.New("broke"))
	run.ModelCall("p", "m").Finish(recorder.Response{Tokens: recorder.Tokens{Output: 1}, Cost: recorder.USD(0.1)}, nil)
	run.Finish("done", nil)
	summary, err := session.UsageSummary(ctx)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(summary)
	if err != nil {
		t.Fatal(err)
	}
	var got, want map[string]any
	for text, to := range map[string]*map[string]any{string(text): &got, x.run(x.lazytrace, "usage", "--json", "s.sqlite"): &want} {
		if err := json.Unmarshal([]byte(text), to); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 3 {
		t.Errorf("keys %v", slices.Sorted(maps.Keys(got)))
	}
	for _, key := range []string{"total", "by_agent", "by_run"} {
		if !reflect.DeepEqual(got[key], want[key]) {
			t.Errorf("%s\n%v\nwant\n%v", key, got[key], want[key])
		}
	}
	if total := got["total"].(map[string]any); total["cost_estimated_usd"].(float64) <= 0 || total["unpriced_calls"] != 1.0 || total["cost_recorded_usd"] != 0.1 {
		t.Errorf("%v", total)
	}
}
