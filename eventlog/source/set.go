package source

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/archive"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/watch"
	"github.com/lazytrace/lazytrace/redact"
)

// Options tell how paths are read.
type Options struct {
	Follow  bool              // go on reading what is written, and find new files
	Symbols *eventlog.Symbols // made when nil
	Known   []dialect.Dialect // dialect.All when nil
	// Redactor hides secrets in what is kept or shown; nil hides nothing.
	Redactor *redact.Redactor
	// Price estimates what a call cost whose log does not say it, and tells by
	// which price, or why there is none. Nil leaves such calls without a price.
	Price func(provider, model string, b *eventlog.Bill) (cost eventlog.Money, why string, ok bool)
	// Inspect is called with every record that is summed up, before its events
	// with a nil event, and then with each of them; by several goroutines.
	Inspect func(path string, d dialect.Dialect, rec *eventlog.Record, e *eventlog.Event)
	// Env gives the variables that say where agents keep sessions and settings,
	// to tell for how long; nil tells nothing.
	Env func(string) string
	// Consider says which of the files that paths lead to are opened by a stream;
	// nil is all of them. One that is left is asked about with every look.
	Consider func(path string, info os.FileInfo) bool
	// Nudge has a stream look again at once; nil never does.
	Nudge <-chan struct{}
	// Gone tells whether the recorder of a session has certainly ended; nil
	// asks after none.
	Gone eventlog.IsGone
	// Hopeful says that paths may not be there yet: that is no failure.
	Hopeful bool
	// Keep is the folder in which summaries are kept for the next start; nothing
	// keeps none. Stamp names all else that summaries depend on: the program, its
	// prices, and the formats and rules that it was given.
	Keep  string
	Stamp string
	// Front says that the first catalog may be a preview. Who asks for it calls
	// Sources.Want when it is shown: nothing else is read before.
	Front bool
	// Archive holds copies of logs that are gone, which stand for them; nil is none.
	Archive *archive.Folder
	// Usual says that the paths are those where sessions usually are: then copies count
	// wherever their logs were.
	Usual bool

	watching watch.Options
	now      func() time.Time // time.Now when nil
}

// missing reports whether a path is not there, and need not be.
func (o *Options) missing(err error) bool { return o.Hopeful && errors.Is(err, os.ErrNotExist) }

// estimate prices a call whose log says nothing of its cost.
func (o *Options) estimate(e *eventlog.Event) {
	b := e.Bill
	if b == nil || o.Price == nil || b.Source != eventlog.Unpriced {
		return
	}
	m, why, ok := o.Price(e.Provider, e.Model, b)
	b.Price = o.Symbols.Intern(why)
	if ok {
		b.Cost, b.Source = m, eventlog.Estimated
	}
}

// Set is a live set of segments. It reads in goroutines of its own until it is
// closed.
type Set struct {
	opt     Options
	paths   []string
	sources *eventlog.Sources
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	ready   chan struct{} // closed when what was there at first has been read
	work    chan *tracked // segments to read on; workers take them
	clock   *clock        // nil when nobody asks
	open    atomic.Int32  // how many files of lines are open
	keeper  *keeper       // nil when nothing is kept
	front   *fronts       // nil when none is shown
	gaveWay sync.Once     // to whoever draws the first screen
	leaving context.Context

	mu    sync.Mutex
	known map[string]*tracked // by path; nil for a file that is no log
	// shadowed are files that are no more than a beginning of their archived copy.
	shadowed map[string]bool
	logs     map[*openLog]bool
}

// tracked is a segment whose summary is kept up to date.
type tracked struct {
	path    string
	named   bool
	copied  bool        // it is a copy of a log that is gone
	refused bool        // it could not be read, and that was told
	lines   atomic.Bool // it is a file of lines, whose bytes are those of its records
	hid     bool        // a name in it held a secret
	seen    mark        // guarded by Set.mu, as is missed
	missed  time.Time   // since when its file is not there
	seg     *segment
	summary *eventlog.Summary
	reader  *reader

	mu    sync.Mutex // held while the segment is read
	open  bool       // its file is, and counted; guarded by mu
	gone  bool       // its file is; guarded by mu
	kept  mark       // of the file when its summary was kept, while that is all that is known; guarded by mu, as are all up to unkept
	began time.Time  // when its decoder was made
	read  mark       // of the file when it was read last

	readBegan time.Time // and when that was
	unkept    bool      // its summary is not kept as it is now
	assured   assured   // since when its summary is certain
	noLog     mark      // of a file that is none, as it was when that was certain
	again     bool      // it changed while it waited for a worker; guarded by Set.mu
	done      chan struct{}
}

