package lines

import (
	"bytes"
	"context"
	"time"
)

// run cuts the output into lines. The rest of a line that was begun before a
// gap is dropped with it: two halves of different lines make neither.
func (s *Stream) run(ctx context.Context) {
	var line []byte // begun and not ended
	var torn bool   // its beginning is missing
	together := &crowd{name: s.name, sink: s.sink}
	j := joiner{take: func(part []byte, lines int) { s.tell(ctx, together, part, lines) }}
	var used []byte
	for {
		c, ok := s.waiting.Next(used, together.rest(time.Now()))
		if !ok {
			break
		}
		together.tick(ctx, time.Now())
		if used = c.Data; c.Gap {
			line, torn = line[:0], true
		}
		data := c.Data
		for {
			i := bytes.IndexByte(data, '\n')
			if i < 0 {
				break
			}
			switch {
			case torn:
			case len(line) == 0:
				j.line(bytes.TrimSuffix(data[:i], []byte{'\r'}))
			default:
				line = append(line, data[:i]...)
				j.line(bytes.TrimSuffix(line, []byte{'\r'}))
			}
			line, torn = line[:0], false
			data = data[i+1:]
		}
		if !torn && len(line) <= longest {
			line = append(line, data...)
		}
	}
	if len(line) > 0 && !torn {
		j.line(bytes.TrimSuffix(line, []byte{'\r'}))
	}
	j.flush()
	together.flush(ctx)
}

// tell hands a line over, or lines that belong together. What became of it is
// counted by the sink.
func (s *Stream) tell(ctx context.Context, together *crowd, part []byte, lines int) {
	if s.decode != nil && len(part) <= longest {
		if events, known := s.decode(part); known {
			together.flush(ctx)
			for _, e := range events {
				_ = s.sink.Emit(ctx, e)
			}
			return
		}
	}
	together.add(ctx, part, lines)
}
