package cmd

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/recorder/capture/provider/scripted"
)

// hold is a command that prints where the providers of models are said to be,
// and stays until its input ends. The test makes its calls.
func hold() {
	at := map[string]string{}
	for _, name := range []string{"ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"} {
		at[name] = os.Getenv(name)
	}
	_ = json.NewEncoder(os.Stdout).Encode(at)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// recorded is a recording of calls, by a lazytrace of its own, of a provider
// that is scripted.
type recorded struct {
	root, store string // a folder that holds everything it writes, and the store in it
	at          map[string]string
	server      *scripted.Server
	client      *http.Client
	stop        func() // ends the recording; may be called once more

	mu   sync.Mutex
	sums map[string]scripted.Exchanged // what went over the connection, by the id of the request
}

func recordCalls(t testing.TB, scripts scripted.Scripts, flags ...string) *recorded {
	t.Helper()
	server, err := scripted.Serve(scripts)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	r := &recorded{root: root, store: filepath.Join(root, "store.sqlite"), server: server, sums: map[string]scripted.Exchanged{}}
	args := append([]string{"run", "--db", r.store, "--jsonl", filepath.Join(root, "lines.jsonl"), "--capture", "none,proxy"}, flags...)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	c := exec.CommandContext(ctx, "lazytrace", append(args, "--", "hold")...)
	c.Dir, c.Env = root, append(os.Environ(), "HOME="+root, "XDG_CACHE_HOME="+root, "XDG_DATA_HOME="+root,
		"ANTHROPIC_BASE_URL="+server.URL, "OPENAI_BASE_URL="+server.URL+"/v1", "GOOGLE_GEMINI_BASE_URL="+server.URL)
	var complaints bytes.Buffer
	c.Stderr = &complaints
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
	r.client = &http.Client{Transport: transport, Timeout: time.Minute}
	var once sync.Once
	r.stop = func() {
		once.Do(func() {
			transport.CloseIdleConnections()
			in.Close()
			if err := c.Wait(); err != nil || complaints.Len() > 0 {
				t.Errorf("the recorder ended with %v and said %q", err, complaints.String())
			}
			cancel()
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(r.stop)
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&r.at); err != nil {
		t.Fatalf("%v: %s", err, complaints.String())
	}
	return r
}

// reply is what a client gets.
type reply struct {
	status int
	id     string // of the request
	broken bool   // the connection broke off before the end
}

// post sends a request and notes what both bodies were.
func (r *recorded) post(t testing.TB, to string, body []byte, header ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, res.Body)
	id := res.Header.Get("Request-Id") + res.Header.Get("X-Request-Id")
	asked := sha256.Sum256(body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sums[id] = scripted.Exchanged{
		Asked: int64(len(body)), AskedSHA256: hex.EncodeToString(asked[:]), Answer: n, AnswerSHA256: hex.EncodeToString(sum.Sum(nil)),
	}
	return reply{res.StatusCode, id, err != nil}
}

// same compares what the client saw with what the provider saw, and returns
// the ledger.
func (r *recorded) same(t *testing.T) []scripted.Entry {
	t.Helper()
	ledger := r.server.Ledger()
	if len(ledger) != len(r.sums) {
		t.Errorf("the provider was asked %d times, the client asked %d times", len(ledger), len(r.sums))
	}
	for _, e := range ledger {
		if got := r.sums[e.RequestID]; got != e.Bytes {
			t.Errorf("%s, status %d, fault %q:\nthe client saw %+v\nthe provider    %+v", e.Wire, e.Status, e.Fault, got, e.Bytes)
		}
	}
	return ledger
}

// events returns the payloads of the stored events of some types.
func (r *recorded) events(t *testing.T, types ...string) (list []map[string]any) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "lazytrace", "events", "--json", "--all", "--type", strings.Join(types, ","), r.store)
	c.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir())
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var e struct{ Payload map[string]any }
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e.Payload)
	}
	return list
}

