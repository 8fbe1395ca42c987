package events

import (
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// fine is into how many stretches the time of the listed events is cut. Of
// these, those that fall into a column are added up when it is drawn.
const fine = 480

// beats is how many events there were when.
type beats struct {
	from, to eventlog.Stamp
	model    [fine]float64
	tool     [fine]float64
	failed   [fine]float64
	any      bool
}

// span widens the time by a moment.
func (b *beats) span(at eventlog.Stamp) {
	if !at.Known() {
		return
	}
	if b.from == 0 || at < b.from {
		b.from = at
	}
	b.to = max(b.to, at)
}

func (b *beats) add(r *eventlog.Row) {
	if !r.Time.Known() || b.to <= b.from {
		return
	}
	i := b.index(r.Time)
	b.any = true
	switch {
	case r.Flags&eventlog.RowFailed != 0:
		b.failed[i]++
	case r.Kind.Class() == eventlog.ClassModel:
		b.model[i]++
	case r.Kind.Class() == eventlog.ClassTool:
		b.tool[i]++
	}
}

func (b *beats) index(at eventlog.Stamp) int {
	return max(0, min(fine-1, int(float64(at-b.from)/float64(b.to-b.from)*fine)))
}

// columns adds the stretches up to a number of columns.
func columns(values *[fine]float64, n int) (out []float64, top float64) {
	out = make([]float64, n)
	for i, v := range values {
		out[i*n/fine] += v
	}
	for _, v := range out {
		top = max(top, v)
	}
	return out, top
}

// beatRows is how many rows the histogram takes.
func (p *Pane) beatRows() int {
	if p.plain || p.height < 14 || p.width < 60 || p.beats == nil || !p.beats.any {
		return 0
	}
	return 4
}

// drawBeats returns the rows of the histogram, with the cursor in it.
func (p *Pane) drawBeats(t *theme.Theme) []string {
	const left, right = 9, 8
	n := p.width - left - right
	var rows []string
	for _, s := range []struct {
		name   string
		style  theme.Style
		values *[fine]float64
	}{{"model", t.Model, &p.beats.model}, {"tool", t.Tool, &p.beats.tool}, {"failed", t.Bad, &p.beats.failed}} {
		values, top := columns(s.values, n)
		l := frame.NewLine(p.width, "").Space(2).Cell(t.Dim, s.name, left-2).Spark(t, s.style, values, top).Space(1)
		rows = append(rows, l.Right(t.Dim, figure.Count(int64(top)), right-1).String())
	}
	return append(rows, p.beatAxis(t, left, n))
}

// beatAxis says the time below the histogram, and where the cursor is.
func (p *Pane) beatAxis(t *theme.Theme, left, n int) string {
	l := frame.NewLine(p.width, "")
	whole := p.beats.to.Sub(p.beats.from)
	at := -1
	if i := p.list.Cursor(); i >= 0 && i < len(p.rows) {
		if r := p.lines.Snap.Rows.At(int(p.rows[i])); r.Time.Known() {
			at = left + p.beats.index(r.Time)*n/fine
		}
	}
	begin := figure.Clock(p.beats.from.Sub(p.lines.Start))
	end := figure.Clock(p.beats.from.Sub(p.lines.Start) + whole)
	l.To(left)
	if at < 0 || at > left+len(begin) {
		l.Put(t.Dim, begin)
	}
	if at >= 0 {
		l.To(at).Put(t.Title, t.Pin)
	}
	if at < left+n-len(end)-1 {
		l.To(left+n-len(end)).Put(t.Dim, end)
	}
	return l.String()
}
