package trouble

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// Class is what it is that failed.
type Class uint8

// The classes of failures.
const (
	ClassOther Class = iota
	ClassTool
	ClassModel
	ClassRun
)

var classNames = [...]string{"other", "tool", "model", "run"}

// String returns the name of the class.
func (c Class) String() string { return classNames[c] }

// MarshalText returns the name of the class.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Family is failures that are alike.
type Family struct {
	Signature string // the tool or kind, and what the messages have in common
	Example   string // one line of one of them, as it is
	Class     Class
	Tool      string // of class tool; otherwise what kind of event it is
	Agents    []string
	Models    []string
	Count     int
	First     eventlog.Stamp
	Last      eventlog.Stamp
	Places    []Place    // in order
	Sessions  []Hit      // in the order in which they were hit
	Since     rollup.Sum // what those sessions spent since
}

// Hit is a session in which failures of a family are.
type Hit struct {
	Session string
	Count   int
	First   eventlog.Stamp
	Since   rollup.Sum // what the session spent from the first failure on
}

// failure is one failure before it is known whether it counts.
type failure struct {
	class     Class
	name      string // tool or kind
	text      string
	example   string
	model     string
	session   eventlog.Sym
	row       eventlog.RowID
	place     Place
	own       bool // it may be nothing but what failed below it
	span      eventlog.SpanID
	time      eventlog.Stamp
	hasReason bool
}

// unexplained is the message of a failure of which nothing more is told.
const unexplained = "failed, for no reason that is told"

// families reads the failures and sorts them into families.
func (f *finder) families(r *Report) error {
	if !f.wants(PartFamilies) {
		return nil
	}
	rows := make([]eventlog.RowID, len(f.failed))
	for i, at := range f.failed {
		rows[i] = at.row
	}
	all := make([]failure, len(rows))
	err := f.read(rows, func(i int, e *eventlog.Event) { all[i] = f.failure(f.failed[i], e) })
	if err != nil {
		return err
	}
	all = f.itself(all)
	if err := f.about(all); err != nil {
		return err
	}
	hits := f.sort(r, all)
	f.since(hits)
	for i := range r.Families {
		r.Families[i].sum()
	}
	return nil
}

// about tells what each failure is about, which is what tells it from others of
// its family: the arguments of its call, where it has any.
func (f *finder) about(all []failure) error {
	var calls []int
	var spans []eventlog.SpanID
	for i := range all {
		all[i].place.Label = all[i].example
		if all[i].class == ClassTool {
			calls, spans = append(calls, i), append(spans, all[i].span)
		}
	}
	f.total += len(spans)
	words, err := f.labels(spans)
	for n, w := range words {
		if w.label != "" {
			all[calls[n]].place.Label = w.label
		}
	}
	return err
}

// failure makes sense of one failure.
func (f *finder) failure(at failedRow, e *eventlog.Event) failure {
	s, row := f.snap.Span(at.span), f.snap.Rows.At(int(at.row))
	x := failure{session: s.Session, row: at.row, span: at.span, time: cmp.Or(row.Time, s.End, s.Start), place: f.place(at.span)}
	x.place.Event, x.place.Time, x.place.copied = e.ID, x.time, e.Copied
	message := reason(e)
	x.text, x.example = Signature(message), Example(message)
	if x.hasReason = x.text != ""; !x.hasReason {
		x.text, x.example = unexplained, unexplained
	}
	x.model = f.name(s.Model)
	if x.model == "" {
		x.model = e.Model
	}
	switch {
	case row.Kind.Class() == eventlog.ClassTool:
		x.class, x.name = ClassTool, cmp.Or(f.name(s.Tool), e.Tool, "tool")
	case s.Kind == eventlog.SpanModel, row.Kind == eventlog.Error && ofModel(x.text):
		x.class, x.name = ClassModel, "model"
	case row.Kind == eventlog.AgentFinish || row.Kind == eventlog.SessionEnd:
		x.class, x.name, x.own = ClassRun, "run", true
	default:
		x.name = row.Kind.String()
		if row.Kind == eventlog.Custom {
			x.name = cmp.Or(f.name(row.Type), x.name)
		}
	}
	switch {
	case !e.Use.IsZero() && x.class == ClassTool:
		x.place.same = e.Use
	case e.Bill != nil && !e.Bill.Call.IsZero():
		x.place.same = e.Bill.Call
	case e.ID != "" && row.Time.Known():
		// Branches of one session hold copies of its records.
		x.place.same = eventlog.Identify("failure", x.place.Session, e.ID, row.Kind.String(), fmt.Sprint(row.Time), message)
	}
	return x
}

