package watch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen. Nothing waits for
// what must not.
const patience = 10 * time.Second

type bench struct {
	*testing.T
	w   *Watcher
	dir string
}

func newBench(t *testing.T, o Options) *bench {
	t.Helper()
	w := New(o)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t, w, dir}
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) write(path string) {
	b.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	b.must(err)
	_, err = f.WriteString("x")
	b.must(errors.Join(err, f.Close()))
}

func (b *bench) add(path string) *Subscription {
	b.Helper()
	s, err := b.w.Add(path)
	b.must(err)
	return s
}

// expect waits for a wake, and then for the quiet after it, so that the next
// wake has a cause of its own.
func (b *bench) expect(s *Subscription, why string) {
	b.Helper()
	select {
	case <-s.Changed():
	case <-time.After(patience):
		b.Fatalf("no wake: %s", why)
	}
	b.settle(s)
}

// settle makes changes to a file of its own until they are heard of: what was
// told of before them has then been worked on.
func (b *bench) settle(s *Subscription) {
	b.Helper()
	dir := b.TempDir()
	other := b.add(dir)
	defer other.Close()
	b.write(filepath.Join(dir, "settle"))
	select {
	case <-other.Changed():
	case <-time.After(patience):
		b.Fatal("the watcher is stuck")
	}
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	select {
	case <-s.Changed():
	default:
	}
}

var cases = map[string]func(b *bench){
	"a file grows": func(b *bench) {
		path := filepath.Join(b.dir, "log")
		b.write(path)
		s := b.add(path)
		b.write(path)
		b.expect(s, "written")
		b.write(path)
		b.expect(s, "written again")
	},
	"a file appears": func(b *bench) {
		path := filepath.Join(b.dir, "log")
		s := b.add(path)
		b.write(path)
		b.expect(s, "made")
		b.must(os.Remove(path))
		b.expect(s, "removed")
	},
	"a file appears in directories that appear": func(b *bench) {
		path := filepath.Join(b.dir, "a", "b", "log")
		s := b.add(path)
		b.must(os.MkdirAll(filepath.Dir(path), 0o700))
		b.write(path)
		b.expect(s, "made")
		b.write(path)
		b.expect(s, "written")
	},
	"a file is replaced": func(b *bench) {
		path := filepath.Join(b.dir, "log")
		b.write(path)
		s := b.add(path)
		b.write(path + ".new")
		b.must(os.Rename(path+".new", path))
		b.expect(s, "replaced")
		b.write(path)
		b.expect(s, "written")
	},
	"a directory is moved and made again": func(b *bench) {
		dir := filepath.Join(b.dir, "logs")
		path := filepath.Join(dir, "log")
		b.must(os.Mkdir(dir, 0o700))
		b.write(path)
		s := b.add(path)
		b.must(os.Rename(dir, dir+".old"))
		b.expect(s, "directory moved")
		b.must(os.Mkdir(dir, 0o700))
		b.write(path)
		b.expect(s, "made")
		b.write(path)
		b.expect(s, "written")
	},
	"a directory of sessions": func(b *bench) {
		dir := filepath.Join(b.dir, "sessions")
		b.must(os.Mkdir(dir, 0o700))
		s := b.add(dir)
		b.write(filepath.Join(dir, "one"))
		b.expect(s, "a file appears")
		b.write(filepath.Join(dir, "two"))
		b.expect(s, "another appears")
		b.must(os.RemoveAll(dir))
		b.expect(s, "removed")
		b.must(os.Mkdir(dir, 0o700))
		b.expect(s, "made again")
		b.write(filepath.Join(dir, "three"))
		b.expect(s, "a file appears again")
	},
	"the log of a database": func(b *bench) {
		path := filepath.Join(b.dir, "events.db")
		b.write(path)
		s := b.add(path)
		b.write(path + "-wal")
		b.expect(s, "log made")
		b.write(path + "-wal")
		b.expect(s, "log written")
	},
	"a link and its target": func(b *bench) {
		if runtime.GOOS == "windows" {
			b.Skip("links need rights there")
		}
		for _, name := range []string{"one", "two"} {
			b.must(os.Mkdir(filepath.Join(b.dir, name), 0o700))
			b.write(filepath.Join(b.dir, name, "log"))
		}
		path := filepath.Join(b.dir, "log")
		b.must(os.Symlink(filepath.Join(b.dir, "one", "log"), path))
		s := b.add(path)
		b.write(filepath.Join(b.dir, "one", "log"))
		b.expect(s, "target written")
		b.must(os.Symlink(filepath.Join(b.dir, "two", "log"), path+".new"))
		b.must(os.Rename(path+".new", path))
		b.expect(s, "link replaced")
		b.write(filepath.Join(b.dir, "two", "log"))
		b.expect(s, "new target written")
	},
}

func TestSystem(t *testing.T) {
	t.Parallel()
	for name, play := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, Options{Poll: time.Hour})
			if b.w.system == nil {
				t.Skip("no watching here")
			}
			play(b)
		})
	}
}

func TestPolled(t *testing.T) {
	t.Parallel()
	for name, play := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(newBench(t, Options{Poll: 8 * time.Millisecond, PollOnly: true}))
		})
	}
}

// Two paths to one directory are one to the system.
func TestTwoNamesOfADirectory(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{Poll: time.Hour})
	if b.w.system == nil || runtime.GOOS == "windows" {
		t.Skip("no watching, or no links, here")
	}
	real, alias := filepath.Join(b.dir, "real"), filepath.Join(b.dir, "alias")
	b.must(os.Mkdir(real, 0o700))
	b.must(os.Symlink(real, alias))
	one, two := b.add(filepath.Join(real, "log")), b.add(filepath.Join(alias, "log"))
	b.write(filepath.Join(real, "log"))
	b.expect(one, "by its own name")
	b.write(filepath.Join(real, "log"))
	b.expect(two, "by the alias")
	one.Close()
	b.write(filepath.Join(real, "log"))
	b.expect(two, "after the other has left")
}

