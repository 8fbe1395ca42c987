package pack

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func file(t *testing.T, text []byte) (*os.File, int64) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, int64(len(text))
}

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What was packed comes out, small or large, and can be read anywhere. Nothing
// is left behind.
func TestUnpack(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 10, inMemory, inMemory + 1, 3*inMemory + 7} {
		text := bytes.Repeat([]byte("a log of many words. "), size/21+1)[:size]
		for kind, packed := range map[Kind][]byte{None: text, Gzip: gzipped(t, text), Zstd: z.EncodeAll(text, nil)} {
			if len(packed) == 0 {
				continue
			}
			f, n := file(t, packed)
			if Of(packed) != kind {
				t.Errorf("%s is told as %s", kind, Of(packed))
			}
			got, err := Unpack(t.Context(), f, n, nil)
			if err != nil || got.Fault != nil || got.Size != int64(size) {
				t.Fatalf("%s of %d: %d bytes, %v, %v", kind, size, got.Size, err, got.Fault)
			}
			if back, err := io.ReadAll(io.NewSectionReader(got, 0, got.Size)); err != nil || !bytes.Equal(back, text) {
				t.Errorf("%s of %d: %d bytes, %v", kind, size, len(back), err)
			}
			if err := got.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if left, _ := os.ReadDir(temp); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestDamage(t *testing.T) {
	text := []byte(strings.Repeat("many words, all of them the same\n", 1000))
	packed := gzipped(t, text)
	f, n := file(t, packed[:len(packed)-20])
	got, err := Unpack(t.Context(), f, n, nil)
	if err != nil || !errors.Is(got.Fault, ErrDamaged) {
		t.Fatalf("torn: %v, %v", err, got)
	}
	f, n = file(t, []byte("\x1f\x8b\x08"))
	if _, err := Unpack(t.Context(), f, n, nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("begun: %v", err)
	}
	f, n = file(t, []byte("PK\x03\x04 and no more"))
	if _, err := Unpack(t.Context(), f, n, nil); !errors.Is(err, ErrDamaged) {
		t.Errorf("torn archive: %v", err)
	}
}

// No more comes out than is allowed, and no memory is taken for what a file
// only claims.
func TestTooMuch(t *testing.T) {
	zeros := gzipped(t, make([]byte, always+1))
	for name, tc := range map[string][]byte{
		"a bomb": zeros,
		// A frame that asks for a window of 1 GiB.
		"a window": {0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 0x01, 0x00, 0x00},
	} {
		f, n := file(t, tc)
		got, err := Unpack(t.Context(), f, n, nil)
		if err != nil || !errors.Is(got.Fault, ErrTooMuch) {
			t.Fatalf("%s: %v, %v", name, err, got)
		}
		if got.Size > always {
			t.Errorf("%s: %d bytes came out", name, got.Size)
		}
		got.Close()
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"a", "b"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, always*3/4)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f, n := file(t, b.Bytes())
	got, err := Unpack(t.Context(), f, n, func(names []string) []string { return names })
	if err != nil || !errors.Is(got.Fault, ErrTooMuch) || got.Size > max(always, n*atRatio) {
		t.Fatalf("an archive: %v, %v", err, got)
	}
	got.Close()
	// Exactly what is allowed is not too much.
	f, n = file(t, gzipped(t, make([]byte, always)))
	if got, err := Unpack(t.Context(), f, n, nil); err != nil || got.Fault != nil || got.Size != always {
		t.Errorf("all that is allowed: %v, %v", err, got)
	}
}
