package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// heavier gives events the size that real ones have, about 900 bytes.
func heavier(events []eventlog.Event) []eventlog.Event {
	for i := range events {
		events[i].Payload = []byte(fmt.Sprintf(`{"agent_name": "writer", "n": %d, "text": "%s"}`, i, strings.Repeat("lorem ip", 106)))
	}
	return events
}

func BenchmarkWriteEvents(b *testing.B) {
	for _, opt := range []Options{{}, {Durable: true}} {
		for _, batch := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("durable=%t/batch=%d", opt.Durable, batch), func(b *testing.B) {
				s := create(b, filepath.Join(b.TempDir(), "a.sqlite"), opt)
				events := heavier(someEvents("s", 0, batch))
				ids := 0
				b.ReportAllocs()
				for b.Loop() {
					for i := range events {
						events[i].ID = fmt.Sprint("event-", ids)
						ids++
					}
					if err := s.WriteEvents(b.Context(), events); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(ids)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

func BenchmarkScan(b *testing.B) {
	const rows = 100_000
	path := filepath.Join(b.TempDir(), "a.sqlite")
	s := create(b, path, Options{})
	if err := s.WriteEvents(b.Context(), heavier(someEvents("s", 0, rows))); err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	r := open(b, path)
	b.ReportAllocs()
	n, bytes := 0, 0
	for b.Loop() {
		if err := r.Scan(b.Context(), eventsTable(), nil, func(record eventlog.Record) error {
			n++
			bytes += record.Size
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
	b.SetBytes(int64(bytes) / int64(b.N))
}

func BenchmarkOpenAndFirstRow(b *testing.B) {
	path := filepath.Join(b.TempDir(), "a.sqlite")
	s := create(b, path, Options{})
	if err := s.WriteEvents(b.Context(), heavier(someEvents("s", 0, 20_000))); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := Open(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.At(b.Context(), eventsTable()[0], 10_000); err != nil {
			b.Fatal(err)
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
