package tui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui/overview"
)

func TestNotifierTellsOfWhatIsNew(t *testing.T) {
	need := func(id string, w eventlog.Want) overview.Need {
		return overview.Need{Session: &eventlog.Session{ID: id}, Need: eventlog.Need{Want: w}}
	}
	var n notifier
	for i, c := range []struct {
		needs []overview.Need
		want  string
	}{
		{[]overview.Need{need("a", eventlog.WantLook)}, ""}, // there at the start
		{[]overview.Need{need("a", eventlog.WantLook)}, ""},
		{[]overview.Need{need("a", eventlog.WantLook), need("b", eventlog.WantAnswer)}, "a session needs you: waiting"},
		{[]overview.Need{need("b", eventlog.WantBrake), need("c", eventlog.WantHelp)}, "2 sessions need you, one is looping"},
		{nil, ""},
		{[]overview.Need{need("b", eventlog.WantAnswer)}, "a session needs you: waiting"},
	} {
		if got := n.took(c.needs); got != c.want {
			t.Errorf("step %d: %q, want %q", i, got, c.want)
		}
	}
}

// The bell rings only while nobody looks at the terminal, and only if it is
// wanted.
func TestRingsOnlyWhenAway(t *testing.T) {
	for _, c := range []struct {
		name         string
		notify, away bool
		want         bool
	}{{"away", true, true, true}, {"looking", true, false, false}, {"not wanted", false, true, false}} {
		t.Run(c.name, func(t *testing.T) {
			src, log := told(t, checkout())
			d := drive(t, src, log, func(o *Options) { o.Notify = c.notify }).start(120, 36)
			if c.away {
				d.send(tea.BlurMsg{})
			}
			rang := false
			d.raw = func(text string) {
				rang = rang || strings.HasPrefix(text, "\a\x1b]9;lazytrace: ") && strings.HasSuffix(text, "\x07")
			}
			more, _ := told(t, others())
			d.m.world.opts.Sources = more
			d.send(catalogMsg{catalog: more.Catalog()})
			if rang != c.want {
				t.Errorf("rang %v, want %v", rang, c.want)
			}
		})
	}
}
