package dialect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// otlpFile reads a file of documents of our own, each on as many lines as it
// likes.
func otlpFile(t *testing.T, name string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	var docs [][]byte
	lines := jsonl.NewLines(bytes.NewReader(text), jsonl.LinesOptions{Values: true})
	for {
		line, err := lines.Next(t.Context())
		if err != nil {
			return docs
		}
		docs = append(docs, bytes.Clone(line.Body))
	}
}

// decodeAll spells the events of documents.
func decodeAll(t *testing.T, d Dialect, docs [][]byte, full bool) string {
	t.Helper()
	if got := Sniff(&Head{Lines: docs}, All()); got == nil || got.Name() != d.Name() {
		t.Errorf("it is told as %v, want %s", got, d.Name())
	}
	var b strings.Builder
	dec := d.Open(Segment{Path: "x/telemetry.json"})
	for _, doc := range docs {
		if err := dec.Decode(&eventlog.Record{Body: doc}, full, func(e *eventlog.Event) { spell(&b, e) }); err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
		}
	}
	return b.String()
}

func TestDocumentsGolden(t *testing.T) {
	for _, tc := range []struct {
		name string
		d    Dialect
		path string
		full bool
	}{
		{"otlp-agents", OTLP{}, "otlp/agents.jsonl", false},
		{"otlp-agents-full", OTLP{}, "otlp/agents.jsonl", true},
		{"otlp-claude", OTLP{}, "otlp/claude.jsonl", true},
		{"otlp-codex", OTLP{}, "otlp/codex.json", true},
		{"otlp-conventions", OTLP{}, "otlp/conventions.jsonl", true},
		{"gemini-telemetry", GeminiTelemetry{}, "gemini-telemetry/telemetry.log", true},
		{"copilot-telemetry", CopilotTelemetry{}, "copilot-telemetry/copilot-otel.jsonl", true},
		{"copilot-telemetry-editor", CopilotTelemetry{}, "copilot-telemetry/editor.jsonl", true},
		{"sentrial", Sentrial{}, "sentrial/wire.jsonl", true},
		{"niitaka", Niitaka{}, "niitaka/export.json", true},
	} {
		t.Run(tc.name, func(t *testing.T) { golden(t, tc.name, decodeAll(t, tc.d, otlpFile(t, tc.path), tc.full)) })
	}
}

// figures adds documents up as the catalog does.
func figures(t *testing.T, d Dialect, docs ...[]byte) string {
	t.Helper()
	syms := eventlog.NewSymbols()
	set := eventlog.NewSources(syms)
	sum := eventlog.NewSummary(syms, "x", d.Name(), 0)
	set.Add(sum)
	dec := d.Open(Segment{Path: "x"})
	sum.Update(func() {
		for _, doc := range docs {
			if err := dec.Decode(&eventlog.Record{Body: doc}, false, func(e *eventlog.Event) { sum.Add(0, e) }); err != nil {
				t.Fatal(err)
			}
		}
	})
	var calls, tools, fails, errs int64
	var u eventlog.Usage
	var cost eventlog.Money
	c := set.Catalog()
	for _, s := range c.Sessions {
		calls, tools, fails, errs = calls+s.Calls, tools+s.ToolCalls, fails+s.ToolFails, errs+s.Errors
		u.Add(s.Usage)
		cost += s.Recorded
	}
	return fmt.Sprintf("sessions %d calls %d tools %d-%d errors %d %+v $%s", len(c.Sessions), calls, tools, fails, errs, u, cost)
}

