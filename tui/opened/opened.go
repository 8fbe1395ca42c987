// Package opened is an opened session as the pages of its screen see it: one
// value, made anew whenever something of it changes, so that what a page reads
// in a command never changes under it.
package opened

import (
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/forest"
)

// Session is an opened session.
type Session struct {
	*eventlog.Session
	Catalog *eventlog.Catalog
	Log     eventlog.Log
	Lines   *forest.Lines // what the filter leaves, never nil
	Now     time.Time
	Running bool
}

// Within reports whether a session is this one or one that it started.
func (s *Session) Within(sym eventlog.Sym) bool {
	for at := s.Catalog.BySym(sym); at != nil; at = at.Parent {
		if at.Sym == s.Sym {
			return true
		}
	}
	return sym == s.Sym
}

// Until is up to when open spans last: now, or, when the session no longer goes
// on, until they were last heard of.
func (s *Session) Until() eventlog.Stamp {
	if s.Running {
		return eventlog.StampOf(s.Now)
	}
	return 0
}
