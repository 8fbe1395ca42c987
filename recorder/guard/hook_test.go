package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/redact"
)

type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) add(line string, _ bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, line)
}

func tellOne(t *testing.T, o Options, more []Hook, e eventlog.Event, payload string) (failed int64, told []string) {
	t.Helper()
	var n notes
	k := newHooks(o, Host{Notice: n.add})
	k.tell(more, &e, []byte(payload))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return k.close(ctx), n.lines
}

func signalEvent(payload string) eventlog.Event {
	return eventlog.Event{ID: "sig", SessionID: "s", RunID: "r", Agent: "a", Time: 1_700_000_000_000_000_000, Kind: eventlog.Signal, Payload: json.RawMessage(payload)}
}

func TestWebhook(t *testing.T) {
	secret := "sk-ant-" + "api03-" + strings.Repeat("Ab3dEf6h", 6)
	r, err := redact.New(redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bodies := make(chan string, 10)
	answers := make(chan int, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		bodies <- req.Method + " " + req.URL.Path + " " + req.Header.Get("Content-Type") + " " + string(body)
		w.WriteHeader(<-answers)
	}))
	defer server.Close()

	// Told again when the server is in trouble; each hook once; the payload only
	// to who asked for it; secrets to nobody.
	answers <- 503
	answers <- 200
	hook := Hook{URL: server.URL + "/x"}
	failed, told := tellOne(t, Options{Redactor: r}, []Hook{hook, hook}, signalEvent(`{"message":"`+secret+`"}`), `{"command":"`+secret+`"}`)
	if failed != 0 || len(told) != 0 || len(bodies) != 2 {
		t.Fatalf("%d failed, %q, %d requests", failed, told, len(bodies))
	}
	first, second := <-bodies, <-bodies
	want := `POST /x application/json {"event":"signal","id":"sig","session_id":"s","run_id":"r","agent":"a","ts":"2023-11-14T22:13:20Z",`
	if first != second || !strings.HasPrefix(first, want) || strings.Contains(first, secret) || !strings.Contains(first, `"payload":{"command":"`) {
		t.Errorf("%s\n%s", first, second)
	}
	answers <- 200
	if _, _ = tellOne(t, Options{Redactor: r, OnSignal: []Hook{hook}}, nil, signalEvent(`{}`), `{"command":"ls"}`); strings.Contains(<-bodies, "payload") {
		t.Error("nobody asked for the payload")
	}

	// What was refused is not sent again, and the address is not quoted.
	answers <- 403
	failed, told = tellOne(t, Options{}, []Hook{{URL: server.URL + "/hidden-token"}}, signalEvent(`{}`), "")
	if failed != 1 || len(told) != 1 || strings.Contains(told[0], "hidden-token") || !strings.Contains(told[0], "403") {
		t.Errorf("%d, %q", failed, told)
	}
}

// A webhook goes to the address that was named and to no other.
func TestWebhookIsNotSentElsewhere(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it followed") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	if failed, told := tellOne(t, Options{}, []Hook{{URL: server.URL}}, signalEvent(`{}`), ""); failed != 1 || !strings.Contains(told[0], "307") {
		t.Errorf("%d, %q", failed, told)
	}
	// Nor to one that cannot prove who it is.
	unknown := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was believed") }))
	quiet(unknown.Config)
	unknown.StartTLS()
	defer unknown.Close()
	if failed, told := tellOne(t, Options{}, []Hook{{URL: unknown.URL}}, signalEvent(`{}`), ""); failed != 1 || !strings.Contains(told[0], "certificate") {
		t.Errorf("%d, %q", failed, told)
	}
}

func TestHooksThatAreSlow(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		select {
		case <-release:
		case <-req.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	var n notes
	k := newHooks(Options{OnSignal: []Hook{{URL: server.URL}}}, Host{Notice: n.add})
	e := signalEvent(`{}`)
	for range mostWaiting + 10 {
		k.tell(nil, &e, nil) // blocks nobody
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // there is no time left
	if failed := k.close(ctx); failed != mostWaiting+10 {
		t.Errorf("%d failed", failed)
	}
	if len(n.lines) != 1 {
		t.Errorf("%q", n.lines)
	}
}

func TestExec(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for a shell of Unix")
	}
	out := filepath.Join(t.TempDir(), "out")
	failed, told := tellOne(t, Options{OnSignal: []Hook{{Command: "cat > " + out}}}, nil, signalEvent(`{"name":"n"}`), "")
	text, err := os.ReadFile(out)
	if failed != 0 || told != nil || err != nil || !strings.HasSuffix(string(text), `"name":"n"}`) {
		t.Errorf("%d, %q, %s, %v", failed, told, text, err)
	}
	failed, told = tellOne(t, Options{OnSignal: []Hook{{Command: "exit 7"}}}, nil, signalEvent(`{}`), "")
	if failed != 1 || len(told) != 1 || !strings.Contains(told[0], "exit status 7") {
		t.Errorf("%d, %q", failed, told)
	}
	// All of a command ends when its time is over.
	pid := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx, "sleep 100 & echo $! > "+pid+"; wait", nil) }()
	for {
		if text, _ := os.ReadFile(pid); strings.HasSuffix(string(text), "\n") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("it ended well")
	}
}

func TestHookNames(t *testing.T) {
	for h, want := range map[Hook]string{
		{Command: "mail x"}: "exec", {URL: "https://user:pw@hooks.example/T0/token?k=1"}: "webhook https://hooks.example",
	} {
		if h.String() != want {
			t.Errorf("%s, want %s", h, want)
		}
	}
	for _, bad := range []string{"", "hooks.example/x", "ftp://x/y", "http://", "http://a b/", ":"} {
		if _, err := ParseURL(bad); err == nil || bad != "" && strings.Contains(fmt.Sprint(err), bad+"/") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
