package scripted

import (
	"bytes"
	"compress/gzip"
)

// packer packs an answer with gzip, or leaves it.
type packer struct {
	buf bytes.Buffer
	z   *gzip.Writer
}

// gzip has the answer packed.
func (o *out) gzip(yes bool) {
	if yes {
		o.w.Header().Set("Content-Encoding", "gzip")
		o.packer.z = gzip.NewWriter(&o.packer.buf)
	}
}

// piece returns what a piece of the answer is on the connection: a reader knows
// the piece when it has these bytes.
func (p *packer) piece(text []byte) []byte {
	if p.z == nil {
		return text
	}
	_, _ = p.z.Write(text) // a buffer takes everything
	_ = p.z.Flush()
	return p.taken()
}

func (p *packer) end() []byte {
	if p.z == nil {
		return nil
	}
	_ = p.z.Close()
	return p.taken()
}

func (p *packer) all(text []byte) []byte {
	if p.z == nil {
		return text
	}
	_, _ = p.z.Write(text)
	return p.end()
}

func (p *packer) taken() []byte {
	out := bytes.Clone(p.buf.Bytes())
	p.buf.Reset()
	return out
}
