package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
)

// OpenLog opens the events of a session and of the sessions below it. It does
// not wait for any file.
func (s *Set) OpenLog(ctx context.Context, session *eventlog.Session) (eventlog.Log, error) {
	l := s.newLog(session.ID)
	var walk func(*eventlog.Session)
	walk = func(at *eventlog.Session) {
		l.want(at)
		for _, child := range at.Children {
			walk(child)
		}
	}
	walk(session)
	return s.start(ctx, l)
}

// ReadLog opens the events of some sessions, and of no others, and waits until
// all of them are read.
func (s *Set) ReadLog(ctx context.Context, sessions []*eventlog.Session) (eventlog.Log, error) {
	l := s.newLog("")
	l.only = true
	for _, session := range sessions {
		l.want(session)
	}
	log, err := s.start(ctx, l)
	for err == nil && log.Snapshot().Loading {
		select {
		case <-ctx.Done():
			_ = log.Close()
			return nil, ctx.Err()
		case <-log.Changed():
		}
	}
	return log, err
}

func (s *Set) newLog(root string) *openLog {
	return &openLog{
		set: s, changed: make(chan struct{}, 1), more: make(chan struct{}, 1),
		index: eventlog.NewIndex(s.opt.Symbols), root: root, wanted: map[string]bool{}, left: map[[2]string]bool{}, paths: map[string]int{}, loading: true,
	}
}

// want adds a session and its segments to a log that is not running yet.
func (l *openLog) want(session *eventlog.Session) {
	l.wanted[session.ID] = true
	for _, id := range session.Others {
		l.wanted[id] = true
	}
	for _, of := range session.Elsewhere {
		l.left[[2]string{session.ID, of}] = true
	}
	for _, p := range session.Paths {
		if _, ok := l.paths[p]; !ok {
			l.paths[p] = len(l.parts)
			l.parts = append(l.parts, &logPart{path: p})
		}
	}
}

func (s *Set) start(ctx context.Context, l *openLog) (eventlog.Log, error) {
	s.mu.Lock()
	for _, p := range l.parts {
		if t := s.known[p.path]; t != nil {
			p.tracked = t
		}
	}
	s.logs[l] = true
	s.mu.Unlock()
	ctx, l.cancel = context.WithCancel(s.ctx)
	l.wg.Go(func() { l.run(ctx) })
	return l, nil
}

// openLog is the log of one session. One goroutine reads; the index is under
// the lock.
type openLog struct {
	set     *Set
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	changed chan struct{} // one slot: a signal stands for all later ones
	more    chan struct{} // one slot: a segment has grown

	mu      sync.Mutex
	index   *eventlog.Index
	next    *eventlog.Index // takes the place of index once everything is in it
	loading bool
	version int64
	// generation counts how often index was replaced; see Snapshot.Generation.
	generation int64
	root       string
	wanted     map[string]bool
	left       map[[2]string]bool // session and conversation: copies that do not count
	only       bool               // sessions that turn out to be below those are not wanted
	parts      []*logPart
	paths      map[string]int
}

// logPart is one segment of a log.
type logPart struct {
	path    string
	tracked *tracked
	reader  *reader            // these belong to the goroutine that reads
	given   map[eventKey]given // of a segment whose records change
	pass    int                // how often they were read
	lost    bool               // what was read before is not there any more

	seg         *segment // nil until it was told; this and the next are under openLog.mu
	read, total int64

	mu    sync.Mutex // of what is used to read single records
	file  *os.File
	db    *sqlite.Reader
	whole *whole
	files []treeFile // of a tree
}

func (l *openLog) reads(path string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.paths[path]
	return ok
}

func (l *openLog) wake() {
	select {
	case l.more <- struct{}{}:
	default:
	}
}

