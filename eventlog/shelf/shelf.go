// Package shelf keeps many small things on disk, by key, for any number of
// processes: whoever comes first puts what it made there, and who comes later need
// not make it again. Nothing depends on what it keeps: what is lost, damaged or
// from elsewhere is as if it had never been there.
//
// A shelf is a folder of packs. A pack is written to a file of another name and
// renamed when it is whole, and never changes afterwards, so nobody locks and nobody
// reads half of one. Of two entries with one key the one that was written later
// counts. Packs of about one size are merged, so there are few, and what is written
// once is written again only a few times, however often something is added.
package shelf

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Key names an entry.
type Key [16]byte

// A pack is its entries one after the other, an index of them, and a trailer that
// says where the index is. Each entry and the index have a checksum.
const (
	magic     = "ltshelf1"
	ending    = ".pack1" // with the version; packs of another one are left to their program
	unwritten = ".tmp"   // of a pack that is being written
	indexSize = 16 + 8 + 4 + 4 + 8 + 8
	trailSize = 8 + 8 + 4 + 4 + 8
	maxEntry  = 256 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// place is where an entry lies, as the index of its pack says.
type place struct {
	key     Key
	pos     int64
	size    uint32
	sum     uint32
	written int64 // in nanoseconds since 1970
	used    int64 // likewise, when somebody wanted it last; see stale
}

func (p *place) spell(b []byte) []byte {
	b = append(b, p.key[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(p.pos))
	b = binary.LittleEndian.AppendUint32(b, p.size)
	b = binary.LittleEndian.AppendUint32(b, p.sum)
	b = binary.LittleEndian.AppendUint64(b, uint64(p.written))
	return binary.LittleEndian.AppendUint64(b, uint64(p.used))
}

func placeOf(b []byte) (p place) {
	p.key = Key(b[:16])
	p.pos = int64(binary.LittleEndian.Uint64(b[16:]))
	p.size, p.sum = binary.LittleEndian.Uint32(b[24:]), binary.LittleEndian.Uint32(b[28:])
	p.written, p.used = int64(binary.LittleEndian.Uint64(b[32:])), int64(binary.LittleEndian.Uint64(b[40:]))
	return p
}

// pack is a pack that is open.
type pack struct {
	path  string
	file  *os.File
	size  int64
	list  []place
	lives int64 // bytes of entries that count
}

// openPack opens a pack. It returns nil where that cannot be done, and reports
// whether the file is none, or is damaged.
func openPack(path string) (p *pack, wrong bool) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false
	}
	p = &pack{path: path, file: f}
	if !p.read() {
		_ = f.Close()
		return nil, true
	}
	return p, false
}

func (p *pack) read() bool {
	info, err := p.file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() < int64(len(magic))+trailSize {
		return false
	}
	p.size = info.Size()
	trail := make([]byte, trailSize)
	if _, err := p.file.ReadAt(trail, p.size-trailSize); err != nil || string(trail[24:]) != magic {
		return false
	}
	at, count := int64(binary.LittleEndian.Uint64(trail)), int64(binary.LittleEndian.Uint64(trail[8:]))
	if at < int64(len(magic)) || count < 0 || count > p.size/indexSize || at+count*indexSize != p.size-trailSize {
		return false
	}
	index := make([]byte, count*indexSize)
	if _, err := p.file.ReadAt(index, at); err != nil || crc32.Checksum(index, castagnoli) != binary.LittleEndian.Uint32(trail[16:]) {
		return false
	}
	p.list = make([]place, count)
	for i := range p.list {
		p.list[i] = placeOf(index[i*indexSize:])
		if e := &p.list[i]; e.pos < int64(len(magic)) || int64(e.size) > maxEntry || e.pos > at-int64(e.size) {
			return false
		}
	}
	return true
}

// get reads an entry, into room where there is enough of it.
func (p *pack) get(at *place, room []byte) ([]byte, bool) {
	b := slices.Grow(room[:0], int(at.size))[:at.size]
	if n, err := p.file.ReadAt(b, at.pos); n < len(b) && err != nil || crc32.Checksum(b, castagnoli) != at.sum {
		return nil, false
	}
	return b, true
}

// What a shelf keeps when nothing else is said.
const (
	DefaultSize = 256 << 20
	DefaultAge  = 45 * 24 * time.Hour
)

