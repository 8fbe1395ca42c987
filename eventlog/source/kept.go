package source

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
	"github.com/lazytrace/lazytrace/eventlog/pack"
	"github.com/lazytrace/lazytrace/eventlog/shelf"
)

// Summaries are kept on disk from one start to the next. One that is kept counts as
// long as nothing that it was made of has changed: the file, by everything that the
// system tells of it, and the program with all that it was told. Otherwise the segment
// is read anew or, where it is a long file of lines that has grown, read on.

// keptVersion changes with what stands in an entry.
const keptVersion = 1

// resumable is from how many bytes on a file is read on rather than anew. Less is read
// in no time, and everything by which a format is told lies within.
const resumable = sniffBytes

// certain is how long a file must have been left alone before it was read for its
// times to tell that it is still the same: a system tells times in steps, which on
// some file systems are two seconds, and a database lets others see late what is
// written to its log.
const certain = settled

// leave is how long what was read last may take to be stored when a set is closed.
const leave = 200 * time.Millisecond

// keeper keeps the summaries of a set.
type keeper struct {
	shelf *shelf.Shelf
	stamp eventlog.Identity
	known map[string]dialect.Dialect
	here  string // the folder that paths without one lie in
	rooms sync.Pool
}

// newKeeper returns nil where nothing is to be kept. Who inspects records wants to see
// them.
func newKeeper(o *Options) *keeper {
	if o.Keep == "" || o.Inspect != nil {
		return nil
	}
	k := &keeper{
		shelf: shelf.Open(o.Keep, shelf.Options{}), stamp: eventlog.Identify("kept", o.Stamp), known: make(map[string]dialect.Dialect, len(o.Known)),
		rooms: sync.Pool{New: func() any { return new([]byte) }},
	}
	for _, d := range o.Known {
		k.known[d.Name()] = d
	}
	k.here, _ = os.Getwd()
	return k
}

// key names the entry of a segment. The same file by another path is another segment:
// what its path says counts.
func (k *keeper) key(path string) shelf.Key {
	abs := path
	if !filepath.IsAbs(path) {
		abs = filepath.Join(k.here, path)
	}
	return shelf.Key(eventlog.Identify(path, abs))
}

// keptEntry is what is kept of a segment.
type keptEntry struct {
	stamp    eventlog.Identity
	at       mark // of the file, as it was read
	beside   mark // of what lies beside it and counts as well
	dialect  string
	certain  bool // as long as the marks are the same, so is the segment
	lines    bool
	document bool
	database bool
	packed   pack.Kind
	lists    []string
	place    jsonl.Place // where the reading of lines can go on
	state    []byte      // of the decoder there; empty where it cannot
	summary  []byte
}

func (e *keptEntry) spell(b []byte) []byte {
	le := binary.LittleEndian
	b = append(append(b, keptVersion), e.stamp[:]...)
	for _, m := range [...]*mark{&e.at, &e.beside} {
		for _, n := range [...]int64{m.size, m.modified, m.walSize, m.walModified, m.changed} {
			b = le.AppendUint64(b, uint64(n))
		}
		b = le.AppendUint64(le.AppendUint64(b, m.device), m.inode)
	}
	flags := byte(0)
	for i, yes := range [...]bool{e.certain, e.lines, e.document, e.database} {
		if yes {
			flags |= 1 << i
		}
	}
	b = append(b, flags, byte(e.packed))
	b = le.AppendUint64(b, uint64(e.place.Offset))
	b = append(append(b, e.place.Head[:]...), e.place.Tail[:]...)
	b = appendPart(b, e.dialect)
	b = binary.AppendUvarint(b, uint64(len(e.lists)))
	for _, list := range e.lists {
		b = appendPart(b, list)
	}
	b = appendPart(b, e.state)
	return append(b, e.summary...)
}

func appendPart[T string | []byte](b []byte, part T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(part))), part...)
}

// fixedSize is how many bytes of an entry have their places.
const fixedSize = 1 + 16 + 2*7*8 + 2 + 8 + 32

// parse takes an entry apart. Its state and summary are parts of b.
func (e *keptEntry) parse(b []byte) bool {
	if len(b) < fixedSize || b[0] != keptVersion {
		return false
	}
	at := 1
	number := func() uint64 {
		at += 8
		return binary.LittleEndian.Uint64(b[at-8:])
	}
	at += copy(e.stamp[:], b[at:])
	for _, m := range [...]*mark{&e.at, &e.beside} {
		for _, n := range [...]*int64{&m.size, &m.modified, &m.walSize, &m.walModified, &m.changed} {
			*n = int64(number())
		}
		m.device, m.inode = number(), number()
	}
	for i, flag := range [...]*bool{&e.certain, &e.lines, &e.document, &e.database} {
		*flag = b[at]&(1<<i) != 0
	}
	e.packed = pack.Kind(b[at+1])
	at += 2
	e.place.Offset = int64(number())
	at += copy(e.place.Head[:], b[at:])
	at += copy(e.place.Tail[:], b[at:])
	ok := true
	part := func() []byte {
		n, used := binary.Uvarint(b[at:])
		if used <= 0 || n > uint64(len(b)-at-used) {
			ok = false
			return nil
		}
		at += used + int(n)
		return b[at-int(n) : at]
	}
	e.dialect = string(part())
	lists, used := binary.Uvarint(b[at:])
	if !ok || used <= 0 || lists > uint64(len(b)-at) {
		return false
	}
	at += used
	for range lists {
		e.lists = append(e.lists, string(part()))
	}
	e.state = part()
	e.summary = b[at:]
	return ok
}

