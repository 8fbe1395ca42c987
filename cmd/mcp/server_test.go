package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
)

type asked struct {
	Say string `json:"say"`
	Max int    `json:"max_tokens,omitempty"`
}

func (a asked) Limit() int { return a.Max }

type told struct {
	Said string `json:"said"`
}

func serve(t *testing.T, s *Server, in string) []map[string]any {
	t.Helper()
	s.Add(New("echo", "Echo", "says it again", func(ctx context.Context, in asked, room *Room) (told, string, error) {
		if in.Say == "wait" {
			<-ctx.Done()
			return told{}, "", ctx.Err()
		}
		return told{in.Say}, "short", nil
	}))
	var out bytes.Buffer
	if err := s.Serve(t.Context(), strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	for line := range strings.Lines(out.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		list = append(list, m)
	}
	return list
}

func request(id any, method, params string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%v,"method":%q,"params":%s}`+"\n", id, method, params)
}

func TestVersions(t *testing.T) {
	call := request(2, "tools/call", `{"name":"echo","arguments":{"say":"x"}}`)
	for asked, want := range map[string]string{"2024-11-05": "2024-11-05", "2025-06-18": "2025-06-18", "1999-01-01": versions[0]} {
		got := serve(t, &Server{Name: "n", Version: "v"}, request(1, "initialize", fmt.Sprintf(`{"protocolVersion":%q}`, asked))+call)
		result := got[0]["result"].(map[string]any)
		if result["protocolVersion"] != want {
			t.Errorf("%s: %v", asked, result)
		}
		answer := got[1]["result"].(map[string]any)
		if _, structured := answer["structuredContent"]; structured != (want >= structuredSince) {
			t.Errorf("%s: %v", asked, answer)
		}
		if text := fmt.Sprint(answer["content"]); want < structuredSince && !strings.Contains(text, `{"said":"x"}`) {
			t.Errorf("%s: %s", asked, text)
		}
	}
	got := serve(t, &Server{TextOnly: true}, call)
	if answer := got[0]["result"].(map[string]any); answer["structuredContent"] != nil || len(answer["content"].([]any)) != 2 {
		t.Errorf("text only: %v", answer)
	}
}

// Whatever comes in, the server answers it or says why not, and goes on.
func TestBadMessages(t *testing.T) {
	ping := request(9, "ping", "{}")
	for in, want := range map[string]string{
		"nonsense\n": "this is no JSON-RPC message",
		strings.Repeat("x", longestLine+100) + "\n":                        "this is no JSON-RPC message",
		request(1, "resources/list", "{}"):                                 "is not served here",
		request(1, "tools/call", `{"name":"other"}`):                       `there is no tool \"other\"`,
		request(1, "tools/call", `{"name":"echo","arguments":{"says":1}}`): `it takes max_tokens, say`,
		request(1, "tools/call", `{"name":"echo","arguments":{"say":"`+strings.Repeat("long ", 2000)+`","max_tokens":900}}`): "ask again with max_tokens",
		"[" + strings.TrimSpace(request(1, "ping", "{}")) + "]\n":                                                            `"result":{}`,
		`{"jsonrpc":"2.0","method":"notifications/progress"}` + "\n":                                                         "",
		`{"jsonrpc":"2.0","id":5,"result":{}}` + "\n":                                                                        "",
	} {
		got := serve(t, &Server{}, in+ping)
		text, _ := json.Marshal(got)
		if !strings.Contains(string(text), want) || !strings.Contains(string(text), `"id":9`) {
			t.Errorf("%.80q: %.300s", in, text)
		}
	}
}

// A call that is called off gets no answer.
func TestCancelled(t *testing.T) {
	in := request(`"a"`, "tools/call", `{"name":"echo","arguments":{"say":"wait"}}`) + `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a"}}` + "\n" + request(2, "ping", "{}")
	if got := serve(t, &Server{}, in); len(got) != 1 || got[0]["id"] != 2.0 {
		t.Errorf("%v", got)
	}
}

type broken struct{ io.Writer }

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestNobodyReads(t *testing.T) {
	err := new(Server).Serve(t.Context(), strings.NewReader(request(1, "ping", "{}")), broken{})
	if err == nil || !strings.Contains(err.Error(), "write an answer") {
		t.Errorf("%v", err)
	}
}

func TestForeign(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "plain text": "⟪plain text⟫", "⟫ out ⟪": "⟪>> out <<⟫", strings.Repeat("é", 40): "⟪" + strings.Repeat("é", 25) + "…⟫",
	} {
		if got := Foreign(in, 50); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	for in, want := range map[string]string{"mcp__files/read_file": "mcp__files/read_file", "do this": "⟪do this⟫", "": ""} {
		if got := Name(in); got != want || Given(got) != in {
			t.Errorf("%q: %q, back %q", in, got, Given(got))
		}
	}
}

func TestCut(t *testing.T) {
	for _, text := range []string{strings.Repeat("line\n", 400), strings.Repeat("\"", 3000), strings.Repeat("漢", 1000), "short"} {
		r := &Room{left: 200}
		n := r.Cut(text)
		if Tokens(fmt.Sprintf("%q", text[:n])) > 201 || r.Left() < 0 || text == "short" && n != 5 || n == 0 {
			t.Errorf("%.20q: %d bytes, %d left", text, n, r.Left())
		}
	}
}
