package cmd

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// Without a command the addresses are printed for a shell, and answered at until
// somebody says that it is enough. Nobody gets in who does not know the secret, nor a
// page of a browser that does.
func TestReplayTellsAddresses(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there is no interrupt to be sent")
	}
	w := wires[0]
	r := recordCalls(t, workScripts(w), "--keep-exchanges", "--session-id", "kept")
	c := conversation{wire: w, script: "plain", stream: true}
	want := hear(t, r.client, r.at[w.base], w.path(true), c.body())
	r.stop()
	home := t.TempDir()
	env := append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+home, "XDG_DATA_HOME="+home)
	away := exec.CommandContext(t.Context(), "lazytrace", "replay", "--serve", "--listen", "0.0.0.0:0", "kept", r.store)
	away.Env = env
	if out, err := away.CombinedOutput(); err == nil || away.ProcessState.ExitCode() != exitRefused || !strings.Contains(string(out), "is not on the loopback") {
		t.Errorf("it listens for everybody: %v, %s", err, out)
	}
	p := exec.CommandContext(t.Context(), "lazytrace", "replay", "--serve", "--json", "--listen", "127.0.0.1:0", "kept", r.store)
	p.Env = env
	var said bytes.Buffer
	p.Stderr = &said
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	m := regexp.MustCompile(`^export ANTHROPIC_BASE_URL=('?)(http://127\.0\.0\.1:\d+)/([\w-]{43})(/anthropic)'?\n$`).FindStringSubmatch(line)
	if m == nil {
		t.Fatalf("the first line is %q", line)
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	if got := hear(t, client, m[2]+"/"+m[3]+m[4], w.path(true), c.body()); got != want {
		t.Errorf("have %+v\nwant %+v", got, want)
	}
	status := func(address string, header ...string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+w.path(true), bytes.NewReader(c.body()))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(header); i += 2 {
			if header[i] == "Host" {
				req.Host = header[i+1]
			}
			req.Header.Set(header[i], header[i+1])
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode
	}
	for name, got := range map[string]int{
		"no secret":    status(m[2] + m[4]),
		"other secret": status(m[2] + "/" + strings.Repeat("a", 43) + m[4]),
		"a page":       status(m[2]+"/"+m[3]+m[4], "Origin", "https://example.com"),
		"another name": status(m[2]+"/"+m[3]+m[4], "Host", "example.com"),
	} {
		if got != http.StatusNotFound {
			t.Errorf("%s: status %d", name, got)
		}
	}
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil || !strings.Contains(said.String(), "1 recorded answer of session kept can be served until Ctrl-C") {
		t.Errorf("it ended with %v and said %q", err, said.String())
	}
	if want := `{"session_id":"kept","recorded":1,"served":1,"served_loosely":0,"served_in_order":0,"served_masked":0,"missed":0,"upstream_requests":0,"misses":[]}`; !strings.HasSuffix(string(rest), want+"\n") {
		t.Errorf("it ended with %s\nwant %s", rest, want)
	}
	var told any
	if err := json.Unmarshal(rest[bytes.LastIndexByte(bytes.TrimSpace(rest), '\n')+1:], &told); err != nil {
		t.Fatal(err)
	}
	if err := schemaOf(t, "replay-serve").Validate(told); err != nil {
		t.Error(err)
	}
}