// Open begins to read what the paths lead to. It does not wait for any file.
func Open(ctx context.Context, paths []string, opt Options) *Set {
	if opt.Symbols == nil {
		opt.Symbols = eventlog.NewSymbols()
	}
	if opt.Known == nil {
		opt.Known = dialect.All()
	}
	if opt.now == nil {
		opt.now = time.Now
	}
	s := &Set{
		opt: opt, paths: paths, sources: eventlog.NewSources(opt.Symbols), ready: make(chan struct{}),
		// Room for a burst: find never waits long for a worker.
		work: make(chan *tracked, 256), clock: newClock(opt.Env), known: map[string]*tracked{}, shadowed: map[string]bool{}, logs: map[*openLog]bool{},
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.leaving, s.keeper = leavingOf(s.ctx), newKeeper(&s.opt)
	s.sources.Gone(opt.Gone)
	if s.front = newFronts(s); s.front != nil {
		s.wg.Go(s.keepFront)
	}
	s.sources.Report(func(p *eventlog.Progress) { p.Loading = true })
	for range max(2, runtime.GOMAXPROCS(0)) {
		s.wg.Go(s.worker)
	}
	s.wg.Go(s.run)
	return s
}

// Sources returns the summaries of everything that was found.
func (s *Set) Sources() *eventlog.Sources { return s.sources }

// Wait returns when everything that was there at first has been read.
func (s *Set) Wait(ctx context.Context) error {
	s.sources.Want()
	select {
	case <-s.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// Close stops reading and waits until all goroutines have ended.
func (s *Set) Close() error {
	s.cancel()
	s.mu.Lock()
	logs := s.logs
	s.logs = map[*openLog]bool{}
	s.mu.Unlock()
	for l := range logs {
		l.stop()
	}
	s.wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keepLast()
	for _, t := range s.known {
		if t != nil && t.reader != nil {
			t.reader.close()
		}
	}
	return nil
}

// run finds segments, first all that are there, then what appears.
func (s *Set) run() {
	w := newWaker(s)
	defer w.close()
	first, folders := s.look()
	w.watch(folders)
	for _, t := range first {
		select {
		case <-t.done:
		case <-s.ctx.Done():
			return
		}
	}
	s.sources.Report(func(p *eventlog.Progress) { p.Loading = false })
	close(s.ready)
	s.wg.Go(s.commit)
	if !s.opt.Follow {
		return
	}
	for w.wait(s.ctx) {
		began := time.Now()
		_, folders := s.look()
		if s.clock.changed() {
			s.reconsider()
		}
		w.watch(folders)
		w.took = time.Since(began)
	}
}

// look finds files that are new or have changed and hands them to the workers.
// What is gone it forgets. It returns the segments it handed over for the first
// time, and the folders that it looked into.
func (s *Set) look() (first []*tracked, folders []string) {
	var fresh, changed []*tracked
	var failed []eventlog.Fault
	files, folders := find(s.ctx, s.paths, func(path string, err error) {
		if s.opt.missing(err) || s.opt.archived(path, err) {
			return
		}
		failed = append(failed, eventlog.Fault{Path: path, Pos: -1, Why: err.Error()})
	})
	now := time.Now()
	s.mu.Lock()
	files = s.withCopies(files)
	for _, f := range files {
		t, old := s.known[f.path]
		at := markOf(f.path, f.info)
		if old {
			t.missed = time.Time{}
		}
		switch {
		case !old:
			t = &tracked{path: f.path, named: f.named && !s.opt.Hopeful, copied: f.copied, seen: at, done: make(chan struct{})}
			s.known[f.path] = t
			fresh = append(fresh, t)
		case t.seen != at || at.fresh(now):
			t.seen = at
			if !t.again {
				t.again = true
				changed = append(changed, t)
			}
		}
	}
	logs := s.logsOf(changed)
	s.mu.Unlock()
	s.forget(files)
	unread := s.recallAll(fresh, s.preview(fresh, len(failed) > 0))
	loading := true
	select {
	case <-s.ready:
		loading = false
	default:
	}
	// A look that found nothing new must not have the catalog made again.
	if len(fresh) > 0 || loading {
		s.sources.Report(func(p *eventlog.Progress) {
			p.Found += len(fresh)
			if p.Loading {
				p.Failed = append(p.Failed, failed...)
			}
		})
	}
	for _, l := range logs {
		l.wake()
	}
	for _, t := range append(changed, unread...) {
		select {
		case s.work <- t:
		case <-s.ctx.Done():
			return nil, nil
		}
	}
	return fresh, folders
}

// goneAfter is how long a file is missed before it is gone: programs that write
// a file anew may take it away for a moment.
const goneAfter = 500 * time.Millisecond

// forget lets go of segments whose file is gone, and of their sessions with them.
// One that is being read is left to the next look.
func (s *Set) forget(files []found) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) == len(files) || s.ctx.Err() != nil {
		return
	}
	here := make(map[string]bool, len(files))
	for _, f := range files {
		here[f.path] = true
	}
	for path, t := range s.known {
		if here[path] {
			continue
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) && !t.copied && !s.shadowed[path] {
			continue // its folder cannot be read, or another path leads to it now
		}
		if t.missed.IsZero() {
			t.missed = time.Now()
		}
		if time.Since(t.missed) < goneAfter && !t.copied && !s.shadowed[path] || !t.mu.TryLock() {
			continue
		}
		t.gone = true
		if t.reader != nil {
			t.reader.close()
			s.count(t)
		}
		if t.summary != nil {
			s.sources.Remove(t.summary)
		}
		t.mu.Unlock()
		delete(s.known, path)
		s.sources.Report(func(p *eventlog.Progress) {
			p.Found--
			p.Failed = slices.DeleteFunc(p.Failed, func(f eventlog.Fault) bool { return f.Path == path })
		})
	}
}

func (s *Set) logsOf(changed []*tracked) []*openLog {
	var logs []*openLog
	for l := range s.logs {
		if slices.ContainsFunc(changed, func(t *tracked) bool { return l.reads(t.path) }) {
			logs = append(logs, l)
		}
	}
	return logs
}

func (s *Set) worker() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case t := <-s.work:
			s.mu.Lock()
			t.again = false
			at := t.seen
			s.mu.Unlock()
			s.advance(t, at)
		}
	}
}

