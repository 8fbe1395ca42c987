package dialect

import "testing"

// What a session's end and its update add up to are sums of events: they are
// not counted again.
func TestSeedFigures(t *testing.T) {
	for name, tc := range map[string]struct {
		d    Dialect
		want string
	}{
		"sentrial/wire.jsonl": {Sentrial{}, "sessions 1 calls 1 tools 2-1 errors 2 {Input:120 CacheRead:0 CacheWrite5m:0 CacheWrite1h:0 Output:12 Reasoning:0} $0.0002"},
		"niitaka/export.json": {Niitaka{}, "sessions 2 calls 1 tools 1-1 errors 2 {Input:90 CacheRead:0 CacheWrite5m:0 CacheWrite1h:0 Output:9 Reasoning:0} $0.0004"},
	} {
		if got := figures(t, tc.d, otlpFile(t, name)...); got != tc.want {
			t.Errorf("%s: %s, want\n%s", name, got, tc.want)
		}
	}
}
