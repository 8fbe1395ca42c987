package proxy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// sink keeps what it is given.
type sink struct {
	mu      sync.Mutex
	events  []eventlog.Event
	dropped int64
	block   chan struct{} // when it is there, Emit waits for its end
}

func (s *sink) Emit(ctx context.Context, e eventlog.Event) error {
	if s.block != nil {
		select {
		case <-s.block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	return nil
}

func (s *sink) Dropped(_ eventlog.Kind, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped += n
}

func (s *sink) types() string {
	var list []string
	for _, e := range s.events {
		list = append(list, e.Type)
	}
	return strings.Join(list, " ")
}

func (s *sink) find(t *testing.T, kind eventlog.Kind, n int) map[string]any {
	t.Helper()
	for _, e := range s.events {
		if e.Kind != kind {
			continue
		}
		if n--; n >= 0 {
			continue
		}
		var p map[string]any
		if err := json.Unmarshal(e.Payload, &p); err != nil {
			t.Fatalf("%v: %s", err, e.Payload)
		}
		return p
	}
	t.Fatalf("no such %s among %s", kind, s.types())
	return nil
}

// start starts a proxy before a provider, as every vendor. Drain ends both and
// may be called once more.
func start(t testing.TB, s *sink, handler http.HandlerFunc) (p *Server, drain func()) {
	t.Helper()
	upstream := httptest.NewServer(handler)
	u, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	return startAt(t, s, u, nil, upstream.Close)
}

func startAt(t testing.TB, s *sink, u *url.URL, rt http.RoundTripper, end func()) (*Server, func()) {
	v1 := *u
	v1.Path = "/v1"
	p, err := Listen(t.Context(), s, Options{Upstreams: map[string]*url.URL{Anthropic: u, OpenAI: &v1, Gemini: u}, Run: "run", Transport: rt})
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	drain := func() {
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := p.Drain(ctx); err != nil {
				t.Error(err)
			}
			end()
		})
	}
	t.Cleanup(drain)
	return p, drain
}

// newClient returns one that leaves bodies as they come.
func newClient(t testing.TB) *http.Client {
	tr := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 30 * time.Second}
}

func post(t testing.TB, c *http.Client, url, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(out)
}

const messagesStream = `event: message_start
data: {"type":"message_start","message":{"id":"msg_1","model":"claude-x","content":[],"usage":{"input_tokens":10,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"Agent","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"prompt\":\"find it\",\"subagent_type\":\"finder\"}"}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":25}}

`

// What a provider tells becomes events: calls with their tokens, tools with
// their results, agents below the call that started them.
func TestEvents(t *testing.T) {
	s := &sink{}
	n := 0
	p, drain := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Request-Id", fmt.Sprintf("req_%d", n))
		switch n++; n {
		case 1:
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, messagesStream)
		default:
			fmt.Fprintf(w, `{"type":"message","id":"msg_%d","model":"claude-x","stop_reason":"end_turn","content":[{"type":"text","text":"done"}],"usage":{"input_tokens":5,"output_tokens":2}}`, n)
		}
	})
	c := newClient(t)
	at := p.URL(Anthropic) + "/v1/messages?beta=true"
	post(t, c, at, `{"model":"claude-x","max_tokens":9,"tools":[{}],"messages":[{"role":"user","content":"go"}]}`, "X-Claude-Code-Session-Id", "conv")
	post(t, c, at, `{"model":"claude-x","messages":[{"role":"user","content":"context\nfind it"}]}`, "X-Claude-Code-Session-Id", "conv", "X-Claude-Code-Agent-Id", "a1")
	post(t, c, at, `{"model":"claude-x","messages":[{"role":"user","content":"go"},{"role":"assistant","content":[]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"found"}]}]}`, "X-Claude-Code-Session-Id", "conv")
	post(t, c, p.URL(Anthropic)+"/v1/messages/count_tokens", `{}`)
	drain()
	want := "model_request model_response tool_call agent_start model_request model_response tool_result model_request model_response api_request agent_finish"
	if s.types() != want {
		t.Fatalf("%s\nwant %s", s.types(), want)
	}
	req, res := s.find(t, eventlog.ModelRequest, 0), s.find(t, eventlog.ModelResponse, 0)
	if req["model"] != "claude-x" || req["tools_offered"] != 1.0 || req["text"] != "go" || req["conversation_id"] != "conv" || req["call_id"] != res["call_id"] {
		t.Errorf("request %v", req)
	}
	if res["response_id"] != "msg_1" || res["request_id"] != "req_0" || res["input_tokens"] != 10.0 || res["output_tokens"] != 25.0 || res["provider"] != "anthropic" ||
		res["stop_reason"] != "tool_use" || res["layer"] != "proxy" || res["at_least"] != nil {
		t.Errorf("response %v", res)
	}
	if call := s.find(t, eventlog.ToolCall, 0); call["tool"] != "Agent" || call["tool_use_id"] != "toolu_1" || call["arguments"].(map[string]any)["prompt"] != "find it" {
		t.Errorf("call %v", call)
	}
	if result := s.find(t, eventlog.ToolResult, 0); result["tool"] != "Agent" || result["result"] != "found" {
		t.Errorf("result %v", result)
	}
	begin := s.events[3]
	if begin.RunID != "a1" || begin.ParentRunID != "run" || begin.Agent != "finder" || s.find(t, eventlog.AgentStart, 0)["tool_use_id"] != "toolu_1" || s.events[4].RunID != "a1" || s.events[7].RunID != "" {
		t.Errorf("agent %+v", begin)
	}
	if p.Calls() != 3 || p.Unread() != 0 {
		t.Errorf("%d calls, %d unread", p.Calls(), p.Unread())
	}
}

