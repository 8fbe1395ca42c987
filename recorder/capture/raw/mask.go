package raw

import (
	"bytes"

	"github.com/lazytrace/lazytrace/redact"
)

// masker masks output on its way. Lines that are JSON objects are masked as such, the
// values of telling keys with them, as they would be in a store; what is between them is
// text, in which a secret may go over many lines. It is for one stream.
type masker struct {
	red    *redact.Redactor
	text   *redact.Stream
	ready  []byte // masked, until somebody takes it
	object []byte // of a line that begins like an object, as long as its end has not come
	within bool   // what comes next belongs to a line of text
}

// longestObject is how much of a line is waited for before it is taken for text.
const longestObject = 1 << 20

func newMasker(red *redact.Redactor) *masker { return &masker{red: red, text: red.Stream()} }

// write takes the next piece. Some of it may be kept back until more comes: what may be
// an object or a secret.
func (m *masker) write(p []byte) {
	for len(p) > 0 {
		if len(m.object) == 0 && (m.within || p[0] != '{') {
			n := m.textIn(p)
			m.ready = append(m.ready, m.text.WriteBytes(p[:n])...)
			p = p[n:]
			continue
		}
		n := bytes.IndexByte(p, '\n') + 1
		if n == 0 {
			if m.object = append(m.object, p...); len(m.object) > longestObject {
				m.noObject(m.object)
			}
			return
		}
		line := p[:n]
		if len(m.object) > 0 {
			m.object = append(m.object, line...)
			line = m.object
		}
		m.line(line)
		m.object, p = m.object[:0], p[n:]
	}
}

// textIn returns how much of p comes before the next line that begins like an object.
func (m *masker) textIn(p []byte) int {
	at := 0
	for {
		n := bytes.IndexByte(p[at:], '\n')
		if n < 0 {
			m.within = true
			return len(p)
		}
		if at += n + 1; at == len(p) || p[at] == '{' {
			m.within = false
			return at
		}
	}
}

// line takes a line that begins like an object.
func (m *masker) line(line []byte) {
	object := bytes.TrimRight(line, "\r\n\t ")
	if !bytes.HasSuffix(object, []byte{'}'}) {
		m.noObject(line)
		return
	}
	m.ready = append(m.ready, m.text.Close()...) // no secret goes on behind an object
	masked, _ := m.red.Bytes(object)
	m.ready = append(append(m.ready, masked...), line[len(object):]...)
}

// noObject takes what only began like an object for text.
func (m *masker) noObject(begun []byte) {
	m.ready = append(m.ready, m.text.WriteBytes(begun)...)
	m.within = !bytes.HasSuffix(begun, []byte{'\n'})
	m.object = m.object[:0]
}

// flush makes ready what was kept back: nothing that belongs to it comes any more.
func (m *masker) flush() {
	if len(m.object) > 0 {
		m.line(m.object)
		m.object = m.object[:0]
	}
	m.ready = append(m.ready, m.text.Close()...)
	m.within = false
}
