package cmd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/recorder/capture/intake"
	"github.com/lazytrace/lazytrace/recorder/capture/receiver"
	"github.com/lazytrace/lazytrace/recorder/origin"
)

// canaries are secrets by the place where they are put. They are drawn anew by
// each run of the test.
type canaries map[string]string

func drawCanaries() canaries {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	of := func(prefix string, n int) string {
		b := []byte(prefix)
		for range n {
			b = append(b, letters[rand.IntN(len(letters))])
		}
		return string(b)
	}
	key := make([]byte, 96)
	for i := range key {
		key[i] = byte(rand.IntN(256))
	}
	return canaries{
		"argument":             of("", 32),
		"argument with =":      of("hf_", 34),
		"argument, an address": of("", 20),
		"environment":          of("sk-", 40),
		"environment, opaque":  of("", 40),
		"header":               of("", 48),
		"header of a key":      of("sk-ant-", 60),
		"header, a cookie":     of("", 32),
		"query":                of("AIza", 35),
		"body, prose":          of("ghp_", 36),
		"body, arguments":      of("", 24),
		"answer":               of("glpat-", 20),
		"answer, streamed":     of("xoxb-", 30),
		"event over HTTP":      of("", 30),
		"event, a header":      of("", 44),
		"event at the socket":  of("npm_", 36),
		"event, encoded":       of("AKIA", 40),
		"printed":              of("", 36),
		"printed in pieces":    of("sk_live_", 40),
		"private key":          base64.StdEncoding.EncodeToString(key),
		"goal":                 of("dop_v1_", 50),
		"metadata":             of("", 28),
		"tag":                  of("pypi-", 60),
		"name":                 of("r8_", 37),
		"agent":                of("whsec_", 32),
	}
}

// canaryAgent is the program that is recorded. It gives its secrets away in
// every way in which a recorder could hear of them.
func canaryAgent() {
	var c canaries
	file, err := os.ReadFile(os.Getenv("CANARY_FILE"))
	if err == nil {
		err = json.Unmarshal(file, &c)
	}
	if err == nil {
		err = c.tell()
	}
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	fmt.Println("all told")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test has looked at the store
	os.Exit(0)
}

func (c canaries) tell() error {
	for _, stream := range []bool{false, true} {
		if err := c.callModel(stream); err != nil {
			return err
		}
	}
	arguments, _ := json.Marshal(map[string]string{"password": c["event over HTTP"]})
	event, _ := json.Marshal(map[string]any{"event_type": "tool_call", "payload": map[string]any{
		"tool": "login", "tool_use_id": "1", "arguments": string(arguments), "headers": map[string]string{"Authorization": "Bearer " + c["event, a header"]},
	}})
	if _, err := receiver.Send(context.Background(), os.Getenv(origin.EnvURL), os.Getenv(origin.EnvToken), event); err != nil {
		return err
	}
	event, _ = json.Marshal(map[string]any{"event_type": "tool_result", "payload": map[string]any{
		"tool": "login", "tool_use_id": "1", "result": "//registry/:_authToken=" + c["event at the socket"] + "\nconfig: " + base64.StdEncoding.EncodeToString([]byte("AWS_SECRET_ACCESS_KEY="+c["event, encoded"])),
	}})
	if _, err := intake.Send(context.Background(), os.Getenv(origin.EnvSocket), event); err != nil {
		return err
	}
	fmt.Println("export DEPLOY_TOKEN=" + c["printed"])
	for piece := range strings.SplitSeq("the live key is "+c["printed in pieces"]+" and that is all\n", "") {
		if _, err := os.Stdout.WriteString(piece); err != nil {
			return err
		}
	}
	fmt.Println("-----BEGIN " + "PRIVATE KEY-----")
	for i := 0; i < len(c["private key"]); i += 64 {
		fmt.Println(c["private key"][i:min(i+64, len(c["private key"]))])
	}
	fmt.Println("-----END " + "PRIVATE KEY-----")
	return nil
}

func (c canaries) callModel(stream bool) error {
	call, _ := json.Marshal(map[string]string{"token": c["body, arguments"]})
	body, _ := json.Marshal(map[string]any{"model": "m", "max_tokens": 9, "stream": stream, "messages": []any{
		map[string]any{"role": "assistant", "content": []any{map[string]any{"type": "tool_use", "id": "toolu_1", "name": "x", "input": map[string]string{"token": c["body, arguments"]}}}},
		map[string]any{"role": "user", "content": []any{map[string]any{"type": "tool_result", "tool_use_id": "toolu_1", "content": string(call)}, map[string]any{"type": "text", "text": "my token is " + c["body, prose"]}}},
	}})
	r, err := http.NewRequest(http.MethodPost, os.Getenv("ANTHROPIC_BASE_URL")+"/v1/messages?key="+c["query"], bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+c["header"])
	r.Header.Set("X-Api-Key", c["header of a key"])
	r.Header.Set("Cookie", "session="+c["header, a cookie"])
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || !bytes.Contains(text, []byte("message"))) {
		err = fmt.Errorf("%s: %s", answer.Status, text)
	}
	return err
}

