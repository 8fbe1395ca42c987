package source

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// Search finds the records of some sessions that hold all of some words, each
// anywhere in them, without regard to the case of ASCII letters. They are told of
// session by session in the order that is given; nil is all sessions, the newest
// first. Copies that do not count are passed over, and so is what tells of no event. A finding says where its
// record is, as those of the audit do, and what stands around the first word.
// progress, which may be nil, is told how many bytes of how many have been looked
// at. found may return an error to stop.
func (s *Set) Search(ctx context.Context, words []string, sessions []*eventlog.Session, found func(*eventlog.Finding) error, progress func(done, total int64)) error {
	s.settled(ctx)
	if sessions == nil {
		sessions = s.sources.Catalog().Sessions
	}
	q := &searcher{set: s, ctx: ctx, standing: s.sources.Standing(), found: found, progress: progress, known: map[string]*eventlog.Session{}}
	for _, w := range words {
		if w != "" {
			q.words, q.raw = append(q.words, newWord(w, false)), append(q.raw, newWord(w, true))
		}
	}
	if len(q.words) == 0 {
		return ctx.Err()
	}
	q.blocks = newBlocks(q.words, searchBlock)
	first := map[string]*eventlog.Session{} // of each segment
	var paths []string
	for _, session := range sessions {
		for _, id := range append([]string{session.ID}, session.Others...) {
			q.known[id] = session
		}
		for _, p := range session.Paths {
			if first[p] == nil {
				first[p] = session
				paths = append(paths, p)
			}
		}
	}
	sizes := make([]int64, len(paths))
	for i, p := range paths {
		sizes[i] = sizeOf(p)
		q.total += sizes[i]
	}
	for i, p := range paths {
		before := q.done
		if err := q.segment(p, sizes[i], first[p]); err != nil {
			return err
		}
		q.done = before
		q.advance(sizes[i])
	}
	return ctx.Err()
}

// sizeOf returns how many bytes a segment has, as far as its main file tells.
func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return markOf(path, info).size
}

// searcher searches one segment after the other.
type searcher struct {
	set      *Set
	ctx      context.Context
	standing *eventlog.Standing
	words    []word // as they stand in JSON
	raw      []word // also as they stand in cells and bytes
	blocks   *blocks
	known    map[string]*eventlog.Session // those that are searched, by all of their ids
	found    func(*eventlog.Finding) error
	progress func(done, total int64)

	done, total int64
	events      []held
}

// held is what is kept of an event of a record that holds the words.
type held struct {
	sub                                        int
	counts                                     bool
	time                                       eventlog.Stamp
	session, run, agent, provider, model, tool string
	kind                                       string
	hidden                                     bool
}

// advance says that so many more bytes were looked at.
func (q *searcher) advance(n int64) {
	q.done += n
	if q.progress != nil {
		q.progress(min(q.done, q.total), q.total)
	}
}

// segment searches one segment. Of a file of lines, its bytes are searched
// before anything is decoded: nearly always that is all. One that is gone, or
// cannot be read, holds nothing: the catalog says so.
func (q *searcher) segment(path string, size int64, first *eventlog.Session) error {
	q.set.mu.Lock()
	t := q.set.known[path]
	q.set.mu.Unlock()
	if t == nil {
		return q.ctx.Err()
	}
	if t.lines.Load() {
		f, err := os.Open(path)
		if err != nil {
			return q.ctx.Err()
		}
		hit, err := q.blocks.holds(q.ctx, f, func(n int) { q.advance(int64(n)) })
		_ = f.Close() // it was only read
		if q.ctx.Err() != nil || err != nil || !hit {
			return q.ctx.Err()
		}
	}
	seg, err := sniff(q.ctx, path, &q.set.opt)
	if err != nil {
		return q.ctx.Err()
	}
	defer seg.close()
	feed, err := seg.feed(q.ctx)
	if err != nil {
		return q.ctx.Err()
	}
	defer feed.close()
	in := &searched{searcher: q, seg: seg, rank: seg.rank(), decoder: seg.decoder(), last: first, lines: lineNumbers{path: path}}
	defer in.lines.close()
	return in.run(feed, size, t.lines.Load())
}

// searched is a segment whose records are decoded, since some may hold the
// words.
type searched struct {
	*searcher
	seg     *segment
	rank    int
	decoder dialect.Decoder
	last    *eventlog.Session // of the event before; nil is one that is not searched
	lines   lineNumbers
}

