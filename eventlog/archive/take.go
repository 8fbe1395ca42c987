package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Source is a log that is to be copied.
type Source struct {
	Path          string // absolute: by which it is known
	Root, Rel     string // the folder that nothing leads out of, and the path in there
	Format        string
	Lines         bool
	Beside        bool
	Dying         bool
	Info          os.FileInfo
	Device, Inode uint64
}

// What was done with a source.
const (
	Unchanged = "unchanged" // it is as it was copied
	Added     = "added"
	Grown     = "grown"   // its end was added
	Changed   = "changed" // it was copied anew
	Shared    = "shared"  // the same is kept of another path
	Shorter   = "shorter" // it is only a beginning of what is kept, which stays
	Later     = "later"   // it is just being written; what is kept stays
)

// Outcome is what was done.
type Outcome struct {
	Did    string
	Copy   Copy
	Read   int64 // bytes that were read
	Packed int64 // bytes that were written
}

// fresh is how long after a write another may follow that belongs to it.
const fresh = 3 * time.Second

// maxFrames is how many frames a copy has: many small ones pack badly.
const maxFrames = 64

// Known reports whether a file is kept as it is.
func (w *Writer) Known(path string, info os.FileInfo, device, inode uint64) bool {
	c := w.latest(path)
	return c != nil && c.same(info, device, inode)
}

func (c *Copy) same(info os.FileInfo, device, inode uint64) bool {
	return !c.Partial && c.Seen == info.Size() && c.Modified == info.ModTime().UnixNano() && c.Device == device && c.Inode == inode
}

// Same reports whether a file is as it was copied.
func (c *Copy) Same(info os.FileInfo, device, inode uint64) bool { return c.same(info, device, inode) }

// errChanging says that a source was changed while it was read.
var errChanging = errors.New("it is being written all the time")

