package eventlog

import (
	"testing"
	"time"
)

// kept makes a summary of a session whose last event is at a moment, in a file
// that was last written to at another.
func kept(s *Sources, path, session string, rank int, last, written Stamp, k Keeping) {
	sum := NewSummary(s.Symbols(), path, "test", rank)
	sum.Update(func() {
		sum.Add(0, &Event{SessionID: session, Kind: Message, Time: last})
		sum.Modified(written)
		sum.Keep(k)
	})
	s.Add(sum)
}

func TestFate(t *testing.T) {
	const day = 24 * time.Hour
	now := at(1_000_000_000)
	ago := func(d time.Duration) Stamp { return now - Stamp(d) }
	month := Keeping{For: 30 * day, Setting: "days", File: "f", Longer: "days: 99"}
	type file struct {
		rank          int
		last, written time.Duration
		keeping       Keeping
	}
	for name, tc := range map[string]struct {
		files      []file
		want, left string
		soon       bool
	}{
		"never":                   {files: []file{{0, day, day, Keeping{}}}},
		"nobody can say":          {files: []file{{0, day, day, Keeping{Trouble: "torn", Setting: "days"}}}},
		"from the last write":     {[]file{{0, 29 * day, 10 * day, month}}, "dies in 20d", "", false},
		"from the last event":     {[]file{{0, 26*day + time.Hour, day, Keeping{For: 30 * day, ByLast: true}}}, "dies in 3d", "3d", true},
		"in hours":                {[]file{{0, 0, 30*day - 5*time.Hour, month}}, "dies in 5h", "5h", true},
		"at any moment":           {[]file{{0, 0, 30*day - time.Second, month}}, "dies in 1m", "1m", true},
		"due":                     {[]file{{0, 0, 31 * day, month}}, "dies at next start", "due", true},
		"the later of two files":  {[]file{{0, 0, 29 * day, month}, {0, 0, 2 * day, month}}, "dies in 28d", "", false},
		"a file of it stays":      {files: []file{{0, 0, 29 * day, month}, {0, 0, 29 * day, Keeping{}}}},
		"an index does not count": {[]file{{0, 0, 29 * day, month}, {Beside, 0, 0, Keeping{}}}, "dies in 1d", "1d", true},
	} {
		s := NewSources(NewSymbols())
		for i, f := range tc.files {
			kept(s, "/d/"+string(rune('a'+i)), "s", f.rank, ago(f.last), ago(f.written), f.keeping)
		}
		got, _ := s.Catalog().Session("s")
		text, soon := got.Fate(now)
		if text != tc.want || soon != tc.soon || got.Left(now) != tc.left {
			t.Errorf("%s: %q %v %q, want %q %v %q", name, text, soon, got.Left(now), tc.want, tc.soon, tc.left)
		}
		if tc.want == "" && got.Keeping != (Keeping{}) {
			t.Errorf("%s: kept by %+v", name, got.Keeping)
		}
	}
	if got, want := month.Advice(), "set days: 99 in f"; got != want {
		t.Errorf("advice %q, want %q", got, want)
	}
}

// Of a folder of which so many are kept, the oldest are due, each folder by
// itself.
func TestNewestAreKept(t *testing.T) {
	now := at(1_000_000_000)
	two := Keeping{Newest: 2, ByLast: true}
	s := NewSources(NewSymbols())
	for i, path := range []string{"/d/a", "/d/b", "/d/c", "/e/x", "/e/y"} {
		kept(s, path, path, 0, now-Stamp(time.Duration(i)*time.Hour), now, two)
	}
	c := s.Catalog()
	for path, want := range map[string]string{"/d/a": "", "/d/b": "", "/d/c": "due", "/e/x": "", "/e/y": ""} {
		got, _ := c.Session(path)
		if got.Left(now) != want {
			t.Errorf("%s: %q, want %q", path, got.Left(now), want)
		}
	}
}