// advance reads what is new in a segment, as it was at a mark, into its summary.
func (s *Set) advance(t *tracked, at mark) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer func() {
		select {
		case <-t.done:
		default:
			close(t.done)
		}
	}()
	if t.gone {
		return
	}
	if t.reader != nil && t.seg.blank && at.size > 0 {
		s.again(t) // it was empty when its dialect was told
	}
	began := s.opt.now()
	switch {
	case t.reader != nil || s.keeper == nil:
	case t.kept == mark{}:
	case t.kept == at:
		return
	default:
		s.readOn(t, at)
	}
	if t.reader == nil && !s.begin(t) {
		return
	}
	fresh, err := s.read(t)
	whole := err == nil
	switch {
	case errors.Is(err, errLater):
		err = nil
		s.lookAgain(t)
	case err == nil && fresh != t.summary:
		// Only now that it is complete: what was known stays until then.
		s.sources.Replace(t.summary, fresh)
		t.summary = fresh
	}
	t.summary.Update(func() {
		t.summary.Pending(t.reader.feed.pending())
		t.summary.Modified(eventlog.Stamp(at.modified))
		s.keep(t)
		t.summary.Settle()
		if err != nil && s.ctx.Err() == nil {
			t.summary.Fault(eventlog.Fault{Path: t.path, Pos: -1, Why: err.Error()})
		}
	})
	s.sources.Notify()
	s.count(t)
	keep := whole && s.keepLater(t, at, began)
	old := time.Since(time.Unix(0, at.modified)) > 10*time.Minute || s.open.Load() > maxOpen
	if at.size < longToKeep || !keep && !old {
		s.leave(t, keep, old)
		return
	}
	// Nobody waits for this: it is as much work as adding up all that was read.
	s.wg.Go(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if !t.gone && t.reader != nil {
			s.leave(t, keep, old)
			s.commit()
		}
	})
}

// longToKeep is how large a segment is whose summary takes long to keep.
const longToKeep = 64 << 20

// leave keeps the summary of a segment if that is to be done now, and closes its file
// when it is old. t.mu is held.
func (s *Set) leave(t *tracked, keep, old bool) {
	if t.unkept && (keep || old) {
		s.shelve(t)
	}
	if old {
		t.reader.rest()
		s.count(t)
	}
}

// maxOpen is how many files of lines are kept open, with what was read of them
// ahead. The newest are read first; the others are opened again when they grow.
const maxOpen = 256