// Take copies a source, if anything of it is new. When it fails, what is kept stays
// as it is.
func (w *Writer) Take(ctx context.Context, s Source) (Outcome, error) {
	const tries = 3
	for try := 1; ; try++ {
		out, err := w.take(ctx, s)
		if !errors.Is(err, errChanging) {
			if err != nil {
				err = fmt.Errorf("archive %s: %w", s.Path, err)
			}
			return out, err
		}
		if try == tries {
			return Outcome{Did: Later}, nil
		}
		select {
		case <-ctx.Done():
			return out, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (w *Writer) take(ctx context.Context, s Source) (Outcome, error) {
	root, err := os.OpenRoot(s.Root)
	if err != nil {
		return Outcome{}, err
	}
	defer func() { _ = root.Close() }()
	if info, err := root.Stat(s.Rel); err != nil || !info.Mode().IsRegular() {
		return Outcome{}, errors.Join(err, notRegular(err)) // opening a pipe would wait for its writer
	}
	f, err := root.Open(s.Rel)
	if err != nil {
		return Outcome{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Outcome{}, err
	}
	if !info.Mode().IsRegular() {
		return Outcome{}, notRegular(nil)
	}
	t := &taking{w: w, ctx: ctx, s: s, file: f, info: info, prev: w.latest(s.Path), sum: sha256.New()}
	t.next = Copy{
		Path: s.Path, Format: s.Format, Size: info.Size(), Lines: s.Lines, Beside: s.Beside, Dying: s.Dying, Exact: w.opt.Exact,
		Seen: info.Size(), Modified: info.ModTime().UnixNano(), Device: s.Device, Inode: s.Inode, Kept: w.opt.Now().UTC(),
	}
	return t.run()
}

func notRegular(err error) error {
	if err != nil {
		return nil
	}
	return errors.New("it is not a regular file any more")
}

// taking is one source being copied.
type taking struct {
	w     *Writer
	ctx   context.Context
	s     Source
	file  *os.File
	info  os.FileInfo
	prev  *Copy
	next  Copy
	sum   hash.Hash
	begin beginning
	read  int64
}

func (t *taking) run() (Outcome, error) {
	if t.s.Lines {
		if err := t.cut(); err != nil {
			return Outcome{}, err
		}
	}
	if t.next.Size == 0 {
		if t.prev != nil {
			return Outcome{Did: Shorter, Copy: *t.prev}, nil
		}
		return Outcome{Did: Later}, nil
	}
	goesOn, replaced := false, false
	switch p := t.prev; {
	case p == nil:
	case t.next.Size < p.Size && p.begins(t.s.Path, t.info.Size()):
		return Outcome{Did: Shorter, Copy: *p}, nil
	case t.next.Size < p.Size:
		replaced = true
	case t.s.Lines || t.next.Size == p.Size:
		same, err := t.leads(p)
		if err != nil {
			return Outcome{}, err
		}
		if same && t.next.Size == p.Size {
			return t.touch(p)
		}
		goesOn = same && p.Lines && !p.Torn && p.Frames < maxFrames
		replaced = !same && p.Lines
		if !goesOn {
			if err := t.rewind(); err != nil {
				return Outcome{}, err
			}
		}
	}
	out, err := t.write(goesOn)
	if err != nil {
		return out, err
	}
	t.w.put(t.next, replaced)
	out.Copy, out.Read = t.next, t.read
	return out, nil
}

// cut leaves away the last line of a log that is just being written to, unless it is
// whole without an end.
func (t *taking) cut() error {
	const most = 16 << 20
	size := t.info.Size()
	rest := []byte{}
	block := make([]byte, 64<<10)
	for end := size; end > 0; {
		if err := t.ctx.Err(); err != nil {
			return err
		}
		from := max(0, end-int64(len(block)))
		n, err := t.file.ReadAt(block[:end-from], from)
		if err != nil && err != io.EOF {
			return err
		}
		if int64(n) < end-from {
			return errChanging
		}
		if at := bytes.LastIndexByte(block[:n], '\n'); at >= 0 {
			from += int64(at) + 1
			if from == size {
				return nil
			}
			return t.end(from, append(bytes.Clone(block[at+1:n]), rest...))
		}
		if len(rest) < most {
			rest = append(bytes.Clone(block[:n]), rest...)
		}
		end = from
	}
	return t.end(0, rest)
}

// end decides about a last line without an end, which begins at a place.
func (t *taking) end(at int64, line []byte) error {
	if t.w.opt.Now().Sub(t.info.ModTime()) < fresh && !json.Valid(line) {
		t.next.Size, t.next.Partial = at, true
		return nil
	}
	t.next.Torn = true
	return nil
}

// leads reports whether the source begins with what was copied of it.
func (t *taking) leads(p *Copy) (bool, error) {
	n, err := io.CopyN(io.MultiWriter(t.sum, &t.begin), t.source(), p.Size)
	if err == io.EOF && n < p.Size {
		return false, errChanging
	}
	return err == nil && hex.EncodeToString(t.sum.Sum(nil)) == p.ID, err
}

func (t *taking) rewind() error {
	t.sum.Reset()
	t.begin = beginning{}
	_, err := t.file.Seek(0, io.SeekStart)
	return err
}

// touch notes that a source whose content is the same has other marks now.
func (t *taking) touch(p *Copy) (Outcome, error) {
	c := *p
	c.Seen, c.Modified, c.Device, c.Inode, c.Dying, c.Partial = t.next.Seen, t.next.Modified, t.next.Device, t.next.Inode, t.next.Dying, t.next.Partial
	if c != *p { // else there is nothing to write
		t.w.put(c, false)
	}
	when := time.Unix(0, c.Modified)
	_ = os.Chtimes(t.w.f.Object(c.ID), when, when)
	return Outcome{Did: Unchanged, Copy: c, Read: t.read}, nil
}

// source reads the source, no further than it is to be copied.
func (t *taking) source() io.Reader { return &sourceReader{t} }

type sourceReader struct{ t *taking }

func (r *sourceReader) Read(p []byte) (int, error) {
	if err := r.t.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.t.file.Read(p)
	r.t.read += int64(n)
	return n, err
}

// still reports whether a document is as it was when it was opened, and looks whole.
func (t *taking) still(last byte) bool {
	now, err := t.file.Stat()
	if err != nil || now.Size() != t.info.Size() || !now.ModTime().Equal(t.info.ModTime()) {
		return false
	}
	at, err := os.Stat(filepath.Join(t.s.Root, t.s.Rel))
	if err != nil || !os.SameFile(at, now) {
		return false
	}
	whole := t.s.Beside || last == '}' || last == ']'
	return whole || t.w.opt.Now().Sub(t.info.ModTime()) >= fresh
}
