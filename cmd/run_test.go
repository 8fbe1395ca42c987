package cmd

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/recorder/origin"
)

// What follows the command's name is the command's, flags or not.
func TestRunFlagsEndAtTheCommand(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"run --db x sh -c -v":       "sh -c -v",
		"run --db x -- sh -c --":    "sh -c --",
		"run -v run run -v":         "run run -v",
		"run --tag a --tag=b -- -x": "-x",
		"run sh -- --db y":          "sh -- --db y",
	} {
		root := newRoot(realEnv())
		c, rest, err := root.Find(strings.Fields(line))
		if err != nil || c.Name() != "run" {
			t.Fatalf("%s: %v, %v", line, c, err)
		}
		if err := c.ParseFlags(rest); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if got := strings.Join(c.Flags().Args(), " "); got != want {
			t.Errorf("%s: the command is %q, want %q", line, got, want)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"run", "run --nope x", "run --capture all x", "run --on-full wait x", "run --redact-on-error no x", "run --meta k x",
		"run --metric k=v x", "run --metric score=2 x", "run --batch-size 0 x", "run --batch-interval -1s x",
		"run --metric a=1 --metric b=1 --metric c=1 --metric d=1 --metric e=1 --metric f=1 --metric g=1 --metric h=1 --metric i=1 --metric j=1 --metric k=1 x",
		"emit", "emit a b c", "resume a b",
		"run --max-cost x x", "run --max-cost -1 x", "run --max-cost 1 --on-trip kill x", "run --on-trip pause x", "run --max-repeat 1 x",
		"run --max-errors -1 x", "run --max-wall 0s x", "run --on-signal-exec x x", "run --max-cost 1 --on-signal-webhook ftp://x x",
	} {
		root := newRoot(realEnv())
		root.SetArgs(strings.Fields(line))
		var exit exitError
		if err := root.ExecuteContext(t.Context()); !errors.As(err, &exit) || exit.code != exitRefused || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestRunOptionsInsideARecording(t *testing.T) {
	t.Setenv(origin.EnvSession, "outer")
	t.Setenv(origin.EnvRun, "outer-run")
	t.Setenv(origin.EnvStore, "/x/outer.sqlite")
	base := runOptions{args: []string{"x"}, capture: "auto", onFull: "hybrid", redact: redactFlags{onError: "strict"}, batchSize: 1, batchInterval: 1, maxQueue: 1}
	for name, c := range map[string]struct {
		change               func(*runOptions)
		session, run, stored string
	}{
		"child":       {func(*runOptions) {}, "outer", "outer-run", "/x/outer.sqlite"},
		"new session": {func(o *runOptions) { o.newSession = true }, "", "", "/x/outer.sqlite"},
		"parent":      {func(o *runOptions) { o.parent = "other" }, "other", "", "/x/outer.sqlite"},
		"same parent": {func(o *runOptions) { o.parent = "outer" }, "outer", "outer-run", "/x/outer.sqlite"},
		"store":       {func(o *runOptions) { o.db = "/y.sqlite" }, "outer", "outer-run", "/y.sqlite"},
		"none":        {func(o *runOptions) { o.db = ":memory:" }, "outer", "outer-run", "none"},
	} {
		o := base
		c.change(&o)
		got, err := o.command()
		if err != nil {
			t.Fatal(err)
		}
		if err := o.sinks(&got); err != nil {
			t.Fatal(err)
		}
		if got.ParentSession != c.session || got.ParentRun != c.run || got.StorePath != c.stored {
			t.Errorf("%s: session %q, run %q, store %q", name, got.ParentSession, got.ParentRun, got.StorePath)
		}
	}
}

func TestDefaultStore(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	env := map[string]string{"XDG_DATA_HOME": data, "HOME": "/home/somebody", "USERPROFILE": "/home/somebody"}
	getenv := func(name string) string { return env[name] }
	if got, err := defaultStore(getenv); err != nil || got != filepath.Join(data, "lazytrace", "events.sqlite") {
		t.Errorf("%s, %v", got, err)
	}
	env["XDG_DATA_HOME"] = "relative"
	if got, err := defaultStore(getenv); err != nil || !strings.HasPrefix(got, filepath.FromSlash("/home/somebody")) ||
		runtime.GOOS == "linux" && got != "/home/somebody/.local/share/lazytrace/events.sqlite" {
		t.Errorf("%s, %v", got, err)
	}
	delete(env, "HOME")
	delete(env, "USERPROFILE")
	if _, err := defaultStore(getenv); codeOf(err) != exitRefused {
		t.Errorf("without a home: %v", err)
	}
}
