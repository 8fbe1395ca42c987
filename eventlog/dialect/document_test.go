package dialect

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
	"github.com/lazytrace/lazytrace/eventlog/pack"
)

// document is a file that was cut into its parts.
type document struct {
	seg   Segment
	text  *pack.Text
	parts []jsonl.Part
}

func (d *document) body(t *testing.T, i int) []byte {
	t.Helper()
	body, err := d.parts[i].Read(d.text, 0)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// cutDocument tells the dialect of a document by its beginning, as a log that
// is just being read does, and cuts it up.
func cutDocument(t *testing.T, d Dialect, path string) *document {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	head := &Head{Path: path}
	archiver, _ := d.(Archiver)
	as := map[string]string{}
	text, err := pack.Unpack(t.Context(), f, info.Size(), func(names []string) []string {
		head.Members = names
		var list []string
		for _, m := range archiver.Members(names) {
			list = append(list, m.Name)
			as[m.Name] = m.As
		}
		return list
	})
	if err != nil || text.Fault != nil {
		t.Fatal(err, text)
	}
	for _, size := range []int64{400, 64 << 10} {
		if head.Members == nil {
			head.Text = make([]byte, min(size, text.Size))
			if _, err := text.ReadAt(head.Text, 0); err != nil && err != io.EOF {
				t.Fatal(err)
			}
		}
		if got := SniffDocument(head, All()); got == nil || got.Name() != d.Name() {
			t.Errorf("by %d bytes %s is told as %v, want %s", size, path, got, d.Name())
		}
	}
	lists, is := d.(Documenter).Lists(head)
	if !is {
		t.Errorf("%s is no document of %s", path, d.Name())
	}
	c := jsonl.Cutter{Lists: lists}
	for _, s := range text.Sections {
		if err := c.Cut(t.Context(), io.NewSectionReader(text, s.Pos, s.Size), s.Pos, as[s.Name]); err != nil {
			t.Fatal(err)
		}
	}
	return &document{Segment{Path: path, Head: head}, text, c.Parts}
}

// decodeDocument spells the events of a document, one a line, and sees to it
// that each part that is decoded by itself gives events of the same kinds.
func decodeDocument(t *testing.T, d Dialect, path string, full bool) string {
	t.Helper()
	doc := cutDocument(t, d, path)
	dec := d.Open(doc.seg)
	var b strings.Builder
	for i, p := range doc.parts {
		rec := &eventlog.Record{Table: p.List, Pos: int64(p.Number), Body: doc.body(t, i)}
		var kinds, alone []eventlog.Kind
		if err := dec.Decode(rec, full, func(e *eventlog.Event) { spell(&b, e); kinds = append(kinds, e.Kind) }); err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
		}
		for up := p.Above; up >= 0; up = doc.parts[up].Above {
			rec.Above = slices.Insert(rec.Above, 0, doc.body(t, up))
		}
		_ = d.Open(doc.seg).Decode(rec, true, func(e *eventlog.Event) { alone = append(alone, e.Kind) })
		if !slices.Equal(kinds, alone) {
			t.Errorf("part %d of list %d: %v alone, %v after the others", p.Number, p.List, alone, kinds)
		}
	}
	return b.String()
}

func TestGoldenDocuments(t *testing.T) {
	root := filepath.Join("..", "..", "testdata")
	for _, tc := range []struct {
		name string
		d    Dialect
		path string
		full bool
	}{
		{"gemini-document", Gemini{}, "gemini/tmp/shop/chats/session-2025-10-02T08-00-7d2e8b11.json", true},
		{"gemini-json", GeminiResult{}, "gemini/result.json", true},
		{"gemini-json-error", GeminiResult{}, "gemini/result-error.json", true},
		{"agentsdk-document", AgentSDK{}, "agentsdk/session.json", true},
		{"agentsdk-documents", AgentSDK{}, "agentsdk/sessions.json", false},
		{"swe-agent", SWEAgent{}, "swe-agent/gpt4__shop/shop-1/shop-1.traj", false},
		{"swe-agent-full", SWEAgent{}, "swe-agent/gpt4__shop/shop-1/shop-1.traj", true},
		{"swe-agent-messages", SWEAgent{}, "swe-agent/gpt4__shop/messages.traj", true},
		{"swe-agent-attempts", SWEAgent{}, "swe-agent/gpt4__shop/shop-2.traj", false},
		{"mini-swe-agent", MiniSWE{}, "mini-swe-agent/run-a/shop-1.traj.json", false},
		{"mini-swe-agent-v1", MiniSWE{}, "mini-swe-agent/run-b/shop-1.traj.json", true},
		{"mini-swe-agent-early", MiniSWE{}, "mini-swe-agent/early.traj.json", true},
		{"inspect", Inspect{}, "inspect/2026-03-02T09-00-00_counting_t1.json", false},
		{"inspect-full", Inspect{}, "inspect/2026-03-02T09-00-00_counting_t1.json", true},
	} {
		t.Run(tc.name, func(t *testing.T) { golden(t, tc.name, decodeDocument(t, tc.d, filepath.Join(root, tc.path), tc.full)) })
	}
}

