package cmd

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/recorder/capture/provider/scripted"
)

// heard is an answer, as its client got it.
type heard struct {
	status              int
	kind, id, encoding  string
	body                string
	broken              bool
	address, model, ask string // what it was asked
}

func (h heard) answer() heard {
	h.address, h.model, h.ask = "", "", ""
	return h
}

// hear asks, and keeps all of the answer.
func hear(t testing.TB, c *http.Client, base, path string, body []byte) heard {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+fmt.Sprint(time.Now().UnixNano())) // another one each time
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return heard{
		status: res.StatusCode, kind: res.Header.Get("Content-Type"), encoding: res.Header.Get("Content-Encoding"),
		id: res.Header.Get("Request-Id") + res.Header.Get("X-Request-Id"), body: string(text), broken: err != nil,
		address: path, ask: string(body),
	}
}

// playing is a lazytrace that answers from a record.
type playing struct {
	at     map[string]string
	client *http.Client
	stop   func() (code int, said string)
}

// playCalls answers for a command that makes its calls where the test says. The
// provider must not be asked.
func playCalls(t testing.TB, store, provider string, flags ...string) *playing {
	t.Helper()
	home := t.TempDir()
	args := append([]string{"replay", "--serve"}, flags...)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	c := exec.CommandContext(ctx, "lazytrace", append(args, "kept", store, "--", "hold")...)
	c.Dir, c.Env = home, append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+home, "XDG_DATA_HOME="+home,
		"ANTHROPIC_BASE_URL="+provider, "OPENAI_BASE_URL="+provider+"/v1", "GOOGLE_GEMINI_BASE_URL="+provider)
	var said bytes.Buffer
	c.Stderr = &said
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	p := &playing{client: &http.Client{Transport: transport, Timeout: time.Minute}}
	var once sync.Once
	code := 0
	p.stop = func() (int, string) {
		once.Do(func() {
			transport.CloseIdleConnections()
			in.Close()
			var exit *exec.ExitError
			if err := c.Wait(); errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Error(err)
			}
			cancel()
		})
		return code, said.String()
	}
	t.Cleanup(func() { p.stop() })
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&p.at); err != nil {
		_, said := p.stop()
		t.Fatalf("%v: %s", err, said)
	}
	return p
}

// recordHeard records conversations in both forms and with all their failures, and
// returns what their client heard.
func recordHeard(t *testing.T, w clientWire) (r *recorded, all []heard) {
	t.Helper()
	scripts := workScripts(w)
	r = recordCalls(t, scripts, "--keep-exchanges", "--session-id", "kept")
	for _, stream := range []bool{true, false} {
		for _, script := range []string{"work", "broken", "torn", "400", "401", "429", "500", "plain", "packed", "started", "child"} {
			c := conversation{wire: w, script: script, stream: stream}
			for tries := 0; len(c.said) < len(scripts[script]) && tries < 3*len(scripts[script]); tries++ {
				h := hear(t, r.client, r.at[w.base], w.path(stream), c.body())
				all = append(all, h)
				ledger := r.server.Ledger()
				e := ledger[len(ledger)-1]
				if e.Fault == "" {
					c.said = append(c.said, e.Calls)
				}
				if sum := sha256.Sum256([]byte(h.body)); hex.EncodeToString(sum[:]) != e.Bytes.AnswerSHA256 {
					t.Errorf("%s is another answer than the provider gave", e.RequestID)
				}
			}
		}
	}
	return r, all
}

