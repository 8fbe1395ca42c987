package lines

import (
	"bytes"
	"context"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// What makes a crowd of lines, and how large one becomes.
const (
	calm      = 1000                  // lines a second, and at once, that are events of their own
	crowdText = 64 << 10              // bytes of a crowd
	crowdTime = 50 * time.Millisecond // between its first line and its end
)

// crowd makes events of lines: of each its own while they come at the pace of
// something that is read, and one of many when they come faster or when those
// before them have no place yet. It belongs to the goroutine of a stream.
type crowd struct {
	name string
	sink Sink

	left  float64   // lines that may be events of their own now
	told  time.Time // when that was true
	dense bool      // lines come together

	text  []byte // of the crowd that gathers
	ends  []int  // of its parts
	lines int
	since time.Time // when the first of them came
}

// tick is told the time before lines are added.
func (c *crowd) tick(ctx context.Context, now time.Time) {
	if c.told.IsZero() {
		c.left = calm
	} else {
		c.left = min(calm, c.left+calm*now.Sub(c.told).Seconds())
	}
	c.told = now
	if c.lines > 0 && now.Sub(c.since) >= crowdTime {
		c.flush(ctx)
	}
	// Only what has become slow again is looked at line by line.
	if c.dense && c.lines == 0 && c.left >= calm/2 {
		c.dense = c.sink.Full(eventlog.LogLine)
	}
}

// add takes a part: a line, or lines that belong together.
func (c *crowd) add(ctx context.Context, part []byte, lines int) {
	c.left = max(0, c.left-float64(lines))
	if !c.dense && (c.left == 0 || c.sink.Full(eventlog.LogLine)) {
		c.dense = true
	}
	if !c.dense || len(part) > crowdText {
		c.flush(ctx)
		c.alone(ctx, part, lines)
		return
	}
	if len(c.text)+1+len(part) > crowdText {
		c.flush(ctx)
	}
	if len(c.ends) == 0 {
		if len(bytes.TrimSpace(part)) == 0 {
			return
		}
		c.since = c.told
	} else {
		c.text = append(c.text, '\n')
	}
	c.text = append(c.text, part...)
	c.ends = append(c.ends, len(c.text))
	c.lines += lines
}

// alone makes an event of one part. An empty line says nothing by itself.
func (c *crowd) alone(ctx context.Context, part []byte, lines int) {
	if len(bytes.TrimSpace(part)) == 0 {
		return
	}
	o := wire.Output{Stream: c.name, Text: part, Lines: lines}
	if len(part) > shownText {
		o.Cut, o.Text = int64(len(part)), part[:shownText]
	}
	_ = c.sink.Output(ctx, o) // what became of it is counted there
}

// flush makes an event of what has gathered.
func (c *crowd) flush(ctx context.Context) {
	if c.lines == 0 {
		return
	}
	_ = c.sink.Output(ctx, wire.Output{Stream: c.name, Text: c.text, Lines: c.lines, Ends: c.ends})
	c.text, c.ends, c.lines = c.text[:0], c.ends[:0], 0
}

// rest tells how long what has gathered may still wait; it is 0 for nothing.
func (c *crowd) rest(now time.Time) time.Duration {
	if c.lines == 0 {
		return 0
	}
	return max(crowdTime-now.Sub(c.since), 1)
}
