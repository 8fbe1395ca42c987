package source

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// maxFrame is the longest message that is read.
const maxFrame = 64 << 20

// frameFeed gives the messages of a file that holds bytes. Of a file that is
// one message each field is given as a message of its own, which it is: so a
// file that grows needs no second reading.
type frameFeed struct {
	path    string
	framing dialect.Framing
	file    *os.File
	at      int64 // where the next message begins
	size    int64
	body    []byte
	record  eventlog.Record
}

func (f *frameFeed) next(ctx context.Context) (*eventlog.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	start, length, err := f.head()
	if err == io.EOF {
		if err = f.look(); err == nil {
			start, length, err = f.head()
		}
	}
	if err != nil {
		return nil, err
	}
	if cap(f.body) < length {
		f.body = make([]byte, length)
	}
	f.body = f.body[:length]
	if _, err := f.file.ReadAt(f.body, start); err != nil {
		return nil, fmt.Errorf("read %s at %d: %w", f.path, start, reason(err))
	}
	f.at = start + int64(length)
	f.record = eventlog.Record{Pos: start, Size: length, Body: f.body}
	return &f.record, nil
}

// head returns where the next message lies. Its error is io.EOF when the
// message is not whole yet.
func (f *frameFeed) head() (start int64, length int, err error) {
	var room [2 * binary.MaxVarintLen64]byte
	if f.file == nil || f.at >= f.size {
		return 0, 0, io.EOF
	}
	n, err := f.file.ReadAt(room[:min(int64(len(room)), f.size-f.at)], f.at)
	if err != nil && err != io.EOF {
		return 0, 0, fmt.Errorf("read %s at %d: %w", f.path, f.at, reason(err))
	}
	start, size := f.at, uint64(0)
	if f.framing == dialect.SizedFrames {
		if n < 4 {
			return 0, 0, io.EOF
		}
		start, size = f.at+4, uint64(binary.BigEndian.Uint32(room[:]))
	} else {
		tag, a := binary.Uvarint(room[:n])
		body, b := binary.Uvarint(room[max(0, a):n])
		if a <= 0 || b <= 0 {
			return 0, 0, io.EOF
		}
		const bytesField = 2
		if tag&7 != bytesField {
			return 0, 0, &broken{fmt.Errorf("what stands at %d is no field of a message; the rest is left", f.at)}
		}
		size = uint64(a+b) + min(body, maxFrame)
	}
	switch {
	case size > maxFrame:
		return 0, 0, &broken{fmt.Errorf("the message at %d is over %d MiB, or is none; the rest is left", f.at, maxFrame>>20)}
	case start+int64(size) > f.size:
		return 0, 0, io.EOF
	}
	return start, int(size), nil
}

// look sees what has become of the path once everything was read. It returns
// io.EOF when there is nothing new.
func (f *frameFeed) look() error {
	info, err := os.Stat(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return io.EOF
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", f.path, reason(err))
	}
	if f.file != nil {
		old, err := f.file.Stat()
		if err == nil && os.SameFile(old, info) && info.Size() >= f.at {
			if info.Size() == f.size {
				return io.EOF
			}
			f.size = info.Size()
			return nil
		}
		f.close() // another file has taken its place, or it was emptied
	}
	if f.file, err = os.Open(f.path); err != nil {
		return fmt.Errorf("open %s: %w", f.path, reason(err))
	}
	f.at, f.size = 0, info.Size()
	return nil
}

func (f *frameFeed) progress() (read, total int64) { return f.at, f.size }

func (f *frameFeed) pending() bool { return f.at < f.size }

func (f *frameFeed) changes() bool { return false }

func (f *frameFeed) close() {
	if f.file != nil {
		_ = f.file.Close() // it was only read
		f.file = nil
	}
}