func (l *openLog) notify() {
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// run reads all segments to their end, and again when they have grown.
func (l *openLog) run(ctx context.Context) {
	for {
		l.mu.Lock()
		parts := l.parts
		l.mu.Unlock()
		var later <-chan time.Time
		lost := false
		for i, p := range parts {
			err := l.advance(ctx, i, p)
			if errors.Is(err, errLater) {
				later = time.After(askAgain)
			} else if err != nil && ctx.Err() == nil {
				l.mu.Lock()
				l.target().Fault(eventlog.Place{Segment: uint16(i), Pos: -1}, l.root, eventlog.Fault{Path: p.path, Pos: -1, Why: err.Error()})
				l.mu.Unlock()
			}
			lost = lost || p.lost
		}
		if lost && ctx.Err() == nil {
			l.startOver(parts)
			continue
		}
		l.mu.Lock()
		l.loading = false
		if l.next != nil {
			l.index, l.next = l.next, nil
			l.generation++
		}
		l.version++
		l.mu.Unlock()
		l.notify()
		if !l.set.opt.Follow {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-l.more:
		case <-later:
		}
	}
}

// askAgain is how long to wait when a feed says later.
const askAgain = 250 * time.Millisecond

// startOver begins another index, since some rows of the one that is shown are
// gone. It is shown until the other one is complete.
func (l *openLog) startOver(parts []*logPart) {
	for _, p := range parts {
		if p.reader != nil {
			p.reader.close()
			p.reader = nil
		}
		p.given, p.pass, p.lost = nil, 0, false
	}
	l.mu.Lock()
	l.next = eventlog.NewIndex(l.set.opt.Symbols)
	l.mu.Unlock()
}

// target returns the index that events are added to.
func (l *openLog) target() *eventlog.Index {
	if l.next != nil {
		return l.next
	}
	return l.index
}

// eventKey names an event of a segment whose records change: it is the same
// event after its record has changed.
type eventKey struct {
	pos   int64
	sub   uint32
	table uint16
}

func keyOf(rec *eventlog.Record, sub int) eventKey {
	return eventKey{rec.Pos, uint32(sub), uint16(rec.Table)}
}

// given is what of an event went into the index.
type given struct {
	kind    eventlog.Kind
	failed  bool
	session string
	pass    int
	tokens  int64
	cost    eventlog.Money
}

func (l *openLog) advance(ctx context.Context, number int, p *logPart) error {
	if p.reader != nil && p.seg.blank {
		p.reader.close()
		p.reader = nil
	}
	if p.reader == nil {
		seg, err := sniff(ctx, p.path, &l.set.opt)
		if err != nil {
			return err
		}
		feed, err := seg.feed(ctx)
		if err != nil {
			return err
		}
		l.mu.Lock()
		p.seg = seg
		l.mu.Unlock()
		p.reader = &reader{feed: feed, decoder: seg.decoder()}
		if l.set.opt.Follow && feed.changes() {
			p.given = map[eventKey]given{}
		}
	}
	again := false
	for {
		err := p.reader.advance(ctx, func(batch func()) {
			l.mu.Lock()
			batch()
			p.read, p.total = p.reader.feed.progress()
			l.version++
			l.mu.Unlock()
			l.notify()
		}, &logTaker{l: l, p: p, segment: uint16(number), last: l.root, mask: &masker{red: l.set.opt.Redactor}})
		switch {
		case errors.Is(err, errStartOver):
			again = true
			p.pass++
			p.reader.decoder = p.seg.decoder()
			continue
		case err == nil && again:
			p.missing()
		}
		p.reader.letGo()
		return err
	}
}

// missing finds out, after all records were read once more, whether some that
// were read before are gone.
func (p *logPart) missing() {
	for _, g := range p.given {
		p.lost = p.lost || g.pass != p.pass
	}
}

// known reports whether the index has an event already, so that rows and spans
// keep their numbers when the records of a segment are read once more. Events
// that are new, and calls that cost more by now, are added behind.
func (p *logPart) known(key eventKey, e *eventlog.Event) bool {
	if p.given == nil {
		return false
	}
	now := given{kind: e.Kind, failed: e.Failed, session: e.SessionID, pass: p.pass}
	if e.Bill != nil {
		now.tokens, now.cost = e.Bill.Usage.Total(), e.Bill.Cost
	}
	old, ok := p.given[key]
	p.given[key] = now
	if !ok {
		return false
	}
	p.lost = p.lost || old.kind != now.kind || old.failed && !now.failed || old.session != now.session ||
		now.tokens < old.tokens || now.tokens == old.tokens && now.cost != old.cost
	return old.failed == now.failed && old.tokens == now.tokens && old.cost == now.cost
}

// logTaker adds the events of the wanted sessions to the index.
type logTaker struct {
	l       *openLog
	p       *logPart
	segment uint16
	last    string // the session of the event before, which a fault is put to
	mask    *masker
}

func (t *logTaker) record(*eventlog.Record) {}

func (t *logTaker) event(rec *eventlog.Record, sub int, e *eventlog.Event) {
	if !t.l.wanted[e.SessionID] && e.Facts != nil && e.Facts.SameAs != "" && t.l.wanted[e.Facts.SameAs] {
		t.l.wanted[e.SessionID], t.p.lost = true, true // what came before it was said is wanted as well
	}
	if !t.l.wanted[e.SessionID] {
		if t.l.only || e.Facts == nil || !t.l.wanted[e.Facts.ParentID] || e.Facts.ParentID == "" {
			return
		}
		t.l.wanted[e.SessionID] = true
	}
	if e.Of != "" && t.l.left[[2]string{e.SessionID, e.Of}] {
		return
	}
	t.last = e.SessionID
	t.l.set.opt.estimate(e)
	t.mask.names(e)
	if t.p.known(keyOf(rec, sub), e) {
		return
	}
	t.l.target().Append(eventlog.Place{Segment: t.segment, Table: uint16(rec.Table), Pos: rec.Pos, Size: size(int64(rec.Size)), Sub: uint32(sub)}, e)
}

func (t *logTaker) fault(table int, pos int64, n int, err error) {
	if t.p.pass > 0 {
		return // it was told before
	}
	t.l.target().Fault(eventlog.Place{Segment: t.segment, Table: uint16(table), Pos: pos, Size: size(int64(n))}, t.last, eventlog.Fault{Path: t.p.path, Pos: pos, Why: err.Error()})
}

func (l *openLog) Snapshot() *eventlog.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.index.Publish()
	s.Loading, s.Version, s.Generation = l.loading, l.version, l.generation
	for _, p := range l.parts {
		s.Paths = append(s.Paths, p.path)
		s.Read += p.read
		s.Total += p.total
	}
	return s
}