// The other providers, and what their clients tell of themselves.
func TestVendors(t *testing.T) {
	s := &sink{}
	p, drain := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", r.URL.RequestURI())
		switch r.URL.Path {
		case "/v1/chat/completions":
			io.WriteString(w, `{"id":"c1","model":"gpt-x","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}`)
		case "/v1/responses":
			io.WriteString(w, "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r1\",\"status\":\"completed\",\"model\":\"gpt-x\",\"output\":[],\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\n")
		default:
			io.WriteString(w, `[{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4},"responseId":"g1"}]`)
		}
	})
	c := newClient(t)
	post(t, c, p.URL(OpenAI)+"/chat/completions", `{"model":"gpt"}`)
	post(t, c, p.Open(OpenAI)+"/responses", `{"model":"gpt"}`, TokenHeader, p.Token(), "Session-Id", "root", "Thread-Id", "child")
	if !strings.HasSuffix(p.URL(OpenAI), "/openai/v1") || strings.Contains(p.Open(OpenAI), p.Token()) {
		t.Error(p.URL(OpenAI), p.Open(OpenAI))
	}
	gemini := p.URL(Gemini) + "/v1beta/models/gemini-x:streamGenerateContent?key=abc"
	post(t, c, gemini, `{"contents":[{"role":"user","parts":[{"text":"go"}]}]}`)
	post(t, c, gemini, `{"contents":[{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"x"}}}]}]}`)
	drain()
	chat, response, google := s.find(t, eventlog.ModelResponse, 0), s.find(t, eventlog.ModelResponse, 1), s.find(t, eventlog.ModelResponse, 2)
	if chat["response_id"] != "c1" || chat["at_least"] != true || chat["content"] != "hi" {
		t.Errorf("%v", chat) // its usage was not asked for, so nobody knows it
	}
	if response["thread_id"] != "child" || response["input_tokens"] != 7.0 || s.events[2].RunID != "child" || s.events[2].Kind != eventlog.AgentStart {
		t.Errorf("%v %s", response, s.types())
	}
	if google["model"] != "gemini-x" || google["provider"] != "google" || google["output_tokens"] != 4.0 {
		t.Errorf("%v", google)
	}
	call, result := s.find(t, eventlog.ToolCall, 0), s.find(t, eventlog.ToolResult, 0)
	if call["tool_use_id"] == "" || call["tool_use_id"] != result["tool_use_id"] {
		t.Errorf("%v %v", call, result)
	}
}

