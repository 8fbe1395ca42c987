package export

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// exporter returns an exporter that does not wait between attempts, and what it
// would have waited.
func exporter(t *testing.T, o OTLPOptions) (*OTLP, func() []time.Duration) {
	t.Helper()
	waits := make(chan time.Duration, 1000)
	o.wait = func(ctx context.Context, d time.Duration) error {
		waits <- d
		return ctx.Err()
	}
	x, err := NewOTLP(o)
	must(t, err)
	return x, func() (all []time.Duration) {
		for len(waits) > 0 {
			all = append(all, <-waits)
		}
		return all
	}
}

// calls are events of n tool calls, each of which is a span.
func calls(n int) (events []eventlog.Event) {
	for i := range n {
		id := string(rune('a'+i%26)) + strings.Repeat("x", i/26)
		events = append(events,
			event("tool_call", "s", "", "c"+id, i, `{"tool":"t","tool_use_id":"`+id+`"}`), event("tool_result", "s", "", "r"+id, i+1, `{"tool":"t","tool_use_id":"`+id+`"}`))
	}
	return events
}

func lostBy(err error) (n int64) {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range many.Unwrap() {
			n += lostBy(err)
		}
		return n
	}
	var lost interface{ Lost() int64 }
	if errors.As(err, &lost) {
		return lost.Lost()
	}
	return 0
}

