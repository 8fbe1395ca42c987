//go:build unix

package sqlite

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// asNobody runs a part as a user who may write nowhere but in a folder for
// temporary files. It needs root; anybody else can play that user himself.
func asNobody(t *testing.T, part, path string) string {
	t.Helper()
	cmd := child(t, t.Context(), part, path)
	tmp := t.TempDir()
	if os.Getuid() == 0 {
		// The test binary lies in a folder of root's.
		own := filepath.Join(t.TempDir(), "test")
		if err := copyProgram(own, cmd.Path); err != nil {
			t.Fatal(err)
		}
		for _, folder := range []string{own, path, tmp} {
			for folder = filepath.Dir(folder); folder != os.TempDir() && folder != "/"; folder = filepath.Dir(folder) {
				if info, err := os.Stat(folder); err == nil && info.Mode().Perm()&0o005 != 0o005 {
					if err := os.Chmod(folder, info.Mode().Perm()|0o055); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if err := os.Chmod(tmp, 0o777); err != nil {
			t.Fatal(err)
		}
		cmd.Path, cmd.Args[0] = own, own
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	cmd.Env = append(cmd.Env, "TMPDIR="+tmp)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
		t.Errorf("left behind %v, %v", left, err)
	}
	return strings.TrimSpace(string(out))
}

func copyProgram(to, from string) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Close())
}

// TestReadOnlyFolder reads databases in a folder that may not be written to.
func TestReadOnlyFolder(t *testing.T) {
	if _, err := exec.LookPath("true"); err != nil {
		t.Skip("no unix")
	}
	for _, test := range []struct {
		name   string
		beside []string
		end    bool
	}{
		{"ended", nil, true},
		{"killed, with index", []string{"-wal", "-shm"}, false},
		{"killed, without index", []string{"-wal"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.sqlite")
			s := create(t, path, Options{})
			if err := s.WriteEvents(t.Context(), someEvents("s", 0, 100)); err != nil {
				t.Fatal(err)
			}
			if test.end {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			folder := t.TempDir()
			there := copyTo(t, folder, path, test.beside...)
			for _, suffix := range append(test.beside, "") {
				if err := os.Chmod(there+suffix, 0o444); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chmod(folder, 0o555); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(folder, 0o755) })
			before := state(t, folder)
			if got := asNobody(t, "look", there); got != "rows=100 broken=0" {
				t.Errorf("got %s", got)
			}
			unchanged(t, folder, before)
			entries, err := os.ReadDir(folder)
			if err != nil || len(entries) != 1+len(test.beside) {
				t.Errorf("the folder holds %v, %v", entries, err)
			}
			// Writing is refused in one line.
			if got := asNobody(t, "write", there); strings.Contains(got, "\n") || !strings.HasPrefix(got, "refused: create ") {
				t.Errorf("writing there: %s", got)
			}
			if got := asNobody(t, "write", filepath.Join(folder, "new.sqlite")); strings.Contains(got, "\n") || !strings.HasPrefix(got, "refused: create ") {
				t.Errorf("writing a new store there: %s", got)
			}
		})
	}
}
