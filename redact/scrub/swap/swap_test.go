package swap

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

var (
	oldText = strings.Repeat("the old text\n", 10_000)
	newText = strings.Repeat("the new text is longer\n", 10_000)
)

func written(text string) func(*os.File, *os.File) error {
	return func(_, made *os.File) error {
		_, err := io.WriteString(made, text)
		return err
	}
}

func fine(string) error { return nil }

func place(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log.jsonl")
	if err := os.WriteFile(path, []byte(oldText), 0o640); err != nil {
		t.Fatal(err)
	}
	before := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := os.Chtimes(path, before, before); err != nil {
		t.Fatal(err)
	}
	return path
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s holds %d bytes, want %d", filepath.Base(path), len(got), len(want))
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	path := place(t)
	kept := filepath.Join(t.TempDir(), "deep", "kept")
	before, _ := os.Stat(path)
	verified := false
	job := Job{Path: path, Backup: kept, Write: written(newText), Verify: func(p string) error {
		verified = true
		holds(t, p, newText)
		holds(t, path, oldText)
		return nil
	}}
	if err := job.Run(); err != nil {
		t.Fatal(err)
	}
	if !verified {
		t.Error("it was not verified")
	}
	holds(t, path, newText)
	holds(t, kept, oldText)
	after, _ := os.Stat(path)
	if after.Mode() != before.Mode() || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("mode %v and time %v became %v and %v", before.Mode(), before.ModTime(), after.Mode(), after.ModTime())
	}
	if info, _ := os.Stat(kept); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the copy has mode %v", info.Mode())
	}
	alone(t, path)
}

// alone fails if anything but the file is left in its folder.
func alone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("left in the folder: %v", entries)
	}
}

// Whatever goes wrong before the end, the old file is there and nothing else.
func TestRunFails(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	for name, change := range map[string]func(*Job){
		"write":  func(j *Job) { j.Write = func(_, _ *os.File) error { return bad } },
		"verify": func(j *Job) { j.Verify = func(string) error { return bad } },
		"ready":  func(j *Job) { j.Ready = func() error { return bad } },
		"backup": func(j *Job) { j.Backup = j.Path },
		"appended": func(j *Job) {
			j.Ready = func() error {
				f, err := os.OpenFile(j.Path, os.O_APPEND|os.O_WRONLY, 0)
				if err != nil {
					return err
				}
				defer f.Close()
				_, err = f.WriteString("")
				return errors.Join(err, os.Chtimes(j.Path, time.Now(), time.Now()))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job := Job{Path: place(t), Write: written(newText), Verify: fine}
			change(&job)
			if err := job.Run(); err == nil {
				t.Fatal("it went well")
			}
			holds(t, job.Path, oldText)
			alone(t, job.Path)
		})
	}
}

func TestRunRefusesLinks(t *testing.T) {
	t.Parallel()
	path := place(t)
	soft, hard := path+".soft", path+".hard"
	if err := errors.Join(os.Symlink(path, soft), os.Link(path, hard)); err != nil {
		t.Skip(err)
	}
	for _, p := range []string{soft, hard, path} {
		if runtime.GOOS == "windows" && p != soft {
			continue
		}
		job := Job{Path: p, Write: written(newText), Verify: fine}
		if err := job.Run(); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: got %v", filepath.Base(p), err)
		}
	}
	holds(t, path, oldText)
}

var steps = []string{"write", "sync", "verify", "backup", "look", "rename", "renamed"}

// At whatever step the process is killed, the old file or the new one is there.
func TestRunKilled(t *testing.T) {
	t.Parallel()
	if at := os.Getenv("SWAP_KILLED_AT"); at != "" {
		job := Job{Path: os.Getenv("SWAP_PATH"), Backup: os.Getenv("SWAP_PATH") + ".bak", Write: written(newText), Verify: fine, step: func(name string) {
			if name == at {
				p, _ := os.FindProcess(os.Getpid())
				_ = p.Kill()
				select {} // until the signal comes
			}
		}}
		t.Fatalf("it was not killed: %v", job.Run())
	}
	for _, at := range steps {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			path := place(t)
			c := exec.Command(os.Args[0], "-test.run", "^TestRunKilled$", "-test.v")
			c.Env = append(os.Environ(), "SWAP_KILLED_AT="+at, "SWAP_PATH="+path)
			out, err := c.CombinedOutput()
			if err == nil || bytes.Contains(out, []byte("it was not killed")) {
				t.Fatalf("%v: %s", err, out)
			}
			want := oldText
			if at == "renamed" {
				want = newText
			}
			holds(t, path, want)
			if kept, err := os.ReadFile(path + ".bak"); err == nil && string(kept) != oldText {
				t.Error("the copy is not whole")
			}
			// What is left of the first try is in nobody's way.
			job := Job{Path: path, Write: written(newText), Verify: fine}
			if err := job.Run(); err != nil {
				t.Error(err)
			}
			holds(t, path, newText)
		})
	}
}

func TestWriters(t *testing.T) {
	if at := os.Getenv("SWAP_HOLDS"); at != "" {
		f, err := os.OpenFile(at, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		_, _ = os.Stdout.WriteString("open\n")
		_, _ = io.Copy(io.Discard, os.Stdin) // until the other one is done
		return
	}
	path := place(t)
	if _, told := Writers(path); !told {
		t.Skip("this system does not tell")
	}
	f, err := os.Open(path) // to read only, and by ourselves
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if pids, _ := Writers(path); len(pids) > 0 {
		t.Errorf("nobody writes, and %v are told", pids)
	}
	c := exec.Command(os.Args[0], "-test.run", "^TestWriters$")
	c.Env = append(os.Environ(), "SWAP_HOLDS="+path)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if pids, _ := Writers(path); len(pids) != 1 || pids[0] != c.Process.Pid {
		t.Errorf("writers are %v, want %d", pids, c.Process.Pid)
	}
	_ = in.Close()
	_, _ = io.Copy(io.Discard, out)
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
}
