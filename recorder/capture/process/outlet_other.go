//go:build !unix

package process

import (
	"errors"
	"os"
	"time"
)

// outlet is the end of a pipe at which comes out what a program prints.
type outlet struct{ file *os.File }

// newOutlet takes a pipe over.
func newOutlet(pipe *os.File) (*outlet, error) { return &outlet{pipe}, nil }

// Read waits for output. It returns errStopped after stop, and then the output stays.
func (o *outlet) Read(buf []byte) (int, error) {
	n, err := o.file.Read(buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errStopped
	}
	return n, err
}

// stop ends Read, now or when it is called.
func (o *outlet) stop() {
	if o.file.SetReadDeadline(time.Unix(1, 0)) != nil {
		o.close() // without deadlines it has to end here
	}
}

// handed returns the pipe for another program to read from.
func (o *outlet) handed() *os.File { return o.file }

// close may be called again.
func (o *outlet) close() { o.file.Close() }
