package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// proxy tells what the proxy that records calls adds to them, beside what a reverse
// proxy adds that only passes them on.
func proxy(s *suite) error {
	up, err := provider()
	if err != nil {
		return err
	}
	defer func() { _ = up.Close() }()
	direct := "http://" + up.Addr
	bareProgram := filepath.Join(s.cache, "bin", "bareproxy")
	if err := s.build(filepath.Join(s.root, "docs", "performance", "peers"), bareProgram, "./bareproxy"); err != nil {
		return err
	}
	bare, endBare, err := serving(exec.Command(bareProgram, direct), s.home())
	if err != nil {
		return err
	}
	defer func() { _ = endBare() }()
	store := filepath.Join(s.folder(), "store.sqlite")
	ours, endOurs, err := serving(
		exec.Command(s.lazytrace, "run", "--db", store, "--capture", "none,proxy", "--", "sh", "-c", `echo "$ANTHROPIC_BASE_URL"; cat`),
		append(s.home(), "ANTHROPIC_BASE_URL="+direct))
	if err != nil {
		return err
	}
	bases := []string{direct, bare, ours}
	client := &http.Client{Transport: &http.Transport{Proxy: nil}, Timeout: time.Minute}
	added := map[string][][]float64{}
	total := 0
	for run := -1; run < s.runs; run++ {
		const calls = 300
		whole, lags := make([][]float64, len(bases)), make([][]float64, len(bases))
		for range calls {
			for i, base := range bases {
				took, err := call(client, base)
				if err != nil {
					return err
				}
				whole[i] = append(whole[i], took)
			}
		}
		for i, base := range bases {
			if lags[i], err = stream500(client, base); err != nil {
				return err
			}
		}
		total += calls + 1
		if run < 0 {
			continue // connections are made
		}
		for name, of := range map[string][][]float64{"call": whole, "event": lags} {
			through := []float64{}
			for i := range bases[1:] {
				through = append(through, at(0.5, of[i+1])-at(0.5, of[0]))
			}
			added[name] = append(added[name], through)
		}
	}
	if err := endOurs(); err != nil {
		return err
	}
	recorded, err := s.kinds(store)
	if err != nil {
		return err
	}
	note := ""
	if n := recorded["model_response"]; n != int64(total) {
		note = fmt.Sprintf("%d calls were made, %d are recorded", total, n)
	}
	for _, name := range []string{"call", "event"} {
		var a, b []float64
		for _, through := range added[name] {
			a, b = append(a, through[1]*1e3), append(b, through[0]*1e3)
		}
		title := map[string]string{"call": "added to a call, p50 / bare proxy", "event": "added to an event of a stream, p50 / bare proxy"}[name]
		s.add(Row{Name: title, Goal: atMost(2), Ours: figureOf("run --capture proxy", "µs", a...), Theirs: figureOf("httputil.ReverseProxy", "µs", b...), Note: note})
	}
	return nil
}

// kinds are the numbers of events of a store, by kind.
func (s *suite) kinds(path string) (map[string]int64, error) {
	c := exec.Command(s.lazytrace, "stat", "--json", path)
	c.Env = s.home()
	text, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("lazytrace stat %s: %w", path, err)
	}
	var told struct {
		Kinds map[string]int64 `json:"kinds"`
	}
	return told.Kinds, json.Unmarshal(text, &told)
}

// serving starts a program that prints its address and ends when its input does.
func serving(cmd *exec.Cmd, env []string) (address string, end func() error, err error) {
	cmd.Env = env
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	end = func() error {
		_ = in.Close()
		return cmd.Wait()
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if address = strings.TrimSpace(line); err != nil || address == "" {
		_ = end()
		return "", nil, fmt.Errorf("%s told no address: %w", filepath.Base(cmd.Path), err)
	}
	return address, end, nil
}

// provider is a server on the loopback that answers as Anthropic's does: 2 kB at
// once, or a stream of 500 events, two milliseconds apart, each with its time.
func provider() (*http.Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	answer := fmt.Sprintf(`{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":%q}],"stop_reason":"end_turn","usage":{"input_tokens":1200,"output_tokens":300}}`, strings.Repeat("what was said ", 130))
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/messages", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return
		}
		if !strings.Contains(string(body), `"stream":true`) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, answer)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		event := func(kind, rest string) {
			fmt.Fprintf(w, "event: %s\ndata: {\"type\":%q,%s}\n\n", kind, kind, rest)
			_ = http.NewResponseController(w).Flush()
		}
		event("message_start", `"message":{"id":"msg_2","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"usage":{"input_tokens":1200,"output_tokens":1}}`)
		event("content_block_start", `"index":0,"content_block":{"type":"text","text":""}`)
		for range 500 {
			time.Sleep(2 * time.Millisecond)
			event("content_block_delta", fmt.Sprintf(`"index":0,"delta":{"type":"text_delta","text":"at %d "}`, time.Since(started).Nanoseconds()))
		}
		event("content_block_stop", `"index":0`)
		event("message_delta", `"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":500}`)
		event("message_stop", `"done":true`)
	})
	server := &http.Server{Addr: listener.Addr().String(), Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	return server, nil
}

// started is what the times of events count from: the server and the client are one
// process, and have one clock.
var started = time.Now()

func ask(client *http.Client, base string, stream bool) (*http.Response, error) {
	body := fmt.Sprintf(`{"model":"claude-sonnet-4-5-20250929","max_tokens":1000,"stream":%t,"messages":[{"role":"user","content":%q}]}`, stream, strings.Repeat("what to say ", 160))
	r, err := http.NewRequest(http.MethodPost, base+"/v1/messages", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Anthropic-Version", "2023-06-01")
	answer, err := client.Do(r)
	if err == nil && answer.StatusCode != http.StatusOK {
		_ = answer.Body.Close()
		err = fmt.Errorf("%s: %s", base, answer.Status)
	}
	return answer, err
}

// call is one call to its end, in milliseconds.
func call(client *http.Client, base string) (float64, error) {
	began := time.Now()
	answer, err := ask(client, base, false)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	if err == nil && n < 1500 {
		err = fmt.Errorf("%d bytes were answered", n)
	}
	return float64(time.Since(began).Nanoseconds()) / 1e6, err
}

// stream500 is how old each event of a stream is when it is here, in milliseconds.
func stream500(client *http.Client, base string) ([]float64, error) {
	answer, err := ask(client, base, true)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var lags []float64
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		_, rest, found := strings.Cut(lines.Text(), `"text":"at `)
		if !found {
			continue
		}
		now := time.Since(started)
		number, _, _ := strings.Cut(rest, " ")
		sent, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, err
		}
		lags = append(lags, float64(now.Nanoseconds()-sent)/1e6)
	}
	if len(lags) != 500 {
		return nil, fmt.Errorf("%d of 500 events came through %s", len(lags), base)
	}
	return lags, nil
}
