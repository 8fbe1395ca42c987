package jsonl

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// waker is a Changes that wakes at once, so that a test decides when the path
// is looked at.
type waker struct{ changed chan struct{} }

func (w *waker) Changed() <-chan struct{} { return w.changed }
func (w *waker) Close()                   {}

// stage is a followed file and what can be done to it.
type stage struct {
	*testing.T
	path string
	f    *Follower
}

func newStage(t *testing.T, o FollowOptions) *stage {
	t.Helper()
	path := filepath.Join(t.TempDir(), "logs", "log.jsonl")
	s := &stage{T: t, path: path}
	s.must(os.Mkdir(filepath.Dir(path), 0o700))
	o.Poll = time.Hour
	o.Watch = func(string) (Changes, error) {
		w := &waker{make(chan struct{})}
		close(w.changed)
		return w, nil
	}
	f, err := Follow(path, o)
	s.must(err)
	s.f = f
	t.Cleanup(func() { s.must(f.Close()) })
	return s
}

func (s *stage) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// write appends to a file.
func (s *stage) write(path, text string) {
	s.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	s.must(err)
	_, err = f.WriteString(text)
	s.must(errors.Join(err, f.Close()))
}

// replace puts a new file in the place of the path.
func (s *stage) replace(text string) {
	s.Helper()
	s.must(os.WriteFile(s.path+".new", []byte(text), 0o600))
	s.must(os.Rename(s.path+".new", s.path))
}

// expect holds what is read now to want: generation, body and marks.
func (s *stage) expect(want ...string) {
	s.Helper()
	var got []string
	for {
		line, err := s.f.Next(s.Context())
		if err == io.EOF {
			break
		}
		s.must(err)
		text := string(rune('0'+line.Generation)) + " " + string(line.Body)
		switch {
		case line.Fault != nil:
			text += " (" + line.Fault.Error() + ")"
		case line.Again:
			text += " (again)"
		}
		got = append(got, text)
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		s.Errorf("got\n%s\nwant\n%s", g, w)
	}
	s.must(s.f.Wait(s.Context()))
}

const (
	line1 = `{"id":1,"text":"one"}` + "\n"
	line2 = `{"id":2,"text":"two"}` + "\n"
	line3 = `{"id":3,"text":"three"}` + "\n"
)

