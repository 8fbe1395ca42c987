package source

import (
	"os"
	"path/filepath"
	"testing"
)

// shared returns a path below the folder of real logs that lies beside the
// project, or skips the test where there is none.
func shared(t *testing.T, parts ...string) string {
	t.Helper()
	root := os.Getenv("LAZYTRACE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no real logs here: %v", err)
	}
	return path
}
