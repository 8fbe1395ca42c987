package scripted

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func serve(t *testing.T, s Scripts) *Server {
	t.Helper()
	server, err := Serve(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func post(t *testing.T, url, body string) (int, http.Header, string) {
	t.Helper()
	res, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(text)
}

// The turn follows from what the client sends: the last script that its user
// asked for, and how often the model has spoken since.
func TestTurns(t *testing.T) {
	s := serve(t, Scripts{
		"one": {{Text: "first", Calls: []Call{{Name: "start", Fails: true}}}, {Text: "second", Calls: []Call{{Name: "wait", Input: map[string]any{"ids": []any{"{{agent_id}}"}}}}}},
		"two": {{Text: "other"}},
	})
	const head = `{"model":"m","tools":[{}],"messages":[{"role":"user","content":"go [[one]]"}`
	given := `,{"role":"assistant","content":"x"},{"role":"user","content":[{"type":"tool_result","tool_use_id":"ID","content":"{\"agent_id\":\"a7 [[two]]\"}"}]}`
	_, _, first := post(t, s.URL+"/v1/messages", head+`]}`)
	given = strings.Replace(given, "ID", s.Ledger()[0].Calls[0].ID, 1)
	for range 2 { // what is sent again is entered once
		if _, _, second := post(t, s.URL+"/v1/messages", head+given+`]}`); !strings.Contains(first, "first") || !strings.Contains(second, "second") || !strings.Contains(second, `"ids":["a7 [[two]]"]`) {
			t.Errorf("%s\n%s", first, second)
		}
	}
	for body, want := range map[string]string{
		head + given + `,{"role":"user","content":"now [[two]]"}]}`:                 "other",
		`{"model":"m","messages":[{"role":"user","content":"name [[one]]"}]}`:       "Nothing is left",
		`{"model":"m","tools":[{}],"messages":[{"role":"user","content":"hello"}]}`: "Nothing is left",
	} {
		if _, _, got := post(t, s.URL+"/v1/messages", body); !strings.Contains(got, want) {
			t.Errorf("%s: %s", body, got)
		}
	}
	sum := Sum(s.Ledger())
	if sum.Calls != 6 || sum.ToolCalls != 3 || sum.ToolErrors != 1 || sum.Refused != 0 {
		t.Errorf("%+v", sum)
	}
}

// Faults come as often as they are to, and no longer.
func TestFaults(t *testing.T) {
	s := serve(t, Scripts{"x": {{Text: "yes", Fault: &Fault{Status: 429, RetryAfter: "3", Times: 2}}}})
	body := `{"model":"m","messages":[{"role":"user","content":"[[x]]"}]}`
	var got []int
	for range 4 {
		status, header, text := post(t, s.URL+"/v1/chat/completions", body)
		got = append(got, status)
		if (status == 429) != (header.Get("Retry-After") == "3") || (status == 429) != strings.Contains(text, "rate_limit_exceeded") {
			t.Errorf("%d %v %s", status, header, text)
		}
	}
	if got[0] != 429 || got[1] != 429 || got[2] != 200 || got[3] != 200 {
		t.Error(got)
	}
	if sum := Sum(s.Ledger()); sum.Refused != 2 || sum.Calls != 2 {
		t.Errorf("%+v", sum)
	}
}

// Two servers never give the same id, and a ledger is written with its sum.
func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 2 {
		s := serve(t, nil)
		for _, path := range []string{"/v1/messages", "/v1/chat/completions", "/v1/responses", "/v1beta/models/m:generateContent"} {
			post(t, s.URL+path, `{}`)
		}
		post(t, s.URL+"/v1/messages/count_tokens", `{}`)
		ledger := s.Ledger()
		for _, e := range ledger[:4] {
			if e.ResponseID == "" || seen[e.ResponseID] || seen[e.RequestID] {
				t.Errorf("%+v", e)
			}
			seen[e.ResponseID], seen[e.RequestID] = true, true
		}
		if ledger[4].Wire != "" || ledger[4].Served() {
			t.Errorf("%+v", ledger[4])
		}
		path := filepath.Join(t.TempDir(), "ledger.json")
		if err := Write(path, ledger); err != nil {
			t.Fatal(err)
		}
		var d struct{ Total Total }
		if text, err := os.ReadFile(path); err != nil || json.Unmarshal(text, &d) != nil || d.Total != Sum(ledger) || d.Total.Calls != 4 {
			t.Errorf("%+v, %v", d, err)
		}
	}
}

// Gemini streams a list to who does not ask for events.
func TestList(t *testing.T) {
	s := serve(t, Scripts{"x": {{Thinking: "hm", Text: strings.Repeat("long ", 30), Calls: []Call{{Name: "f"}}}}})
	_, _, text := post(t, s.URL+"/v1beta/models/m:streamGenerateContent", `{"tools":[{}],"contents":[{"role":"user","parts":[{"text":"[[x]]"}]}]}`)
	var list []map[string]any
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) < 5 || list[len(list)-1]["usageMetadata"] == nil {
		t.Errorf("%v: %s", err, text)
	}
}