// The figures may not depend on the order in which spans are exported, nor on
// how many of them stand in one document, nor on what is sent again.
func TestOTLPInAnyOrder(t *testing.T) {
	for name, want := range map[string]string{
		"otlp/agents.jsonl":      "sessions 1 calls 2 tools 2-1 errors 1 {Input:800 CacheRead:400 CacheWrite5m:100 CacheWrite1h:0 Output:80 Reasoning:20} $0",
		"otlp/claude.jsonl":      "sessions 1 calls 2 tools 1-1 errors 2 {Input:22 CacheRead:4300 CacheWrite5m:100 CacheWrite1h:200 Output:48 Reasoning:0} $0.00163",
		"otlp/codex.json":        "sessions 1 calls 1 tools 1-0 errors 0 {Input:200 CacheRead:1000 CacheWrite5m:0 CacheWrite1h:0 Output:90 Reasoning:30} $0",
		"otlp/conventions.jsonl": "sessions 4 calls 4 tools 3-1 errors 1 {Input:560 CacheRead:1500 CacheWrite5m:50 CacheWrite1h:0 Output:101 Reasoning:15} $0.002775",
	} {
		docs := otlpFile(t, name)
		if got := figures(t, OTLP{}, docs...); got != want {
			t.Errorf("%s: %s, want\n%s", name, got, want)
		}
		single := split(t, docs)
		random := rand.New(rand.NewSource(1))
		for range 20 {
			random.Shuffle(len(single), func(i, j int) { single[i], single[j] = single[j], single[i] })
			got := figures(t, OTLP{}, single...)
			// Which of several failures is the first is not known before all are.
			got, want := withoutErrors(got), withoutErrors(want)
			if got != want {
				t.Fatalf("%s, shuffled: %s, want\n%s", name, got, want)
			}
		}
	}
}

func withoutErrors(figures string) string {
	before, rest, _ := strings.Cut(figures, " errors ")
	_, after, _ := strings.Cut(rest, " ")
	return before + after
}

// split makes a document of each span and log record.
func split(t *testing.T, docs [][]byte) (single [][]byte) {
	t.Helper()
	for _, doc := range docs {
		for _, kind := range [][3]string{{"resourceSpans", "scopeSpans", "spans"}, {"resourceLogs", "scopeLogs", "logRecords"}} {
			list, ok := jsonl.Lookup(doc, kind[0])
			if !ok {
				continue
			}
			elements(list, func(resource []byte) {
				res, _ := jsonl.Lookup(resource, "resource")
				scopes, _ := jsonl.Lookup(resource, kind[1])
				elements(scopes, func(scope []byte) {
					about, _ := jsonl.Lookup(scope, "scope")
					items, _ := jsonl.Lookup(scope, kind[2])
					elements(items, func(item []byte) {
						single = append(single, fmt.Appendf(nil, `{%q:[{"resource":%s,%q:[{"scope":%s,%q:[%s]}]}]}`, kind[0], res, kind[1], about, kind[2], item))
					})
				})
			})
		}
	}
	return single
}

// Whoever looks at one record decodes it alone: it must have the same events.
func TestDocumentsAlone(t *testing.T) {
	for _, name := range []string{"otlp/agents.jsonl", "otlp/claude.jsonl", "otlp/codex.json", "otlp/conventions.jsonl", "gemini-telemetry/telemetry.log", "copilot-telemetry/copilot-otel.jsonl", "copilot-telemetry/editor.jsonl", "sentrial/wire.jsonl", "niitaka/export.json"} {
		docs := otlpFile(t, name)
		d := Sniff(&Head{Lines: docs}, All())
		whole := d.Open(Segment{Path: "x"})
		for i, doc := range docs {
			kinds := func(dec Decoder, full bool) (list []string) {
				if err := dec.Decode(&eventlog.Record{Body: doc}, full, func(e *eventlog.Event) { list = append(list, fmt.Sprint(e.Kind, " ", e.Type)) }); err != nil {
					t.Error(err)
				}
				return list
			}
			want, got := kinds(whole, false), kinds(d.Open(Segment{Path: "x"}), true)
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%s, document %d: alone it is %q, in its file %q", name, i, got, want)
			}
		}
	}
}

