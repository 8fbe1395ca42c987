package jsonl

// Valid reports whether b is one whole JSON value at every level, tolerating
// what the package tolerates. It is for the one value that somebody doubts;
// for a line, Fields is enough.
func Valid(b []byte) bool {
	var open brackets
	i := skipSpace(b, 0)
	for {
		// Here a value begins.
		if i == len(b) {
			return false
		}
		if c := b[i]; class[c] == classOpen {
			open.push(c)
			i = skipSpace(b, i+1)
			if i == len(b) || b[i] != closing(c) {
				if i = skipMember(b, i, c); i < 0 {
					return false
				}
				continue
			}
		} else if i = skipValue(b, i); i < 0 {
			return false
		}
		// Here it has ended, unless it is empty: then its bracket comes.
		for i = skipSpace(b, i); open.depth > 0 && i < len(b) && b[i] == closing(open.top()); {
			open.pop()
			i = skipSpace(b, i+1)
		}
		if open.depth == 0 {
			return i == len(b)
		}
		if i == len(b) || b[i] != ',' {
			return false
		}
		if i = skipMember(b, skipSpace(b, i+1), open.top()); i < 0 {
			return false
		}
	}
}

// skipMember returns where the value of the next member begins, inside the
// container that the bracket opened, or -1 when a key is missing.
func skipMember(b []byte, i int, bracket byte) int {
	if bracket == '[' {
		return i
	}
	if i == len(b) || b[i] != '"' {
		return -1
	}
	if i = skipString(b, i+1); i < 0 {
		return -1
	}
	if i = skipSpace(b, i); i == len(b) || b[i] != ':' {
		return -1
	}
	return skipSpace(b, i+1)
}

// closing returns the bracket that closes an opening one: '{' and '}', '[' and
// ']' are two apart.
func closing(bracket byte) byte { return bracket + 2 }

// brackets is a stack of opening brackets at a bit each, so that a line of
// millions of them is no danger.
type brackets struct {
	depth int
	bits  []uint64 // a set bit is a '['
}

func (s *brackets) push(c byte) {
	word, bit := s.depth/64, uint64(1)<<(s.depth%64)
	if word == len(s.bits) {
		s.bits = append(s.bits, 0)
	}
	s.bits[word] &^= bit
	if c == '[' {
		s.bits[word] |= bit
	}
	s.depth++
}

func (s *brackets) pop() { s.depth-- }

func (s *brackets) top() byte {
	if s.bits[(s.depth-1)/64]&(1<<((s.depth-1)%64)) != 0 {
		return '['
	}
	return '{'
}
