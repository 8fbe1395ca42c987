package source

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// span is a document in protobuf with one span: a call of 70 tokens in trace and
// span n.
func protoSpan(n byte) []byte {
	field := func(to []byte, number int, body []byte) []byte {
		to = binary.AppendUvarint(to, uint64(number)<<3|2)
		return append(binary.AppendUvarint(to, uint64(len(body))), body...)
	}
	text := func(s string) []byte { return field(nil, 1, []byte(s)) }
	attr := func(key string, value []byte) []byte { return field(field(nil, 1, []byte(key)), 2, value) }
	span := field(nil, 1, []byte(strings.Repeat(string(rune('a'+n)), 16)))
	span = field(field(span, 2, []byte(strings.Repeat(string(rune('a'+n)), 8))), 5, []byte("chat m"))
	for i, at := range []uint64{1772442000_000000000, 1772442001_000000000} {
		span = binary.LittleEndian.AppendUint64(binary.AppendUvarint(span, uint64(7+i)<<3|1), at)
	}
	span = field(span, 9, attr("gen_ai.operation.name", text("chat")))
	span = field(span, 9, attr("gen_ai.usage.input_tokens", []byte{3 << 3, 70}))
	span = field(span, 9, attr("gen_ai.input.messages", text(`[{"role":"user","content":"`+strings.Repeat("long ", 60)+`"}]`)))
	return field(nil, 1, field(nil, 2, field(nil, 2, span)))
}

func sized(m []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(m))), m...) }

// Messages of bytes are followed like lines: one that is not whole waits.
func TestFramesAreFollowed(t *testing.T) {
	for name, frame := range map[string]func([]byte) []byte{"sized": sized, "one message": func(m []byte) []byte { return m }} {
		path := filepath.Join(t.TempDir(), "traces.binpb")
		first, second := frame(protoSpan(0)), frame(protoSpan(1))
		write := func(b []byte) {
			t.Helper()
			f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(b); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
		write(append(first, second[:20]...))
		set := Open(t.Context(), []string{path}, Options{Follow: true})
		defer set.Close()
		if err := set.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := set.Sources().Catalog()
		if len(c.Sessions) != 1 || c.Entries.Len() != 1 || !c.Segments[0].Pending || c.Segments[0].Faults.Count != 0 {
			t.Fatalf("%s: %d sessions, %d calls, %+v", name, len(c.Sessions), c.Entries.Len(), c.Segments)
		}
		log, err := set.OpenLog(t.Context(), c.Sessions[0])
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		for log.Snapshot().Loading {
			<-log.Changed()
		}
		events, err := log.Events(t.Context(), []eventlog.RowID{0, 1})
		if err != nil || len(events) != 2 || !strings.HasPrefix(events[0].Text, "long long") {
			t.Errorf("%s: %+v, %v", name, events, err)
		}
		write(second[20:])
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for set.Sources().Catalog().Entries.Len() != 2 {
			select {
			case <-set.Sources().Changed():
			case <-ctx.Done():
				t.Fatalf("%s: the second message was not read", name)
			}
		}
	}
}

func TestFramesDamaged(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string][]byte{
		"length.binpb": append(sized(protoSpan(0)), 0xff, 0xff, 0xff, 0xff, 1, 2, 3),
		"field.binpb":  append(protoSpan(0), 0x0d, 1, 2, 3, 4, 0x0d, 1),
		"body.binpb":   append(sized(protoSpan(0)), sized([]byte("\x0a\x05hello"))...),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, c := read(t, path)
		if c.Entries.Len() != 1 || c.Segments[0].Faults.Count != 1 {
			t.Errorf("%s: %d calls, faults %+v", name, c.Entries.Len(), c.Segments[0].Faults)
		}
	}
}

// A document of many events can be looked at as well, each of them.
func TestManyEventsInOneLine(t *testing.T) {
	var spans []string
	const many = 3000
	for i := range many {
		spans = append(spans, fmt.Sprintf(`{"traceId":"%032x","spanId":"%016x","name":"chat m","startTimeUnixNano":"1772442000000000000","endTimeUnixNano":"1772442001000000000",`+
			`"attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},{"key":"gen_ai.conversation.id","value":{"stringValue":"s"}},{"key":"gen_ai.completion","value":{"stringValue":"answer %d"}}]}`, i/10+1, i+1, i))
	}
	path := filepath.Join(t.TempDir(), "traces.jsonl")
	if err := os.WriteFile(path, []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[`+strings.Join(spans, ",")+`]}]}]}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set, c := read(t, path)
	log, err := set.OpenLog(t.Context(), c.Sessions[0])
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for log.Snapshot().Loading {
		<-log.Changed()
	}
	events, err := log.Events(t.Context(), []eventlog.RowID{2*many - 1})
	if err != nil || events[0].Text != fmt.Sprint("answer ", many-1) {
		t.Errorf("%+v, %v", events, err)
	}
}