// nobody is a provider that must not be asked, and counts how often it was.
func nobody(t *testing.T) *scripted.Server {
	t.Helper()
	s, err := scripted.Serve(scripted.Scripts{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// What was recorded is answered again byte for byte: streams, packed answers, errors,
// answers that break off, and requests that come again. The provider is never asked.
func TestReplayServes(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the program for many logs")
	}
	t.Parallel()
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			r, all := recordHeard(t, w)
			r.stop()
			provider := nobody(t)
			for _, match := range []string{"exact", "loose", "sequence"} {
				p := playCalls(t, r.store, provider.URL, "--match", match)
				for i, want := range all {
					got := hear(t, p.client, p.at[w.base], want.address, []byte(want.ask))
					if got != want {
						t.Fatalf("%s, answer %d of %d:\nhave %+v\nwant %+v", match, i+1, len(all), got, want)
					}
				}
				code, said := p.stop()
				if want := fmt.Sprintf("served %d of %d recorded answers", len(all), len(all)); code != 0 || !strings.Contains(said, want) || !strings.Contains(said, "missed 0, upstream requests 0") {
					t.Errorf("%s: it ended with %d and said %q, want %q", match, code, said, want)
				}
			}
			if n := len(provider.Ledger()); n != 0 {
				t.Errorf("the provider was asked %d times", n)
			}
			if len(all) < 50 {
				t.Errorf("only %d requests were made", len(all))
			}
		})
	}
}

// A request that comes more often than it was recorded gets the last answer again, and
// those of many at once each get their own.
func TestReplayRepeatsAndManyAtOnce(t *testing.T) {
	t.Parallel()
	w := wires[0]
	r, all := recordHeard(t, w)
	r.stop()
	p := playCalls(t, r.store, nobody(t).URL)
	first, last := map[string]heard{}, map[string]heard{}
	for _, h := range all {
		if _, ok := first[h.ask]; !ok {
			first[h.ask] = h
		}
		last[h.ask] = h
	}
	for _, h := range all {
		hear(t, p.client, p.at[w.base], h.address, []byte(h.ask))
	}
	var group sync.WaitGroup
	for range 4 {
		for ask, want := range last {
			group.Go(func() {
				if got := hear(t, p.client, p.at[w.base], want.address, []byte(ask)); got != want {
					t.Errorf("have %+v\nwant %+v", got, want)
				}
			})
		}
	}
	group.Wait()
	if code, said := p.stop(); code != 0 || !strings.Contains(said, "missed 0") {
		t.Errorf("it ended with %d and said %q", code, said)
	}
	if len(first) == len(all) {
		t.Error("no request came again")
	}
}

