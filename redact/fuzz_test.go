package redact

import (
	"encoding/json"
	"strings"
	"testing"
)

func seeds(f *testing.F) {
	for _, s := range []string{
		"", " ", "password=", "a://b:c@", "Bearer ", "eyJ", "-----BEGIN PRIVATE" + " KEY-----\nabcd", "[REDACTED:x]", "\\u00", "%3D", "key = [[[",
		`{"a":"{\"password\":\"hunter22\"}"}`, `["--token","abc123def456"]`, `{"name":"API_KEY","value":"x1y2z3a4b5c6"}`, `"\ud83d"`, `[1e400,NaN]`,
		"Cookie: a=b; sessionid=", "curl -u a:b http://x", "PASSWORD 'x1y2z3'", "\x1b[1mtoken\x1b[0m=abc", "data:x;base64,AAAA",
		"Set-Cookie: s=" + strings.Repeat("aB3", 9) + "; Path=/", "Authorization: Digest a=\"b\"", "https://hooks.x.io/services/T0/B0/" + strings.Repeat("aB3", 9),
	} {
		f.Add(s)
	}
}

func FuzzText(f *testing.F) {
	seeds(f)
	planted := "ghp_" + strings.Repeat("aB3x", 9)
	f.Fuzz(func(t *testing.T, s string) {
		r, err := New(Options{PII: len(s)%2 == 0})
		if err != nil {
			t.Fatal(err)
		}
		out, _ := r.Text(s)
		if again, n := r.Text(out); n != 0 {
			t.Errorf("second pass: %q, then %q", out, again)
		}
		if json.Valid([]byte(s)) && !json.Valid([]byte(out)) {
			t.Errorf("%q became invalid: %q", s, out)
		}
		if out, _ := r.Text(s + " " + planted + " " + s); strings.Contains(out, planted[4:]) {
			t.Errorf("planted key survives in %q", out)
		}
		st := r.Stream()
		var streamed strings.Builder
		for rest := s + " " + planted + "\n" + s; rest != ""; {
			n := min(len(rest), 7)
			streamed.WriteString(st.Write(rest[:n]))
			rest = rest[n:]
		}
		if streamed.WriteString(st.Close()); strings.Contains(streamed.String(), planted[4:]) {
			t.Errorf("planted key survives the stream %q", streamed.String())
		}
		LazyBridge().Text(s)
	})
}

func FuzzJSON(f *testing.F) {
	seeds(f)
	planted := "ghp_" + strings.Repeat("aB3x", 9)
	f.Fuzz(func(t *testing.T, s string) {
		r, err := New(Options{PII: len(s)%2 == 0})
		if err != nil {
			t.Fatal(err)
		}
		inner, err := json.Marshal(map[string]string{s: s, "x": planted})
		if err != nil {
			t.Skip()
		}
		doc, err := json.Marshal(map[string]any{"arguments": string(inner), "raw": s, "n": 12})
		if err != nil {
			t.Skip()
		}
		out, _ := r.JSON(doc)
		if !json.Valid(out) {
			t.Fatalf("%q became invalid: %q", doc, out)
		}
		if strings.Contains(string(out), planted[4:]) {
			t.Errorf("planted key survives in %q", out)
		}
		if again, n := r.JSON(out); n != 0 {
			t.Errorf("second pass: %q, then %q", out, again)
		}
		r.JSON([]byte(s))
		LazyBridge().JSON(doc)
	})
}
