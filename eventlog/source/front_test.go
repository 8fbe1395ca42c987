package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// fronted opens paths as the explorer does, and returns the preview that it is shown,
// or nil, and what is there in the end. A front of that is kept when it returns.
func fronted(t *testing.T, opt Options, paths ...string) (preview, whole *eventlog.Catalog) {
	t.Helper()
	opt.Front = true
	set := Open(t.Context(), paths, opt)
	for preview == nil {
		c := set.Sources().Catalog()
		if c.Preview {
			preview = c
			break
		}
		if !c.Progress.Loading {
			break // it is whole
		}
		select {
		case <-set.ready:
		case <-set.Sources().Changed():
		}
	}
	if err := set.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	whole = set.Sources().Catalog()
	if whole.Preview {
		t.Error("the preview was not replaced")
	}
	<-set.front.kept
	if err := set.Close(); err != nil {
		t.Fatal(err)
	}
	return preview, whole
}

// figures are what is told of the sessions of a catalog, by their ids.
func figures(c *eventlog.Catalog) map[string]string {
	told := map[string]string{}
	for _, s := range c.Sessions {
		told[s.ID] = fmt.Sprintf("%v %v %v %d %d %d %d %d %v %v %v %d %d %s %d %v %s %v %v", s.First, s.Last, s.Paths, s.Events, s.Errors, s.ToolCalls, s.ToolFails,
			s.Calls, s.Usage, s.Recorded, s.Estimated, s.Unpriced, s.AtLeast, c.Symbols.Name(s.Model), s.Models, s.Pulse, s.Label(), s.Facts, s.Keeping)
	}
	return told
}

// alike fails when a preview tells anything of a session that is not so, or of too few.
func alike(t *testing.T, preview, whole *eventlog.Catalog, sessions int) {
	t.Helper()
	if preview == nil {
		if sessions > 0 {
			t.Error("there is no preview")
		}
		return
	}
	if len(preview.Sessions) != sessions {
		t.Errorf("the preview has %d sessions, want %d", len(preview.Sessions), sessions)
	}
	if loading := preview.Progress.Loading; loading != (len(preview.Sessions) < len(whole.Sessions)) {
		t.Errorf("with %d of %d sessions the preview says %v of more to come", len(preview.Sessions), len(whole.Sessions), loading)
	}
	want := figures(whole)
	for id, told := range figures(preview) {
		if told != want[id] {
			t.Errorf("the preview tells of %s\n%s\nwant\n%s", id, told, want[id])
		}
	}
}

// bridge is a short log of one session, whose calls have ids of their own.
func bridge(session string, calls, from int) []byte {
	var b strings.Builder
	for n := range calls {
		at := 1_763_629_200 + 7*n
		fmt.Fprintf(&b, `{"event_type":"tool_call","session_id":%q,"run_id":"r%d","ts":%d,"agent_name":"a","tool":"b%d","arguments":{}}`+"\n", session, n%3, at, n%2)
		fmt.Fprintf(&b, `{"event_type":"model_response","session_id":%q,"run_id":"r%d","ts":%d,"model":"m%d","response_id":"x%d","input_tokens":5,"output_tokens":%d}`+"\n", session, n%3, at+1, n%2, from+n, n%9)
	}
	return []byte(b.String())
}

// three are logs of three sessions; the last two have calls in common.
func three(t *testing.T) string {
	dir := t.TempDir()
	store(t, filepath.Join(dir, "a.jsonl"), bridge("a", 100, 0))
	store(t, filepath.Join(dir, "b.jsonl"), bridge("b", 50, 1000))
	store(t, filepath.Join(dir, "c.jsonl"), bridge("c", 50, 1040))
	store(t, filepath.Join(dir, "no.json"), []byte(`{"nothing":"of ours"}`))
	return dir
}

