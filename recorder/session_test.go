package recorder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/recorder/origin"
	"github.com/lazytrace/lazytrace/recorder/wire"
	"github.com/lazytrace/lazytrace/redact"
	"github.com/lazytrace/lazytrace/rollup/price"
)

// The tests are alone, also when somebody records them.
func TestMain(m *testing.M) {
	for _, name := range []string{origin.EnvSession, origin.EnvRun, origin.EnvStore} {
		os.Unsetenv(name)
	}
	m.Run()
}

// open begins a session that is closed with the test and must not complain.
func open(t *testing.T, o Options) *Session {
	t.Helper()
	if o.Warn == nil {
		o.Warn = func(line string) { t.Errorf("a warning: %s", line) }
	}
	s, err := NewSession(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// types returns the types of what was committed, without the session's own.
func types(t *testing.T, s *Session) (list []string) {
	t.Helper()
	events, err := s.Events().Query(t.Context(), Filter{})
	must(t, err)
	for _, e := range events {
		if e.Kind != eventlog.SessionStart && e.Kind != eventlog.SessionEnd {
			list = append(list, e.Type)
		}
	}
	return list
}

// tap is an exporter that tells of each event, and waits when it is told to.
type tap struct {
	events  chan Event
	batches chan int
	gate    chan struct{} // nil lets everything through
	entered chan struct{}
	once    sync.Once
	n       int
	closed  int
}

func newTap() *tap {
	return &tap{events: make(chan Event, 20_000), batches: make(chan int, 20_000), entered: make(chan struct{})}
}

func (x *tap) Export(e Event) error {
	x.once.Do(func() { close(x.entered) })
	if x.gate != nil {
		<-x.gate
	}
	x.events <- e
	x.n++
	return nil
}

func (x *tap) Flush() error { x.batches <- x.n; x.n = 0; return nil }
func (x *tap) Close() error { x.closed++; return nil }

// stalled begins a session whose writer stands still until release is called:
// nothing leaves the queue meanwhile, in which there is nothing yet.
func stalled(t *testing.T, o Options) (s *Session, release func()) {
	t.Helper()
	x := newTap()
	x.gate = make(chan struct{})
	var once sync.Once
	release = func() { once.Do(func() { close(x.gate) }) }
	o.Batched, o.Exporters = true, []Exporter{x}
	o.Warn = func(string) {} // of what was dropped
	s = open(t, o)
	t.Cleanup(release) // before the session is closed
	<-x.entered
	return s, release
}

// The lines are those of LazyBridge, byte for byte.
func TestConsole(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := open(t, Options{Console: true, ConsoleTo: &out})
	ctx := t.Context()
	for _, line := range []string{
		`agent_start {"agent_name":"editor","task":"summarise AI trends"}`,
		`loop_step {"agent_name":"editor","turn":0,"messages":1}`,
		`tool_call {"agent_name":"editor","tool":"research","tool_use_id":"tc_1","arguments":{"task":"find ai trends"}}`,
		`tool_error {"agent_name":"editor","tool":"broken","error":"boom\nline","none":null,"empty":"","yes":true}`,
		`agent_finish {"agent_name":"editor","payload":"` + strings.Repeat("x", 130) + `","latency_ms":48.046767999949225}`,
	} {
		name, payload, _ := strings.Cut(line, " ")
		must(t, s.Emit(ctx, name, json.RawMessage(payload)))
	}
	must(t, s.Close())
	want := "[editor] agent_start  task=summarise AI trends\n" +
		"[editor] loop_step  turn=0  messages=1\n" +
		"[editor] tool_call  tool=research  tool_use_id=tc_1  arguments={'task': 'find ai trends'}\n" +
		"[editor] tool_error  tool=broken  error=boom↵line  yes=True\n" +
		"[editor] agent_finish  payload=" + strings.Repeat("x", 117) + "...  latency_ms=48.046767999949225\n"
	if out.String() != want {
		t.Errorf("%s\nwant\n%s", &out, want)
	}
}

// What LazyBridge printed of a run is what is printed of the same events.
func TestConsoleAgainstASample(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", "shared", "samples", "seeds")
	lines, err := os.ReadFile(filepath.Join(dir, "events.jsonl"))
	if err != nil {
		t.Skipf("no sample here: %v", err)
	}
	want, err := os.ReadFile(filepath.Join(dir, "console.txt"))
	must(t, err)
	var out bytes.Buffer
	s := open(t, Options{Console: true, ConsoleTo: &out})
	for line := range bytes.Lines(lines) {
		e, err := wire.Decode(line)
		must(t, err)
		must(t, s.Emit(t.Context(), e.Type, e.Payload))
	}
	must(t, s.Close())
	got, all := strings.Split(out.String(), "\n"), strings.Split(string(want), "\n")
	for i, line := range all {
		if strings.HasSuffix(line, "=nan") {
			continue // JSON has no such number, and keeps null
		}
		if i >= len(got) || got[i] != line {
			t.Fatalf("line %d of %d:\n%s\nwant\n%s", i+1, len(got), got[min(i, len(got)-1)], line)
		}
	}
}

func TestEmitReturnsAfterTheCommit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.sqlite")
	s := open(t, Options{DB: path})
	must(t, s.Emit(t.Context(), "note", map[string]int{"n": 1}))
	// Somebody else sees it already.
	r, err := sqlite.Open(t.Context(), path)
	must(t, err)
	defer r.Close()
	seen := 0
	must(t, r.Scan(t.Context(), tables(), nil, func(eventlog.Record) error { seen++; return nil }))
	if seen != 2 {
		t.Errorf("%d events are in the store, want the session's and ours", seen)
	}
}

// In batches reads are stale until Flush.
func TestBatchesAreStaleUntilFlushed(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Batched: true, BatchInterval: time.Hour})
	must(t, s.Flush(t.Context()))
	for range 5 {
		must(t, s.Emit(t.Context(), TypeLoopStep, nil))
	}
	if got := types(t, s); got != nil {
		t.Errorf("read before Flush: %v", got)
	}
	must(t, s.Flush(t.Context()))
	if got := types(t, s); len(got) != 5 {
		t.Errorf("read after Flush: %v", got)
	}
}

