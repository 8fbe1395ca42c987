package eventlog

import (
	"strings"
	"testing"
)

func TestSentence(t *testing.T) {
	for text, want := range map[string]string{
		"Fix the race\nin checkout": "Fix the race",
		"\n\n  Fix it ":             "Fix it",
		"":                          "",
		`{"title":"Lake trip","isNewTopic":true}`:        "Lake trip, isNewTopic true",
		`[{"type":"text","text":"Two files.\nMore"}]`:    "Two files.",
		`[{"type":"image","source":null}]`:               "image",
		`{"task_id":"b1","status":"completed","code":0}`: "task_id b1, status completed, code 0",
		`{"tags":["a","b"],"none":null}`:                 "tags a, tags b",
		`{"text":"It was cut off in the mid`:             `{"text":"It was cut off in the mid`,
		`{"status":"ok","text":"It was cut off in`:       "status ok",
		"[x] done with the list":                         "[x] done with the list",
		"{ return x }":                                   "{ return x }",
		"[REDACTED_TEXT len=178]":                        "[REDACTED_TEXT len=178]",
		"{}":                                             "{}",
		`[1,2,3]`:                                        "1, 2, 3",
		`{"deep":` + strings.Repeat("[", 20_000) + "1":   `{"deep":` + strings.Repeat("[", longestSentence-8),
		"<tool_use_error>File does not exist.\nTry again.</tool_use_error>": "File does not exist.",
		"<p>one</p> and more": "<p>one</p> and more", "<b></b>": "<b></b>", "<a href=x>y</a>": "<a href=x>y</a>", "a <b>c</b>": "a <b>c</b>", "<div> is broken": "<div> is broken",
		`[API Error: {"error":{"code":400,"message":"bad thing"}}]`:                                  "[API Error: code 400, bad thing]",
		`API Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`: "API Error: 529 Overloaded",
		`if x {"a"} else`: `if x {"a"} else`,
		`{"long":"` + strings.Repeat("é", longestSentence) + `","b":1}`: "long " + strings.Repeat("é", (longestSentence-5)/2),
	} {
		if got := Sentence(text); got != want {
			t.Errorf("%.60q: %.80q, want %.80q", text, got, want)
		}
	}
}

func FuzzSentence(f *testing.F) {
	for _, seed := range []string{"", "{", `{"a":1}`, `[[{"text":"x"}]]`, "[x", "é\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s := Sentence(text); len(s) > longestSentence || strings.Contains(s, "\n") {
			t.Errorf("%q", s)
		}
	})
}
