package replay

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func leak() string { return "sk-ant-" + "api03-" + strings.Repeat("Zq7Rt4Xw9Kd2", 8) }

// pieces spells a stream that gives a text in pieces of some letters.
func pieces(text string, n int, spell func(i int, piece string) string) string {
	var b strings.Builder
	for i := 0; len(text) > 0; i++ {
		m := min(n, len(text))
		for m < len(text) && text[m]&0xc0 == 0x80 {
			m++
		}
		b.WriteString("data: " + spell(i, text[:m]) + "\n\n")
		text = text[m:]
	}
	return b.String() + "data: [DONE]\n\n"
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// joinedOf puts the growing texts of a stream together.
func joinedOf(t *testing.T, body string) string {
	t.Helper()
	var b strings.Builder
	for line := range strings.Lines(body) {
		data, ok := strings.CutPrefix(strings.TrimSpace(line), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var e struct {
			Delta struct {
				Text string
				JSON string `json:"partial_json"`
			}
			Choices []struct{ Delta struct{ Content string } }
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		b.WriteString(e.Delta.Text + e.Delta.JSON)
		for _, c := range e.Choices {
			b.WriteString(c.Delta.Content)
		}
	}
	return b.String()
}

// A secret that a stream gives in pieces is masked in each way of giving it, whatever
// the pieces, and what stands around it stays.
func TestVeilStreams(t *testing.T) {
	t.Parallel()
	for name, spell := range map[string]func(int, string) string{
		"messages": func(_ int, p string) string {
			return `{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":` + quoted(p) + `}}`
		},
		"arguments": func(_ int, p string) string {
			return `{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":` + quoted(p) + `}}`
		},
		"chat": func(_ int, p string) string {
			return `{"id":"c","choices":[{"index":0,"delta":{"content":` + quoted(p) + `}}]}`
		},
	} {
		for n := 1; n < 130; n += 7 {
			before, after := "Grüße: ", " und das war’s."
			text := before + leak() + after
			if name == "arguments" {
				before, after = `{"at":"`, `","ö":1}`
				text = before + leak() + after
			}
			body := pieces(text, n, spell)
			out, masked, err := veil(Usual(), []byte(body))
			if err != nil || !masked {
				t.Fatalf("%s in pieces of %d: masked %v, %v", name, n, masked, err)
			}
			got := joinedOf(t, string(out))
			if strings.Contains(got, leak()[8:20]) || !strings.HasPrefix(got, before+"[REDACTED:") || !strings.HasSuffix(got, "]"+after) {
				t.Fatalf("%s in pieces of %d: %s", name, n, got)
			}
			if strings.Count(string(out), "\n\n") != strings.Count(body, "\n\n") {
				t.Fatalf("%s in pieces of %d: there are other events", name, n)
			}
		}
	}
}

// What holds no secrets comes back as it is, also where it is no stream of ours.
func TestVeilLeavesTheRest(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", "{}", ` { "a" : 1.50 } `, "not json at all", "data: {\"a\":\ndata: 1}\n\n", "event: ping\r\ndata:{\"text\":\"x\"}\r\n\r\n", "data: torn {\"te",
		"[{\"text\":\"a\"},\n{\"text\":\"b\"}]",
		pieces(strings.Repeat("Nothing to see here. ", 40), 7, func(i int, p string) string {
			return fmt.Sprintf(`{"index":%d,"delta":{"text":%s}}`, i%2, quoted(p))
		}),
	} {
		out, masked, err := veil(Usual(), []byte(body))
		if err != nil || masked || string(out) != body {
			t.Errorf("%q: masked %v, %v: %q", body, masked, err, out)
		}
	}
	if out, masked, err := veil(Usual(), []byte(`{"content":[{"text":"`+leak()+`"}]}`)); err != nil || !masked || strings.Contains(string(out), leak()) {
		t.Errorf("%s, %v", out, err)
	}
}

type broken struct{}

func (broken) JSON([]byte) ([]byte, int) { return nil, -1 }
func (broken) Text(string) (string, int) { return "", -1 }

// Of what cannot be masked nothing is returned.
func TestVeilFails(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"a":"b"}`, "data: {\"text\":\"a\"}\n\n"} {
		if out, _, err := veil(broken{}, []byte(body)); err == nil || len(out) > 0 {
			t.Errorf("%s, %v", out, err)
		}
	}
}
