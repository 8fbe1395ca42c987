package dialect

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// What a record is may not depend on the records before it, apart from events
// at its end: whoever looks at one row decodes its record alone.
func TestCodexAlone(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "codex")
	files := 0
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		head := &Head{Path: path}
		for _, line := range lines {
			head.Lines = append(head.Lines, []byte(line))
		}
		d := Sniff(head, All())
		whole := d.Open(Segment{Path: path, Head: head})
		for i, line := range lines {
			kinds := func(dec Decoder, full bool) (list []string) {
				_ = dec.Decode(&eventlog.Record{Body: []byte(line)}, full, func(e *eventlog.Event) {
					list = append(list, fmt.Sprint(e.Kind, " ", e.SessionID, " ", e.RunID, " ", e.Type))
				})
				return list
			}
			want, got := kinds(whole, false), kinds(d.Open(Segment{Path: path, Head: head}), true)
			if len(got) < len(want) || strings.Join(got[:len(want)], "\n") != strings.Join(want, "\n") {
				t.Errorf("%s:%d: alone it is %q, in its file %q", filepath.Base(path), i+1, got, want)
			}
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Fatal(files, err)
	}
}

func TestCodexExitCode(t *testing.T) {
	for output, want := range map[string]string{
		`"Chunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 3\nOutput:\nx"`:    "3 true",
		`"Chunk ID: 1\nProcess exited with code 0\nOutput:\nProcess exited with code 7\n"`: "0 false",
		`"Chunk ID: 1\nOutput:\nProcess exited with code 7\n"`:                             " false",
		`"Exit code: 2\nWall time: 0 seconds\nOutput:\n"`:                                  "2 true",
		`"it said Exit code: 2"`: " false",
		`"{\"output\":\"x\",\"metadata\":{\"exit_code\":1,\"duration_seconds\":0.1}}"`: "1 true",
		`"{\"output\":\"\\\"exit_code\\\":1\",\"metadata\":{\"exit_code\":0}}"`:        "0 false",
		`"{\"agent_id\":\"x\"}"`:                        " false",
		`{"content":"x","success":false}`:               " true",
		`{"content":"x","success":true}`:                " false",
		`[{"type":"input_text","text":"Exit code: 1"}]`: " false",
		`"Wall time: 4.8 seconds\naborted by user"`:     " false",
		`"Process exited with code -1\n"`:               "-1 true",
		`""`:                                            " false",
		``:                                              " false",
	} {
		code, failed := exitCode([]byte(output))
		if got := fmt.Sprint(code, " ", failed); got != want {
			t.Errorf("%s: %q, want %q", output, got, want)
		}
	}
}

func TestCodexResultText(t *testing.T) {
	for output, want := range map[string]string{
		`"plain"`:                              "plain",
		`{"content":"x","success":true}`:       "x",
		`{"type":"input_text","text":"a.txt"}`: "a.txt",
		`[{"type":"input_text","text":"a"},{"type":"input_image"}]`: "a\n[image]",
		`"{\"output\":\"inner\",\"metadata\":{}}"`:                  "inner",
	} {
		if got := resultText([]byte(output)); got != want {
			t.Errorf("%s: %q, want %q", output, got, want)
		}
	}
}

func TestCodexUsage(t *testing.T) {
	// More from the cache than there was, or more reasoning than output, must
	// not make a count negative.
	u := codexCount{input: 10, cached: 8, written: 5, output: 3, reasoning: 9}.usage()
	if want := (eventlog.Usage{CacheRead: 8, CacheWrite5m: 2, Output: 3, Reasoning: 3}); u != want {
		t.Errorf("%+v, want %+v", u, want)
	}
	if u := (codexCount{input: 10, cached: 18}).usage(); u.Input != 0 || u.CacheRead != 10 {
		t.Errorf("%+v", u)
	}
}

func TestUUIDTime(t *testing.T) {
	if ms, ok := uuidTime("019cadc6-9a80-7000-8000-000000000001"); !ok || ms != 1772442000000 {
		t.Error(ms, ok)
	}
	for _, id := range []string{"", "turn-1", "0c0de000-0000-4000-8000-000000000007", "zzzzzzzz-zzzz-7zzz-zzzz-zzzzzzzzzzzz"} {
		if _, ok := uuidTime(id); ok {
			t.Error(id)
		}
	}
}

