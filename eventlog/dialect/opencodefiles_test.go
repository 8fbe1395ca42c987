package dialect

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// The files of a session, from the one that leads to the others.
func TestOpencodeFiles(t *testing.T) {
	var d OpencodeFiles
	path := filepath.Join("..", "..", "testdata", "opencode-files", "storage", "session", "proj1", "ses_a1.json")
	var b strings.Builder
	var dec Decoder
	var walk func(path string, table int)
	walk = func(path string, table int) {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if table == 0 {
			head := &Head{Path: path}
			for line := range strings.Lines(string(body)) {
				head.Lines = append(head.Lines, []byte(strings.TrimSpace(line)))
			}
			if got := Sniff(head, All()); got != d {
				t.Errorf("told as %v", got)
			}
			dec = d.Open(Segment{Path: path, Head: head})
		}
		rec := &eventlog.Record{Table: table, Body: body}
		var kinds, alone []eventlog.Kind
		if err := dec.Decode(rec, true, func(e *eventlog.Event) { spell(&b, e); kinds = append(kinds, e.Kind) }); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if err := d.Open(Segment{Path: path}).Decode(rec, true, func(e *eventlog.Event) { alone = append(alone, e.Kind) }); err != nil || !slices.Equal(kinds, alone) {
			t.Errorf("%s: %v alone, %v after the others", path, alone, kinds)
		}
		below, _ := filepath.Glob(d.Below(table, path))
		for _, p := range below {
			walk(p, table+1)
		}
	}
	walk(path, 0)
	golden(t, "opencode-files", b.String())
}