func TestBatchSize(t *testing.T) {
	t.Parallel()
	for given, want := range map[int]int{3: 3, 0: 100} {
		x := newTap()
		s := open(t, Options{Batched: true, BatchSize: given, BatchInterval: time.Hour, Exporters: []Exporter{x}})
		<-x.batches // of the beginning
		for range want {
			must(t, s.Emit(t.Context(), TypeLoopStep, nil))
		}
		if got := <-x.batches; got != want {
			t.Errorf("BatchSize %d: a batch of %d, want %d", given, got, want)
		}
	}
}

func TestBatchInterval(t *testing.T) {
	t.Parallel()
	x := newTap()
	s := open(t, Options{Batched: true, BatchInterval: time.Millisecond, Exporters: []Exporter{x}})
	must(t, s.Emit(t.Context(), TypeLoopStep, nil))
	for e := range x.events { // comes by itself
		if e.Type == TypeLoopStep {
			return
		}
	}
}

func TestOnFull(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		options        Options
		cheap, precise error // of a loop step and a tool error for which there is no room
	}{
		"hybrid":         {Options{}, ErrFull, context.Canceled},
		"block":          {Options{OnFull: Block}, context.Canceled, context.Canceled},
		"drop":           {Options{OnFull: Drop}, ErrFull, ErrFull},
		"critical":       {Options{Critical: []string{TypeLoopStep}}, context.Canceled, ErrFull},
		"none critical":  {Options{Critical: []string{}}, ErrFull, ErrFull},
		"drop, critical": {Options{OnFull: Drop, Critical: []string{TypeLoopStep}}, ErrFull, ErrFull},
	} {
		c.options.MaxQueue = 10
		s, release := stalled(t, c.options)
		for range 10 {
			must(t, s.Emit(t.Context(), TypeLoopStep, nil))
		}
		// Whoever waits gives up at once, as its context has ended.
		if err := s.Emit(gone, TypeLoopStep, nil); !errors.Is(err, c.cheap) {
			t.Errorf("%s: a loop step: %v, want %v", name, err, c.cheap)
		}
		if err := s.Emit(gone, TypeToolError, nil); !errors.Is(err, c.precise) {
			t.Errorf("%s: a tool error: %v, want %v", name, err, c.precise)
		}
		release()
		must(t, s.Flush(t.Context()))
		dropped := int64(0)
		for _, err := range []error{c.cheap, c.precise} {
			if err == ErrFull {
				dropped++
			}
		}
		if got := s.Stats().DroppedTotal(); got != dropped {
			t.Errorf("%s: %d dropped, want %d", name, got, dropped)
		}
		if got := types(t, s); len(got) != 10 {
			t.Errorf("%s: %d events, want the 10 that were taken", name, len(got))
		}
		must(t, s.Close())
	}
}

