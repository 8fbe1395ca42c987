package cmd

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/tui/forest"
)

// BenchmarkAfterLoading puts questions to a log that is loaded: filters of its steps
// and the roll-up of its calls, as the explorer does. LAZYTRACE_BENCH_LOG names a log
// in place of a small one; its first session is opened.
func BenchmarkAfterLoading(b *testing.B) {
	path := os.Getenv("LAZYTRACE_BENCH_LOG")
	if path == "" {
		path = filepath.Join("..", "testdata", "trouble")
	}
	set := source.Open(b.Context(), []string{path}, source.Options{})
	defer func() { _ = set.Close() }()
	if err := set.Wait(b.Context()); err != nil {
		b.Fatal(err)
	}
	catalog := set.Sources().Catalog()
	log, err := set.OpenLog(b.Context(), catalog.Sessions[0])
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	for log.Snapshot().Loading {
		<-log.Changed()
	}
	f := forest.Build(context.Background(), log.Snapshot(), 0)
	for _, text := range []string{"err:any", "tool:Bash", "agent:coder", "tool:Bash dur>5s", "cost>0.01"} {
		b.Run("filter "+text, func(b *testing.B) {
			q, err := eventlog.ParseQuery(text)
			if err != nil {
				b.Fatal(err)
			}
			hits := 0
			ask(b, func() { hits = f.Lay(context.Background(), forest.View{Query: q, Now: f.End}).Hits })
			b.ReportMetric(float64(hits), "hits")
		})
	}
	b.Run("only errors", func(b *testing.B) {
		ask(b, func() { f.Lay(context.Background(), forest.View{Failed: true, Now: f.End}) })
	})
	b.Run("rollup of all calls", func(b *testing.B) {
		calls := int64(0)
		ask(b, func() { calls = rollup.New(catalog, nil).Total.Calls })
		b.ReportMetric(float64(calls), "calls")
	})
}

// ask measures a question again and again: how long it takes mostly, and at most. A
// mean would be that of the few that find the heap growing, or garbage being collected.
func ask(b *testing.B, question func()) {
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		question()
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "median-ns")
	b.ReportMetric(float64(took[len(took)-1].Nanoseconds()), "slowest-ns")
}