// The tree has the parents that the spans name, though these come later.
func TestOTLPTree(t *testing.T) {
	want := `custom POST /mend 2.1s
  hil_decision 0s
  run mender 1.95s
    model gpt-5-2025-08-07 800ms
    tool ask 700ms
      run helper 500ms
        model gpt-5-mini 300ms
    tool glue 100ms failed
`
	docs := otlpFile(t, "otlp/agents.jsonl")
	for name, order := range map[string][][]byte{"as written": docs, "parents first": {docs[1], docs[0]}, "children first": {docs[0], docs[1]}} {
		if got := otlpTree(t, order); got != want {
			t.Errorf("%s:\n%swant\n%s", name, got, want)
		}
	}
}

// otlpTree spells the spans of a log below its sessions.
func otlpTree(t *testing.T, docs [][]byte) string {
	t.Helper()
	syms := eventlog.NewSymbols()
	x := eventlog.NewIndex(syms)
	dec := OTLP{}.Open(Segment{Path: "x"})
	for _, doc := range docs {
		if err := dec.Decode(&eventlog.Record{Body: doc}, false, func(e *eventlog.Event) { x.Append(eventlog.Place{}, e) }); err != nil {
			t.Fatal(err)
		}
	}
	snap := x.Publish()
	kids := map[eventlog.SpanID][]eventlog.SpanID{}
	for i, s := range snap.Spans.All() {
		kids[s.Parent] = append(kids[s.Parent], eventlog.SpanID(i+1))
	}
	var b strings.Builder
	var walk func(id eventlog.SpanID, depth int)
	walk = func(id eventlog.SpanID, depth int) {
		s := snap.Span(id)
		list := kids[id]
		for i := range list { // a few: in the order of their start
			for j := i; j > 0 && snap.Span(list[j]).Start < snap.Span(list[j-1]).Start; j-- {
				list[j], list[j-1] = list[j-1], list[j]
			}
		}
		if s.Kind != eventlog.SpanSession {
			name := ""
			switch s.Kind {
			case eventlog.SpanRun:
				name = "run " + syms.Name(s.Agent)
			case eventlog.SpanModel:
				name = "model " + syms.Name(s.Model)
			case eventlog.SpanTool:
				name = "tool " + syms.Name(s.Tool)
			default:
				row := snap.Rows.At(int(s.First))
				name = strings.TrimSpace(row.Kind.String() + " " + syms.Name(row.Type))
			}
			fmt.Fprintf(&b, "%s%s %s", strings.Repeat("  ", depth-1), name, s.End.Sub(s.Start))
			if s.Flags.Has(eventlog.SpanFailed) {
				b.WriteString(" failed")
			}
			if s.Flags.Has(eventlog.SpanOpen) {
				b.WriteString(" open")
			}
			b.WriteByte('\n')
		}
		for _, k := range list {
			walk(k, depth+1)
		}
	}
	for _, id := range kids[0] {
		walk(id, 0)
	}
	return b.String()
}

