package source

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Whatever lies between the windows in which a log is read, exactly those rows are
// found whose record holds a word, by each of its spellings.
func TestGrepFindsTheRowsOfAWord(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	spelled := []string{"needle", "NeedLe", "straw", "café", `caf\u00e9`, "CAFÉ", "hay"}
	var text strings.Builder
	const lines = 4000
	want := map[int][]eventlog.RowID{}
	for n := range eventlog.RowID(lines) {
		body := strings.Repeat("some grass and hay ", random.IntN(80))
		if random.IntN(500) == 0 {
			body = strings.Repeat(body+"more of it, ", 2000) // a record that is longer than a window
		}
		for range random.IntN(12) / 10 {
			s := spelled[random.IntN(len(spelled))]
			body += s
			switch {
			case strings.EqualFold(s, "needle"):
				want[0] = append(want[0], n)
			case s == "café" || s == `caf\u00e9`: // letters beyond ASCII are looked for as they are written
				want[1] = append(want[1], n)
			}
		}
		fmt.Fprintf(&text, `{"event_type":"log","session_id":"s","run_id":"r","ts":%d,"text":"%s"}`+"\n", 1_763_629_200+n, body)
	}
	if text.Len() < 4*searchBlock || len(want[0]) == 0 || len(want[1]) == 0 {
		t.Fatal("too little to tell anything")
	}
	if !json.Valid([]byte(text.String()[:strings.IndexByte(text.String(), '\n')])) {
		t.Fatal("the lines are no JSON")
	}
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	set := Open(t.Context(), []string{path}, Options{})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := set.OpenLog(t.Context(), set.Sources().Catalog().Sessions[0])
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if rows := load(t, log).Rows.Len(); rows != lines {
		t.Fatalf("%d rows of %d lines", rows, lines)
	}
	for _, from := range []eventlog.RowID{0, lines / 3} {
		got := map[int][]eventlog.RowID{}
		next, err := log.Grep(t.Context(), []string{"nEEdle", "café", "nowhere to be found"}, from, func(word int, row eventlog.RowID) { got[word] = append(got[word], row) })
		if err != nil || next != lines {
			t.Fatalf("up to %d: %v", next, err)
		}
		for word := range 3 {
			rest := slices.DeleteFunc(slices.Clone(want[word]), func(row eventlog.RowID) bool { return row < from })
			if !slices.Equal(got[word], rest) {
				t.Errorf("from %d, word %d: rows %v, want %v", from, word, got[word], rest)
			}
		}
	}
}
