package process

import (
	"errors"
	"io"
	"os"
	"os/exec"
)

// tee passes on what a program prints, byte for byte, and copies it.
type tee struct {
	from  *outlet // the two ends of the pipe
	child *os.File
	to    *os.File
	tap   io.Writer
	open  bool // the pipe was not read to its end; set by copy, read after it
}

// errStopped is what a read ends with when it is not to go on.
var errStopped = errors.New("stopped")

// portion is how much is passed on at once.
const portion = 256 << 10

func newTee(to *os.File, tap io.Writer) (t *tee, child *os.File, err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	widen(r, portion)
	widen(to, portion)
	from, err := newOutlet(r)
	if err != nil {
		return nil, nil, errors.Join(err, w.Close())
	}
	return &tee{from: from, child: w, to: to, tap: tap}, w, nil
}

// started lets go of the program's end, so that the pipe ends with it.
func (t *tee) started() error { return t.child.Close() }

// copy runs until the pipe ends. When nobody reads any more on the other side
// our end is closed too, so that the program learns of it as it would have.
func (t *tee) copy() {
	buf := make([]byte, portion)
	for {
		n, err := t.from.Read(buf)
		if n > 0 {
			if _, err := t.to.Write(buf[:n]); err != nil {
				t.close()
				return
			}
			_, _ = t.tap.Write(buf[:n]) // never fails, says Options
		}
		if err != nil {
			t.open = err == errStopped
			return
		}
	}
}

// stop ends copy although the pipe has not ended.
func (t *tee) stop() { t.from.stop() }

// handOver lets cat pass on what others still have to print, so that neither
// they lose their output nor our caller waits for them.
func (t *tee) handOver() {
	if !t.open {
		return
	}
	cat := exec.Command("cat")
	cat.Stdin, cat.Stdout = t.from.handed(), t.to
	if cat.Start() == nil {
		_ = cat.Process.Release()
	}
}

func (t *tee) close() { t.from.close() } // a second time is harmless
