// Package handout makes one document of a session, or of a few, for somebody who
// has neither the log nor this program: a page of HTML that needs nothing but
// itself, or Markdown. It tells what the session was, what it cost, the tree of its
// steps with their time, what failed, and what was said. It knows no format of
// logs; whoever opens the logs masks what is secret in them.
package handout

import (
	"cmp"
	"context"
	"fmt"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/rollup"
)

// Options say what is handed over.
type Options struct {
	Catalog  *eventlog.Catalog
	Sessions []*eventlog.Session // none of them below another one
	// Open opens the log of a session and those below it.
	Open func(context.Context, *eventlog.Session) (eventlog.Log, error)
	Now  eventlog.Stamp

	MaxBytes     int64 // of a page; 0 is DefaultBytes
	MaxTokens    int   // of Markdown, by Tokens; 0 is no bound
	NoTranscript bool
}

// DefaultBytes is how large a page becomes if nobody says otherwise: what browsers
// open at once, also on a phone.
const DefaultBytes = 20 << 20

// How much of one thing is told: a table has its dearest rows, a list of failures
// the first, and a session that is one of many few steps.
const (
	mostRows     = 40
	mostFailures = 50
	mostModels   = 4
)

// story is what is told of one session, with those below it.
type story struct {
	session  *eventlog.Session
	report   *rollup.Report
	sessions int // how many there are, those below counted
	times    *rollup.Times
	log      eventlog.Log
	snap     *eventlog.Snapshot
	list     *talk.List
	tree     *tree
	now      eventlog.Stamp
	names    *eventlog.Symbols
}

// ledger finds the calls of sessions without going through those of all others
// each time.
type ledger struct {
	opt     *Options
	entries map[eventlog.Sym][]int
	uses    map[eventlog.Sym][]int
}

func newLedger(opt *Options) *ledger {
	l := &ledger{opt: opt, entries: map[eventlog.Sym][]int{}, uses: map[eventlog.Sym][]int{}}
	for i, e := range opt.Catalog.Entries.All() {
		id := e.Session
		l.entries[id] = append(l.entries[id], i)
	}
	for i := range opt.Catalog.Uses {
		id := opt.Catalog.Uses[i].Session
		l.uses[id] = append(l.uses[id], i)
	}
	return l
}

// report adds up a session and those below it.
func (l *ledger) report(s *eventlog.Session) (*rollup.Report, []*eventlog.Session) {
	all := []*eventlog.Session{s}
	part := &eventlog.Catalog{Symbols: l.opt.Catalog.Symbols}
	var entries []eventlog.Entry
	for i := 0; i < len(all); i++ {
		all = append(all, all[i].Children...)
		for _, at := range l.entries[all[i].Sym] {
			entries = append(entries, l.opt.Catalog.Entries.At(at))
		}
		for _, at := range l.uses[all[i].Sym] {
			part.Uses = append(part.Uses, l.opt.Catalog.Uses[at])
		}
	}
	part.Sessions, part.Entries = all, eventlog.NarrowOf(entries)
	return rollup.New(part, nil), all
}

// tell reads a session. The log of the story is to be closed.
func (l *ledger) tell(ctx context.Context, s *eventlog.Session) (*story, error) {
	log, err := l.opt.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	t := &story{session: s, log: log, snap: log.Snapshot(), now: s.Now(l.opt.Now), names: l.opt.Catalog.Symbols}
	var all []*eventlog.Session
	t.report, all = l.report(s)
	t.sessions = len(all)
	t.times = rollup.NewTimes(ctx, t.snap, func(id eventlog.Sym) eventlog.Stamp {
		if s := l.opt.Catalog.BySym(id); s != nil {
			return s.Now(l.opt.Now)
		}
		return 0
	})
	root := rootOf(t.snap, s)
	if t.list, err = talk.Items(ctx, t.snap, root); err == nil {
		t.tree, err = newTree(ctx, t.snap, root, t.now)
	}
	if err != nil {
		_ = log.Close() // it was only read
		return nil, fmt.Errorf("tell session %s: %w", s.ID, err)
	}
	return t, nil
}

// rootOf finds the span of a session, whichever of its names it has there; zero is
// nobody's.
func rootOf(snap *eventlog.Snapshot, s *eventlog.Session) eventlog.SpanID {
	for _, id := range append([]string{s.ID}, s.Others...) {
		if sym, ok := snap.Symbols.Find(id); ok {
			if root, ok := talk.Session(snap, sym); ok {
				return root
			}
		}
	}
	return 0
}

// each gives what was said, in order, as talk.List.Each does, without what says
// nothing or says again what was said before.
func (t *story) each(ctx context.Context, fn func(*talk.Said) error) error {
	return t.list.Each(ctx, t.log, func(s *talk.Said, repeats bool) error {
		if repeats || s.Empty() {
			return nil
		}
		return fn(s)
	})
}

// ofItem names what an item is.
func ofItem(s *talk.Said) string {
	switch s.Kind {
	case talk.Task:
		return "task"
	case talk.User:
		return "user"
	case talk.Assistant:
		return cmp.Or(s.Who, "assistant")
	case talk.Tool:
		return cmp.Or(s.Tool, "call")
	case talk.Agent:
		return cmp.Or(s.Who, "an agent")
	case talk.Peer:
		return cmp.Or(s.Who, "another agent")
	case talk.Compaction:
		return "the context was shortened"
	case talk.Note:
		return cmp.Or(s.Tool, "note")
	}
	return s.Kind.String()
}
