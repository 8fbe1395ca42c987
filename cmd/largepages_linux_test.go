//go:build (amd64 || arm64) && !race

package cmd

import (
	"os"
	"runtime/debug"
	"strings"
	"testing"
)

// A part of the heap is asked for in large pages, and garbage is collected as before.
func TestInLargePages(t *testing.T) {
	flags, err := os.ReadFile("/proc/self/smaps")
	if err != nil || !strings.Contains(string(flags), "VmFlags:") {
		t.Skip("the system does not tell how memory is given")
	}
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("the system has no large pages to give")
	}
	before := debug.SetGCPercent(123)
	defer debug.SetGCPercent(before)
	inLargePages(64 << 20)
	if percent := debug.SetGCPercent(123); percent != 123 {
		t.Errorf("garbage is collected at %d per cent", percent)
	}
	flags, err = os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(flags)) {
		if strings.HasPrefix(line, "VmFlags:") && strings.Contains(line+" ", " hg") {
			return
		}
	}
	t.Error("no part of the memory is asked for in large pages")
}

func TestIsMuch(t *testing.T) {
	dir := t.TempDir()
	small, large := dir+"/small", dir+"/large"
	for path, size := range map[string]int64{small: 1 << 20, large: 40 << 20} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		paths []string
		want  bool
	}{{nil, true}, {[]string{dir}, true}, {[]string{small}, false}, {[]string{large}, true}, {[]string{small, large}, true}, {[]string{dir + "/gone"}, false}} {
		if got := isMuch(c.paths); got != c.want {
			t.Errorf("%v: %v", c.paths, got)
		}
	}
}
