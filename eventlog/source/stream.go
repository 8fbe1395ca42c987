package source

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// Handler takes the events of a stream, all from one goroutine. An error ends
// the stream.
type Handler interface {
	Event(path string, e *eventlog.Event) error // in full; it may be reused
	Fault(f eventlog.Fault) error
	Idle() error // nothing more is there for now
}

// Opener is a Handler that hears of each segment before its events.
type Opener interface {
	Opened(path, format string)
}

// Postponer is a Handler that hears when something is left for a later look,
// before Idle is called.
type Postponer interface {
	Postponed()
}

// Stream reads the paths and gives their events to h, segment by segment, and
// with Follow for ever what is written afterwards, to them and to new files.
func Stream(ctx context.Context, paths []string, opt Options, h Handler) error {
	if opt.Symbols == nil {
		opt.Symbols = eventlog.NewSymbols()
	}
	if opt.Known == nil {
		opt.Known = dialect.All()
	}
	s := &Set{opt: opt, paths: paths, ctx: ctx}
	w := newWaker(s)
	defer w.close()
	st := streamer{opt: opt, h: h, mask: masker{red: opt.Redactor}, open: map[string]*streamed{}, refused: map[string]bool{}}
	defer st.close()
	for {
		began := time.Now()
		folders, err := st.look(ctx, paths)
		if err != nil {
			return err
		}
		w.watch(folders)
		w.took = time.Since(began)
		if err := h.Idle(); err != nil {
			return err
		}
		if !opt.Follow || !w.wait(ctx) {
			return nil
		}
	}
}

type streamer struct {
	opt  Options
	h    Handler
	open map[string]*streamed
	list []*streamed // the same in the order in which they are read
	mask masker

	refused map[string]bool // files that were told of as none of ours
}

type streamed struct {
	path    string
	seg     *segment
	feed    feed
	decoder dialect.Decoder
	given   map[eventKey]eventlog.Kind // of a segment whose records change: what was given already
}

func (st *streamer) close() {
	for _, s := range st.list {
		s.feed.close()
	}
}

// look gives what is new, and returns the folders that it looked into.
func (st *streamer) look(ctx context.Context, paths []string) (folders []string, err error) {
	var bad error
	files, folders := find(ctx, paths, func(path string, err error) {
		if !st.opt.archived(path, err) {
			bad = err
		}
	})
	if len(files) == 0 && bad != nil && !st.opt.Follow && !st.opt.missing(bad) {
		return nil, bad
	}
	if !st.opt.Follow {
		for _, c := range st.opt.copies(paths, files) {
			if f, ok := st.opt.foundCopy(&c); ok {
				files = append(files, f)
			}
		}
	}
	for _, f := range slices.Backward(files) { // the oldest first
		if st.open[f.path] == nil {
			if st.opt.Consider != nil && !st.opt.Consider(f.path, f.info) {
				continue
			}
			seg, err := sniff(ctx, f.path, &st.opt)
			if err != nil || seg.blank {
				switch {
				case err != nil && f.named && !st.opt.Follow && !st.opt.Hopeful:
					return nil, err
				case err != nil && (f.named || isLog(f.path)) && !st.refused[f.path]:
					st.refused[f.path] = true
					if err := st.h.Fault(eventlog.Fault{Path: f.path, Pos: -1, Why: err.Error()}); err != nil {
						return nil, err
					}
				}
				continue // it may become a log
			}
			fd, err := seg.feed(ctx)
			if err != nil {
				return nil, err
			}
			s := &streamed{path: f.path, seg: seg, feed: fd, decoder: seg.decoder()}
			if st.opt.Follow && fd.changes() {
				s.given = map[eventKey]eventlog.Kind{}
			}
			st.open[f.path] = s
			if o, ok := st.h.(Opener); ok {
				o.Opened(f.path, seg.dialect.Name())
			}
			st.list = append(st.list, s)
		}
	}
	// Files that are gone for now are still read: they may come back.
	for _, s := range st.list {
		if err := st.drain(ctx, s.path, s); err != nil {
			return nil, err
		}
	}
	return folders, nil
}

// drain gives what is new in a segment.
func (st *streamer) drain(ctx context.Context, path string, s *streamed) error {
	for {
		rec, err := s.feed.next(ctx)
		var bad *fault
		switch {
		case errors.As(err, &bad):
			if err := st.h.Fault(eventlog.Fault{Path: path, Pos: bad.pos, Why: bad.err.Error()}); err != nil {
				return err
			}
			continue
		case err == io.EOF:
			return nil
		case errors.Is(err, errLater): // it is asked again with the next look
			if p, ok := st.h.(Postponer); ok {
				p.Postponed()
			}
			return nil
		case errors.Is(err, errStartOver):
			s.decoder = s.seg.decoder()
			continue
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return st.h.Fault(eventlog.Fault{Path: path, Pos: -1, Why: err.Error()})
		}
		var herr error
		sub := 0
		err = s.decoder.Decode(rec, true, func(e *eventlog.Event) {
			if herr == nil && s.fresh(rec, sub, e) {
				st.mask.event(e)
				herr = st.h.Event(path, e)
			}
			sub++
		})
		if herr != nil {
			return herr
		}
		if err != nil {
			if err := st.h.Fault(eventlog.Fault{Path: path, Pos: rec.Pos, Why: err.Error()}); err != nil {
				return err
			}
		}
	}
}

// fresh reports whether an event has not been given yet. A record that has
// changed may tell of more events, or of others.
func (s *streamed) fresh(rec *eventlog.Record, sub int, e *eventlog.Event) bool {
	if s.given == nil {
		return true
	}
	key := keyOf(rec, sub)
	kind, old := s.given[key]
	s.given[key] = e.Kind
	return !old || kind != e.Kind
}
