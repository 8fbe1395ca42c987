package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/recorder/capture/provider"
)

// keeping proxies for a provider, and keeps by a function.
func keepingProxy(t *testing.T, handler http.HandlerFunc, keep func(context.Context, Kept) error) (*Server, func()) {
	t.Helper()
	upstream := httptest.NewServer(handler)
	u, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Listen(t.Context(), &sink{}, Options{Upstreams: map[string]*url.URL{Anthropic: u}, Run: "run", Keep: keep})
	if err != nil {
		t.Fatal(err)
	}
	return p, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := p.Drain(ctx); err != nil {
			t.Error(err)
		}
		upstream.Close()
	}
}

func ask(t *testing.T, c *http.Client, address, body string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return string(text), err
}

// What is kept is what was on the way: both bodies, the pieces, and how it ended; also
// of calls that call no model. A provider that cannot be reached gave no answer.
func TestKeeps(t *testing.T) {
	var mu sync.Mutex
	kept := map[string]Kept{}
	p, drain := keepingProxy(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Request-Id", "req_1")
		w.Header().Set("Set-Cookie", "not=kept")
		if strings.HasSuffix(r.URL.Path, "/gone") {
			panic(http.ErrAbortHandler)
		}
		flush := http.NewResponseController(w)
		for _, piece := range []string{"data: {}\n\n", "data: {\"a\":1}\n\n"} {
			_, _ = io.WriteString(w, piece)
			_ = flush.Flush()
		}
		if strings.Contains(r.URL.RawQuery, "torn") {
			panic(http.ErrAbortHandler)
		}
	}, func(_ context.Context, k Kept) error {
		mu.Lock()
		defer mu.Unlock()
		kept[k.Path+" "+k.Alt] = k
		return nil
	})
	client := newClient(t)
	const stream = "data: {}\n\ndata: {\"a\":1}\n\n"
	base := p.URL(Anthropic)
	if got, err := ask(t, client, base+"/v1/messages?alt=sse&key=secret", `{"model":"m"}`); err != nil || got != stream {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := ask(t, client, base+"/v1/other?alt=torn", `x`); err == nil {
		t.Error("the answer did not break off")
	}
	if got, err := ask(t, client, base+"/gone", ``); err != nil || !strings.Contains(got, "could not reach") {
		t.Errorf("%q, %v", got, err)
	}
	drain()
	if len(kept) != 2 || p.Missed() != 0 {
		t.Fatalf("%d were kept, %d missed", len(kept), p.Missed())
	}
	k := kept["/v1/messages sse"]
	if k.API != provider.Messages || k.Door != Anthropic || string(k.Request) != `{"model":"m"}` || string(k.Answer) != stream || k.Status != 200 || k.Torn {
		t.Errorf("kept %+v", k)
	}
	if n := len(k.Pieces); n == 0 || k.Pieces[n-1].End != int64(len(stream)) || k.Pieces[0].At.Before(k.Began) {
		t.Errorf("the pieces are %v", k.Pieces)
	}
	if len(k.Header) != 2 || k.Header["Content-Type"] != "text/event-stream" || k.Header["Request-Id"] != "req_1" {
		t.Errorf("the header is %v", k.Header)
	}
	if o := kept["/v1/other torn"]; o.API != provider.None || string(o.Request) != "x" || string(o.Answer) != stream || !o.Torn {
		t.Errorf("kept %+v", o)
	}
}

// A keeper that stands still costs what it would keep, which is counted, and nobody
// else anything: every answer comes, and memory has its bounds.
func TestKeeperThatStandsStill(t *testing.T) {
	block := make(chan struct{})
	var kept int64
	big := bytes.Repeat([]byte("a"), 1<<20)
	p, drain := keepingProxy(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(big)
	}, func(context.Context, Kept) error {
		<-block
		if kept++; kept == 1 {
			return errors.New("the disk is full")
		}
		return nil
	})
	client := newClient(t)
	const calls = 100 // of a megabyte each
	for i := range calls {
		if got, err := ask(t, client, p.URL(Anthropic)+"/v1/messages", fmt.Sprint(i)); err != nil || len(got) != len(big) {
			t.Fatalf("call %d: %d bytes, %v", i, len(got), err)
		}
	}
	if p.keeper.room.left.Load() < 0 {
		t.Fatal("more waits than there is room for")
	}
	close(block)
	drain()
	if kept < 2 || kept-1+p.Missed() != calls || p.Missed() < calls-keepRoom>>20 {
		t.Errorf("of %d calls %d were kept and %d missed", calls, kept-1, p.Missed())
	}
	if left := p.keeper.room.left.Load(); left != keepRoom {
		t.Errorf("%d bytes of room were not given back", keepRoom-left)
	}
	if left := p.room.left.Load(); left != roomFor {
		t.Errorf("%d bytes of room for events were not given back", roomFor-left)
	}
}
