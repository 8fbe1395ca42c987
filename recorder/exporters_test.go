package recorder

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

// broken is an exporter that fails as often as it is asked.
type broken struct {
	calls atomic.Int64
	how   func(int64) error
}

func (b *broken) Export(Event) error { return b.how(b.calls.Add(1)) }
func (b *broken) Close() error       { return nil }

// Exporters that fail are told about once for each kind of error; the store and
// the others go on.
func TestFailingExporters(t *testing.T) {
	t.Parallel()
	var warnings []string
	x := newTap()
	s := open(t, Options{
		Exporters: []Exporter{
			&broken{how: func(n int64) error { return fmt.Errorf("no %d: %w", n, errors.New("disk")) }},
			&broken{how: func(int64) error { panic("no") }},
			x,
		},
		Warn: func(line string) { warnings = append(warnings, line) }, // by the one goroutine that exports
	})
	for range 5 {
		must(t, s.Emit(t.Context(), "note", nil))
	}
	must(t, s.Flush(t.Context()))
	if len(x.events) != 6 || s.Stats().ExportFailed != 12 {
		t.Errorf("%d exported, %d failed", len(x.events), s.Stats().ExportFailed)
	}
	if len(warnings) != 2 || !strings.Contains(warnings[0], "disk") || !strings.Contains(warnings[1], "panic") {
		t.Errorf("%q", warnings)
	}
	if got := types(t, s); len(got) != 5 {
		t.Errorf("%d events are stored", len(got))
	}
}

// list is an exporter that cannot be compared.
type list []string

func (list) Export(Event) error { return nil }
func (list) Close() error       { return nil }

func TestExportersComeAndGo(t *testing.T) {
	t.Parallel()
	s := open(t, Options{Batched: true, Exporters: []Exporter{list{"a"}}})
	x := newTap()
	must(t, s.AddExporter(x))
	must(t, s.Emit(t.Context(), "note", nil))
	must(t, s.RemoveExporter(x)) // gives it what was emitted before
	must(t, s.Emit(t.Context(), "later", nil))
	for _, gone := range []Exporter{x, list{"a"}, nil} {
		if err := s.RemoveExporter(gone); !errors.Is(err, ErrNoExporter) {
			t.Errorf("%T: %v", gone, err)
		}
	}
	if s.AddExporter(nil) == nil {
		t.Error("no exporter was added")
	}
	must(t, s.Close())
	close(x.events)
	heard := ""
	for e := range x.events {
		heard += e.Type + " "
	}
	if !strings.HasSuffix(heard, "note ") || x.closed != 1 {
		t.Errorf("heard %q, closed %d times", heard, x.closed)
	}
}

func TestWarner(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	warn := warner(&out)
	for range 5 {
		warn("no\x1b[2J")
	}
	if got := out.String(); got != strings.Repeat("lazytrace: no\\x1b[2J\n", 3) {
		t.Errorf("%q", got)
	}
}