// A failure is told with what the provider says, and the next attempt is one.
func TestFailures(t *testing.T) {
	s := &sink{}
	n := 0
	p, drain := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		switch n++; n {
		case 1:
			w.WriteHeader(529)
			io.WriteString(w, `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`)
		case 2:
			w.Header().Set("Content-Type", "text/event-stream")
			io.WriteString(w, messagesStream[:strings.Index(messagesStream, "event: content_block_start")])
			io.WriteString(w, "data: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"broke\"}}\n\n")
		case 4:
			io.WriteString(w, "<html>")
		default:
			io.WriteString(w, `{"type":"message","id":"msg_9","usage":{"input_tokens":1,"output_tokens":1},"content":[]}`)
		}
	})
	c := newClient(t)
	at := p.URL(Anthropic) + "/v1/messages"
	body := `{"model":"m","messages":[]}`
	if code, text := post(t, c, at, body); code != 529 || !strings.Contains(text, "Overloaded") {
		t.Errorf("%d %s", code, text)
	}
	post(t, c, at, body)
	post(t, c, at, body)
	post(t, c, at, `{"model":"m","messages":[{}]}`) // another request
	drain()
	want := "model_request error retry model_request model_response error retry model_request model_response model_request model_response"
	if s.types() != want {
		t.Fatalf("%s\nwant %s", s.types(), want)
	}
	if e := s.find(t, eventlog.Error, 0); e["status"] != 529.0 || e["type"] != "overloaded_error" || e["error"] != "Overloaded" || e["call_id"] != s.find(t, eventlog.ModelRequest, 0)["call_id"] {
		t.Errorf("%v", e)
	}
	if r := s.find(t, eventlog.Retry, 1); r["attempt"] != 3.0 || !strings.Contains(r["text"].(string), "api_error") {
		t.Errorf("%v", r)
	}
	if r := s.find(t, eventlog.ModelResponse, 0); r["at_least"] != true || r["input_tokens"] != 10.0 {
		t.Errorf("%v", r)
	}
	if r := s.find(t, eventlog.ModelResponse, 2); r["note"] == nil || r["at_least"] != true {
		t.Errorf("%v", r)
	}
}

// A provider that is not there is told of to the client, and in the log.
func TestUnreachable(t *testing.T) {
	s := &sink{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &url.URL{Scheme: "http", Host: l.Addr().String()}
	l.Close()
	p, drain := startAt(t, s, u, nil, func() {})
	code, text := post(t, newClient(t), p.URL(Anthropic)+"/v1/messages", `{"model":"m"}`)
	if code != http.StatusBadGateway || !json.Valid([]byte(text)) {
		t.Errorf("%d %s", code, text)
	}
	drain()
	if e := s.find(t, eventlog.Error, 0); !strings.Contains(e["error"].(string), "could not be reached") {
		t.Errorf("%v", e)
	}
}

// Every byte of thousands of requests and responses comes through, packed or
// not, in one piece or many, with headers, trailers and odd paths.
func TestBytes(t *testing.T) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		sum := sha256.Sum256(body)
		answer := []byte(fmt.Sprintf("%s %s %q %q %x %s", r.Method, r.RequestURI, r.Header["X-Odd"], r.Header["X-Api-Key"], sum, bytes.Repeat(sum[:], int(sum[0]))))
		w.Header()["X-Several"] = []string{"a", "b; c"}
		switch sum[1] % 4 {
		case 0:
			w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
		case 1:
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write(answer)
			z.Close()
			w.Header().Set("Content-Encoding", "gzip")
			answer = b.Bytes()
		case 2:
			w.Header().Set("Trailer", "X-Sum")
			defer w.Header().Set("X-Sum", fmt.Sprintf("%x", sum[:4]))
		}
		w.WriteHeader(200 + int(sum[2])%3*100)
		for piece := range slices.Chunk(answer, 1+len(answer)/3) {
			w.Write(piece)
			w.(http.Flusher).Flush()
		}
	}
	for _, h2 := range []bool{false, true} {
		upstream := httptest.NewUnstartedServer(http.HandlerFunc(handler))
		upstream.EnableHTTP2 = h2
		upstream.StartTLS()
		u, err := url.Parse(upstream.URL)
		if err != nil {
			t.Fatal(err)
		}
		rt := upstream.Client().Transport.(*http.Transport).Clone()
		rt.DisableCompression, rt.ForceAttemptHTTP2 = true, h2
		s := &sink{}
		p, drain := startAt(t, s, u, rt, upstream.Close)
		direct := &http.Client{Transport: rt, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		through := newClient(t)
		through.CheckRedirect = direct.CheckRedirect
		const workers, each = 4, 500
		var group sync.WaitGroup
		for w := range workers {
			group.Go(func() {
				for i := range each {
					path := []string{"/v1/messages?x=%20&&a=b;c", "/v1/messages/count_tokens", "/v1/a%2Fb//c?", "/v1/models/m:generateContent?alt=sse"}[i%4]
					body := bytes.Repeat(fmt.Appendf(nil, `{"n":%d.%d}`, w, i), 1+i*7%1000)
					want, got := fetch(t, direct, upstream.URL+path, body), fetch(t, through, p.URL(Anthropic)+path, body)
					if want != got {
						t.Errorf("h2 %v, %s: %.300q\nbecame %.300q", h2, path, want, got)
					}
				}
			})
		}
		group.Wait()
		drain()
		rt.CloseIdleConnections()
	}
}