func TestOTLPSpellings(t *testing.T) {
	want := figures(t, OTLP{}, []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708",`+
		`"name":"chat m","startTimeUnixNano":"1772442000000000000","endTimeUnixNano":"1772442001000000000","status":{"code":2},"attributes":[{"key":"gen_ai.usage.input_tokens","value":{"intValue":"7"}}]}]}]}]}`))
	for name, doc := range map[string]string{
		"base64 ids, numbers, an old key": `{"resourceSpans":[{"instrumentationLibrarySpans":[{"spans":[{"traceId":"AQIDBAUGBwgJCgsMDQ4PEA==","spanId":"AQIDBAUGBwg=","parentSpanId":"",` +
			`"name":"chat m","startTimeUnixNano":1772442000000000000,"endTimeUnixNano":1772442001000000000,"status":{"code":"STATUS_CODE_ERROR"},"attributes":[{"key":"gen_ai.usage.input_tokens","value":{"intValue":7}}]}]}]}]}`,
		"underscores": `{"resource_spans":[{"scope_spans":[{"spans":[{"trace_id":"0102030405060708090A0B0C0D0E0F10","span_id":"0102030405060708",` +
			`"name":"chat m","start_time_unix_nano":"1772442000000000000","end_time_unix_nano":"1772442001000000000","status":{"code":2},"attributes":[{"key":"gen_ai.usage.input_tokens","value":{"int_value":"7"}}]}]}]}]}`,
		"a double": `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708",` +
			`"name":"chat m","startTimeUnixNano":"1772442000000000000","endTimeUnixNano":"1772442001000000000","status":{"code":2},"attributes":[{"key":"gen_ai.usage.input_tokens","value":{"doubleValue":7}}]}]}]}]}`,
	} {
		if got := figures(t, OTLP{}, []byte(doc)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// usageOf reads the counts of a span with these attributes.
func usageOf(name string, attrs string) eventlog.Usage {
	it := &otlpItem{kind: itemSpan, name: []byte(`"` + name + `"`)}
	it.attrs.read([]byte(attrs))
	return it.count().usage
}

func TestOTLPUsage(t *testing.T) {
	for attrs, want := range map[string]eventlog.Usage{
		`{"gen_ai.usage.input_tokens":100,"gen_ai.usage.cache_read.input_tokens":60,"gen_ai.usage.cache_creation.input_tokens":10,"gen_ai.usage.output_tokens":5}`: {Input: 30, CacheRead: 60, CacheWrite5m: 10, Output: 5},
		// More from the cache than there was: the input is apart from it.
		`{"gen_ai.usage.input_tokens":10,"gen_ai.usage.cache_read_input_tokens":60,"gen_ai.usage.output_tokens":5}`: {Input: 10, CacheRead: 60, Output: 5},
		// The total is the sum of all, so they are apart.
		`{"gen_ai.usage.prompt_tokens":100,"gen_ai.usage.cache_read_input_tokens":60,"gen_ai.usage.completion_tokens":5,"llm.usage.total_tokens":165}`: {Input: 100, CacheRead: 60, Output: 5},
		`{"gen_ai.usage.prompt_tokens":100,"gen_ai.usage.cache_read_input_tokens":60,"gen_ai.usage.completion_tokens":5,"llm.usage.total_tokens":105}`: {Input: 40, CacheRead: 60, Output: 5},
		`{"input_token_count":100,"cached_content_token_count":60,"output_token_count":5,"thoughts_token_count":3,"tool_token_count":2}`:               {Input: 42, CacheRead: 60, Output: 8, Reasoning: 3},
		`{"input_tokens":10,"output_tokens":5,"cache_read_tokens":60,"cache_creation_tokens":30,"cache_creation_1h_tokens":20}`:                        {Input: 10, CacheRead: 60, CacheWrite5m: 10, CacheWrite1h: 20, Output: 5},
		// Reasoning beside the output.
		`{"llm.token_count.prompt":10,"llm.token_count.completion":5,"llm.token_count.completion_details.reasoning":4,"llm.token_count.total":19}`:     {Input: 10, Output: 9, Reasoning: 4},
		`{"llm.token_count.prompt":10,"llm.token_count.completion":5,"llm.token_count.completion_details.reasoning":4,"llm.token_count.total":15}`:     {Input: 10, Output: 5, Reasoning: 4},
		`{"langfuse.observation.usage_details":"{\"input\":40,\"input_cached_tokens\":60,\"output\":2,\"output_reasoning_tokens\":3,\"total\":105}"}`:  {Input: 40, CacheRead: 60, Output: 5, Reasoning: 3},
		`{"langfuse.observation.usage_details":"{\"input\":100,\"input_cached_tokens\":60,\"output\":5,\"output_reasoning_tokens\":3,\"total\":105}"}`: {Input: 40, CacheRead: 60, Output: 5, Reasoning: 3},
		`{"langfuse.observation.usage_details":"{\"input\":40,\"input_cached_tokens\":60,\"output\":5}","gen_ai.usage.input_tokens":100}`:              {Input: 40, CacheRead: 60, Output: 5},
		`{"gen_ai.usage.input_tokens":-5,"gen_ai.usage.output_tokens":1e300}`:                                                                          {},
		`{"llm.usage.total_tokens":50,"gen_ai.usage.prompt_tokens":45}`:                                                                                {Input: 45, Output: 5},
	} {
		if got := usageOf("x", attrs); got != want {
			t.Errorf("%s:\n%+v, want\n%+v", attrs, got, want)
		}
	}
}

func TestOTLPRoles(t *testing.T) {
	for attrs, want := range map[string]role{
		`{"gen_ai.operation.name":"chat"}`:                                           roleModel,
		`{"gen_ai.operation.name":"execute_tool"}`:                                   roleTool,
		`{"gen_ai.operation.name":"invoke_agent","openinference.span.kind":"CHAIN"}`: roleAgent,
		`{"openinference.span.kind":"CHAIN"}`:                                        roleOther,
		`{"openinference.span.kind":"RETRIEVER"}`:                                    roleOther,
		`{"traceloop.span.kind":"task","llm.request.type":"chat"}`:                   roleModel,
		`{"langfuse.observation.type":"generation"}`:                                 roleModel,
		`{"langfuse.observation.type":"span","gen_ai.operation.name":"embeddings"}`:  roleModel,
		`{"ai.operationId":"ai.streamText.doStream"}`:                                roleModel,
		`{"ai.operationId":"ai.streamText"}`:                                         roleAgent,
		`{"ai.operationId":"ai.toolCall"}`:                                           roleTool,
		`{"gen_ai.usage.input_tokens":1}`:                                            roleModel,
		`{"http.method":"GET"}`:                                                      roleOther,
		`{"gen_ai.operation.name":"plan"}`:                                           roleOther,
	} {
		it := &otlpItem{kind: itemSpan, name: []byte(`"x"`)}
		it.attrs.read([]byte(attrs))
		if got := it.roleOf(); got != want {
			t.Errorf("%s: %d, want %d", attrs, got, want)
		}
	}
}

// A sentence that a person reads is never JSON.
func TestSaid(t *testing.T) {
	for value, want := range map[string]string{
		`"hello"`: "hello",
		`"[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"a\"},{\"type\":\"tool_call\",\"name\":\"x\"}]}]"`: "a",
		`[{"type":"text","text":"a"},{"type":"text","text":"b"}]`:                                                           "a\nb",
		`{"hits":[]}`: "",
		`{"arrayValue":{"values":[{"kvlistValue":{"values":[{"key":"content","value":{"stringValue":"deep"}}]}}]}}`: "deep",
		`"{\"candidates\":1}"`: "",
		`null`:                 "",
		`5`:                    "5",
		``:                     "",
	} {
		if got := said([]byte(value)); got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
	if got := saidBy("user", []byte(`[{"role":"user","content":"one"},{"role":"assistant","content":"no"},{"role":"user","content":"two"}]`)); got != "two" {
		t.Error(got)
	}
	if got := thought([]byte(`[{"role":"assistant","parts":[{"type":"reasoning","content":"hm"},{"type":"text","content":"yes"}]}]`)); got != "hm" {
		t.Error(got)
	}
}

// message writes protobuf for tests.
type message []byte

func (m message) bytes(number int, body []byte) message {
	m = binary.AppendUvarint(m, uint64(number)<<3|wireBytes)
	return append(binary.AppendUvarint(m, uint64(len(body))), body...)
}

func (m message) int(number int, n uint64) message {
	return binary.AppendUvarint(binary.AppendUvarint(m, uint64(number)<<3|wireVarint), n)
}

func (m message) fixed(number int, n uint64) message {
	return binary.LittleEndian.AppendUint64(binary.AppendUvarint(m, uint64(number)<<3|wireEight), n)
}

func pair(key string, value message) message {
	return message{}.bytes(1, []byte(key)).bytes(2, value)
}

// protoTraces is a document with an agent and its call.
func protoTraces() message {
	trace := bytes.Repeat([]byte{7}, 16)
	text := func(s string) message { return message{}.bytes(1, []byte(s)) }
	number := func(n uint64) message { return message{}.int(3, n) }
	chat := message{}.bytes(1, trace).bytes(2, []byte("chatchat")).bytes(4, []byte("rootroot")).bytes(5, []byte(`chat "m"`)).int(6, 3).
		fixed(7, 1772442000_000000000).fixed(8, 1772442001_000000000).
		bytes(9, pair("gen_ai.operation.name", text("chat"))).bytes(9, pair("gen_ai.request.model", text("m"))).
		bytes(9, pair("gen_ai.usage.input_tokens", number(70))).bytes(9, pair("gen_ai.usage.output_tokens", number(7))).
		bytes(9, pair("gen_ai.usage.cost", message{}.fixed(4, math.Float64bits(0.25)))).
		bytes(9, pair("stream", message{}.int(2, 1))).
		bytes(9, pair("gen_ai.response.finish_reasons", message{}.bytes(5, message{}.bytes(1, text("stop"))))).
		bytes(11, message{}.fixed(1, 1772442000_500000000).bytes(2, []byte("gen_ai.choice")).bytes(3, pair("content", text("yes"))))
	root := message{}.bytes(1, trace).bytes(2, []byte("rootroot")).bytes(5, []byte("invoke_agent a")).fixed(7, 1772441999_000000000).fixed(8, 1772442002_000000000).
		bytes(9, pair("gen_ai.operation.name", text("invoke_agent"))).bytes(15, message{}.bytes(2, []byte("it broke")).int(3, 2))
	scope := message{}.bytes(1, message{}.bytes(1, []byte("lib"))).bytes(2, chat).bytes(2, root)
	return message{}.bytes(1, message{}.bytes(1, message{}.bytes(1, pair("service.name", text("shop")))).bytes(2, scope))
}

func protoLogs() message {
	record := message{}.fixed(1, 1772442000_000000000).int(2, 9).bytes(5, message{}.bytes(1, []byte("claude_code.api_request"))).
		bytes(6, pair("session.id", message{}.bytes(1, []byte("s")))).bytes(6, pair("input_tokens", message{}.int(3, 5))).bytes(6, pair("output_tokens", message{}.int(3, 2)))
	return message{}.bytes(1, message{}.bytes(2, message{}.bytes(2, record)))
}

func TestOTLPProtobuf(t *testing.T) {
	var b strings.Builder
	dec := OTLP{}.Open(Segment{Path: "x"})
	for _, m := range []message{protoTraces(), protoLogs()} {
		if err := dec.Decode(&eventlog.Record{Body: m}, true, func(e *eventlog.Event) { spell(&b, e) }); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "otlp-protobuf", b.String())
}

func TestOTLPFrames(t *testing.T) {
	sized := func(m message) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(m))), m...) }
	metric := message{}.bytes(1, message{}.bytes(2, message{}.bytes(2, message{}.bytes(1, []byte("m")).bytes(7, message{}.int(2, 1)))))
	for name, tc := range map[string]struct {
		text []byte
		want Framing
	}{
		"one message":     {protoTraces(), OneFrame},
		"logs":            {protoLogs(), OneFrame},
		"metrics":         {metric, OneFrame},
		"sized":           {sized(protoTraces()), SizedFrames},
		"sized, cut off":  {sized(protoTraces())[:len(protoTraces())-40], SizedFrames},
		"JSON":            {[]byte(`{"resourceSpans":[]}`), NoFrames},
		"a blank line":    {[]byte("\n{\"a\":1}\n"), NoFrames},
		"nothing":         {nil, NoFrames},
		"a length only":   {[]byte{0, 0, 0, 9}, NoFrames},
		"another message": {message{}.bytes(1, []byte("hello there, this is text")), NoFrames},
	} {
		if got := framesOf(tc.text); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
		if sniffed := (OTLP{}.Sniff(&Head{Start: tc.text}) > 0); sniffed != (tc.want != NoFrames) && name != "JSON" {
			t.Errorf("%s: known %v", name, sniffed)
		}
	}
}

