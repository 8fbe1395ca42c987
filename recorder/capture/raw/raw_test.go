package raw

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/redact"
)

func masking(t *testing.T) *redact.Redactor {
	t.Helper()
	r, err := redact.New(redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func kept(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Bytes are the same however they come, those of each stream in their order.
func TestBytes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	f, err := Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var want [2]bytes.Buffer
	for i := range want {
		s := f.Stream(true)
		all.Go(func() {
			for n := range 20_000 {
				piece := fmt.Appendf(nil, "%c%d\x00\xff\r%c", 'a'+i, n, 'a'+i)
				want[i].Write(piece)
				s.Write(piece)
			}
			if err := s.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	got := kept(t, path)
	if n, left := f.Counts(); n != int64(len(got)) || left != 0 {
		t.Errorf("%d bytes are counted and %d left out of %d", n, left, len(got))
	}
	for i := range want {
		// Chunks are whole writes, so a piece is never cut by another stream.
		var own strings.Builder
		edge := string(rune('a' + i))
		for rest := got; rest != ""; {
			end := 1 + strings.IndexByte(rest[1:], rest[0]) + 1
			if rest[:1] == edge {
				own.WriteString(rest[:end])
			}
			rest = rest[end:]
		}
		if own.String() != want[i].String() {
			t.Errorf("stream %d: %d bytes of %d, or others", i, own.Len(), want[i].Len())
		}
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// A secret is masked wherever the output is cut, and nothing else is changed.
func TestSecrets(t *testing.T) {
	t.Parallel()
	const secret = "AKIAZ7QWERTYUIOPLKJH"
	plain := strings.Repeat("a line of output that goes on for a while\r\n", 50)
	for _, size := range []int{1, 7, 64, 100_000} {
		path := filepath.Join(t.TempDir(), "out")
		f, err := Create(path, masking(t))
		if err != nil {
			t.Fatal(err)
		}
		s := f.Stream(true)
		for in := []byte(plain + "key " + secret + " it is\n" + plain); len(in) > 0; {
			n := min(size, len(in))
			s.Write(in[:n])
			in = in[n:]
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		got := kept(t, path)
		before, behind, ok := strings.Cut(got, "key ")
		if !ok || before != plain || !strings.HasSuffix(behind, " it is\n"+plain) || strings.Contains(got, secret) || !f.Masks() {
			t.Errorf("pieces of %d: %.60q", size, behind)
		}
	}
}

// However output is cut, objects in it are masked as objects and all else as text.
func TestObjectsAreMasked(t *testing.T) {
	t.Parallel()
	red := masking(t)
	const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAx8cJ7mQ2vKfWn4LrT0yZ\nq3hBdS5uGe9XoPaMiNjVtRkCwEbFzHsYlDgU\n-----END RSA PRIVATE KEY-----\n"
	object := `{"event_type": "tool_call", "password": "Tr0ub4dor&3x", "note": "plain", "n": [1, {"token": "Zk3vQ9xP7LmN2tRw8YbC"}]}`
	input := "before\n" + object + "\n" + key + object + "\r\n{ \"password\": \"over two\n lines\" }\n{no object\n\n" + object + "  \n{}\n" +
		`{"long": "` + strings.Repeat("and so on ", longestObject/9) + `"}` + "\nbehind\n" + object
	masked, n := red.Bytes([]byte(object))
	if n != 2 {
		t.Fatalf("%d masks in %s", n, masked)
	}
	for _, size := range []int{1, 5, 900, 64 << 10, len(input)} {
		m := newMasker(red)
		for in := []byte(input); len(in) > 0; {
			k := min(size, len(in))
			m.write(in[:k])
			in = in[k:]
		}
		m.flush()
		out := string(m.ready)
		if strings.Count(out, string(masked)) != 4 || strings.Contains(out, "MIIE") || strings.Contains(out, "Tr0ub4dor&3x") {
			t.Errorf("pieces of %d: %.900s", size, out)
		}
		for _, plain := range []string{"before\n{", "}\r\n{ ", "{no object\n\n{", "}  \n{}\n{", `{"long": "and so on and`, "on \"}\nbehind\n{"} {
			if !strings.Contains(out, plain) {
				t.Errorf("pieces of %d: %q is not in it", size, plain)
			}
		}
	}
}

// A file that holds something is not touched.
func TestCreateKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	if err := os.WriteFile(path, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(path, nil); err == nil || !strings.Contains(err.Error(), fs.ErrExist.Error()) {
		t.Errorf("%v", err)
	}
	if got := kept(t, path); got != "mine" {
		t.Errorf("it holds %q", got)
	}
}

// What a disk refuses is counted, and nothing is written behind the hole.
func TestDiskRefuses(t *testing.T) {
	t.Parallel()
	f, err := Create(filepath.Join(t.TempDir(), "out"), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := f.Stream(true)
	s.Write([]byte("here"))
	for n := int64(0); n < 4; n, _ = f.Counts() {
		time.Sleep(time.Millisecond)
	}
	f.out.Close()
	s.Write([]byte("gone"))
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err == nil || !strings.HasPrefix(err.Error(), "4 bytes of output were not kept: ") {
		t.Errorf("%v", err)
	}
	if n, left := f.Counts(); n != 4 || left != 4 {
		t.Errorf("%d bytes are counted and %d left out", n, left)
	}
}

// A disk that hangs does not keep the end of a recording.
func TestDiskHangs(t *testing.T) {
	t.Parallel()
	f, err := Create(filepath.Join(t.TempDir(), "out"), nil)
	if err != nil {
		t.Fatal(err)
	}
	f.turn.Lock() // as a write would that does not return
	s := f.Stream(false)
	s.Write([]byte("lost"))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Close(ctx); err == nil {
		t.Error("it has ended")
	}
	_ = f.Close()
	f.turn.Unlock()
	<-s.done
	if n, left := f.Counts(); n != 0 || left != 4 {
		t.Errorf("%d bytes are counted and %d left out", n, left)
	}
}
