//go:build unix

package command

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/redact"
)

// A flood of lines is recorded to the last of them, and each of
// its lines is masked as it would be by itself.
func TestFlood(t *testing.T) {
	t.Parallel()
	red, err := redact.New(redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	token := func(n int) string {
		const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
		b := make([]byte, n)
		for i := range b {
			b[i] = letters[r.IntN(len(letters))]
		}
		return string(b)
	}
	var printed, want strings.Builder
	var secrets []string
	for i := range 10_000 {
		secret := token(40)
		line := fmt.Sprintf("step %d of many, with a few words about what it does", i)
		switch r.IntN(40) {
		case 0:
			line = "export API_TOKEN=" + secret
		case 1:
			line = `{"step": ` + fmt.Sprint(i) + `, "password": "` + secret + `", "after": "\"quoted\""}`
		case 2:
			line = "Authorization: Bearer " + secret
		case 3:
			line = "-----BEGIN " + "RSA PRIVATE KEY-----\n" + secret + "\n" + token(64) + "\n-----END " + "RSA PRIVATE KEY-----"
		default:
			secret = ""
		}
		if secret != "" {
			secrets = append(secrets, secret)
		}
		printed.WriteString(line + "\n")
		masked, _ := red.Text(line)
		want.WriteString(masked + "\n")
	}
	path := filepath.Join(t.TempDir(), "printed")
	if err := os.WriteFile(path, []byte(printed.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &store{}
	result, out, notices := record(t, s, func(o *Options) {
		o.Args, o.Pipeline.Redactor = []string{"cat", path}, red
		o.Pipeline.MaxQueue = 4 // what has no place comes together
	})
	if out != printed.String() || notices != "" || result.Stats.DroppedTotal() != 0 || result.Stats.RedactDropped != 0 {
		t.Errorf("%d bytes of %d came through; %q, %+v", len(out), printed.Len(), notices, result.Stats)
	}
	var kept strings.Builder
	lines := 0
	for _, e := range s.events {
		if e.Kind != eventlog.LogLine {
			continue
		}
		var p struct {
			Agent  string `json:"agent_name"`
			Stream string
			Text   string
			Lines  int
		}
		if err := json.Unmarshal(e.Payload, &p); err != nil || p.Agent != "cat" || p.Stream != "stdout" {
			t.Fatalf("%v: %.200s", err, e.Payload)
		}
		kept.WriteString(p.Text + "\n")
		lines += max(p.Lines, 1)
	}
	if lines != strings.Count(printed.String(), "\n") {
		t.Errorf("%d lines", lines)
	}
	if kept.String() != want.String() {
		got, wanted := strings.Split(kept.String(), "\n"), strings.Split(want.String(), "\n")
		for i := range min(len(got), len(wanted)) {
			if got[i] != wanted[i] {
				t.Fatalf("line %d of %d and %d: %q, masked alone %q", i, len(got), len(wanted), got[i], wanted[i])
			}
		}
		t.Errorf("%d and %d lines", len(got), len(wanted))
	}
	for _, secret := range secrets {
		if strings.Contains(kept.String(), secret) {
			t.Errorf("%q was kept", secret)
		}
	}
}
