package scrub

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/lazytrace/lazytrace/redact"
)

func finder(t testing.TB) *Finder {
	t.Helper()
	r, err := redact.New(redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &Finder{Redactor: r}
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

// made returns a key that nobody has.
func made(rnd *rand.Rand) string {
	b := []byte("sk-ant-api03-")
	for range 64 {
		b = append(b, letters[rnd.IntN(len(letters))])
	}
	return string(b)
}

// escaped spells each letter of a key as an escape.
func escaped(key string) string {
	var b strings.Builder
	for _, c := range key {
		fmt.Fprintf(&b, `\u%04x`, c)
	}
	return b.String()
}

const mark = "[REDACTED:anthropic-key]"

// Every byte but those of the secrets comes out as it went in, whatever the file is.
func TestRewrite(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	key := made(rnd)
	nested, _ := json.Marshal(fmt.Sprintf(`{"arguments":"{\"key\":\"%s\"}"}`, key))
	padding := strings.Repeat("a line of a log that tells nothing\n", 60_000) // more than a window
	for name, text := range map[string]string{
		"lines":          "{\"a\":\"KEY\"}\n{\"b\":1}\n{\"c\":\"x KEY y\"}\n",
		"no last end":    "{\"a\":1}\n{\"a\":\"KEY\"}",
		"windows ends":   "{\"a\":\"KEY\"}\r\n\r\n{\"b\":\"KEY\"}\r\n",
		"mark":           "\xef\xbb\xbf{\"a\":\"KEY\"}\n{\"a\":2}\n",
		"escaped":        "{\"a\":\"" + "ESC" + " and\\n\\u00e9\"}\n",
		"nested":         "{\"x\":" + strings.ReplaceAll(string(nested), key, "KEY") + "}\n",
		"document":       "{\n  \"a\": [\n    \"KEY\",\n    1.50\n  ]\n}\n",
		"list of lines":  "[\n{\"a\":\"ESC\"},\n{\"b\":\"KEY\"}\n]\n",
		"torn":           "{\"a\":1}\n{\"torn\": \"KEY and \xff\n{\"b\":\"KEY\"}\n",
		"text":           "starts\n  export MINE=KEY\nends",
		"long text":      padding + "key KEY end\n" + padding,
		"no blank":       strings.Repeat("x", 3<<20) + "\nKEY\n",
		"between":        padding + "{\"a\":\"KEY\"}\n" + padding + "KEY\n",
		"empty":          "",
		"nothing":        "{\"a\":\"b\"}\n",
		"signature":      "{\"signature\":\"" + strings.Repeat("Ab1+", 40) + "\",\"k\":\"KEY\"}\n",
		"zeros and more": "{\"a\":1}\n\x00\x00\x00{\"b\":\"KEY\"}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := finder(t)
			in := strings.NewReplacer("KEY", key, "ESC", escaped(key)).Replace(text)
			want := strings.NewReplacer("KEY", mark, "ESC", mark).Replace(text)
			var out bytes.Buffer
			n, err := f.Rewrite(context.Background(), &out, strings.NewReader(in))
			if err != nil {
				t.Fatal(err)
			}
			if out.String() != want {
				at := 0
				for at < min(len(want), out.Len()) && want[at] == out.Bytes()[at] {
					at++
				}
				t.Errorf("differs from byte %d on: %.200q, want %.200q", at, out.String()[at:], want[at:])
			}
			if want := strings.Count(text, "KEY") + strings.Count(text, "ESC"); int(n) != want {
				t.Errorf("%d masks, want %d", n, want)
			}
			left := 0
			if err := f.Find(context.Background(), &out, func(Secret) error { left++; return nil }); err != nil || left > 0 {
				t.Errorf("%d are left, %v", left, err)
			}
		})
	}
}

