package cmd

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// recipe is the first block of docs/recipes.md in a language.
func recipe(t *testing.T, language, holds string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "recipes.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(m[1], holds) {
			return m[1]
		}
	}
	t.Fatalf("docs/recipes.md has no block of %s with %q", language, holds)
	return ""
}

// The agents of ten lines do what their page says.
func TestRecipes(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]struct {
		program, holds string
		calls          int
	}{"python": {"python3", "LAZYTRACE_SOCKET", 1}, "sh": {"sh", "lazytrace emit", 0}} {
		t.Run(language, func(t *testing.T) {
			x := newExamples(t)
			x.agent(map[string]string{"python": "python", "sh": "shell"}[language]) // or skip
			script := filepath.Join(x.dir, "agent")
			if err := os.WriteFile(script, []byte(recipe(t, language, want.holds)), 0o600); err != nil {
				t.Fatal(err)
			}
			x.record(want.program, script)
			u := x.usage()
			if u.Total.Calls != want.calls || u.Total.ToolErrors != 0 {
				t.Errorf("%+v", u.Total)
			}
			agents := ""
			for _, r := range u.Runs {
				agents += " " + r.Agent
			}
			if !strings.Contains(agents, "mine") {
				t.Errorf("agents%s", agents)
			}
			if language == "python" {
				x.run(want.program, script) // without a recorder
			}
		})
	}
}

// What the pages for people tell to type exists.
func TestPagesShowWhatExists(t *testing.T) {
	t.Parallel()
	root := newRoot(realEnv())
	for _, page := range []string{"recipes.md", "tour.md", "counting.md", "security.md", "handout.md", "scan.md", "check.md", "import.md", "export.md"} {
		text, err := os.ReadFile(filepath.Join("..", "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("(?m)^(?:    |- run: )?lazytrace ([a-z]+)([^\n]*)$").FindAllStringSubmatch(string(text), -1) {
			c, rest, err := root.Find(append([]string{m[1]}, strings.Fields(m[2])...))
			if err != nil || c == root {
				t.Errorf("docs/%s shows lazytrace %s, which does not exist", page, m[1])
				continue
			}
			known := func(name string) *pflag.Flag {
				if f := c.Flags().Lookup(name); f != nil {
					return f
				}
				return c.InheritedFlags().Lookup(name)
			}
			for _, word := range rest {
				if word == "--" || word == "#" || strings.HasPrefix(word, "#") {
					break
				}
				if name, ok := strings.CutPrefix(word, "--"); ok {
					name, _, _ = strings.Cut(strings.Trim(name, "`;,.:)"), "=")
					if known(name) == nil {
						t.Errorf("docs/%s shows lazytrace %s --%s, which does not exist", page, m[1], name)
					}
				}
				if m[1] == "run" && !strings.HasPrefix(word, "-") {
					break // what is behind is the program's
				}
			}
		}
	}
}
