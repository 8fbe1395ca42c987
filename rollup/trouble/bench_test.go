package trouble_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/trouble"
)

func BenchmarkSignature(b *testing.B) {
	for _, c := range []struct{ name, message string }{
		{"shell", "Exit code 3\ncat: /no/such-file: No such file or directory"},
		{"lines", strings.Repeat("src/app/main.ts:12:5 some words and 17 numbers\n", 400)},
		{"long line", strings.Repeat("a1b2 'c' /d/e ", 5000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				trouble.Signature(c.message)
			}
		})
	}
}

func BenchmarkFind(b *testing.B) {
	const n = 100_000
	var list []eventlog.Event
	for i := range n {
		list = append(list, answer(eventlog.Stamp(3*i+1), 1))
		out := "fine"
		if i%10 == 0 {
			out = fmt.Sprintf("!cat: /tmp/%d: No such file or directory", i)
		}
		list = append(list, call(eventlog.Stamp(3*i+1), fmt.Sprint(i), "Bash", fmt.Sprintf(`{"command":"go test ./p%d"}`, i/4), out)...)
	}
	l := logOf(list...)
	b.ResetTimer()
	for b.Loop() {
		if _, err := trouble.Find(b.Context(), l, l.Snapshot(), trouble.Options{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/call")
}
