package eventlog

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// Keeping is how long the agent that wrote a segment keeps it: agents delete
// what is old when they start. The zero Keeping is for ever, as far as is known.
type Keeping struct {
	For     time.Duration // zero: whatever its age
	ByLast  bool          // the age counts from the last event, not from the last write to the file
	Newest  int           // so many segments of a folder are kept at most; zero: all
	Setting string        // what the agent calls the setting
	File    string        // where it is set or, while it is not, where to set it
	Default bool          // it is set nowhere
	Longer  string        // the setting that keeps sessions, as a person reads it
	Trouble string        // why nobody can say how long, where that is so
}

// Forever reports whether nothing is ever deleted, as far as is known.
func (k Keeping) Forever() bool { return k.For == 0 && k.Newest == 0 }

// Soon is from when on people are warned of a session that will be deleted.
const Soon = 7 * 24 * time.Hour

// Fate says when the session will be deleted, as in "dies in 3d", and whether
// that is soon. It is nothing for a session that stays.
func (s *Session) Fate(now Stamp) (text string, soon bool) {
	left := s.Dies.Sub(now)
	switch {
	case s.Archived:
		return "archived: its own log is gone", false
	case !s.Dies.Known():
		return "", false
	case left <= 0:
		return "dies at next start", true
	}
	return "dies in " + span(left), left <= Soon
}

// Left says in a few letters how long the session has to live: 3d, 5h, due. It
// is nothing for a session that does not die soon.
func (s *Session) Left(now Stamp) string {
	switch left := s.Dies.Sub(now); {
	case !s.Dies.Known() || left > Soon:
		return ""
	case left <= 0:
		return "due"
	default:
		return span(left)
	}
}

// Advice says what keeps sessions longer.
func (k Keeping) Advice() string {
	if k.Longer == "" || k.File == "" {
		return ""
	}
	return "set " + k.Longer + " in " + k.File
}

func span(d time.Duration) string {
	switch {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d >= time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", max(1, d/time.Minute))
}

// kept notes what becomes of one segment of the session. A session lives as
// long as one of its segments does.
func (s *Session) kept(sum *Summary, p *part) {
	k := sum.keeping
	if k.Forever() {
		s.stays = true
		return
	}
	from := sum.modified
	if k.ByLast && p.last.Known() {
		from = p.last
	}
	if s.Keeping.Forever() {
		s.Keeping, s.folder = k, filepath.Dir(sum.Path)
	}
	if k.For > 0 && from.Known() && from+Stamp(k.For) > s.Dies {
		s.Keeping, s.folder, s.Dies = k, filepath.Dir(sum.Path), from+Stamp(k.For)
	}
}

// fates decides which sessions die when. Where an agent keeps so many of a folder
// only, those beyond are due: the next start of the agent deletes them.
func (c *Catalog) fates() {
	folders := map[string][]*Session{}
	for _, s := range c.Sessions {
		switch {
		case s.stays:
			s.Dies, s.Keeping = 0, Keeping{}
		case s.Keeping.Newest > 0:
			folders[s.folder] = append(folders[s.folder], s)
		}
	}
	for _, list := range folders {
		slices.SortStableFunc(list, func(a, b *Session) int { return int(min(1, max(-1, b.last-a.last))) })
		for i, s := range list {
			if i >= s.Keeping.Newest && s.last.Known() {
				s.Dies = s.last
			}
		}
	}
}
