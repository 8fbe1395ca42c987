//go:build unix

package export

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestExec(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct {
		command string
		limit   time.Duration
		lost    int64 // -1: at least one
		says    string
		file    string // what the program wrote
	}{
		"takes everything":     {"cat > FILE; echo on stdout; echo on stderr >&2", time.Hour, 0, "", "3 lines"},
		"ends badly":           {"cat > FILE; echo first >&2; echo 'the last word' >&2; exit 3", time.Hour, 1, "exit status 3: the last word", "3 lines"},
		"is missing":           {"no-such-program-here", time.Hour, -1, "exit status 127: ", ""},
		"does not read":        {"exec sleep 1000", time.Millisecond, -1, errNoTime.Error(), ""},
		"does not end":         {"cat > FILE; sleep 1000", time.Millisecond, -1, errNoTime.Error(), ""},
		"leaves somebody":      {"sleep 1000 & echo $! > FILE; cat > /dev/null", time.Hour, 0, "", "1 lines"},
		"complains in silence": {"cat > /dev/null; exit 1", time.Hour, 1, "exit status 1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			x := Exec(strings.ReplaceAll(c.command, "FILE", file), DetachOptions{Limit: c.limit})
			var err error
			for i := range 3 {
				err = errors.Join(err, x.Export(event("x", "s", "r", fmt.Sprint(i), i, `{"k":"v"}`)))
			}
			err = errors.Join(err, x.Close())
			n := lostBy(err)
			if c.lost >= 0 && n != c.lost || c.lost < 0 && n < 1 || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%d lost: %v", n, err)
			}
			if c.file == "" {
				return
			}
			text, err := os.ReadFile(file)
			must(t, err)
			if got := fmt.Sprintf("%d lines", strings.Count(string(text), "\n")); got != c.file {
				t.Errorf("%s:\n%s", got, text)
			}
			if name == "leaves somebody" {
				endPID(t, string(text))
			} else if !strings.HasPrefix(string(text), `{"event_type":"x","session_id":"s","run_id":"r","ts":`) {
				t.Errorf("wrote %s", text)
			}
		})
	}
}

// endPID ends a process that a test started.
func endPID(t *testing.T, text string) {
	t.Helper()
	var pid int
	_, err := fmt.Sscan(text, &pid)
	must(t, err)
	p, err := os.FindProcess(pid)
	must(t, err)
	must(t, p.Kill())
}

// A program that ends is told about by all later events, and not started again.
func TestExecThatEndsEarly(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "starts")
	x := Exec("echo once >> "+file+"; read line; echo enough >&2; exit 4", DetachOptions{Limit: time.Hour})
	var err error
	for i := 0; i < 100_000 && err == nil; i++ {
		err = x.Export(event("x", "s", "r", fmt.Sprint(i), i, `{"k":"`+strings.Repeat("v", 1000)+`"}`))
		if i%100 == 0 {
			must(t, x.Flush(t.Context()))
		}
	}
	if err == nil || !strings.Contains(err.Error(), "exit status 4: enough") || lostBy(err) == 0 {
		t.Fatalf("%d lost: %v", lostBy(err), err)
	}
	must(t, x.Flush(t.Context()))
	_ = x.Export(event("x", "s", "r", "a", 1, `{}`))
	must(t, x.Flush(t.Context()))
	if err := x.Close(); lostBy(err) == 0 || !strings.Contains(err.Error(), "exit status 4") {
		t.Errorf("at the end: %v", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "once\n" {
		t.Errorf("started %q, %v", text, err)
	}
}

// Nothing is started for nothing.
func TestExecWithoutEvents(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "started")
	must(t, Exec("touch "+file, DetachOptions{}).Close())
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestLastLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "a": "a", "a\n": "a", "a|b\n": "ab", "a\nb": "b", "a\n|\n|\nb|c\n\n": "bc", "a\r\nb\r\n": "b",
		strings.Repeat("x", 150) + "|" + strings.Repeat("y", 150): strings.Repeat("x", 150) + strings.Repeat("y", 50),
	} {
		var l lastLine
		for part := range strings.SplitSeq(text, "|") {
			if _, err := l.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
		}
		if got := l.String(); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
