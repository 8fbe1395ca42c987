package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// outliners are the dialects that have records outlined.
func outliners() (list []Dialect) {
	for _, d := range All() {
		if _, ok := d.(Outliner); ok {
			list = append(list, d)
		}
	}
	return list
}

// unlike makes an object one that no outline is made of, and that means the same.
func unlike(object []byte) []byte {
	inner, ok := bytes.CutPrefix(object, []byte("{"))
	if !ok || len(bytes.TrimSpace(inner)) < 2 {
		return object
	}
	return append([]byte(`{"\u0078":0,`), inner...)
}

// sameEvents decodes records with three decoders: of what was outlined ahead, of what
// the decoder outlines, and of what cannot be outlined. All must tell the same.
func sameEvents(t *testing.T, d Dialect, head *Head, records [][]byte) {
	t.Helper()
	lines := d.(Outliner).Outliner()
	seg := Segment{Path: head.Path, Head: head}
	ahead, now, never := d.Open(seg), d.Open(seg), d.Open(seg)
	for i, body := range records {
		tell := func(dec Decoder, rec *eventlog.Record) string {
			var b strings.Builder
			err := dec.Decode(rec, false, func(e *eventlog.Event) {
				if e.Bill != nil && e.Bill.Rule == eventlog.RuleRecord {
					bill := *e.Bill
					bill.Call = eventlog.Identity{} // it is made of the very bytes
					e.Bill = &bill
				}
				spell(&b, e)
				fmt.Fprintf(&b, "%x\n", e.Print)
			})
			if err != nil {
				fmt.Fprintf(&b, "error") // it names another place
			}
			return b.String()
		}
		rec := &eventlog.Record{Pos: int64(i), Body: body}
		rec.Members, _ = lines.Outline(body, nil)
		first := tell(ahead, rec)
		if second := tell(now, &eventlog.Record{Pos: int64(i), Body: body}); second != first {
			t.Fatalf("%s, record %d: %s\ntells ahead\n%s\nand now\n%s", d.Name(), i, body, first, second)
		}
		if third := tell(never, &eventlog.Record{Pos: int64(i), Body: unlike(body)}); third != first {
			t.Fatalf("%s, record %d: %s\ntells with an outline\n%s\nand without\n%s", d.Name(), i, body, first, third)
		}
	}
}

// TestOutlined holds what is decoded of outlined records to what is decoded without,
// over all logs of the dialects that there are.
func TestOutlined(t *testing.T) {
	var paths []string
	for _, root := range []string{"../../testdata", "../../../shared/samples"} {
		_ = filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.HasSuffix(path, ".jsonl") {
				paths = append(paths, path)
			}
			return nil
		})
	}
	told := map[string]int{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil || len(text) > 8<<20 {
			continue
		}
		var records [][]byte
		for line := range bytes.Lines(text) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				records = append(records, line)
			}
		}
		head := &Head{Path: path, Lines: records[:min(len(records), 24)]}
		d := Sniff(head, All())
		if _, ok := d.(Outliner); !ok {
			continue
		}
		told[d.Name()] += len(records)
		sameEvents(t, d, head, records)
	}
	for _, d := range outliners() {
		if told[d.Name()] == 0 {
			t.Errorf("no record of %s was seen", d.Name())
		}
	}
}

// FuzzOutlined is TestOutlined for whatever may be in a record, and behind it.
func FuzzOutlined(f *testing.F) {
	f.Add([]byte(`{"event_type":"tool_call","session_id":"s","payload":{"tool":"t","arguments":{}}}`))
	f.Add([]byte(`{"type":"assistant","sessionId":"s","message":{"id":"m","content":[{"type":"tool_use","id":"c","name":"Bash","input":{}}],"usage":{"input_tokens":1}}}`))
	f.Add([]byte(`{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"c","is_error":true}]},"toolUseResult":{"agentId":"a"}}`))
	f.Add([]byte(`{"type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":5}}}}`))
	f.Add([]byte(`{"payload":{"a":[}},"event_type":"x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		records := bytes.Split(text, []byte("\n"))
		for _, d := range outliners() {
			sameEvents(t, d, &Head{Path: "log.jsonl"}, records)
		}
	})
}

// TestNobodySurer holds built-in dialects to the most that they may say.
func TestNobodySurer(t *testing.T) {
	_ = filepath.WalkDir("../../testdata", func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		var lines [][]byte
		for line := range bytes.Lines(text) {
			lines = append(lines, bytes.TrimSpace(line))
		}
		for _, d := range All() {
			if n := d.Sniff(&Head{Path: path, Lines: lines[:min(len(lines), 24)], Text: text, Start: text}); n > sure || n > most(d) {
				t.Errorf("%s says %d of %s", d.Name(), n, path)
			}
		}
		return nil
	})
	for _, columns := range [][]string{{"session_id", "run_id", "event_type", "payload", "ts"}, {"timestamp", "event_type", "data_json"}} {
		told := 0
		for _, d := range All() {
			n := d.Sniff(&Head{Tables: map[string][]string{"events": columns}})
			if n > sure || n > most(d) {
				t.Errorf("%s says %d of a table of %v", d.Name(), n, columns)
			}
			told = max(told, n)
		}
		if told == 0 {
			t.Errorf("nobody knows a table of %v", columns)
		}
	}
}

// A line that is JSON but no object is no event, and is not called broken, however its
// members were looked for.
func TestArraysAreNoEvents(t *testing.T) {
	for _, line := range []string{`[1,2]`, `[]`, `[{"event_type":"tool_call","type":"user"}]`} {
		for _, d := range outliners() {
			name := d.Name()
			err := d.Open(Segment{Head: &Head{}}).Decode(&eventlog.Record{Body: []byte(line)}, false, func(*eventlog.Event) { t.Errorf("%s: %s is an event", name, line) })
			if !errors.Is(err, ErrNoEvent) {
				t.Errorf("%s: %s: %v", name, line, err)
			}
		}
	}
}
