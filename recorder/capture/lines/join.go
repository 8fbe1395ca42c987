package lines

import (
	"bytes"
	"context"
)

// joiner keeps the lines of a private key together, so that the redactor sees
// what it is: none of its lines looks like a secret by itself.
type joiner struct {
	stream *Stream
	held   []byte
}

func (j *joiner) line(ctx context.Context, line []byte) {
	line = bytes.TrimSuffix(line, []byte{'\r'})
	switch {
	case j.held != nil:
		j.held = append(append(j.held, '\n'), line...)
		if bytes.Contains(line, []byte("-----END ")) || len(j.held) > joined {
			j.flush(ctx)
		}
	case bytes.Contains(line, []byte("-----BEGIN ")) && bytes.Contains(line, []byte("PRIVATE KEY")) &&
		!bytes.Contains(line, []byte("-----END ")):
		j.held = bytes.Clone(line)
	case len(bytes.TrimSpace(line)) > 0:
		j.stream.emit(ctx, line)
	}
}

func (j *joiner) flush(ctx context.Context) {
	if j.held != nil {
		j.stream.emit(ctx, j.held)
		j.held = nil
	}
}
