package cmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog/archive"
)

// Whoever stays archives what is written meanwhile, and ends without complaint.
func TestArchiveStays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := filepath.Join(dir, "logs", "events.jsonl")
	text, err := os.ReadFile(filepath.Join("..", "testdata", "pi", "2026-11-20T09-00-00-000Z_9a1e7a90-4444-4aaa-8bbb-cccccccccccc.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(log), 0o700); err != nil {
		t.Fatal(err)
	}
	var out, told bytes.Buffer
	env := &Env{Stdin: &bytes.Buffer{}, Stdout: &out, Stderr: &told, Now: time.Now, Terminal: func() bool { return false }}
	env.Getenv = func(key string) string {
		return map[string]string{"HOME": dir, "XDG_DATA_HOME": filepath.Join(dir, "data")}[key]
	}
	ctx, cancel := context.WithCancel(t.Context())
	code := make(chan int, 1)
	go func() { code <- run(ctx, env, []string{"archive", "--watch", filepath.Dir(log)}) }()
	folder := archive.Open(filepath.Join(dir, "data", "lazytrace", "archive"))
	kept := func(size int64) {
		t.Helper()
		for until := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			if c, ok := folder.Of(log); ok && c.Size == size {
				return
			}
			if time.Now().After(until) {
				t.Fatalf("it is never archived: %s", told.String())
			}
		}
	}
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	begun := append(bytes.Clone(first), '\n')
	if err := os.WriteFile(log, begun, 0o600); err != nil {
		t.Fatal(err)
	}
	kept(int64(len(begun)))
	if err := os.WriteFile(log, append(begun, rest...), 0o600); err != nil {
		t.Fatal(err)
	}
	kept(int64(len(text)))
	cancel()
	if got := <-code; got != exitFine {
		t.Errorf("exit code %d", got)
	}
	if lines := strings.Split(strings.TrimSpace(told.String()), "\n"); len(lines) != 2 || !strings.Contains(lines[0], " added ") || !strings.Contains(lines[1], " grown ") || out.Len() > 0 {
		t.Errorf("told %q, printed %q", lines, out.String())
	}
}

func TestArchiveLimits(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "500M": 500 << 20, "2G": 2 << 30, "1.5k": 1536, "2GiB": 2 << 30, "3 MB": 3 << 20, "": 0, "-1": 0, "M": 0, "1e99": 0, "NaN": 0, "2Gx": 0} {
		if n, ok := sizeOf(text); ok != (want > 0) || ok && n != want {
			t.Errorf("%q: %d, %v", text, n, ok)
		}
	}
	day := 24 * time.Hour
	for text, want := range map[string]time.Duration{"365d": 365 * day, "2w": 14 * day, "720h": 30 * day, "0.5d": day / 2, "": 0, "-3d": 0, "d": 0, "7": 0, "NaNd": 0} {
		if d, ok := ageOf(text); ok != (want > 0) || ok && d != want {
			t.Errorf("%q: %s, %v", text, d, ok)
		}
	}
}