func TestSending(t *testing.T) {
	t.Parallel()
	status := func(codes ...int) func(int, http.ResponseWriter) {
		return func(n int, w http.ResponseWriter) {
			if n <= len(codes) {
				w.WriteHeader(codes[n-1])
			}
		}
	}
	partial := func(kind, body string) func(int, http.ResponseWriter) {
		return func(_ int, w http.ResponseWriter) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, body)
		}
	}
	always := func(code int, kind, body string) func(int, http.ResponseWriter) {
		return func(_ int, w http.ResponseWriter) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		answer   func(int, http.ResponseWriter)
		o        OTLPOptions
		requests int
		lost     int64
		says     string
	}{
		"taken":                       {nil, OTLPOptions{}, 1, 0, ""},
		"again until it is taken":     {status(503, 429, 502, 504), OTLPOptions{}, 5, 0, ""},
		"an error that stays":         {status(400), OTLPOptions{}, 1, 3, "the receiver answered 400 Bad Request"},
		"not again for 500":           {status(500), OTLPOptions{}, 1, 3, "500"},
		"a status in JSON":            {always(401, "application/json", `{"code":16,"message":"who are you?\nno"}`), OTLPOptions{}, 1, 3, "401 Unauthorized: who are you?"},
		"a status in protobuf":        {always(403, "application/x-protobuf", "\x08\x07\x12\x05never"), OTLPOptions{}, 1, 3, "403 Forbidden: never"},
		"a page":                      {always(404, "text/html", "<html>"), OTLPOptions{}, 1, 3, "404 Not Found"},
		"given up after a time":       {always(503, "text/plain", "busy"), OTLPOptions{Retrying: 10 * time.Second}, 0, 3, "503 Service Unavailable: busy"},
		"partly taken, in protobuf":   {partial("application/x-protobuf", "\x0a\x08\x08\x02\x12\x04full"), OTLPOptions{}, 1, 2, "did not take all spans: full"},
		"partly taken, in JSON":       {partial("application/json", `{"partialSuccess":{"rejectedSpans":"1","errorMessage":"odd"}}`), OTLPOptions{JSON: true}, 1, 1, "odd"},
		"partly taken, as a number":   {partial("application/json", `{"partialSuccess":{"rejectedSpans":9}}`), OTLPOptions{JSON: true}, 1, 3, "did not take all spans"},
		"taken with a warning":        {partial("application/x-protobuf", "\x0a\x06\x12\x04soon"), OTLPOptions{}, 1, 0, "soon"},
		"an answer that is no answer": {partial("application/x-protobuf", "\xff\xff"), OTLPOptions{}, 1, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newReceiver(t, c.answer)
			c.o.Endpoint = server.URL
			x, _ := exporter(t, c.o)
			var err error
			for _, e := range calls(3) {
				err = errors.Join(err, x.Export(e))
			}
			must(t, x.Flush(t.Context()))
			err = errors.Join(err, x.Close())
			if n := len(server.got()); c.requests > 0 && n != c.requests || n == 0 {
				t.Errorf("%d requests", n)
			}
			if lostBy(err) != c.lost || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("lost %d: %v", lostBy(err), err)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	server := newReceiver(t, func(n int, w http.ResponseWriter) {
		if n == 1 {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	x, waits := exporter(t, OTLPOptions{Endpoint: server.URL})
	for _, e := range calls(1) {
		must(t, x.Export(e))
	}
	must(t, x.Close())
	if got := waits(); !slices.Equal(got, []time.Duration{7 * time.Second}) {
		t.Errorf("waited %v", got)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-5": 0, "0": 0, " 2 ": 2 * time.Second, "999999": time.Hour,
		"Fri, 02 Jan 2026 03:04:15 GMT": 10 * time.Second, "Thu, 01 Jan 2026 03:04:15 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

// Waits grow, and are bounded.
func TestBackoff(t *testing.T) {
	t.Parallel()
	server := newReceiver(t, func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) })
	x, waits := exporter(t, OTLPOptions{Endpoint: server.URL, Retrying: 5 * time.Minute})
	for _, e := range calls(1) {
		must(t, x.Export(e))
	}
	if err := x.Close(); lostBy(err) != 1 {
		t.Errorf("lost %d: %v", lostBy(err), err)
	}
	got := waits()
	pause := firstWait
	for i, d := range got {
		if d < pause/2 || d > pause*3/2 {
			t.Errorf("wait %d: %v", i, d)
		}
		pause = min(2*pause, mostWait)
	}
	if len(got) < 10 {
		t.Errorf("%d waits", len(got))
	}
}

// Spans go to the address that was named, with the headers that were named,
// and nowhere else.
func TestWhereSpansGo(t *testing.T) {
	t.Parallel()
	other := newReceiver(t, nil)
	server := newReceiver(t, func(_ int, w http.ResponseWriter) {
		w.Header().Set("Location", other.URL+"/v1/traces")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	x, _ := exporter(t, OTLPOptions{Endpoint: server.URL + "/base/?team=x", Headers: map[string]string{"X-Team": "blue"}, Version: "1.2"})
	for _, e := range calls(1) {
		must(t, x.Export(e))
	}
	err := x.Close()
	got := server.got()
	if len(got) != 1 || len(other.got()) != 0 {
		t.Fatalf("%d requests, %d to another", len(got), len(other.got()))
	}
	h := got[0].header
	if got[0].path != "/base/v1/traces?team=x" || h.Get("X-Team") != "blue" || h.Get("User-Agent") != "lazytrace/1.2" || h.Get("Content-Encoding") != "gzip" {
		t.Errorf("%s %v", got[0].path, h)
	}
	if lostBy(err) != 1 || !strings.Contains(err.Error(), "307") {
		t.Errorf("%v", err)
	}
}

// A receiver that never answers keeps nobody: the writer goes on, and the end is
// bounded.
func TestReceiverThatHangs(t *testing.T) {
	t.Parallel()
	asked, over := make(chan bool, 1), make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- true
		<-over
	}))
	defer server.Close()
	defer close(over)
	x, err := NewOTLP(OTLPOptions{Endpoint: server.URL, Batch: 2, MaxQueue: 4, Limit: time.Millisecond, Timeout: time.Hour})
	must(t, err)
	events := calls(10)
	var failed error
	for i, e := range events {
		failed = errors.Join(failed, x.Export(e))
		if i == 3 { // two spans: the first batch
			<-asked
		}
	}
	failed = errors.Join(failed, x.Close())
	if n := lostBy(failed); n != 10 {
		t.Errorf("%d lost: %v", n, failed)
	}
	for _, want := range []error{errNoRoom, errNoTime} {
		if !errors.Is(failed, want) {
			t.Errorf("not told: %v", want)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	must(t, l.Close())
	x, _ := exporter(t, OTLPOptions{Endpoint: "http://user:word@" + address + "?key=hidden", Retrying: 5 * time.Second})
	for _, e := range calls(2) {
		must(t, x.Export(e))
	}
	err = x.Close()
	if lostBy(err) != 2 || !strings.Contains(err.Error(), "send spans: dial tcp") {
		t.Errorf("lost %d: %v", lostBy(err), err)
	}
	if text := err.Error() + x.Name(); strings.Contains(text, "word") || strings.Contains(text, "hidden") || x.Name() != "otlp to http://"+address+"/v1/traces" {
		t.Errorf("%s: %v", x.Name(), err)
	}
}

// A certificate that nobody knows is no reason to try again, and none to send.
func TestCertificatesAreVerified(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("spans were sent") }))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	x, waits := exporter(t, OTLPOptions{Endpoint: server.URL})
	for _, e := range calls(1) {
		must(t, x.Export(e))
	}
	if err := x.Close(); lostBy(err) != 1 || !strings.Contains(err.Error(), "certificate") || len(waits()) != 0 {
		t.Errorf("%v", err)
	}
}

func TestTracesURL(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"http://localhost:4318":             "http://localhost:4318/v1/traces",
		"http://localhost:4318/":            "http://localhost:4318/v1/traces",
		"https://x.example/otlp":            "https://x.example/otlp/v1/traces",
		"https://x.example/v1/traces":       "https://x.example/v1/traces",
		"https://x.example/a/v1/traces/?k=": "https://x.example/a/v1/traces?k=",
		"http://[::1]:4318#f":               "http://[::1]:4318/v1/traces",
	} {
		if got, err := tracesURL(endpoint); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v", endpoint, got, err)
		}
	}
	for _, endpoint := range []string{"", "localhost:4318", "grpc://localhost:4317", "http://", "http://a b", "/v1/traces", "http://user:pw@[::1"} {
		_, err := NewOTLP(OTLPOptions{Endpoint: endpoint})
		if err == nil || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	for name, value := range map[string]string{"": "x", "a b": "x", "a:": "x", "a": "x\ny", "ä": "x"} {
		_, err := NewOTLP(OTLPOptions{Endpoint: "http://localhost", Headers: map[string]string{name: value}})
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("header %q: %v", name, err)
		}
	}
}

