//go:build unix

package command

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/recorder/capture/intake"
	"github.com/lazytrace/lazytrace/recorder/capture/process"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
	"github.com/lazytrace/lazytrace/recorder/wire"
	"github.com/lazytrace/lazytrace/redact"
)

func newPipeline(b *testing.B, redacted bool) *pipeline.Pipeline {
	o := pipeline.Options{OnFull: pipeline.Block}
	path := filepath.Join(b.TempDir(), "events.sqlite")
	o.Open = func(ctx context.Context) (pipeline.Store, error) { return sqlite.Create(ctx, path, sqlite.Options{}) }
	if redacted {
		r, err := redact.New(redact.Options{})
		if err != nil {
			b.Fatal(err)
		}
		o.Redactor = r
	}
	r := pipeline.New(o)
	if err := r.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	return r
}

var payload = json.RawMessage(`{"agent_name":"a","tool":"search","arguments":{"query":"` + strings.Repeat("how to test a recorder ", 20) + `"}}`)

// BenchmarkPipeline is an event from a capture layer into the store.
func BenchmarkPipeline(b *testing.B) {
	for name, redacted := range map[string]bool{"plain": false, "redacted": true} {
		b.Run(name, func(b *testing.B) {
			r := newPipeline(b, redacted)
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Emit(b.Context(), eventlog.Event{Kind: eventlog.ToolResult, Type: "tool_result", Payload: payload}); err != nil {
					b.Fatal(err)
				}
			}
			if err := r.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkSocket is an event from a program to its acknowledgement, with a
// number of events in flight.
func BenchmarkSocket(b *testing.B) {
	for _, window := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("window-%d", window), func(b *testing.B) {
			r := newPipeline(b, true)
			s, err := intake.Listen(b.Context(), r, intake.Options{})
			if err != nil {
				b.Fatal(err)
			}
			c, err := net.Dial("unix", s.Path())
			if err != nil {
				b.Fatal(err)
			}
			lines := bufio.NewScanner(c)
			flying := 0
			for b.Loop() {
				if _, err := fmt.Fprintf(c, `{"event_type":"tool_result","payload":%s}`+"\n", payload); err != nil {
					b.Fatal(err)
				}
				if flying++; flying == window {
					lines.Scan()
					flying--
				}
			}
			for range flying {
				lines.Scan()
			}
			c.Close()
			if err := s.Drain(b.Context()); err != nil {
				b.Fatal(err)
			}
			if err := r.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkOutput is a program that prints much, beside tee, which writes it to
// a file as it is: how fast it is passed on, and how much of it is recorded.
func BenchmarkOutput(b *testing.B) {
	const size = 256 << 20
	printed := filepath.Join(b.TempDir(), "printed")
	line := "2026-11-27T10:00:00 INFO the agent reads a file, writes a plan and tells what it has changed and why\n"
	if err := os.WriteFile(printed, []byte(strings.Repeat(line, size/len(line))), 0o600); err != nil {
		b.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer null.Close()
	b.Run("tee", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			c := exec.CommandContext(b.Context(), "sh", "-c", `cat "$1" | tee "$2" >/dev/null`, "sh", printed, filepath.Join(b.TempDir(), "copy"))
			if err := c.Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, redacted := range []bool{false, true} {
		b.Run(fmt.Sprintf("redacted %v", redacted), func(b *testing.B) {
			b.SetBytes(size)
			stored := int64(0)
			for b.Loop() {
				path := filepath.Join(b.TempDir(), "events.sqlite")
				o := Options{
					Args: []string{"cat", printed}, Env: os.Environ(), Stdin: null, Stdout: null, Stderr: null,
					Capture: process.Capture{Stdout: true}, Decode: wire.Line,
				}
				o.Open = func(ctx context.Context) (pipeline.Store, error) { return sqlite.Create(ctx, path, sqlite.Options{}) }
				if redacted {
					if o.Pipeline.Redactor, err = redact.New(redact.Options{}); err != nil {
						b.Fatal(err)
					}
				}
				r := Record(b.Context(), o)
				if r.Code != 0 || r.Stats.Lost > 0 {
					b.Fatalf("%+v", r)
				}
				stored += r.Stats.Stored
			}
			b.ReportMetric(float64(stored)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