// run looks at all records. What was not looked at as bytes makes progress here.
func (s *searched) run(feed feed, size int64, scanned bool) error {
	words := s.raw
	if scanned {
		words = s.words
	}
	var told, seen int64
	for n := 0; ; n++ {
		if n%batchRecords == 0 && s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		rec, err := feed.next(s.ctx)
		var bad *fault
		if errors.As(err, &bad) {
			continue // there is nothing of it that could be searched
		}
		if err != nil {
			return s.ctx.Err() // the end, or no more of it can be read
		}
		if !scanned {
			seen = min(size, seen+recordSize(rec))
			const step = 256 << 10
			if seen-told >= step {
				s.advance(seen - told)
				told = seen
			}
		}
		hit := recordHolds(rec, words)
		s.events = s.events[:0]
		sub := 0
		err = s.decoder.Decode(rec, false, func(e *eventlog.Event) {
			s.event(e, sub, hit)
			sub++
		})
		if !hit {
			continue
		}
		if err := s.tell(rec, err); err != nil {
			return err
		}
	}
}

func recordSize(rec *eventlog.Record) int64 {
	n := int64(len(rec.Body))
	for i := range rec.Cells {
		n += 8 + int64(len(rec.Cells[i].Text))
	}
	return n
}

// recordHolds reports whether a record holds all the words.
func recordHolds(rec *eventlog.Record, words []word) bool {
	if len(rec.Cells) == 0 {
		return within(rec.Body, words)
	}
	for _, w := range words {
		at, _ := w.index(rec.Body)
		for i := 0; at < 0 && i < len(rec.Cells); i++ {
			at, _ = w.index(rec.Cells[i].Text)
		}
		if at < 0 {
			return false
		}
	}
	return true
}

// event notes an event: of a record that holds the words what is told of it, of
// any other only whose it is.
func (s *searched) event(e *eventlog.Event, sub int, hit bool) {
	s.last = s.known[e.SessionID]
	if !hit {
		return
	}
	syms := s.set.opt.Symbols
	kind := e.Kind.String()
	if e.Kind == eventlog.Custom && e.Type != "" {
		kind = e.Type
	}
	s.events = append(s.events, held{
		sub: sub, counts: s.standing.Counts(s.seg.path, s.rank, syms.Intern(e.SessionID), syms.Intern(e.Of)), time: e.Time, session: e.SessionID, run: e.RunID,
		agent: e.Agent, provider: e.Provider, model: e.Model, tool: e.Tool, kind: kind, hidden: e.Hidden,
	})
}

// tell tells of a record that holds the words.
func (s *searched) tell(rec *eventlog.Record, bad error) error {
	f := eventlog.Finding{Path: s.seg.path, Format: s.seg.dialect.Name(), Table: s.seg.table(rec.Table), Within: uint16(rec.Table), Pos: rec.Pos}
	switch e := s.best(rec); {
	case e != nil:
		session := s.known[e.session]
		if session == nil {
			return nil
		}
		f.Time, f.Session, f.Run, f.Agent, f.Provider, f.Model, f.Tool, f.Event, f.Sub = e.time, session.ID, e.run, e.agent, e.provider, e.model, e.tool, e.kind, e.sub+1
	case bad == nil || len(s.events) > 0 || s.last == nil:
		return nil // a better segment holds it too, or it is of a session that is not searched
	default:
		f.Session, f.Event, f.Why = s.last.ID, eventlog.Unreadable.String(), bad.Error()
	}
	f.Excerpt = s.excerpt(rec)
	if f.Table == "" && s.seg.isLines() {
		f.Line = s.lines.at(s.ctx, f.Pos)
	}
	if err := s.ctx.Err(); err != nil {
		return err
	}
	return s.found(&f)
}

// best returns the event of a record that the words are most likely of: only
// when there are several, they are decoded in full to find out. It is nil when
// none counts.
func (s *searched) best(rec *eventlog.Record) *held {
	s.events = slices.DeleteFunc(s.events, func(e held) bool { return !e.counts })
	if len(s.events) == 0 {
		return nil
	}
	best := 0
	for best < len(s.events)-1 && s.events[best].hidden {
		best++
	}
	if s.events[best].hidden {
		best = 0
	}
	if len(s.events) == 1 {
		return &s.events[0]
	}
	most, sub := 0, 0
	_ = s.seg.decoder().Decode(rec, true, func(e *eventlog.Event) {
		if i := slices.IndexFunc(s.events, func(h held) bool { return h.sub == sub }); i >= 0 {
			if n := s.count(e); n > most {
				best, most = i, n
			}
		}
		sub++
	})
	return &s.events[best]
}

// count returns how many of the words are in what a person reads of an event.
func (s *searched) count(e *eventlog.Event) int {
	n := 0
	for _, w := range s.raw {
		for _, text := range [][]byte{[]byte(e.Text), []byte(e.Message), e.Input, e.Output, []byte(e.Tool)} {
			if at, _ := w.index(text); at >= 0 {
				n++
				break
			}
		}
	}
	return n
}