// entry returns what is kept of the segment at a path, and the dialect that it is in,
// and reports whether it was made by a program like this one. It is valid until free
// is called.
func (k *keeper) entry(path string) (e *keptEntry, d dialect.Dialect, free func()) {
	room := k.rooms.Get().(*[]byte)
	free = func() { k.rooms.Put(room) }
	b, ok := k.shelf.Get(k.key(path), *room)
	if !ok {
		return nil, nil, free
	}
	*room = b
	e = &keptEntry{}
	if !e.parse(b) || e.stamp != k.stamp {
		return nil, nil, free
	}
	if d, ok = k.known[e.dialect]; !ok {
		return nil, nil, free
	}
	return e, d, free
}

// besides returns the mark of what lies beside a file and counts as well: the small
// file that describes it, or the one that it was packed of.
func besides(path string, d dialect.Dialect, packed pack.Kind) mark {
	other := ""
	if s, ok := d.(dialect.Sidecarer); ok {
		other = s.Sidecar(path)
	}
	var m mark
	if other != "" {
		if info, err := os.Stat(other); err == nil {
			m = mark{size: info.Size(), modified: info.ModTime().UnixNano(), identity: identityOf(info)}
		}
	}
	if packed != pack.None {
		if _, err := os.Stat(strings.TrimSuffix(path, filepath.Ext(path))); err == nil {
			m.walSize = 1 // that it is there is all that counts
		}
	}
	return m
}

// segment returns the segment that an entry is of, as far as it is needed while
// nothing of it is read.
func (e *keptEntry) segment(path string, d dialect.Dialect) *segment {
	seg := &segment{path: path, head: &dialect.Head{Path: path}, dialect: d, document: e.document, packed: e.packed, lists: e.lists}
	if e.database {
		seg.head.Tables = map[string][]string{}
	}
	return seg
}

// recallAll takes what it can of new segments from what is kept, all in one step: who
// makes a catalog meanwhile makes one of all of them. It returns those of which
// something is to be read.
func (s *Set) recallAll(fresh []*tracked, previewed bool) (unread []*tracked) {
	if s.keeper == nil || len(fresh) == 0 {
		return fresh
	}
	known := make([]*eventlog.Summary, len(fresh))
	whole := make([]bool, len(fresh))
	var next atomic.Int64
	each(func() {
		for i := next.Add(1) - 1; i < int64(len(fresh)) && s.ctx.Err() == nil; i = next.Add(1) - 1 {
			known[i], whole[i] = s.recall(fresh[i])
		}
	})
	for i, t := range fresh {
		if whole[i] {
			close(t.done)
		} else {
			unread = append(unread, t)
		}
	}
	known = slices.DeleteFunc(known, func(sum *eventlog.Summary) bool { return sum == nil })
	switch {
	case previewed:
		s.sources.Settle(known)
	case len(known) > 0:
		s.sources.Add(known...)
	}
	return unread
}

// recall takes the summary of a segment from what is kept. It reports whether that is
// all of it: then nothing of the file was read. It returns nil where nothing is kept
// that still holds.
func (s *Set) recall(t *tracked) (sum *eventlog.Summary, whole bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.seen // nobody changes it before the next look
	e, d, free := s.keeper.entry(t.path)
	defer free()
	if e == nil || besides(t.path, d, e.packed) != e.beside {
		return nil, false
	}
	whole = e.certain && e.at == at
	if !whole && !e.leads(&at) {
		return nil, false
	}
	sum, ok := eventlog.Thaw(s.opt.Symbols, t.path, e.summary)
	if !ok || sum.Origin != s.opt.origin(t.path) || !whole && !s.resume(t, e) {
		return nil, false
	}
	t.summary = sum
	t.lines.Store(e.lines)
	if whole {
		t.seg, t.kept = e.segment(t.path, d), at
		if key := s.keeper.key(t.path); s.keeper.shelf.Stale(key) {
			s.keeper.shelf.Put(key, e.spell(nil))
		}
	}
	sum.Update(func() {
		sum.Modified(eventlog.Stamp(at.modified))
		s.keep(t)
	})
	if whole {
		t.assure(at, e.beside)
	}
	return sum, whole
}

