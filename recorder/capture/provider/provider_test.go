package provider

import (
	"errors"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// sse spells documents as a stream of events.
func sse(docs ...string) string {
	var b strings.Builder
	for _, d := range docs {
		b.WriteString("event: x\ndata: " + d + "\n\n")
	}
	return b.String()
}

const (
	messagesStart = `{"type":"message_start","message":{"id":"msg_1","model":"claude-x","content":[],"usage":{"input_tokens":10,"output_tokens":1,"cache_read_input_tokens":30,"cache_creation_input_tokens":9,"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":5}}}}`
	messagesWhole = `{"type":"message","id":"msg_1","model":"claude-x","stop_reason":"tool_use","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"Hello there"},{"type":"tool_use","id":"toolu_1","name":"bash","input":{"command":"ls"}}],"usage":{"input_tokens":10,"output_tokens":25,"cache_read_input_tokens":30,"cache_creation_input_tokens":9,"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":5},"output_tokens_details":{"thinking_tokens":3},"speed":"fast"}}`
	responsesEnd  = `{"id":"resp_1","object":"response","status":"completed","model":"gpt-x","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},{"type":"message","content":[{"type":"output_text","text":"Hello there"}]},{"type":"function_call","call_id":"call_1","name":"bash","arguments":"{\"command\":\"ls\"}"}],"usage":{"input_tokens":40,"input_tokens_details":{"cached_tokens":30},"output_tokens":25,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":65}}`
	geminiUsage   = `"usageMetadata":{"promptTokenCount":40,"cachedContentTokenCount":30,"candidatesTokenCount":22,"thoughtsTokenCount":3,"toolUsePromptTokenCount":2,"totalTokenCount":67},"modelVersion":"gemini-x","responseId":"g_1"`
)

// Every API says the same thing as a document and as a stream, in pieces.
func TestResponse(t *testing.T) {
	anthropic := eventlog.Usage{Input: 10, CacheRead: 30, CacheWrite5m: 4, CacheWrite1h: 5, Output: 25, Reasoning: 3}
	openai := eventlog.Usage{Input: 10, CacheRead: 30, Output: 25, Reasoning: 3}
	google := eventlog.Usage{Input: 12, CacheRead: 30, Output: 25, Reasoning: 3}
	for name, tc := range map[string]struct {
		api   API
		body  string
		id    string
		stop  string
		call  string
		usage eventlog.Usage
	}{
		"messages": {Messages, messagesWhole, "msg_1", "tool_use", "toolu_1", anthropic},
		"messages stream": {Messages, sse(messagesStart, `{"type":"ping"}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}`,
			`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}`,
			`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hello "}}`,
			`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"there"}}`,
			`{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"bash","input":{}}}`,
			`{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"command\":"}}`,
			`{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"ls\"}"}}`,
			`{"type":"content_block_stop","index":2}`,
			`{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":25,"output_tokens_details":{"thinking_tokens":3}}}`,
			`{"type":"message_stop"}`), "msg_1", "tool_use", "toolu_1", anthropic},
		"chat": {Chat, `{"id":"chatcmpl-1","model":"gpt-x","choices":[{"index":0,"message":{"role":"assistant","content":"Hello there","reasoning_content":"hm","tool_calls":[{"id":"call_1","type":"function","function":{"name":"bash","arguments":"{\"command\":\"ls\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":40,"completion_tokens":25,"prompt_tokens_details":{"cached_tokens":30},"completion_tokens_details":{"reasoning_tokens":3}}}`,
			"chatcmpl-1", "tool_calls", "call_1", openai},
		"chat stream": {Chat, sse(
			`{"id":"chatcmpl-1","model":"gpt-x","choices":[{"index":0,"delta":{"role":"assistant","content":"Hello ","reasoning_content":"hm"}}],"usage":null}`,
			`{"id":"chatcmpl-1","model":"gpt-x","choices":[{"index":0,"delta":{"content":"there"}}]}`,
			`{"id":"chatcmpl-1","model":"gpt-x","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"bash","arguments":""}}]}}]}`,
			`{"id":"chatcmpl-1","model":"gpt-x","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"command\":\"ls\"}"}}]}}]}`,
			`{"id":"chatcmpl-1","model":"gpt-x","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}`,
			`{"id":"chatcmpl-1","model":"gpt-x","choices":[],"usage":{"prompt_tokens":40,"completion_tokens":25,"prompt_tokens_details":{"cached_tokens":30},"completion_tokens_details":{"reasoning_tokens":3}}}`) + "data: [DONE]\n\n",
			"chatcmpl-1", "tool_calls", "call_1", openai},
		"responses": {Responses, responsesEnd, "resp_1", "completed", "call_1", openai},
		"responses stream": {Responses, sse(`{"type":"response.created","response":{"id":"resp_1","object":"response","status":"in_progress","model":"gpt-x","output":[]}}`,
			`{"type":"response.output_text.delta","delta":"Hello "}`, `{"type":"response.output_text.delta","delta":"there"}`,
			`{"type":"response.completed","response":`+responsesEnd+`}`), "resp_1", "completed", "call_1", openai},
		"responses stream with an empty end": {Responses, sse(
			`{"type":"response.output_item.done","item":{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]}}`,
			`{"type":"response.output_text.delta","delta":"Hello there"}`,
			`{"type":"response.output_item.done","item":{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hello there"}]}}`,
			`{"type":"response.function_call_arguments.delta","delta":"{"}`,
			`{"type":"response.output_item.done","item":{"type":"function_call","call_id":"call_1","name":"bash","arguments":"{\"command\":\"ls\"}"}}`,
			`{"type":"response.completed","response":{"id":"resp_1","status":"completed","model":"gpt-x","output":[],"usage":{"input_tokens":40,"input_tokens_details":{"cached_tokens":30},"output_tokens":25,"output_tokens_details":{"reasoning_tokens":3}}}}`),
			"resp_1", "completed", "call_1", openai},
		"gemini": {Gemini, `{"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"Hello there"},{"functionCall":{"id":"f_1","name":"bash","args":{"command":"ls"}}}]},"finishReason":"STOP"}],` + geminiUsage + `}`,
			"g_1", "STOP", "f_1", google},
		"gemini list": {Gemini, `[{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"Hello "}]}}]},
			{"candidates":[{"content":{"parts":[{"text":"there"},{"functionCall":{"id":"f_1","name":"bash","args":{"command":"ls"}}}]},"finishReason":"STOP"}],` + geminiUsage + `}]`, "g_1", "STOP", "f_1", google},
		"gemini stream": {Gemini, strings.ReplaceAll(sse(`{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"Hello "}]}}],"usageMetadata":{"promptTokenCount":40,"candidatesTokenCount":1}}`,
			`{"response":{"candidates":[{"content":{"parts":[{"text":"there"},{"functionCall":{"id":"f_1","name":"bash","args":{"command":"ls"}}}]},"finishReason":"STOP"}],`+geminiUsage+`}}`), "\n", "\r\n"), "g_1", "STOP", "f_1", google},
	} {
		r, err := tc.api.Response([]byte(tc.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.ID != tc.id || r.Stop != tc.stop || !strings.HasSuffix(r.Model, "-x") || r.Text != "Hello there" || r.Thinking != "hm" || !r.Counted || !r.Failure.IsZero() {
			t.Errorf("%s: %+v", name, r)
		}
		if r.Usage != tc.usage {
			t.Errorf("%s: usage %+v, want %+v", name, r.Usage, tc.usage)
		}
		if len(r.Calls) != 1 || r.Calls[0].ID != tc.call || r.Calls[0].Name != "bash" || string(r.Calls[0].Arguments) != `{"command":"ls"}` {
			t.Errorf("%s: calls %+v", name, r.Calls)
		}
	}
	if r, _ := Messages.Response([]byte(messagesWhole)); r.Mode != eventlog.Fast {
		t.Errorf("mode %v", r.Mode)
	}
}

// A stream that ends early gives what had come, and says that more was to come.
func TestTorn(t *testing.T) {
	r, err := Messages.Response([]byte(sse(messagesStart, `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"so far"}}`) + "data: {\"type\":\"content_bl"))
	if err != nil || r.Text != "so far" || r.Usage.Input != 10 || r.Counted {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = Messages.Response([]byte(sse(messagesStart, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`)))
	if err != nil || r.Failure != (Failure{"overloaded_error", "Overloaded"}) || r.ID != "msg_1" {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = Responses.Response([]byte(sse(`{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"rate_limit_exceeded","message":"slow down"}}}`)))
	if err != nil || r.Failure != (Failure{"rate_limit_exceeded", "slow down"}) {
		t.Errorf("%+v, %v", r, err)
	}
	for _, bad := range []string{"<html>", `{"id":`, "data: {no}\n\ndata: {}\n\n", ""} {
		if _, err := Chat.Response([]byte(bad)); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestRequest(t *testing.T) {
	for name, tc := range map[string]struct {
		api  API
		body string
		id   string
	}{
		"messages":  {Messages, `{"model":"m-x","max_tokens":7,"stream":true,"tools":[{},{}],"messages":[{"role":"user","content":"first"},{"role":"assistant","content":[{"type":"tool_use","id":"t"}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"out"}],"is_error":true},{"type":"text","text":"last"},{"type":"text","text":"<system-reminder>be kind</system-reminder>"}]}]}`, "t"},
		"chat":      {Chat, `{"model":"m-x","max_completion_tokens":7,"stream":true,"tools":[{},{}],"messages":[{"role":"system","content":"s"},{"role":"user","content":"first"},{"role":"assistant","tool_calls":[]},{"role":"tool","tool_call_id":"t","content":"out"},{"role":"user","content":[{"type":"text","text":"last"}]}]}`, "t"},
		"responses": {Responses, `{"model":"m-x","max_output_tokens":7,"stream":true,"tools":[{},{}],"input":[{"role":"developer","content":"d"},{"type":"message","role":"user","content":[{"type":"input_text","text":"first"}]},{"type":"function_call","call_id":"t"},{"type":"function_call_output","call_id":"t","output":"out"},{"role":"user","content":"last"}]}`, "t"},
		"gemini":    {Gemini, `{"model":"m-x","request":{"tools":[{"functionDeclarations":[{},{}]}],"generationConfig":{"maxOutputTokens":7},"contents":[{"role":"user","parts":[{"text":"first"}]},{"role":"model","parts":[{"functionCall":{"name":"t"}}]},{"role":"user","parts":[{"functionResponse":{"name":"t","response":{"output":"out"}}}]},{"role":"user","parts":[{"text":"last"}]}]}}`, ""},
	} {
		r, err := tc.api.Request([]byte(tc.body))
		if err != nil || r.Model != "m-x" || r.MaxTokens != 7 || r.Tools != 2 || r.Task != "first" || r.Input != "last" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if len(r.Results) != 1 || r.Results[0].ID != tc.id || !strings.Contains(r.Results[0].Text, "out") || r.Results[0].Failed != (name == "messages") {
			t.Errorf("%s: results %+v", name, r.Results)
		}
	}
	if r, err := Responses.Request([]byte(`{"model":"m","input":"plain"}`)); err != nil || r.Input != "plain" || r.Turns != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestOf(t *testing.T) {
	for path, want := range map[string]API{
		"/v1/messages": Messages, "/v1/messages/count_tokens": None, "/v1/messages/batches": None, "/x/v1/messages": Messages,
		"/v1/chat/completions": Chat, "/v1/completions": None, "/v1/responses": Responses, "/v1/responses/r_1/cancel": None,
		"/v1beta/models/gemini-x:generateContent": Gemini, "/v1beta/models/gemini-x:streamGenerateContent": Gemini,
		"/v1beta/models/gemini-x:countTokens": None, "/v1internal:streamGenerateContent": Gemini, "/v1/models": None,
	} {
		a, model := Of("POST", path)
		if a != want {
			t.Errorf("%s is %q", path, a)
		}
		if strings.Contains(path, "models/gemini-x:g") && model != "gemini-x" {
			t.Errorf("%s: model %q", path, model)
		}
	}
	if a, _ := Of("GET", "/v1/messages"); a != None {
		t.Error("looking is no call")
	}
}

func TestFailureOf(t *testing.T) {
	for body, want := range map[string]Failure{
		`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}`: {"overloaded_error", "Overloaded"},
		`{"error":{"message":"bad key","type":null,"code":"invalid_api_key"}}`:                         {"invalid_api_key", "bad key"},
		`{"error":{"code":429,"message":"exhausted","status":"RESOURCE_EXHAUSTED"}}`:                   {"RESOURCE_EXHAUSTED", "exhausted"},
		`[{"error":{"code":400,"message":"no","status":"INVALID_ARGUMENT"}}]`:                          {"INVALID_ARGUMENT", "no"},
		`{"error":"gone"}`: {"", "gone"}, `{"detail":"closed"}`: {"", "closed"}, "bad gateway\n": {"", "bad gateway"}, "": {},
	} {
		if got := FailureOf([]byte(body)); got != want {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

// Whatever is sent, reading it ends.
func FuzzResponse(f *testing.F) {
	f.Add(uint8(1), []byte(messagesWhole))
	f.Add(uint8(1), []byte(sse(messagesStart, `{"type":"content_block_delta","index":3,"delta":{"text":"x"}}`)))
	f.Add(uint8(3), []byte(sse(`{"type":"response.completed","response":`+responsesEnd+`}`)))
	f.Add(uint8(4), []byte(`[{"candidates":[{}]},`))
	f.Fuzz(func(t *testing.T, api uint8, body []byte) {
		a := API(api%4 + 1)
		if r, err := a.Response(body); err != nil && !errors.Is(err, ErrUnreadable) {
			t.Errorf("%v: %+v", err, r)
		}
		if _, err := a.Request(body); err != nil && !errors.Is(err, ErrUnreadable) {
			t.Error(err)
		}
		FailureOf(body)
	})
}

// OpenAI's API and Gemini's have no word for a tool that failed: their agents
// write it into what the tool gave.
func TestFailedTools(t *testing.T) {
	for text, failed := range map[string]bool{
		`"Chunk ID: 1\nProcess exited with code 2\nOutput:\nx"`:                   true,
		`"Chunk ID: 1\nProcess exited with code 0\nOutput:\nx"`:                   false,
		`"Exit code: 1\nWall time: 0.1 seconds\nOutput:\nx"`:                      true,
		`"Wall time: 1\nOutput:\nProcess exited with code 1"`:                     false,
		`"it said: Process exited with code 1"`:                                   false,
		`"{\"output\":\"x\",\"metadata\":{\"exit_code\":1}}"`:                     true,
		`"{\"output\":\"x\",\"metadata\":{\"exit_code\":0}}"`:                     false,
		`{"content":"x","success":false}`:                                         true,
		`{"content":"x","success":true}`:                                          false,
		`"apply_patch verification failed: no such file"`:                         true,
		`[{"type":"input_text","text":"Exit code: 1\nWall time: 1\nOutput:\nx"}]`: true,
		`"5"`: false,
	} {
		r, err := Responses.Request([]byte(`{"input":[{"type":"function_call_output","call_id":"c","output":` + text + `}]}`))
		if err != nil || len(r.Results) != 1 || r.Results[0].Failed != failed {
			t.Errorf("%s: %+v, %v", text, r.Results, err)
		}
	}
	for response, failed := range map[string]bool{
		`{"error":"no such file"}`:                        true,
		`{"error":null,"output":"x"}`:                     false,
		`{"output":"Output: x\nExit Code: 3\nSignal: 1"}`: true,
		`{"output":"Exit Code: 0"}`:                       false,
		`{"output":"Exit Code: (none)"}`:                  false,
		`{"output":"the Exit Code: 1"}`:                   false,
		`"text"`:                                          false,
	} {
		r, err := Gemini.Request([]byte(`{"contents":[{"role":"user","parts":[{"functionResponse":{"name":"run_shell_command","response":` + response + `}}]}]}`))
		if err != nil || len(r.Results) != 1 || r.Results[0].Failed != failed {
			t.Errorf("%s: %+v, %v", response, r.Results, err)
		}
	}
}

// A long conversation is not taken apart, but comes to the same as if it was.
func TestMessagesOfALongConversation(t *testing.T) {
	t.Parallel()
	turn := func(role, content string) string { return `{"role":"` + role + `","content":` + content + `}` }
	said, answer := turn("user", `"begin"`), turn("assistant", `"well"`)
	result := turn("user", `[{"type":"tool_result","tool_use_id":"t1","content":"gave"}]`)
	reminded := turn("user", `[{"type":"text","text":"<system-reminder>be quick</system-reminder>"}]`)
	for name, c := range map[string]struct {
		messages           []string
		task, input, tools string
	}{
		"one":                    {[]string{said}, "begin", "begin", ""},
		"nobody spoke":           {[]string{answer}, "", "", ""},
		"only a result is new":   {[]string{said, answer, result}, "begin", "begin", "t1"},
		"the result was seen":    {[]string{said, answer, result, answer}, "begin", "begin", ""},
		"a reminder is no task":  {[]string{reminded, said, answer, turn("user", `"more"`), reminded}, "begin", "more", ""},
		"it begins with results": {[]string{result, answer, turn("user", `[{"type":"text","text":"late"}]`), result}, "late", "late", "t1"},
		"two at the end":         {[]string{turn("user", `"a"`), turn("user", `"b"`)}, "a", "b", ""},
		"the model was last":     {[]string{said, turn("user", `"and"`), answer, answer}, "begin", "and", ""},
	} {
		r, err := Messages.Request([]byte(`{"model":"m","messages":[` + strings.Join(c.messages, ",") + `]}`))
		tools := ""
		for _, one := range r.Results {
			tools += one.ID
		}
		if err != nil || r.Task != c.task || r.Input != c.input || tools != c.tools || r.Turns != len(c.messages) {
			t.Errorf("%s: task %q, input %q, results %q, %d turns, %v", name, r.Task, r.Input, tools, r.Turns, err)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	turn := `{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"` + strings.Repeat("a line of a file\\n", 100) + `"}]},{"role":"assistant","content":[{"type":"text","text":"` + strings.Repeat("well ", 100) + `"}]},`
	body := []byte(`{"model":"m","messages":[{"role":"user","content":"begin"},` + strings.Repeat(turn, 100) + `{"role":"user","content":"go on"}]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Messages.Request(body); err != nil {
			b.Fatal(err)
		}
	}
}
