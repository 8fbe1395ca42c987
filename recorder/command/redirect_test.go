//go:build unix

package command

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/process"
	"github.com/lazytrace/lazytrace/recorder/capture/proxy"
)

// caller calls each provider where the environment says that it is, and prints
// what it was told.
func caller() int {
	for _, at := range []string{
		os.Getenv("ANTHROPIC_BASE_URL") + "/v1/messages", os.Getenv("OPENAI_BASE_URL") + "/chat/completions",
		os.Getenv("GOOGLE_GEMINI_BASE_URL") + "/v1beta/models/m:generateContent?key=canary-query",
	} {
		req, err := http.NewRequest(http.MethodPost, at, strings.NewReader(`{"model":"m","messages":[{"role":"user","content":"hello"}]}`))
		if err != nil {
			fmt.Println(err)
			return 1
		}
		req.Header.Set("Authorization", "Bearer canary-bearer")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		fmt.Println(string(body), err)
	}
	return 0
}

// A program that knows nothing of us has its calls recorded, and is told what
// its providers say.
func TestRecordCalls(t *testing.T) {
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/messages":
			io.WriteString(w, `{"type":"message","id":"msg_1","model":"m","content":[{"type":"text","text":"hi"}],"usage":{"input_tokens":1,"output_tokens":2}}`)
		case "/gateway/chat/completions":
			io.WriteString(w, `{"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}`)
		default:
			io.WriteString(w, `{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":6},"responseId":"g1"}`)
		}
	}))
	defer provider.Close()
	s := &store{}
	result, out, notices := record(t, s, func(o *Options) {
		o.Env = append(os.Environ(), "RECORD_TEST_ROLE=caller", "ANTHROPIC_BASE_URL="+provider.URL+"/",
			"OPENAI_BASE_URL="+provider.URL+"/gateway", EnvUpstream+"GEMINI="+provider.URL, "HTTP_PROXY=http://127.0.0.1:1", "NO_PROXY=")
		o.Capture = process.Capture{Proxy: true}
	})
	if result.Code != 0 || notices != "" {
		t.Fatalf("%+v, notices %q, %s", result, notices, out)
	}
	var got []string
	for _, e := range s.events {
		if e.Kind == eventlog.ModelResponse {
			got = append(got, string(e.Payload))
		}
		if strings.Contains(string(e.Payload), "canary") {
			t.Errorf("kept: %s", e.Payload)
		}
	}
	for i, want := range []string{`"response_id":"msg_1"`, `"response_id":"c1"`, `"response_id":"g1"`} {
		if i >= len(got) || !strings.Contains(got[i], want) {
			t.Errorf("%q lacks %s", got, want)
		}
	}
	if _, p := s.find(t, eventlog.SessionStart); !slices.Contains(p["capture"].([]any), any("proxy")) {
		t.Errorf("%v", p["capture"])
	}
	if _, p := s.find(t, eventlog.SessionEnd); p["proxy_calls"] != 3.0 || p["proxy_unread"] != 0.0 {
		t.Errorf("%v", p)
	}
}

