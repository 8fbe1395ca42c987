package trace

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// laneRows is how many rows the lanes take below the tree: at most a third of
// the pane, with their title.
func (p *Pane) laneRows() int {
	if !p.view.Lanes || p.lines == nil || p.lines.Lanes == nil || p.height < 9 {
		return 0
	}
	return min(p.height/3, p.lines.Lanes.Len()+1)
}

// lanes returns the rows of the lanes: what ran at the same time, one lane each.
func (d *drawing) lanes() []string {
	rows := d.p.laneRows()
	if rows < 2 {
		return nil
	}
	lanes := d.p.lines.Lanes
	shown := rows - 1
	title := "Lanes  at most " + figure.Plural(int64(lanes.Most), "call") + " at once"
	if shown < lanes.Len() {
		title += "  " + figure.Whole(int64(shown)) + " of " + figure.Whole(int64(lanes.Len())) + " lanes"
	}
	l := frame.NewLine(d.p.width, "")
	l.Join(frame.Fixed(frame.Title(d.t, d.s.tree, 0, title, false), d.s.tree))
	l.Put(d.t.Faint, d.t.Wall).Space(1)
	d.gap(l, l.Used(), l.Used()+d.s.bars)
	out := []string{l.String()}
	for n := range shown {
		out = append(out, d.lane(n))
	}
	return out
}

func (d *drawing) lane(n int) string {
	l := frame.NewLine(d.p.width, "").Space(2)
	selected := d.p.Selected()
	// What ran in this lane at the cursor stands beside it.
	if at := d.dashAt; at.Known() {
		if id := d.p.lines.Lanes.In(n, at, at+1); id != 0 {
			span := d.p.lines.Snap.Span(id)
			head, _, _ := d.words(id, &span, "")
			l.Cell(d.t.Span(&span), head, max(0, d.s.tree-l.Used()-1))
		}
	}
	l.To(d.s.tree).Put(d.t.Faint, d.t.Wall).Space(1)
	base := l.Used()
	var b strings.Builder
	style, last := theme.Style(""), eventlog.SpanID(0)
	flush := func(next theme.Style) {
		l.Put(style, b.String())
		b.Reset()
		style = next
	}
	for c := range d.s.bars {
		from, to := d.scale.moment(float64(c)/float64(d.s.bars)), d.scale.moment(float64(c+1)/float64(d.s.bars))
		id := d.p.lines.Lanes.In(n, from, to)
		want, glyph := theme.Style(""), " "
		if id != 0 {
			span := d.p.lines.Snap.Span(id)
			want, glyph = d.tint(id, &span), d.t.Glyphs.Bar
			if span.Flags.Has(eventlog.SpanFailed) {
				want = d.t.Bad
			}
			if id == selected {
				want = want.Bold()
			}
			if id != last && c > 0 {
				glyph = d.t.BarHead // where one ends and another begins
			}
		}
		last = id
		if want != style {
			flush(want)
		}
		b.WriteString(glyph)
	}
	flush("")
	return l.To(base + d.s.bars).String()
}
