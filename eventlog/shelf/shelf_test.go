package shelf

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func keyOf(n int) (k Key) {
	binary.BigEndian.PutUint64(k[:], uint64(n))
	return k
}

func body(n, version int) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("entry %d of version %d. ", n, version), 1+n%50))
}

// clock is a clock that is set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { c.at = c.at.Add(time.Millisecond); return c.at }

func has(t *testing.T, dir string, n, version int) bool {
	t.Helper()
	s := Open(dir, Options{})
	defer s.Close()
	b, ok := s.Get(keyOf(n), nil)
	if ok && string(b) != string(body(n, version)) {
		t.Fatalf("entry %d is %q", n, b)
	}
	return ok
}

func TestShelf(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := Open(dir, Options{})
	for n := range 500 {
		s.Put(keyOf(n), body(n, 1))
	}
	s.Put(keyOf(7), body(7, 2)) // the later one counts
	if _, ok := s.Get(keyOf(3), nil); ok || has(t, dir, 3, 1) {
		t.Error("it is there before it was committed")
	}
	s.Commit(t.Context())
	s.Commit(t.Context()) // nothing more was put
	s.Close()
	for n := range 500 {
		version := 1
		if n == 7 {
			version = 2
		}
		if !has(t, dir, n, version) {
			t.Fatalf("entry %d is lost", n)
		}
	}
	if has(t, dir, 500, 1) {
		t.Error("an entry is there that nobody put")
	}
	if st := Look(dir); st.Entries != 500 || st.Packs != 1 || st.Bytes == 0 || st.Oldest.IsZero() {
		t.Errorf("%+v", st)
	}
	foreign := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(foreign, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Clear(dir); err != nil {
		t.Fatal(err)
	}
	if st := Look(dir); st.Entries != 0 || st.Packs != 0 {
		t.Errorf("after it was cleared there is %+v", st)
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error("a file of somebody else is gone")
	}
	if err := Clear(filepath.Join(dir, "nowhere")); err != nil {
		t.Error(err)
	}
}

// However often a little is added, there are few packs, and what was put is there in
// the version that was put last.
func TestShelfMerges(t *testing.T) {
	dir, c := t.TempDir(), &clock{time.Now()}
	last := map[int]int{}
	for round := range 200 {
		s := Open(dir, Options{Now: c.now})
		for i := range 5 {
			n := (round*7 + i*13) % 90
			if round == 0 {
				n = i
			}
			s.Put(keyOf(n), body(n, round))
			last[n] = round
		}
		s.Commit(t.Context())
		s.Close()
		files, _ := os.ReadDir(dir)
		if len(files) > 8 {
			t.Fatalf("there are %d packs after %d rounds", len(files), round)
		}
	}
	for n, version := range last {
		if !has(t, dir, n, version) {
			t.Errorf("entry %d is lost", n)
		}
	}
	if st := Look(dir); st.Entries != len(last) {
		t.Errorf("%d entries, want %d", st.Entries, len(last))
	}
}

// What nobody used for long goes, and so does what was not used for longest when it
// becomes too much.
func TestShelfIsBounded(t *testing.T) {
	dir, c := t.TempDir(), &clock{time.Now()}
	opt := Options{Size: 40 << 10, Age: 24 * time.Hour, Now: c.now}
	large := make([]byte, 1<<10)
	for n := range 300 {
		s := Open(dir, opt)
		if s.Stale(keyOf(0)) || n < 10 {
			s.Put(keyOf(0), large) // it is used all the time
		}
		s.Put(keyOf(n), large)
		s.Commit(t.Context())
		s.Close()
		c.at = c.at.Add(time.Minute)
		if st := Look(dir); st.Bytes > opt.Size+2<<10 {
			t.Fatalf("it is %d bytes", st.Bytes)
		}
	}
	st := Look(dir)
	if st.Entries < 20 || st.Entries > 40 {
		t.Errorf("%d entries are left", st.Entries)
	}
	c.at = c.at.Add(48 * time.Hour)
	s := Open(dir, opt)
	if !s.Stale(keyOf(299)) {
		t.Error("what was not used for two days is not stale")
	}
	s.Put(keyOf(1000), large)
	s.Commit(t.Context())
	s.Close()
	if st := Look(dir); st.Entries != 1 {
		t.Errorf("%d entries are left of one that is in use", st.Entries)
	}
}

// What was begun and never finished, and packs that are none, go; packs of another
// version stay until nobody can want them.
func TestShelfCleans(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-100 * 24 * time.Hour)
	for name, gone := range map[string]bool{"a.tmp": true, "b.pack1": true, "c.pack0": true, "d.pack2": false, "e.tmp": false, "f.txt": false} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if gone {
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := Open(dir, Options{})
	s.Put(keyOf(1), body(1, 1))
	s.Commit(t.Context())
	s.Close()
	var left []string
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		if len(f.Name()) < 8 {
			left = append(left, f.Name())
		}
	}
	if got := strings.Join(left, " "); got != "d.pack2 e.tmp f.txt" {
		t.Errorf("left are %s", got)
	}
}

