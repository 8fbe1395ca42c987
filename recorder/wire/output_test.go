package wire

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

// Every text is spelled as encoding/json spells it.
func TestQuote(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"a", "plain words ", `"`, `\`, "\n", "\r", "\t", "\b", "\f", "\x00", "\x1b", "\x7f", "<&>", "é", "€", "😀", "\u2028", "\u2029", "\ufffd", "\xff", "\xe2\x82", "\xed\xa0\x80"}
	for range 5000 {
		var text strings.Builder
		for range r.IntN(12) {
			text.WriteString(alphabet[r.IntN(len(alphabet))])
		}
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(text.String()); err != nil {
			t.Fatal(err)
		}
		if got := AppendString([]byte("k:"), text.String()); string(got) != "k:"+strings.TrimSuffix(want.String(), "\n") {
			t.Fatalf("%q: %s, encoding/json has %s", text.String(), got, want.String())
		}
	}
}

func TestOutputIsMaskedByParts(t *testing.T) {
	t.Parallel()
	mask := func(s string) (string, int) {
		masked := strings.ReplaceAll(s, "secret", "***")
		return masked, strings.Count(s, "secret")
	}
	for text, want := range map[string]string{
		"one|two|three":                   "one\ntwo\nthree",
		"secret|two|a secret, two secret": "***\ntwo\na ***, two ***",
		"|secret|":                        "\n***\n",
		"sec|ret":                         "sec\nret",
	} {
		o := Output{Stream: "stdout", Lines: 9}
		for i, part := range strings.Split(text, "|") {
			if i > 0 {
				o.Text = append(o.Text, '\n')
			}
			o.Text = append(o.Text, part...)
			o.Ends = append(o.Ends, len(o.Text))
		}
		before := string(o.Text)
		copied := o
		if !copied.Mask(mask) || string(copied.Text) != want {
			t.Errorf("%q: %q", text, copied.Text)
		}
		if string(o.Text) != before {
			t.Errorf("%q was written over: %q", before, o.Text)
		}
	}
	o := Output{Text: []byte("a secret")}
	if !o.Mask(mask) || string(o.Text) != "a ***" {
		t.Errorf("%q", o.Text)
	}
	if o.Mask(func(string) (string, int) { return "", -1 }) {
		t.Error("it failed and was taken")
	}
	o = Output{Stream: "stderr", Text: []byte("a\n\"b\""), Lines: 2, Cut: 7}
	if got := string(o.Behind(o.Head())); got != `{"stream":"stderr","lines":2,"bytes":7,"text":"a\n\"b\""}` {
		t.Error(got)
	}
	if got := string(o.Behind(json.RawMessage("{}"))); got != `{"text":"a\n\"b\""}` {
		t.Error(got)
	}
}
