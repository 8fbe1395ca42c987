package cmd

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Thousands of requests from many clients at once come through byte for byte,
// are counted to the last token, and leave no key on the disk.
func TestLoad(t *testing.T) {
	requests := 10_000
	if testing.Short() {
		requests = 1_000
	}
	// Waiting for room in the queue keeps every event; the copies have a bound of
	// their own, behind which they are counted and left out.
	r := recordCalls(t, workScripts(wires[0]), "--on-full", "block")
	keys := loadKeys()
	scripts := []string{"plain", "packed", "400", "529"}
	var next atomic.Int64
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for n := next.Add(1); n <= int64(requests); n = next.Add(1) {
				w := wires[n%int64(len(wires))]
				c := conversation{wire: w, script: scripts[n/4%4], stream: n/16%2 == 0, pad: padding(n) + keys["said"]}
				to := r.at[w.base] + w.path(c.stream)
				if w.name == "gemini" {
					to += map[bool]string{true: "&", false: "?"}[c.stream] + "key=" + keys["query"]
				}
				r.post(t, to, c.body(), "Authorization", "Bearer "+keys["bearer"], "X-Api-Key", keys["x"], "X-Goog-Api-Key", keys["goog"])
			}
		})
	}
	clients.Wait()
	r.stop()
	ledger := r.same(t)
	if len(ledger) != requests {
		t.Errorf("%d requests were served, want %d", len(ledger), requests)
	}
	want, have := figuresOf(ledger), usageFigures(t, r.store)
	want.Asking = 1
	end := r.events(t, "session_end")
	if len(end) != 1 {
		t.Fatalf("%d ends of the session", len(end))
	}
	unread, _ := end[0]["proxy_unread"].(float64)
	switch {
	case unread == 0 && have != want:
		t.Errorf("%s\nhave %+v\nwant %+v", have.less(want), have, want)
	case unread > 0 && want.Calls+want.Errors-have.Calls-have.Errors > int64(unread):
		t.Errorf("more is missing than the %v copies that are told of: %s", unread, have.less(want))
	}
	t.Logf("%d requests, %v copies left out", requests, unread)
	noneOnDisk(t, r.root, keys)
}

// loadKeys are keys as they might be, made anew each time: nothing in the tree
// looks like one.
func loadKeys() map[string]string {
	random := func() string {
		var b [24]byte
		for i := range b {
			b[i] = byte(rand.Uint32())
		}
		return hex.EncodeToString(b[:])
	}
	return map[string]string{
		"bearer": random(), "x": random(), "goog": random(), "query": random(),
		"said": " My key is " + strings.Join([]string{"sk", "ant", "api03", random()}, "-"),
	}
}

func padding(n int64) string { return strings.Repeat(fmt.Sprintf(" word%d", n), int(n%97)) }

// noneOnDisk looks for the keys in every file of a folder.
func noneOnDisk(t *testing.T, root string, keys map[string]string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		files++
		for name, key := range keys {
			if bytes.Contains(text, []byte(key[max(0, len(key)-48):])) {
				t.Errorf("the key %s is in %s", name, filepath.Base(path))
			}
		}
		return err
	})
	if err != nil || files < 2 {
		t.Errorf("%d files, %v", files, err)
	}
}

// bareProxy is a command that passes on what it gets to an address and does
// nothing else, as the library has it, until its input ends.
func bareProxy() {
	to, err := url.Parse(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }, FlushInterval: -1})
	fmt.Println(s.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// startBareProxy starts one and returns its address.
func startBareProxy(b *testing.B, to string) string {
	b.Helper()
	c := exec.Command("bare-proxy", to)
	in, err := c.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { in.Close(); _ = c.Wait() })
	at, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(at)
}

// BenchmarkCalls tells what a recording adds to a call, by the clock of a client,
// and what a proxy adds that records nothing: calls to the provider, by way of the
// one and of the other take turns; at the middle and at the slow end.
func BenchmarkCalls(b *testing.B) {
	r := recordCalls(b, workScripts(wires[0]))
	w := wires[0]
	c := conversation{wire: w, script: "plain", stream: true, pad: strings.Repeat(" word", 10_000)}
	body := c.body()
	measure := func(base string) time.Duration {
		time.Sleep(20 * time.Millisecond) // agents do something between their calls, and what is written of the last one is not part of the next
		began := time.Now()
		r.post(b, base+w.path(true), body)
		return time.Since(began)
	}
	bare := startBareProxy(b, r.server.URL)
	var straight, passed, through []time.Duration
	for b.Loop() {
		straight = append(straight, measure(r.server.URL))
		passed = append(passed, measure(bare))
		through = append(through, measure(r.at[w.base]))
	}
	slices.Sort(straight)
	slices.Sort(passed)
	slices.Sort(through)
	for _, share := range []int{50, 99} {
		i := len(straight) * share / 100
		b.ReportMetric(float64((passed[i]-straight[i]).Microseconds())/1000, fmt.Sprintf("bare-ms-p%d", share))
		b.ReportMetric(float64((through[i]-straight[i]).Microseconds())/1000, fmt.Sprintf("ms-p%d", share))
	}
}
