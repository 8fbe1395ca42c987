package process

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWidenNeverNarrows(t *testing.T) {
	room := func(f *os.File) int {
		n, err := unix.FcntlInt(f.Fd(), unix.F_GETPIPE_SZ, 0)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	widen(w, portion)
	if n := room(r); n < portion {
		t.Skipf("the system gives a pipe no more than %d bytes", n)
	}
	widen(w, portion/4)
	if n := room(r); n < portion {
		t.Errorf("room for %d bytes, there was for %d", n, portion)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	widen(file, portion) // is none
	if _, err := file.WriteString("still a file"); err != nil {
		t.Error(err)
	}
}
