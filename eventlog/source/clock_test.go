package source

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// What its agent says of old sessions counts for those of the agent only, and a
// setting that changes counts at once, also for a session that is not written to.
func TestSettingsAreFollowed(t *testing.T) {
	home := t.TempDir()
	dir := filepath.Join(home, ".claude", "projects", "p")
	const id = "1f0e0d0c-2222-4aaa-8bbb-cccccccccccc"
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "testdata", "claude", "projects", "-home-dev-shop"))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, id+".jsonl")
	written := time.Now().Add(-29 * 24 * time.Hour).Truncate(time.Second)
	if err := os.Chtimes(path, written, written); err != nil {
		t.Fatal(err)
	}
	env := func(name string) string { return map[string]string{"HOME": home}[name] }
	set := Open(t.Context(), []string{dir}, Options{Follow: true, Env: env})
	defer set.Close()
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	dies := func() eventlog.Stamp {
		s, _ := set.Sources().Catalog().Session(id)
		return s.Dies
	}
	after := func(days int) eventlog.Stamp {
		return eventlog.StampOf(written.Add(time.Duration(days) * 24 * time.Hour))
	}
	if got := dies(); got != after(30) {
		t.Errorf("dies at %v, want %v", got.Time(), after(30).Time())
	}
	settings := filepath.Join(home, ".claude", "settings.json")
	for _, step := range []struct {
		text string
		want eventlog.Stamp
	}{{`{"cleanupPeriodDays": 90}`, after(90)}, {`{"cleanupPeriodDays": `, 0}, {"", after(30)}} {
		if err := os.Remove(settings); step.text == "" && err != nil {
			t.Fatal(err)
		}
		if step.text != "" {
			if err := os.WriteFile(settings, []byte(step.text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		until(t, set.Sources().Changed(), func() bool { return dies() == step.want })
	}
}