// The numbers of the defaults.
func TestDefaults(t *testing.T) {
	t.Parallel()
	s, _ := stalled(t, Options{})
	taken := 0
	for ; taken < 20_000; taken++ {
		if s.Emit(t.Context(), TypeLoopStep, nil) != nil {
			break
		}
	}
	if taken != 10_000 {
		t.Errorf("%d events wait, want 10,000", taken)
	}
	for _, name := range []string{
		TypeAgentStart, TypeAgentFinish, TypeToolCall, TypeToolResult, TypeToolError, TypeToolTimeout, TypeHILDecision,
	} {
		if !eventlog.ParseKind(name).Critical() {
			t.Errorf("%s is not critical", name)
		}
	}
	for _, name := range []string{TypeLoopStep, TypeModelRequest, TypeModelResponse} {
		if eventlog.ParseKind(name).Critical() {
			t.Errorf("%s is critical", name)
		}
	}
	if flushTimeout != 5*time.Second {
		t.Errorf("Flush waits for %s", flushTimeout)
	}
}

func TestFlushGivesUp(t *testing.T) {
	t.Parallel()
	s, _ := stalled(t, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func secret() string { return "sk-" + strings.Repeat("aB3", 12) }

func payloadOf(t *testing.T, s *Session, eventType string) string {
	t.Helper()
	events, err := s.Events().Query(t.Context(), Filter{Type: eventType})
	must(t, err)
	if len(events) != 1 {
		t.Fatalf("%d events of type %s", len(events), eventType)
	}
	return string(events[0].Payload)
}

func TestRedaction(t *testing.T) {
	t.Parallel()
	upper := RedactFunc(func(p map[string]any) (map[string]any, error) {
		if text, ok := p["text"].(string); ok {
			p["text"] = strings.ToUpper(text)
		}
		return p, nil
	})
	own, err := redact.New(redact.Options{Rules: []redact.Rule{{Name: "ticket", Pattern: `T-\d+`}}})
	must(t, err)
	raw := fmt.Sprintf(`{"b":1.50,"text":"t-7 T-7 %s","a":[1e3]}`, secret())
	masked := `"text":"t-7 T-7 [REDACTED:api-key]"`
	for name, c := range map[string]struct {
		options Options
		want    string
	}{
		"default":               {Options{}, `{"b":1.50,` + masked + `,"a":[1e3]}`},
		"unsafe":                {Options{UnsafeLogPayloads: true}, raw},
		"own replaces":          {Options{Redact: upper}, `{"b":1.50,"text":"` + strings.ToUpper("t-7 T-7 "+secret()) + `","a":[1e3]}`},
		"own beats unsafe":      {Options{Redact: upper, UnsafeLogPayloads: true}, `{"b":1.50,"text":"` + strings.ToUpper("t-7 T-7 "+secret()) + `","a":[1e3]}`},
		"rules beside built-in": {Options{Redact: own}, `{"b":1.50,"text":"t-7 [REDACTED:ticket] [REDACTED:api-key]","a":[1e3]}`},
		"stacked":               {Options{Redact: Stack(DefaultRedactor(), upper)}, `{"b":1.50,"text":"T-7 T-7 [REDACTED:API-KEY]","a":[1e3]}`},
	} {
		s := open(t, c.options)
		must(t, s.Emit(t.Context(), "note", json.RawMessage(raw)))
		if got := payloadOf(t, s, "note"); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		start := payloadOf(t, s, "session_start")
		if banner := strings.Contains(start, "without redaction"); banner != (name == "unsafe") {
			t.Errorf("%s: the session says that it is unsafe: %v", name, banner)
		}
	}
}

// A redactor that cannot do its work never lets anything through.
func TestRedactOnError(t *testing.T) {
	t.Parallel()
	whenNote := func(fail func() (map[string]any, error)) Redactor {
		return RedactFunc(func(p map[string]any) (map[string]any, error) {
			if _, ok := p["note"]; ok {
				return fail()
			}
			return p, nil
		})
	}
	for name, r := range map[string]Redactor{
		"error":   whenNote(func() (map[string]any, error) { return map[string]any{}, errors.New("no") }),
		"nil":     whenNote(func() (map[string]any, error) { return nil, nil }),
		"panic":   whenNote(func() (map[string]any, error) { panic("no") }),
		"stacked": Stack(whenNote(func() (map[string]any, error) { return nil, nil }), DefaultRedactor()),
	} {
		x := newTap()
		s := open(t, Options{Redact: r, Exporters: []Exporter{x}, Warn: func(string) {}})
		if err := s.Emit(t.Context(), "note", map[string]string{"note": "raw"}); !errors.Is(err, ErrRedact) {
			t.Errorf("%s: strict: %v", name, err)
		}
		must(t, s.Close())
		close(x.events)
		for e := range x.events {
			if bytes.Contains(e.Payload, []byte("raw")) || e.Type == "note" {
				t.Errorf("%s: strict: exported %s", name, e.Payload)
			}
		}
		if s.Stats().RedactDropped != 1 {
			t.Errorf("%s: strict: %d counted", name, s.Stats().RedactDropped)
		}
		s = open(t, Options{Redact: r, RedactOnError: Fallback})
		must(t, s.Emit(t.Context(), TypeToolResult, map[string]string{"note": "raw"}))
		if got := payloadOf(t, s, TypeToolResult); got != `{"redaction_failed":true}` {
			t.Errorf("%s: fallback: %s", name, got)
		}
	}
}

func TestRedactFuncMayAddAndRemove(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Redact: RedactFunc(func(p map[string]any) (map[string]any, error) {
		delete(p, "gone")
		p["added"] = "<&>"
		return p, nil
	})})
	must(t, s.Emit(t.Context(), "note", json.RawMessage(`{"gone":1,"kept": 10000000000000000001}`)))
	if got := payloadOf(t, s, "note"); !strings.Contains(got, `"kept":10000000000000000001`) || strings.Contains(got, "gone") || !strings.Contains(got, `"added":`) {
		t.Error(got)
	}
}

