package shelf

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
)

// draft is a pack that is being written.
type draft struct {
	file *os.File
	out  *bufio.Writer
	pos  int64
	list []place
	keys map[Key]bool
	err  error
}

// newDraft begins a pack in a folder, which is made where it is not there. It
// returns nil where nothing can be written.
func newDraft(dir string) *draft {
	if os.MkdirAll(dir, 0o700) != nil {
		return nil
	}
	name := make([]byte, 12)
	if _, err := rand.Read(name); err != nil {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(dir, hex.EncodeToString(name)+unwritten), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil
	}
	d := &draft{file: f, out: bufio.NewWriterSize(f, 256<<10), keys: map[Key]bool{}}
	d.write([]byte(magic))
	return d
}

func (d *draft) write(b []byte) {
	if d.err == nil {
		_, d.err = d.out.Write(b)
	}
	d.pos += int64(len(b))
}

func (d *draft) put(at place, body []byte) {
	at.pos = d.pos
	d.write(body)
	d.list = append(d.list, at)
	d.keys[at.key] = true
}

// finish adds what counts of other packs, gives the pack its name, and takes the
// others away. It reports whether the pack could be written.
func (d *draft) finish(ctx context.Context, dir string, packs []*pack, wrong []string, index map[Key]entry, oldest int64, opt Options) bool {
	all := d.take(ctx, packs, index, oldest)
	if !d.end() {
		return false
	}
	if all {
		remove(dir, packs, wrong, opt)
	}
	return true
}

// take adds the entries of other packs that still count and were used since a
// moment. It reports whether it came to the end of them before ctx did.
func (d *draft) take(ctx context.Context, packs []*pack, index map[Key]entry, oldest int64) bool {
	var room []byte
	for _, p := range packs {
		for i := range p.list {
			at := &p.list[i]
			if !counts(index, at) || at.used < oldest || d.keys[at.key] {
				continue
			}
			if ctx.Err() != nil || d.err != nil {
				return false
			}
			if body, ok := p.get(at, room); ok {
				room = body
				d.put(*at, body)
			}
		}
	}
	return true
}

// end writes the index and gives the pack its name.
func (d *draft) end() bool {
	last := make(map[Key]int, len(d.list)) // of what was put twice the last one counts
	for i := range d.list {
		last[d.list[i].key] = i
	}
	at := d.pos
	index := make([]byte, 0, len(last)*indexSize)
	for i := range d.list {
		if last[d.list[i].key] == i {
			index = d.list[i].spell(index)
		}
	}
	d.write(index)
	trail := binary.LittleEndian.AppendUint64(nil, uint64(at))
	trail = binary.LittleEndian.AppendUint64(trail, uint64(len(last)))
	trail = binary.LittleEndian.AppendUint32(trail, crc32.Checksum(index, castagnoli))
	d.write(append(binary.LittleEndian.AppendUint32(trail, 0), magic...))
	if d.err == nil {
		d.err = d.out.Flush()
	}
	if err := d.file.Close(); d.err == nil {
		d.err = err
	}
	name := d.file.Name()
	if d.err == nil {
		d.err = os.Rename(name, strings.TrimSuffix(name, unwritten)+ending)
	}
	if d.err != nil {
		_ = os.Remove(name)
	}
	return d.err == nil
}

// drop gives the pack up.
func (d *draft) drop() {
	_ = d.file.Close()
	_ = os.Remove(d.file.Name())
}
