package source

import (
	"context"
	"encoding/binary"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/shelf"
)

// A front is what is shown first of some paths when they are opened again: the digests
// of all their segments, in one entry, since making thousands of summaries takes longer
// than anybody wants to wait for a screen. A digest counts on the same conditions as a
// summary that is kept. Where one does not, and others do not come to the same without
// it, nothing is shown before the summaries are there.

// frontVersion changes with what stands in an entry.
const frontVersion = 2

// FrontsSize bounds how much all fronts take: one for each set of paths.
const FrontsSize = 64 << 20

// Fronts returns the folder in which fronts are kept, of the one for summaries.
func Fronts(keep string) string { return filepath.Join(keep, "fronts") }

// fronts keeps the front of a set.
type fronts struct {
	key    shelf.Key
	dir    string
	taken  bool                   // it was looked for: it is of what is there at first
	same   bool                   // it is all there is, so there is none to keep
	drafts chan *eventlog.Digests // what to make one of
	kept   chan struct{}          // closed when that is done
}

// newFronts returns nil where no front is wanted.
func newFronts(s *Set) *fronts {
	if s.keeper == nil || !s.opt.Front {
		return nil
	}
	f := &fronts{dir: Fronts(s.opt.Keep), drafts: make(chan *eventlog.Digests, 1), kept: make(chan struct{})}
	f.key = shelf.Key(eventlog.Identify(append([]string{"front", s.keeper.here}, s.paths...)...))
	s.sources.Digested(func(d *eventlog.Digests) { f.drafts <- d }) // once
	return f
}

// What stands before each segment of a front.
const (
	frontApart = 1 << iota // the others come to the same without it
	frontNoLog             // the file is no log
)

// piece is what a front holds of a segment.
type piece struct {
	flags byte
	path  string
	kept  keptEntry // its summary is the digest
	at    *tracked  // the segment, when the piece holds
}

// parseFront takes a front apart.
func (k *keeper) parseFront(b []byte, now time.Time) (names []byte, pieces []piece, ok bool) {
	if len(b) < 25 || b[0] != frontVersion || eventlog.Identity(b[1:17]) != k.stamp || int64(binary.LittleEndian.Uint64(b[17:])) > now.UnixNano() {
		return nil, nil, false
	}
	at := 25
	ok = true
	number := func() uint64 {
		n, used := binary.Uvarint(b[at:])
		if used <= 0 || n > uint64(len(b)-at-used) {
			ok = false
			return 0
		}
		at += used
		return n
	}
	part := func() []byte {
		n := int(number())
		at += n
		return b[at-n : at]
	}
	names = part()
	pieces = make([]piece, number())
	for i := range pieces {
		p := &pieces[i]
		p.flags, p.path = byte(number()), string(part())
		if entry := part(); !ok || !p.kept.parse(entry) {
			return nil, nil, false
		}
	}
	return names, pieces, ok && at == len(b)
}

// preview shows the front of what was found first, until somebody wants the summaries:
// whoever draws it needs the processors more. It reports whether it did; then the
// summaries are to take its place.
func (s *Set) preview(fresh []*tracked, failed bool) bool {
	f := s.front
	if f == nil || f.taken {
		return false
	}
	f.taken = true
	on := shelf.Open(f.dir, shelf.Options{Size: FrontsSize})
	defer on.Close()
	b, ok := on.Get(f.key, nil)
	if !ok {
		return false
	}
	names, pieces, ok := s.keeper.parseFront(b, s.opt.now())
	if !ok {
		return false
	}
	digests, known, ok := s.digests(names, pieces, fresh)
	if !ok || len(digests) == 0 {
		return false
	}
	whole := known == len(fresh) && !failed
	f.same = whole && known == len(pieces) && !on.Stale(f.key)
	wanted := s.sources.Preview(digests, whole)
	select {
	case <-wanted:
	case <-s.ctx.Done():
	}
	return true
}

// digests returns those of a front that hold, and how many of the segments it knows.
// It reports whether they may be shown.
func (s *Set) digests(names []byte, pieces []piece, fresh []*tracked) (digests []*eventlog.Summary, known int, ok bool) {
	byPath := make(map[string]*tracked, len(fresh))
	for _, t := range fresh {
		byPath[t.path] = t
	}
	thaw, ok := eventlog.ThawNames(s.opt.Symbols, names)
	if !ok {
		return nil, 0, false
	}
	all := make([]*eventlog.Summary, len(pieces))
	var next, holding atomic.Int64
	var wrong atomic.Bool
	each(func() {
		for i := next.Add(1) - 1; i < int64(len(pieces)) && !wrong.Load() && s.ctx.Err() == nil; i = next.Add(1) - 1 {
			p := &pieces[i]
			p.at = byPath[p.path]
			switch {
			case !s.holds(p):
				if p.flags&frontApart == 0 {
					wrong.Store(true)
				}
				continue
			case p.flags&frontNoLog == 0:
				if all[i] = s.digest(thaw, p); all[i] == nil {
					wrong.Store(true)
				}
			}
			holding.Add(1)
		}
	})
	digests = slices.DeleteFunc(all, func(d *eventlog.Summary) bool { return d == nil })
	return digests, int(holding.Load()), !wrong.Load() && s.ctx.Err() == nil && eventlog.Fit(digests)
}