// Records that take many lines are told and read by their content.
func TestSpreadRecords(t *testing.T) {
	dir := t.TempDir()
	event := func(n int) string {
		return fmt.Sprintf("{\n  \"resourceSpans\": [{\"scopeSpans\": [{\"spans\": [{\"spanId\": \"%016x\",\n    \"traceId\": \"%032x\", \"name\": \"chat\","+
			"\"attributes\": [{\"key\": \"gen_ai.usage.input_tokens\", \"value\": {\"intValue\": 5}}]}]}]}]\n}", n, n)
	}
	for name, text := range map[string]string{
		"pretty.jsonl": event(1) + "\n" + event(2) + "\n",
		"array.jsonl":  "[\n" + event(1) + ",\n" + event(2) + "\n]\n",
		"torn.jsonl":   event(1) + "\n" + event(2) + "\n{\n  \"resourceSp",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, c := read(t, path)
		if c.Entries.Len() != 2 || c.Segments[0].Faults.Count != 0 || c.Segments[0].Pending != (name == "torn.jsonl") {
			t.Errorf("%s: %d calls, %+v", name, c.Entries.Len(), c.Segments)
		}
	}
	// A document that is longer than what is looked at first.
	id := hex.EncodeToString([]byte("sixteen bytes..!"))
	big := map[string]any{"resourceSpans": []any{map[string]any{"scopeSpans": []any{map[string]any{"spans": []any{map[string]any{
		"traceId": id, "spanId": id[:16], "name": "chat", "startTimeUnixNano": "1772442000000000000",
		"attributes": []any{
			map[string]any{"key": "gen_ai.usage.input_tokens", "value": map[string]any{"intValue": "3"}},
			map[string]any{"key": "note", "value": map[string]any{"stringValue": strings.Repeat("x", 2*sniffBytes)}},
		},
	}}}}}}}
	text, err := json.MarshalIndent(big, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "big.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, c := read(t, path); c.Entries.Len() != 1 || c.Entries.At(0).Usage.Input != 3 {
		t.Errorf("%d calls, failed %+v", c.Entries.Len(), c.Progress.Failed)
	}
}

// The figures of real telemetry are those that were counted by other means.
func TestRealTelemetry(t *testing.T) {
	_, c := read(t, shared(t, "samples", "otlp", "gemini_0.61_outfile", "telemetry.log"))
	var u eventlog.Usage
	var tools int64
	for _, s := range c.Sessions {
		u.Add(s.Usage)
		tools += s.ToolCalls
	}
	if want := (eventlog.Usage{Input: 8183, CacheRead: 3600, Output: 5852, Reasoning: 99}); len(c.Sessions) != 3 || c.Audit.Calls != 9 || tools != 6 || u != want {
		t.Errorf("%d sessions, %d calls, %d tools, %+v", len(c.Sessions), c.Audit.Calls, tools, u)
	}
	_, c = read(t, shared(t, "samples", "otlp", "dazzaji_collector_file", "test-traces.json"))
	if s := c.Segments[0]; len(c.Sessions) != 2 || s.Records != 2 || s.Customs["test_span"] != 2 || s.Customs["test_event"] != 2 || s.Faults.Count != 0 {
		t.Errorf("%d sessions, %+v", len(c.Sessions), s)
	}
}

func TestRealSeeds(t *testing.T) {
	_, c := read(t, shared(t, "samples", "seeds", "sentrial_wire.jsonl"))
	s, ok := c.Session("sess_abc123def456")
	if !ok || s.Calls != 1 || s.Usage != (eventlog.Usage{Input: 1500, Output: 500}) || s.Cost() != 8_750_000 || s.ToolCalls != 2 || s.ToolFails != 1 ||
		s.Outcome != eventlog.Success || s.Facts.Recorded != 11_250_000 || s.Goal != "reset my password" {
		t.Errorf("%+v", s)
	}
	_, c = read(t, shared(t, "samples", "seeds", "niitaka_export.json"))
	parent, ok := c.Session("0b8a3e0e-0000-4000-8000-000000000001")
	if !ok || len(parent.Children) != 1 || parent.Outcome != eventlog.Success || parent.Metrics["score"] != 0.8 || parent.Variant != "B" {
		t.Fatalf("%+v", parent)
	}
	if child := parent.Children[0]; child.Calls != 1 || child.Cost() != 3_840_000 || child.Usage != (eventlog.Usage{Input: 512, Output: 128}) {
		t.Errorf("%+v", child)
	}
}
