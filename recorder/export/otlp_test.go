package export

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// receiver is a receiver of OpenTelemetry that keeps what it gets.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	requests []received
	answer   func(n int, w http.ResponseWriter) // of the n-th request, from 1; nil takes everything
}

type received struct {
	path   string
	header http.Header
	body   []byte // unpacked
}

func newReceiver(t *testing.T, answer func(n int, w http.ResponseWriter)) *receiver {
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take(w http.ResponseWriter, req *http.Request) {
	var body io.Reader = req.Body
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return // it was broken off
	}
	r.mu.Lock()
	r.requests = append(r.requests, received{req.URL.RequestURI(), req.Header.Clone(), text})
	n := len(r.requests)
	r.mu.Unlock()
	if r.answer != nil {
		r.answer(n, w)
	}
}

func (r *receiver) got() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.requests)
}

// picture is what readers make of some records: what each session used, and
// the paths of its spans.
func picture(t *testing.T, dec dialect.Decoder, records []eventlog.Record) (figures, tree string) {
	t.Helper()
	syms := eventlog.NewSymbols()
	set := eventlog.NewSources(syms)
	sum := eventlog.NewSummary(syms, "x", "x", 0)
	set.Add(sum)
	x := eventlog.NewIndex(syms)
	sum.Update(func() {
		for i := range records {
			if err := dec.Decode(&records[i], false, func(e *eventlog.Event) {
				sum.Add(0, e)
				x.Append(eventlog.Place{}, e)
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
	var all []string
	for _, s := range set.Catalog().Sessions {
		if s.Calls+s.ToolCalls > 0 {
			all = append(all, fmt.Sprintf("%s: calls %d tools %d-%d %+v $%s", s.ID, s.Calls, s.ToolCalls, s.ToolFails, s.Usage, s.Recorded))
		}
	}
	slices.Sort(all)
	snap := x.Publish()
	var paths []string
	for i := range snap.Spans.All() {
		path, seen := "", false
		for id := eventlog.SpanID(i + 1); id != 0; id = snap.Span(id).Parent {
			s := snap.Span(id)
			row := snap.Rows.At(int(s.First))
			kind := row.Kind.String()
			switch {
			case s.Kind == eventlog.SpanSession:
				// Sessions lie below the runs that started them, or below nothing,
				// and where they do is no part of this.
				continue
			case s.Kind == eventlog.SpanRun:
				kind = "run"
			case s.Kind == eventlog.SpanModel:
				kind = "model"
			case s.Kind == eventlog.SpanTool:
				kind = "tool"
			case row.Kind == eventlog.Custom:
				kind = syms.Name(row.Type)
			}
			seen = true
			path = fmt.Sprintf("/%s %s %s%s", kind, syms.Name(s.Agent), syms.Name(s.Model), syms.Name(s.Tool)) + path
		}
		if seen && !strings.Contains(path, "/log ") && !strings.Contains(path, "/metrics ") {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return strings.Join(all, "\n"), strings.Join(paths, "\n")
}

// logs are recordings whose spans are compared with what they are made of.
func logs(t *testing.T) map[string][]eventlog.Event {
	t.Helper()
	all := map[string][]eventlog.Event{}
	for _, pattern := range []string{
		filepath.Join("..", "..", "testdata", "native", "*.jsonl"), filepath.Join("..", "..", "testdata", "native-telemetry", "*.jsonl"),
		filepath.Join("..", "..", "testdata", "lazybridge", "events.jsonl"), filepath.Join("testdata", "*.jsonl"),
		filepath.Join("..", "..", "..", "shared", "samples", "seeds", "*.jsonl"), // real ones, where they are
	} {
		paths, err := filepath.Glob(pattern)
		must(t, err)
		for _, path := range paths {
			if strings.Contains(path, "legacy") || strings.Contains(path, "wire") {
				continue // written by others, in other words
			}
			if events := eventsOf(t, path); len(events) > 0 {
				all[path] = events
			}
		}
	}
	return all
}

func eventsOf(t *testing.T, path string) (events []eventlog.Event) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		e, err := wire.Decode(lines.Bytes())
		if err != nil {
			continue
		}
		// What the pipeline fills in.
		if e.ID == "" {
			e.ID = fmt.Sprint("e", len(events))
		}
		if !e.Time.Known() {
			e.Time = eventlog.Stamp(1_700_000_000_000_000_000 + len(events)*1_000_000)
		}
		e.Payload = wire.WithText(e.Payload, "parent_run_id", e.ParentRunID)
		e.Payload = wire.WithText(e.Payload, "agent_name", e.Agent)
		events = append(events, e)
	}
	must(t, lines.Err())
	return events
}

// spell writes events as a store of lines has them.
func spell(events []eventlog.Event) (records []eventlog.Record) {
	for i := range events {
		records = append(records, eventlog.Record{Body: bytes.TrimSpace(wire.AppendFlat(nil, &events[i], int64(i+1)))})
	}
	return records
}

// Spans say what the log says: the reader of OpenTelemetry finds the same tree,
// calls, tokens and costs in them, in either coding.
func TestSpansTellWhatTheLogTells(t *testing.T) {
	t.Parallel()
	for path, events := range logs(t) {
		figures, tree := picture(t, dialect.LazyBridge{}.Open(dialect.Segment{}), spell(events))
		for coding, o := range map[string]OTLPOptions{"protobuf": {}, "json": {JSON: true}, "plain": {Plain: true}} {
			t.Run(filepath.Base(path)+" "+coding, func(t *testing.T) {
				t.Parallel()
				server := newReceiver(t, nil)
				o.Endpoint = server.URL
				x, err := NewOTLP(o)
				must(t, err)
				for i := range events {
					must(t, x.Export(events[i]))
				}
				must(t, x.Close())
				var records []eventlog.Record
				for _, r := range server.got() {
					if json := r.header.Get("Content-Type") == "application/json"; json != o.JSON || r.path != "/v1/traces" {
						t.Errorf("%s as %s", r.path, r.header.Get("Content-Type"))
					}
					records = append(records, eventlog.Record{Body: r.body})
				}
				gotFigures, gotTree := picture(t, dialect.OTLP{}.Open(dialect.Segment{}), records)
				if strings.Contains(path, "coding_engines") {
					gotFigures = strings.Replace(gotFigures, "tools 3-2", "tools 2-2", 1) // a result without its call
				}
				if strings.HasSuffix(path, "recording.jsonl") {
					gotFigures = strings.Replace(gotFigures, "tools 5-3", "tools 5-1", 1) // two were interrupted
					gotTree = strings.ReplaceAll(gotTree, "-20260101", "")                // the answer knows better
				}
				if gotFigures != figures {
					t.Errorf("figures\n%s\nwant\n%s", gotFigures, figures)
				}
				// A run without a name is called by what told of it.
				gotTree = strings.ReplaceAll(gotTree, " lazytrace ", "  ")
				if gotTree != tree && !strings.Contains(path, "native-telemetry") { // it lacks the beginnings of runs
					t.Errorf("tree differs:\n%s", difference(gotTree, tree))
				}
			})
		}
	}
}

// difference lists the lines that only one of two texts has.
func difference(got, want string) string {
	count := map[string]int{}
	for line := range strings.SplitSeq(got, "\n") {
		count[line]++
	}
	for line := range strings.SplitSeq(want, "\n") {
		count[line]--
	}
	var b strings.Builder
	for _, line := range slices.Sorted(func(yield func(string) bool) {
		for line := range count {
			if !yield(line) {
				return
			}
		}
	}) {
		if n := count[line]; n != 0 {
			fmt.Fprintf(&b, "%+d %s\n", n, line)
		}
	}
	return b.String()
}
