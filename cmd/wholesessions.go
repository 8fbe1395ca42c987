package cmd

import (
	"context"
	"fmt"
	"os"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/recorder/foreign"
	"github.com/lazytrace/lazytrace/redact"
)

// wholeSessions gives every event of some sessions once, as events of ours, masked:
// what an export or an import takes. Of a session that is found in several places
// only what counts is given, as in every figure.
type wholeSessions struct {
	env      *Env
	keep     func(*eventlog.Session) bool
	take     func(s *eventlog.Session, e *eventlog.Event) error
	spell    foreign.Whole
	progress *progress

	cat      *eventlog.Catalog
	standing *eventlog.Standing
	ranks    map[string]int // by path
	formats  map[string]string
	kept     map[string]*eventlog.Session
	events   int64
	faults   int64
}

// run reads the paths twice: what a session is, is known when all of it was read.
func (w *wholeSessions) run(ctx context.Context, paths []string) error {
	paths, remove, err := withStdin(ctx, w.env, paths, false)
	if err != nil {
		return err
	}
	defer remove()
	set, cat, done, err := loadSet(ctx, w.env, paths)
	if err != nil {
		return err
	}
	defer done()
	opt, paths, err := sourceOptions(w.env, paths, false)
	if err != nil {
		return err
	}
	red, err := redact.New(redact.Options{})
	if err != nil {
		return err
	}
	opt.Redactor, w.spell.Mask = nil, red.JSON // the payload is masked, as a whole
	w.cat, w.standing, w.ranks, w.formats, w.kept = cat, set.Sources().Standing(), map[string]int{}, map[string]string{}, map[string]*eventlog.Session{}
	wanted := map[string]bool{}
	for i := range cat.Segments {
		w.ranks[cat.Segments[i].Path], w.formats[cat.Segments[i].Path] = cat.Segments[i].Rank, cat.Segments[i].Format
	}
	for _, s := range cat.Sessions {
		if !w.keep(s) {
			continue
		}
		for _, id := range append([]string{s.ID}, s.Others...) {
			w.kept[id] = s
		}
		for _, path := range s.Paths {
			wanted[path] = true
		}
	}
	opt.Consider = func(path string, _ os.FileInfo) bool { return wanted[path] }
	if w.progress = newProgress(w.env); w.progress.out != nil {
		w.progress.next = w.env.Now().Add(patience / 5)
	}
	defer w.progress.end()
	if len(wanted) == 0 {
		return nil
	}
	if err := source.Stream(ctx, paths, opt, w); err != nil {
		return err
	}
	return ctx.Err()
}

// Event takes an event of a log.
func (w *wholeSessions) Event(path string, e *eventlog.Event) error {
	s := w.kept[e.SessionID]
	syms := w.cat.Symbols
	if s == nil || e.Kind == eventlog.Unreadable || !w.standing.Counts(path, w.ranks[path], syms.Intern(e.SessionID), syms.Intern(e.Of)) {
		return nil
	}
	if w.events++; w.events%256 == 0 {
		w.progress.say(fmt.Sprintf("%d events", w.events))
	}
	out := w.spell.Event(w.formats[path], e)
	return w.take(s, &out)
}

// Fault tells of a record that could not be read, a few times.
func (w *wholeSessions) Fault(f eventlog.Fault) error {
	const most = 5
	if w.faults++; w.faults <= most {
		w.progress.end()
		fmt.Fprintf(w.env.Stderr, "lazytrace: %s\n", escape.Line(f.String()))
	}
	return nil
}

// Idle is called at the end.
func (w *wholeSessions) Idle() error { return nil }