// What the function does to the payload holds for the table of sessions too.
func TestRedactFuncMasksFacts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.sqlite")
	s := open(t, Options{DB: path, Goal: "for Ann", Metadata: map[string]string{"who": "Ann"}, Redact: RedactFunc(func(p map[string]any) (map[string]any, error) {
		for _, name := range []string{"goal", "metadata", "failure_reason"} {
			if _, ok := p[name]; ok {
				p[name] = map[bool]any{true: map[string]any{}, false: "masked"}[name == "metadata"]
			}
		}
		return p, nil
	})})
	s.Fail(errors.New("Ann was away"))
	must(t, s.Close())
	raw, err := os.ReadFile(path)
	must(t, err)
	if bytes.Contains(raw, []byte("Ann")) || !bytes.Contains(raw, []byte("masked")) {
		t.Error("the store holds what was masked")
	}
}

func TestCloseIsIdempotent(t *testing.T) {
	t.Parallel()
	x := newTap()
	s := open(t, Options{Exporters: []Exporter{x}})
	ctx, run := s.Run(t.Context(), "a", "t")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if x.closed != 1 {
		t.Errorf("the exporter was closed %d times", x.closed)
	}
	// Nothing panics and nothing hangs afterwards.
	run.Step(1)
	run.Finish("late", nil)
	must(t, s.Flush(ctx))
	_, _, child := s.Child(ctx, Options{})
	_, events := s.Events().Query(ctx, Filter{})
	_, usage := s.UsageSummary(ctx)
	for what, err := range map[string]error{
		"emit": s.Emit(ctx, "note", nil), "metrics": s.SetMetrics(map[string]float64{"score": 1}), "child": child, "events": events,
		"usage": usage, "exporter": s.AddExporter(newTap()),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s after Close: %v", what, err)
		}
	}
}

