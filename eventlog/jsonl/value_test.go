package jsonl

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Kind{
		"": NoKind, "x": NoKind, "{}": ObjectKind, "[]": ArrayKind, `""`: StringKind,
		"0": NumberKind, "-1": NumberKind, "true": LiteralKind, "false": LiteralKind, "null": LiteralKind,
		"NaN": NotANumberKind, "Infinity": NotANumberKind, "-Infinity": NotANumberKind,
	} {
		if got := KindOf([]byte(in)); got != want {
			t.Errorf("%s is %v, want %v", in, got, want)
		}
	}
}

func TestInt(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{
		"0": 0, "12": 12, `"12"`: 12, "12.0": 12, "1.2e1": 12, "120e-1": 12, "-5": -5, "-0": 0,
		"9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
		"9007199254740993": 9007199254740993, "12.00000000000000000000000": 12,
		"0e999999999999": 0, "0.000": 0,
	} {
		if got, ok := Int([]byte(in)); !ok || got != want {
			t.Errorf("%s is %d, %v; want %d", in, got, ok, want)
		}
	}
	for _, in := range []string{
		"", "1.5", "NaN", "Infinity", "1e400", "1e19", "9223372036854775808", "-9223372036854775809",
		`"x"`, `""`, `"`, "true", "null", "[1]", `" 1"`, "1e-1", "12.00000000000000000000001", "01", "+1",
	} {
		if got, ok := Int([]byte(in)); ok {
			t.Errorf("%s is %d, want none", in, got)
		}
	}
}

func TestFloat(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]float64{
		"0.1": 0.1, `"0.01"`: 0.01, "1e308": 1e308, "-2.5e-3": -0.0025, "123456789.123456789": 123456789.123456789,
		"5e-324": 5e-324, "9007199254740993": 9007199254740992, "1e22": 1e22, "1e23": 1e23, "1e-23": 1e-23,
	} {
		if got, ok := Float([]byte(in)); !ok || got != want {
			t.Errorf("%s is %v, %v; want %v", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "NaN", "-Infinity", "1e400", `"inf"`, `"0x1p4"`, "true", `"1_0"`} {
		if got, ok := Float([]byte(in)); ok {
			t.Errorf("%s is %v, want none", in, got)
		}
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"plain":            {`"abc"`, "abc"},
		"escapes":          {`"a\"\\\/\b\f\n\r\tz"`, "a\"\\/\b\f\n\r\tz"},
		"rune":             {`"caf\u00E9"`, "café"},
		"pair":             {`"\ud83d\ude00"`, "😀"},
		"lone high":        {`"\ud800 x"`, "\ufffd x"},
		"lone low":         {`"\udc00"`, "\ufffd"},
		"high then rune":   {`"\ud800\u0041"`, "\ufffdA"},
		"high then high":   {`"\ud800\ud83d\ude00"`, "\ufffd😀"},
		"invalid utf-8":    {"\"\xff\"", "\xff"},
		"unknown escape":   {`"\x41"`, `\x41`},
		"short escape":     {`"\u12"`, `\u12`},
		"escape of a nul":  {`"\u0000"`, "\x00"},
		"escape at an end": {`"\n"`, "\n"},
	} {
		got, ok := String([]byte(c.in))
		if !ok || got != c.want {
			t.Errorf("%s: got %q, %v; want %q", name, got, ok, c.want)
		}
		if b, ok := AppendString([]byte("x"), []byte(c.in)); !ok || string(b) != "x"+c.want {
			t.Errorf("%s: appended %q, %v", name, b, ok)
		}
	}
	for _, in := range []string{"", `"`, "12", "null", `"a`} {
		if got, ok := String([]byte(in)); ok {
			t.Errorf("%s is %q, want none", in, got)
		}
	}
}

func TestLiterals(t *testing.T) {
	t.Parallel()
	if is, ok := Bool([]byte("true")); !is || !ok {
		t.Error("true")
	}
	if is, ok := Bool([]byte("false")); is || !ok {
		t.Error("false")
	}
	if _, ok := Bool([]byte("1")); ok {
		t.Error("1 is no literal")
	}
	if !IsNull([]byte("null")) || IsNull([]byte("0")) {
		t.Error("null")
	}
}

func TestRepair(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"strict stays":    {`{"a": [1, "x\n\u00e9é", null]}`, `{"a": [1, "x\n\u00e9é", null]}`},
		"not a number":    {`{"a":NaN,"b":[-Infinity,Infinity,-1]}`, `{"a":"NaN","b":["-Infinity","Infinity",-1]}`},
		"raw controls":    {"{\"a\":\"\x1b[2J\t\x00\"}", `{"a":"\u001b[2J\u0009\u0000"}`},
		"invalid utf-8":   {"{\"a\":\"x\xff\xfey\"}", `{"a":"x\ufffd\ufffdy"}`},
		"real U+FFFD":     {"{\"a\":\"\ufffd\"}", "{\"a\":\"\ufffd\"}"},
		"lone surrogate":  {`{"a":"\ud800x\ud83d\ude00"}`, `{"a":"\ufffdx\ud83d\ude00"}`},
		"unknown escape":  {`{"a":"\x41\u12"}`, `{"a":"\\x41\\u12"}`},
		"key":             {"{\"\x01\":1}", `{"\u0001":1}`},
		"garbage":         {"a\"b\\c\xff", `"a\"b\\c\ufffd"`},
		"torn":            {`{"a":"b`, `"{\"a\":\"b"`},
		"space around it": {" {} \n", `{}`},
	} {
		got := Repair([]byte(c.in))
		if string(got) != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
		if !json.Valid(got) {
			t.Errorf("%s: %s is not strict", name, got)
		}
	}
}

// sampleLine returns an event line of about size bytes, spelled the way that
// Python's json.dumps does.
func sampleLine(size int) []byte {
	text := `the tool said \"no\" to caf\u00e9 and went on, `
	return []byte(`{"id": 4711, "session_id": "05fbe1bd-f9ff-4bdd-b5ff-d6a3521f5d3a", ` +
		`"run_id": "11111111-aaaa-4aaa-8aaa-000000000001", "event_type": "model_response", ` +
		`"ts": 1763629200.123456, "payload": {"agent_name": "router", "model": "gpt-5.4-mini", ` +
		`"input_tokens": 1234, "output_tokens": 56, "cost_usd": 0.0012, "arguments": {"path": "a/b.go", "lines": [1, 20]}, ` +
		`"text": "` + strings.Repeat(text, max(0, size-400)/len(text)) + `"}}`)
}
