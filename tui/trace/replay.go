package trace

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/tui/keymap"
)

// replay shows the session as it was up to some event, and goes on from there,
// step by step or in time.
type replay struct {
	on      bool
	playing bool
	wanted  bool           // it begins when the log has been read
	row     eventlog.RowID // the last one that has happened
	at      eventlog.Stamp // its time, and while it plays a little later
	speed   int            // index into speeds
	turn    int            // of the play under way: ticks of an earlier one are none of it
}

// speeds are how many seconds of the session pass in one.
var speeds = [...]float64{0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100}

const (
	normalSpeed = 3
	// longestGap is how long nothing may happen before the replay goes on: a
	// person does not want to wait as long as the session did.
	longestGap = 2 * time.Second
	// beat is how often a replay goes on.
	beat = 50 * time.Millisecond
)

// ReplayFirst shows the session as it was when it began, once all of it is there.
func (p *Pane) ReplayFirst() { p.replay.wanted = true }

// replayFirst begins the replay that ReplayFirst asked for.
func (p *Pane) replayFirst() tea.Cmd {
	if !p.replay.wanted || p.lines.Snap.Loading || p.forest.Len() == 0 {
		return nil
	}
	p.replay = replay{on: true, speed: normalSpeed, turn: p.replay.turn + 1}
	return p.moment()
}

type playMsg struct {
	p    *Pane
	turn int
}

// startReplay begins at the selected step, or leaves the replay.
func (p *Pane) startReplay() tea.Cmd {
	if p.leaveReplay() {
		return p.relay()
	}
	if p.lines == nil || p.forest.Len() == 0 {
		return nil
	}
	row := eventlog.RowID(0)
	if id := p.Selected(); id != 0 {
		row = p.lines.Snap.Span(id).First
	}
	p.replay = replay{on: true, row: row, speed: normalSpeed, turn: p.replay.turn + 1}
	return p.moment()
}

// leaveReplay shows all of the session again. It reports whether a replay was
// going on.
func (p *Pane) leaveReplay() bool {
	if !p.replay.on {
		return false
	}
	p.replay = replay{turn: p.replay.turn + 1}
	p.view.Upto = 0
	return true
}

// moment shows the session as it was at the row of the replay.
func (p *Pane) moment() tea.Cmd {
	r := p.lines.Snap.Rows.At(int(p.replay.row))
	if r.Time.Known() {
		p.replay.at = r.Time
	}
	p.view.Upto = p.replay.row + 1
	return p.lay(false)
}

// step goes n events on, or back, passing over machinery.
func (p *Pane) step(n int) bool {
	rows := p.lines.Snap.Rows
	d := 1
	if n < 0 {
		d, n = -1, -n
	}
	moved := false
	for row := p.replay.row; n > 0; {
		row += eventlog.RowID(d)
		if row < 0 || int(row) >= rows.Len() {
			break
		}
		if r := rows.At(int(row)); r.Flags&eventlog.RowHidden != 0 || r.Span == 0 {
			continue
		}
		p.replay.row, moved = row, true
		n--
	}
	return moved
}

// inReplay does the actions of the replay.
func (p *Pane) inReplay(a keymap.Action, n int) (tea.Cmd, bool) {
	switch a {
	case keymap.Play:
		p.replay.playing = !p.replay.playing
		p.replay.turn++
		if p.replay.playing {
			return p.tick(), true
		}
		return nil, true
	case keymap.StepOn, keymap.StepUp:
		p.replay.playing = false
		n = max(1, n)
		if a == keymap.StepUp {
			n = -n
		}
		p.step(n)
		return p.moment(), true
	case keymap.Faster:
		p.replay.speed = min(p.replay.speed+1, len(speeds)-1)
	case keymap.Slower:
		p.replay.speed = max(p.replay.speed-1, 0)
	case keymap.Top:
		p.replay.row = 0
		return p.moment(), true
	case keymap.End:
		p.replay.row = eventlog.RowID(p.lines.Snap.Rows.Len() - 1)
		return p.moment(), true
	case keymap.Replay:
		p.leaveReplay()
		return p.relay(), true
	default:
		return nil, false
	}
	return nil, true
}

func (p *Pane) tick() tea.Cmd {
	msg := playMsg{p, p.replay.turn}
	return tea.Tick(beat, func(time.Time) tea.Msg { return msg })
}

// played goes on by one beat.
func (p *Pane) played(msg playMsg) tea.Cmd {
	if !p.replay.playing || msg.turn != p.replay.turn || p.lines == nil {
		return nil
	}
	rows := p.lines.Snap.Rows
	p.replay.at += eventlog.Stamp(float64(beat) * speeds[p.replay.speed])
	moved := false
	for {
		before := p.replay.row
		if !p.step(1) {
			p.replay.playing = false // the end, as far as it is known
			break
		}
		next := rows.At(int(p.replay.row)).Time
		if !next.Known() {
			moved = true
			break // a log without times goes on by one step a beat
		}
		if gap := eventlog.Stamp(float64(longestGap) * speeds[p.replay.speed]); next-p.replay.at > gap {
			p.replay.at = next - gap
		}
		if next > p.replay.at {
			p.replay.row = before
			break
		}
		moved = true
	}
	var cmd tea.Cmd
	if moved {
		p.view.Upto = p.replay.row + 1
		cmd = p.lay(false)
	}
	if p.replay.playing {
		return tea.Batch(cmd, p.tick())
	}
	return cmd
}

// replayed says how far the replay is.
func (p *Pane) replayed() string {
	r := &p.replay
	state := "paused"
	if r.playing {
		state = "playing"
	}
	rows := p.lines.Snap.Rows.Len()
	text := fmt.Sprintf("replay %s %gx  #%s / %s", state, speeds[r.speed], figure.Whole(int64(r.row)+1), figure.Whole(int64(rows)))
	if r.at.Known() && p.forest.Start.Known() {
		text += "  +" + figure.Clock(r.at.Sub(p.forest.Start))
	}
	return text
}

// then returns a span as it was at the moment of the replay.
func (p *Pane) then(s eventlog.Span) eventlog.Span {
	if !p.replay.on || s.Last <= p.replay.row {
		return s
	}
	s.Flags = s.Flags&^(eventlog.SpanFailed|eventlog.SpanCut|eventlog.SpanWaiting) | eventlog.SpanOpen
	s.End = max(s.Start, p.replay.at)
	return s
}