func TestNothingIsRecordedByNothing(t *testing.T) {
	t.Parallel()
	var s *Session
	ctx, run := s.Run(t.Context(), "a", "t")
	inside, call := run.ToolCall(ctx, "x", nil)
	call.Finish(nil, nil)
	run.ModelCall("p", "m").Finish(Response{}, nil)
	run.Step(1)
	run.Finish(nil, nil)
	_, child, err := s.Child(inside, Options{})
	usage, err2 := s.UsageSummary(ctx)
	graph, err3 := s.Graph(ctx)
	events, err4 := s.Events().Query(ctx, Filter{})
	s.SetOutcome(Success, "")
	s.Fail(errors.New("x"))
	must(t, errors.Join(err, err2, err3, err4, s.Emit(ctx, "note", nil), run.Emit("note", nil), s.Flush(ctx), s.SetMetrics(nil),
		s.AddExporter(newTap()), s.RemoveExporter(newTap()), s.Close()))
	if child != nil || FromContext(inside) != nil || RunFromContext(inside) != nil || usage.Total.Calls != 0 || len(events)+len(graph.Nodes) != 0 ||
		s.ID()+run.ID() != "" || run.Session() != nil || s.Stats().Stored != 0 || len(s.Environ(ctx)) != len(os.Environ()) {
		t.Error("a nil session is not nothing")
	}
}

// Without a file everything is there until Close, and no file appears.
func TestInMemory(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv(origin.EnvStore, filepath.Join(dir, "outer.sqlite"))
	for _, db := range []string{":memory:", "none"} {
		s := open(t, Options{DB: db})
		must(t, s.Emit(t.Context(), "note", nil))
		if got := types(t, s); !slices.Equal(got, []string{"note"}) {
			t.Errorf("%s: %v", db, got)
		}
		must(t, s.Close())
	}
	t.Setenv(origin.EnvStore, "")
	must(t, open(t, Options{}).Close())
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
}

// Inside of a recording a session is a child of it, in its store, as a recorded
// command is.
func TestInsideARecording(t *testing.T) {
	outer := filepath.Join(t.TempDir(), "outer.sqlite")
	t.Setenv(origin.EnvSession, "outer")
	t.Setenv(origin.EnvRun, "outer-run")
	t.Setenv(origin.EnvStore, outer)
	for name, c := range map[string]struct {
		options     Options
		parent, run string
	}{
		"child":    {Options{}, "outer", "outer-run"},
		"detached": {Options{Detached: true}, "", ""},
		"other":    {Options{Parent: "other", ParentRun: "r"}, "other", "r"},
	} {
		s := open(t, c.options)
		if s.engine.history.store.Path() != outer {
			t.Errorf("%s: stored in %q", name, s.engine.history.store.Path())
		}
		var p struct {
			Parent string `json:"parent_session_id"`
			Run    string `json:"parent_run_id"`
		}
		must(t, json.Unmarshal([]byte(payloadOf(t, s, "session_start")), &p))
		if p.Parent != c.parent || p.Run != c.run {
			t.Errorf("%s: below %q, %q", name, p.Parent, p.Run)
		}
		must(t, s.Close())
	}
}