func TestUpstreams(t *testing.T) {
	env := func(list ...string) func(string) string { return lookup(list) }
	for name, tc := range map[string]struct {
		env  []string
		want map[string]string
	}{
		"nothing said": {nil, map[string]string{proxy.Anthropic: "https://api.anthropic.com", proxy.OpenAI: "https://api.openai.com/v1", proxy.Codex: "https://api.openai.com/v1"}},
		"as the caller": {[]string{"OPENAI_API_BASE=http://old/v1", "OPENAI_BASE_URL=http://gate/v2/"},
			map[string]string{proxy.OpenAI: "http://gate/v2", proxy.Codex: "http://gate/v2"}},
		"ours first": {[]string{"OPENAI_BASE_URL=http://gate", EnvUpstream + "OPENAI=http://test/v1"},
			map[string]string{proxy.OpenAI: "http://test/v1", proxy.Codex: "http://test/v1"}},
	} {
		up, err := upstreams(env(tc.env...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for provider, want := range tc.want {
			if up[provider] == nil || up[provider].String() != want {
				t.Errorf("%s: %s is %v, want %s", name, provider, up[provider], want)
			}
		}
	}
	up, err := upstreams(env("ANTHROPIC_BASE_URL=ftp://x:secret@host", EnvUpstream+"OPENAI=http://%zz:secret"))
	if err == nil || strings.Contains(err.Error(), "secret") || up[proxy.Anthropic] != nil || up[proxy.OpenAI] != nil || up[proxy.Gemini] == nil {
		t.Errorf("%v, %v", up, err)
	}
}

// Codex is led by arguments, behind its user's own, and the secret is not among
// them.
func TestCodex(t *testing.T) {
	const to = "http://127.0.0.1:9/codex/v1"
	for name, tc := range map[string]struct {
		config, args string
		env          []string
		login        bool
		base, want   string
		problem      bool
	}{
		"a key":   {args: "exec hello", env: []string{"OPENAI_API_KEY=k"}, want: `-c model_provider=lazytrace -c model_providers.lazytrace={name="lazytrace",base_url="` + to + `",wire_api="responses",env_key="OPENAI_API_KEY",env_http_headers={"X-Lazytrace-Token"="LAZYTRACE_PROXY_TOKEN"}} exec hello`},
		"a login": {args: "exec hello", login: true, env: []string{"OPENAI_API_KEY=k"}, want: "requires_openai_auth=true"},
		"a base":  {config: `openai_base_url = "http://gate/v1"`, base: "http://gate/v1", want: "-c model_provider=lazytrace"},
		"a provider": {config: "model_provider = \"mine\"\n[model_providers.mine]\nbase_url = \"http://mine/v1\"", args: "exec hello", base: "http://mine/v1",
			want: `-c model_providers.mine.base_url="` + to + `" -c model_providers.mine.env_http_headers.X-Lazytrace-Token="LAZYTRACE_PROXY_TOKEN" exec hello`},
		"a profile": {config: "[profiles.p]\nmodel_provider = \"mine\"\n[model_providers.mine]\nbase_url = \"http://mine/v1\"", args: "-p p", base: "http://mine/v1", want: `-c model_providers.mine.base_url=`},
		"arguments": {args: `exec -c model_provider=lt -c model_providers.lt={name="lt",base_url="http://arg/v1",wire_api="responses"} -- -c`, base: "http://arg/v1",
			want: `wire_api="responses"} -c model_providers.lt.base_url="` + to + `" -c model_providers.lt.env_http_headers.X-Lazytrace-Token="LAZYTRACE_PROXY_TOKEN" -- -c`},
		"a dotted argument":      {args: `--config=model_provider=lt --config=model_providers.lt.base_url=http://dot/v1 exec`, base: "http://dot/v1", want: `http://dot/v1 -c model_providers.lt.base_url=`},
		"a provider of nowhere":  {args: "-c model_provider=ollama", problem: true},
		"this machine":           {args: "--oss", problem: true},
		"settings that are torn": {config: "model_provider = ", problem: true},
		"an option without end":  {args: "exec -c", want: "-c model_provider=lazytrace"},
	} {
		home := t.TempDir()
		if tc.config != "" {
			if err := os.WriteFile(filepath.Join(home, "config.toml"), []byte(tc.config), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if tc.login {
			if err := os.WriteFile(filepath.Join(home, "auth.json"), []byte("{}"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		args := strings.Fields(tc.args)
		p := planCodex(args, lookup(append(tc.env, "CODEX_HOME="+home)))
		if (p.problem != "") != tc.problem || p.base != tc.base {
			t.Errorf("%s: %+v", name, p)
		}
		if got := strings.Join(p.arguments(args, to), " "); !tc.problem && !strings.Contains(got, tc.want) {
			t.Errorf("%s: %s\nlacks %s", name, got, tc.want)
		}
	}
}
