package sqlite

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// TestKilledWriter kills a process that is writing, at any moment, and looks
// for the events that it had said are in the store. LAZYTRACE_KILLS sets how
// often.
func TestKilledWriter(t *testing.T) {
	kills := 5
	if n, err := strconv.Atoi(os.Getenv("LAZYTRACE_KILLS")); err == nil {
		kills = n
	}
	path := filepath.Join(t.TempDir(), "a.sqlite")
	total := 0
	for range kills {
		cmd := child(t, t.Context(), "flood", path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		lines.Scan()
		session := lines.Text()
		// The child does not wait for us: by the time the signal arrives it
		// is anywhere in a later batch.
		acked := 0
		for range rand.IntN(300) {
			if lines.Scan() {
				acked, _ = strconv.Atoi(lines.Text())
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it still said counts, too
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				acked = n
			}
		}
		_ = cmd.Wait() // killed
		total += acked

		var found int
		ask(t, path, fmt.Sprintf("SELECT count(*) FROM events WHERE session_id = '%s' AND substr(lt_id, 2) + 0 < %d", session, acked), &found)
		if found != acked {
			t.Errorf("%d of %d acknowledged events", found, acked)
		}
		var extra int
		if ask(t, path, fmt.Sprintf("SELECT count(*) %% 10 FROM events WHERE session_id = '%s'", session), &extra); extra != 0 {
			t.Error("a batch is there in part")
		}
		var verdict string
		if ask(t, path, "PRAGMA integrity_check", &verdict); verdict != "ok" {
			t.Errorf("integrity: %s", verdict)
		}
	}
	t.Logf("%d kills, %d acknowledged events", kills, total)
}

func TestFollowAnotherProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sqlite")
	cmd := child(t, t.Context(), "obey", path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewScanner(out)
	if !answers.Scan() {
		t.Fatal("the writer did not start")
	}
	r := open(t, path)
	rows, after := 0, []int64{Start}
	version, err := r.DataVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range []int{1, 10, 5000, 1} { // the third makes SQLite take the log into the database
		if _, err := fmt.Fprintln(in, n); err != nil || !answers.Scan() {
			t.Fatal("the writer is gone", err)
		}
		now, err := r.DataVersion(t.Context())
		if err != nil || now == version {
			t.Errorf("step %d: data version %d, %v; was %d", i, now, err, version)
		}
		version = now
		got := 0
		if err := r.Scan(t.Context(), eventsTable(), after, func(record eventlog.Record) error {
			got++
			after[0] = record.Pos
			return nil
		}); err != nil || got != n {
			t.Errorf("step %d: %d rows, %v; want %d", i, got, err, n)
		}
		rows += got
	}
	if now, err := r.DataVersion(t.Context()); err != nil || now != version {
		t.Errorf("data version %d, %v without a change; was %d", now, err, version)
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if err := r.Scan(t.Context(), eventsTable(), nil, func(eventlog.Record) error { rows--; return nil }); err != nil || rows != 0 {
		t.Errorf("after the writer left: %d rows missing, %v", rows, err)
	}
}

// TestClosedElsewhere has another part of this process open and close the
// database under its writer, the way that a look at the first bytes does, while
// programs with another SQLite come and go. With the locks that POSIX gives,
// each of them believes to be the last one and removes the log of the writer.
func TestClosedElsewhere(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("these locks exist on Linux only")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3, whose SQLite is not ours")
	}
	const program = `import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("PRAGMA busy_timeout = 5000")
c.execute("INSERT INTO events (session_id, run_id, event_type, payload, ts) VALUES ('python', NULL, 'x', '{}', 1)")
c.close()`
	path := filepath.Join(t.TempDir(), "a.sqlite")
	s := create(t, path, Options{})
	for i := range 10 {
		if err := s.WriteEvents(t.Context(), someEvents("s", i*100, 100)); err != nil {
			t.Fatal(err)
		}
		if _, err := readHeader(path); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), python, "-c", program, path).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if n := count(t, open(t, path)); n != 1010 {
		t.Errorf("%d rows, want 1010", n)
	}
	var verdict string
	if ask(t, path, "PRAGMA integrity_check", &verdict); verdict != "ok" {
		t.Errorf("integrity: %s", verdict)
	}
}