func TestEnviron(t *testing.T) {
	t.Setenv(origin.EnvSession, "outer")
	t.Setenv(origin.EnvRun, "outer-run")
	s := open(t, Options{DB: filepath.Join(t.TempDir(), "s.sqlite"), Detached: true})
	ctx, run := s.Run(t.Context(), "a", "t")
	last := map[string]string{}
	for _, entry := range s.Environ(ctx) {
		name, value, _ := strings.Cut(entry, "=")
		last[name] = value
	}
	if last[origin.EnvSession] != s.ID() || last[origin.EnvRun] != run.ID() || last[origin.EnvStore] != s.engine.history.store.Path() {
		t.Errorf("%s, %s, %s", last[origin.EnvSession], last[origin.EnvRun], last[origin.EnvStore])
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	foreign := filepath.Join(t.TempDir(), "foreign.sqlite")
	must(t, os.WriteFile(foreign, []byte("this is no database at all"), 0o600))
	for want, o := range map[string]Options{
		"BatchSize is -1":          {BatchSize: -1},
		"BatchInterval is -1s":     {BatchInterval: -time.Second},
		"MaxQueue is -5":           {MaxQueue: -5},
		"OnFull is 9":              {OnFull: 9},
		"RedactOnError is 7":       {RedactOnError: 7},
		"ParentRun \"r\" is of no": {ParentRun: "r"},
		"Exporters[0] is nil":      {Exporters: []Exporter{nil}},
		"foreign.sqlite":           {DB: foreign},
	} {
		x := newTap()
		o.Exporters = append(o.Exporters, x)
		s, err := NewSession(o)
		if s != nil || err == nil || !strings.HasPrefix(err.Error(), "new session: ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", want, err)
		}
		if x.closed != 1 {
			t.Errorf("%s: the exporter was closed %d times", want, x.closed)
		}
	}
	s := open(t, Options{})
	for want, payload := range map[string]any{
		"the payload is no JSON object":         []int{1},
		"the payload cannot be spelled as JSON": map[string]any{"f": func() {}},
		"the payload takes":                     map[string]string{"long": strings.Repeat("x", maxPayload)},
	} {
		if err := s.Emit(t.Context(), "note", payload); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if err := s.Emit(t.Context(), "", nil); err == nil {
		t.Error("an event without a type was taken")
	}
	if _, err := s.Events().Query(t.Context(), Filter{Where: "nosuchfield:x"}); err == nil || !strings.Contains(err.Error(), "where") {
		t.Errorf("a query that is none: %v", err)
	}
	if _, _, err := s.Child(t.Context(), Options{DB: "x"}); err == nil || !strings.Contains(err.Error(), "DB is its parent's") {
		t.Errorf("a child with a store of its own: %v", err)
	}
}

func TestChildren(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.sqlite")
	s := open(t, Options{DB: path, Name: "top", Environment: "test", Experiment: "e", Variant: "v"})
	ctx, run := s.Run(t.Context(), "boss", "all of it")
	run.ModelCall("p", "m").Finish(Response{Tokens: Tokens{Input: 1}, Cost: USD(0.1)}, nil)
	ctx, child, err := s.Child(ctx, Options{Name: "part", Metadata: map[string]string{"k": "v"}})
	must(t, err)
	if FromContext(ctx) != child {
		t.Error("the context does not carry the child")
	}
	inside, worker := StartRun(ctx, "worker", "a part")
	worker.ModelCall("p", "m").Finish(Response{Tokens: Tokens{Input: 2}, Cost: USD(0.2)}, nil)
	worker.Finish("done", nil)
	_, grand, err := child.Child(inside, Options{Name: "grand"})
	must(t, err)
	must(t, child.SetMetrics(map[string]float64{"score": 0.5}))
	child.Fail(errors.New("half of it is missing"))
	must(t, child.Close()) // closes the grandchild
	if err := grand.Emit(ctx, "note", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("the grandchild: %v", err)
	}
	must(t, s.Emit(ctx, "note", nil)) // the parent goes on

	whole, err := s.UsageSummary(ctx)
	must(t, err)
	part, err := child.UsageSummary(ctx)
	must(t, err)
	if whole.Total.Cost() != *USD(0.3) || whole.Total.Sessions != 3 || part.Total.Cost() != *USD(0.2) || part.Total.Sessions != 2 {
		t.Errorf("all %+v\npart %+v", whole.Total, part.Total)
	}
	g, err := s.Graph(ctx)
	must(t, err)
	if len(g.Edges) != 1 || g.Edges[0] != (Edge{"boss", "worker", "worker", "tool"}) {
		t.Errorf("edges %v", g.Edges)
	}
	cat, err := s.engine.history.catalog(ctx)
	must(t, err)
	one, _ := cat.Session(child.ID())
	if one.Parent == nil || one.Parent.ID != s.ID() || one.Outcome != Failure || one.FailureReason != "half of it is missing" || one.Metrics["score"] != 0.5 ||
		one.Environment != "test" || one.Experiment != "e" || one.Variant != "v" || one.Metadata["k"] != "v" || !one.Closed {
		t.Errorf("the child: %+v", one.Facts)
	}
	must(t, s.Close())
}

// A sum that is asked for while events come is one of what was there, and the
// last one is complete.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	for _, batched := range []bool{false, true} {
		s := open(t, Options{Batched: batched})
		ctx, top := s.Run(t.Context(), "top", "")
		var all sync.WaitGroup
		const agents, calls = 8, 25
		for range agents {
			all.Go(func() {
				_, run := s.Run(ctx, "agent", "")
				for range calls {
					run.ModelCall("p", "m").Finish(Response{Tokens: Tokens{Output: 1}, Cost: USD(0.001)}, nil)
				}
				run.Finish(nil, nil)
				if _, err := s.UsageSummary(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		top.Finish(nil, nil)
		must(t, s.Flush(ctx))
		u, err := s.UsageSummary(ctx)
		must(t, err)
		agent, boss := u.ByAgent["agent"], u.ByAgent["top"]
		if u.Total.Calls != agents*calls || agent.Own.Cost() != *USD(0.2) || boss.Inclusive.Cost() != *USD(0.2) || boss.Own.Calls != 0 || u.Total.Runs != agents+1 {
			t.Errorf("batched %v: %+v", batched, u.Total)
		}
	}
}

func TestRunsAndCalls(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	ctx, run := s.Run(t.Context(), "a", "the task")
	run.Step(3)
	run.ModelCall("openai", "m").Finish(Response{Model: "m-2026", ID: "resp_1", Tokens: Tokens{Input: 7, CacheRead: 5, CacheWrite1h: 2, Output: 4, Reasoning: 1}}, nil)
	run.ModelCall("openai", "m").Finish(Response{}, errors.New("overloaded"))
	for _, err := range []error{nil, &os.PathError{Op: "open", Path: "x", Err: os.ErrNotExist}, fmt.Errorf("slow: %w", context.DeadlineExceeded)} {
		_, call := run.ToolCall(ctx, "read", map[string]any{"path": "<x>"})
		call.Finish("text", err)
		call.Finish("again", nil) // only the first counts
	}
	_, odd := run.ToolCall(ctx, "odd", func() {}) // JSON has no spelling for it
	odd.Finish(nil, nil)
	_, cancelled := s.Run(ctx, "b", "")
	cancelled.Finish(nil, fmt.Errorf("stopped: %w", context.Canceled))
	_, failed := s.Run(ctx, "c", "")
	failed.Finish(nil, errors.New("broke"))
	run.Finish(map[string]int{"n": 1}, nil)
	run.Finish(nil, errors.New("late"))

	events, err := s.Events().Query(t.Context(), Filter{Run: run.ID()})
	must(t, err)
	var got []string
	for _, e := range events {
		got = append(got, e.Type)
	}
	want := "agent_start loop_step model_request model_response model_request model_response tool_call tool_result tool_call tool_error tool_call tool_timeout tool_call tool_result agent_finish"
	if strings.Join(got, " ") != want {
		t.Errorf("%v", got)
	}
	b := events[3].Bill
	if events[3].Model != "m-2026" || b == nil || b.Usage != (eventlog.Usage{Input: 7, CacheRead: 5, CacheWrite1h: 2, Output: 4, Reasoning: 1}) || b.Source != eventlog.Unpriced {
		t.Errorf("the response: %+v", events[3])
	}
	if !events[5].Failed || events[5].Bill != nil || string(events[6].Input) != `{"path":"<x>"}` || events[7].CallID != events[6].CallID ||
		!strings.Contains(string(events[9].Payload), `"type":"syscall.Errno"`) && !strings.Contains(string(events[9].Payload), `"error":"open x:`) {
		t.Errorf("%s\n%s\n%s", events[5].Payload, events[6].Payload, events[9].Payload)
	}
	u, err := s.UsageSummary(t.Context())
	must(t, err)
	if u.Total.ToolCalls != 4 || u.Total.ToolErrors != 2 || u.Total.Errors != 4 || u.Total.Unpriced != 1 {
		t.Errorf("%+v", u.Total)
	}
	outcomes := map[string]eventlog.Outcome{}
	for _, r := range u.ByRun {
		outcomes[r.Agent] = r.Run.Outcome
		if r.Agent != "a" && r.Above != run.ID() {
			t.Errorf("%s stands below %q", r.Agent, r.Above)
		}
	}
	if outcomes["a"] != Success || outcomes["b"] != Cancelled || outcomes["c"] != Failure {
		t.Errorf("%v", outcomes)
	}
}

func TestPrice(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Price: price.Default().Estimate})
	_, run := s.Run(t.Context(), "a", "")
	run.ModelCall("anthropic", "claude-sonnet-4-5").Finish(Response{Tokens: Tokens{Input: 1000, Output: 100}}, nil)
	run.ModelCall("nobody", "nothing").Finish(Response{Tokens: Tokens{Input: 1000}}, nil)
	u, err := s.UsageSummary(t.Context())
	must(t, err)
	if u.Total.Estimated <= 0 || u.Total.Recorded != 0 || u.Total.Unpriced != 1 {
		t.Errorf("%+v", u.Total)
	}
}

// One session knows nothing of the others in its store.
func TestOneStoreManySessions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.sqlite")
	first := open(t, Options{DB: path, ID: "first"})
	must(t, first.Emit(t.Context(), "note", nil))
	second := open(t, Options{DB: path, ID: "second"})
	must(t, first.Emit(t.Context(), "note", nil))
	must(t, second.Emit(t.Context(), "note", nil))
	if a, b := types(t, first), types(t, second); len(a) != 2 || len(b) != 1 {
		t.Errorf("%v, %v", a, b)
	}
	u, err := first.UsageSummary(t.Context())
	must(t, err)
	if u.Total.Sessions != 1 {
		t.Errorf("%d sessions", u.Total.Sessions)
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	ctx, run := s.Run(t.Context(), "a", "find the word")
	must(t, s.Emit(ctx, "note", map[string]string{"text": "Needle"}))
	must(t, s.Emit(t.Context(), "note", nil))
	must(t, run.Emit("other", nil))
	for want, f := range map[string]Filter{
		"note note": {Type: "note"}, "note": {Type: "note", Run: run.ID()}, "agent_start note other": {Run: run.ID()},
		"agent_start": {Run: run.ID(), Limit: 1}, " note": {Where: "needle"}, "note other ": {Where: "kind:other,custom agent:a"},
	} {
		events, err := s.Events().Query(ctx, f)
		must(t, err)
		var got []string
		for _, e := range events {
			got = append(got, e.Type)
		}
		if strings.Join(got, " ") != strings.TrimSpace(want) {
			t.Errorf("%+v: %v, want %s", f, got, want)
		}
	}
}

// A store that fails is told about once; whoever asks is told too, agents go on,
// exporters get everything, and what is lost is counted.
func TestFailingStore(t *testing.T) {
	t.Parallel()
	var warnings []string
	x := newTap()
	s := open(t, Options{Exporters: []Exporter{x}, Warn: func(line string) { warnings = append(warnings, line) }})
	must(t, s.Flush(t.Context()))
	must(t, s.engine.history.store.Close())
	if err := s.Emit(t.Context(), "note", nil); err == nil {
		t.Error("an event was taken that is nowhere")
	}
	ctx, run := s.Run(t.Context(), "a", "t")
	_, call := run.ToolCall(ctx, "x", nil)
	call.Finish("went on", nil)
	run.Finish("done", nil)
	if err := s.Flush(t.Context()); err == nil {
		t.Error("Flush does not tell")
	}
	if err := s.Close(); err == nil || err != s.Close() {
		t.Errorf("Close: %v", err)
	}
	if s.Stats().Lost != 6 || len(x.events) != 7 || x.closed != 1 { // with its own end
		t.Errorf("%d lost, %d exported", s.Stats().Lost, len(x.events))
	}
	if len(warnings) != 2 || !strings.HasPrefix(warnings[0], "the recording stopped") || !strings.HasPrefix(warnings[1], "6 events were not recorded") {
		t.Errorf("%q", warnings)
	}
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	x := newTap()
	open(t, Options{Exporters: []Exporter{x}, heartbeat: time.Millisecond})
	for e := range x.events { // comes by itself
		if e.Kind == eventlog.Heartbeat {
			return
		}
	}
}
