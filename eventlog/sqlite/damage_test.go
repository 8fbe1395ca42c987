package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

const pageSize = 8192 // of a store that Create makes

// rowsAround scans past damaged rows and returns the keys, the ranges that
// were left out and the error at the end.
func rowsAround(t *testing.T, r *Reader) (keys []int64, holes []*RowError, err error) {
	t.Helper()
	after := []int64{Start}
	for {
		err = r.Scan(t.Context(), eventsTable(), after, func(record eventlog.Record) error {
			keys = append(keys, record.Pos)
			return nil
		})
		var e *RowError
		if !errors.As(err, &e) {
			return keys, holes, err
		}
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("not called damage: %v", err)
		}
		holes = append(holes, e)
		after[0] = e.Key
	}
}

// finished makes a database of 2,000 events, with rows of several sizes, and
// returns its bytes.
func finished(t *testing.T) (path string, body []byte) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a.sqlite")
	s := create(t, path, Options{})
	events := someEvents("s", 0, 2000)
	events[1000].Payload = []byte(`{"long": "` + strings.Repeat("overflow ", 5000) + `"}`)
	if err := errors.Join(s.WriteEvents(t.Context(), events), s.Close()); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, body
}

func damage(t *testing.T, path string, body []byte) *Reader {
	t.Helper()
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, path)
}

func TestTruncated(t *testing.T) {
	path, body := finished(t)
	r := damage(t, path, body[:len(body)/2/pageSize*pageSize])
	keys, _, err := rowsAround(t, r)
	if len(keys) < 500 || !errors.Is(err, ErrDamaged) {
		t.Errorf("%d rows of half a file, then %v", len(keys), err)
	}
	if _, err := Create(t.Context(), path, Options{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("create: %v", err)
	}
}

// TestDamagedPages overwrites one page after the other, and one part of each after the
// other. Whatever it was, all that is given is in order, and after a hole in the table
// the rest is there; what is missing is told.
func TestDamagedPages(t *testing.T) {
	t.Run("whole", func(t *testing.T) { damagedPages(t, pageSize) })
	t.Run("in part", func(t *testing.T) { damagedPages(t, pageSize/4) })
}

func damagedPages(t *testing.T, size int) {
	path, body := finished(t)
	around := 0
	for at := pageSize; at < len(body); at += size {
		page := fmt.Sprintf("%d+%d", at/pageSize, at%pageSize)
		bad := append([]byte(nil), body...)
		copy(bad[at:], strings.Repeat("\xff", size))
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err) // page 0 alone holds the schema
		}
		keys, holes, err := rowsAround(t, r)
		for i := range keys {
			if i > 0 && keys[i] <= keys[i-1] {
				t.Fatalf("page %s: key %d after %d", page, keys[i], keys[i-1])
			}
		}
		missing := 2000 - len(keys)
		told := 0
		for _, hole := range holes {
			told += int(hole.Key - max(hole.From, 1) + 1)
		}
		switch {
		case err == nil && missing != told:
			t.Errorf("page %s: %d rows missing, told of %d", page, missing, told)
		case err == nil && missing > 0:
			around++
		case err != nil && !errors.Is(err, ErrDamaged):
			t.Errorf("page %s: %v", page, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if around < 20 {
		t.Errorf("went around %d pages only", around)
	}
}

// TestWriterComesWhileFrozen lets a writer change a database in the middle of
// a page that was believed to be nobody's: each row is given once.
func TestWriterComesWhileFrozen(t *testing.T) {
	path, _ := finished(t)
	r := open(t, path)
	seen := map[int64]int{}
	if err := r.Scan(t.Context(), eventsTable(), nil, func(record eventlog.Record) error {
		if seen[record.Pos]++; len(seen) == 700 {
			if r.how != frozen {
				t.Errorf("connected as %d", r.how)
			}
			s := create(t, path, Options{})
			if err := errors.Join(s.WriteEvents(t.Context(), someEvents("later", 0, 500)), s.Close()); err != nil {
				t.Fatal(err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for key, n := range seen {
		if n != 1 {
			t.Errorf("row %d was given %d times", key, n)
		}
	}
	if len(seen) != 2500 {
		t.Errorf("%d rows, want 2500", len(seen))
	}
}
