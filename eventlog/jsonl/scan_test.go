package jsonl

import (
	"errors"
	"strings"
	"testing"
)

// spell lists the fields of an object the way the tables below write them.
func spell(obj string) (string, error) {
	var b strings.Builder
	err := Fields([]byte(obj), func(k, v []byte) bool {
		b.WriteString(string(k) + "=" + string(v) + ";")
		return true
	})
	return b.String(), err
}

func TestFields(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"empty":             {`{}`, ``},
		"space everywhere":  {" {\t\"a\" : 1 ,\r\n\"b\":\"x\" } \r\n", `a=1;b="x";`},
		"nested":            {`{"a":{"b":[1,{"c":"}"}]},"d":[]}`, `a={"b":[1,{"c":"}"}]};d=[];`},
		"escaped key":       {`{"a\"b\u00e9":1}`, `a"bé=1;`},
		"escaped quote":     {`{"a":"x\"y\\","b":2}`, `a="x\"y\\";b=2;`},
		"duplicate key":     {`{"id":1,"id":2}`, `id=1;id=2;`},
		"not a number":      {`{"a":NaN,"b":Infinity,"c":-Infinity}`, `a=NaN;b=Infinity;c=-Infinity;`},
		"huge number":       {`{"a":1e400,"b":-0.0}`, `a=1e400;b=-0.0;`},
		"raw control bytes": {"{\"a\":\"x\x00\x1b\ty\"}", "a=\"x\x00\x1b\ty\";"},
		"invalid utf-8":     {"{\"a\":\"\xff\xc3(\"}", "a=\"\xff\xc3(\";"},
		"half a surrogate":  {`{"a":"\ud800"}`, `a="\ud800";`},
		"literals":          {`{"a":true,"b":false,"c":null}`, `a=true;b=false;c=null;`},
		"quote after slash": {`{"a":"\\\\","b":"\\\""}`, `a="\\\\";b="\\\"";`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := spell(c.in)
			if err != nil || got != c.want {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
			if !Valid([]byte(c.in)) {
				t.Error("Valid refuses it")
			}
		})
	}
}

func TestFieldsRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"nothing":            "",
		"space":              "  ",
		"no object":          `[1]`,
		"two lines glued":    `{"id":1,"session_id":"s1","event_ty{"id": 2, "payload": {"text": "step 2"}}`,
		"glued in a payload": `{"id":1,"payload":{"text":"abc{"id": 2, "payload": {"text": "step 2"}}`,
		"glued after brace":  `{"id":1,"payload":{"text":{"id": 2, "payload": {"text": "step 2"}}`,
		"no colon":           `{"a" 1}`,
		"no comma":           `{"a":1 "b":2}`,
		"comma at the end":   `{"a":1,}`,
		"comma first":        `{,"a":1}`,
		"no value":           `{"a":}`,
		"unclosed key":       `{"a`,
		"unclosed string":    `{"a":"b`,
		"escaped end":        `{"a":"b\"}`,
		"unclosed container": `{"a":[1,2}`,
		"unclosed object":    `{"a":1`,
		"after comma":        `{"a":1,`,
		"text after the end": `{"a":1}x`,
		"two objects":        `{"a":1}{"b":2}`,
		"literal":            `{"a":nul}`,
		"leading zero":       `{"a":01}`,
		"plus":               `{"a":+1}`,
		"bare point":         `{"a":1.}`,
		"bare exponent":      `{"a":1e}`,
		"half infinity":      `{"a":-Inf}`,
		"single quotes":      `{'a':1}`,
		"crossed brackets":   `{"a":[1}}`,
		"only a bracket":     strings.Repeat("[", 200_000),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := spell(in)
			if !errors.Is(err, ErrSyntax) {
				t.Errorf("accepted as %s (%v)", got, err)
			}
			if Valid([]byte(in)) && name != "no object" {
				t.Error("Valid accepts it")
			}
		})
	}
}

func TestFieldsStops(t *testing.T) {
	t.Parallel()
	n := 0
	err := Fields([]byte(`{"a":1,"b":2,garbage`), func(_, _ []byte) bool { n++; return n < 2 })
	if err != nil || n != 2 {
		t.Errorf("%d fields, %v; want 2 and no error", n, err)
	}
}

func TestDeepNesting(t *testing.T) {
	t.Parallel()
	const depth = 1_000_000
	obj := `{"a":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "}"
	if _, err := spell(obj); err != nil {
		t.Error(err)
	}
	if !Valid([]byte(obj)) {
		t.Error("Valid refuses it")
	}
	if Valid([]byte(strings.Replace(obj, "]", "}", 1))) {
		t.Error("Valid takes a bracket of the wrong sort")
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	var got []string
	err := Elements([]byte(` [1, "a,]", {"b":[2]}, [], NaN] `), func(v []byte) bool {
		got = append(got, string(v))
		return true
	})
	if want := `1 "a,]" {"b":[2]} [] NaN`; err != nil || strings.Join(got, " ") != want {
		t.Errorf("got %q, %v; want %s", got, err, want)
	}
	for _, in := range []string{"", "{}", "[", "[1", "[1,", "[1,]", "[,]", "[1 2]", "[1]x"} {
		if err := Elements([]byte(in), func([]byte) bool { return true }); !errors.Is(err, ErrSyntax) {
			t.Errorf("%s is accepted: %v", in, err)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	obj := []byte(`{"a":{"b":{"c":1},"b":{"c":2}},"d":[1]}`)
	for _, c := range []struct {
		path, want string
		ok         bool
	}{
		{"a.b.c", "2", true},
		{"d", "[1]", true},
		{"a.x", "", false},
		{"d.x", "", false},
		{"a.b.c.d", "", false},
	} {
		got, ok := Lookup(obj, strings.Split(c.path, ".")...)
		if string(got) != c.want || ok != c.ok {
			t.Errorf("%s: got %s, %v", c.path, got, ok)
		}
	}
	if got, ok := Lookup([]byte(" {} ")); string(got) != "{}" || !ok {
		t.Errorf("no path: got %q, %v", got, ok)
	}
}

func TestScanningAllocatesNothing(t *testing.T) {
	line := sampleLine(2000)
	n := testing.AllocsPerRun(100, func() {
		fields := 0
		if err := Fields(line, func(_, v []byte) bool {
			if _, ok := Int(v); ok {
				fields++
			}
			_, _ = Float(v)
			return true
		}); err != nil {
			t.Error(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a line", n)
	}
}
