package receiver

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/recorder/export"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/redact"
)

// documents reads a log of our own and makes a document of each span and log
// record of it, as a request has it.
func documents(t *testing.T, name string) (docs []document) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "testdata", "otlp", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type object = map[string]json.RawMessage
	list := func(o object, key string) (l []object) {
		if o[key] != nil {
			if err := json.Unmarshal(o[key], &l); err != nil {
				t.Fatal(err)
			}
		}
		return l
	}
	with := func(o object, key string, value any) object {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		c := object{}
		for k, v := range o {
			c[k] = v
		}
		c[key] = text
		return c
	}
	dec := json.NewDecoder(f)
	for {
		var doc object
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs
		}
		if err != nil {
			t.Fatal(err)
		}
		for path, keys := range map[string][3]string{
			"/v1/traces": {"resourceSpans", "scopeSpans", "spans"}, "/v1/logs": {"resourceLogs", "scopeLogs", "logRecords"},
		} {
			for _, resource := range list(doc, keys[0]) {
				for _, scope := range list(resource, keys[1]) {
					for _, item := range list(scope, keys[2]) {
						one := with(object{}, keys[0], []object{with(resource, keys[1], []object{with(scope, keys[2], []object{item})})})
						text, err := json.Marshal(one)
						if err != nil {
							t.Fatal(err)
						}
						docs = append(docs, document{path, text})
					}
				}
			}
		}
	}
}

type document struct {
	path string
	body []byte
}

