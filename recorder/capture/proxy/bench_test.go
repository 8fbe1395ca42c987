package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// speaker is a provider that answers with a stream of events, each of which
// says when it was written.
func speaker(events int, pause time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		out := http.NewResponseController(w)
		for i := range events {
			if i > 0 {
				time.Sleep(pause)
			}
			fmt.Fprintf(w, "event: ping\ndata: {\"type\":\"ping\",\"at\":%d}\n\n", time.Now().UnixNano())
			_ = out.Flush()
		}
	}
}

// BenchmarkPassing tells what the proxy adds to a call and to each event of a
// stream, and what the library's proxy adds that does nothing else. The three
// ways take turns.
func BenchmarkPassing(b *testing.B) {
	for _, c := range []struct {
		name   string
		ask    int // bytes of the request
		events int
		pause  time.Duration
	}{{"call of 50 KB", 50_000, 1, 0}, {"call of 2 KB", 2_000, 1, 0}, {"stream", 2_000, 20, 2 * time.Millisecond}} {
		b.Run(c.name, func(b *testing.B) {
			upstream := httptest.NewServer(speaker(c.events, c.pause))
			u, err := url.Parse(upstream.URL)
			if err != nil {
				b.Fatal(err)
			}
			bare := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(u) }, FlushInterval: -1})
			ours, drain := startAt(b, &sink{}, u, nil, func() { bare.Close(); upstream.Close() })
			client := newClient(b)
			body := `{"model":"m","stream":true,"messages":[{"role":"user","content":"` + strings.Repeat("some words ", c.ask/11) + `"}]}`
			var calls, events [3][]time.Duration
			for b.Loop() {
				for i, base := range []string{upstream.URL, bare.URL, ours.URL(Anthropic)} {
					time.Sleep(5 * time.Millisecond) // what is made of the last call is not part of this one
					began := time.Now()
					res, err := client.Post(base+"/v1/messages", "application/json", strings.NewReader(body))
					if err != nil {
						b.Fatal(err)
					}
					lines := bufio.NewScanner(res.Body)
					for lines.Scan() {
						_, at, ok := strings.Cut(lines.Text(), `"at":`)
						if !ok {
							continue
						}
						n, err := strconv.ParseInt(strings.TrimSuffix(at, "}"), 10, 64)
						if err != nil {
							b.Fatal(err)
						}
						events[i] = append(events[i], time.Since(time.Unix(0, n)))
					}
					calls[i] = append(calls[i], time.Since(began))
					res.Body.Close()
				}
			}
			drain()
			taken := calls
			if c.pause > 0 {
				taken = events
			}
			for i := range taken {
				slices.Sort(taken[i])
			}
			added := func(i int) float64 {
				return float64((taken[i][len(taken[i])/2] - taken[0][len(taken[0])/2]).Nanoseconds()) / 1000
			}
			b.ReportMetric(added(1), "bare-µs-p50")
			b.ReportMetric(added(2), "added-µs-p50")
		})
	}
}
