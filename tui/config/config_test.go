package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRead(t *testing.T) {
	c, problems := Read(folder(t, map[string]string{
		"config.toml": "theme = \"light-safe\"\nmouse = false\nnotify = false\n[budget]\nsession = 2.5\nday = 30\n[[commands]]\nname = \"tests\"\nkey = \"t\"\nrun = \"make test\"\nconfirm = true\n",
		"keys.toml":   "trace.next_slow = [\"ctrl+n\", \"g y\"]\n[list]\nfollow = \"f5\"\n",
		"views.toml":  "[[view]]\nname = \"dear\"\nquery = \"cost>1\"\n",
	}))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if c.Look.Name != "light-safe" || c.Mouse || c.Notify || c.Budget.Session != 25*eventlog.Dollar/10 || c.Budget.Day != 30*eventlog.Dollar {
		t.Errorf("read %+v", c)
	}
	if want := []tui.Command{{Name: "tests", Key: "t", Run: "make test", Confirm: true}}; !slices.Equal(c.Commands, want) {
		t.Errorf("commands %+v", c.Commands)
	}
	if want := []tui.View{{Name: "dear", Query: "cost>1"}}; !slices.Equal(c.Views, want) {
		t.Errorf("views %+v", c.Views)
	}
	m := keymap.New(c.Keys)
	trace := []keymap.Scope{keymap.Trace, keymap.Opened, keymap.Lists, keymap.Everywhere}
	for key, want := range map[string]keymap.Action{"ctrl+n": keymap.NextSlow, "g y": keymap.NextSlow, "f5": keymap.Follow, "F": "", "s": keymap.Sort} {
		if got, _ := m.Find(trace, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
}

func TestNothingIsSetUp(t *testing.T) {
	for _, dir := range []string{"", t.TempDir(), filepath.Join(t.TempDir(), "not there")} {
		if c, problems := Read(dir); len(problems) > 0 || !c.Mouse || len(c.Keys) != len(keymap.Table()) {
			t.Errorf("%q: %+v %v", dir, c, problems)
		}
	}
}

func TestProblemsSayWhereAndWhatToDo(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"no TOML", "config.toml", "theme = \"dark\nmouse = true\n", "line 1"},
		{"unknown key", "config.toml", "mouse = true\ncolour = 7\n", "line 2: colour is not known here"},
		{"unknown theme", "config.toml", "\ntheme = \"pink\"\n", "line 2: there is no theme \"pink\"; it is one of auto dark"},
		{"no budget", "config.toml", "[budget]\nday = -3\n", "line 2: a budget of $-3 is none"},
		{"empty command", "config.toml", "[[commands]]\nname = \"x\"\n", "line 1: a command needs a name and what to run"},
		{"unknown action", "keys.toml", "[trace]\nnext_slo = \"x\"\n", "line 2: trace.next_slo: there is no action"},
		{"wrong scope", "keys.toml", "cost.follow = \"x\"\n", "did you mean list.follow?"},
		{"no key", "keys.toml", "list.follow = \"control-x\"\n", "is no key"},
		{"not a text", "keys.toml", "list.follow = 7\n", "want keys"},
		{"given twice", "keys.toml", "list.follow = \"x\"\nlist.copy = \"x\"\n", "is given to"},
		{"begins a sequence", "keys.toml", "list.follow = \"g\"\n", "g is list.follow and begins g g"},
		{"no way out", "keys.toml", "app.close = []\n", "app.close has no key"},
		{"bad query", "views.toml", "[[view]]\nname = \"x\"\nquery = \"cost>y\"\n", "not a number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, problems := Read(folder(t, map[string]string{c.file: c.text}))
			if len(problems) == 0 || !strings.Contains(problems[0].Error(), c.want) || !strings.Contains(problems[0].Error(), c.file) || strings.Contains(problems[0].Error(), "\n") {
				t.Errorf("told %v, want one line with %q", problems, c.want)
			}
			if len(keymap.Faults(got.Keys)) > 0 {
				t.Errorf("what is wrong is used: %v", keymap.Faults(got.Keys))
			}
		})
	}
}

func TestViewsAreKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	want := []tui.View{{Name: "a \"quoted\" one", Query: `tool:Bash "exit 1"`}, {Name: "b", Query: "cost>1"}}
	for _, views := range [][]tui.View{want[:1], want, nil} {
		if err := SaveViews(dir, views); err != nil {
			t.Fatal(err)
		}
		c, problems := Read(dir)
		if len(problems) > 0 || !slices.Equal(c.Views, views) {
			t.Errorf("kept %+v %v, want %+v", c.Views, problems, views)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("config.toml", "theme = \"dark\"")
	f.Add("keys.toml", "trace.next_slow = [\"x\"]")
	f.Add("views.toml", "[[view]]\nname=\"x\"")
	f.Fuzz(func(t *testing.T, name, text string) {
		if name != "config.toml" && name != "keys.toml" && name != "views.toml" {
			name = "keys.toml"
		}
		c, _ := Read(folder(t, map[string]string{name: text}))
		if len(keymap.Faults(c.Keys)) > 0 {
			t.Errorf("%q leaves %v", text, keymap.Faults(c.Keys))
		}
	})
}