// A request that was not recorded is an error that says what is different, in the words
// of the API, and ends in exit code 3; with --on-miss pass the provider is asked.
func TestReplayMisses(t *testing.T) {
	t.Parallel()
	for _, w := range wires {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			r := recordCalls(t, workScripts(w), "--keep-exchanges", "--session-id", "kept")
			c := conversation{wire: w, script: "plain"}
			hear(t, r.client, r.at[w.base], w.path(false), c.body())
			r.stop()
			other := conversation{wire: w, script: "plain", pad: " And more."}
			p := playCalls(t, r.store, nobody(t).URL)
			got := hear(t, p.client, p.at[w.base], w.path(false), other.body())
			var doc struct {
				Error struct{ Message string }
			}
			if err := json.Unmarshal([]byte(got.body), &doc); err != nil || got.status != 400 {
				t.Errorf("status %d, %v: %s", got.status, err, got.body)
			}
			where := map[string]string{
				"messages": "messages[0].content", "chat": "messages[0].content", "responses": "input[0].content[0].text", "gemini": "contents[0].parts[0].text",
			}[w.name]
			if want := "the nearest that was recorded is call 1, which differs first at " + where; !strings.HasSuffix(doc.Error.Message, want) {
				t.Errorf("it said %q, want %q", doc.Error.Message, want)
			}
			if code, said := p.stop(); code != exitTripped || !strings.Contains(said, "missed 1, upstream requests 0") || !strings.Contains(said, where) {
				t.Errorf("it ended with %d and said %q", code, said)
			}
			provider, err := scripted.Serve(workScripts(w))
			if err != nil {
				t.Fatal(err)
			}
			p = playCalls(t, r.store, provider.URL, "--on-miss", "pass")
			if got := hear(t, p.client, p.at[w.base], w.path(false), other.body()); got.status != 200 {
				t.Errorf("status %d: %s", got.status, got.body)
			}
			if code, said := p.stop(); code != 0 || !strings.Contains(said, "missed 1, upstream requests 1") {
				t.Errorf("it ended with %d and said %q", code, said)
			}
			if n := len(provider.Ledger()); n != 1 {
				t.Errorf("the provider was asked %d times", n)
			}
			if err := provider.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// What differs in each run does not keep a request from being known, unless that is
// asked for; --until leaves out what was recorded later.
func TestReplayMatches(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the program for many logs")
	}
	t.Parallel()
	w := wires[0]
	r := recordCalls(t, workScripts(w), "--keep-exchanges", "--session-id", "kept")
	at := func(script, when string) []byte {
		c := conversation{wire: w, script: script, pad: " It is " + when}
		return c.body()
	}
	yesterday := "2026-01-31 in /tmp/run-1a2b/work, session 0b9f7a52-21bb-4d27-8a3c-3f0e6a1c9d11."
	today := "2026-02-01 in /tmp/run-9f9f/work, session 11111111-21bb-4d27-8a3c-3f0e6a1c9d11."
	want := hear(t, r.client, r.at[w.base], w.path(false), at("plain", yesterday))
	second := hear(t, r.client, r.at[w.base], w.path(false), at("packed", yesterday))
	r.stop()
	for _, try := range []struct {
		flags  []string
		script string
		status int
		code   int
	}{
		{[]string{"--match", "loose"}, "plain", 200, 0},
		{[]string{"--match", "exact"}, "plain", 400, exitTripped},
		{[]string{"--match", "sequence"}, "anything", 200, 0},
		{[]string{"--until", "1"}, "plain", 200, 0},
		{[]string{"--until", "0", "--match", "sequence"}, "plain", 400, exitTripped},
	} {
		p := playCalls(t, r.store, nobody(t).URL, try.flags...)
		got := hear(t, p.client, p.at[w.base], w.path(false), at(try.script, today))
		if got.status != try.status || got.status == 200 && got.answer() != want.answer() {
			t.Errorf("%v: have %+v\nwant %+v", try.flags, got, want)
		}
		if code, said := p.stop(); code != try.code {
			t.Errorf("%v: it ended with %d, want %d: %s", try.flags, code, try.code, said)
		}
	}
	var requests []string
	list := exec.CommandContext(t.Context(), "lazytrace", "events", "--json", "--all", "--type", "model_request", r.store)
	list.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var e struct{ ID string }
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		requests = append(requests, e.ID)
	}
	if len(requests) != 2 {
		t.Fatalf("the requests are %v", requests)
	}
	p := playCalls(t, r.store, nobody(t).URL, "--until", requests[0])
	if got := hear(t, p.client, p.at[w.base], w.path(false), []byte(second.ask)); got.status != 400 {
		t.Errorf("a call behind --until has the answer %+v", got)
	}
	p = playCalls(t, r.store, nobody(t).URL, "--until", requests[1])
	if got := hear(t, p.client, p.at[w.base], w.path(false), []byte(second.ask)); got != second {
		t.Errorf("a call before --until has the answer %+v", got)
	}
}

// A recorder that is killed leaves what it kept until then.
func TestReplayOfKilledRecorder(t *testing.T) {
	t.Parallel()
	w := wires[0]
	server, err := scripted.Serve(workScripts(w))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	root := t.TempDir()
	store := root + "/store.sqlite"
	c := exec.CommandContext(t.Context(), "lazytrace", "run", "--db", store, "--capture", "none,proxy", "--keep-exchanges", "--session-id", "kept", "--", "hold")
	c.Env = append(os.Environ(), "HOME="+root, "XDG_CACHE_HOME="+root, "XDG_DATA_HOME="+root, "ANTHROPIC_BASE_URL="+server.URL)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var at map[string]string
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&at); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	var all []heard
	for i := range 8 {
		ask := conversation{wire: w, script: "plain", stream: i%2 == 0, pad: fmt.Sprint(i)}
		all = append(all, hear(t, client, at[w.base], w.path(false), ask.body()))
	}
	for deadline := time.Now().Add(time.Minute); keptIn(t, store) < len(all); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d exchanges were kept", keptIn(t, store), len(all))
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	p := playCalls(t, store, nobody(t).URL)
	for _, want := range all {
		if got := hear(t, p.client, p.at[w.base], want.address, []byte(want.ask)); got != want {
			t.Errorf("have %+v\nwant %+v", got, want)
		}
	}
	if code, said := p.stop(); code != 0 {
		t.Errorf("it ended with %d and said %q", code, said)
	}
}