func (l *openLog) Changed() <-chan struct{} { return l.changed }

// Close stops reading and waits until the goroutine has ended.
func (l *openLog) Close() error {
	l.set.mu.Lock()
	delete(l.set.logs, l)
	l.set.mu.Unlock()
	l.stop()
	return nil
}

func (l *openLog) stop() {
	l.cancel()
	l.wg.Wait()
	for _, p := range l.parts {
		if p.reader != nil {
			p.reader.close()
		}
		p.mu.Lock()
		if p.file != nil {
			_ = p.file.Close()
			p.file = nil
		}
		if p.db != nil {
			_ = p.db.Close()
			p.db = nil
		}
		p.closeWhole()
		p.mu.Unlock()
	}
}

// Events decodes the records of some rows in full.
func (l *openLog) Events(ctx context.Context, rows []eventlog.RowID) ([]eventlog.Event, error) {
	snap := l.Snapshot()
	out := make([]eventlog.Event, len(rows))
	mask := masker{red: l.set.opt.Redactor}
	for i, id := range rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var row eventlog.Row
		e, err := eventlog.Event{}, errGone
		if int(id) < snap.Rows.Len() { // it may be of an earlier generation
			row = snap.Rows.At(int(id))
			e, err = l.event(ctx, row)
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			e = eventlog.Event{Kind: eventlog.Unreadable, Time: row.Time, Message: err.Error()}
		}
		mask.event(&e)
		out[i] = e
	}
	return out, nil
}

