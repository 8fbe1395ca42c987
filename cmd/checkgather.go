package cmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/redact/scrub"
	"github.com/lazytrace/lazytrace/rollup/check"
	"github.com/lazytrace/lazytrace/rollup/compare"
	"github.com/lazytrace/lazytrace/rollup/trouble"
)

// gatherer finds out what rules ask of sessions.
type gatherer struct {
	env    *Env
	set    *source.Set
	cat    *eventlog.Catalog
	needs  check.Needs
	rules  []check.Rule
	finder *scrub.Finder

	list []*check.Subject
	of   map[eventlog.Sym]*check.Subject // also by the sessions below
}

// subjects makes subjects of the sessions that are kept, but for those below another
// one that is.
func (g *gatherer) subjects(keep func(*eventlog.Session) bool) []*check.Subject {
	g.of = map[eventlog.Sym]*check.Subject{}
	kept := map[*eventlog.Session]bool{}
	for _, s := range g.cat.Sessions {
		kept[s] = keep(s)
	}
	sums := inclusive(g.cat)
	for _, s := range g.cat.Sessions {
		above := s.Parent
		for above != nil && !kept[above] {
			above = above.Parent
		}
		if !kept[s] || above != nil {
			continue
		}
		one := g.subject(s)
		one.Sum = sums[s.ID]
		g.list = append(g.list, one)
	}
	g.faults()
	return g.list
}

// subject is a session with what lists of sessions tell of it.
func (g *gatherer) subject(s *eventlog.Session) *check.Subject {
	now := eventlog.StampOf(g.env.Now())
	one := &check.Subject{Session: s, Wall: s.Duration(now), Matches: map[int]*check.Found{}}
	for all := []*eventlog.Session{s}; len(all) > 0; all = all[1:] {
		at := all[0]
		all = append(all, at.Children...)
		status, _ := at.Status(now)
		one.Running = one.Running || status == eventlog.Running
		one.Dropped += at.Dropped + at.RedactDropped
		if s.Began().Known() && at.Last.Known() {
			one.Wall = max(one.Wall, at.Last.Sub(s.Began()))
		}
		g.of[at.Sym] = one
	}
	return one
}

// faults tells the subjects what of their files could not be read. A file that several
// are in is told of once.
func (g *gatherer) faults() {
	by := map[string]*check.Subject{}
	for _, s := range g.cat.Sessions {
		if one := g.of[s.Sym]; one != nil {
			for _, path := range s.Paths {
				if by[path] == nil {
					by[path] = one
				}
			}
		}
	}
	for _, seg := range g.cat.Segments {
		one := by[seg.Path]
		if one == nil {
			continue
		}
		for _, f := range seg.Faults.Samples {
			one.Unread.Add(check.Place{Path: f.Path, Pos: f.Pos, Text: f.Why})
		}
		one.Unread.Count += seg.Faults.Count - int64(len(seg.Faults.Samples))
		if seg.Pending && !one.Running {
			one.Unread.Add(check.Place{Path: seg.Path, Pos: -1, Text: "its last line is not complete"})
		}
	}
}

// find reads what lists do not tell: bodies, places, secrets.
func (g *gatherer) find(ctx context.Context) error {
	told := newProgress(g.env)
	defer told.end()
	done := 0
	for _, sessions := range together(g.cat, func(s *eventlog.Session) bool { return g.opens(g.of[s.Sym]) }) {
		told.say(fmt.Sprintf("session %s", figure.Whole(int64(done+1))))
		if err := g.read(ctx, sessions); err != nil {
			return err
		}
		done += len(sessions)
	}
	if g.needs.Secrets {
		if err := g.secrets(ctx, told); err != nil {
			return err
		}
	}
	for _, one := range g.list {
		for _, f := range []*check.Found{&one.Unread} {
			numberLines(f.Places)
		}
		numberLines(one.Errors)
		numberLines(one.Failed)
		numberLines(one.LoopAt)
		for _, f := range one.Matches {
			numberLines(f.Places)
		}
	}
	return nil
}

