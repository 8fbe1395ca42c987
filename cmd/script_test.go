package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden files in the scripts")

func TestMain(m *testing.M) {
	completionTime = time.Minute // a machine may be busy
	testscript.Main(m, map[string]func(){"lazytrace": func() { os.Exit(Main()) }, "canary-agent": canaryAgent, "hold": hold, "bare-proxy": bareProxy})
}

// The scripts run the program as people do, each in a folder and a home of its
// own. TESTDATA is the folder of small logs.
func TestScripts(t *testing.T) {
	t.Parallel()
	testdata, err := filepath.Abs(filepath.Join("..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), UpdateScripts: *update, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("USERPROFILE", home)
			e.Setenv("XDG_DATA_HOME", filepath.Join(e.WorkDir, "data"))
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "config"))
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, "cache"))
			e.Setenv("TESTDATA", testdata)
			e.Setenv("TZ", "UTC")
			if strings.HasSuffix(e.WorkDir, "script-export") {
				receiveSpans(e)
			}
			return os.MkdirAll(home, 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "pretty": pretty, "shape": shape},
	})
}

// exits CODE PROGRAM ARGS... runs a program that must end with a code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// pretty FILE spreads the JSON of a file over lines, names in order.
func pretty(ts *testscript.TestScript, neg bool, args []string) {
	rewrite(ts, neg, args, func(v any) any { return v })
}

// shape FILE does the same and leaves of each value only what it is, so that
// names can be compared where values differ each time.
func shape(ts *testscript.TestScript, neg bool, args []string) {
	rewrite(ts, neg, args, shapeOf)
}

func shapeOf(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = shapeOf(value)
		}
		return v
	case []any:
		if len(v) > 1 {
			v = v[:1]
		}
		for i := range v {
			v[i] = shapeOf(v[i])
		}
		return v
	case string:
		return "text"
	case json.Number:
		return "number"
	case bool:
		return "bool"
	}
	return v
}

func rewrite(ts *testscript.TestScript, neg bool, args []string, change func(any) any) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: pretty FILE, shape FILE")
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(ts.ReadFile(args[0]))))
	dec.UseNumber()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	for dec.More() {
		var v any
		ts.Check(dec.Decode(&v))
		ts.Check(enc.Encode(change(v)))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), out.Bytes(), 0o600))
}
