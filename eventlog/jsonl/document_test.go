package jsonl

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// cutUp spells the parts of a text: list, number, the part above, and the text.
func cutUp(t *testing.T, text string, lists ...string) (string, error) {
	t.Helper()
	c := Cutter{Lists: lists}
	err := c.Cut(t.Context(), strings.NewReader(text), 0, "")
	var b strings.Builder
	for _, p := range c.Parts {
		body, rerr := p.Read(strings.NewReader(text), 0)
		if rerr != nil || int64(len(body)) != p.Size() {
			t.Errorf("part %+v of %q: %v, %d bytes", p, text, rerr, len(body))
		}
		b.WriteString(strconv.Itoa(p.List) + "." + strconv.Itoa(p.Number) + "<" + strconv.Itoa(p.Above) + " " + string(body) + "\n")
	}
	return b.String(), err
}

func TestCut(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		lists      []string
		want       string
		err        error
	}{
		{"an object", `{"a":1}`, nil, "0.0<-1 {\"a\":1}\n", nil},
		{"byte order mark, line ends, NUL bytes", "\xef\xbb\xbf \r\n{\"a\":1}\r\n\x00", nil, "0.0<-1 {\"a\":1}\n", nil},
		{"an array stands for its elements", `[{"a":1},2,"x\"]"]`, nil, "0.0<-1 {\"a\":1}\n0.1<-1 2\n0.2<-1 \"x\\\"]\"\n", nil},
		{"one after the other", "{\"a\":\n1}\n{}\n", nil, "0.0<-1 {\"a\":\n1}\n0.1<-1 {}\n", nil},
		{"nothing", " \n", nil, "", nil},
		{"a list", `{"id":"s","m":[{"r":"u"},{"r":"a"}],"end":true}`, []string{"m"},
			"0.0<-1 {\"id\":\"s\",\"m\":[2],\"end\":true}\n1.0<0 {\"r\":\"u\"}\n1.1<0 {\"r\":\"a\"}\n", nil},
		{"an empty list", `{"m":[ ]}`, []string{"m"}, "0.0<-1 {\"m\":[]}\n", nil},
		{"a list that is none", `{"m":"x","n":{"m":[1]}}`, []string{"m"}, "0.0<-1 {\"m\":\"x\",\"n\":{\"m\":[1]}}\n", nil},
		{"an object in the place of a list", `{"i":{"c":1},"z":0}`, []string{"i"}, "0.0<-1 {\"i\":{},\"z\":0}\n1.0<0 {\"c\":1}\n", nil},
		{"lists in lists", `{"s":[{"e":[1,2],"n":1},{"e":[3]}]}`, []string{"s", "s/e"},
			"0.0<-1 {\"s\":[2]}\n1.0<0 {\"e\":[2],\"n\":1}\n2.0<1 1\n2.1<1 2\n1.1<0 {\"e\":[1]}\n2.2<4 3\n", nil},
		{"a key with escapes", `{"\u006d":[1]}`, []string{"m"}, "0.0<-1 {\"\\u006d\":[1]}\n1.0<0 1\n", nil},
		{"torn within an element", `{"id":1,"m":[{"r":1},{"r":`, []string{"m"}, "0.0<-1 {\"id\":1,\"m\":[1]}\n1.0<0 {\"r\":1}\n", io.ErrUnexpectedEOF},
		{"torn within a member", `{"id":1,"x":"abc`, []string{"m"}, "0.0<-1 {\"id\":1}\n", io.ErrUnexpectedEOF},
		{"torn within lists in lists", `{"s":[{"n":1,"e":[1,`, []string{"s", "s/e"}, "0.0<-1 {\"s\":[1]}\n1.0<0 {\"n\":1,\"e\":[1]}\n2.0<1 1\n", io.ErrUnexpectedEOF},
		{"torn at the brace", `{`, []string{"m"}, "0.0<-1 {}\n", io.ErrUnexpectedEOF},
		{"torn without lists", `{"a":1`, nil, "", io.ErrUnexpectedEOF},
		{"a comma too few", `{"m":[1 2]}`, []string{"m"}, "0.0<-1 {\"m\":[1]}\n1.0<0 1\n", ErrSyntax},
		{"a comma too many", `[1,]`, nil, "0.0<-1 1\n", ErrSyntax},
		{"the rest of a longer text", `{"a":1}"}`, nil, "0.0<-1 {\"a\":1}\n", io.ErrUnexpectedEOF},
		{"words", `hello`, nil, "", ErrSyntax},
		{"brackets crossed", `{"a":[}`, nil, "", io.ErrUnexpectedEOF},
	} {
		got, err := cutUp(t, tc.text, tc.lists...)
		if got != tc.want || !errors.Is(err, tc.err) || tc.err == nil && err != nil {
			t.Errorf("%s: got\n%s%v, want\n%s%v", tc.name, got, err, tc.want, tc.err)
		}
	}
}

