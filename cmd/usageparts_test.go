package cmd

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Real logs: what the caches are said to have read and written is what the ledger
// has, to the last token, and the parts of what contexts cost are within the whole.
func TestCachesAndContextsOfRealLogs(t *testing.T) {
	root := os.Getenv("LAZYTRACE_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	samples := filepath.Join(root, "samples")
	if _, err := os.Stat(samples); err != nil {
		t.Skipf("no real logs here: %v", err)
	}
	type sum struct {
		Calls   int64 `json:"calls"`
		Input   int64 `json:"input_tokens"`
		Not     int64 `json:"not_cached_tokens"`
		Read    int64 `json:"cache_read_tokens"`
		Write5m int64 `json:"cache_write_5m_tokens"`
		Write1h int64 `json:"cache_write_1h_tokens"`
		Context int64 `json:"context_tokens"`
		Misses  int64
		Judged  int64   `json:"judged_calls"`
		Not2    int64   `json:"unjudged_calls"`
		Cost    float64 `json:"cost_usd"`
		Lost    float64 `json:"miss_cost_usd"`
	}
	type usage struct {
		Total sum
		Cache struct {
			sum
			Causes map[string]struct {
				Misses int64
				Cost   float64 `json:"cost_usd"`
			}
		}
		Context struct {
			Cost   float64 `json:"cost_usd"`
			Read   float64 `json:"context_cost_usd"`
			Blocks struct {
				First float64 `json:"first_read_cost_usd"`
				Cost  float64 `json:"carried_cost_usd"`
			} `json:"blocks_total"`
			Runs []struct {
				Turns []struct {
					Context int64 `json:"context_tokens"`
				}
				Compactions []struct{ Inferred bool }
			}
		}
	}
	read := func(t *testing.T, path string, args ...string) (u usage) {
		t.Helper()
		path = filepath.Join(samples, path)
		if _, err := os.Stat(path); err != nil {
			t.Skipf("not here: %v", err)
		}
		var out, errs bytes.Buffer
		env := &Env{
			Stdin: bytes.NewReader(nil), Stdout: &out, Stderr: &errs, Now: time.Now,
			Getenv: func(string) string { return "" }, Terminal: func() bool { return false },
		}
		if code := run(t.Context(), env, append([]string{"usage", "--json", "--by", "total", path}, args...)); code != 0 {
			t.Fatalf("exit %d: %s", code, &errs)
		}
		if err := json.Unmarshal(out.Bytes(), &u); err != nil {
			t.Fatal(err)
		}
		return u
	}
	for _, path := range []string{"claude", "codex", "gemini", "opencode", "pi", "otlp", "stdout", "seeds"} {
		t.Run("cache of "+path, func(t *testing.T) {
			u := read(t, path, "--cache")
			c, l := u.Cache, u.Total
			if c.Calls != l.Calls || c.Not != l.Input || c.Read != l.Read || c.Write5m != l.Write5m || c.Write1h != l.Write1h ||
				c.Context != l.Input+l.Read+l.Write5m+l.Write1h || c.Judged+c.Not2 != l.Calls {
				t.Errorf("%+v, the ledger has %+v", c.sum, l)
			}
			misses, lost := int64(0), 0.0
			for _, one := range c.Causes {
				misses, lost = misses+one.Misses, lost+one.Cost
			}
			if misses != c.Misses || lost < c.Lost-1e-6 || lost > c.Lost+1e-6 || c.Lost > l.Cost {
				t.Errorf("causes of %d misses cost %g, want %d and %g of %g", misses, lost, c.Misses, c.Lost, l.Cost)
			}
		})
	}
	for path, want := range map[string]struct{ recorded, inferred int }{
		filepath.Join("claude", "spotter_fa812bfe"):     {1, 0},
		filepath.Join("claude", "spotter_4d5611e5"):     {1, 0},
		filepath.Join("pi", "pimono_before_compaction"): {2, 0},
		filepath.Join("codex", "localpush") + "/sessions/2026/02/23/rollout-2026-02-23T12-54-34-019c8a59-e9dd-71f0-9ae3-4079fe9726a9.jsonl": {1, 0},
	} {
		t.Run("context of "+path, func(t *testing.T) {
			u := read(t, path, "--context")
			c, recorded, inferred := u.Context, 0, 0
			for _, run := range c.Runs {
				for _, one := range run.Compactions {
					if one.Inferred {
						inferred++
					} else {
						recorded++
					}
				}
			}
			if recorded != want.recorded || inferred != want.inferred {
				t.Errorf("%d compactions recorded, %d inferred", recorded, inferred)
			}
			if parts := c.Blocks.First + c.Blocks.Cost; c.Cost != u.Total.Cost || c.Read > c.Cost || parts > c.Read || parts < 0.99*c.Read {
				t.Errorf("blocks cost %g and %g, contexts %g of %g; the ledger has %g", c.Blocks.First, c.Blocks.Cost, c.Read, c.Cost, u.Total.Cost)
			}
		})
	}
}
