// Package health says how well what lies on a machine is understood: where it was
// looked for, by whom it was written, what of it is new or cannot be read, what
// will be deleted, and what habits of its writers get in the way. It adds up a
// catalog; what no catalog tells is put in by whoever found it out.
package health

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

// Report is everything that was found out. Its JSON is what doctor --json prints.
type Report struct {
	Version  string   `json:"version"`
	Places   []Place  `json:"places"`
	Read     []Format `json:"read"`
	Drift    []Drift  `json:"drift"`
	Failed   []Fault  `json:"failed"`
	Faults   []Fault  `json:"faults"`
	Kept     []Kept   `json:"kept"`
	Followed Followed `json:"followed"`
	Store    Store    `json:"store"`
	Archive  Archive  `json:"archive"`
	Prices   Prices   `json:"prices"`
	Formats  Formats  `json:"formats"`
	Terminal Terminal `json:"terminal"`
	Killed   []Killed `json:"interrupted"`
	Habits   []Habit  `json:"habits"`
	Broken   []string `json:"broken"`
	Advice   []string `json:"advice"`
}

// Place is somewhere that was looked at.
type Place struct {
	Path   string `json:"path"`
	Format string `json:"format"` // of the agent that keeps sessions there; empty for our own
	There  bool   `json:"there"`
	Files  int    `json:"files"`
}

// Format is what was read of one format.
type Format struct {
	Format   string   `json:"format"`
	Files    int      `json:"files"`
	Records  int64    `json:"records"`
	Sessions int      `json:"sessions"`
	Unread   int64    `json:"unreadable"`
	Versions []string `json:"versions"` // the oldest and the newest writer
}

// Drift is something that a writer wrote and its reader does not know.
type Drift struct {
	Format string `json:"format"`
	What   string `json:"what"` // kind, field
	Name   string `json:"name"`
	Count  int64  `json:"count"`
	// Version is the newest writer that wrote it, as far as it says so.
	Version string `json:"version"`
	Path    string `json:"path"`
	Pos     int64  `json:"position"`
}

// Fault is a record that could not be read, or a file that could not be opened.
type Fault struct {
	Path string `json:"path"`
	Pos  int64  `json:"position"`
	Why  string `json:"why"`
}

// Kept is how long an agent keeps sessions, by one setting of it.
type Kept struct {
	Format  string `json:"format"`
	Setting string `json:"setting"`
	File    string `json:"file"`
	Default bool   `json:"default"` // it is set nowhere
	Days    any    `json:"days"`    // null when nothing is deleted by age
	Newest  int    `json:"newest"`  // so many of a folder are kept; 0: all
	Trouble string `json:"trouble"` // why it cannot be told
	Files   int    `json:"files"`
	Soon    int    `json:"dying_soon"` // sessions that are deleted within 7 days
	// Archived is of how many of these there is a copy of all that is there now.
	Archived int `json:"dying_archived"`

	Keeping eventlog.Keeping `json:"-"`
}

// Killed is a session whose recorder was killed.
type Killed struct {
	Session string   `json:"session"`
	Paths   []string `json:"paths"`
	Reason  string   `json:"reason"`
}

// Followed is how changes come to be known.
type Followed struct {
	Told   int    `json:"told"`   // folders of which the system tells
	Polled int    `json:"polled"` // paths that are looked at every second
	Reason string `json:"reason"` // why the system does not tell of those
}

// Store is the user's own store.
type Store struct {
	Path   string   `json:"path"`
	There  bool     `json:"there"`
	Size   int64    `json:"size"`
	Damage []string `json:"damage"`
}

// Prices are what estimates are made with.
type Prices struct {
	Date   string `json:"date"`
	Days   int    `json:"days"`
	Source string `json:"source"`
	Own    int    `json:"own_prices"`
}

// Formats are the descriptions of formats that the user wrote.
type Formats struct {
	Folder   string   `json:"folder"`
	Names    []string `json:"names"`
	Problems []string `json:"problems"`
}

