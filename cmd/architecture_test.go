package cmd

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every direct dependency has its reason in ARCHITECTURE.md.
func TestDependenciesHaveReasons(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join("..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("..", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mod)) {
		m := regexp.MustCompile(`^\t(\S+) v\S+$`).FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		name := m[1]
		for _, prefix := range []string{"github.com/charmbracelet/", "charm.land/"} {
			name = strings.TrimPrefix(name, prefix)
		}
		if !strings.Contains(string(text), name) {
			t.Errorf("ARCHITECTURE.md gives no reason for %s", m[1])
		}
	}
}