// Wherever a window ends, the same is found.
func TestCutWindows(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"id":"s","m":[`)
	for i := range 4000 {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(`{"n":` + strconv.Itoa(i) + `,"t":"` + strings.Repeat(`\\\"x`, i%23) + `"}`)
	}
	text.WriteString("]}")
	for shift := range 40 {
		all := strings.Repeat(" ", shift) + text.String()
		c := Cutter{Lists: []string{"m"}}
		if err := c.Cut(t.Context(), iotest.OneByteReader(strings.NewReader(all)), 0, ""); err != nil || len(c.Parts) != 4001 {
			t.Fatalf("shifted by %d: %d parts, %v", shift, len(c.Parts), err)
		}
		for _, i := range []int{1, 1000, 2500, 4000} {
			if body, err := c.Parts[i].Read(strings.NewReader(all), 0); err != nil || !Valid(body) || !bytes.HasPrefix(body, []byte(`{"n":`+strconv.Itoa(i-1)+`,`)) {
				t.Errorf("shifted by %d: part %d is %s, %v", shift, i, body, err)
			}
		}
	}
}

func TestCutStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var c Cutter
	if err := c.Cut(ctx, strings.NewReader(`{}`), 0, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("after it was cancelled: %v", err)
	}
	c = Cutter{}
	if err := c.Cut(t.Context(), strings.NewReader("["+strings.Repeat("0,", maxParts)+"0]"), 0, ""); !errors.Is(err, errTooMany) || len(c.Parts) != maxParts {
		t.Errorf("too many parts: %d, %v", len(c.Parts), err)
	}
	c = Cutter{}
	if err := c.Cut(t.Context(), strings.NewReader(`{"a":"xxxxxxxxxx"}`), 0, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Parts[0].Read(strings.NewReader(`{"a":"xxxxxxxxxx"}`), 8); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

func TestBegun(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":1,"b":[2,`:   "a=1 b=[2, ",
		`{"a":{"x":1},"b"`: `a={"x":1} `,
		`{"a":"x`:          `a="x `,
		`{"a":1}`:          "a=1 ",
		`{"a":1} x "b":2`:  "a=1 ",
		`{`:                "",
		`[1]`:              "",
		``:                 "",
	} {
		got := ""
		Begun([]byte(text), func(k, v []byte) bool { got += string(k) + "=" + string(v) + " "; return true })
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// What is cut out of any text is there, in order, and one whole value each.
func FuzzCut(f *testing.F) {
	for _, text := range []string{`{"m":[{"e":[1,{}]},2],"x":{"m":1}}`, `[[1],{"m":{"e":[1`, "{}\n{\"m\":[]}", `{"m":["\\\"",1e5,tru`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c := Cutter{Lists: []string{"m", "m/e"}}
		err := c.Cut(t.Context(), bytes.NewReader(text), 0, "")
		if err != nil && err != io.ErrUnexpectedEOF && !errors.Is(err, ErrSyntax) && !errors.Is(err, errTooMany) {
			t.Errorf("%q: %v", text, err)
		}
		numbers := make([]int, 3)
		for i, p := range c.Parts {
			body, err := p.Read(bytes.NewReader(text), 0)
			if err != nil || p.Above >= i || p.Number != numbers[p.List] || len(body) == 0 {
				t.Fatalf("%q: part %d %+v: %s, %v", text, i, p, body, err)
			}
			numbers[p.List]++
			if body[0] == '{' && Valid(text) && !Valid(body) {
				t.Errorf("%q: part %d is %s", text, i, body)
			}
		}
	})
}