// fetch returns everything of a response that a client can tell.
func fetch(t *testing.T, c *http.Client, url string, body []byte) string {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return ""
	}
	req.Header["X-Odd"] = []string{"1", "two, three"}
	req.Header.Set("X-Api-Key", "secret")
	req.Header.Set("Accept-Encoding", "gzip, zstd")
	res, err := c.Do(req)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	res.Header.Del("Date")
	length := res.ContentLength
	return fmt.Sprint(res.StatusCode, length, res.Header, res.Trailer, string(out))
}

// A piece is passed on before the next one exists.
func TestPieces(t *testing.T) {
	s := &sink{}
	next := make(chan struct{})
	p, drain := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		for line := range strings.Lines(messagesStream) {
			<-next
			io.WriteString(w, line)
			w.(http.Flusher).Flush()
		}
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL(Anthropic)+"/v1/messages", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := newClient(t).Do(req) // the head comes before anything else does
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	r := bufio.NewReader(res.Body)
	for want := range strings.Lines(messagesStream) {
		next <- struct{}{}
		if line, err := r.ReadString('\n'); line != want || err != nil {
			t.Fatalf("%q, %v", line, err)
		}
	}
	drain()
	if r := s.find(t, eventlog.ModelResponse, 0); r["output_tokens"] != 25.0 {
		t.Errorf("%v", r)
	}
}

// A client that goes away takes the request back, and what had come is told.
func TestCancel(t *testing.T) {
	s := &sink{}
	gone := make(chan struct{})
	p, drain := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, messagesStream[:strings.Index(messagesStream, "event: content_block_start")])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(gone)
	})
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL(Anthropic)+"/v1/messages", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := newClient(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	cancel()
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the provider was not told")
	}
	drain()
	if r := s.find(t, eventlog.ModelResponse, 0); r["cancelled"] != true || r["input_tokens"] != 10.0 || r["at_least"] != true {
		t.Errorf("%v", r)
	}
}

// A response that its provider breaks off is broken off for the client too.
func TestBrokenOff(t *testing.T) {
	s := &sink{}
	p, drain := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "short")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	res, err := newClient(t).Post(p.URL(Anthropic)+"/v1/messages", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if out, err := io.ReadAll(res.Body); err == nil || string(out) != "short" {
		t.Errorf("%q, %v", out, err)
	}
	drain()
}

