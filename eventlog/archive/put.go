package archive

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/lazytrace/lazytrace/eventlog/pack"
)

// maxWhole is how large a line, or a document, may be to be masked as one.
const maxWhole = 64 << 20

// write packs the source, or what is new at its end, and puts it in its place.
func (t *taking) write(goesOn bool) (out Outcome, err error) {
	f := t.w.f
	tmp, err := os.CreateTemp(f.objects(), unwritten)
	if err != nil {
		return out, err
	}
	defer func() {
		_ = tmp.Close()
		_ = os.Remove(tmp.Name()) // it has another name when all went well
	}()
	counted := &tally{to: t.w.files(tmp)}
	to := bufio.NewWriterSize(counted, 256<<10)
	from := int64(0)
	if goesOn {
		if err := t.before(to); err != nil {
			return out, err
		}
		from, t.next.Frames, t.next.Length = t.prev.Size, t.prev.Frames, t.prev.Length
	}
	z, err := pack.NewWriter(to)
	if err != nil {
		return out, err
	}
	length := &tally{to: z}
	src := io.TeeReader(io.LimitReader(t.source(), t.next.Size-from), io.MultiWriter(t.sum, &t.begin))
	last := lastByte{}
	n, err := t.copy(length, io.TeeReader(src, &last))
	if cerr := z.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return out, err
	}
	if from+n < t.next.Size || !t.s.Lines && !t.still(last.b) {
		return out, errChanging
	}
	if err := to.Flush(); err != nil {
		return out, err
	}
	t.next.ID, t.next.Heads = hex.EncodeToString(t.sum.Sum(nil)), t.begin.sums()
	t.next.Packed, t.next.Length, t.next.Frames = counted.n, t.next.Length+length.n, t.next.Frames+1
	out.Did, out.Packed = Added, counted.n
	switch {
	case goesOn:
		out.Did, out.Packed = Grown, counted.n-t.prev.Packed
	case t.prev != nil:
		out.Did = Changed
	}
	if others := t.w.of(t.next.ID); len(others) > 0 {
		return t.share(others)
	}
	note, err := noteOf([]Copy{t.next})
	if err == nil {
		_, err = to.Write(note)
	}
	if err == nil {
		err = to.Flush()
	}
	if err == nil {
		err = tmp.Sync()
	}
	if err == nil {
		err = tmp.Close()
	}
	if err != nil {
		return out, err
	}
	when := time.Unix(0, t.next.Modified)
	_ = os.Chtimes(tmp.Name(), when, when) // whoever reads it takes its time for that of the log
	if err := os.Rename(tmp.Name(), f.Object(t.next.ID)); err != nil {
		return out, err
	}
	return out, syncFolder(f.objects())
}

// before copies the frames that are there already.
func (t *taking) before(to io.Writer) error {
	f, err := os.Open(t.w.f.Object(t.prev.ID))
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.CopyN(to, f, t.prev.Packed)
	return err
}

// share refers to a copy of another path with the same content. Its note is written
// anew, so that it tells of both.
func (t *taking) share(others []Copy) (Outcome, error) {
	one := others[0]
	t.next.Packed, t.next.Length, t.next.Frames = one.Packed, one.Length, one.Frames
	path := t.w.f.Object(one.ID)
	err := t.w.f.replace(path, t.w.files, func(to io.Writer) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		if _, err := io.CopyN(to, f, one.Packed); err != nil {
			return err
		}
		note, err := noteOf(append(others, t.next))
		if err == nil {
			_, err = to.Write(note)
		}
		return err
	})
	newest := t.next.Modified
	for _, c := range others {
		newest = max(newest, c.Modified)
	}
	when := time.Unix(0, newest)
	_ = os.Chtimes(path, when, when)
	return Outcome{Did: Shared}, err
}

// copy copies bytes as they are, or masked: line by line, or the document as one.
func (t *taking) copy(to io.Writer, from io.Reader) (int64, error) {
	if t.w.opt.Exact {
		return io.Copy(to, from)
	}
	in := bufio.NewReaderSize(from, 256<<10)
	var n int64
	for {
		var text []byte
		var err error
		if t.s.Lines {
			text, err = readLine(in)
		} else {
			text, err = io.ReadAll(io.LimitReader(in, maxWhole))
			if err == nil && len(text) < maxWhole {
				err = io.EOF
			}
		}
		n += int64(len(text))
		if err != nil && err != io.EOF {
			return n, err
		}
		ended := err == io.EOF || t.s.Lines && len(text) > 0 && text[len(text)-1] == '\n'
		if ended {
			if _, err := to.Write(t.masked(text)); err != nil {
				return n, err
			}
		} else {
			more, err := t.long(to, in, text)
			if n += more; err != nil {
				return n, err
			}
		}
		if err == io.EOF {
			return n, nil
		}
	}
}

func (t *taking) masked(text []byte) []byte {
	if len(text) > 0 && text[len(text)-1] == '\n' {
		return append(t.w.opt.Whole(text[:len(text)-1:len(text)-1]), '\n')
	}
	return t.w.opt.Whole(text)
}

// readLine reads a line with its end, no more of it than can be masked as one.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err != bufio.ErrBufferFull || len(line) >= maxWhole {
			if err == bufio.ErrBufferFull {
				err = nil
			}
			return line, err
		}
	}
}

// long masks what is too large to be looked at as one, as a text that comes in pieces:
// to the end of the line, or of the document.
func (t *taking) long(to io.Writer, in *bufio.Reader, begun []byte) (n int64, err error) {
	m := t.w.opt.Stream()
	say := func(text string) {
		if err == nil {
			_, err = io.WriteString(to, text)
		}
	}
	say(m.Write(string(begun)))
	for err == nil {
		part, end := in.ReadSlice('\n')
		n += int64(len(part))
		say(m.Write(string(part)))
		if end == io.EOF || end == nil && t.s.Lines {
			break
		}
		if end != nil && end != bufio.ErrBufferFull {
			return n, end
		}
	}
	say(m.Close())
	return n, err
}

// tally counts what is written.
type tally struct {
	to io.Writer
	n  int64
}

func (t *tally) Write(p []byte) (int, error) {
	n, err := t.to.Write(p)
	t.n += int64(n)
	if err == nil && n < len(p) {
		err = fmt.Errorf("%w: %d of %d bytes", io.ErrShortWrite, n, len(p))
	}
	return n, err
}

// lastByte remembers the last byte that is no space.
type lastByte struct{ b byte }

func (l *lastByte) Write(p []byte) (int, error) {
	for i := len(p) - 1; i >= 0; i-- {
		if c := p[i]; c != ' ' && c != '\n' && c != '\r' && c != '\t' && c != 0 {
			l.b = c
			break
		}
	}
	return len(p), nil
}
