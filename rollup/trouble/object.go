package trouble

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

func ms(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }

// spelled writes JSON in which <path> is spelled so: whoever puts it into a page
// has to escape it anyhow.
func spelled(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// list is a list that is never null.
func list[T any](of []T) []T {
	if of == nil {
		return []T{}
	}
	return of
}

// MarshalJSON writes where it is. The number of the span is left out: it means
// nothing elsewhere.
func (p Place) MarshalJSON() ([]byte, error) {
	return spelled(struct {
		Session string         `json:"session_id"`
		Run     string         `json:"run_id,omitempty"`
		Agent   string         `json:"agent,omitempty"`
		Event   string         `json:"event_id,omitempty"`
		Time    eventlog.Stamp `json:"ts"`
		Label   string         `json:"label,omitempty"`
	}{p.Session, p.Run, p.Agent, p.Event, p.Time, p.Label})
}

// MarshalJSON writes the family, with what was spent since as a usage object.
func (fam Family) MarshalJSON() ([]byte, error) {
	return spelled(struct {
		Signature string         `json:"signature"`
		Example   string         `json:"example"`
		Class     Class          `json:"class"`
		Tool      string         `json:"name"`
		Agents    []string       `json:"agents"`
		Models    []string       `json:"models"`
		Count     int            `json:"count"`
		First     eventlog.Stamp `json:"first"`
		Last      eventlog.Stamp `json:"last"`
		Sessions  []Hit          `json:"sessions"`
		Since     rollup.Sum     `json:"since"`
		Places    []Place        `json:"places"`
	}{fam.Signature, fam.Example, fam.Class, fam.Tool, list(fam.Agents), list(fam.Models), fam.Count, fam.First, fam.Last, list(fam.Sessions), fam.Since, list(fam.Places)})
}

// MarshalJSON writes the session with its count.
func (h Hit) MarshalJSON() ([]byte, error) {
	return spelled(struct {
		Session string         `json:"session_id"`
		Count   int            `json:"count"`
		First   eventlog.Stamp `json:"first"`
		Since   rollup.Sum     `json:"since"`
	}{h.Session, h.Count, h.First, h.Since})
}

// MarshalJSON writes the step.
func (s Step) MarshalJSON() ([]byte, error) {
	return spelled(struct {
		Tool  string `json:"tool"`
		Label string `json:"label"`
	}{s.Tool, s.Label})
}

// MarshalJSON writes the loop. same_results is null where no results are known.
func (l Loop) MarshalJSON() ([]byte, error) {
	var same *bool
	if l.Results {
		same = &l.Same
	}
	var place Place
	if len(l.Places) > 0 {
		place = l.Places[0]
	}
	return spelled(struct {
		Session string         `json:"session_id"`
		Run     string         `json:"run_id"`
		Agent   string         `json:"agent"`
		Steps   []Step         `json:"steps"`
		Times   int            `json:"times"`
		Same    *bool          `json:"same_results"`
		Changed bool           `json:"files_changed"`
		Failed  int            `json:"failed"`
		Open    bool           `json:"open"`
		First   eventlog.Stamp `json:"first"`
		Last    eventlog.Stamp `json:"last"`
		Wall    int64          `json:"wall_ms"`
		Spent   rollup.Sum     `json:"spent"`
		Places  []Place        `json:"places"`
	}{place.Session, place.Run, place.Agent, list(l.Steps), l.Times, same, l.Changed, l.Failed, l.Open, l.First, l.Last, ms(l.Wall), l.Spent, list(l.Places)})
}

// MarshalJSON writes the retry.
func (t Retry) MarshalJSON() ([]byte, error) {
	var place Place
	if len(t.Places) > 0 {
		place = t.Places[0]
	}
	return spelled(struct {
		Session string         `json:"session_id"`
		Run     string         `json:"run_id"`
		Agent   string         `json:"agent"`
		Class   Class          `json:"class"`
		Name    string         `json:"name"`
		Label   string         `json:"label"`
		Failed  int            `json:"failed"`
		Fine    bool           `json:"recovered"`
		Lost    int64          `json:"lost_ms"`
		Spent   rollup.Sum     `json:"spent"`
		First   eventlog.Stamp `json:"first"`
		Last    eventlog.Stamp `json:"last"`
		Places  []Place        `json:"places"`
	}{place.Session, place.Run, place.Agent, t.Class, t.Name, t.Label, t.Failed, t.Fine, ms(t.Lost), t.Spent, t.First, t.Last, list(t.Places)})
}

// MarshalJSON writes the times of a tool.
func (t ToolTime) MarshalJSON() ([]byte, error) {
	return spelled(struct {
		Tool   string `json:"tool"`
		Calls  int    `json:"calls"`
		Failed int    `json:"failed"`
		Timed  int    `json:"timed"`
		P50    int64  `json:"p50_ms"`
		P95    int64  `json:"p95_ms"`
		Max    int64  `json:"max_ms"`
		Total  int64  `json:"total_ms"`
	}{t.Tool, t.Calls, t.Failed, t.Timed, ms(t.P50), ms(t.P95), ms(t.Max), ms(t.Total)})
}

// MarshalJSON writes the call.
func (c SlowCall) MarshalJSON() ([]byte, error) {
	return spelled(struct {
		Session string         `json:"session_id"`
		Run     string         `json:"run_id"`
		Agent   string         `json:"agent"`
		Class   Class          `json:"class"`
		Name    string         `json:"name"`
		Label   string         `json:"label"`
		Took    int64          `json:"duration_ms"`
		Open    bool           `json:"open"`
		Start   eventlog.Stamp `json:"start"`
	}{c.Session, c.Run, c.Agent, c.Class, c.Name, c.Label, ms(c.Took), c.Open, c.Time})
}