func TestFollow(t *testing.T) {
	t.Parallel()
	one, two, three := strings.TrimSpace(line1), strings.TrimSpace(line2), strings.TrimSpace(line3)
	for name, play := range map[string]func(s *stage){
		"append": func(s *stage) {
			s.write(s.path, line1)
			s.expect("1 " + one)
			s.expect()
			s.write(s.path, line2+line3)
			s.expect("1 "+two, "1 "+three)
		},
		"appears later": func(s *stage) {
			s.expect()
			if !s.f.Missing() {
				s.Error("it is not missing")
			}
			s.write(s.path, line1)
			s.expect("1 " + one)
			if s.f.Missing() {
				s.Error("it is missing")
			}
		},
		"split line": func(s *stage) {
			s.write(s.path, line1[:7])
			s.expect()
			s.write(s.path, line1[7:])
			s.expect("1 " + one)
		},
		"byte by byte": func(s *stage) {
			for _, c := range line1[:len(line1)-2] {
				s.write(s.path, string(c))
				s.expect()
			}
			s.write(s.path, "}")
			s.expect("1 " + one)
			s.write(s.path, "\n")
			s.expect()
		},
		"truncated in place": func(s *stage) {
			s.write(s.path, line1+line2)
			s.expect("1 "+one, "1 "+two)
			s.must(os.Truncate(s.path, 0))
			s.expect()
			s.write(s.path, line3)
			s.expect("2 " + three)
		},
		"truncated, never seen smaller": func(s *stage) {
			s.write(s.path, line1)
			s.expect("1 " + one)
			s.must(os.WriteFile(s.path, []byte(line2+line3), 0o600))
			s.expect("2 "+two, "2 "+three)
		},
		"truncated, never seen other than as large": func(s *stage) {
			s.write(s.path, line1)
			s.expect("1 " + one)
			s.must(os.WriteFile(s.path, []byte(line2), 0o600))
			s.expect("2 " + two)
		},
		"truncated, begins alike, goes on otherwise": func(s *stage) {
			s.write(s.path, strings.Repeat(line1, 20)+line2)
			s.expect(append(slices.Repeat([]string{"1 " + one}, 20), "1 "+two)...)
			again := strings.Repeat(line1, 21) + line3
			s.must(os.WriteFile(s.path, []byte(again), 0o600))
			s.expect(append(slices.Repeat([]string{"2 " + one}, 21), "2 "+three)...)
		},
		"a torn line is taken back": func(s *stage) {
			s.write(s.path, line1+line2[:5])
			s.expect("1 " + one)
			s.must(os.Truncate(s.path, int64(len(line1))))
			s.write(s.path, line3)
			s.expect("1 " + three)
		},
		"a torn line is lost": func(s *stage) {
			s.write(s.path, line1+line2[:5])
			s.expect("1 " + one)
			s.must(os.WriteFile(s.path, []byte(line3), 0o600))
			s.expect("1 "+line2[:5]+" ("+ErrTorn.Error()+")", "2 "+three)
		},
		"an unterminated line becomes another": func(s *stage) {
			s.write(s.path, line1+two)
			s.expect("1 "+one, "1 "+two)
			s.must(os.Truncate(s.path, int64(len(line1))))
			s.write(s.path, line3)
			s.expect("1 " + three + " (again)")
		},
		"renamed, with a late write": func(s *stage) {
			s.write(s.path, line1)
			s.expect("1 " + one)
			s.must(os.Rename(s.path, s.path+".1"))
			s.expect()
			s.write(s.path, line3)
			s.write(s.path+".1", line2)
			s.expect("1 "+two, "2 "+three)
			s.write(s.path+".1", line2)
			s.expect("1 " + two)
		},
		"replaced by the same and more": func(s *stage) {
			s.write(s.path, line1+line2)
			s.expect("1 "+one, "1 "+two)
			s.replace(line1 + line2 + line3)
			s.expect("1 " + three)
		},
		"replaced by the same, with the end of a line": func(s *stage) {
			s.write(s.path, line1+two)
			s.expect("1 "+one, "1 "+two)
			s.replace(line1 + line2 + line3)
			s.expect("1 " + three)
		},
		"replaced by other lines": func(s *stage) {
			s.write(s.path, line1+line2)
			s.expect("1 "+one, "1 "+two)
			s.replace(line1 + line3 + line3)
			s.expect("2 "+one, "2 "+three, "2 "+three)
		},
		"deleted and made again": func(s *stage) {
			s.write(s.path, line1)
			s.expect("1 " + one)
			s.must(os.Remove(s.path))
			s.expect()
			s.write(s.path, line2)
			s.expect("2 " + two)
		},
		"directory moved": func(s *stage) {
			s.write(s.path, line1)
			s.expect("1 " + one)
			dir := filepath.Dir(s.path)
			s.must(os.Rename(dir, dir+".old"))
			s.expect()
			s.must(os.Mkdir(dir, 0o700))
			s.write(s.path, line2)
			s.expect("2 " + two)
		},
		"a link leads elsewhere and back": func(s *stage) {
			s.write(s.path+".a", line1)
			s.write(s.path+".b", line2)
			s.must(os.Symlink(s.path+".a", s.path))
			s.expect("1 " + one)
			s.must(os.Remove(s.path))
			s.must(os.Symlink(s.path+".b", s.path))
			s.expect("2 " + two)
			s.must(os.Remove(s.path))
			s.must(os.Symlink(s.path+".a", s.path))
			s.write(s.path+".a", line3)
			s.expect("1 " + three)
		},
		"garbage is given": func(s *stage) {
			s.write(s.path, line1+"garbage\n\xff\xfe\n"+line2)
			s.expect("1 "+one, "1 garbage", "1 \xff\xfe", "1 "+two)
		},
		"times are of no account": func(s *stage) {
			s.write(s.path, line1)
			s.expect("1 " + one)
			s.must(os.Chtimes(s.path, time.Unix(1, 0), time.Unix(1, 0)))
			s.expect()
			s.write(s.path, line2)
			s.expect("1 " + two)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(newStage(t, FollowOptions{}))
		})
	}
}

func TestFollowFromOffset(t *testing.T) {
	t.Parallel()
	s := newStage(t, FollowOptions{LinesOptions: LinesOptions{From: int64(len(line1))}})
	s.write(s.path, line1+line2)
	s.expect("1 " + strings.TrimSpace(line2))
	s.must(os.Truncate(s.path, 0))
	s.write(s.path, line3)
	s.expect("2 " + strings.TrimSpace(line3))
}

func TestFollowProgress(t *testing.T) {
	t.Parallel()
	s := newStage(t, FollowOptions{})
	s.write(s.path, line1+line2)
	if _, err := s.f.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	done, total := s.f.Progress()
	if done != int64(len(line1)) || total != int64(len(line1+line2)) {
		t.Errorf("%d of %d", done, total)
	}
}

func TestFollowLeavesOldFiles(t *testing.T) {
	t.Parallel()
	s := newStage(t, FollowOptions{Linger: time.Hour})
	for i := range 10 {
		s.write(s.path, strings.Repeat(line1, 10-i))
		for {
			if _, err := s.f.Next(t.Context()); err == io.EOF {
				break
			}
		}
		s.must(s.f.Wait(t.Context()))
		s.must(os.Remove(s.path))
	}
	if n := len(s.f.sources); n != maxOld+1 {
		t.Errorf("%d files are open", n)
	}
	s.f.options.Linger = time.Minute
	s.f.age() // an hour's poll has passed, or a tenth of it
	if n := len(s.f.sources); n != 1 {
		t.Errorf("%d files stay open", n)
	}
}

func TestFollowRefusesDirectories(t *testing.T) {
	t.Parallel()
	s := newStage(t, FollowOptions{})
	s.must(os.Mkdir(s.path, 0o700))
	if _, err := s.f.Next(t.Context()); !errors.Is(err, ErrNotRegular) {
		t.Errorf("got %v", err)
	}
	s.must(os.Remove(s.path))
	s.must(s.f.Wait(t.Context()))
	s.write(s.path, line1)
	s.expect("1 " + strings.TrimSpace(line1))
}