// workScripts hold what providers do: think, ask for tools at once, pack, fail
// for a while or for good, break off in both ways, and start agents.
func workScripts(w clientWire) scripted.Scripts {
	busy := 529
	if w.name == "gemini" {
		busy = 503
	}
	notThere := fails
	if w.name == "chat" { // it has no word for that, and its clients none that they share
		notThere = func(c scripted.Call) scripted.Call { return c }
	}
	look := func(at string) scripted.Call { return tool("look", input{"at": at, "odd": "ä\"\\\n"}) }
	long := strings.Repeat("A text that comes in many pieces. ", 20)
	s := scripted.Scripts{
		"work": {
			{Thinking: "I think.", Text: "Two at once.", Calls: []scripted.Call{look("here"), notThere(look("there"))}},
			{Text: long, Gzip: true, Calls: []scripted.Call{look("again")}},
			{Text: "Tried again.", Fault: &scripted.Fault{Status: busy, Times: 2}},
		},
		"started": {
			{Calls: []scripted.Call{tool("Agent", input{"prompt": "Look around. [[child]]", "subagent_type": "explorer"})}},
			{Text: "It came back."},
		},
		"child":  {{Calls: []scripted.Call{look("below")}}, {Text: "Found."}},
		"broken": {{Text: long, Fault: &scripted.Fault{}}},
		"torn":   {{Text: long, Fault: &scripted.Fault{Torn: true}}},
		"plain":  {{Text: long}},
		"packed": {{Text: long, Thinking: "I think.", Gzip: true, Calls: []scripted.Call{look("here")}}},
	}
	for _, status := range []int{400, 401, 429, 500, 529} {
		s[fmt.Sprint(status)] = []scripted.Turn{{Fault: &scripted.Fault{Status: status, RetryAfter: "7", Times: -1}}}
	}
	return s
}

// Whatever a provider does, its client gets it byte for byte, and the recording
// comes to what the provider's ledger says: each call with its tokens, each
// tool, each error, each attempt, each agent.
func TestCalls(t *testing.T) {
	t.Parallel()
	for _, w := range wires {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s stream %v", w.name, stream), func(t *testing.T) {
				t.Parallel()
				r := recordCalls(t, workScripts(w))
				for _, script := range []string{"work", "broken", "torn", "400", "401", "429", "500", "529"} {
					r.talk(t, w, script, stream)
				}
				r.talk(t, w, "started", stream, w.root...)
				if w.child != nil {
					r.talk(t, w, "child", stream, w.child...)
				}
				r.stop()
				r.compare(t, w)
			})
		}
	}
}

// talk makes a conversation, and again what failed and can be made again.
func (r *recorded) talk(t *testing.T, w clientWire, script string, stream bool, header ...string) {
	t.Helper()
	c := conversation{wire: w, script: script, stream: stream}
	scripts := workScripts(w)[script]
	for failed := 0; len(c.said) < len(scripts); {
		got := r.post(t, r.at[w.base]+w.path(stream), c.body(), header...)
		ledger := r.server.Ledger()
		e := ledger[len(ledger)-1]
		if got.id != e.RequestID || got.status != e.Status || got.broken != (e.Fault == scripted.Torn) {
			t.Fatalf("the client got %+v of %+v", got, e)
		}
		if e.Fault == "" {
			c.said = append(c.said, e.Calls)
			continue
		}
		if f := scripts[len(c.said)].Fault; f.Times < 0 {
			return
		}
		if failed++; failed > 5 {
			t.Fatalf("%s fails for good", script)
		}
	}
}

// compare reads the store back.
func (r *recorded) compare(t *testing.T, w clientWire) {
	t.Helper()
	ledger := r.same(t)
	want := figuresOf(ledger)
	want.Asking = 1
	if w.child != nil {
		want.Asking = 2
	}
	if have := usageFigures(t, r.store); have != want {
		t.Errorf("%s\nhave %+v\nwant %+v", have.less(want), have, want)
	}
	byID := map[string]map[string]any{}
	for _, p := range r.events(t, "model_response") {
		id, _ := p["response_id"].(string)
		if id != "" && byID[id] != nil {
			t.Errorf("%s is told twice", id)
		}
		byID[id] = p
	}
	refused := map[string]float64{}
	for _, p := range r.events(t, "error") {
		status, _ := p["status"].(float64)
		refused[fmt.Sprint(p["request_id"])] = status
	}
	retries := 0
	tries := map[string]int{}
	for _, e := range ledger {
		key := fmt.Sprint(e.Script, e.Turn)
		if tries[key]++; tries[key] > 1 {
			retries++
		}
		switch {
		case !e.Served():
			if refused[e.RequestID] != float64(e.Status) {
				t.Errorf("%s with %d is told as %v", e.RequestID, e.Status, refused[e.RequestID])
			}
		case e.Stream || e.Fault == "": // else nobody could read what came
			u, p := e.Usage, byID[e.ResponseID]
			for name, n := range map[string]int64{
				"input_tokens": u.Input, "cache_read_tokens": u.CacheRead, "cache_write_5m_tokens": u.CacheWrite5m,
				"cache_write_1h_tokens": u.CacheWrite1h, "output_tokens": u.Output,
			} {
				if p[name] != float64(n) {
					t.Errorf("%s of %s is %v, want %d", name, e.ResponseID, p[name], n)
				}
			}
		}
	}
	if got := len(r.events(t, "retry")); got != retries {
		t.Errorf("%d retries are told of, want %d", got, retries)
	}
}