// count keeps the number of files that are open. t.mu is held.
func (s *Set) count(t *tracked) {
	open := t.reader != nil && t.reader.open()
	switch {
	case open && !t.open:
		s.open.Add(1)
	case !open && t.open:
		s.open.Add(-1)
	}
	t.open = open
}

// lookAgain makes the next look find that a segment has changed.
func (s *Set) lookAgain(t *tracked) {
	s.mu.Lock()
	t.seen = mark{}
	s.mu.Unlock()
}

// giveWay rests once, when the first records of a log can be shown: reading on would take
// the processors from whoever draws them, and the larger the log the longer.
func (s *Set) giveWay() {
	if !s.opt.Front {
		return
	}
	const drawn = 25 * time.Millisecond
	s.gaveWay.Do(func() {
		select {
		case <-time.After(drawn):
		case <-s.ctx.Done():
		}
	})
}

// read reads what is new in a segment into its summary or, when what was read
// has changed, all of it into a fresh one.
func (s *Set) read(t *tracked) (*eventlog.Summary, error) {
	sum := t.summary
	mask := masker{red: s.opt.Redactor}
	for {
		err := t.reader.advance(s.ctx, func(batch func()) {
			sum.Update(batch)
			if sum == t.summary {
				s.sources.Notify()
				s.giveWay()
			}
		}, summaryReader{sum, &s.opt, t.path, t.seg.dialect, &mask})
		t.hid = t.hid || mask.hid
		if !errors.Is(err, errStartOver) {
			return sum, err
		}
		if !t.seg.head.IsDatabase() {
			if again, err := sniff(s.ctx, t.path, &s.opt); err == nil {
				t.seg.head = again.head // as it is now; what it was is let go
				again.close()
			}
		}
		t.began = s.opt.now()
		t.reader.decoder = t.seg.decoder()
		sum = t.seg.newSummary(s.opt.Symbols)
		t.seg.release()
	}
}

// again forgets what was told of a file as long as it was empty.
func (s *Set) again(t *tracked) {
	seg, err := sniff(s.ctx, t.path, &s.opt)
	if err != nil || seg.blank {
		return // not enough is there yet
	}
	seg.close()
	t.reader.close()
	t.reader = nil
	s.count(t)
}

// begin tells the dialect of a file. A file that was named, and is none of
// ours, is told as failed, once, until it becomes one.
func (s *Set) begin(t *tracked) bool {
	t.began = s.opt.now()
	seg, err := sniff(s.ctx, t.path, &s.opt)
	if err == nil && seg.blank && !t.named {
		seg.close()
		s.passOver(t)
		return false // an empty file in a folder: it may become a log
	}
	var feed feed
	if err == nil {
		feed, err = seg.feed(s.ctx)
	}
	if err != nil {
		s.refuse(t, err)
		s.passOver(t)
		return false
	}
	if t.refused {
		t.refused = false
		s.sources.Report(func(p *eventlog.Progress) {
			p.Failed = slices.DeleteFunc(p.Failed, func(f eventlog.Fault) bool { return f.Path == t.path })
		})
	}
	t.seg = seg
	t.lines.Store(seg.isLines())
	t.reader = &reader{feed: feed, decoder: seg.decoder()}
	old := t.summary
	t.summary = seg.newSummary(s.opt.Symbols)
	if old != nil {
		s.sources.Replace(old, t.summary)
	} else {
		s.sources.Add(t.summary)
	}
	seg.release()
	return true
}

// passOver notes that a file is no log, if that is so as long as nothing changes. t.mu
// is held.
func (s *Set) passOver(t *tracked) {
	t.noLog = mark{}
	info, err := os.Stat(t.path)
	if err != nil || t.refused || t.named {
		return
	}
	if at := markOf(t.path, info); at.before(t.began) {
		t.noLog = at
	}
}

// refuse tells that a file cannot be read. A folder may hold any number of
// files that are no logs and do not look like any: nobody has asked for those.
func (s *Set) refuse(t *tracked, err error) {
	var no *noLog
	if s.ctx.Err() != nil || errors.Is(err, os.ErrNotExist) || errors.As(err, &no) && !t.named && !isLog(t.path) {
		return
	}
	t.refused = true
	s.sources.Report(func(p *eventlog.Progress) {
		f := eventlog.Fault{Path: t.path, Pos: -1, Why: err.Error()}
		if !slices.Contains(p.Failed, f) {
			p.Failed = append(p.Failed, f)
		}
	})
}

// reader decodes what a feed gives.
type reader struct {
	feed    feed
	decoder dialect.Decoder
}

