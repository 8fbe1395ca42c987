package source

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/ahead"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// lineFeed gives the lines of a file. The first of a large one are read ahead.
type lineFeed struct {
	path    string
	values  bool            // the records are JSON values, however many lines they take
	lines   *jsonl.Outliner // finds what the decoder looks for in records; nil when it does not say
	ahead   *ahead.Reader
	follow  *jsonl.Follower
	begin   int64         // of what it gives at all
	reached jsonl.Reached // while neither is open
	ended   bool          // everything that was there has been given
	record  eventlog.Record
}

func (f *lineFeed) next(ctx context.Context) (*eventlog.Record, error) {
	if f.follow == nil {
		if rec, err := f.nextAhead(ctx); err != io.EOF {
			return rec, err
		}
		var err error
		if f.follow, err = jsonl.Follow(f.path, jsonl.FollowOptions{LinesOptions: jsonl.LinesOptions{Values: f.values}, Reached: &f.reached}); err != nil {
			return nil, err
		}
	}
	if f.ended {
		f.ended = false
		f.follow.Resume()
	}
	line, err := f.follow.Next(ctx)
	if err != nil {
		f.ended = err == io.EOF
		return nil, err
	}
	switch {
	case line.Fault != nil:
		return nil, &fault{line.Pos, line.Fault}
	case line.Again:
		return nil, &fault{line.Pos, errors.New("more was written to a line that was whole")}
	}
	f.record = line.Record
	return &f.record, nil
}

// nextAhead gives the records of a large file that nothing was read of yet, and
// io.EOF for whatever is behind them or is read otherwise.
func (f *lineFeed) nextAhead(ctx context.Context) (*eventlog.Record, error) {
	if f.ahead == nil {
		if f.lines == nil || f.reached.Offset > 0 {
			return nil, io.EOF
		}
		// Most files are small, and opening one takes eight times as long as asking.
		info, err := os.Stat(f.path)
		if err != nil || info.Size() < ahead.Worthwhile {
			return nil, io.EOF // whoever follows the path knows what to say
		}
		file, err := os.Open(f.path)
		if err != nil {
			return nil, io.EOF
		}
		if f.ahead, err = ahead.Open(file, info.Size(), f.lines); err != nil {
			f.ahead = nil
			_ = file.Close()
			return nil, io.EOF
		}
	}
	rec, err := f.ahead.Next(ctx)
	if err == io.EOF {
		f.closeAhead()
	}
	return rec, err
}

func (f *lineFeed) closeAhead() {
	f.reached = f.ahead.Reached()
	_ = f.ahead.Close() // it was only read
	f.ahead = nil
}

func (f *lineFeed) progress() (read, total int64) {
	switch {
	case f.ahead != nil:
		return f.ahead.Progress()
	case f.follow != nil:
		return f.follow.Progress()
	}
	return f.reached.Offset, f.reached.Offset
}

func (f *lineFeed) pending() bool {
	if f.follow == nil {
		return false
	}
	_, yes := f.follow.Pending()
	return yes
}

func (f *lineFeed) changes() bool { return false }

func (f *lineFeed) close() {
	if f.ahead != nil {
		f.closeAhead()
	}
	if f.follow != nil {
		f.reached = f.follow.Reached()
		_ = f.follow.Close() // it was only read
		f.follow = nil
		f.record = eventlog.Record{} // its body is a part of what was read ahead
	}
}
