package handout

import (
	"strings"
	"testing"
)

func TestReadable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain\ttext\n": "plain    text\n",
		"\u26a0\ufe0f and \U0001f469\u200d\U0001f4bb": "\u26a0\ufe0f and \U0001f469\u200d\U0001f4bb",
		"a\u200db":         `a\u200db`,
		"\u202eabc\x1b[2J": `\u202eabc\x1b[2J`,
		"x\ufffey\uffff":   `x\ufffey\uffff`,
		"\xff":             `\xff`,
	} {
		if got := readable(in); got != want {
			t.Errorf("readable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a": "`a`", "a`b": "`` a`b ``", "`": "`` ` ``", "a``b`c": "``` a``b`c ```", "": "", "  ": "", "a|b\nc": "`a|b c`",
	} {
		if got := code(in, 40); got != want {
			t.Errorf("code(%q) = %q, want %q", in, got, want)
		}
	}
	if got := cell("a|`b", 40); got != "`` a¦`b ``" {
		t.Errorf("%q", got)
	}
	if got := fields([]byte(`{"b":"x\ny","a":1}`)); got != "b:\nx\ny\na: 1\n" {
		t.Errorf("%q", got)
	}
	if fields([]byte(`{"b":"x"}`)) != "" || fields([]byte(`[1]`)) != "" {
		t.Error("what is short is spelled by its names")
	}
	if got := fence("text", "a\n````\nb", 100); !strings.HasPrefix(got, "`````text\n") || !strings.HasSuffix(got, "\n`````\n") {
		t.Errorf("%q", got)
	}
	if got := fence("text", strings.Repeat("é", 100), 51); !strings.Contains(got, "150 B more are left out") {
		t.Errorf("%q", got)
	}
}

func TestProse(t *testing.T) {
	t.Parallel()
	var got []string
	for _, p := range prose("# Head `x`\nSome **strong** and `code`, [a](b) and * alone\nsecond line\n\n```go\nif a {\n\n}\n```\nend ` open") {
		text := p.Text
		for _, s := range p.Spans {
			text += s.Class + "(" + s.Text + ")"
		}
		switch {
		case p.Code:
			text = "code:" + text
		case p.Heading:
			text = "heading:" + text
		}
		got = append(got, text)
	}
	want := []string{
		"heading:(Head )code(x)", "(Some )strong(strong)( and )code(code)(, [a](b) and * alone\nsecond line)", "code:if a {\n\n}", "(end ` open)",
	}
	if strings.Join(got, "\n--\n") != strings.Join(want, "\n--\n") {
		t.Errorf("%q", got)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{"": 0, "a": 1, "word words": 3, "a3f9": 4, "12345": 3, "{\"a\":1}": 7, "a  b": 3, "a\nb": 3, "字字": 4, "é": 1, "\U0001f600": 3} {
		if got := Tokens(in); got != want {
			t.Errorf("Tokens(%q) = %d, want %d", in, got, want)
		}
	}
}