// Beyond the limit directories are polled, and watched when there is room.
func TestLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{Poll: 8 * time.Millisecond, Directories: 3})
	var subscriptions []*Subscription
	for i := range 10 {
		dir := filepath.Join(b.dir, fmt.Sprint(i))
		b.must(os.Mkdir(dir, 0o700))
		subscriptions = append(subscriptions, b.add(filepath.Join(dir, "log")))
	}
	for i, s := range subscriptions {
		b.write(filepath.Join(b.dir, fmt.Sprint(i), "log"))
		b.expect(s, fmt.Sprint("file ", i))
	}
	b.w.mu.Lock()
	if n := b.w.watched; n > 3 {
		t.Errorf("%d directories are watched", n)
	}
	b.w.mu.Unlock()
	for _, s := range subscriptions {
		s.Close()
	}
	if len(b.w.directories) != 0 || b.w.watched != 0 {
		t.Errorf("%d directories stay", len(b.w.directories))
	}
}

func TestOthersDoNotWake(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{Poll: time.Hour})
	if b.w.system == nil {
		t.Skip("no watching here")
	}
	path := filepath.Join(b.dir, "log")
	b.write(path)
	s := b.add(path)
	other := b.add(filepath.Join(b.dir, "other"))
	for range 3 {
		b.write(filepath.Join(b.dir, "other"))
		select {
		case <-other.Changed():
		case <-time.After(patience):
			t.Fatal("no wake")
		}
	}
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	select {
	case <-s.Changed():
		t.Error("woken for another file")
	default:
	}
}

// A directory that is written to all the time is not watched but looked at,
// and watched again afterwards.
func TestBusyDirectory(t *testing.T) {
	t.Parallel()
	const mute = 4 * time.Millisecond
	b := newBench(t, Options{Poll: time.Hour, Mute: mute})
	if b.w.system == nil {
		t.Skip("no watching here")
	}
	path := filepath.Join(b.dir, "log")
	b.write(path)
	s, any := b.add(path), b.add(b.dir)
	busy := func() (busy, watched bool) {
		b.w.mu.Lock()
		defer b.w.mu.Unlock()
		d := b.w.directories[b.dir]
		return d.busy, d.watched
	}
	began, wakes := time.Now(), 0
	for looks := 0; looks < 10; {
		if time.Since(began) > patience {
			t.Fatal("it does not become busy")
		}
		b.write(path)
		select {
		case <-s.Changed():
			wakes++
			if is, watched := busy(); is && !watched {
				looks++
			}
		default:
		}
	}
	// In a round of the mute the gathering may wake more often than once.
	if most := 50 * (2 + int(time.Since(began)/mute)); wakes > most {
		t.Errorf("%d wakes, want at most %d", wakes, most)
	}
	for watched := false; !watched; _, watched = busy() {
		if time.Since(began) > 2*patience {
			t.Fatal("it does not become quiet")
		}
		<-any.Changed()
	}
	b.settle(s)
	b.write(path)
	b.expect(s, "written after it was quiet")
}

func TestActivity(t *testing.T) {
	t.Parallel()
	var a activity
	for round := range 3 * roundsToBusy {
		for range 2 { // twice in one round is as often as once
			if a.note(2*round + 1) {
				t.Fatal("busy, though every other round was quiet")
			}
		}
	}
	n := 0
	for round := 1000; !a.note(round); round++ {
		n++
	}
	if n != roundsToBusy {
		t.Errorf("busy after %d rounds, want %d", n, roundsToBusy)
	}
}

func TestOverflowWakesEverybody(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{Poll: time.Hour})
	one, two := b.add(filepath.Join(b.dir, "one")), b.add(filepath.Join(b.dir, "two"))
	b.w.queue.addAll()
	for _, s := range []*Subscription{one, two} {
		select {
		case <-s.Changed():
		case <-time.After(patience):
			t.Fatal("no wake")
		}
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	w := New(Options{})
	s, err := w.Add(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	s.Close()
	if _, err := w.Add(t.TempDir()); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// What is written to the log of a database can be read only when the writer
// has waited for the disk, so there are wakes after the one that tells of it.
func TestDatabaseIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{Poll: time.Hour})
	path := filepath.Join(b.dir, "events.sqlite")
	b.write(path)
	b.write(path + "-wal")
	file, folder := b.add(path), b.add(b.dir)
	began := time.Now()
	b.write(path + "-wal")
	for _, s := range []*Subscription{file, folder} {
		for time.Since(began) < (lastAgain-1)*b.w.options.Mute {
			select {
			case <-s.Changed():
			case <-time.After(patience):
				t.Fatalf("the last wake came after %v", time.Since(began))
			}
		}
	}
}

// Whoever wants to know hears how many directories the system watches, and what
// is looked at since it does not.
func TestState(t *testing.T) {
	root := t.TempDir()
	for _, tc := range []struct {
		options         Options
		watched, polled int
	}{{Options{}, 5, 0}, {Options{Directories: 2}, 2, 4}, {Options{PollOnly: true}, 0, 4}} {
		w := New(tc.options)
		for _, name := range []string{"a", "b", "c", "d"} {
			dir := filepath.Join(root, name)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Add(dir); err != nil {
				t.Fatal(err)
			}
		}
		watched, polled, reason := w.State()
		if watched != tc.watched || polled < tc.polled-1 || polled > tc.polled || reason != nil {
			t.Errorf("%+v: %d watched, %d polled, %v; want %d and %d", tc.options, watched, polled, reason, tc.watched, tc.polled)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}