// zipped writes an archive.
func zipped(t *testing.T, members map[string]any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log.eval")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	for name, value := range members {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(w).Encode(value); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// An archive tells the same as the document, whether a sample is one member or,
// as large ones are, several.
func TestInspectArchive(t *testing.T) {
	path := filepath.Join("..", "..", "testdata", "inspect", "2026-03-02T09-00-00_counting_t1.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := decodeDocument(t, Inspect{}, path, false)
	var log map[string]any
	if err := json.Unmarshal(text, &log); err != nil {
		t.Fatal(err)
	}
	samples, _ := log["samples"].([]any)
	delete(log, "samples")
	whole := map[string]any{"header.json": log, "_journal/start.json": log, "_journal/summaries/1.json": []any{}, "summaries.json": []any{}}
	apart := map[string]any{"_journal/start.json": log, "summaries.json": []any{}}
	for _, s := range samples {
		sample, _ := s.(map[string]any)
		name := fmt.Sprintf("samples/%v_epoch_%v", sample["id"], sample["epoch"])
		whole[name+".json"] = sample
		shell := map[string]any{}
		for k, v := range sample {
			if k != "events" {
				shell[k] = v
			}
		}
		apart[name+"/sample.json"] = shell
		events, _ := sample["events"].([]any)
		for at := 0; at < len(events); at += 11 {
			apart[fmt.Sprintf("%s/events/%d.json", name, at)] = events[at:min(at+11, len(events))]
		}
		apart[name+"/events/stats.json"] = map[string]any{}
		apart[name+"/skeleton.json"] = map[string]any{}
	}
	lines := func(text string) []string {
		var list []string
		for l := range strings.Lines(text) {
			list = append(list, l)
		}
		slices.Sort(list)
		return list
	}
	if got := decodeDocument(t, Inspect{}, zipped(t, whole), false); !slices.Equal(lines(got), lines(want)) {
		t.Errorf("members give\n%s\nwant\n%s", got, want)
	}
	if got := decodeDocument(t, Inspect{}, zipped(t, apart), false); !slices.Equal(lines(got), lines(want)) {
		t.Errorf("members in pieces give\n%s\nwant\n%s", got, want)
	}
}

// What a document says it cost is billed once, and exactly.
func TestDocumentBills(t *testing.T) {
	root := filepath.Join("..", "..", "testdata")
	for _, tc := range []struct {
		d     Dialect
		path  string
		calls int64
		usage eventlog.Usage
		cost  eventlog.Money
		tools int64
		fails int64
	}{
		{Gemini{}, "gemini/tmp/shop/chats/session-2025-10-02T08-00-7d2e8b11.json", 2, eventlog.Usage{Input: 907, CacheRead: 1300, Output: 55, Reasoning: 5}, 0, 1, 1},
		{GeminiResult{}, "gemini/result.json", 3, eventlog.Usage{Input: 353, CacheRead: 400, Output: 56, Reasoning: 12}, 0, 0, 0},
		{SWEAgent{}, "swe-agent/gpt4__shop/shop-1/shop-1.traj", 3, eventlog.Usage{Input: 4000, Output: 150}, 250_000_000, 2, 0},
		{SWEAgent{}, "swe-agent/gpt4__shop/shop-2.traj", 2, eventlog.Usage{Input: 3000, Output: 110}, 300_000_000, 2, 0},
		{MiniSWE{}, "mini-swe-agent/run-a/shop-1.traj.json", 2, eventlog.Usage{Input: 580, CacheRead: 480, Output: 50, Reasoning: 4}, 30_000_000, 2, 1},
		{MiniSWE{}, "mini-swe-agent/run-b/shop-1.traj.json", 2, eventlog.Usage{Input: 580, CacheRead: 480, Output: 50}, 50_000_000, 1, 1},
		{Inspect{}, "inspect/2026-03-02T09-00-00_counting_t1.json", 5, eventlog.Usage{Input: 40 + 30 + 50 + 9 + 3, CacheRead: 130, CacheWrite5m: 10, Output: 20 + 5 + 6 + 1 + 2}, 2_000_000, 2, 1},
	} {
		doc := cutDocument(t, tc.d, filepath.Join(root, tc.path))
		syms := eventlog.NewSymbols()
		sum := eventlog.NewSummary(syms, tc.path, tc.d.Name(), 0)
		dec := tc.d.Open(doc.seg)
		for i, p := range doc.parts {
			_ = dec.Decode(&eventlog.Record{Table: p.List, Pos: int64(p.Number), Body: doc.body(t, i)}, false, func(e *eventlog.Event) {
				sum.Update(func() { sum.Add(int64(i), e) })
			})
		}
		sources := eventlog.NewSources(syms)
		sources.Add(sum)
		var calls, tools, fails int64
		var usage eventlog.Usage
		var cost eventlog.Money
		for _, s := range sources.Catalog().Sessions {
			calls, tools, fails, cost = calls+s.Calls, tools+s.ToolCalls, fails+s.ToolFails, cost+s.Recorded
			usage.Add(s.Usage)
		}
		if calls != tc.calls || usage != tc.usage || cost != tc.cost || tools != tc.tools || fails != tc.fails {
			t.Errorf("%s: %d calls of %+v for %s, %d tools, %d failed; want %d of %+v for %s, %d, %d", tc.path, calls, usage, cost, tools, fails, tc.calls, tc.usage, tc.cost, tc.tools, tc.fails)
		}
	}
}

// A foreign document is none of ours.
func TestForeignDocuments(t *testing.T) {
	for _, text := range []string{
		`{"name":"shop","version":"1.0.0","dependencies":{"x":"1"}}`, `[1,2,3]`, `{}`, `[]`, `[{}]`, `{"messages":[1]}`, `{"history":[]}`, `{"events":[]}`,
		`{"session_id":"s","model":"m","messages":{}}`, `{"version":2,"status":"ok"}`, `{"response":"x"}`, `{"trajectory":[{"x":1}]}`, `{"info":{"title":"API"},"openapi":"3"}`,
	} {
		if d := SniffDocument(&Head{Path: "x.json", Text: []byte(text), Lines: [][]byte{[]byte(text)}}, All()); d != nil {
			t.Errorf("%s is told as %s", text, d.Name())
		}
	}
}

// Parts of any content, in any list, make no trouble.
func FuzzParts(f *testing.F) {
	root := filepath.Join("..", "..", "testdata")
	for _, path := range []string{"gemini/result.json", "swe-agent/gpt4__shop/shop-1/shop-1.traj", "mini-swe-agent/run-a/shop-1.traj.json", "inspect/2026-03-02T09-00-00_counting_t1.json"} {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			f.Fatal(err)
		}
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			f.Fatal(err)
		}
		small := bytes.Buffer{}
		if err := json.Compact(&small, text); err != nil {
			f.Fatal(err)
		}
		f.Add(0, small.Bytes())
	}
	f.Add(2, []byte(`{"event":"tool","events":[{"event":"model","output":{"usage":{"input_tokens":-1,"total_tokens":1}}}]}`))
	f.Add(2, []byte(strings.Repeat(`{"event":"tool","events":[`, 5000)+strings.Repeat(`]}`, 5000)))
	f.Add(1, []byte(`{"action":1,"observation":[],"model_stats":{"instance_cost":-1,"api_calls":-3}}`))
	f.Fuzz(func(t *testing.T, table int, body []byte) {
		for _, d := range All() {
			doc, ok := d.(Documenter)
			if !ok {
				continue
			}
			head := &Head{Path: "a/b.traj", Text: body}
			doc.Lists(head)
			dec := d.Open(Segment{Path: "a/b.traj", Head: head})
			for n := range int64(3) {
				for _, full := range []bool{false, true} {
					rec := &eventlog.Record{Table: int(uint(table) % 9), Pos: n, Body: body}
					if n == 2 {
						rec.Above = [][]byte{body, body}
					}
					_ = dec.Decode(rec, full, func(e *eventlog.Event) {
						if e.Bill != nil && (e.Bill.Usage.Total() < 0 || e.Bill.Cost < 0 || e.Bill.Calls < 0) {
							t.Errorf("%s: negative %+v", body, e.Bill)
						}
					})
				}
			}
		}
	})
}
