package cmd

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lazytrace/lazytrace/recorder/command"
)

// receiveSpans gives a script a receiver of spans, OTLP, which puts the body of
// its last request into spans.otlp.
func receiveSpans(e *testscript.Env) {
	file := filepath.Join(e.WorkDir, "spans.otlp")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("X-Team") != "blue" {
			http.Error(w, "not what was expected", http.StatusBadRequest)
			return
		}
		body, err := io.ReadAll(z)
		if err == nil {
			err = os.WriteFile(file, body, 0o600)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	e.Setenv("OTLP", server.URL)
	e.Defer(server.Close)
}

// exportsOf parses the flags of a line and returns what exporters they make, and
// whether there is a store.
func exportsOf(t *testing.T, line string) (names []string, store bool, err error) {
	t.Helper()
	root := newRoot(realEnv())
	c, rest, err := root.Find(strings.Fields(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.ParseFlags(rest); err != nil {
		return nil, false, err
	}
	var x exportFlags
	x.style, _ = c.Flags().GetString("console-style")
	x.headers, _ = c.Flags().GetStringArray("otlp-header")
	x.list = c.Flags().Lookup("export").Value.(*exportValue).x.list
	var o command.Options
	if err := x.open(&o); err != nil {
		return nil, false, err
	}
	for _, e := range o.Exporters {
		name := reflect.TypeOf(e).Elem().Name()
		if e, ok := e.(interface{ Name() string }); ok {
			name += " " + e.Name()
		}
		names = append(names, name)
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	return names, o.Open != nil, nil
}

// The order of the flags is that of the exporters.
func TestRunExportsInOrder(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"run x": "",
		"run --console --export json:a --jsonl b --otlp http://h x":                    "Console console, Lazy json lines to b, OTLP otlp to http://h/v1/traces; json store",
		"run --otlp http://h --export log --console x":                                 "OTLP otlp to http://h/v1/traces, Log log, Console console",
		"run --console-style pretty x":                                                 "Pretty console",
		"run --console-style pretty --console --export log x":                          "Pretty console, Log log",
		"run --export console --console-style pretty x":                                "Console console, Pretty console",
		"run --console=false --jsonl a x":                                              "; json store",
		"run --console --console=false x":                                              "",
		"run --export filter:types=a:json:f x":                                         "Filter json lines to f",
		"run --export exec:cat --export otlp+json:http://h --otlp-header a=b=c x":      `Detached exec "cat", OTLP otlp to http://h/v1/traces`,
		"run --otlp http://a --otlp http://b --console-style plain --export console x": "OTLP otlp to http://a/v1/traces, OTLP otlp to http://b/v1/traces, Console console, Console console",
	} {
		names, store, err := exportsOf(t, line)
		got := strings.Join(names, ", ")
		if store {
			got += "; json store"
		}
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", line, got, err)
		}
	}
}

func TestRunRefusesExports(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"run --export nope x", "run --export json x", "run --otlp localhost:4318 x", "run --otlp= x", "run --console-style loud x", "run --console=maybe x",
		"run --otlp http://h --otlp-header bare-word x", "run --otlp http://h --otlp-header a b", "run --otlp-header a=b x", "run --export filter:where=kind:tool x",
	} {
		root := newRoot(realEnv())
		root.SetArgs(strings.Fields(line))
		var exit exitError
		err := root.ExecuteContext(t.Context())
		if !errors.As(err, &exit) || exit.code != exitRefused || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "bare-word") {
			t.Errorf("%s: %v", line, err)
		}
	}
}
