package cmd

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/pack"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/redact/scrub"
	"github.com/lazytrace/lazytrace/redact/scrub/swap"
)

// knownLogs are the files that logs are made of, by their real paths, each with the id
// of a session in it that is running, or nothing.
type knownLogs struct{ paths map[string]string }

// knownLogsAt finds the logs at paths, and lets go of all of them again.
func knownLogsAt(ctx context.Context, env *Env, paths []string) (knownLogs, error) {
	known := knownLogs{map[string]string{}}
	opt, err := readOptions(env, false)
	if err != nil {
		return known, err
	}
	set := source.Open(ctx, expand(paths), opt)
	defer func() { _ = set.Close() }() // it was only read
	if err := set.Wait(ctx); err != nil {
		return known, err
	}
	cat := set.Sources().Catalog()
	running := map[string]string{}
	now := eventlog.StampOf(env.Now())
	for _, s := range cat.Sessions {
		if status, _ := s.Status(now); status == eventlog.Running {
			for _, path := range s.Paths {
				running[path] = s.ID
			}
		}
	}
	for _, seg := range cat.Segments {
		parts, err := source.Parts(ctx, seg.Path, opt.Known)
		if err != nil {
			continue // it is gone meanwhile
		}
		for _, part := range parts {
			known.paths[realPath(part)] = running[seg.Path]
		}
	}
	return known, nil
}

// realPath is a path without links, whole.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return absolute(path)
}

func isUnmaskable(err error) bool {
	return errors.Is(err, sqlite.ErrUnmaskable) || errors.Is(err, sqlite.ErrBusy) || errors.Is(err, sqlite.ErrHotJournal)
}

// one masks the secrets of one file and returns how many they were.
func (s *scrubber) one(ctx context.Context, f *scrubbedFile) (int64, error) {
	file, err := os.Open(f.Path)
	if err != nil {
		return 0, fileReason(err)
	}
	kind, packed, err := look(file, f.file.info)
	file.Close()
	if err != nil {
		return 0, err
	}
	job := swap.Job{Path: f.Path, Backup: f.Backup, Ready: func() error {
		if err := s.unused(f.Path); err != nil {
			return fmt.Errorf("%w: %w", swap.ErrRefused, err)
		}
		return ctx.Err()
	}}
	masks := int64(0)
	job.Verify = func(path string) error {
		info, err := os.Stat(path)
		if err != nil {
			return fileReason(err)
		}
		left := int64(0)
		r := secretReader{finder: s.finder}
		if err := r.read(ctx, secretFile{path, true, info}, func(secretPlace) error { left++; return nil }); err != nil {
			return fmt.Errorf("look at what was written: %w", err)
		}
		if left > 0 {
			return fmt.Errorf("%w: %s would be left in it", swap.ErrRefused, figure.Plural(left, "secret"))
		}
		return nil
	}
	switch {
	case kind == holdsArchive || packed == pack.Zstd:
		return 0, fmt.Errorf("%w: it is packed with %s, which is not written here: unpack it, scrub that, and pack it again", swap.ErrRefused, packed)
	case kind == holdsDatabase:
		return f.Secrets, s.database(ctx, f.Path, job)
	case kind == holdsPacked:
		job.Write = func(old, made *os.File) (err error) {
			masks, err = s.gzipped(ctx, old, made)
			return err
		}
	default:
		job.Write = func(old, made *os.File) (err error) {
			masks, err = s.text(ctx, old, made)
			return err
		}
	}
	err = job.Run()
	return masks, err
}

// mostPasses is how often what was masked is masked again. Masking one value can show
// what its neighbour is.
const mostPasses = 3

// text masks a text. It does so again only if something is left.
func (s *scrubber) text(ctx context.Context, old, made *os.File) (masks int64, err error) {
	for passes := 1; passes <= mostPasses; passes++ {
		if _, err := old.Seek(0, io.SeekStart); err != nil {
			return 0, fileReason(err)
		}
		if _, err := made.Seek(0, io.SeekStart); err != nil {
			return 0, fileReason(err)
		}
		if err := made.Truncate(0); err != nil {
			return 0, fileReason(err)
		}
		if masks, err = s.masked(ctx, made, old, passes); err != nil {
			return 0, err
		}
		if _, err := made.Seek(0, io.SeekStart); err != nil {
			return 0, fileReason(err)
		}
		left := 0
		if err := s.finder.Find(ctx, made, func(scrub.Secret) error { left++; return nil }); err != nil {
			return 0, err
		}
		if left == 0 {
			break
		}
	}
	return masks, nil
}

// masked copies a text with its secrets masked, so many times in a row.
func (s *scrubber) masked(ctx context.Context, dst io.Writer, src io.Reader, passes int) (masks int64, err error) {
	if passes == 1 {
		out := bufio.NewWriterSize(dst, 256<<10)
		masks, err = s.finder.Rewrite(ctx, out, src)
		return masks, errors.Join(err, out.Flush())
	}
	r, w := io.Pipe()
	first := make(chan int64, 1)
	go func() {
		n, err := s.finder.Rewrite(ctx, w, src)
		first <- n
		w.CloseWithError(err)
	}()
	masks, err = s.masked(ctx, dst, r, passes-1)
	r.CloseWithError(err)
	return masks + <-first, err
}

// gzipped masks what is packed with gzip, and packs it again under the same name.
func (s *scrubber) gzipped(ctx context.Context, old, made *os.File) (int64, error) {
	info, err := old.Stat()
	if err != nil {
		return 0, fileReason(err)
	}
	head, err := gzip.NewReader(old)
	if err != nil {
		return 0, err
	}
	header := head.Header
	if _, err := old.Seek(0, io.SeekStart); err != nil {
		return 0, fileReason(err)
	}
	src, err := pack.Reader(old, pack.Gzip, info.Size())
	if err != nil {
		return 0, err
	}
	defer func() { _ = src.Close() }() // it was only read
	z := gzip.NewWriter(made)
	z.Header = header
	masks, err := s.masked(ctx, z, src, mostPasses)
	return masks, errors.Join(err, z.Close())
}

// database masks the texts of a database.
func (s *scrubber) database(ctx context.Context, path string, job swap.Job) error {
	lock, err := sqlite.LockFile(ctx, path)
	if err != nil {
		return err
	}
	job.Write = func(_, made *os.File) error {
		return lock.Mask(ctx, made.Name(), func(text []byte) []byte {
			for range mostPasses {
				masked, n := s.finder.Mask(text)
				if n == 0 {
					break
				}
				text = masked
			}
			return text
		})
	}
	if err := job.Run(); err != nil {
		return errors.Join(err, lock.Restore(context.WithoutCancel(ctx)))
	}
	return lock.Close()
}