// Nobody without the secret is served, and nobody gets anywhere else.
func TestClosed(t *testing.T) {
	s := &sink{}
	p, _ := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(TokenHeader) != "" || strings.Contains(r.RequestURI, "lazytrace") {
			t.Error("the secret went on")
		}
	})
	c := newClient(t)
	base := "http://" + p.address
	for name, tc := range map[string]struct {
		url    string
		header []string
		host   string
	}{
		"no secret":       {url: base + "/anthropic/v1/messages"},
		"wrong secret":    {url: base + "/" + strings.Repeat("A", len(p.token)) + "/anthropic/v1/messages"},
		"wrong header":    {url: base + "/anthropic/v1/messages", header: []string{TokenHeader, "x"}},
		"the root":        {url: base + "/"},
		"the secret only": {url: base + "/" + p.token},
		"another name":    {url: base + "/" + p.token + "/evil/v1/messages"},
		"another host":    {url: p.URL(Anthropic) + "/v1/messages", host: "evil.example"},
		"a host in it":    {url: base + "/" + p.token + "/http://evil.example/"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tc.url, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if tc.header != nil {
			req.Header.Set(tc.header[0], tc.header[1])
		}
		req.Host = tc.host
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	if code, _ := post(t, c, p.Open(Anthropic)+"/v1/x", "{}", TokenHeader, p.Token()); code != 200 {
		t.Error(code)
	}
	host, _, err := net.SplitHostPort(p.address)
	if err != nil || !net.ParseIP(host).IsLoopback() {
		t.Errorf("listens on %s", p.address)
	}
}

// What proves who asks is passed on and kept nowhere.
func TestSecrets(t *testing.T) {
	s := &sink{}
	headers := []string{"Authorization", "X-Api-Key", "X-Goog-Api-Key", "Api-Key", "Cookie", "Proxy-Authorization-Not", "Chatgpt-Account-Id"}
	p, drain := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		for i, h := range headers {
			if r.Header.Get(h) != fmt.Sprintf("canary%d", i) {
				t.Errorf("%s is %q", h, r.Header.Get(h))
			}
		}
		if r.URL.Query().Get("key") != "canaryQ" {
			t.Error(r.URL)
		}
		w.Header().Set("Set-Cookie", "canaryC=1")
		if r.URL.Path != "/v1/x" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	var pairs []string
	for i, h := range headers {
		pairs = append(pairs, h, fmt.Sprintf("canary%d", i))
	}
	for _, path := range []string{"/v1/messages", "/v1beta/models/m:generateContent", "/v1/x"} {
		post(t, newClient(t), p.URL(Anthropic)+path+"?key=canaryQ", `{"model":"m"}`, pairs...)
	}
	drain()
	for _, e := range s.events {
		if text := fmt.Sprintf("%+v %s", e, e.Payload); strings.Contains(text, "canary") || strings.Contains(text, p.token) {
			t.Errorf("kept: %s", text)
		}
	}
	if len(s.events) < 5 {
		t.Error(s.types())
	}
}

// When nobody reads the copies everything is passed on as ever, and counted.
func TestNoRoom(t *testing.T) {
	s := &sink{block: make(chan struct{})}
	whole := strings.Repeat("x", 1<<10)
	p, drain := start(t, s, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, whole) })
	p.room.left.Store(64)
	c := newClient(t)
	const n = waiting/2 + 100
	for range n {
		if code, text := post(t, c, p.URL(Anthropic)+"/v1/messages", `{"model":"m"}`); code != 200 || text != whole {
			t.Fatalf("%d %s", code, text)
		}
	}
	close(s.block)
	drain()
	if p.Unread() == 0 || s.dropped != p.Unread() {
		t.Errorf("%d unread, %d told", p.Unread(), s.dropped)
	}
	if r := s.find(t, eventlog.ModelResponse, 0); !strings.Contains(r["note"].(string), "no room") {
		t.Errorf("%v", r)
	}
	if p.room.left.Load() != 64 {
		t.Errorf("%d bytes of 64 are left", p.room.left.Load())
	}
}

// Packed bodies are unpacked on the copy, both ways; what cannot be is noted.
func TestPacked(t *testing.T) {
	s := &sink{}
	zip := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
		return b.String()
	}
	packed := zip(messagesStream)
	p, drain := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		encoding := r.Header.Get("Accept-Encoding")
		w.Header().Set("Content-Encoding", encoding)
		io.WriteString(w, packed)
	})
	at := p.URL(Anthropic) + "/v1/messages"
	if _, text := post(t, newClient(t), at, zip(`{"model":"zipped"}`), "Content-Encoding", "gzip", "Accept-Encoding", "gzip"); text != packed {
		t.Error("it was changed")
	}
	post(t, newClient(t), at, `{"model":"m"}`, "Accept-Encoding", "br")
	drain()
	if r := s.find(t, eventlog.ModelRequest, 0); r["model"] != "zipped" {
		t.Errorf("%v", r)
	}
	if r := s.find(t, eventlog.ModelResponse, 0); r["output_tokens"] != 25.0 {
		t.Errorf("%v", r)
	}
	if r := s.find(t, eventlog.ModelResponse, 1); !strings.Contains(r["note"].(string), `"br"`) {
		t.Errorf("%v", r)
	}
}

