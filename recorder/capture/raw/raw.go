// Package raw keeps what a program prints as it was printed: bytes in a file, and
// neither lines nor events. It is for output that is too much to be looked at, or
// that is looked at with other programs, and costs little more than copying it.
package raw

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"github.com/lazytrace/lazytrace/redact"
)

// File is where output is kept. Streams may share it: what they print stands in it
// in the order in which it came.
type File struct {
	mask *redact.Redactor // nil masks nothing
	out  *os.File
	kept atomic.Int64 // bytes in the file
	left atomic.Int64 // bytes that were left out

	turn  sync.Mutex            // of the streams; a disk that hangs keeps it
	fault atomic.Pointer[error] // the first, after which nothing is written
}

// Create makes the file, for its owner alone. One that holds something is not
// touched. Secrets are masked on the way unless mask is nil.
func Create(path string, mask *redact.Redactor) (*File, error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keep output: %w", err)
	}
	info, err := out.Stat()
	if err == nil && info.Size() > 0 {
		err = fmt.Errorf("%s: %w and is not empty: name another file or remove it", path, fs.ErrExist)
	}
	if err != nil {
		return nil, fmt.Errorf("keep output: %w", errors.Join(err, out.Close()))
	}
	return &File{mask: mask, out: out}, nil
}

// Path returns the name that the file was created with.
func (f *File) Path() string { return f.out.Name() }

// Masks reports whether secrets are masked.
func (f *File) Masks() bool { return f.mask != nil }

// Counts returns how many bytes the file holds, and how many were printed that it
// does not hold.
func (f *File) Counts() (kept, left int64) { return f.kept.Load(), f.left.Load() }

// Close ends the file and returns what kept output from being in it, if anything did.
// It does not wait for streams that have not ended.
func (f *File) Close() error {
	if err := f.out.Close(); err != nil {
		f.fault.CompareAndSwap(nil, &err)
	}
	switch fault, left := f.fault.Load(), f.left.Load(); {
	case fault != nil:
		return fmt.Errorf("%d bytes of output were not kept: %w", left, *fault)
	case left > 0:
		return fmt.Errorf("%d bytes of output were not kept: %s took too long", left, f.out.Name())
	}
	return nil
}

// write adds to the file. After a failure there would be a hole before it, so what
// comes then is left out.
func (f *File) write(p []byte) {
	f.turn.Lock()
	defer f.turn.Unlock()
	n := 0
	if f.fault.Load() == nil {
		var err error
		if n, err = f.out.Write(p); err != nil {
			f.fault.CompareAndSwap(nil, &err)
		}
	}
	f.kept.Add(int64(n))
	f.left.Add(int64(len(p) - n))
}