// What a preview tells is so, whatever has become of the files.
func TestFrontAfterChanges(t *testing.T) {
	for name, tc := range map[string]struct {
		change   func(dir string, opt *Options)
		sessions int // of the preview
	}{
		"nothing":             {func(string, *Options) {}, 3},
		"one has grown":       {func(dir string, _ *Options) { add(t, filepath.Join(dir, "a.jsonl"), bridge("a", 9, 500)) }, 2},
		"one is another":      {func(dir string, _ *Options) { store(t, filepath.Join(dir, "a.jsonl"), bridge("z", 100, 0)) }, 2},
		"one is gone":         {func(dir string, _ *Options) { os.Remove(filepath.Join(dir, "a.jsonl")) }, 2},
		"one is new":          {func(dir string, _ *Options) { store(t, filepath.Join(dir, "d.jsonl"), bridge("d", 9, 0)) }, 3},
		"a copy has grown":    {func(dir string, _ *Options) { add(t, filepath.Join(dir, "b.jsonl"), bridge("b", 9, 500)) }, 0},
		"an original is gone": {func(dir string, _ *Options) { os.Remove(filepath.Join(dir, "b.jsonl")) }, 0},
		"another program":     {func(_ string, opt *Options) { opt.Stamp = "b" }, 0},
		"it is damaged": {func(_ string, opt *Options) {
			damage(t, opt, func(b []byte) []byte { b[len(b)/3] ^= 1; return b })
		}, 0},
		"it is torn": {func(_ string, opt *Options) { damage(t, opt, func(b []byte) []byte { return b[:len(b)/2] }) }, 0},
		"it is lost": {func(_ string, opt *Options) { os.RemoveAll(Fronts(opt.Keep)) }, 0},
		"only it is": {func(_ string, opt *Options) {
			for _, path := range packs(t, opt.Keep) {
				os.Remove(path)
			}
		}, 3},
		"no log became one": {func(dir string, _ *Options) { store(t, filepath.Join(dir, "no.json"), bridge("n", 3, 9000)) }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			dir, opt := three(t), keeping(t)
			if preview, _ := fronted(t, opt, dir); preview != nil {
				t.Error("there is a preview of what was never read")
			}
			tc.change(dir, &opt)
			preview, whole := fronted(t, opt, dir)
			alike(t, preview, whole, tc.sessions)
			fresh := start(t, Options{}, dir)
			if len(fresh) != len(whole.Segments) {
				t.Errorf("%d segments, want %d", len(whole.Segments), len(fresh))
			}
			preview, whole = fronted(t, opt, dir) // what was kept then holds now
			alike(t, preview, whole, len(whole.Sessions))
		})
	}
}

func packs(t *testing.T, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*.pack*"))
	if err != nil || len(list) == 0 {
		t.Fatal("nothing is kept", err)
	}
	return list
}

func damage(t *testing.T, opt *Options, how func([]byte) []byte) {
	t.Helper()
	for _, path := range packs(t, Fronts(opt.Keep)) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		store(t, path, how(b))
	}
}

// The logs of all formats are shown as they are, with copies, recordings and trees
// among them.
func TestFrontOfAllFormats(t *testing.T) {
	opt, root := keeping(t), filepath.Join("..", "..", "testdata")
	formats, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	previews := 0
	for _, f := range formats {
		path := filepath.Join(root, f.Name())
		fronted(t, opt, path)
		preview, whole := fronted(t, opt, path)
		if preview != nil {
			previews++
			alike(t, preview, whole, len(preview.Sessions))
		}
	}
	if most := len(formats); previews < most/2 {
		t.Errorf("%d of %d folders have a preview", previews, most)
	}
}

// What is written to less than a moment before it is read is not trusted.
func TestFrontOfWhatIsWrittenTo(t *testing.T) {
	dir, opt := three(t), keeping(t)
	opt.now = nil // files were written just now
	fronted(t, opt, dir)
	if preview, _ := fronted(t, opt, dir); preview != nil {
		t.Errorf("%d sessions are shown of files that are just being written", len(preview.Sessions))
	}
}

// Several programs may keep and use fronts of the same paths at once.
func TestFrontsAtOnce(t *testing.T) {
	dir, opt := three(t), keeping(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 3 {
				preview, whole := fronted(t, opt, dir)
				if preview != nil {
					alike(t, preview, whole, len(whole.Sessions))
				}
			}
		})
	}
	wg.Wait()
}

// Nothing that stands in a front makes it more than none.
func FuzzFront(f *testing.F) {
	k := &keeper{}
	f.Add([]byte{frontVersion})
	f.Fuzz(func(t *testing.T, b []byte) {
		whole := append([]byte{frontVersion}, make([]byte, 24)...)
		names, pieces, ok := k.parseFront(append(whole, b...), later())
		if !ok {
			return
		}
		thaw, ok := eventlog.ThawNames(eventlog.NewSymbols(), names)
		if !ok {
			return
		}
		for i := range pieces {
			thaw.Thaw(pieces[i].path, pieces[i].kept.summary)
		}
	})
}
