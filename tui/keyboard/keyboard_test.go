//go:build unix

package keyboard

import (
	"os"
	"testing"
)

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		typed string
		room  int
		want  string
	}{
		"a lone escape":              {"\x1b", 64, "\x1b[27u"},
		"an arrow":                   {"\x1b[A", 64, "\x1b[A"},
		"an arrow in two reads":      {"\x1b[A", 1, "\x1b"},
		"alt and a letter":           {"\x1bx", 64, "\x1bx"},
		"escape pressed twice":       {"\x1b\x1b", 64, "\x1b\x1b"},
		"a letter":                   {"q", 64, "q"},
		"no room for the other form": {"\x1b", 2, "\x1b"},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.WriteString(c.typed); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, c.room)
		n, err := Keyboard{r}.Read(p)
		if got := string(p[:n]); got != c.want || err != nil {
			t.Errorf("%s: read %q, %v; want %q", name, got, err, c.want)
		}
		_ = w.Close()
		if n, err := (Keyboard{r}).Read(p); c.room == 64 && (n != 0 || err == nil) {
			t.Errorf("%s: %d bytes after the end", name, n)
		}
		_ = r.Close()
	}
}
