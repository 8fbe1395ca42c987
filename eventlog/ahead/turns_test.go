package ahead

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// However many files are read, no more blocks are worked on than there are turns,
// and each worker gets its turn.
func TestTurns(t *testing.T) {
	for _, files := range []int{1, 2, 5, 100} {
		now := &turns{}
		now.free.L = &now.mu
		now.open(files)
		most := int64(max(1, processors+1-files))
		var working, over atomic.Int64
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for range 50 {
					now.take()
					if working.Add(1) > most {
						over.Add(1)
					}
					working.Add(-1)
					now.give()
				}
			})
		}
		wg.Wait()
		if n := over.Load(); n > 0 {
			t.Errorf("%d files: %d times more than %d blocks at once", files, n, most)
		}
	}
}

// A reader from which nobody takes anything does not keep others from reading on.
func TestReadersThatStandStill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	const lines = 200_000
	if err := os.WriteFile(path, bytes.Repeat([]byte(`{"type":"step","name":"a thing that happened"}`+"\n"), lines), 0o600); err != nil {
		t.Fatal(err)
	}
	for range processors + 2 {
		still := opened(t, path)
		if _, err := still.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer still.Close()
	}
	r := opened(t, path)
	defer r.Close()
	n := 0
	for {
		_, err := r.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != lines {
		t.Errorf("%d of %d lines were read", n, lines)
	}
}

func opened(t *testing.T, path string) *Reader {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(f, info.Size(), shape)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
