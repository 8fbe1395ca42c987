package lines

import "bytes"

// joiner keeps the lines of a private key together, so that the redactor sees
// what it is: none of its lines looks like a secret by itself.
type joiner struct {
	take func(part []byte, lines int)
	held []byte
	n    int // lines in it
}

func (j *joiner) line(line []byte) {
	switch {
	case j.held != nil:
		j.held = append(append(j.held, '\n'), line...)
		j.n++
		if bytes.Contains(line, []byte("-----END ")) || len(j.held) > joined {
			j.flush()
		}
	case bytes.Contains(line, []byte("-----BEGIN ")) && bytes.Contains(line, []byte("PRIVATE KEY")) &&
		!bytes.Contains(line, []byte("-----END ")):
		j.held, j.n = bytes.Clone(line), 1
	default:
		j.take(line, 1)
	}
}

func (j *joiner) flush() {
	if j.held != nil {
		j.take(j.held, j.n)
		j.held = nil
	}
}