// reason returns what an event tells of its failure.
func reason(e *eventlog.Event) string {
	if strings.TrimSpace(e.Message) != "" {
		return e.Message
	}
	if e.Kind == eventlog.ToolTimeout {
		return "timed out"
	}
	for _, body := range []json.RawMessage{e.Output, e.Payload} {
		if body = bytes.TrimSpace(body); len(body) == 0 || string(body) == "null" {
			continue
		}
		var text string
		if json.Unmarshal(body, &text) != nil {
			text = string(body)
		}
		if e.Kind.Class() == eventlog.ClassTool && strings.TrimSpace(text) != "" {
			return text
		}
	}
	return e.Text
}

// ofModel reports whether an error of which nothing else is known tells of a
// model's provider.
func ofModel(text string) bool {
	text = strings.ToLower(text)
	for _, word := range [...]string{"api error", "rate limit", "rate_limit", "overloaded", "high demand", "insufficient_quota", "context length", "context window", "prompt is too long"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// itself leaves out runs that failed since something in them did: for the reason
// that is told of that, or for none.
func (f *finder) itself(all []failure) []failure {
	type reasonOf struct {
		span eventlog.SpanID
		text string
	}
	told := map[reasonOf]bool{}
	any := map[eventlog.SpanID]bool{}
	explain := func(x *failure) {
		for id := f.snap.Span(x.span).Parent; id != 0; {
			s := f.snap.Span(id)
			if s.Kind == eventlog.SpanRun || s.Kind == eventlog.SpanSession {
				told[reasonOf{id, x.text}], any[id] = true, true
			}
			id = s.Parent
		}
	}
	var runs []int
	depths := map[int]int{}
	for i := range all {
		if !all[i].own {
			explain(&all[i])
			continue
		}
		runs = append(runs, i)
		for id := all[i].span; id != 0; id = f.snap.Span(id).Parent {
			depths[i]++
		}
	}
	slices.SortStableFunc(runs, func(a, b int) int { return cmp.Compare(depths[b], depths[a]) })
	gone := make([]bool, len(all))
	for _, i := range runs {
		x := &all[i]
		gone[i] = told[reasonOf{x.span, x.text}] || !x.hasReason && any[x.span]
		explain(x)
	}
	out := all[:0]
	for i := range all {
		if !gone[i] {
			out = append(out, all[i])
		}
	}
	return out
}

// hit is a session of a family, by their numbers.
type hit struct {
	session eventlog.Sym
	family  int
	at      int // index into the family's Sessions
	time    eventlog.Stamp
	row     eventlog.RowID
	sum     *rollup.Sum
}

// sort puts failures into families, each once a session.
func (f *finder) sort(r *Report, all []failure) []hit {
	type member struct {
		session string
		same    eventlog.Identity
	}
	seen := map[member]bool{}
	index := map[string]int{}
	hitOf := map[[2]int]int{}
	var hits []hit
	for i := range all {
		x := &all[i]
		m := member{x.place.Session, x.place.same}
		if !m.same.IsZero() && seen[m] {
			continue
		}
		seen[m] = true
		key := signature(x.class, x.name, x.text)
		n, ok := index[key]
		if !ok {
			n = len(r.Families)
			index[key] = n
			r.Families = append(r.Families, Family{Signature: x.name + ": " + x.text, Example: x.example, Class: x.class, Tool: x.name})
		}
		fam := &r.Families[n]
		fam.Places = append(fam.Places, x.place)
		fam.Agents, fam.Models = with(fam.Agents, x.place.Agent), with(fam.Models, x.model)
		h, ok := hitOf[[2]int{n, int(x.session)}]
		if !ok {
			h = len(hits)
			hitOf[[2]int{n, int(x.session)}] = h
			hits = append(hits, hit{session: x.session, family: n, at: len(fam.Sessions), time: x.time, row: x.row})
			fam.Sessions = append(fam.Sessions, Hit{Session: x.place.Session})
		}
		if x.time.Known() && (!hits[h].time.Known() || x.time < hits[h].time) {
			hits[h].time, hits[h].row = x.time, x.row
		}
	}
	for i := range hits {
		hits[i].sum = &r.Families[hits[i].family].Sessions[hits[i].at].Since
	}
	return hits
}

// signature is what failures of one family share.
func signature(class Class, name, text string) string {
	return class.String() + "\x00" + name + "\x00" + text
}

// since adds up what each session spent from the first failure of each family
// on. Where no times are known, what stands behind it in the log counts.
func (f *finder) since(hits []hit) {
	bills := f.bills
	timed := map[eventlog.Sym]bool{}
	for i := range bills {
		known, seen := timed[bills[i].session]
		timed[bills[i].session] = bills[i].at.Known() && (known || !seen)
	}
	for _, h := range hits {
		timed[h.session] = timed[h.session] && h.time.Known()
	}
	when := func(session eventlog.Sym, at eventlog.Stamp, row eventlog.RowID) int64 {
		if timed[session] {
			return int64(at)
		}
		return int64(row)
	}
	slices.SortFunc(bills, func(a, b spending) int {
		return cmp.Or(cmp.Compare(a.session, b.session), cmp.Compare(when(b.session, b.at, b.row), when(a.session, a.at, a.row)))
	})
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.session, b.session), cmp.Compare(when(b.session, b.time, b.row), when(a.session, a.time, a.row)))
	})
	var sum rollup.Sum
	n := 0
	for i, h := range hits {
		if i == 0 || hits[i-1].session != h.session {
			sum = rollup.Sum{}
			n, _ = slices.BinarySearchFunc(bills, h.session, func(b spending, s eventlog.Sym) int { return cmp.Compare(b.session, s) })
		}
		for ; n < len(bills) && bills[n].session == h.session && when(h.session, bills[n].at, bills[n].row) >= when(h.session, h.time, h.row); n++ {
			f.charge(&sum, bills[n].bill)
		}
		*h.sum = sum
	}
}

