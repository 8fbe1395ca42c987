package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestGoesOnAfterARest: a file that nobody has written to for long is closed. What
// is written to it then counts once, also where its last line had no end, and a
// file that holds another text by then is read from its beginning.
func TestGoesOnAfterARest(t *testing.T) {
	step := func(session string, n int) string { return line(session, n, "loop_step") }
	long := strings.Repeat(step("s", 0), 100)
	unended := strings.TrimSuffix(step("s", 1), "\n")
	for name, c := range map[string]struct {
		before, after string
		events        int64
		sessions      int
	}{
		"more lines":      {long, long + step("s", 1), 101, 1},
		"no end, more":    {long + unended, long + step("s", 1) + step("s", 2), 102, 1},
		"another text":    {long, strings.ReplaceAll(long, `"s"`, `"other"`) + step("other", 1), 101, 2},
		"another, longer": {long, strings.Repeat(step("t", 0), 200), 200, 2},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log.jsonl")
			put := func(text string) {
				t.Helper()
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			put(c.before)
			old := time.Now().Add(-time.Hour)
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
			set := Open(t.Context(), []string{path}, Options{Follow: true})
			defer set.Close()
			if err := set.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if more, grown := strings.CutPrefix(c.after, c.before); grown {
				add(t, path, []byte(more))
			} else {
				put(c.after)
			}
			until(t, set.Sources().Changed(), func() bool {
				cat := set.Sources().Catalog()
				newest := int64(0)
				for _, s := range cat.Sessions {
					newest = max(newest, s.Events)
				}
				return len(cat.Sessions) == c.sessions && newest == c.events
			})
			if cat := set.Sources().Catalog(); cat.Segments[0].Faults.Count > 0 {
				t.Errorf("%+v", cat.Segments[0].Faults)
			}
		})
	}
}
