package receiver

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/capture/intake"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
)

// sink answers when it is told to, or at once.
type sink struct {
	later bool
	fail  func(e *eventlog.Event) error // of Record
	lost  error                         // of the commit

	mu      sync.Mutex
	events  []eventlog.Event
	waiting []func(error)
	came    chan struct{} // capacity 1
}

func (s *sink) Record(ctx context.Context, e eventlog.Event, done func(error)) error {
	if s.fail != nil {
		if err := s.fail(&e); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.events = append(s.events, e)
	if s.later {
		s.waiting = append(s.waiting, done)
	}
	s.mu.Unlock()
	if !s.later {
		done(s.lost)
	}
	select {
	case s.came <- struct{}{}:
	default:
	}
	return nil
}

func (s *sink) taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

func start(t *testing.T, s *sink, o Options) *Server {
	t.Helper()
	s.came = make(chan struct{}, 1)
	server, err := Listen(context.WithoutCancel(t.Context()), s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Drain(ctx); err != nil {
			t.Error(err)
		}
	})
	return server
}

const one = `{"id":"a","event_type":"tool_call"}`

// request makes a request that would be taken, which the test then spoils.
func request(t *testing.T, s *Server, path string, body io.Reader) *http.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL()+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.Token())
	r.Header.Set("Content-Type", "application/json")
	return r
}

func send(t *testing.T, r *http.Request) (status int, header http.Header, body string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}

// statusFor is send for a goroutine of its own, where a test cannot be ended: the
// status is 0 when there was no answer.
func statusFor(r *http.Request) int {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return 0
	}
	answer.Body.Close()
	return answer.StatusCode
}