// Without time to merge, what was put is kept all the same.
func TestShelfWithoutTime(t *testing.T) {
	dir := t.TempDir()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for n := range 3 {
		s := Open(dir, Options{})
		s.Put(keyOf(n), body(n, 1))
		s.Commit(over)
		s.Close()
	}
	for n := range 3 {
		if !has(t, dir, n, 1) {
			t.Errorf("entry %d is lost", n)
		}
	}
	if st := Look(dir); st.Packs != 3 {
		t.Errorf("%d packs", st.Packs)
	}
}

// A process that has merged a pack takes it away a moment later. Whoever looks in
// between sees its entries twice, and must not rely on those that are about to go.
func TestShelfBetweenMergeAndRemoval(t *testing.T) {
	for _, name := range []string{"000000.pack1", "zzzzzz.pack1"} {
		dir := t.TempDir()
		put := func(from, to int) {
			s := Open(dir, Options{})
			for n := from; n < to; n++ {
				s.Put(keyOf(n), body(n, 1))
			}
			s.Commit(t.Context())
			s.Close()
		}
		put(0, 10)
		packs, _ := filepath.Glob(filepath.Join(dir, "*.pack1"))
		first, err := os.ReadFile(packs[0])
		if err != nil {
			t.Fatal(err)
		}
		put(10, 16)
		if st := Look(dir); st.Packs != 1 || st.Entries != 16 {
			t.Fatalf("%+v is not one pack of both", st)
		}
		again := filepath.Join(dir, name)
		if err := os.WriteFile(again, first, 0o600); err != nil {
			t.Fatal(err)
		}
		put(16, 17)
		if err := os.Remove(again); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for n := range 16 {
			if !has(t, dir, n, 1) {
				t.Errorf("%s: entry %d is lost", name, n)
			}
		}
	}
}

// Any number of processes put, merge and read at once: whatever is read is whole, and
// nothing is lost that one of them put.
func TestShelfOfManyProcesses(t *testing.T) {
	if dir := os.Getenv("SHELF_TEST_DIR"); dir != "" {
		worker(t, dir)
		return
	}
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestShelfOfManyProcesses$")
			c.Env = append(os.Environ(), "SHELF_TEST_DIR="+dir, fmt.Sprintf("SHELF_TEST_NUMBER=%d", i))
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	for i := range 4 {
		for n := range 40 {
			if !has(t, dir, 1000*i+n, 1) {
				t.Errorf("entry %d of process %d is lost", n, i)
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*"+unwritten)); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

func worker(t *testing.T, dir string) {
	var number int
	if _, err := fmt.Sscan(os.Getenv("SHELF_TEST_NUMBER"), &number); err != nil {
		t.Fatal(err)
	}
	for n := range 40 {
		s := Open(dir, Options{})
		for other := range 4 {
			for m := range 40 {
				if b, ok := s.Get(keyOf(1000*other+m), nil); ok && string(b) != string(body(1000*other+m, 1)) {
					t.Fatalf("an entry is %q", b)
				}
			}
		}
		s.Put(keyOf(1000*number+n), body(1000*number+n, 1))
		s.Commit(t.Context())
		s.Close()
	}
}
