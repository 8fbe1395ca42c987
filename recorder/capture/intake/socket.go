package intake

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// longestPath is what fits into a Unix socket address everywhere, with the
// byte that ends it.
const longestPath = 103

// Every socket is called name, in a folder that is called prefix and something
// that nobody else has.
const (
	prefix = "lazytrace-"
	name   = "events"
)

// socket is a listener in a folder of its own, which is what keeps others out:
// not every system looks at the mode of the socket itself.
type socket struct {
	*net.UnixListener
	dir, path string
}

// listen makes the folder and the socket in the first of the dirs where that
// can be done.
func listen(dirs []string) (*socket, error) {
	var errs []error
	for _, parent := range dirs {
		if parent == "" || !filepath.IsAbs(parent) {
			continue
		}
		s, err := listenIn(parent)
		if err == nil {
			return s, nil
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("open the event socket: %w", errors.Join(errs...))
}

func listenIn(parent string) (*socket, error) {
	dir, err := os.MkdirTemp(parent, prefix) // mode 0700
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, name)
	if len(path) > longestPath {
		return nil, errors.Join(fmt.Errorf("%s is too long for a socket", path), os.Remove(dir))
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, errors.Join(err, os.Remove(dir))
	}
	// Between the two calls the folder alone protects it.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close(), os.Remove(dir))
	}
	return &socket{UnixListener: l, dir: dir, path: path}, nil
}

// last connects to ourselves, under a name that isLast knows.
func (s *socket) last(ctx context.Context) error {
	d := net.Dialer{LocalAddr: &net.UnixAddr{Name: s.lastName(), Net: "unix"}}
	c, err := d.DialContext(ctx, "unix", s.path)
	if err != nil {
		return err
	}
	return c.Close()
}

func (s *socket) isLast(c *net.UnixConn) bool {
	addr, ok := c.RemoteAddr().(*net.UnixAddr)
	return ok && addr.Name == s.lastName()
}

func (s *socket) lastName() string { return filepath.Join(s.dir, "end") }

// remove takes the socket and its folder away.
func (s *socket) remove() error {
	err := s.UnixListener.Close() // unlinks the socket
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	if rmErr := os.Remove(s.lastName()); rmErr != nil && !errors.Is(rmErr, os.ErrNotExist) {
		err = errors.Join(err, rmErr)
	}
	if rmErr := os.Remove(s.dir); rmErr != nil && !errors.Is(rmErr, os.ErrNotExist) {
		err = errors.Join(err, rmErr)
	}
	return err
}

// sweep removes the sockets of recorders that were killed. One that is young may
// not be listening yet.
func (s *socket) sweep() {
	found, err := filepath.Glob(filepath.Join(filepath.Dir(s.dir), prefix+"*", name))
	if err != nil {
		return // the pattern is fine
	}
	for _, path := range found {
		info, err := os.Lstat(path)
		if err != nil || info.Mode().Type() != os.ModeSocket || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
		switch {
		case err == nil:
			_ = c.Close()
		case errors.Is(err, syscall.ECONNREFUSED) && os.Remove(path) == nil:
			os.Remove(filepath.Dir(path))
		}
	}
}

// dirs are the places for the socket, best first.
func dirs() []string { return []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} }
