package wire

import (
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                            "",
		" \n ":                        "",
		`{"a":1}`:                     `{"a":1}`,
		"{\n\"a\":1}":                 "{\n\"a\":1}",
		"{\"a\":1}\n\n{\"b\":\r\n":    `{"a":1}|{"b":`,
		`[]`:                          "",
		`[ {"a":"],"} , [2] ,3,"x" ]`: `{"a":"],"}|[2]|3|"x"`,
		`[{"a":NaN}]`:                 `{"a":null}`,
		`nonsense`:                    `nonsense`,
	} {
		parts, err := Split([]byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		var got []string
		for _, p := range parts {
			got = append(got, string(p))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	for _, text := range []string{"[", "[1,", "[1]]", "[\"\xff\"", strings.Repeat("[", 20_000)} {
		if _, err := Split([]byte(text)); err == nil {
			t.Errorf("%.20q is an array", text)
		}
	}
}