// taker takes the events of a segment, from within a batch.
type taker interface {
	record(rec *eventlog.Record)
	event(rec *eventlog.Record, sub int, e *eventlog.Event)
	fault(table int, pos int64, size int, err error)
}

// batchRecords is how many records are decoded between two looks at the lock.
const batchRecords = 256

// advance decodes what is new. Each call of update runs one batch, so that
// whoever reads the result never waits long.
func (r *reader) advance(ctx context.Context, update func(batch func()), to taker) error {
	var end error
	var rec *eventlog.Record
	sub := 0
	emit := func(e *eventlog.Event) {
		to.event(rec, sub, e)
		sub++
	}
	batch := func() {
		for range batchRecords {
			var err error
			if rec, err = r.feed.next(ctx); err != nil {
				if bad := (*fault)(nil); errors.As(err, &bad) {
					to.fault(0, bad.pos, 0, bad.err)
					continue
				}
				end = err
				return
			}
			to.record(rec)
			sub = 0
			if err := r.decoder.Decode(rec, false, emit); err != nil {
				to.fault(rec.Table, rec.Pos, rec.Size, err)
			}
		}
	}
	for end == nil {
		update(batch)
		runtime.Gosched() // whoever shows the result may be waiting for a core
	}
	if end == io.EOF {
		return nil
	}
	return end
}

// open reports whether a file of lines is open.
func (r *reader) open() bool {
	f, ok := r.feed.(*lineFeed)
	return ok && f.follow != nil
}

func (r *reader) rest() {
	if f, ok := r.feed.(*lineFeed); ok && f.follow != nil && !f.pending() {
		f.close()
		r.letGo()
	}
}

// letGo lets the decoder forget the last record, and the block that it lies in.
func (r *reader) letGo() {
	if d, ok := r.decoder.(dialect.Rester); ok {
		d.Rest()
	}
}

func (r *reader) close() { r.feed.close() }

// summaryReader adds events to a summary, its texts masked.
type summaryReader struct {
	*eventlog.Summary
	opt     *Options
	path    string
	dialect dialect.Dialect
	mask    *masker
}

func (s summaryReader) record(rec *eventlog.Record) {
	s.Record()
	if s.opt.Inspect != nil {
		s.opt.Inspect(s.path, s.dialect, rec, nil)
	}
	s.Table(rec.Table)
}

func (s summaryReader) event(rec *eventlog.Record, _ int, e *eventlog.Event) {
	if s.opt.Inspect != nil {
		s.opt.Inspect(s.path, s.dialect, rec, e)
	}
	if e.Facts != nil {
		s.News(e)
		s.mask.facts(e.Facts)
	}
	s.opt.estimate(e)
	s.mask.names(e)
	if s.Add(rec.Pos, e) {
		s.Begins(rec)
	}
}

func (s summaryReader) fault(_ int, pos int64, _ int, err error) {
	s.Fault(eventlog.Fault{Path: s.path, Pos: pos, Why: err.Error()})
}

// mark tells whether a file, or a database with its log, has changed.
type mark struct {
	size, modified       int64
	walSize, walModified int64
	identity
}

// settled is how long after the last write to the log of a database there may
// be rows that could not be read at once: the writer waits for the disk before
// it lets others see them.
const settled = 3 * time.Second

// fresh reports whether a database was written to so lately that it is worth
// reading again, though nothing can be seen to have changed.
func (m mark) fresh(now time.Time) bool {
	return m.walSize > 0 && now.Sub(time.Unix(0, m.walModified)) < settled
}

// textual are the endings of files that are no databases: of thousands of them nobody
// looks every second for the log of one.
var textual = map[string]bool{".jsonl": true, ".ndjson": true, ".json": true, ".log": true, ".zst": true, ".gz": true, ".traj": true, ".eval": true}

func markOf(path string, info os.FileInfo) mark {
	m := mark{size: info.Size(), modified: info.ModTime().UnixNano(), identity: identityOf(info)}
	if !textual[filepath.Ext(path)] {
		if wal, err := os.Stat(path + "-wal"); err == nil {
			m.walSize, m.walModified = wal.Size(), wal.ModTime().UnixNano()
		}
	}
	if sessions, _ := storage(filepath.Dir(path)); sessions {
		// A message that is new changes its folder, one that is written to does not.
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if dir, err := os.Stat(filepath.Join(filepath.Dir(path), "..", "..", "message", name)); err == nil {
			m.modified = max(m.modified, dir.ModTime().UnixNano())
		}
	}
	return m
}
