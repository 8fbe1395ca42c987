package jsonl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrNotRegular is returned for a path that leads to something that is no
// file: a directory, a pipe, a device.
var ErrNotRegular = errors.New("not a regular file")

// Changes wakes somebody who follows a path. Changed has room for one: a
// change that comes while one waits to be seen is the same change.
type Changes interface {
	Changed() <-chan struct{}
	Close()
}

// Reached says how far the lines of a file were read, and what stood there, so
// that whoever goes on with it later can tell whether it is still the same text.
type Reached struct {
	Offset int64  // where the next line begins
	Head   []byte // the first bytes of the file, MarkSize at most
	Mark   []byte // the last bytes before MarkEnd, MarkSize at most
	// MarkEnd is Offset, or less where nothing was kept of what stands before that.
	MarkEnd int64
	// Given is a last line that was given though its end has not come.
	Given []byte
}

// FollowOptions tells how a path is followed. Zero fields are the defaults.
type FollowOptions struct {
	LinesOptions // From is of the first file only; To is not used

	// Reached is how far the first file was read before, instead of From. One that
	// holds another text by now is read from its beginning, as the next generation.
	Reached *Reached

	// Watch begins to watch the path. Without it the path is looked at once
	// in each Poll only.
	Watch func(path string) (Changes, error)

	// Poll is how often the path is looked at however quiet it is: some file
	// systems tell of no changes. It is 1 s.
	Poll time.Duration

	// Linger is how long a file is still read after the path has come to lead
	// to another and nothing more was written to it: a writer goes on for a
	// while with the file that it has open. It is 10 s.
	Linger time.Duration
}

// maxOld bounds how many files are still read that the path has left.
const maxOld = 4

// Follower reads the lines of a path for ever: of the file that it leads to,
// and of what takes its place. It is for one goroutine.
//
// A file that was truncated, or replaced by one that does not begin with what
// was read, is read from its beginning as the next generation. The lines of
// earlier generations were given and stay true; where they stood may hold
// other bytes now. A replacement that begins with what was read is the same
// generation and is read on.
type Follower struct {
	path       string
	options    FollowOptions
	changes    Changes
	ticker     *time.Ticker
	sources    []*source // the last one is the file that the path leads to
	at         int       // the source that is read now; those before are at their end
	generation int
	torn       []Line // to be given first
	total      int64
	missing    bool
}

// Follow begins to follow the path, which need not be there yet. The caller
// closes the follower.
func Follow(path string, o FollowOptions) (*Follower, error) {
	if o.Poll <= 0 {
		o.Poll = time.Second
	}
	if o.Linger <= 0 {
		o.Linger = 10 * time.Second
	}
	o.To = 0
	f := &Follower{path: path, options: o, missing: true}
	if o.Watch != nil {
		var err error
		if f.changes, err = o.Watch(path); err != nil {
			return nil, fmt.Errorf("watch %s: %w", path, err)
		}
	}
	f.ticker = time.NewTicker(o.Poll)
	return f, nil
}

// Next returns the next line, whose body is valid until the next call. It
// returns io.EOF when everything that is there now has been read: Wait for
// more, and call it again. After any other error, but those of ctx, the same
// may be done: the cause may pass.
func (f *Follower) Next(ctx context.Context) (Line, error) {
	for {
		if len(f.torn) > 0 {
			line := f.torn[0]
			f.torn = f.torn[1:]
			return line, nil
		}
		if f.at < len(f.sources) {
			s := f.sources[f.at]
			line, err := s.next(ctx)
			switch {
			case err == nil:
				s.quiet = 0
				return line, nil
			case err == io.EOF:
				f.at++
			case !f.changed(s, err):
				return Line{}, fmt.Errorf("read %s: %w", f.path, err)
			}
			continue
		}
		more, err := f.look(ctx)
		if err != nil {
			return Line{}, err
		}
		if !more {
			f.release()
			return Line{}, io.EOF
		}
	}
}

// Wait blocks until there may be more to read.
func (f *Follower) Wait(ctx context.Context) error {
	var changed <-chan struct{}
	if f.changes != nil {
		changed = f.changes.Changed()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-f.ticker.C:
		f.age()
	}
	f.restart()
	return nil
}

// Resume makes Next look again, after it has returned io.EOF. It is for those
// who are woken elsewhere and do not Wait.
func (f *Follower) Resume() {
	select {
	case <-f.ticker.C:
		f.age()
	default:
	}
	f.restart()
}

func (f *Follower) restart() {
	for len(f.sources) > maxOld+1 {
		f.leave(0)
	}
	f.at = 0
}

// Progress returns how many bytes have been read of the file that the path
// leads to, and how many it had when it was last looked at.
func (f *Follower) Progress() (done, total int64) {
	if s := f.current(); s != nil {
		done = s.lines.Offset()
	}
	return done, max(done, f.total)
}

// Reached returns how far the file was read that the path leads to.
func (f *Follower) Reached() Reached {
	s := f.current()
	if s == nil {
		if f.options.Reached != nil {
			return *f.options.Reached
		}
		return Reached{Offset: f.options.From}
	}
	l := s.lines
	return Reached{Offset: l.Offset(), Head: s.head, Mark: bytes.Clone(l.mark), MarkEnd: l.markEnd, Given: l.given}
}

// Missing reports whether there was nothing at the path when it was last
// looked at.
func (f *Follower) Missing() bool { return f.missing }

// Pending returns what is there of a last line that is not whole, and whether
// there is one. It is valid until Next is called.
func (f *Follower) Pending() (Line, bool) {
	s := f.current()
	if s == nil {
		return Line{}, false
	}
	r, ok := s.lines.Pending()
	return Line{Record: r, Generation: s.generation}, ok
}

// Close stops following.
func (f *Follower) Close() error {
	f.ticker.Stop()
	if f.changes != nil {
		f.changes.Close()
	}
	var err error
	for _, s := range f.sources {
		err = errors.Join(err, s.file.Close())
	}
	f.sources = nil
	return err
}

// current returns the file that the path leads to, or led to last.
func (f *Follower) current() *source {
	if len(f.sources) == 0 {
		return nil
	}
	return f.sources[len(f.sources)-1]
}
