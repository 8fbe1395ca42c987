//go:build unix

package command

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/process"
	"github.com/lazytrace/lazytrace/recorder/capture/receiver"
	"github.com/lazytrace/lazytrace/recorder/origin"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
)

func TestTelemetrySettings(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, ".codex"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(home, ".codex", "config.toml")
	if err := os.WriteFile(file, []byte("model = \"x\"\n[otel]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	caller := []string{
		"HOME=" + home, "OTEL_EXPORTER_OTLP_ENDPOINT=https://collector.example", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://other.example",
		"OTEL_TRACES_EXPORTER=otlp", "OTEL_LOG_USER_PROMPTS=0", "OTEL_EXPORTER_OTLP_LOGS_HEADERS=",
	}
	settings := map[string]string{}
	replaced := telemetry(settings, []string{"/usr/bin/codex", "exec"}, caller, "http://127.0.0.1:1", "T")
	if got, want := strings.Join(replaced, " "), "OTEL_EXPORTER_OTLP_ENDPOINT OTEL_EXPORTER_OTLP_TRACES_ENDPOINT what "+file+" says"; got != want {
		t.Errorf("replaced: %s, want %s", got, want)
	}
	env := "\n" + strings.Join(environment(caller, settings), "\n") + "\n"
	for line, want := range map[string]bool{
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1":      true,
		"OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20T": true,
		"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf":           true,
		"OTEL_LOG_USER_PROMPTS=0":                             true, // what is said about contents stays
		"CLAUDE_CODE_ENABLE_TELEMETRY=1":                      true,
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT":                  false,
		"collector.example":                                   false,
	} {
		if strings.Contains(env, line) != want {
			t.Errorf("%s: %v in%s", line, !want, env)
		}
	}
	if replaced := telemetry(map[string]string{}, []string{"python3"}, []string{"HOME=" + home}, "http://127.0.0.1:1", "T"); len(replaced) > 0 {
		t.Errorf("nothing was said, and %q replaced", replaced)
	}
}

func TestTelemetryByArguments(t *testing.T) {
	t.Parallel()
	args := []string{"/opt/codex", "exec", "hi"}
	got := withTelemetry(args, "http://127.0.0.1:1")
	if text := strings.Join(got, " "); len(got) != 9 || got[0] != args[0] || got[8] != "hi" || !strings.Contains(text, `otel.exporter={otlp-http={endpoint="http://127.0.0.1:1/v1/logs"`) {
		t.Errorf("%q", got)
	}
	if got := withTelemetry([]string{"claude", "-p"}, "x"); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

// sender sends an event over HTTP and prints what comes of it.
func sender() int {
	_, err := receiver.Send(context.Background(), os.Getenv(origin.EnvURL), os.Getenv(origin.EnvToken), []byte(`{"id":"h","event_type":"decision"}`))
	if err != nil || os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != os.Getenv(origin.EnvURL) {
		return 1
	}
	return 0
}

func TestReceiverOfARecording(t *testing.T) {
	t.Parallel()
	for _, on := range []bool{true, false} {
		s := &store{}
		var told bytes.Buffer
		result := Record(t.Context(), Options{
			Args: []string{os.Args[0]}, Env: append(os.Environ(), "RECORD_TEST_ROLE=sender", "LAZYTRACE_ENDPOINT=http://127.0.0.1:1"),
			Capture: process.Capture{HTTP: on, Telemetry: on}, Notices: &told,
			Open: func(context.Context) (pipeline.Store, error) { return s, nil },
		})
		_, payload := s.find(t, eventlog.SessionStart)
		layers, _ := payload["capture"].([]any)
		if !on {
			if result.Code == 0 || len(layers) != 2 {
				t.Errorf("nobody asked for it: %d, %v", result.Code, layers)
			}
			continue
		}
		if e, _ := s.find(t, eventlog.Decision); result.Code != 0 || e.ID != "h" || told.Len() > 0 {
			t.Errorf("%d, %+v, %s", result.Code, e, &told)
		}
		if len(layers) != 4 {
			t.Errorf("layers %v", layers)
		}
	}
}