// errGone is the reason for a record that is no longer where it was.
var errGone = errors.New("the record is no longer there: the file was changed")

func (l *openLog) event(ctx context.Context, row eventlog.Row) (eventlog.Event, error) {
	p, seg := l.part(row)
	if seg == nil {
		return eventlog.Event{}, errGone
	}
	if row.Kind == eventlog.Unreadable && row.Pos < 0 {
		return eventlog.Event{}, l.whyOf(p.path)
	}
	rec, err := p.at(ctx, seg, row)
	if err != nil {
		return eventlog.Event{}, err
	}
	want, sub := int(row.Sub), 0
	var out eventlog.Event
	ok := false
	err = seg.decoder().Decode(rec, true, func(e *eventlog.Event) {
		if sub == want {
			out, ok = *e, true
		}
		sub++
	})
	if row.Kind == eventlog.Unreadable {
		why := "not an event"
		if err != nil {
			why = err.Error()
		}
		return eventlog.Event{Kind: eventlog.Unreadable, Message: why, Text: string(rec.Body)}, nil
	}
	if err != nil || !ok || out.Kind != row.Kind {
		return eventlog.Event{}, errGone
	}
	return out, nil
}

// whyOf returns what is wrong with a segment as a whole.
func (l *openLog) whyOf(path string) error {
	for _, f := range l.Snapshot().Faults.Samples {
		if f.Path == path && f.Pos < 0 {
			return errors.New(f.Why)
		}
	}
	return errGone
}

// part returns the part of the log that a row came from, and its segment.
func (l *openLog) part(row eventlog.Row) (*logPart, *segment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.parts[row.Segment]
	return p, p.seg
}

// at reads the record of a row again.
func (p *logPart) at(ctx context.Context, seg *segment, row eventlog.Row) (*eventlog.Record, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t, ok := seg.dialect.(dialect.Treed); ok {
		return p.fromTree(ctx, t, row.Pos)
	}
	if seg.head.IsDatabase() {
		if p.db == nil {
			var err error
			if p.db, err = sqlite.Open(ctx, p.path); err != nil {
				return nil, err
			}
		}
		table := int(row.Table)
		rec, err := p.db.At(ctx, seg.dialect.Tables()[table], row.Pos)
		rec.Table = table
		return &rec, err
	}
	if seg.isWhole() {
		return p.wholeAt(ctx, seg, row)
	}
	if row.Pos < 0 {
		return nil, errGone
	}
	body := make([]byte, row.Size)
	if err := p.open(); err != nil {
		return nil, err
	}
	n, err := p.file.ReadAt(body, row.Pos)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read %s at %d: %w", p.path, row.Pos, err)
	}
	if seg.framing() != dialect.NoFrames {
		return &eventlog.Record{Pos: row.Pos, Size: n, Body: body[:n]}, nil
	}
	return &eventlog.Record{Pos: row.Pos, Size: n, Body: trimLine(body[:n])}, nil
}

// trimLine returns a line without what may stand around it.
func trimLine(line []byte) []byte { return bytes.Trim(line, " \t\r\n\x00") }

// open opens the file for single reads, again when the path has come to lead
// to another file.
func (p *logPart) open() error {
	if p.file != nil {
		old, err := p.file.Stat()
		if now, err2 := os.Stat(p.path); err == nil && err2 == nil && os.SameFile(old, now) {
			return nil
		}
		_ = p.file.Close()
		p.file = nil
	}
	f, err := os.Open(p.path)
	if err != nil {
		return err
	}
	p.file = f
	return nil
}