// readOn makes the reader of a segment whose summary was kept, once it has changed,
// and reports whether it goes on where that ended.
func (s *Set) readOn(t *tracked, at mark) bool {
	e, d, free := s.keeper.entry(t.path)
	defer free()
	t.kept = mark{}
	return e != nil && e.leads(&at) && besides(t.path, d, e.packed) == e.beside && s.resume(t, e)
}

// leads reports whether a file as it is now may be what an entry is of, grown.
func (e *keptEntry) leads(at *mark) bool {
	return len(e.state) > 0 && at.inode == e.at.inode && at.device == e.at.device && at.size >= e.place.Offset
}

// resume makes a reader that goes on where a file of lines was left.
func (s *Set) resume(t *tracked, e *keptEntry) bool {
	t.began = s.opt.now()
	seg, err := sniff(s.ctx, t.path, &s.opt)
	if err != nil {
		return false
	}
	defer seg.close()
	reached, ok := e.place.Reached(t.path)
	if !ok || seg.blank || seg.dialect.Name() != e.dialect || !seg.isLines() {
		return false
	}
	d, ok := seg.decoder().(dialect.Resumer)
	if !ok || !d.Resume(e.state) {
		return false
	}
	t.seg = seg
	t.reader = &reader{feed: &lineFeed{path: t.path, values: seg.values, begin: e.place.Offset, reached: reached}, decoder: d.(dialect.Decoder)}
	seg.release()
	return true
}

// shelve keeps the summary of a segment that has been read to its end, unless it is
// not certain that nothing else was written to it. t.mu is held.
func (s *Set) shelve(t *tracked) {
	t.unkept = false
	if s.keeper == nil || t.reader == nil || t.gone || t.seg.blank {
		return
	}
	info, err := os.Stat(t.path)
	if err != nil {
		return
	}
	e := keptEntry{
		stamp: s.keeper.stamp, at: markOf(t.path, info), dialect: t.seg.dialect.Name(), lines: t.seg.isLines(), document: t.seg.document,
		database: t.seg.head.IsDatabase(), packed: t.seg.packed, lists: t.seg.lists, beside: besides(t.path, t.seg.dialect, t.seg.packed),
	}
	e.certain = e.at == t.read && e.at.before(t.readBegan) && e.beside.before(t.began)
	if !e.beside.before(t.began) || !s.keepable(t, &e) || !e.certain && len(e.state) == 0 {
		return
	}
	room := s.keeper.rooms.Get().(*[]byte)
	*room = t.summary.Freeze(e.spell((*room)[:0]))
	if e.certain {
		t.assure(e.at, e.beside)
	}
	s.keeper.shelf.Put(s.keeper.key(t.path), *room)
	s.keeper.rooms.Put(room)
}

// before reports whether a file was left alone for long enough before a moment.
func (m *mark) before(moment time.Time) bool {
	return moment.Sub(time.Unix(0, max(m.modified, m.changed, m.walModified))) > certain
}

// keepable reports whether the summary is what the file comes to when it is read from
// its beginning, and finds out where the reading can go on.
func (s *Set) keepable(t *tracked, e *keptEntry) bool {
	switch f := t.reader.feed.(type) {
	case *lineFeed:
		if f.follow == nil {
			return false
		}
		place, info, ok := f.follow.Place()
		if !ok || identityOf(info).inode != e.at.inode || place.Offset > e.at.size {
			return false
		}
		if d, ok := t.reader.decoder.(dialect.Resumer); ok && place.Offset >= resumable && !t.hid {
			// What is not filled of the room is never given by the system.
			if state, ok := d.Save(make([]byte, 0, min(place.Offset>>8, 16<<20))); ok {
				e.place, e.state = place, state
			}
		}
		return true
	case *wholeFeed:
		return !f.writing && (f.whole || !f.seg.document) && f.seen != nil && identityOf(f.seen).inode == e.at.inode
	case *rowFeed:
		_, err := os.Stat(t.path + "-journal") // what stands there is to be taken back
		return err != nil
	}
	return false
}

// keepLater notes that a segment has changed since it was kept, and reports whether
// it is to be kept now: after all was read for the first time, it is when the set is
// closed.
func (s *Set) keepLater(t *tracked, at mark, began time.Time) bool {
	if s.keeper == nil {
		return false
	}
	t.read, t.readBegan, t.unkept = at, began, true
	select {
	case <-s.ready:
		return false
	default:
		return true
	}
}

// commit lets other processes have what was kept. It takes no longer than it may when
// the set is closed meanwhile.
func (s *Set) commit() {
	if s.keeper != nil {
		s.keeper.shelf.Commit(s.leaving)
	}
}

// keepLast keeps what was read since the set was opened. No reader is at work.
func (s *Set) keepLast() {
	if s.keeper == nil {
		return
	}
	for _, t := range s.known {
		if t != nil && t.unkept && s.leaving.Err() == nil {
			s.shelve(t)
		}
	}
	s.commit()
	s.keeper.shelf.Close()
}

// leavingOf returns a context that ends a little after ctx does.
func leavingOf(ctx context.Context) context.Context {
	leaving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(leave, cancel) })
	return leaving
}