// Terminal is what the terminal can do.
type Terminal struct {
	Terminal bool   `json:"terminal"`
	Term     string `json:"term"`
	Colors   string `json:"colors"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
}

// New returns a report of nothing.
func New() *Report {
	return &Report{
		Places: []Place{}, Read: []Format{}, Drift: []Drift{}, Failed: []Fault{}, Faults: []Fault{}, Kept: []Kept{}, Killed: []Killed{}, Habits: []Habit{},
		Broken: []string{}, Advice: []string{},
	}
}

// Advise adds something that the person can do.
func (r *Report) Advise(text string) { r.Advice = append(r.Advice, text) }

// Break adds something that is broken.
func (r *Report) Break(text string) { r.Broken = append(r.Broken, text) }

// Take adds up what a catalog tells. own reports whether the sessions of a format
// are made by programs of the person's own, whose habits are then told; nil is
// none.
func (r *Report) Take(c *eventlog.Catalog, now eventlog.Stamp, own func(format string) bool) {
	r.read(c)
	r.kept(c, now)
	for _, s := range c.Sessions {
		if status, _ := s.Status(now); status == eventlog.Interrupted {
			r.Killed = append(r.Killed, Killed{s.ID, s.Paths, s.Reason(now)})
		}
	}
	if own != nil {
		r.Habits = append(r.Habits, habits(c, now, own)...)
	}
}

// read adds up what was read by format.
func (r *Report) read(c *eventlog.Catalog) {
	by := map[string]*Format{}
	for _, s := range c.Segments {
		f := by[s.Format]
		if f == nil {
			f = &Format{Format: s.Format, Versions: []string{}}
			by[s.Format] = f
		}
		f.Files++
		f.Records += s.Records
		f.Unread += s.Faults.Count
		for _, fault := range s.Faults.Samples {
			r.Faults = append(r.Faults, Fault{fault.Path, fault.Pos, fault.Why})
			if fault.Pos < 0 { // the file could not be read on
				r.Break(fault.String())
			}
		}
	}
	versions := map[string]map[string]bool{}
	for _, s := range c.Sessions {
		f := by[s.Format]
		f.Sessions++
		if s.Version == "" {
			continue
		}
		if versions[s.Format] == nil {
			versions[s.Format] = map[string]bool{}
		}
		versions[s.Format][s.Version] = true
	}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		f := by[name]
		all := slices.SortedFunc(maps.Keys(versions[name]), CompareVersions)
		if len(all) > 2 {
			all = []string{all[0], all[len(all)-1]}
		}
		f.Versions = append(f.Versions, all...)
		r.Read = append(r.Read, *f)
	}
}

// kept tells what agents delete by themselves, and how to keep it.
func (r *Report) kept(c *eventlog.Catalog, now eventlog.Stamp) {
	type place struct {
		format  string
		keeping eventlog.Keeping
	}
	by := map[place]int{}
	for _, s := range c.Segments {
		k := s.Keeping
		if k.Forever() && k.Trouble == "" {
			continue
		}
		at, ok := by[place{s.Format, k}]
		if !ok {
			at = len(r.Kept)
			by[place{s.Format, k}] = at
			one := Kept{Format: s.Format, Setting: k.Setting, File: k.File, Default: k.Default, Newest: k.Newest, Trouble: k.Trouble, Keeping: k}
			if k.For > 0 {
				one.Days = k.For.Hours() / 24
			}
			r.Kept = append(r.Kept, one)
		}
		r.Kept[at].Files++
	}
	for _, s := range c.Sessions {
		if at, ok := by[place{s.Format, s.Keeping}]; ok && s.Left(now) != "" {
			r.Kept[at].Soon++
		}
	}
	for _, k := range r.Kept {
		if k.Soon > 0 {
			r.Advise(fmt.Sprintf("%s deletes %s within 7 days; to keep more, %s", k.Format, figure.Plural(k.Soon, "session"), k.Keeping.Advice()))
		}
	}
}

// Text says how long the agent keeps its sessions.
func (k Kept) Text() string {
	if k.Trouble != "" {
		return "nobody can say how long: " + k.Trouble
	}
	var parts []string
	if k.Keeping.For > 0 {
		since := "written to"
		if k.Keeping.ByLast {
			since = "used"
		}
		parts = append(parts, fmt.Sprintf("deleted when not %s for %s", since, figure.Plural(int(k.Keeping.For/(24*time.Hour)), "day")))
		if k.Keeping.For < 24*time.Hour {
			parts[0] = fmt.Sprintf("deleted when not %s for %s", since, figure.Plural(int(k.Keeping.For/time.Hour), "hour"))
		}
	}
	if k.Newest > 0 {
		parts = append(parts, fmt.Sprintf("but the newest %d deleted", k.Newest))
	}
	source := k.Setting + " in " + k.File
	if k.Default {
		source = "as always where " + k.Setting + " is not set"
	}
	return strings.Join(parts, ", ") + ": " + source
}

// Follow notes how what is written comes to be known: so many folders as the
// system tells, so many paths looked at, and why.
func (r *Report) Follow(told, polled int, why error) {
	r.Followed = Followed{Told: told, Polled: polled}
	if polled == 0 {
		return
	}
	r.Followed.Reason = "so many are left to other programs"
	if why != nil {
		r.Followed.Reason = why.Error()
	}
	switch {
	case errors.Is(why, syscall.ENOSPC):
		r.Advise("the system watches no more folders for you: raise fs.inotify.max_user_watches; until then changes are seen a second later")
	case errors.Is(why, syscall.EMFILE):
		r.Advise("the system has no more watchers for you: raise fs.inotify.max_user_instances; until then changes are seen a second later")
	}
}

// Files counts the files of a catalog that were read in a place, which may be a
// pattern.
func Files(c *eventlog.Catalog, place string) int {
	n := 0
	for _, s := range c.Segments {
		for dir := s.Path; ; dir = filepath.Dir(dir) {
			if ok, _ := filepath.Match(place, dir); ok || dir == place {
				n++
				break
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return n
}

// CompareVersions compares 2.1.39 and 2.1.328 number by number.
func CompareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		n, errN := strconv.Atoi(x[i])
		m, errM := strconv.Atoi(y[i])
		c := cmp.Compare(n, m)
		if errN != nil || errM != nil {
			c = cmp.Compare(x[i], y[i])
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(x), len(y))
}
