package replay

import (
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/recorder/capture/provider"
	"github.com/lazytrace/lazytrace/recorder/capture/proxy"
)

func canonical(t testing.TB, body string, change ...func(*proxy.Asked)) Request {
	t.Helper()
	a := proxy.Asked{Door: "anthropic", API: provider.Messages, Method: "POST", Path: "/v1/messages", Body: []byte(body)}
	for _, c := range change {
		c(&a)
	}
	q, err := Canonical(Usual(), a)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// What says who asks, and how the request is spelled, does not tell requests apart;
// what is asked does.
func TestCanonical(t *testing.T) {
	t.Parallel()
	key := func(fill string) string { return "sk-ant-" + "api03-" + strings.Repeat(fill, 8) }
	const body = `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hello"}]}`
	one := canonical(t, body)
	for name, other := range map[string]string{
		"order":      `{"messages":[{"content":"hello","role":"user"}],"max_tokens":9,"model":"m"}`,
		"spaces":     ` { "model" : "m", "max_tokens": 9,"messages":[ {"role":"user","content":"h\u0065llo"}]} `,
		"user":       `{"model":"m","max_tokens":9,"metadata":{"user_id":"u_1"},"messages":[{"role":"user","content":"hello"}]}`,
		"cache key":  `{"model":"m","prompt_cache_key":"0b9f","max_tokens":9,"messages":[{"role":"user","content":"hello"}]}`,
		"session id": `{"model":"m","session_id":"0b9f","max_tokens":9,"messages":[{"role":"user","content":"hello"}]}`,
	} {
		if canonical(t, other).Exact != one.Exact {
			t.Errorf("%s makes another request of it", name)
		}
	}
	for name, other := range map[string]string{
		"text":   `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hello?"}]}`,
		"number": `{"model":"m","max_tokens":10,"messages":[{"role":"user","content":"hello"}]}`,
		"more":   `{"model":"m","max_tokens":9,"metadata":{"user_id":"u","team":"x"},"messages":[{"role":"user","content":"hello"}]}`,
		"form":   `{"model":"m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"hello"}]}`,
	} {
		if canonical(t, other).Exact == one.Exact {
			t.Errorf("%s makes no other request of it", name)
		}
	}
	with := func(secret string) string {
		return `{"model":"m","messages":[{"role":"user","content":"use ` + secret + ` for it"}]}`
	}
	a, b := canonical(t, with(key("Zq7Rt4Xw9Kd2"))), canonical(t, with(key("Yb3Nm8Vc5Lp6")))
	if a.Exact != b.Exact || strings.Contains(string(a.Body), "Zq7R") {
		t.Errorf("another key makes another request, or is kept: %s", a.Body)
	}
	if again := canonical(t, string(a.Body)); again.Exact != a.Exact {
		t.Error("what a client read with masks is not what it was")
	}
	if gateway := canonical(t, body, func(a *proxy.Asked) { a.Path = "/team/x/v1/messages" }); gateway.Exact != one.Exact {
		t.Error("a gateway makes another request of it")
	}
	if gemini := canonical(t, body, func(a *proxy.Asked) { a.API, a.Path, a.Alt = provider.Gemini, "/v1/models/m:generateContent", "sse" }); gemini.Exact == one.Exact {
		t.Error("another API makes no other request of it")
	}
}

// Loosely, two runs of one program on two days ask the same; what somebody wrote does
// not become the same.
func TestLoose(t *testing.T) {
	t.Parallel()
	say := func(text string) string { return `{"model":"m","messages":[{"role":"user","content":"` + text + `"}]}` }
	for _, pair := range [][2]string{
		{"Today is 2026-01-31.", "Today is 2026-02-01."},
		{"at 2026-01-31T10:11:12.123Z", "at 2026-02-01T00:00:00+02:00"},
		{"Date: Sat Nov 28 2026", "Date: Sun Nov 29 2026"},
		{"It is November 28, 2026, 10:11:12 AM", "It is December 1, 2026, 9:00:01 PM"},
		{"in /tmp/run-1/a.txt now", "in /private/tmp/x/y/z now"},
		{"in /var/folders/ab/cd/T/x now", "in /tmp/q now"},
		{"id 0b9f7a52-21bb-4d27-8a3c-3f0e6a1c9d11", "id 11111111-21BB-4d27-8a3c-3f0e6a1c9d11"},
		{"at 1769853600 or 1769853600123", "at 1769853601 or 1769853609999"},
		{"listens on 127.0.0.1:43211", "listens on 127.0.0.1:80"},
		{"agentId: ada79d3c947cb2907", "agentId: bda79d3c947cb2908"},
		{"msg_01a21faf-ae2b-7923-be7c-4f8b353d2e83", "msg_eeefa951-7bd4-5401-9ff2-05690f4ca812"},
		{"Chunk ID: 446401, Wall time: 0.0444 seconds", "Chunk ID: ebdf30, Wall time: 0.0000 seconds"},
		{"<duration_ms>1798</duration_ms>", "<duration_ms>3</duration_ms>"},
		{"ok 0.123s", "ok 12.4s"},
	} {
		a, b := canonical(t, say(pair[0])), canonical(t, say(pair[1]))
		if a.Exact == b.Exact {
			t.Errorf("%q and %q are the same exactly", pair[0], pair[1])
		}
		if a.Loose() != b.Loose() {
			t.Errorf("%q and %q differ loosely:\n%s\n%s", pair[0], pair[1], loosened(a.Body), loosened(b.Body))
		}
	}
	for _, pair := range [][2]string{
		{`x"}],"max_tokens":9,"y":[{"z":"`, `x"}],"max_tokens":8,"y":[{"z":"`}, {"count to 10", "count to 11"}, {"open /home/a/x", "open /home/a/y"}, {"may 5 be odd?", "is 5 odd?"}, {"port 80", "port 81"},
	} {
		if a, b := canonical(t, say(pair[0])), canonical(t, say(pair[1])); a.Loose() == b.Loose() {
			t.Errorf("%q and %q are the same", pair[0], pair[1])
		}
	}
	// What is looked at afterwards, to say what is different, must be JSON still.
	odd := canonical(t, `{"model":"m","at":1769853600,"max_tokens":5,"to":-1769853600123.5,"id":"0b9f7a52-21bb-4d27-8a3c-3f0e6a1c9d11","p":"/tmp/a\"b\\n"}`)
	if _, ok := decode(loosened(odd.Body)); !ok {
		t.Errorf("no JSON: %s", loosened(odd.Body))
	}
}

func TestDiffers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, path string }{
		{`{"a":1}`, `{"a":1}`, ""},
		{`{"a":1,"messages":[1]}`, `{"a":2,"messages":[2]}`, "a"},
		{`{"messages":[{"c":[{"t":"x"}]}],"tools":[]}`, `{"messages":[{"c":[{"t":"y"}]}],"tools":[]}`, "messages[0].c[0].t"},
		{`{"messages":[1,2]}`, `{"messages":[1]}`, "messages[1]"},
		{`{"messages":[1],"z":1}`, `{"messages":[2]}`, "z"},
		{`{"a":{"b":1}}`, `{"a":1}`, "a"},
		{`[1]`, `{"a":1}`, "the body"},
		{`no`, `no more`, "the body"},
	} {
		if path, _ := differs([]byte(c.a), []byte(c.b)); path != c.path {
			t.Errorf("%s and %s differ at %q, want %q", c.a, c.b, path, c.path)
		}
	}
}

// Requests of agents are long, and hashing them must not become what a recording does.
func BenchmarkLoose(b *testing.B) {
	q := canonical(b, `{"model":"m","messages":[{"role":"user","content":"`+strings.Repeat("The quick brown fox, 12 of them, jumps at 10:11:12 over /tmp/x/y. ", 16<<10)+`"}]}`)
	b.SetBytes(int64(len(q.Body)))
	for b.Loop() {
		q.Loose()
	}
}