// Reckon counts once more what was spent since, with the ledger: a log alone does
// not know which of its calls are copies of those of other sessions, which paid
// for them. Sessions without times keep what their logs say.
func (r *Report) Reckon(c *eventlog.Catalog) {
	type of struct {
		hit *Hit
		sym eventlog.Sym
	}
	var hits []of
	sessions := map[eventlog.Sym]bool{}
	for i := range r.Families {
		for j := range r.Families[i].Sessions {
			h := &r.Families[i].Sessions[j]
			if s, ok := c.Session(h.Session); ok && h.First.Known() {
				hits, sessions[s.Sym] = append(hits, of{h, s.Sym}), true
			}
		}
	}
	var entries []*eventlog.Entry
	for _, e := range c.Entries.All() {
		if sessions[e.Session] {
			if !e.Time.Known() {
				sessions[e.Session] = false
			}
			one := *e
			entries = append(entries, &one)
		}
	}
	slices.SortFunc(entries, func(a, b *eventlog.Entry) int {
		return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(b.Time, a.Time))
	})
	slices.SortFunc(hits, func(a, b of) int {
		return cmp.Or(cmp.Compare(a.sym, b.sym), cmp.Compare(b.hit.First, a.hit.First))
	})
	var sum rollup.Sum
	n := 0
	for i, h := range hits {
		if i == 0 || hits[i-1].sym != h.sym {
			sum = rollup.Sum{}
			n, _ = slices.BinarySearchFunc(entries, h.sym, func(e *eventlog.Entry, s eventlog.Sym) int { return cmp.Compare(e.Session, s) })
		}
		for ; n < len(entries) && entries[n].Session == h.sym && entries[n].Time >= h.hit.First; n++ {
			sum.Charge(&entries[n].Bill)
		}
		if sessions[h.sym] {
			h.hit.Since = sum
		}
	}
	for i := range r.Families {
		r.Families[i].sum()
	}
	r.order()
}