// Where the pieces end that a file is read in makes no difference, nor does where a
// window ends.
func TestRewriteAtBorders(t *testing.T) {
	t.Parallel()
	f := finder(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 12 {
		key := made(rnd)
		before := strings.Repeat("word ", (window-hold)/5-20+rnd.IntN(40))
		in := before + key + " " + strings.Repeat("word ", 40_000)
		var out bytes.Buffer
		if _, err := f.Rewrite(context.Background(), &out, strings.NewReader(in)); err != nil {
			t.Fatal(err)
		}
		if want := strings.Replace(in, key, mark, 1); out.String() != want {
			t.Fatalf("a key at byte %d was not masked, or more than it", len(before))
		}
	}
	key := made(rnd)
	in := "{\"a\":\"" + key + "\"}\ntext " + key + "\n"
	for _, src := range []io.Reader{iotest.OneByteReader(strings.NewReader(in)), iotest.HalfReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
		var out bytes.Buffer
		if n, err := f.Rewrite(context.Background(), &out, src); err != nil || n != 2 || strings.Contains(out.String(), key) {
			t.Errorf("%d masks, %v: %s", n, err, out.String())
		}
	}
	if _, err := f.Rewrite(context.Background(), io.Discard, iotest.ErrReader(io.ErrClosedPipe)); err != io.ErrClosedPipe {
		t.Errorf("an error of the file became %v", err)
	}
}

// A secret is told with its line, its place in the document and what it means.
func TestFind(t *testing.T) {
	t.Parallel()
	f := finder(t)
	rnd := rand.New(rand.NewPCG(5, 6))
	a, b := made(rnd), made(rnd)
	in := "{\"n\":1}\n{\"m\":[{\"x y\":\"" + a + "\"}]}\nplain\ntext " + b + "\n{\"again\":\"" + escaped(a) + "\"}\n"
	var got []Secret
	err := f.Find(context.Background(), strings.NewReader(in), func(s Secret) error { got = append(got, s); return nil })
	if err != nil || len(got) != 3 {
		t.Fatalf("%d secrets, %v", len(got), err)
	}
	for i, want := range []Secret{
		{Line: 2, Path: `$.m[0]["x y"]`, Value: a}, {Line: 4, Value: b}, {Line: 5, Path: "$.again", Value: a},
	} {
		s := got[i]
		if s.Line != want.Line || s.Path != want.Path || s.Value != want.Value {
			t.Errorf("secret %d is in line %d at %q", i, s.Line, s.Path)
		}
		if i < 2 && in[s.From:s.To] != want.Value {
			t.Errorf("secret %d is not at byte %d", i, s.From)
		}
	}
	seal := NewSeal()
	if seal.Name(got[0].Value) != seal.Name(got[2].Value) || seal.Name(got[0].Value) == seal.Name(got[1].Value) {
		t.Error("equal secrets have no name in common, or others do")
	}
	if NewSeal().Name(a) == seal.Name(a) {
		t.Error("the name does not depend on the key")
	}
	for _, s := range got {
		if p := Preview(s.Kind, s.Value); strings.Contains(p, s.Value[6:12]) {
			t.Errorf("the preview %q tells of the secret", p)
		}
	}
	f.Allow = func(v string) bool { return v == a }
	var out bytes.Buffer
	if n, err := f.Rewrite(context.Background(), &out, strings.NewReader(in)); err != nil || n != 1 || !strings.Contains(out.String(), a) {
		t.Errorf("%d masks, %v", n, err)
	}
}

// What is held of a long file at once does not grow with it.
func TestBounded(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"lines": "{\"type\":\"event\",\"text\":\"nothing to see in this line of a log\"}\n",
		"text":  "nothing to see in this line of a log\n",
	} {
		longest := 0
		err := walk(context.Background(), finder(t).Redactor, &repeated{line: []byte(line), left: 12 << 20 / len(line)}, func(b *block) error {
			longest = max(longest, cap(b.text))
			return nil
		})
		if err != nil || longest > 4*window {
			t.Errorf("%s: %d bytes are held, %v", name, longest, err)
		}
	}
}

// repeated is a line again and again.
type repeated struct {
	line []byte
	left int
	at   int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if r.left == 0 {
			return n, io.EOF
		}
		k := copy(p[n:], r.line[r.at:])
		n += k
		if r.at += k; r.at == len(r.line) {
			r.at = 0
			r.left--
		}
	}
	return n, nil
}

func FuzzRewrite(f *testing.F) {
	for _, s := range []string{"{\"a\":\"sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789ABCD\"}\n", "password=hunter2hunter2\n{", "[\n{},\n", "\xef\xbb\xbf{}"} {
		f.Add([]byte(s))
	}
	find := finder(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		n, err := find.Rewrite(context.Background(), &out, bytes.NewReader(in))
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 && !bytes.Equal(out.Bytes(), in) {
			t.Error("nothing was masked, and something is different")
		}
		if json.Valid(in) && !json.Valid(out.Bytes()) {
			t.Error("it was JSON, and is none any more")
		}
	})
}
