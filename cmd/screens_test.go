package cmd

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/tui"
)

// Every page and tab has its page in docs/screens with a picture of it, every
// picture is shown somewhere, and make screens takes every one.
func TestScreenPages(t *testing.T) {
	folder := filepath.Join("..", "docs", "screens")
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	contents, script := read(filepath.Join(folder, "README.md")), read(filepath.Join(folder, "make.sh"))
	for _, row := range tui.KeyTable() {
		name, goes := strings.CutPrefix(string(row.Action), "go.")
		if !goes {
			continue
		}
		if !strings.Contains(contents, "("+name+".md) `"+row.Keys[0]+"`") {
			t.Errorf("docs/screens/README.md does not lead to %s.md with the key %s", name, row.Keys[0])
		}
		if !strings.Contains(read(filepath.Join(folder, name+".md")), "]("+name+".png)") {
			t.Errorf("docs/screens/%s.md does not show %s.png", name, name)
		}
	}
	pages, err := filepath.Glob(filepath.Join("..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	picture := regexp.MustCompile(`\]\(([^)]*\.png)\)`)
	for _, page := range append(append(pages, more...), filepath.Join("..", "README.md")) {
		for _, m := range picture.FindAllStringSubmatch(read(page), -1) {
			path := filepath.Join(filepath.Dir(page), m[1])
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s shows a picture that is not there: %v", page, err)
			}
			shown[filepath.Base(path)] = true
		}
	}
	pictures, err := filepath.Glob(filepath.Join(folder, "*.png"))
	if err != nil || len(pictures) == 0 {
		t.Fatal("no pictures", err)
	}
	for _, path := range pictures {
		name := filepath.Base(path)
		if !shown[name] {
			t.Errorf("%s is shown nowhere", name)
		}
		if strings.HasPrefix(name, "export-") {
			continue // of what is written, in a browser
		}
		if !regexp.MustCompile(`(?m)^shot ` + strings.TrimSuffix(name, ".png") + ` `).MatchString(script) {
			t.Errorf("make screens does not take %s", name)
		}
	}
}
