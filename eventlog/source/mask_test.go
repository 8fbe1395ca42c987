package source

import (
	"math/rand/v2"
	"testing"

	"github.com/lazytrace/lazytrace/redact"
)

// Nothing that a rule hides is taken for tame.
func TestTame(t *testing.T) {
	t.Parallel()
	red, err := redact.New(redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"": true, "Bash": true, "todo_write2": true, "exactly-12cc": false, "a.b": false, "pw=x1y2z3": false, "5551234567": false, "a@b.c": false, "a b": false, "caf\u00e9": false,
	} {
		if got := tame(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
	begin := []string{"", "sk-", "sk_", "ghp_", "AKIA", "xox", "xoxb-", "eyJ", "key", "token", "pw", "AIza", "fly", "pat-", "npm_"}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		name := begin[random.IntN(len(begin))]
		for range random.IntN(12) {
			name += string(letters[random.IntN(len(letters))])
		}
		if masked, _ := red.Text(name); masked != name && tame(name) {
			t.Fatalf("%q is tame, and masked as %q", name, masked)
		}
	}
}
