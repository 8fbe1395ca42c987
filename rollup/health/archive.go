package health

import (
	"fmt"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

// Archive is what is known of the copies that are kept of logs.
type Archive struct {
	Path    string     `json:"path"`
	There   bool       `json:"there"`
	Exact   bool       `json:"exact"`
	Files   int        `json:"files"`
	Size    int64      `json:"size"`
	Packed  int64      `json:"packed"`
	Ran     *time.Time `json:"last_run"` // null where it never ran
	Stands  int        `json:"sessions"` // that only the archive has left
	Trouble string     `json:"trouble"`  // why it cannot be read
}

// Text says what the archive holds.
func (a Archive) Text(now time.Time) string {
	switch {
	case a.Trouble != "":
		return "cannot be read: " + a.Trouble
	case !a.There:
		return "none yet"
	}
	kind := "secrets masked"
	if a.Exact {
		kind = "exact"
	}
	text := fmt.Sprintf("%s of %s, packed in %s, %s; %s only there", figure.Plural(a.Files, "file"), figure.Bytes(a.Size), figure.Bytes(a.Packed), kind, figure.Plural(a.Stands, "session"))
	if a.Ran != nil {
		text += "; last run " + ago(now.Sub(*a.Ran))
	}
	return text
}

func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return figure.Plural(int(d/time.Minute), "minute") + " ago"
	case d < 48*time.Hour:
		return figure.Plural(int(d/time.Hour), "hour") + " ago"
	}
	return figure.Plural(int(d/(24*time.Hour)), "day") + " ago"
}

// TakeArchive adds up what the archive has of the sessions of a catalog. current
// reports whether it has a log as it is now.
func (r *Report) TakeArchive(c *eventlog.Catalog, now eventlog.Stamp, a Archive, current func(path string) bool) {
	r.Archive = a
	missing := 0
	for _, s := range c.Sessions {
		if s.Archived {
			r.Archive.Stands++
		}
		if s.Left(now) == "" {
			continue
		}
		kept := true
		for _, path := range s.Paths {
			kept = kept && current(path)
		}
		if !kept {
			missing++
			continue
		}
		for i := range r.Kept {
			if k := &r.Kept[i]; k.Format == s.Format && k.Keeping == s.Keeping {
				k.Archived++
			}
		}
	}
	if missing > 0 {
		have := "have"
		if missing == 1 {
			have = "has"
		}
		r.Advise(fmt.Sprintf("of what is deleted within 7 days, %s %s not archived yet, or %s grown since: lazytrace archive keeps copies", figure.Plural(missing, "session"), is(missing), have))
	}
	if a.Trouble != "" {
		r.Break("the archive cannot be read: " + a.Trouble)
	}
}

// Dying says how many sessions are deleted soon, and of how many a copy is left then.
func (k Kept) Dying() string {
	if k.Soon == 0 {
		return ""
	}
	return fmt.Sprintf("%s %s deleted within 7 days, %d archived", figure.Plural(k.Soon, "session"), is(k.Soon), k.Archived)
}

func is(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}