// bodiesIn returns the bodies of the only exchange in a store.
func bodiesIn(t *testing.T, store string) map[string]string {
	t.Helper()
	r, err := sqlite.Open(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	list, err := r.Exchanges(t.Context(), "kept")
	if err != nil || len(list) != 1 {
		t.Fatalf("%v: %d exchanges", err, len(list))
	}
	if err := r.ExchangeBodies(t.Context(), &list[0]); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for what, packed := range map[string][]byte{"request": list[0].Request, "answer": list[0].Answer} {
		z, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		out[what] = string(body)
	}
	return out
}

func keptIn(t *testing.T, store string) int {
	t.Helper()
	r, err := sqlite.Open(t.Context(), store)
	if err != nil {
		return 0 // it is not there yet
	}
	defer r.Close()
	list, err := r.Exchanges(t.Context(), "kept")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// Secrets are masked before anything is kept, also those that a stream gives in
// pieces; a client with another key is answered all the same.
func TestReplayKeepsNoSecrets(t *testing.T) {
	t.Parallel()
	w := wires[0]
	secret := "sk-ant-" + "api03-" + strings.Repeat("Zq7Rt4Xw9Kd2", 8)
	scripts := scripted.Scripts{"leak": {{Text: "Here it is: " + secret + " and that was it.", Calls: []scripted.Call{tool("look", input{"token": secret})}}}}
	r := recordCalls(t, scripts, "--keep-exchanges", "--session-id", "kept")
	body := func(key string) []byte {
		c := conversation{wire: w, script: "leak", stream: true, pad: " with " + key}
		return c.body()
	}
	asked := hear(t, r.client, r.at[w.base], w.path(true), body(secret))
	r.stop()
	for what, body := range bodiesIn(t, r.store) {
		if !strings.Contains(body, "REDACTED") || strings.Contains(body, secret[:24]) {
			t.Errorf("the %s is kept as %s", what, body)
		}
	}
	p := playCalls(t, r.store, nobody(t).URL, "--match", "exact")
	got := hear(t, p.client, p.at[w.base], w.path(true), body("sk-ant-"+"api03-"+strings.Repeat("Yb3Nm8Vc5Lp6", 8)))
	code, said := p.stop()
	if code != 0 || !strings.Contains(said, "1 answer held secrets when recorded") {
		t.Errorf("it ended with %d and said %q", code, said)
	}
	texts := func(body string) (text, args string) {
		for line := range strings.Lines(body) {
			var e struct {
				Delta struct {
					Text string
					JSON string `json:"partial_json"`
				}
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok && json.Unmarshal([]byte(data), &e) == nil {
				text, args = text+e.Delta.Text, args+e.Delta.JSON
			}
		}
		return text, args
	}
	if text, _ := texts(asked.body); !strings.Contains(text, secret) || strings.Contains(asked.body, secret) {
		t.Errorf("the secret does not come in pieces: %s", asked.body)
	}
	text, args := texts(got.body)
	if want := "Here it is: [REDACTED:"; !strings.HasPrefix(text, want) || !strings.HasSuffix(text, "] and that was it.") {
		t.Errorf("the text is %q", text)
	}
	if strings.Contains(args, secret[:24]) || !json.Valid([]byte(args)) || !strings.Contains(args, "REDACTED") {
		t.Errorf("the arguments are %q", args)
	}
}
