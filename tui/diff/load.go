// Package diff is two sessions beside each other: where they first part, their
// steps aligned, the changed text of the selected one, and what both came to. It
// opens both logs in a command and holds them until it is closed.
package diff

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/compare"
)

// Open reads the events of a session.
type Open func(ctx context.Context, s *eventlog.Session) (eventlog.Log, error)

// Progress is how far the loading has come. It is written by the command that
// loads and may be read meanwhile.
type Progress struct{ opened, done, total atomic.Int64 }

// String says it in words.
func (p *Progress) String() string {
	done, total := p.done.Load(), p.total.Load()
	what := "Opening both"
	switch p.opened.Load() {
	case 1:
		what = "Reading A"
	case 2:
		what = "Reading B"
	case 3:
		what = "Comparing step by step"
	}
	if total > 0 {
		return fmt.Sprintf("%s: %d%%", what, done*100/total)
	}
	return what
}

func (p *Progress) at(stage, done, total int64) {
	p.opened.Store(stage)
	p.total.Store(0)
	p.done.Store(done)
	p.total.Store(total)
}

// side is one of the two.
type side struct {
	session *eventlog.Session
	log     eventlog.Log
	snap    *eventlog.Snapshot
	list    *talk.List
	model   string
}

// Subject is two sessions, compared. It does not change.
type Subject struct {
	sides [2]side
	c     *compare.Comparison
	first *compare.Divergence // where they part, nil where they do not
	did   [2]string           // there
	then  [2]string           // at the first decision behind it, where that is another
}

// Load opens and compares two sessions. Whoever takes the subject closes it.
func Load(ctx context.Context, open Open, cat *eventlog.Catalog, a, b *eventlog.Session, progress *Progress) (*Subject, error) {
	s := &Subject{}
	if err := s.load(ctx, open, cat, [2]*eventlog.Session{a, b}, progress); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close closes the logs.
func (s *Subject) Close() {
	for i := range s.sides {
		if s.sides[i].log != nil {
			_ = s.sides[i].log.Close() // it was only read
		}
	}
}

func (s *Subject) load(ctx context.Context, open Open, cat *eventlog.Catalog, sessions [2]*eventlog.Session, progress *Progress) error {
	if open == nil {
		return errors.New("sessions cannot be opened here")
	}
	report := rollup.New(cat, nil)
	var sides [2]compare.Side
	for i, session := range sessions {
		stage := int64(i + 1)
		progress.at(stage, 0, 0)
		log, err := open(ctx, session)
		if err != nil {
			return fmt.Errorf("%c: %w", 'A'+i, err)
		}
		at := &s.sides[i]
		at.session, at.log, at.model = session, log, cat.Symbols.Name(session.Model)
		if at.snap, err = whole(ctx, log, func(done, total int64) { progress.at(stage, done, total) }); err != nil {
			return err
		}
		sym, ok := named(at.snap, session)
		if !ok {
			return fmt.Errorf("%c: its log has no event of session %s", 'A'+i, session.ID)
		}
		sides[i] = compare.Side{Log: log, Snap: at.snap, Session: sym, Facts: &session.Facts}
		for k := range report.Sessions {
			if report.Sessions[k].Key == session.ID {
				sides[i].Sum = &report.Sessions[k].Inclusive
			}
		}
	}
	progress.at(3, 0, 0)
	c, err := compare.Align(ctx, sides[0], sides[1], func(done, total int) { progress.at(3, int64(done), int64(total)) })
	if err != nil {
		return err
	}
	s.c = c
	s.sides[0].list, s.sides[1].list = c.Talk()
	s.first = c.First
	if s.within() {
		s.first = c.Decision
	}
	if s.did, err = did(ctx, c, s.first); err != nil {
		return err
	}
	if c.Decision != nil && c.Decision.Pair != s.first.Pair {
		s.then, err = did(ctx, c, c.Decision)
	}
	return err
}

// within reports whether the first divergence is the result of a call that started
// agents, and these were what did something else: then that is where they part.
func (s *Subject) within() bool {
	c := s.c
	if c.First == nil || c.Decision == nil || c.First.Cause != compare.Returned || c.Decision.Pair == c.First.Pair {
		return false
	}
	for i := c.First.Pair + 1; i <= c.Decision.Pair; i++ {
		if c.Pairs[i].Depth <= c.Pairs[c.First.Pair].Depth {
			return false
		}
	}
	return true
}

// did says what both did where they part.
func did(ctx context.Context, c *compare.Comparison, d *compare.Divergence) (out [2]string, err error) {
	if d == nil {
		return out, nil
	}
	for i, item := range []int32{d.ItemA, d.ItemB} {
		if out[i], err = c.Did(ctx, i, item); err != nil {
			return out, err
		}
	}
	if d.Cause != compare.Returned {
		return out, nil
	}
	// Both did the same: what came of it tells them apart.
	diff, err := c.Difference(ctx, d.ItemA, d.ItemB)
	if err != nil {
		return out, err
	}
	for i, said := range []*talk.Said{diff.A, diff.B} {
		if said == nil {
			continue
		}
		text := eventlog.Sentence(came(said))
		switch {
		case text == "" && said.Flags.Has(talk.Open):
			text = "no end was seen"
		case text == "":
			text = "nothing"
		}
		out[i] += ": " + text
	}
	return out, nil
}

// whole waits until a log is read: logs are read on while they are shown.
func whole(ctx context.Context, log eventlog.Log, progress func(done, total int64)) (*eventlog.Snapshot, error) {
	for {
		snap := log.Snapshot()
		if !snap.Loading {
			return snap, nil
		}
		progress(snap.Read, snap.Total)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case _, ok := <-log.Changed():
			if !ok {
				return log.Snapshot(), nil
			}
		}
	}
}

// named finds a session in a log, whichever of its names it has there.
func named(snap *eventlog.Snapshot, s *eventlog.Session) (eventlog.Sym, bool) {
	for _, id := range append([]string{s.ID}, s.Others...) {
		if sym, ok := snap.Symbols.Find(id); ok {
			if _, ok := talk.Session(snap, sym); ok {
				return sym, true
			}
		}
	}
	return 0, false
}
