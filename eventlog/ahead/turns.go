package ahead

import (
	"runtime"
	"sync"
)

// turns are how many blocks may be worked on at a time by the readers of all files
// together. Each file keeps somebody busy who decodes it; readers take what
// processors are left, and one more, which fills in whenever a decoder waits. More
// than that are no faster, and stand in the way of whoever else needs a processor
// now: a key that was pressed, above all.
type turns struct {
	mu    sync.Mutex
	free  sync.Cond // a turn is over, or there are more
	files int
	taken int
}

// processors is how many there are for this process: a terminal asks for more to be
// used than that, see cmd.
var processors = runtime.GOMAXPROCS(0)

// ofAll are the turns of this process.
var ofAll = func() *turns {
	t := &turns{}
	t.free.L = &t.mu
	return t
}()

// open says that one more file is read, or with -1 that one is read no more.
func (t *turns) open(d int) {
	t.mu.Lock()
	t.files += d
	t.mu.Unlock()
	t.free.Broadcast()
}

// take waits for a turn.
func (t *turns) take() {
	t.mu.Lock()
	for t.taken >= max(1, processors+1-t.files) {
		t.free.Wait()
	}
	t.taken++
	t.mu.Unlock()
}

// give ends a turn.
func (t *turns) give() {
	t.mu.Lock()
	t.taken--
	t.mu.Unlock()
	t.free.Signal()
}