// opens reports whether the log of a subject has to be read: for what rules ask, or
// for the places of what they find.
func (g *gatherer) opens(one *check.Subject) bool {
	if one == nil {
		return false
	}
	if g.needs.Matches || g.needs.Steps || g.needs.Loops && one.Sum.ToolCalls > 2 {
		return true
	}
	return slices.ContainsFunc(g.rules, func(r check.Rule) bool {
		return r.What == check.Errors && one.Sum.Errors > r.Limit.N || r.What == check.ToolErrors && one.Sum.ToolErrors > r.Limit.N
	})
}

// read reads the log of some sessions.
func (g *gatherer) read(ctx context.Context, sessions []*eventlog.Session) (err error) {
	log, err := g.set.ReadLog(ctx, sessions)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	snap := log.Snapshot()
	if g.needs.Loops {
		if err := g.loops(ctx, log, snap); err != nil {
			return err
		}
	}
	for _, row := range snap.Rows.All() {
		if row.Flags&eventlog.RowFailed == 0 || row.Flags&eventlog.RowCopied != 0 || row.Span == 0 {
			continue
		}
		span := snap.Span(row.Span)
		one := g.of[span.Session]
		if one == nil || len(one.Errors) >= check.MostPlaces && len(one.Failed) >= check.MostPlaces {
			continue
		}
		p := placeOf(snap, row)
		p.Text = snap.Symbols.Name(span.Tool)
		if len(one.Errors) < check.MostPlaces {
			one.Errors = append(one.Errors, p)
		}
		if span.Kind == eventlog.SpanTool && len(one.Failed) < check.MostPlaces {
			one.Failed = append(one.Failed, p)
		}
	}
	if g.needs.Matches {
		if err := g.matches(ctx, log, snap); err != nil {
			return err
		}
	}
	if g.needs.Steps {
		for _, s := range sessions {
			one := g.of[s.Sym]
			if one == nil || one.Session != s {
				continue
			}
			if one.Steps, err = stepsOf(ctx, log, snap, s); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func placeOf(snap *eventlog.Snapshot, row *eventlog.Row) check.Place {
	p := check.Place{Pos: row.Pos}
	if int(row.Segment) < len(snap.Paths) {
		p.Path = snap.Paths[row.Segment]
	}
	return p
}

func stepsOf(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot, s *eventlog.Session) (int64, error) {
	root, ok := sessionSpan(snap, s)
	if !ok {
		return 0, fmt.Errorf("read session %s: its log has no event of it", s.ID)
	}
	return compare.Steps(ctx, compare.Side{Log: log, Snap: snap, Session: snap.Span(root).Session})
}

func (g *gatherer) loops(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot) error {
	now := eventlog.StampOf(g.env.Now())
	r, err := trouble.Find(ctx, log, snap, trouble.Options{
		Parts: trouble.PartLoops,
		Only:  func(id eventlog.Sym) bool { return g.of[id] != nil },
		Now: func(id eventlog.Sym) eventlog.Stamp {
			if s := g.cat.BySym(id); s != nil {
				return s.Now(now)
			}
			return 0
		},
	})
	if err != nil {
		return err
	}
	for _, l := range r.Loops {
		span := snap.Span(l.Places[0].Span)
		one := g.of[span.Session]
		if one == nil {
			continue
		}
		row := snap.Rows.At(int(span.First))
		p := placeOf(snap, &row)
		p.Text = fmt.Sprintf("%d times %s", l.Times, l.Tool())
		one.Loops, one.LoopAt = append(one.Loops, l), append(one.LoopAt, p)
	}
	return nil
}

// matches counts what matches the queries of rules: events, or the session by itself
// where no event does.
func (g *gatherer) matches(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot) error {
	const portion = 512
	now := eventlog.StampOf(g.env.Now())
	there := map[*check.Subject]bool{}
	rows := make([]eventlog.RowID, 0, portion)
	flush := func() error {
		events, err := log.Events(ctx, rows)
		if err != nil {
			return err
		}
		for i := range events {
			row := snap.Rows.At(int(rows[i]))
			one := g.of[snap.Span(row.Span).Session]
			p := placeOf(snap, &row)
			subject := subjectOf(p.Path, &events[i], now)
			for n := range g.rules {
				if r := &g.rules[n]; r.What == check.Matches && r.Query.Match(&subject) {
					if one.Matches[n] == nil {
						one.Matches[n] = &check.Found{}
					}
					p.Text = eventLine(&events[i], "")
					one.Matches[n].Add(p)
				}
			}
		}
		rows = rows[:0]
		return ctx.Err()
	}
	for i, row := range snap.Rows.All() {
		if row.Span == 0 || row.Flags&(eventlog.RowHidden|eventlog.RowCopied) != 0 {
			continue
		}
		one := g.of[snap.Span(row.Span).Session]
		if one == nil {
			continue
		}
		there[one] = true
		if rows = append(rows, eventlog.RowID(i)); len(rows) == portion {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	for one := range there {
		for n := range g.rules {
			if r := &g.rules[n]; r.What == check.Matches && one.Matches[n] == nil && one.Session.Matches(r.Query, now) {
				one.Matches[n] = &check.Found{Count: 1}
			}
		}
	}
	return nil
}

// secrets looks for secrets in the files of the subjects, in each file once.
func (g *gatherer) secrets(ctx context.Context, told *progress) error {
	seen := map[string]bool{}
	r := secretReader{finder: g.finder, progress: told}
	seal := scrub.NewSeal()
	for _, one := range g.list {
		for all := []*eventlog.Session{one.Session}; len(all) > 0; all = all[1:] {
			all = append(all, all[0].Children...)
			for _, path := range all[0].Paths {
				if whole := absolute(path); seen[whole] {
					continue
				} else {
					seen[whole] = true
				}
				files, err := listSecretFiles(ctx, []string{path}, func(path string, err error) {
					one.Unread.Add(check.Place{Path: path, Pos: -1, Text: err.Error()})
				})
				if err != nil {
					return err
				}
				for _, f := range files {
					c := newSecretCounter(seal)
					err := r.read(ctx, f, func(p secretPlace) error { c.add(p); return ctx.Err() })
					if ctx.Err() != nil {
						return ctx.Err()
					}
					if err != nil {
						one.Unread.Add(check.Place{Path: path, Pos: -1, Text: err.Error()})
					}
					for _, s := range c.list {
						found := check.Found{Count: s.Count}
						for _, p := range s.Places {
							found.Places = append(found.Places, check.Place{Path: filepath.Clean(path), Pos: -1, Line: p.Line, Text: s.Kind + " " + s.Preview + " in " + p.text()})
						}
						one.Secrets = append(one.Secrets, found)
					}
				}
			}
		}
	}
	return nil
}

// baseline reads the session that others are compared with: one of those that are at
// hand, or the only one of a log.
func (g *gatherer) baseline(ctx context.Context, name string) (*check.Baseline, error) {
	set, cat := g.set, g.cat
	within := true
	if isLog(name) {
		// A catalog of its own: in one with the others, calls that both tell of would be
		// one of them only.
		own, all, done, err := loadSet(ctx, g.env, []string{name})
		if err != nil {
			return nil, err
		}
		defer done()
		set, cat, within = own, all, false
	}
	s, err := sideSession(cat, name)
	if err != nil {
		return nil, err
	}
	here := &gatherer{env: g.env, set: set, cat: cat, of: map[eventlog.Sym]*check.Subject{}}
	one := here.subject(s)
	b := &check.Baseline{Name: "session " + short(s.ID), ID: s.ID, Sum: inclusive(cat)[s.ID], Wall: one.Wall}
	if within {
		b.Session = s
	}
	if g.needs.Steps {
		log, err := readWith(ctx, set, s)
		if err != nil {
			return nil, err
		}
		defer func() { _ = log.Close() }() // it was only read
		if b.Steps, err = stepsOf(ctx, log, log.Snapshot(), s); err != nil {
			return nil, err
		}
	}
	return b, nil
}