// picture is what readers make of a log: its figures, and its spans with those
// above them. Sessions are left out, and the command, which only one side has.
func picture(t *testing.T, d dialect.Dialect, lines [][]byte) (figures, tree string) {
	t.Helper()
	syms := eventlog.NewSymbols()
	set := eventlog.NewSources(syms)
	sum := eventlog.NewSummary(syms, "x", d.Name(), 0)
	set.Add(sum)
	x := eventlog.NewIndex(syms)
	dec := d.Open(dialect.Segment{Path: "x"})
	sum.Update(func() {
		for _, line := range lines {
			if err := dec.Decode(&eventlog.Record{Body: line}, false, func(e *eventlog.Event) {
				sum.Add(0, e)
				x.Append(eventlog.Place{}, e)
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
	var calls, tools, fails, errs int64
	var u eventlog.Usage
	var cost eventlog.Money
	for _, s := range set.Catalog().Sessions {
		calls, tools, fails, errs = calls+s.Calls, tools+s.ToolCalls, fails+s.ToolFails, errs+s.Errors
		u.Add(s.Usage)
		cost += s.Recorded
	}
	snap := x.Publish()
	var paths []string
	for i := range snap.Spans.All() {
		path := ""
		for id := eventlog.SpanID(i + 1); id != 0; id = snap.Span(id).Parent {
			s := snap.Span(id)
			switch s.Kind {
			case eventlog.SpanSession:
				continue
			case eventlog.SpanRun:
				if syms.Name(s.Agent) == "the command" {
					continue
				}
			}
			row := snap.Rows.At(int(s.First))
			kind := row.Kind.String()
			if row.Kind == eventlog.Custom {
				kind = syms.Name(row.Type)
			}
			path = fmt.Sprintf("/%s %s%s", kind, syms.Name(s.Model), syms.Name(s.Tool)) + path
		}
		if path != "" {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	figures = fmt.Sprintf("calls %d tools %d-%d errors %d %+v $%s", calls, tools, fails, errs, u, cost)
	return figures, strings.Join(paths, "\n")
}

// recording is a receiver before a pipeline that masks and stores.
func recording(t *testing.T, o pipeline.Options) (server *Server, lines func() [][]byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.jsonl")
	o.Open = func(context.Context) (pipeline.Store, error) { return export.OpenJSONL(path) }
	if o.Redactor == nil {
		mask, err := redact.New(redact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o.Redactor = mask
	}
	o.Run, o.Agent = "command", "the command"
	rec := pipeline.New(o)
	if err := rec.Emit(t.Context(), eventlog.Event{Kind: eventlog.AgentStart}); err != nil {
		t.Fatal(err)
	}
	server, err := Listen(context.WithoutCancel(t.Context()), rec, Options{Events: true, Telemetry: true, Run: "command"})
	if err != nil {
		t.Fatal(err)
	}
	ended := false
	end := func() {
		if ended {
			return
		}
		ended = true
		if err := errors.Join(server.Drain(context.Background()), rec.Close(context.Background())); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(end)
	return server, func() (lines [][]byte) {
		end()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			lines = append(lines, bytes.TrimSpace(line))
		}
		return lines
	}
}

func post(t *testing.T, server *Server, d document, how string) {
	t.Helper()
	r := request(t, server, d.path, bytes.NewReader(d.body))
	if how != "" {
		p := packed(t, how, d.body)
		r = request(t, server, d.path, p)
		r.Header.Set("Content-Encoding", how)
	}
	if status, _, body := send(t, r); status != 200 || strings.TrimSpace(body) != "{}" {
		t.Errorf("%s: %d %s", d.path, status, body)
	}
}

// What was received reads as the file reads that a collector would have written:
// in whatever order it comes, and whatever is sent again.
func TestReceivedAsRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"agents.jsonl", "claude.jsonl", "codex.json", "conventions.jsonl"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			docs := documents(t, name)
			random := rand.New(rand.NewSource(1))
			for round := range 3 {
				var bodies [][]byte
				for _, d := range docs {
					bodies = append(bodies, d.body)
				}
				figures, tree := picture(t, dialect.OTLP{}, bodies)
				server, lines := recording(t, pipeline.Options{})
				for _, d := range docs {
					post(t, server, d, "")
					post(t, server, d, "gzip")
				}
				stored := lines()
				gotFigures, gotTree := picture(t, dialect.LazyBridge{}, stored)
				if gotFigures != figures {
					t.Errorf("round %d: %s, want\n%s", round, gotFigures, figures)
				}
				// Ids of spans are random, but for those that a person wrote: there, those
				// of several traces are the same, which are sessions of their own in a file.
				if gotTree != tree && name != "conventions.jsonl" {
					t.Errorf("round %d: the tree is\n%s\nwant\n%s", round, gotTree, tree)
				}
				ids := map[string]bool{}
				for _, line := range stored {
					var e struct{ ID string }
					if err := json.Unmarshal(line, &e); err != nil || ids[e.ID] {
						t.Errorf("%s is there twice, %v", e.ID, err)
					}
					ids[e.ID] = true
				}
				random.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
			}
		})
	}
}

// chat is a span of a model call in protobuf.
func chat(attributes ...string) []byte {
	field := func(number int, value []byte) []byte { return appendBytes(nil, number, string(value)) }
	fixed := func(number int, n uint64) []byte {
		return binary.LittleEndian.AppendUint64([]byte{byte(number<<3 | 1)}, n)
	}
	span := slices.Concat(field(1, bytes.Repeat([]byte{7}, 16)), field(2, []byte("chatchat")), field(5, []byte("chat m")),
		fixed(7, 1772442000_000000000), fixed(8, 1772442001_000000000))
	for i := 0; i+1 < len(attributes); i += 2 {
		span = append(span, field(9, slices.Concat(field(1, []byte(attributes[i])), field(2, field(1, []byte(attributes[i+1])))))...)
	}
	return field(1, field(2, field(2, span)))
}

func protobuf(t *testing.T, server *Server, path string, body []byte) *http.Request {
	t.Helper()
	r := request(t, server, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", protobufType)
	return r
}

func TestProtobuf(t *testing.T) {
	t.Parallel()
	server, lines := recording(t, pipeline.Options{})
	body := chat("gen_ai.operation.name", "chat", "gen_ai.request.model", "m", "gen_ai.usage.input_tokens", "70", "gen_ai.response.id", "resp_1")
	for range 2 {
		r := protobuf(t, server, "/v1/traces", packed(t, "gzip", body).Bytes())
		r.Header.Set("Content-Encoding", "gzip")
		status, header, answer := send(t, r)
		if status != 200 || answer != "" || header.Get("Content-Type") != protobufType {
			t.Errorf("%d %q", status, answer)
		}
	}
	for path, body := range map[string]string{"/v1/metrics": "anything", "/v1/logs": "", "/v1/traces": ""} {
		if status, _, answer := send(t, protobuf(t, server, path, []byte(body))); status != 200 || answer != "" {
			t.Errorf("%s: %d %q", path, status, answer)
		}
	}
	status, header, answer := send(t, protobuf(t, server, "/v1/traces", body[:len(body)-3]))
	if status != 400 || !strings.HasPrefix(answer, "\x08\x03\x12") || header.Get("Content-Type") != protobufType {
		t.Errorf("damaged: %d %q", status, answer)
	}
	got := lines()
	if figures, _ := picture(t, dialect.LazyBridge{}, got); len(got) != 3 || !strings.HasPrefix(figures, "calls 1 ") || !strings.Contains(figures, "Input:70 ") {
		t.Errorf("%s of %d events", figures, len(got))
	}
}

func TestTelemetryThatIsNone(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := start(t, s, Options{Telemetry: true})
	for text, want := range map[string]int{
		`{}`: 200, `{"resourceSpans":[]}`: 200, `{"resourceSpans":null}`: 200, `{"resourceSpans":[{"scopeSpans":[{"spans":[7,{}]}]}]}`: 200,
		``: 400, `[]`: 400, `{`: 400, `{"resourceSpans":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`: 400,
	} {
		status, _, body := send(t, request(t, server, "/v1/traces", strings.NewReader(text)))
		if status != want || want == 400 && !strings.Contains(body, `"code":3,"message":"`) {
			t.Errorf("%.40s: %d %s", text, status, body)
		}
	}
	if status, _, _ := send(t, request(t, server, "/v1/events", strings.NewReader(one))); status != 404 {
		t.Errorf("a layer that is off: %d", status)
	}
	// Gemini CLI sends everything to one path.
	before := s.taken()
	text := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":{"stringValue":"hello"}}]}]}]}`
	if status, _, body := send(t, request(t, server, "/", strings.NewReader(text))); status != 200 || s.taken() != before+1 {
		t.Errorf("%d %s, %d events", status, body, s.taken())
	}
}

// A span that is called like an event of ours is none, and its session goes on.
func TestNamesOfOurs(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := start(t, s, Options{Telemetry: true, Run: "command"})
	span := `{"traceId":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","spanId":"00000000000000%02d","name":"%s","startTimeUnixNano":"1772442000000000000","endTimeUnixNano":"1772442001000000000"}`
	text := fmt.Sprintf(`{"resourceSpans":[{"scopeSpans":[{"spans":[`+span+`,`+span+`]}]}]}`, 1, "session_end", 2, "step")
	if status, _, body := send(t, request(t, server, "/v1/traces", strings.NewReader(text))); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	if len(s.events) != 2 || s.events[0].Type != "otlp.session_end" || s.events[1].Type != "step" {
		t.Errorf("%+v", s.events)
	}
	if s.events[0].SessionID != "" || s.events[0].Facts != nil {
		t.Errorf("it tells of another session: %+v", s.events[0])
	}
}

// A request that found no room is sent again, and nothing of it is lost or there
// twice; the failure that it tells of is told.
func TestSentAgain(t *testing.T) {
	t.Parallel()
	refused := 2
	s := &sink{}
	s.fail = func(*eventlog.Event) error {
		if refused > 0 {
			refused--
			return pipeline.ErrFull
		}
		return nil
	}
	server := start(t, s, Options{Telemetry: true})
	span := `{"traceId":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a","spanId":"00000000000000%02d","name":"step","startTimeUnixNano":"1","endTimeUnixNano":"2","status":{"code":2,"message":"broke"}}`
	text := fmt.Sprintf(`{"resourceSpans":[{"scopeSpans":[{"spans":[`+span+`,`+span+`,`+span+`]}]}]}`, 1, 2, 3)
	for i, want := range []int{429, 200, 200} {
		status, header, body := send(t, request(t, server, "/v1/traces", strings.NewReader(text)))
		if status != want || (header.Get("Retry-After") != "") != (want == 429) {
			t.Errorf("%d: %d %s", i, status, body)
		}
	}
	if len(s.events) != 3 {
		t.Fatalf("%d events", len(s.events))
	}
	for _, e := range s.events {
		if !e.Failed {
			t.Errorf("%s does not tell of its failure", e.ID)
		}
	}
}

// stubborn is a redactor that fails at one word.
type stubborn struct{}

func (stubborn) JSON(raw []byte) ([]byte, int) {
	if bytes.Contains(raw, []byte("chokes")) {
		panic("it does")
	}
	return raw, 0
}
func (stubborn) Text(s string) (string, int) { return s, 0 }

// What cannot be masked is not stored, and the sender is told not to try again.
func TestPartialSuccess(t *testing.T) {
	t.Parallel()
	server, lines := recording(t, pipeline.Options{Redactor: stubborn{}})
	status, _, body := send(t, protobuf(t, server, "/v1/traces", chat("gen_ai.operation.name", "chat", "note", "chokes")))
	if status != 200 || !strings.HasPrefix(body, "\x0a") || !strings.Contains(body, "\x08\x01\x12") {
		t.Errorf("%d %q", status, body)
	}
	text := `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1","body":{"stringValue":"chokes"}},{"timeUnixNano":"1","body":{"stringValue":"fine"}}]}]}]}`
	status, _, body = send(t, request(t, server, "/v1/logs", strings.NewReader(text)))
	if status != 200 || !strings.Contains(body, `"rejectedLogRecords":"1"`) {
		t.Errorf("%d %s", status, body)
	}
	if text := bytes.Join(lines(), nil); bytes.Contains(text, []byte("chokes")) || !bytes.Contains(text, []byte("fine")) {
		t.Errorf("stored: %s", text)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	server, lines := recording(t, pipeline.Options{})
	secret := "sk-ant-" + "api03-" + strings.Repeat("aB3dE5fG7h", 9) + "-AAAAAA" + "AA"
	if status, _, _ := send(t, protobuf(t, server, "/v1/traces", chat("gen_ai.operation.name", "chat", "gen_ai.prompt", "use "+secret, "http.header", "Bearer "+secret))); status != 200 {
		t.Errorf("status %d", status)
	}
	if text := bytes.Join(lines(), nil); bytes.Contains(text, []byte(secret[10:40])) || !bytes.Contains(text, []byte("[REDACTED:")) {
		t.Errorf("stored: %s", text)
	}
}