// A copy from before turns had ids is one call with its original as well.
func TestCodexCopyWithoutTurns(t *testing.T) {
	const first, second = "019cadfd-8900-7000-8000-000000000004", "019cae34-7780-7000-8000-000000000005"
	meta := func(at, id string) string {
		return `{"timestamp":"2026-03-02T` + at + `Z","type":"session_meta","payload":{"id":"` + id + `","timestamp":"2026-03-02T` + at + `Z","cwd":"/w"}}`
	}
	tokens := func(at string, total, last int) string {
		return fmt.Sprintf(`{"timestamp":"2026-03-02T%sZ","type":"event_msg","payload":{"type":"token_count","info":{`+
			`"total_token_usage":{"input_tokens":%d,"output_tokens":1},"last_token_usage":{"input_tokens":%d,"output_tokens":1}}}}`, at, total, last)
	}
	calls := func(lines ...string) (ids []eventlog.Identity, copied []bool) {
		head := &Head{Path: "rollout-x.jsonl"}
		for _, line := range lines {
			head.Lines = append(head.Lines, []byte(line))
		}
		dec := Codex{}.Open(Segment{Path: head.Path, Head: head})
		for _, line := range head.Lines {
			if err := dec.Decode(&eventlog.Record{Body: line}, false, func(e *eventlog.Event) {
				if e.Bill != nil {
					ids, copied = append(ids, e.Bill.Call), append(copied, e.Bill.Copied)
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
		return ids, copied
	}
	a, _ := calls(meta("10:00:00", first), tokens("10:00:05", 10, 10), tokens("10:00:09", 30, 20))
	b, copied := calls(meta("11:00:00", second), meta("11:00:00", first),
		tokens("11:00:00.001", 10, 10), tokens("11:00:00.002", 30, 20), tokens("11:00:04", 60, 30))
	if len(a) != 2 || len(b) != 3 || a[0] != b[0] || a[1] != b[1] || b[2] == a[1] || !copied[0] || !copied[1] || copied[2] {
		t.Errorf("%x\n%x %v", a, b, copied)
	}
}

// codexCalls decodes lines and returns the calls that are billed, and which are copies.
func codexCalls(t *testing.T, lines ...string) (ids []eventlog.Identity, copied []bool) {
	t.Helper()
	head := &Head{Path: "rollout-x.jsonl"}
	for _, line := range lines {
		head.Lines = append(head.Lines, []byte(line))
	}
	dec := Codex{}.Open(Segment{Path: head.Path, Head: head})
	for _, line := range head.Lines {
		if err := dec.Decode(&eventlog.Record{Body: line}, false, func(e *eventlog.Event) {
			if e.Bill != nil {
				ids, copied = append(ids, e.Bill.Call), append(copied, e.Bill.Copied)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	return ids, copied
}

func codexTokens(at string, total int) string {
	return fmt.Sprintf(`{"timestamp":"2026-03-02T%sZ","type":"event_msg","payload":{"type":"token_count","info":{`+
		`"total_token_usage":{"input_tokens":%d,"output_tokens":1}}}}`, at, total)
}

// Where the ids of turns tell no time, the beginning of the turn does, however
// long the copying took and however soon the first call came.
func TestCodexCopyByStart(t *testing.T) {
	meta := func(at, id, more string) string {
		return `{"timestamp":"2026-03-02T` + at + `Z","type":"session_meta","payload":{"id":"` + id + `"` + more + `}}`
	}
	start := func(at, turn string, began int) string {
		return fmt.Sprintf(`{"timestamp":"2026-03-02T%sZ","type":"event_msg","payload":{"type":"task_started","turn_id":%q,"started_at":%d}}`, at, turn, began)
	}
	const ten, eleven = 1772445600, 1772449200
	a, _ := codexCalls(t, meta("10:00:00", "one", ""),
		start("10:00:00", "a", ten), codexTokens("10:00:05", 10), start("10:00:06", "b", ten+6), codexTokens("10:00:09", 30))
	b, copied := codexCalls(t, meta("11:00:00", "two", `,"forked_from_id":"one"`), meta("11:00:00.001", "one", ""),
		start("11:00:00.1", "a", ten), codexTokens("11:00:01.2", 10), start("11:00:01.3", "b", ten+6), codexTokens("11:00:02.5", 30),
		start("11:00:02.6", "c", eleven+2), codexTokens("11:00:02.9", 60))
	if len(a) != 2 || len(b) != 3 || a[0] != b[0] || a[1] != b[1] || !copied[0] || !copied[1] || copied[2] {
		t.Errorf("%x\n%x %v", a, b, copied)
	}
}

// A copy that takes longer than a second is one as long as no second is without a
// record.
func TestCodexSlowCopy(t *testing.T) {
	meta := `{"timestamp":"2026-03-02T11:00:00Z","type":"session_meta","payload":{"id":"two","forked_from_id":"one"}}`
	_, copied := codexCalls(t, meta, codexTokens("11:00:00.6", 10), codexTokens("11:00:01.3", 30), codexTokens("11:00:01.9", 60), codexTokens("11:00:05", 90))
	if fmt.Sprint(copied) != "[true true true false]" {
		t.Error(copied)
	}
}

// Files that do not say whose they are hold copies of each other's records as
// they were written.
func TestCodexNobodys(t *testing.T) {
	model := `{"timestamp":"2026-03-02T10:00:00Z","type":"turn_context","payload":{"model":"gpt-5"}}`
	a, _ := codexCalls(t, model, codexTokens("10:00:05", 10))
	b, _ := codexCalls(t, model, codexTokens("10:00:05", 10), codexTokens("10:00:09", 30))
	if len(a) != 1 || len(b) != 2 || a[0] != b[0] || b[1] == b[0] {
		t.Errorf("%x\n%x", a, b)
	}
}