// A provider whose certificate nobody vouches for is not spoken to.
func TestCertificate(t *testing.T) {
	upstream := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	upstream.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	u, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := startAt(t, &sink{}, u, nil, upstream.Close)
	if code, text := post(t, newClient(t), p.URL(Anthropic)+"/v1/messages", "{}"); code != http.StatusBadGateway || !strings.Contains(text, "certificate") {
		t.Errorf("%d %s", code, text)
	}
}

// A program that leaves calls behind does not keep the recorder.
func TestDrain(t *testing.T) {
	s := &sink{}
	asked := make(chan struct{})
	p, drain := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // else the server does not see who goes
		close(asked)
		<-r.Context().Done()
	})
	failed := make(chan error, 1)
	go func() {
		res, err := newClient(t).Post(p.URL(Anthropic)+"/v1/messages", "", strings.NewReader("{}"))
		if err == nil {
			res.Body.Close()
			err = errors.New(res.Status)
		}
		failed <- err
	}()
	<-asked
	drain()
	if err := <-failed; err == nil {
		t.Error("it was answered")
	}
	if _, err := net.Dial("tcp", p.address); err == nil {
		t.Error("somebody still listens")
	}
	if !strings.HasPrefix(s.types(), "model_request") {
		t.Error(s.types())
	}
}

// BenchmarkLatency tells what the proxy adds to a call: the time to an answer
// through it less the time without, at the middle and at the slow end.
func BenchmarkLatency(b *testing.B) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, messagesStream)
	}
	upstream := httptest.NewServer(http.HandlerFunc(handler))
	u, err := url.Parse(upstream.URL)
	if err != nil {
		b.Fatal(err)
	}
	p, _ := startAt(b, &sink{}, u, nil, upstream.Close)
	c := newClient(b)
	body := `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("word ", 10_000) + `"}]}`
	measure := func(url string) (took []time.Duration) {
		for range b.N {
			began := time.Now()
			post(b, c, url, body)
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		return took
	}
	without, with := measure(upstream.URL+"/v1/messages"), measure(p.URL(Anthropic)+"/v1/messages")
	at := func(share int) float64 {
		i := b.N * share / 100
		return float64((with[i] - without[i]).Microseconds()) / 1000
	}
	b.ReportMetric(at(50), "ms-p50")
	b.ReportMetric(at(99), "ms-p99")
}

// The end of a request stays its end when what it came from has been closed.
func TestEndStaysTheEnd(t *testing.T) {
	src := &closing{Reader: strings.NewReader("x")}
	ends := 0
	body := &tee{src: src, to: &body{}, end: func(error) { ends++ }}
	if out, err := io.ReadAll(body); string(out) != "x" || err != nil {
		t.Fatalf("%q, %v", out, err)
	}
	src.Close()
	if n, err := body.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d, %v", n, err)
	}
	if ends != 1 {
		t.Errorf("it ended %d times", ends)
	}
}

// closing is a body that may not be read after it was closed, as a server's is.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Read(p []byte) (int, error) {
	if c.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	return c.Reader.Read(p)
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

// A request is told of while its answer is still awaited, and always before it.
func TestRequestIsToldBeforeItsAnswer(t *testing.T) {
	t.Parallel()
	answer := make(chan struct{})
	s := &sink{}
	p, drain := start(t, s, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if strings.Contains(r.Header.Get("X-Wait"), "yes") {
			<-answer
		}
		fmt.Fprint(w, `{"id":"m1","model":"m","content":[{"type":"text","text":"well"}],"usage":{"input_tokens":1,"output_tokens":1}}`)
	})
	client := newClient(t)
	body := `{"model":"m","messages":[{"role":"user","content":"hello"}]}`
	done := make(chan struct{})
	go func() {
		defer close(done)
		post(t, client, p.URL(Anthropic)+"/v1/messages", body, "X-Wait", "yes")
	}()
	told := func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.types()
	}
	for began := time.Now(); told() != "model_request"; time.Sleep(time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			close(answer)
			t.Fatalf("told by now: %q", told())
		}
	}
	close(answer)
	<-done
	for range 20 { // these are answered before anybody reads their requests
		post(t, client, p.URL(Anthropic)+"/v1/messages", body)
	}
	drain()
	if got, want := s.types(), strings.TrimSpace(strings.Repeat("model_request model_response ", 21)); got != want {
		t.Errorf("told: %s", got)
	}
}