// Options bound what a shelf keeps. Zero fields are the defaults.
type Options struct {
	Size int64         // how large all of it may become
	Age  time.Duration // how long an entry is kept that nobody wants
	Now  func() time.Time
}

// Shelf gives what was there when somebody first asked for an entry, and keeps what it
// is given. It is safe for concurrent use. Entries become visible to others by Commit.
type Shelf struct {
	dir string
	opt Options

	asked sync.Once // for packs and index
	packs []*pack
	index map[Key]entry

	mu     sync.Mutex
	draft  *draft // what was put since the last Commit; nil for nothing
	broken bool   // nothing can be written here: nobody tries again
	closed bool
}

type entry struct {
	pack  *pack
	place *place
}

// Open opens the shelf in a folder, which need not be there. What cannot be read
// of it is not there. Nothing is read before the first entry is asked for.
func Open(dir string, opt Options) *Shelf {
	if opt.Size <= 0 {
		opt.Size = DefaultSize
	}
	if opt.Age <= 0 {
		opt.Age = DefaultAge
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Shelf{dir: dir, opt: opt}
}

// load opens all packs of a folder. It also returns files that look like packs and
// are none.
func load(dir string) (packs []*pack, index map[Key]entry, wrong []string) {
	files, _ := os.ReadDir(dir)
	count := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ending) {
			continue
		}
		path := filepath.Join(dir, f.Name())
		p, none := openPack(path)
		switch {
		case p != nil:
			packs = append(packs, p)
			count += len(p.list)
		case none:
			wrong = append(wrong, path)
		}
	}
	index = make(map[Key]entry, count)
	for _, p := range packs {
		for i := range p.list {
			at := &p.list[i]
			p.lives += int64(at.size)
			old, there := index[at.key]
			switch { // of the same once more both count
			case !there:
				index[at.key] = entry{p, at}
			case old.place.written < at.written:
				old.pack.lives -= int64(old.place.size)
				index[at.key] = entry{p, at}
			case old.place.written > at.written:
				p.lives -= int64(at.size)
			}
		}
	}
	return packs, index, wrong
}

// counts reports whether nothing with the key of an entry was written later. All
// copies of an entry count: of a pack that was merged into another one just now both
// are seen, and whoever sees them cannot know which of the two is about to go.
func counts(index map[Key]entry, at *place) bool {
	return index[at.key].place.written == at.written
}

// Get returns the entry with a key, in room where there is enough of it.
func (s *Shelf) Get(key Key, room []byte) ([]byte, bool) {
	e, ok := s.find(key)
	if !ok {
		return nil, false
	}
	return e.pack.get(e.place, room)
}

func (s *Shelf) find(key Key) (entry, bool) {
	s.asked.Do(func() { s.packs, s.index, _ = load(s.dir) })
	e, ok := s.index[key]
	return e, ok
}

// Stale reports whether an entry that was used just now is to be put again, for it
// not to be taken for one that nobody wants. Once in a while is enough.
func (s *Shelf) Stale(key Key) bool {
	e, ok := s.find(key)
	return ok && s.opt.Now().Sub(time.Unix(0, e.place.used)) > s.opt.Age/6
}

// Put keeps an entry. It does not fail: where nothing can be written, nothing is.
func (s *Shelf) Put(key Key, body []byte) {
	if len(body) > maxEntry {
		return
	}
	now := s.opt.Now().UnixNano()
	at := place{key: key, size: uint32(len(body)), sum: crc32.Checksum(body, castagnoli), written: now, used: now}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken || s.closed {
		return
	}
	if s.draft == nil {
		if s.draft = newDraft(s.dir); s.draft == nil {
			s.broken = true
			return
		}
	}
	if s.draft.pos+int64(len(body)) <= s.opt.Size/2 {
		s.draft.put(at, body)
	}
}

// Commit lets others see what was put. Now and then it merges packs on the way, and
// lets go of what nobody wants; when ctx ends that is left to the next time.
func (s *Shelf) Commit(ctx context.Context) {
	s.mu.Lock()
	d := s.draft
	s.draft = nil
	s.mu.Unlock()
	if d != nil && !tidy(ctx, s.dir, d, s.opt) {
		s.mu.Lock()
		s.broken = true
		s.mu.Unlock()
	}
}

