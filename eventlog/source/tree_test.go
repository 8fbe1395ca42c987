package source

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

var legacyStorage = filepath.Join("..", "..", "testdata", "opencode-files", "storage")

// The folder of opencode's old storage, and the file of one session, lead to the
// messages and their parts; nothing else of it is taken for a log.
func TestOpencodeFiles(t *testing.T) {
	for _, path := range []string{legacyStorage, filepath.Join(legacyStorage, "session"), filepath.Join(legacyStorage, "session", "proj1", "ses_a1.json")} {
		set, c := read(t, path)
		if len(c.Progress.Failed) > 0 {
			t.Errorf("%s: %v", path, c.Progress.Failed)
		}
		s, ok := c.Session("ses_a1")
		want := eventlog.Usage{Input: 100, Output: 24, Reasoning: 4, CacheRead: 50, CacheWrite5m: 10}
		if !ok || s.Usage != want || s.Calls != 1 || s.Recorded != 2_100_000 || s.ToolCalls != 2 || s.ToolFails != 1 || s.Title != "Shop checkout" ||
			s.Goal != "Fix the checkout" || s.Version != "0.9.3" || s.Format != "opencode-files" || s.Outcome != eventlog.Success {
			t.Fatalf("%s: %+v", path, s)
		}
		log, err := set.OpenLog(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		snap := load(t, log)
		var rows []eventlog.RowID
		for i := range snap.Rows.Len() {
			rows = append(rows, eventlog.RowID(i))
		}
		events, err := log.Events(t.Context(), rows)
		var texts []string
		for _, e := range events {
			if e.SessionID == "ses_a1" && !e.Hidden {
				texts = append(texts, e.Kind.String()+":"+e.Text+e.Message)
			}
		}
		if got, want := strings.Join(texts, " "), "message:Fix the checkout model_request: model_response: tool_call:ls tool_result:README.md\n tool_call: tool_error:stopped message:Done."; err != nil || got != want {
			t.Errorf("%v %q, want %q", err, got, want)
		}
		found := 0
		if _, err := log.(*openLog).Grep(t.Context(), []string{"readme"}, 0, func(int, eventlog.RowID) { found++ }); err != nil || found == 0 {
			t.Errorf("%d rows hold the word: %v", found, err)
		}
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}
	_, c := read(t, legacyStorage)
	if s, _ := c.Session("ses_b2"); s.Parent == nil || s.Parent.ID != "ses_a1" || s.Outcome != eventlog.Cancelled || s.Errors != 0 {
		t.Errorf("the child: %+v", s)
	}
}

// A session that is in the database as well counts from there.
func TestOpencodeFilesBesideDatabase(t *testing.T) {
	path, exec := database(t, "opencode.db", string(must(os.ReadFile(filepath.Join("..", "..", "testdata", "opencode", "opencode.sql")))))
	_, alone := read(t, path)
	first := alone.Sessions[0]
	exec("UPDATE session SET id = 'ses_a1' WHERE id = '"+first.ID+"'", "UPDATE message SET session_id = 'ses_a1' WHERE session_id = '"+first.ID+"'", "UPDATE part SET session_id = 'ses_a1' WHERE session_id = '"+first.ID+"'")
	_, c := read(t, path, legacyStorage)
	if s, _ := c.Session("ses_a1"); s.Format != "opencode" || s.Calls != first.Calls || s.ToolCalls != first.ToolCalls {
		t.Errorf("%+v, want what the database has: %+v", s, first)
	}
}

// Files that change are given once more, all of them; a file that is torn is a
// fault until it is whole.
func TestTreeThatChanges(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(legacyStorage)); err != nil {
		t.Fatal(err)
	}
	seg, err := sniff(t.Context(), filepath.Join(root, "session", "proj1", "ses_a1.json"), &Options{Known: dialect.All()})
	if err != nil {
		t.Fatal(err)
	}
	f, err := seg.feed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	count := func() (n int, end error) {
		for {
			if _, err := f.next(t.Context()); err != nil {
				return n, err
			}
			n++
		}
	}
	if n, err := count(); n != 9 || err != io.EOF {
		t.Fatalf("%d files, %v", n, err)
	}
	if n, err := count(); n != 0 || err != io.EOF {
		t.Errorf("%d files though nothing changed, %v", n, err)
	}
	if err := os.WriteFile(filepath.Join(root, "part", "msg_2", "prt_9.json"), []byte(`{"id":"prt_9"`), 0o600); err != nil {
		t.Fatal(err)
	}
	tree := f.(*treeFeed)
	tree.end = tree.end.Add(-1e9)
	if n, err := count(); n != 0 || err != errStartOver {
		t.Errorf("%d files, %v; want to start over", n, err)
	}
	if n, err := count(); n != 10 || err != io.EOF {
		t.Errorf("%d files after the change, %v", n, err)
	}
	_, c := read(t, root)
	if got := c.Audit.Unreadable; got != 1 {
		t.Errorf("%d unreadable", got)
	}
}
