package growth

import (
	"fmt"

	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Draw returns the rows of the tab.
func (p *Pane) Draw(t *theme.Theme, _ int, active bool) []string {
	switch {
	case p.err != nil:
		return p.message(t, active, frame.Part{Style: t.BadBold, Text: t.Failed + " The log cannot be read."}, frame.Part{Style: t.Text, Text: frame.Clean(p.err.Error(), 2*p.width)}, frame.Part{Style: t.Dim, Text: "enter tries again."})
	case p.found == nil && p.stopped:
		return p.message(t, active, frame.Part{Style: t.Bright, Text: "Reading was called off."}, frame.Part{Style: t.Dim, Text: "enter reads the log."})
	case p.found == nil:
		return p.message(t, active, frame.Part{Style: t.Text, Text: "Reading the log" + t.More + p.come()}, frame.Part{Style: t.Dim, Text: "esc calls it off."})
	case len(p.found.runs) == 0:
		why := "No call of this session tells what it read."
		if n := p.found.report.Left; n > 0 {
			why = fmt.Sprintf("%s for several calls tell of no single one.", figure.Plural(n, "bill"))
		}
		return p.message(t, active, frame.Part{Style: t.Bright, Text: "The context cannot be told."}, frame.Part{Style: t.Dim, Text: why})
	}
	draw := func(n part) []string {
		on := active && p.focus == n
		switch n {
		case runs:
			return p.drawRuns(t, on)
		case blocks:
			return p.drawBlocks(t, on)
		case compactions:
			return p.drawCompactions(t, on)
		}
		return p.drawPicture(t, int(picture), on)
	}
	var rows []string
	if p.at[picture].h > 0 {
		rows = append(rows, draw(picture)...)
	}
	if left := p.at[runs]; left.h > 0 && p.at[blocks].h > 0 {
		side := append(draw(runs), draw(compactions)...)
		return frame.Fill(append(rows, frame.Beside(t, side, draw(blocks))...), p.width, p.height)
	}
	for n := runs; n <= compactions; n++ {
		if p.at[n].h > 0 {
			rows = append(rows, draw(n)...)
		}
	}
	return frame.Fill(rows, p.width, p.height)
}

func (p *Pane) message(t *theme.Theme, active bool, said ...frame.Part) []string {
	rows := []string{frame.Title(t, p.width, int(picture), "Context", active)}
	return frame.Fill(append(rows, frame.Message(p.width, p.height-1, said...)...), p.width, p.height)
}

// come says how far the reading of the log has come.
func (p *Pane) come() string {
	done, total := p.progress.Look()
	if total == 0 {
		return ""
	}
	return " " + figure.Percent(float64(done), float64(total)) + " of " + figure.Whole(total) + " records"
}

// beside names the other lists, where they are not seen.
func (p *Pane) beside(t *theme.Theme, of part, right ...frame.Part) []frame.Part {
	if p.at[runs].h > 0 && p.at[blocks].h > 0 {
		return right
	}
	names := map[part]string{picture: "1 picture", runs: "2 runs", blocks: "3 blocks", compactions: "4 compactions"}
	var out []frame.Part
	for n := picture; n <= compactions; n++ {
		if n == of || p.at[n].h > 0 {
			continue
		}
		if len(out) > 0 {
			out = append(out, frame.Part{Text: "  "})
		}
		out = append(out, frame.Part{Style: t.Dim, Text: names[n]})
	}
	return out
}

func (p *Pane) drawRuns(t *theme.Theme, active bool) []string {
	r := p.found.report
	about := frame.Part{Style: t.Dim, Text: figure.Plural(int64(len(p.found.runs)), "run")}
	if r.Copied > 0 {
		about.Text += fmt.Sprintf(", %s copied", figure.Plural(r.Copied, "call"))
	}
	rows := []string{frame.Title(t, p.at[runs].w, int(runs), "Runs", active, p.beside(t, runs, about)...)}
	return frame.Fill(append(rows, p.runs.Draw(t, active)...), p.at[runs].w, p.at[runs].h)
}

func (p *Pane) drawBlocks(t *theme.Theme, active bool) []string {
	at := p.at[blocks]
	rows := []string{frame.Title(t, at.w, int(blocks), "Blocks that cost most to carry", active, p.beside(t, blocks, frame.Part{Style: t.Dim, Text: p.carried()})...)}
	if p.mixRows() > 0 {
		rows = append(rows, p.mix(t, at.w))
	}
	return frame.Fill(append(rows, p.blocks.Draw(t, active)...), at.w, at.h)
}

func (p *Pane) drawCompactions(t *theme.Theme, active bool) []string {
	at := p.at[compactions]
	about := frame.Part{Style: t.Dim, Text: figure.Whole(int64(len(p.found.compactions)))}
	rows := []string{frame.Title(t, at.w, int(compactions), "Compactions", active, p.beside(t, compactions, about)...)}
	if len(p.found.compactions) == 0 {
		return frame.Fill(append(rows, frame.NewLine(at.w, "").Space(2).Put(t.Dim, "The context was never compacted.").String()), at.w, at.h)
	}
	return frame.Fill(append(rows, p.compactions.Draw(t, active)...), at.w, at.h)
}