// answer is a model provider that was told secrets, and says some.
func (c canaries) answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	for place, got := range map[string]string{
		"header": r.Header.Get("Authorization"), "header of a key": r.Header.Get("X-Api-Key"), "header, a cookie": r.Header.Get("Cookie"), "query": r.URL.RawQuery, "body, prose": string(body),
	} {
		if !strings.Contains(got, c[place]) {
			http.Error(w, place+" was not passed on", http.StatusTeapot)
			return
		}
	}
	if !bytes.Contains(body, []byte(`"stream":true`)) {
		w.Header().Set("Content-Type", "application/json")
		text, _ := json.Marshal("I found GITLAB_TOKEN=" + c["answer"])
		fmt.Fprintf(w, `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":%s}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`, text)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(kind, data string) { fmt.Fprintf(w, "event: %s\ndata: %s\n\n", kind, data) }
	send("message_start", `{"type":"message_start","message":{"id":"msg_2","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}`)
	send("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)
	for rest := "the bot uses " + c["answer, streamed"] + " there"; rest != ""; {
		n := min(len(rest), 3)
		text, _ := json.Marshal(rest[:n])
		send("content_block_delta", fmt.Sprintf(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%s}}`, text))
		rest = rest[n:]
	}
	send("content_block_stop", `{"type":"content_block_stop","index":0}`)
	send("message_delta", `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}`)
	send("message_stop", `{"type":"message_stop"}`)
}

// search looks for every canary in every file below a folder: any ten letters in
// a row of what is behind its prefix.
func (c canaries) search(t *testing.T, when, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch mode := info.Mode(); {
		case mode.IsDir() && path != dir && mode.Perm() != 0o700, mode.IsRegular() && mode.Perm() != 0o600:
			t.Errorf("%s: %s has mode %v", when, path, mode)
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		files++
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := string(raw)
		for place, secret := range c {
			for i := 8; i+10 <= len(secret); i++ {
				if strings.Contains(text, secret[i:i+10]) {
					t.Errorf("%s: the canary of %q is in %s", when, place, filepath.Base(path))
					break
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 3 {
		t.Errorf("%s: only %d files were looked at", when, files)
	}
}

// A secret that a recorded program has, says, sends or is told is in no file
// that the recorder writes, neither while it runs nor afterwards.
func TestCanaries(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("it looks at modes and runs a shell")
	}
	c := drawCanaries()
	provider := httptest.NewServer(http.HandlerFunc(c.answer))
	defer provider.Close()
	p := newProgram(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(p.dir, "bin", "canary-agent")); err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	told := filepath.Join(t.TempDir(), "canaries.json") // in a folder of its own
	if err := os.WriteFile(told, list, 0o600); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(p.dir, "state")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	console, err := os.OpenFile(filepath.Join(state, "console.txt"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer console.Close()
	store, lines := filepath.Join(state, "made", "events.sqlite"), filepath.Join(state, "events.jsonl")

	// Whatever the umask is, nobody else may read what is written.
	r := exec.CommandContext(t.Context(), "sh", "-c", `umask 0; exec "$0" "$@"`, p.path,
		"run", "--db", store, "--jsonl", lines, "--console", "--capture", "stdout,http,proxy", "--session-id", "canary",
		"--goal", "deploy with "+c["goal"], "--meta", "api_key="+c["metadata"], "--tag", "token:"+c["tag"], "--name", "job "+c["name"], "--agent", "agent "+c["agent"],
		"canary-agent", "--api-key", c["argument"], "--token="+c["argument with ="], "postgres://app:"+c["argument, an address"]+"@db.internal/app")
	r.Dir, r.Stderr = p.dir, console
	const ordinary = "an-ordinary-setting-of-the-environment"
	r.Env = append(p.env, "CANARY_FILE="+told, "LAZYTRACE_UPSTREAM_ANTHROPIC="+provider.URL, "OPENAI_API_KEY="+c["environment"], "AWS_SECRET_ACCESS_KEY="+c["environment, opaque"], "SETTING="+ordinary)
	stdin, err := r.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := r.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	var passed strings.Builder
	for s := bufio.NewScanner(stdout); s.Scan(); {
		fmt.Fprintln(&passed, s.Text())
		if s.Text() == "all told" {
			break
		}
		if strings.HasPrefix(s.Text(), "failed:") {
			t.Fatal(s.Text())
		}
	}
	if !strings.Contains(passed.String(), c["printed in pieces"]) {
		t.Error("what the program prints is not its own any more")
	}
	for stored := ""; !strings.Contains(stored, "all told"); {
		printed, _ := p.command("events", "--json", store).Output()
		if stored = string(printed); t.Context().Err() != nil {
			t.Fatal("the last line was never stored")
		}
	}
	c.search(t, "while it runs", state)
	stdin.Close()
	_, _ = io.Copy(io.Discard, stdout)
	if err := r.Wait(); err != nil {
		t.Error(err)
	}
	c.search(t, "afterwards", state)

	// It was looked at in the right places: everything was recorded, masked.
	events, _ := p.run("events", "--json", "--all", store)
	for _, want := range []string{
		`"event_type":"model_request"`, `"event_type":"model_response"`, `"event_type":"tool_call"`, `"event_type":"tool_result"`, "DEPLOY_TOKEN=[REDACTED:", "the live key is [REDACTED:stripe-key] and that is all",
		"[REDACTED:private-key]", "deploy with [REDACTED:", "job [REDACTED:", "postgres://app:[REDACTED:password]@db.internal/app", "the bot uses [REDACTED:slack-token] there", "I found GITLAB_TOKEN=[REDACTED:",
		"my token is [REDACTED:github-token]", "Bearer [REDACTED:", "config: [REDACTED:encoded-",
	} {
		if !strings.Contains(events, want) {
			t.Errorf("there is no %s in the log", want)
		}
	}
	raw, err := os.ReadFile(lines)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(events+string(raw), ordinary) {
		t.Error("the environment was stored")
	}
	if n := strings.Count(string(raw), "[REDACTED:"); n < len(c)-5 { // two of the environment, and headers and queries, are not looked at at all
		t.Errorf("%d masks for %d canaries", n, len(c))
	}
	t.Logf("%d canaries, %d masks", len(c), strings.Count(string(raw), "[REDACTED:"))
}
