package cmd

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
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

// BenchmarkCalls tells what a recording adds to a call, by the clock of a client:
// one call to the provider after one by way of the proxy, at the middle and at
// the slow end.
func BenchmarkCalls(b *testing.B) {
	r := recordCalls(b, workScripts(wires[0]))
	w := wires[0]
	c := conversation{wire: w, script: "plain", stream: true, pad: strings.Repeat(" word", 10_000)}
	body := c.body()
	measure := func(base string) time.Duration {
		began := time.Now()
		r.post(b, base+w.path(true), body)
		return time.Since(began)
	}
	var straight, through []time.Duration
	for b.Loop() {
		straight = append(straight, measure(r.server.URL))
		through = append(through, measure(r.at[w.base]))
	}
	slices.Sort(straight)
	slices.Sort(through)
	for _, share := range []int{50, 99} {
		i := len(straight) * share / 100
		b.ReportMetric(float64((through[i]-straight[i]).Microseconds())/1000, fmt.Sprintf("ms-p%d", share))
	}
}