func TestOTLPDamagedMessage(t *testing.T) {
	whole := protoTraces()
	for n := range len(whole) {
		err := OTLP{}.Open(Segment{Path: "x"}).Decode(&eventlog.Record{Body: whole[:n]}, true, func(*eventlog.Event) {})
		if err == nil {
			t.Errorf("the first %d of %d bytes are taken as a message", n, len(whole))
		}
	}
}

func FuzzOTLPMessage(f *testing.F) {
	f.Add([]byte(protoTraces()))
	f.Add([]byte(protoLogs()))
	f.Fuzz(func(t *testing.T, body []byte) {
		framesOf(body)
		if text, err := appendMessage(nil, body); err == nil && !jsonl.Valid(text) {
			t.Errorf("%x becomes %q", body, text)
		}
		_ = OTLP{}.Open(Segment{Path: "x"}).Decode(&eventlog.Record{Body: body}, true, func(*eventlog.Event) {})
	})
}

// What Claude Code tells of waiting for a person is a wait of the call, whichever
// of the two spans comes first, and however often it is sent.
func TestClaudesTelemetryTellsOfWaiting(t *testing.T) {
	span := func(id, parent, name string, from, to int, more string) string {
		return fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"claude-code"}}]},"scopeSpans":[{"spans":[`+
			`{"traceId":"1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a","spanId":%q,"parentSpanId":%q,"name":%q,"startTimeUnixNano":"%d000000000","endTimeUnixNano":"%d000000000",`+
			`"attributes":[{"key":"session.id","value":{"stringValue":"s"}}%s]}]}]}]}`, id, parent, name, 1772442000+from, 1772442000+to, more)
	}
	text := func(key, value string) string {
		return fmt.Sprintf(`,{"key":%q,"value":{"stringValue":%q}}`, key, value)
	}
	const root, call, wait, run = "00000000000000a0", "00000000000000a1", "00000000000000a2", "00000000000000a3"
	turn := span(root, "", "claude_code.interaction", 0, 100, "")
	tool := span(call, root, "claude_code.tool", 10, 50, text("tool_name", "Bash")+text("tool_use_id", "toolu_0001"))
	ran := span(run, call, "claude_code.tool.execution", 40, 50, text("success", "true"))
	by := func(source string) string {
		return span(wait, call, "claude_code.tool.blocked_on_user", 10, 40, text("decision", "accept")+text("source", source))
	}
	for name, c := range map[string]struct {
		docs []string
		want string
	}{
		"children first":     {[]string{by("user_temporary"), ran, tool, turn}, "Bash 1: 10 to 40"},
		"parents first":      {[]string{turn, tool, by("user_temporary"), ran}, "Bash 1: 10 to 40"},
		"sent again":         {[]string{by("user_reject"), tool, by("user_reject"), tool, turn}, "Bash 1: 10 to 40"},
		"without a source":   {[]string{by(""), tool, turn}, "Bash 1: 10 to 40"},
		"settings decided":   {[]string{by("config"), tool, turn}, ""},
		"the call is not in": {[]string{by("user_permanent")}, " 1: 10 to 40"},
	} {
		x := eventlog.NewIndex(eventlog.NewSymbols())
		dec := OTLP{}.Open(Segment{Path: "x"})
		for _, doc := range c.docs {
			if err := dec.Decode(&eventlog.Record{Body: []byte(doc)}, false, func(e *eventlog.Event) { x.Append(eventlog.Place{}, e) }); err != nil {
				t.Fatal(err)
			}
		}
		snap := x.Publish()
		var got []string
		for _, p := range snap.Pauses.All() {
			if p.Kind != eventlog.PauseTurn {
				s := snap.Span(p.Span)
				got = append(got, fmt.Sprintf("%s %d: %d to %d", snap.Symbols.Name(s.Tool), p.Kind, p.Start/1e9-1772442000, p.End/1e9-1772442000))
			} else if s := snap.Span(p.Span); s.Kind == eventlog.SpanRun && !s.Flags.Has(eventlog.SpanOrphan) && p.Open && p.Start < s.End {
				t.Errorf("%s: the run is at rest since %d, before its end", name, p.Start/1e9-1772442000)
			}
		}
		if got := strings.Join(got, ", "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
