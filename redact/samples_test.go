package redact

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sampleTexts returns the logs of real agents that are text, by name.
func sampleTexts(t testing.TB) map[string]string {
	t.Helper()
	texts := map[string]string{}
	root := filepath.Join(shared(t), "samples")
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil || strings.HasPrefix(string(raw), "SQLite") || strings.HasSuffix(path, "-wal") {
			return err
		}
		name, err := filepath.Rel(root, path)
		texts[name] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// TestRealLogsKeepTheirText looks at the logs of real agents. Those that hold a
// live credential were never among them, so that every mask is a wrong one; the
// vectors of a redactor are none of these logs.
func TestRealLogsKeepTheirText(t *testing.T) {
	t.Parallel()
	r := secrets(t)
	n := 0
	for name, s := range sampleTexts(t) {
		if strings.HasPrefix(name, "seeds") {
			continue
		}
		n += len(s)
		for _, p := range r.find(s) {
			t.Errorf("%s: %s at %d: %d bytes behind %q", name, p.kind, p.from, p.to-p.from, s[max(0, p.from-40):p.from])
		}
	}
	t.Logf("%d KiB", n>>10)
}

func BenchmarkSamples(b *testing.B) {
	r := secrets(b)
	var big []string
	n := 0
	for _, s := range sampleTexts(b) {
		if len(s) > 100_000 {
			big = append(big, s)
			n += len(s)
		}
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range big {
			r.Text(s)
		}
	}
}
