package raw

import (
	"context"

	"github.com/lazytrace/lazytrace/recorder/capture/backlog"
)

// Stream takes what one stream of a program prints. Write never fails; Close ends
// its goroutine.
type Stream struct {
	file    *File
	waiting *backlog.Backlog
	done    chan struct{} // closed when everything is in the file
}

// Stream starts a stream. Output of a patient one waits for the disk however long
// that takes; that of another does for some seconds and is then left out.
func (f *File) Stream(patient bool) *Stream {
	s := &Stream{file: f, done: make(chan struct{})}
	s.waiting = backlog.New(backlog.Rules{
		Patient: func([]byte) bool { return patient },
		Left:    func(p []byte) { f.left.Add(int64(len(p))) },
	})
	go func() {
		defer close(s.done)
		if f.mask == nil {
			s.copy()
		} else {
			s.masked()
		}
	}()
	return s
}

// Write takes a copy of p.
func (s *Stream) Write(p []byte) (int, error) { return s.waiting.Write(p) }

func (s *Stream) copy() {
	var used []byte
	for {
		c, ok := s.waiting.Next(used, 0)
		if !ok {
			return
		}
		s.file.write(c.Data)
		used = c.Data
	}
}

// masked keeps back what may still become a secret until more comes or the output ends.
func (s *Stream) masked() {
	m := newMasker(s.file.mask)
	var used []byte
	for {
		c, ok := s.waiting.Next(used, 0)
		if !ok {
			break
		}
		if c.Gap {
			m.flush() // it does not go on behind the gap
		}
		m.write(c.Data)
		s.file.write(m.ready) // in one piece: the disk is not asked for each line
		used, m.ready = c.Data, m.ready[:0]
	}
	m.flush()
	s.file.write(m.ready)
}

// Close returns when everything that was written is in the file, or when ctx ends:
// what was not by then is counted.
func (s *Stream) Close(ctx context.Context) error { return s.waiting.Close(ctx, s.done) }
