package redact

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// shared finds the folder of samples that is not part of the repository.
func shared(t testing.TB) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("LAZYTRACE_SHARED"), filepath.Join("..", "..", "shared")} {
		if dir == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "samples")); err == nil {
			return dir
		}
	}
	t.Skip("no samples: set LAZYTRACE_SHARED to the folder that holds them")
	return ""
}

type vector struct{ In, Out json.RawMessage }

func vectors(t *testing.T) map[string]vector {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(shared(t), "samples", "seeds", "redact_vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vs map[string]vector
	if err := json.Unmarshal(raw, &vs); err != nil {
		t.Fatal(err)
	}
	return vs
}

// redacted applies r the way the framework does: to strings as text, to
// anything else as a document.
func redacted(r *Redactor, in json.RawMessage) string {
	var s string
	if json.Unmarshal(in, &s) == nil {
		out, _ := r.Text(s)
		return out
	}
	out, _ := r.JSON(in)
	return string(out)
}

func plainText(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}

func TestLazyBridgeVectors(t *testing.T) {
	t.Parallel()
	r := LazyBridge()
	for name, v := range vectors(t) {
		if got, want := redacted(r, v.In), plainText(v.Out); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestDefaultMasksWhatLazyBridgeMasks(t *testing.T) {
	t.Parallel()
	prose := map[string]bool{"prose2": true, "prose3": true} // English taken for a credential
	r := secrets(t)
	for name, v := range vectors(t) {
		in, out := plainText(v.In), plainText(v.Out)
		got := redacted(r, v.In)
		if masks := in != out && !prose[name]; masks && got == in {
			t.Errorf("%s: %q is left as it is", name, in)
		}
		if prose[name] && got != in {
			t.Errorf("%s: prose became %q", name, got)
		}
	}
}
