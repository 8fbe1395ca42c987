package cmd

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/compare"
)

// realLogs are folders of the samples, and whether what their sessions come to by
// their own logs is what the catalog says: it cuts what several of them tell, and a span has one sum of calls
// where a process that was begun again tells of two.
var realLogs = map[string]bool{
	"claude/gen_2.1.328_main_resume": true, "claude/gen_2.1.328_fork": false, "claude/spotter_4d5611e5": true, "claude/spotter_fa812bfe": true,
	"claude/spotter_6c2214d7_orphan_subagent": true, "codex/gen_0.169": false, "codex/localpush": true, "gemini": true, "opencode": true, "pi/gen_0.73": true,
	"pi/pimono_before_compaction": false, "sweagent/demonstrations": true, "seeds/nested.jsonl": true, "seeds/events.jsonl": true,
	"stdout/gemini_stream_0.61": false, "otlp/gemini_0.61_outfile": true,
}

// Real logs: every conversation is written, its folds end, and nothing in it is
// for a terminal; what a session comes to by its log is what the catalog says;
// compared with itself nothing differs.
func TestConversationsOfRealLogs(t *testing.T) {
	root := os.Getenv("LAZYTRACE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	samples := filepath.Join(root, "samples")
	if _, err := os.Stat(samples); err != nil {
		t.Skipf("no real logs here: %v", err)
	}
	for name, whole := range realLogs {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(samples, filepath.FromSlash(name))
			if _, err := os.Stat(path); err != nil {
				t.Skipf("not here: %v", err)
			}
			var out bytes.Buffer
			env := &Env{
				Stdin: bytes.NewReader(nil), Stdout: &out, Stderr: io.Discard, Now: time.Now,
				Getenv: func(string) string { return "" }, Terminal: func() bool { return false },
			}
			set, cat, done, err := loadSet(t.Context(), env, []string{path})
			if err != nil {
				t.Fatal(err)
			}
			defer done()
			report := rollup.New(cat, nil)
			for _, s := range cat.Sessions {
				out.Reset()
				if code := run(t.Context(), env, []string{"transcript", s.ID, "--thinking", path}); code != 0 {
					t.Fatalf("%s: exit %d", s.ID, code)
				}
				wellFormed(t, s.ID, out.String())
				if s.Calls > 0 && strings.Contains(out.String(), "Nothing was said") && name != "otlp/gemini_0.61_outfile" {
					t.Errorf("%s: nothing was said in %d calls", s.ID, s.Calls)
				}
				out.Reset()
				if code := run(t.Context(), env, []string{"transcript", s.ID, "--json", path}); code != 0 {
					t.Fatalf("%s: exit %d", s.ID, code)
				}
				for line := range strings.Lines(out.String()) {
					if !json.Valid([]byte(line)) {
						t.Fatalf("%s: %s", s.ID, line)
					}
				}
				side, err := readSide(t.Context(), set, cat, report, s)
				if err != nil {
					t.Fatal(err)
				}
				want := *side.Sum
				side.Sum = nil
				c, err := compare.Align(t.Context(), side, side, nil)
				if err != nil {
					t.Fatal(err)
				}
				if c.First != nil || c.Equals != len(c.Pairs) {
					t.Errorf("%s differs from itself at %+v", s.ID, c.First)
				}
				got := c.A.Sum
				if whole && (got.Calls != want.Calls || got.Cost() != want.Cost() || got.Usage != want.Usage || got.ToolCalls != want.ToolCalls || got.ToolErrors != want.ToolErrors) {
					t.Errorf("%s: by its log\n%+v\nby the catalog\n%+v", s.ID, got, want)
				}
				if err := side.Log.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// wellFormed checks that folds that are opened end, and that no byte is for a
// terminal.
func wellFormed(t *testing.T, id, text string) {
	t.Helper()
	open, fence := 0, ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		marks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch {
		case fence != "":
			if line == fence {
				fence = ""
			}
		case len(marks) >= 3:
			fence = marks
		case strings.HasPrefix(line, "<details>"):
			open++
		case line == "</details>":
			if open--; open < 0 {
				t.Fatalf("%s: a fold ends that never began", id)
			}
		}
		for _, r := range line {
			if r < ' ' || r >= 0x7f && r < 0xa0 {
				t.Fatalf("%s: %U in %q", id, r, line)
			}
		}
	}
	if open != 0 {
		t.Errorf("%s: %d folds have no end", id, open)
	}
}