// Close closes the packs. What was not committed is lost.
func (s *Shelf) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.asked.Do(func() {}) // nobody asks any more
	if s.draft != nil {
		s.draft.drop()
		s.draft = nil
	}
	for _, p := range s.packs {
		_ = p.file.Close()
	}
	s.packs, s.index = nil, nil
}

// tidy finishes a pack. Those that are not much larger are merged into it, and those
// of which most is not wanted any more: so no pack is written anew for the sake of
// little, and there are never more than a few.
func tidy(ctx context.Context, dir string, d *draft, opt Options) bool {
	packs, index, wrong := load(dir)
	defer func() {
		for _, p := range packs {
			_ = p.file.Close()
		}
	}()
	now := opt.Now()
	oldest := now.Add(-opt.Age).UnixNano()
	if over := total(packs)+d.pos > opt.Size; over {
		oldest = max(oldest, bound(index, d.pos, opt.Size))
		return d.finish(ctx, dir, packs, wrong, index, oldest, opt)
	}
	slices.SortFunc(packs, func(a, b *pack) int { return cmp.Compare(a.size, b.size) })
	var merged []*pack
	size := d.pos
	for _, p := range packs {
		dead := int64(0)
		for i := range p.list {
			if at := &p.list[i]; counts(index, at) && (at.used < oldest || d.keys[at.key]) {
				dead += int64(at.size)
			}
		}
		if p.size <= 2*size || 2*(p.lives-dead) < p.size {
			merged = append(merged, p)
			size += p.size
		}
	}
	return d.finish(ctx, dir, merged, wrong, index, oldest, opt)
}

func total(packs []*pack) (size int64) {
	for _, p := range packs {
		size += p.size
	}
	return size
}

// bound returns since when an entry must have been used for what is kept to take
// three quarters of what it may take.
func bound(index map[Key]entry, size, most int64) int64 {
	list := make([]*place, 0, len(index))
	for _, e := range index {
		list = append(list, e.place)
	}
	slices.SortFunc(list, func(a, b *place) int { return cmp.Compare(b.used, a.used) })
	for _, at := range list {
		if size += int64(at.size) + indexSize; size > most/4*3 {
			return at.used + 1
		}
	}
	return 0
}

// remove takes away packs that were merged into another one, and files that are no
// packs. One that another process has open stays on some systems, until the next time.
func remove(dir string, packs []*pack, wrong []string, opt Options) {
	for _, p := range packs {
		_ = p.file.Close()
		_ = os.Remove(p.path)
	}
	for _, path := range wrong {
		_ = os.Remove(path)
	}
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		age := opt.Age // of a pack of another version, which nobody writes to any more
		switch name := f.Name(); {
		case strings.HasSuffix(name, unwritten):
			age = time.Hour // whoever wrote it has ended in the middle
		case !strings.Contains(name, ".pack"), strings.HasSuffix(name, ending):
			continue
		}
		if info, err := f.Info(); err == nil && opt.Now().Sub(info.ModTime()) > age {
			_ = os.Remove(filepath.Join(dir, f.Name()))
		}
	}
}

// State is what is on a shelf.
type State struct {
	Entries int
	Bytes   int64
	Packs   int
	Oldest  time.Time // when the entry was used that was not for longest; zero for none
}

// Look tells what is on the shelf in a folder.
func Look(dir string) (st State) {
	packs, index, _ := load(dir)
	for _, p := range packs {
		_ = p.file.Close()
	}
	st.Entries, st.Bytes, st.Packs = len(index), total(packs), len(packs)
	for _, e := range index {
		if at := time.Unix(0, e.place.used); st.Oldest.IsZero() || at.Before(st.Oldest) {
			st.Oldest = at
		}
	}
	return st
}

// Clear takes everything off the shelf in a folder, also what was written by another
// version. Files of others that lie there are left.
func Clear(dir string) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, f := range files {
		if name := f.Name(); strings.HasSuffix(name, unwritten) || strings.Contains(name, ".pack") {
			if bad := os.Remove(filepath.Join(dir, name)); bad != nil && !errors.Is(bad, os.ErrNotExist) {
				err = errors.Join(err, bad)
			}
		}
	}
	return err
}
