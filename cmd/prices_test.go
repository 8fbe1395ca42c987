package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/rollup/price"
)

// A newer table beats the one that is built in, an older one does not, and what
// changed is said.
func TestPricesUpdate(t *testing.T) {
	t.Parallel()
	newer := strings.Replace(price.BuiltIn(), "# date: 2026", "# date: 2099", 1)
	newer = strings.Replace(newer, "\nanthropic\tclaude-opus-4-6\t5\t", "\nanthropic\tclaude-opus-4-6\t7\t", 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/newer":
			fmt.Fprint(w, newer)
		case "/older":
			fmt.Fprint(w, strings.Replace(newer, "# date: 2099", "# date: 2019", 1))
		case "/away":
			http.Redirect(w, r, "http://prices.example/", http.StatusFound)
		case "/torn":
			w.Header().Set("Content-Length", "999999")
			fmt.Fprint(w, newer[:1000])
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	lazytrace := func(args ...string) (out string, code int) {
		var b bytes.Buffer
		env := &Env{Stdin: strings.NewReader(""), Stdout: &b, Stderr: &b, Now: time.Now, Terminal: func() bool { return false }, Getenv: func(key string) string {
			return map[string]string{"XDG_DATA_HOME": filepath.Join(dir, "data"), "XDG_CONFIG_HOME": filepath.Join(dir, "config"), "HOME": dir, "USERPROFILE": dir}[key]
		}}
		code = run(t.Context(), env, args)
		return b.String(), code
	}
	for path, want := range map[string]string{
		"/older": "older than those in use",
		"/away":  "http is for this machine only",
		"/torn":  "unexpected EOF",
		"/no":    "404 Not Found",
	} {
		if out, code := lazytrace("prices", "update", "--from", server.URL+path); code == 0 || !strings.Contains(out, want) || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: exit %d, %s", path, code, out)
		}
	}
	left, _ := filepath.Glob(filepath.Join(dir, "data", "lazytrace", "*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	out, code := lazytrace("prices", "update", "--json", "--from", server.URL+"/newer")
	var got struct {
		Date    string
		Changed []string
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 || !strings.HasPrefix(got.Date, "2099") || len(got.Changed) != 1 || got.Changed[0] != "anthropic/claude-opus-4-6" {
		t.Fatalf("exit %d, %v: %s", code, err, out)
	}
	if out, _ := lazytrace("prices", "show", "claude-opus-4-6"); !strings.Contains(out, "table of 2099") || !strings.Contains(out, "  7  ") {
		t.Errorf("the newer table is not used: %s", out)
	}
	// Once it is older than the one that is built in, it no longer counts.
	path := filepath.Join(dir, "data", "lazytrace", newerTableFile)
	if err := os.WriteFile(path, []byte(strings.Replace(newer, "# date: 2099", "# date: 2019", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _ := lazytrace("prices"); !strings.Contains(out, "built in") {
		t.Errorf("an older table is used: %s", out)
	}
}