func TestWhoMayComeIn(t *testing.T) {
	t.Parallel()
	port := func(s *Server) string { return fmt.Sprint(s.address.Port()) }
	for name, c := range map[string]struct {
		spoil func(s *Server, r *http.Request)
		want  int
	}{
		"as it should be":       {func(*Server, *http.Request) {}, 200},
		"localhost":             {func(s *Server, r *http.Request) { r.Host = "LocalHost:" + port(s) }, 200},
		"a charset":             {func(_ *Server, r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=UTF-8") }, 200},
		"no token":              {func(_ *Server, r *http.Request) { r.Header.Del("Authorization") }, 401},
		"another token":         {func(_ *Server, r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, 401},
		"the token alone":       {func(s *Server, r *http.Request) { r.Header.Set("Authorization", s.Token()) }, 401},
		"the token, and one":    {func(_ *Server, r *http.Request) { r.Header.Add("Authorization", "Bearer x") }, 401},
		"a token in the query":  {func(s *Server, r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "token=" + s.Token() }, 401},
		"a foreign host":        {func(s *Server, r *http.Request) { r.Host = "evil.example:" + port(s) }, 403},
		"a host like ours":      {func(s *Server, r *http.Request) { r.Host = "localhost.evil.example:" + port(s) }, 403},
		"any address":           {func(s *Server, r *http.Request) { r.Host = "0.0.0.0:" + port(s) }, 403},
		"another port":          {func(_ *Server, r *http.Request) { r.Host = "127.0.0.1:1" }, 403},
		"a page":                {func(_ *Server, r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
		"a page without origin": {func(_ *Server, r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		"a page of ours":        {func(s *Server, r *http.Request) { r.Header.Set("Origin", s.URL()) }, 403},
		"a fetch":               {func(_ *Server, r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"a form":                {func(_ *Server, r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415},
		"text":                  {func(_ *Server, r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		"no type":               {func(_ *Server, r *http.Request) { r.Header.Del("Content-Type") }, 415},
		"another packing":       {func(_ *Server, r *http.Request) { r.Header.Set("Content-Encoding", "br") }, 415},
		"not packed":            {func(_ *Server, r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 400},
		"GET":                   {func(_ *Server, r *http.Request) { r.Method = http.MethodGet }, 405},
		"OPTIONS":               {func(_ *Server, r *http.Request) { r.Method = http.MethodOptions }, 405},
		"another path":          {func(_ *Server, r *http.Request) { r.URL.Path = "/debug/pprof/" }, 404},
		"a path above":          {func(_ *Server, r *http.Request) { r.URL.Path = "/v1/../v1/events" }, 404},
		"a layer that is off":   {func(_ *Server, r *http.Request) { r.URL.Path = "/v1/traces" }, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &sink{}
			server := start(t, s, Options{Events: true})
			r := request(t, server, "/v1/events", strings.NewReader(one))
			c.spoil(server, r)
			status, header, body := send(t, r)
			if status != c.want {
				t.Errorf("status %d, %s", status, body)
			}
			if taken := s.taken() == 1; taken != (c.want == 200) {
				t.Errorf("%d events", s.taken())
			}
			for name := range header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("it grants %s", name)
				}
			}
		})
	}
}

func TestOnlyOnTheLoopback(t *testing.T) {
	t.Parallel()
	server := start(t, &sink{}, Options{Events: true})
	if !server.address.Addr().IsLoopback() || server.address.Port() == 0 || len(server.Token()) < 43 {
		t.Errorf("it listens on %s", server.address)
	}
	if other := start(t, &sink{}, Options{Events: true}); other.Token() == server.Token() {
		t.Error("two receivers have one token")
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want []string // the ids
	}{
		"one":           {one, []string{"a"}},
		"on lines":      {"{\n \"id\": \"a\",\n \"event_type\": \"x\"\n}\n", []string{"a"}},
		"an array":      {`[ ` + one + `, {"id":"b","event_type":"x","n":[1,"],"]} ]`, []string{"a", "b"}},
		"one a line":    {one + "\n\n" + `{"id":"b","event_type":"x"}` + "\r\n", []string{"a", "b"}},
		"NaN":           {`[{"id":"a","event_type":"x","n":NaN}]`, []string{"a"}},
		"NaN in a line": {`{"id":"a","event_type":"x","n":NaN}`, []string{"a"}},
	} {
		s := &sink{}
		server := start(t, s, Options{Events: true})
		status, _, body := send(t, request(t, server, "/v1/events", strings.NewReader(c.body)))
		var got eventsAnswer
		if err := json.Unmarshal([]byte(body), &got); err != nil || status != 200 || fmt.Sprint(got.Acks) != fmt.Sprint(c.want) || s.taken() != len(c.want) {
			t.Errorf("%s: %d %s, %d events", name, status, body, s.taken())
		}
	}
}

func TestNothingInIt(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := start(t, s, Options{Events: true})
	for name, body := range map[string]string{
		"nothing": "", "an empty array": "[]", "no JSON": "\xff\xfe", "deep": strings.Repeat("[", 100_000), "an array cut off": "[" + one, "numbers": "[1,2]", "a text": `"x"`,
	} {
		if status, _, body := send(t, request(t, server, "/v1/events", strings.NewReader(body))); status != 400 {
			t.Errorf("%s: %d %.100s", name, status, body)
		}
	}
	if s.taken() != 0 {
		t.Errorf("%d events", s.taken())
	}
}

// Those that are fine are stored, each of the others is told with its place,
// and the request has not succeeded.
func TestPartialFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		retry  string
	}{
		"no event":          {nil, 400, ""},
		"no room":           {pipeline.ErrFull, 429, "1"},
		"cannot be masked":  {fmt.Errorf("%w: tool_call", pipeline.ErrRedact), 400, ""},
		"the store is gone": {errors.New("no space"), 503, ""},
	} {
		s := &sink{}
		s.fail = func(e *eventlog.Event) error {
			if e.ID == "b" {
				return c.err
			}
			return nil
		}
		bad := `{"id":"b","event_type":"x"}`
		if c.err == nil {
			bad = `{"id":"b"}`
		}
		server := start(t, s, Options{Events: true})
		status, header, body := send(t, request(t, server, "/v1/events", strings.NewReader(`[`+one+`,`+bad+`,{"id":"c","event_type":"x"}]`)))
		var got eventsAnswer
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		if status != c.status || header.Get("Retry-After") != c.retry || fmt.Sprint(got.Acks) != "[a c]" || len(got.Errors) != 1 || got.Errors[0].Index != 1 || got.Errors[0].Error == "" {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

func TestNoAnswerBeforeTheCommit(t *testing.T) {
	t.Parallel()
	s := &sink{later: true}
	server := start(t, s, Options{Events: true})
	answered := make(chan int, 1)
	r := request(t, server, "/v1/events", strings.NewReader(`[`+one+`,{"id":"b","event_type":"x"}]`))
	go func() { answered <- statusFor(r) }()
	for s.taken() < 2 {
		<-s.came
	}
	s.waiting[0](nil)
	select {
	case status := <-answered:
		t.Fatalf("answered %d before the commit", status)
	case <-time.After(30 * time.Millisecond):
	}
	s.waiting[1](nil)
	if status := <-answered; status != 200 {
		t.Errorf("status %d", status)
	}
}

// What is not committed in time is not acknowledged, and may be sent again.
func TestCommitThatDoesNotCome(t *testing.T) {
	t.Parallel()
	s := &sink{later: true}
	server := start(t, s, Options{Events: true, Wait: 40 * time.Millisecond})
	status, header, body := send(t, request(t, server, "/v1/events", strings.NewReader(one)))
	if status != 503 || header.Get("Retry-After") == "" || !strings.Contains(body, `"acks":[]`) {
		t.Errorf("%d %s", status, body)
	}
	s.waiting[0](nil) // too late, and harmless
}

func packed(t *testing.T, how string, text []byte) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch how {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	default:
		w, _ = flate.NewWriter(&b, 6)
	}
	w.Write(text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestPackedBodies(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := start(t, s, Options{Events: true, MaxBody: 1 << 20})
	bomb := bytes.Repeat([]byte{' '}, 8<<20)
	for _, how := range []string{"gzip", "zlib", "raw"} {
		for text, want := range map[string]int{one: 200, string(bomb): 413} {
			r := request(t, server, "/v1/events", packed(t, how, []byte(text)))
			encoding := "deflate"
			if how == "gzip" {
				encoding = "gzip"
			}
			r.Header.Set("Content-Encoding", encoding)
			if status, _, body := send(t, r); status != want {
				t.Errorf("%s of %d bytes: %d %s", how, len(text), status, body)
			}
		}
	}
	short := packed(t, "gzip", bytes.Repeat([]byte(one+"\n"), 100))
	short.Truncate(short.Len() - 9)
	r := request(t, server, "/v1/events", short)
	r.Header.Set("Content-Encoding", "gzip")
	if status, _, body := send(t, r); status != 400 {
		t.Errorf("cut off: %d %s", status, body)
	}
	if s.taken() != 3 {
		t.Errorf("%d events", s.taken())
	}
	if server.room.free != server.opts.MaxBytes {
		t.Errorf("%d bytes of room are lost", server.opts.MaxBytes-server.room.free)
	}
}

func TestLongBodies(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := start(t, s, Options{Events: true, MaxBody: 1000})
	for _, known := range []bool{true, false} {
		for n, want := range map[int]int{1000: 200, 1001: 413} {
			text := []byte(`{"event_type":"x","n":"` + strings.Repeat("x", n-25) + `"}`)
			r := request(t, server, "/v1/events", bytes.NewReader(text))
			if !known {
				r.ContentLength = -1
			}
			if status, _, body := send(t, r); status != want {
				t.Errorf("%d bytes, length told %v: %d %s", len(text), known, status, body)
			}
		}
	}
	many := strings.Repeat("{}\n", mostEvents+1)
	server = start(t, s, Options{Events: true})
	if status, _, body := send(t, request(t, server, "/v1/events", strings.NewReader(many))); status != 413 {
		t.Errorf("too many: %d %s", status, body)
	}
}

// While the room is taken others are told to come again, and nothing is taken
// from them.
func TestTooMuchAtOnce(t *testing.T) {
	t.Parallel()
	s := &sink{later: true}
	server := start(t, s, Options{Events: true, MaxBody: 1000, MaxBytes: 1000, Wait: time.Second})
	long := []byte(`{"event_type":"x","n":"` + strings.Repeat("x", 900) + `"}`)
	first := request(t, server, "/v1/events", bytes.NewReader(long))
	answered := make(chan int, 1)
	go func() { answered <- statusFor(first) }()
	<-s.came
	status, header, body := send(t, request(t, server, "/v1/events", bytes.NewReader(long)))
	if status != 503 || header.Get("Retry-After") == "" || s.taken() != 1 {
		t.Errorf("%d %s, %d events", status, body, s.taken())
	}
	s.waiting[0](nil)
	if status := <-answered; status != 200 {
		t.Errorf("status %d", status)
	}
}

func dial(t *testing.T, server *Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", server.address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

// Who sends slowly is let go and keeps nobody from being served.
func TestSlowSenders(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server := start(t, s, Options{Events: true, Read: 300 * time.Millisecond, MaxConn: 20})
	var slow []net.Conn
	for i := range 20 {
		c := dial(t, server)
		if i%2 == 0 {
			fmt.Fprint(c, "POST /v1/events HTTP/1.1\r\nHost: ")
		} else {
			fmt.Fprintf(c, "POST /v1/events HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{",
				server.address, server.Token())
		}
		slow = append(slow, c)
	}
	if status, _, body := send(t, request(t, server, "/v1/events", strings.NewReader(one))); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	for i, c := range slow {
		if text, err := io.ReadAll(c); err != nil || i%2 == 1 && !bytes.Contains(text, []byte(" 408 ")) {
			t.Errorf("%d: %q, %v", i, text, err)
		}
	}
}

// A request that waits for its commit is answered; one that is still being sent
// does not keep the recording.
func TestDrain(t *testing.T) {
	t.Parallel()
	s := &sink{later: true}
	server := start(t, s, Options{Events: true})
	dial(t, server)
	half := dial(t, server)
	fmt.Fprint(half, "POST /v1/events HTTP/1.1\r\nHost: ")
	r := request(t, server, "/v1/events", strings.NewReader(one))
	answered := make(chan int, 1)
	go func() { answered <- statusFor(r) }()
	<-s.came
	time.AfterFunc(2*silence, func() { s.waiting[0](nil) })
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	if err := server.Drain(ctx); err != nil {
		t.Error(err)
	}
	if status := <-answered; status != 200 {
		t.Errorf("status %d", status)
	}
	if ctx.Err() != nil {
		t.Error("it waited to the end")
	}
	if c, err := net.Dial("tcp", server.address.String()); err == nil {
		c.Close()
		t.Error("it still listens")
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	server := start(t, &sink{}, Options{Events: true})
	if id, err := Send(t.Context(), server.URL()+"/", server.Token(), []byte(one)); err != nil || id != "a" {
		t.Errorf("id %q, %v", id, err)
	}
	if _, err := Send(t.Context(), server.URL(), server.Token(), []byte(`{"id":"a"}`)); !errors.Is(err, intake.ErrRefused) || !strings.Contains(err.Error(), "event_type") {
		t.Errorf("error %v", err)
	}
	if _, err := Send(t.Context(), server.URL(), "x", []byte(one)); !errors.Is(err, intake.ErrRefused) || !strings.Contains(err.Error(), "token") {
		t.Errorf("error %v", err)
	}
	if _, err := Send(t.Context(), "http://127.0.0.1:1", "x", []byte(one)); !errors.Is(err, intake.ErrNoRecorder) {
		t.Errorf("error %v", err)
	}
}
