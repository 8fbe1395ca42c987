package escape

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"plain":          "plain",
		"née 字 😀":        "née 字 😀",
		"\x1b[2Jx":       `\x1b[2Jx`,
		"a\r\nb":         "a↵b",
		"real\rFAKE":     `real\x0dFAKE`,
		"a\tb":           "a b",
		"\u009b31m":      `\u009b31m`,
		"\xff":           `\xff`,
		"abc\u202egnp":   `abc\u202egnp`,
		"a\u200bb\ufeff": `a\u200bb\ufeff`,
		"x\U000e0041":    `x\u{0e0041}`,
		"del\x7f":        `del\x7f`,
		"a\u2028b":       `a\u2028b`,
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Text("a\r\nb\tc"); got != "a\nb    c" {
		t.Errorf("Text = %q", got)
	}
}

func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"", "a\x1b]0;x\x07", "\u009d0;x\u009c", "\xf0\x28", "\u2066\u2069", "字\u0301"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, out := range map[string]string{"Line": Line(s), "Text": strings.ReplaceAll(Text(s), "\n", "")} {
			if !utf8.ValidString(out) {
				t.Errorf("%s(%q) is not UTF-8: %q", name, s, out)
			}
			for _, r := range out {
				if r < ' ' || hidden(r) {
					t.Errorf("%s(%q) holds %U", name, s, r)
				}
			}
		}
		if again := Line(Line(s)); again != Line(s) {
			t.Errorf("Line(%q) is not stable: %q", s, again)
		}
	})
}
