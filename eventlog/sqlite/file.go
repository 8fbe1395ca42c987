package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	driver "modernc.org/sqlite"
)

// uri spells an absolute path as an SQLite URI. Everything that is not plainly
// harmless is escaped, so that no '?', '#' or '%' of a file name ends the path.
func uri(path, query string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.WriteString("file:")
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		b.WriteByte('/') // C:/… on Windows
	}
	for _, c := range []byte(path) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			c == '/', c == '-', c == '_', c == '.', c == '~', c == ':':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return b.String() + "?" + query
}

// keepLocks makes locks survive that another part of this program opens and
// closes the same file. With the locks that POSIX gives, any such close drops
// them, and another process could then remove the write-ahead log under a
// writer's feet. It helps on Linux only, and only before the first database of
// the process is opened; elsewhere nothing is lost against the default.
func keepLocks() { _, _ = driver.OFDLocking(true) }

// prepareFile makes the file of a store, and the folders on the way to it,
// readable by their owner only, whatever the umask says. SQLite gives its own
// files beside it the same mode. What exists already and holds
// something keeps its mode.
func prepareFile(path string) error {
	switch info, err := os.Stat(path); {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("open %s: %w: not a regular file", path, ErrNotSQLite)
	case err == nil && info.Size() == 0:
		_ = os.Chmod(path, 0o600) // as good as made by us; somebody else's we may still write to
		return nil
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was faster
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

func makeFolder(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := makeFolder(parent); err != nil {
			return err
		}
	}
	switch err := os.Mkdir(path, 0o700); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return os.Chmod(path, 0o700)
}