// each runs fn on every processor, and waits.
func each(fn func()) {
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(fn)
	}
	wg.Wait()
}

// holds reports whether a segment is as it was when its digest was made.
func (s *Set) holds(p *piece) bool {
	e := &p.kept
	if p.at == nil || !e.certain || e.at != p.at.seen {
		return false
	}
	if p.flags&frontNoLog != 0 {
		return !p.at.named
	}
	d, ok := s.keeper.known[e.dialect]
	return ok && besides(p.path, d, e.packed) == e.beside
}

// digest makes the digest of a segment of its bytes, or returns nil.
func (s *Set) digest(thaw *eventlog.DigestNames, p *piece) *eventlog.Summary {
	sum, ok := thaw.Thaw(p.path, p.kept.summary)
	if !ok {
		return nil
	}
	sum.Update(func() {
		sum.Modified(eventlog.Stamp(p.kept.at.modified))
		sum.Keep(s.clock.keeping(s.keeper.known[p.kept.dialect], p.path, sum.Directory()))
	})
	return sum
}

// settled waits until no front stands for the summaries any more.
func (s *Set) settled(ctx context.Context) {
	wait := s.sources.Settled()
	if wait == nil {
		return
	}
	s.sources.Want()
	select {
	case <-wait:
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
}

// assured is what a file was like when it was certain that its summary is what it
// comes to, and what the summary was like then.
type assured struct {
	at, beside mark
	version    int64
}

// assure notes that the summary of a segment is what the file comes to. t.mu is held.
func (t *tracked) assure(at, beside mark) {
	t.assured = assured{at, beside, t.summary.Version()}
}

// keepFront keeps a front of the first catalog that is whole.
func (s *Set) keepFront() {
	defer close(s.front.kept)
	var d *eventlog.Digests
	select {
	case d = <-s.front.drafts:
	case <-s.ctx.Done():
		select {
		case d = <-s.front.drafts: // it was made already
		default:
			return
		}
	}
	if s.front.same {
		return
	}
	b, ok := s.spellFront(d)
	if !ok {
		return
	}
	on := shelf.Open(s.front.dir, shelf.Options{Size: FrontsSize})
	defer on.Close()
	on.Put(s.front.key, b)
	on.Commit(s.leaving)
}

// spellFront makes the front of a catalog, of all segments that are certain to be what
// they were for it. It reports whether there is one: where one that is not certain has
// to do with others there is none.
func (s *Set) spellFront(d *eventlog.Digests) ([]byte, bool) {
	pieces, of := s.pieces()
	var numbers []int
	var chosen []piece
	ok := true
	d.Each(func(n int, sum *eventlog.Summary, version int64, apart bool) {
		p, known := of[sum]
		switch {
		case !known || p.kept.at == mark{} || p.at.assured.version != version:
			ok = ok && apart
		default:
			if apart {
				p.flags |= frontApart
			}
			numbers, chosen = append(numbers, n), append(chosen, p)
		}
	})
	if !ok || len(numbers) == 0 {
		return nil, false
	}
	now := s.opt.now()
	names, bodies, ok := d.Freeze(numbers, eventlog.StampOf(now))
	if !ok {
		return nil, false
	}
	for i := range chosen {
		chosen[i].kept.summary = bodies[i]
	}
	chosen = append(chosen, pieces...)
	b := append([]byte{frontVersion}, s.keeper.stamp[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(now.UnixNano()))
	b = appendPart(b, names)
	b = binary.AppendUvarint(b, uint64(len(chosen)))
	var room []byte
	for i := range chosen {
		p := &chosen[i]
		room = p.kept.spell(room[:0])
		b = appendPart(appendPart(append(b, p.flags), p.path), room)
	}
	return b, true
}

// pieces returns what a front holds of each segment besides its digest, by its summary,
// and the files that are no logs.
func (s *Set) pieces() (noLogs []piece, of map[*eventlog.Summary]piece) {
	s.mu.Lock()
	list := make([]*tracked, 0, len(s.known))
	for _, t := range s.known {
		if t != nil {
			list = append(list, t)
		}
	}
	s.mu.Unlock()
	of = make(map[*eventlog.Summary]piece, len(list))
	for _, t := range list {
		t.mu.Lock()
		p := piece{path: t.path, at: t}
		p.kept = keptEntry{stamp: s.keeper.stamp, certain: true, at: t.assured.at, beside: t.assured.beside}
		switch {
		case t.gone:
		case t.summary != nil && t.seg != nil:
			p.kept.dialect, p.kept.packed = t.seg.dialect.Name(), t.seg.packed
			of[t.summary] = p
		case t.noLog != mark{}:
			p.flags, p.kept.at = frontApart|frontNoLog, t.noLog
			noLogs = append(noLogs, p)
		}
		t.mu.Unlock()
	}
	return noLogs, of
}
