//go:build unix

package sqlite

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestModes(t *testing.T) {
	base := t.TempDir()
	path := filepath.Join(base, "new", "deep", "a.sqlite")
	for _, umask := range []int{0o000, 0o777 &^ 0o700} {
		withUmask(t, umask, func() {
			s := create(t, path, Options{})
			if err := s.WriteEvents(t.Context(), someEvents("s1", umask, 3)); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(path + "*")
			if err != nil || len(files) != 3 {
				t.Errorf("files %q, %v; want the database, its log and its index", files, err)
			}
			for _, file := range files {
				if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s has mode %v, %v", file, info.Mode(), err)
				}
			}
			for _, folder := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
				if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
					t.Errorf("%s has mode %v, %v", folder, info.Mode(), err)
				}
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func withUmask(t *testing.T, mask int, do func()) {
	t.Helper()
	defer syscall.Umask(syscall.Umask(mask))
	do()
}
