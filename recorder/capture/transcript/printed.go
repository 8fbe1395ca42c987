package transcript

import (
	"bytes"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/recorder/agents"
	"github.com/lazytrace/lazytrace/recorder/foreign"
	"github.com/lazytrace/lazytrace/recorder/layers"
)

// spoken are the formats in which agents tell on standard output what they do.
func spoken() []dialect.Dialect {
	return []dialect.Dialect{
		dialect.ClaudeStream{}, dialect.CodexExec{}, dialect.GeminiStream{}, dialect.OpencodeRun{}, dialect.Pi{}, dialect.GooseLines{},
	}
}

// Printed reads what an agent prints about itself, a line of JSON at a time. It
// says less than the transcript does, so it is recorded only when no transcript
// of the same conversation is found.
type Printed struct {
	f *Follower

	mu      sync.Mutex
	looked  int // lines that were looked at before the format was known
	decoder dialect.Decoder
	reader  *reader
	pos     int64
	began   time.Time // when the first line was read
}

const (
	// sure is how sure a dialect must be that a line is its own: programs print
	// JSON of all kinds.
	sure = 85
	// beginning is within how many lines of JSON an agent shows that it is one.
	beginning = 50
	// patience is for how long a transcript may be missing before what is printed
	// is recorded as it comes.
	patience = 5 * time.Second
)

// Printed returns a reader of the program's standard output.
func (f *Follower) Printed() *Printed {
	p := &Printed{f: f}
	f.mu.Lock()
	f.printed = append(f.printed, p)
	f.mu.Unlock()
	return p
}

// Line takes a line, and reports whether an agent tells something by it.
func (p *Printed) Line(line []byte) bool {
	line = bytes.TrimSpace(line)
	if len(line) < 2 || line[0] != '{' {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.decoder == nil && !p.tell(line) {
		return false
	}
	told := false
	rec := eventlog.Record{Pos: p.pos, Size: len(line), Body: bytes.Clone(line)}
	p.pos += int64(len(line)) + 1
	err := p.decoder.Decode(&rec, true, func(e *eventlog.Event) {
		told = true
		p.event(e)
	})
	return err == nil && told
}

// tell finds out which agent speaks.
func (p *Printed) tell(line []byte) bool {
	if p.looked++; p.looked > beginning {
		return false
	}
	head := &dialect.Head{Lines: [][]byte{bytes.Clone(line)}}
	d := dialect.Sniff(head, spoken())
	if d == nil || d.Sniff(head) < sure {
		return false
	}
	p.decoder, p.began = d.Open(dialect.Segment{Head: head}), time.Now()
	p.reader = newReader(p.f, agents.Agent{Name: d.Name(), ProviderIDs: d == dialect.Dialect(dialect.ClaudeStream{})}, layers.Stdout)
	p.reader.spell = foreign.Speller{Run: p.f.opts.Run, Layer: layers.Stdout.String(), Prefix: layers.Stdout.String()}
	return true
}

// event records an event, or keeps it while a transcript may still be found.
func (p *Printed) event(e *eventlog.Event) {
	c := p.reader.conversation("", e)
	c.note(e)
	at := c.run(e)
	c.fresh = true
	p.f.Claim(c.id)
	switch {
	case p.f.followed(c.id):
		c.forget()
	case c.mine:
		p.reader.record(c, at, keep(e))
	case p.f.opts.Files && time.Since(p.began) < patience:
		c.wait(e)
	default:
		c.wait(e)
		p.release(c)
	}
}

// release records what was kept of a conversation, and from then on what comes.
// Its transcript is not wanted any more.
func (p *Printed) release(c *conversation) {
	if !p.f.takeFromOutput(c.id, c.order[0].id) {
		c.forget()
		return
	}
	c.mine = true
	p.reader.recordWaiting(c)
}

// end records what was printed of conversations whose transcripts were not found.
func (p *Printed) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reader == nil {
		return
	}
	for _, c := range p.reader.order {
		if !c.mine {
			p.release(c)
		}
	}
	p.reader.end()
}