// sum counts what a family has, from its places.
func (fam *Family) sum() {
	fam.original()
	slices.SortStableFunc(fam.Places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Session, b.Session))
	})
	fam.Count, fam.First, fam.Last, fam.Since = len(fam.Places), 0, 0, rollup.Sum{}
	hits := map[string]*Hit{}
	for i := range fam.Sessions {
		h := &fam.Sessions[i]
		h.Count, h.First = 0, 0
		if hits[h.Session] == nil { // one that was opened twice counts once
			hits[h.Session] = h
		}
	}
	for i := range fam.Places {
		p := &fam.Places[i]
		h := hits[p.Session]
		h.Count++
		h.First, fam.First, fam.Last = earliest(h.First, p.Time), earliest(fam.First, p.Time), max(fam.Last, p.Time)
	}
	fam.Sessions = slices.DeleteFunc(fam.Sessions, func(h Hit) bool { return h.Count == 0 })
	slices.SortStableFunc(fam.Sessions, func(a, b Hit) int { return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Session, b.Session)) })
	for i := range fam.Sessions {
		fam.Since.Add(fam.Sessions[i].Since)
	}
	slices.Sort(fam.Agents)
	slices.Sort(fam.Models)
}

func earliest(a, b eventlog.Stamp) eventlog.Stamp {
	if !a.Known() || b.Known() && b < a {
		return b
	}
	return a
}

// with adds a name to a short list, once.
func with(list []string, name string) []string {
	if name == "" || slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

// mergeFamilies adds families of other sessions. A failure that was copied from
// another session counts there, if that one is known.
func (r *Report) mergeFamilies(more []*Report) {
	index := map[string]int{}
	for i := range r.Families {
		index[r.Families[i].key()] = i
	}
	for _, v := range more {
		for _, fam := range v.Families {
			i, ok := index[fam.key()]
			if !ok {
				index[fam.key()] = len(r.Families)
				r.Families = append(r.Families, fam)
				continue
			}
			into := &r.Families[i]
			into.Places = append(into.Places, fam.Places...)
			into.Sessions = append(into.Sessions, fam.Sessions...)
			for _, name := range fam.Agents {
				into.Agents = with(into.Agents, name)
			}
			for _, name := range fam.Models {
				into.Models = with(into.Models, name)
			}
		}
	}
	for i := range r.Families {
		r.Families[i].sum()
	}
}

func (fam *Family) key() string {
	_, text, _ := strings.Cut(fam.Signature, fam.Tool+": ")
	return signature(fam.Class, fam.Tool, text)
}

// original keeps of copies of one failure one: that which is none, or the first.
func (fam *Family) original() {
	at := map[eventlog.Identity]int{}
	out := fam.Places[:0]
	for _, p := range fam.Places {
		if p.same.IsZero() {
			out = append(out, p)
			continue
		}
		i, ok := at[p.same]
		switch {
		case !ok:
			at[p.same] = len(out)
			out = append(out, p)
		case out[i].copied && !p.copied:
			out[i] = p
		}
	}
	fam.Places = out
}
