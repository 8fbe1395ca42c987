package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/pack"
	"github.com/lazytrace/lazytrace/eventlog/sqlite"
	"github.com/lazytrace/lazytrace/redact/scrub"
)

// secretPlace is where a secret stands.
type secretPlace struct {
	Path   string
	Member string // of an archive
	Line   int64  // of a text, the first is 1
	JSON   string // the path in a document
	Table  string // of a database
	Row    int64
	Column string
	scrub.Secret
}

// secretFile is a file to look at.
type secretFile struct {
	path  string
	named bool
	info  fs.FileInfo
}

// besideDatabases are files that belong to a database and are read with it.
var besideDatabases = []string{"-wal", "-shm", "-journal"}

// foldersOfCode are folders of other people's code, in which no log lies.
var foldersOfCode = []string{"node_modules", ".git", ".venv", "vendor"}

// listSecretFiles lists the files at paths, and all below those that are folders. No
// link within a folder is followed. What cannot be looked at is told to bad.
func listSecretFiles(ctx context.Context, paths []string, bad func(path string, err error)) ([]secretFile, error) {
	var files []secretFile
	seen := map[string]bool{}
	add := func(path string, named bool, info fs.FileInfo) {
		real, err := filepath.EvalSymlinks(path)
		if err != nil {
			real = path
		}
		if real = absolute(real); !seen[real] {
			seen[real] = true
			files = append(files, secretFile{path, named, info})
		}
	}
	for _, path := range expand(paths) {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			bad(path, fileReason(err))
		case !info.IsDir():
			add(path, true, info)
		default:
			root, err := filepath.EvalSymlinks(path)
			if err != nil {
				root = path
			}
			err = filepath.WalkDir(root, func(at string, e fs.DirEntry, err error) error {
				shown := path + strings.TrimPrefix(at, root)
				switch {
				case ctx.Err() != nil:
					return ctx.Err()
				case err != nil:
					bad(shown, fileReason(err))
					if e != nil && e.IsDir() {
						return fs.SkipDir
					}
				case e.IsDir():
					if at != root && slices.Contains(foldersOfCode, e.Name()) {
						return fs.SkipDir
					}
				case e.Type().IsRegular() && !slices.ContainsFunc(besideDatabases, func(s string) bool { return strings.HasSuffix(at, s) }):
					if info, err := e.Info(); err == nil {
						add(shown, false, info)
					}
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

// expand puts what patterns match in the place of those.
func expand(paths []string) []string {
	var out []string
	for _, path := range paths {
		if _, err := os.Lstat(path); err != nil && isPattern(path) {
			if matches, err := filepath.Glob(path); err == nil && len(matches) > 0 {
				out = append(out, matches...)
				continue
			}
		}
		out = append(out, path)
	}
	return out
}

// secretReader looks for secrets in files of any kind.
type secretReader struct {
	finder   *scrub.Finder
	progress *progress
	files    int
	skipped  int // found in a folder, and neither text nor database
	bytes    int64
}

// errNoText is why a file that was found in a folder is passed over.
var errNoText = errors.New("it is neither text nor a database")

// kindOf is what a file holds.
type kindOf uint8

const (
	holdsText kindOf = iota
	holdsPacked
	holdsArchive
	holdsDatabase
)

// look tells what a file holds by its first bytes.
func look(f *os.File, info fs.FileInfo) (kindOf, pack.Kind, error) {
	if !info.Mode().IsRegular() {
		return 0, pack.None, errors.New("it is no regular file")
	}
	head := make([]byte, 8<<10)
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return 0, pack.None, fileReason(err)
	}
	head = head[:n]
	packed := pack.Of(head)
	switch {
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return holdsDatabase, pack.None, nil
	case packed == pack.Zip:
		return holdsArchive, packed, nil
	case packed != pack.None:
		return holdsPacked, packed, nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return 0, pack.None, errors.New("it is UTF-16; make it UTF-8 first")
	case bytes.IndexByte(head, 0) >= 0 && !bytes.HasPrefix(bytes.TrimLeft(head, "\x00 \t\r\n"), []byte("{")):
		return 0, pack.None, errNoText
	}
	return holdsText, pack.None, nil
}

// read gives the secrets of a file.
func (r *secretReader) read(ctx context.Context, file secretFile, found func(secretPlace) error) error {
	f, err := os.Open(file.path)
	if err != nil {
		return fileReason(err)
	}
	defer f.Close()
	kind, packed, err := look(f, file.info)
	if errors.Is(err, errNoText) && !file.named {
		r.skipped++
		return nil
	}
	if err != nil {
		return err
	}
	r.files++
	inText := func(member string, src io.Reader) error {
		return r.finder.Find(ctx, r.told(file.path, src), func(s scrub.Secret) error {
			return found(secretPlace{Path: file.path, Member: member, Line: s.Line, JSON: s.Path, Secret: s})
		})
	}
	switch kind {
	case holdsDatabase:
		return r.database(ctx, file.path, found)
	case holdsArchive:
		text, err := pack.Unpack(ctx, f, file.info.Size(), func(names []string) []string { return names })
		if err != nil {
			return err
		}
		defer func() { _ = text.Close() }() // it was only read
		for _, s := range text.Sections {
			if err := inText(s.Name, io.NewSectionReader(text, s.Pos, s.Size)); err != nil {
				return err
			}
		}
		return text.Fault
	case holdsPacked:
		src, err := pack.Reader(f, packed, file.info.Size())
		if err != nil {
			return err
		}
		defer func() { _ = src.Close() }() // it was only read
		return inText("", src)
	}
	return inText("", f)
}

// told is a reader of which is told how far it came.
func (r *secretReader) told(path string, src io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := src.Read(p)
		if r.bytes += int64(n); r.progress != nil {
			r.progress.say(fmt.Sprintf("%s in %s: %s", figure.Bytes(r.bytes), figure.Plural(int64(r.files), "file"), fit(filepath.Base(path), 40)))
		}
		return n, err
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// readable reports whether a cell may hold a text.
func readable(cell eventlog.Cell) bool {
	return cell.Type == eventlog.Text || cell.Type == eventlog.Blob && utf8.Valid(cell.Text)
}

// database looks at every text of every table. Tables without row numbers, and those
// that are made by modules, cannot be read that way: they are an error, behind which
// the others have been read.
func (r *secretReader) database(ctx context.Context, path string, found func(secretPlace) error) error {
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	tables, err := db.Tables(ctx)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(tables))
	for name := range tables {
		names = append(names, name)
	}
	slices.Sort(names)
	var unread []error
	for _, name := range names {
		table := eventlog.Table{Name: name, Columns: tables[name]}
		for after := sqlite.Start; ; {
			err := db.Scan(ctx, []eventlog.Table{table}, []int64{after}, func(rec eventlog.Record) error {
				r.bytes += int64(rec.Size)
				if r.progress != nil {
					r.progress.say(fmt.Sprintf("%s in %s: %s", figure.Bytes(r.bytes), figure.Plural(int64(r.files), "file"), fit(filepath.Base(path), 40)))
				}
				for i, cell := range rec.Cells {
					if !readable(cell) {
						continue
					}
					err := r.finder.FindIn(cell.Text, func(s scrub.Secret) error {
						return found(secretPlace{Path: path, Table: name, Row: rec.Pos, Column: table.Columns[i], JSON: s.Path, Secret: s})
					})
					if err != nil {
						return err
					}
				}
				return ctx.Err()
			})
			var row *sqlite.RowError
			if errors.As(err, &row) {
				unread = append(unread, fmt.Errorf("table %s: %w", name, err))
				after = row.Key
				continue
			}
			if err != nil && ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				unread = append(unread, fmt.Errorf("table %s: %w", name, err))
			}
			break
		}
		if len(unread) > 100 {
			break
		}
	}
	return errors.Join(unread...)
}
