package overview

import (
	"cmp"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Live is a session that runs, or one that needs somebody, as the wall shows it.
type Live struct {
	Session *eventlog.Session
	Status  eventlog.Status
	Need    *Need // nil: it is fine
	Took    time.Duration
	Beats   []float64      // calls in each of the last minutes, the newest last
	Errors  []float64      // errors likewise
	Hour    eventlog.Money // spent in the last hour
}

// minutes is how far back the wall looks.
const minutes = 20

// live returns what runs and what needs somebody: those that need somebody
// first, then what did something last.
func live(c *eventlog.Catalog, needs []Need, now eventlog.Stamp) []Live {
	of := make(map[*eventlog.Session]*Need, len(needs))
	for i := range needs {
		of[needs[i].Session] = &needs[i]
	}
	var out []Live
	at := map[eventlog.Sym]int{}
	minute := int32(now.Time().Unix() / 60)
	for _, s := range c.Sessions {
		status, _ := s.Status(now)
		need := of[s]
		if status != eventlog.Running && need == nil {
			continue
		}
		l := Live{Session: s, Status: status, Need: need, Took: s.Duration(now), Beats: make([]float64, minutes), Errors: make([]float64, minutes)}
		for _, beat := range s.Pulse {
			if i := int(beat.At-minute) + minutes - 1; i >= 0 && i < minutes {
				l.Beats[i] += float64(beat.Model + beat.Tool)
				l.Errors[i] += float64(beat.Errors)
			}
		}
		at[s.Sym] = len(out)
		out = append(out, l)
	}
	hour := now - eventlog.Stamp(time.Hour)
	for _, e := range c.Entries.All() {
		if n, ok := at[e.Session]; ok && e.Time >= hour && e.Source != eventlog.Unpriced {
			out[n].Hour += e.Cost
		}
	}
	rank := func(l *Live) int {
		if l.Need == nil {
			return 1
		}
		return slices.IndexFunc(needs, func(n Need) bool { return n.Session == l.Session }) - len(needs)
	}
	slices.SortStableFunc(out, func(a, b Live) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), cmp.Compare(b.Session.Last, a.Session.Last))
	})
	return out
}
