package archive

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog/pack"
)

// Limits bound an archive. Zero is no bound.
type Limits struct {
	Bytes int64         // of the packed files
	Age   time.Duration // since the source was written to
}

// Prune forgets what is beyond the limits, what is oldest first. What is the only copy
// of a source that is still there is never forgotten: it would be copied again. It
// returns what was forgotten, and how many bytes are left beyond the limit.
func (w *Writer) Prune(l Limits) (forgotten []Copy, beyond int64) {
	uses := map[string]int{}
	size := int64(0)
	for _, c := range w.state.copies {
		if uses[c.ID]++; uses[c.ID] == 1 {
			size += c.Packed
		}
	}
	var order []int
	for i := range w.state.copies {
		if c := &w.state.copies[i]; !c.Beside && !c.Source() {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(w.state.copies[a].Modified, w.state.copies[b].Modified)
	})
	gone := map[int]bool{}
	forget := func(i int) {
		c := &w.state.copies[i]
		gone[i] = true
		forgotten = append(forgotten, *c)
		if uses[c.ID]--; uses[c.ID] == 0 {
			size -= c.Packed
		}
	}
	for _, i := range order {
		c := &w.state.copies[i]
		old := l.Age > 0 && w.opt.Now().Sub(time.Unix(0, c.Modified)) > l.Age
		if old || l.Bytes > 0 && size > l.Bytes {
			forget(i)
		}
	}
	w.aside(gone, forget)
	if len(forgotten) > 0 {
		kept := w.state.copies[:0:0]
		for i, c := range w.state.copies {
			if !gone[i] {
				kept = append(kept, c)
			}
		}
		w.state.copies, w.dirty = kept, true
		w.byPath()
	}
	if l.Bytes > 0 {
		beyond = max(0, size-l.Bytes)
	}
	return forgotten, beyond
}

// aside forgets the small files that described what was forgotten.
func (w *Writer) aside(gone map[int]bool, forget func(int)) {
	if len(gone) == 0 {
		return
	}
	folders := map[string]bool{} // in or below which something is kept
	for i, c := range w.state.copies {
		if gone[i] || c.Beside {
			continue
		}
		for dir := filepath.Dir(c.Path); !folders[dir]; dir = filepath.Dir(dir) {
			folders[dir] = true
		}
	}
	for i := range w.state.copies {
		if c := &w.state.copies[i]; c.Beside && !folders[filepath.Dir(c.Path)] && !c.Source() {
			forget(i)
		}
	}
}

// Verify reads everything that is kept and tells what is damaged.
func (f *Folder) Verify(ctx context.Context, damaged func(c Copy, err error)) (checked int, err error) {
	copies, err := f.Copies()
	if err != nil {
		return 0, err
	}
	done := map[string]bool{}
	for _, c := range copies {
		if done[c.ID] {
			continue
		}
		done[c.ID] = true
		checked++
		if err := f.Read(ctx, &c, io.Discard); err != nil {
			if ctx.Err() != nil {
				return checked, ctx.Err()
			}
			damaged(c, err)
		}
	}
	return checked, nil
}

// Bytes returns what is kept of a small source.
func (f *Folder) Bytes(c *Copy, most int64) ([]byte, error) {
	if c.Length > most {
		return nil, fmt.Errorf("it is larger than %d bytes", most)
	}
	var b bytes.Buffer
	err := f.Read(context.Background(), c, &b)
	return b.Bytes(), err
}

// Read writes what is kept of a source, and fails if it is damaged.
func (f *Folder) Read(ctx context.Context, c *Copy, to io.Writer) error {
	file, err := os.Open(f.Object(c.ID))
	if err != nil {
		return err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || info.Size() < c.Packed {
		return errors.Join(err, fmt.Errorf("%w: the file is too short", pack.ErrDamaged))
	}
	text, err := pack.Frames(io.NewSectionReader(file, 0, c.Packed), c.Length)
	if err != nil {
		return err
	}
	defer text.Close()
	sum := sha256.New()
	buf := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := text.Read(buf)
		_, _ = sum.Write(buf[:n])
		if _, werr := to.Write(buf[:n]); werr != nil {
			return werr
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if c.Exact && hex.EncodeToString(sum.Sum(nil)) != c.ID {
		return fmt.Errorf("%w: it is not what was copied", pack.ErrDamaged)
	}
	return nil
}

// Restore writes copies into a folder, below each other as their sources were. What is
// there already is never overwritten. It returns where each of them is.
func (f *Folder) Restore(ctx context.Context, copies []Copy, dir string) (paths []string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	top := common(copies)
	for _, c := range copies {
		rel, err := filepath.Rel(top, c.Path)
		if err != nil || !filepath.IsLocal(rel) {
			rel = filepath.Base(c.Path)
		}
		if _, err := root.Lstat(rel); err == nil {
			return paths, fmt.Errorf("restore %s: %s is there already", c.Path, filepath.Join(dir, rel))
		}
		if err := f.restore(ctx, root, &c, rel); err != nil {
			return paths, fmt.Errorf("restore %s: %w", c.Path, err)
		}
		paths = append(paths, filepath.Join(dir, rel))
	}
	return paths, nil
}

func (f *Folder) restore(ctx context.Context, root *os.Root, c *Copy, rel string) error {
	if err := root.MkdirAll(filepath.Dir(rel), 0o700); err != nil {
		return err
	}
	tmp := filepath.Join(filepath.Dir(rel), unwritten+c.ID[:12])
	out, err := root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = f.Read(ctx, c, out)
	if err == nil {
		err = out.Sync()
	}
	err = errors.Join(err, out.Close())
	if err == nil {
		when := time.Unix(0, c.Modified)
		_ = root.Chtimes(tmp, when, when)
		err = root.Rename(tmp, rel)
	}
	if err != nil {
		_ = root.Remove(tmp)
	}
	return err
}

// common is the folder that all copies were below.
func common(copies []Copy) string {
	top := ""
	for i, c := range copies {
		dir := filepath.Dir(c.Path)
		if i == 0 {
			top = dir
		}
		for top != dir && !strings.HasPrefix(dir, strings.TrimSuffix(top, string(filepath.Separator))+string(filepath.Separator)) && top != filepath.Dir(top) {
			top = filepath.Dir(top)
		}
	}
	return top
}