func TestFromEnvironment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  map[string]string
		o    OTLPOptions
		want OTLPOptions
	}{
		"nothing": {nil, OTLPOptions{}, OTLPOptions{}},
		"all": {
			map[string]string{
				"OTEL_EXPORTER_OTLP_HEADERS": "a=1%2C2, b = x=y,", "OTEL_EXPORTER_OTLP_TIMEOUT": "2500", "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
				"OTEL_SERVICE_NAME": "shop", "OTEL_RESOURCE_ATTRIBUTES": "service.name=other,team=blue",
			},
			OTLPOptions{Headers: map[string]string{"b": "mine"}},
			OTLPOptions{
				Headers: map[string]string{"a": "1,2", "b": "mine"}, Timeout: 2500 * time.Millisecond, Plain: true, Service: "shop",
				Attributes: map[string]string{"team": "blue"},
			},
		},
		"of the signal first": {
			map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "a=1", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "a=2", "OTEL_RESOURCE_ATTRIBUTES": "service.name=other"},
			OTLPOptions{}, OTLPOptions{Headers: map[string]string{"a": "2"}, Service: "other"},
		},
		"headers for somebody else": {
			map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "a=1", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://other.example"},
			OTLPOptions{Endpoint: "https://x.example/otlp"}, OTLPOptions{},
		},
		"headers for the same": {
			map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": "a=1", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://x.example"},
			OTLPOptions{Endpoint: "https://x.example/otlp"}, OTLPOptions{Headers: map[string]string{"a": "1"}},
		},
	} {
		o := c.o
		must(t, o.FromEnvironment(func(name string) string { return c.env[name] }))
		if !maps.Equal(o.Headers, c.want.Headers) || o.Timeout != c.want.Timeout || o.Plain != c.want.Plain || o.Service != c.want.Service ||
			!maps.Equal(o.Attributes, c.want.Attributes) {
			t.Errorf("%s: %+v", name, o)
		}
	}
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_HEADERS": "bare", "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "a=%zz", "OTEL_EXPORTER_OTLP_TIMEOUT": "10s",
		"OTEL_EXPORTER_OTLP_COMPRESSION": "zstd", "OTEL_RESOURCE_ATTRIBUTES": "=x",
	} {
		var o OTLPOptions
		err := o.FromEnvironment(func(n string) string { return map[string]string{name: value}[n] })
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "bare") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The resource is called as somebody wants it, and says where it runs.
func TestResource(t *testing.T) {
	t.Parallel()
	server := newReceiver(t, nil)
	x, err := NewOTLP(OTLPOptions{Endpoint: server.URL, JSON: true, Plain: true, Service: "shop", Attributes: map[string]string{"team": "blue"}, Version: "1"})
	must(t, err)
	must(t, x.Export(event("session_start", "s", "", "0", 0, `{"agent":"a","host":"box","environment":"staging"}`)))
	for _, e := range calls(1) {
		must(t, x.Export(e))
	}
	must(t, x.Close())
	var doc struct {
		ResourceSpans []struct {
			Resource struct {
				Attributes []struct {
					Key   string
					Value struct{ StringValue string }
				}
			}
			ScopeSpans []struct {
				Scope struct{ Name, Version string }
			}
		}
	}
	must(t, json.Unmarshal(server.got()[0].body, &doc))
	got := map[string]string{}
	for _, a := range doc.ResourceSpans[0].Resource.Attributes {
		got[a.Key] = a.Value.StringValue
	}
	want := map[string]string{
		"service.name": "shop", "host.name": "box", "deployment.environment.name": "staging", "team": "blue",
		"telemetry.sdk.name": "lazytrace", "telemetry.sdk.language": "go", "telemetry.sdk.version": "1",
	}
	if !maps.Equal(got, want) || doc.ResourceSpans[0].ScopeSpans[0].Scope.Name != "lazytrace" {
		t.Errorf("%v", got)
	}
}
