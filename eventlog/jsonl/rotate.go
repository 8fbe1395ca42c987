package jsonl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// look sees what has become of the path once everything was read, and reports
// whether there is something to read now.
func (f *Follower) look(ctx context.Context) (bool, error) {
	info, err := os.Stat(f.path)
	f.missing = errors.Is(err, fs.ErrNotExist)
	switch {
	case f.missing:
		return false, nil
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("follow %s: %w", f.path, ErrNotRegular)
	}
	f.total = info.Size()
	for i, s := range f.sources {
		if !os.SameFile(s.info, info) {
			continue
		}
		if i == len(f.sources)-1 {
			err := s.verifySize(f.total)
			if err != nil && !f.changed(s, err) {
				return false, fmt.Errorf("read %s: %w", f.path, err)
			}
			return err != nil, nil
		}
		// The path leads back to a file that it had left.
		f.sources = append(append(f.sources[:i:i], f.sources[i+1:]...), s)
		f.at = 0
		return true, nil
	}
	return true, f.enter(ctx)
}

// enter opens the file that the path has come to lead to.
func (f *Follower) enter(ctx context.Context) error {
	o, before := f.options.LinesOptions, f.options.Reached
	switch {
	case f.generation > 0:
		o.From, before = 0, nil
	case before != nil:
		o.From = before.Offset
	}
	s, err := newSource(f.path, f.generation+1, o)
	if err != nil {
		return err
	}
	if before != nil {
		s.head, s.lines.given = before.Head, before.Given
		s.lines.mark, s.lines.markEnd = before.Mark, before.MarkEnd
	}
	if same, err := f.succeeds(ctx, s); err != nil {
		return errors.Join(err, s.file.Close())
	} else if same {
		return nil
	}
	f.generation++
	f.sources = append(f.sources, s)
	// What was written to the old ones until just now comes first.
	f.at = 0
	f.ticker.Reset(f.pollInterval())
	return nil
}

// succeeds puts the new file in the place of the current one when it begins
// with everything that was given of it: an atomic replacement by the same
// lines and more.
func (f *Follower) succeeds(ctx context.Context, s *source) (bool, error) {
	old := f.current()
	if old == nil {
		return false, nil
	}
	given := old.lines.Offset()
	if given == 0 || s.info.Size() < given {
		return false, nil
	}
	same, err := samePrefix(ctx, old.file, s.file, given)
	if err != nil || !same {
		return false, err
	}
	s.begin(given, old.generation)
	s.lines.given = old.lines.given
	f.sources[len(f.sources)-1] = s
	f.at = len(f.sources) - 1
	return true, old.file.Close()
}

// changed takes note of a file that no longer holds what was read of it. It
// reports false when the error tells of something else.
func (f *Follower) changed(s *source, err error) bool {
	switch err {
	case errRewound:
		s.lines.rewind()
	case errRewritten:
		f.giveTorn(s)
		f.generation++
		s.begin(0, f.generation)
	default:
		return false
	}
	f.at = 0
	return true
}

// age closes the old files to which nothing was written for long enough.
func (f *Follower) age() {
	for i := len(f.sources) - 2; i >= 0; i-- {
		s := f.sources[i]
		if s.quiet += f.pollInterval(); s.quiet > f.options.Linger {
			f.leave(i)
		}
	}
}

// leave closes an old file. Its error tells nothing: the file was only read.
func (f *Follower) leave(i int) {
	s := f.sources[i]
	f.giveTorn(s)
	s.file.Close()
	f.sources = append(f.sources[:i:i], f.sources[i+1:]...)
	f.ticker.Reset(f.pollInterval())
}

// release gives back the memory of files that are quiet.
func (f *Follower) release() {
	for _, s := range f.sources {
		s.lines.Release()
	}
}

// giveTorn sees to it that a line that will never be finished is counted.
func (f *Follower) giveTorn(s *source) {
	if line, ok := s.torn(); ok {
		f.torn = append(f.torn, line)
	}
}

// pollInterval is shorter while files are read that nobody watches any more.
func (f *Follower) pollInterval() time.Duration {
	if len(f.sources) > 1 {
		return f.options.Poll / 10
	}
	return f.options.Poll
}
