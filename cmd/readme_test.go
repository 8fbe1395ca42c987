package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/tui"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

// readmeActions are the actions that a newcomer needs first.
var readmeActions = []keymap.Action{
	keymap.Open, keymap.Back, keymap.Fold, keymap.UnfoldAll, keymap.NextError, keymap.Failures, keymap.Filter, keymap.Follow, keymap.NextNeed,
	keymap.TabNext, keymap.PartNext, keymap.DetailDown, keymap.NextSlow, keymap.ZoomIn, keymap.TimeMode, keymap.Flat, keymap.Sort, keymap.Period,
	keymap.GoWall, keymap.GoChat, keymap.GoCost, keymap.GoContext, keymap.GoErrors, keymap.GoSearch, keymap.Diff, keymap.Replay, keymap.Critical,
	keymap.Audit, keymap.Mark, keymap.Note, keymap.Copy, keymap.Palette, keymap.Keys, keymap.Command, keymap.Close,
}

// The README's keys are those of the code.
func TestReadmeKeys(t *testing.T) {
	path := filepath.Join("..", "README.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| key | does |\n|---|---|\n")
	table := tui.KeyTable()
	for _, action := range readmeActions {
		i := slices.IndexFunc(table, func(r keymap.Row) bool { return r.Action == action })
		if i < 0 {
			t.Fatalf("there is no action %s", action)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.Join(table[i].Keys, "` `"), table[i].Help)
	}
	between := regexp.MustCompile(`(?s)(<!-- keys[^\n]*-->\n).*(<!-- /keys -->)`)
	want := between.ReplaceAllString(string(text), "${1}"+strings.ReplaceAll(b.String(), "$", "$$")+"${2}")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Error("the keys in README.md are not those of the code; run go test ./cmd -run TestReadme -update")
	}
}

// Every command that the README and the help of the program show exists, and
// the other way round every command is in the help.
func TestReadmeCommands(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	root := newRoot(realEnv())
	for _, m := range regexp.MustCompile(`(?m)^lazytrace ([a-z]+)(.*)$`).FindAllStringSubmatch(string(text), -1) {
		c, _, err := root.Find([]string{m[1]})
		if err != nil || c == root {
			t.Errorf("README.md shows lazytrace %s, which does not exist", m[1])
			continue
		}
		for _, flag := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(m[2], -1) {
			if c.Flags().Lookup(flag[1]) == nil && c.InheritedFlags().Lookup(flag[1]) == nil {
				t.Errorf("README.md shows lazytrace %s --%s, which does not exist", m[1], flag[1])
			}
		}
	}
}
