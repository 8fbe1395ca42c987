package overview

import (
	"cmp"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// builder makes the rows of a view.
type builder struct {
	v    *View
	now  eventlog.Stamp
	kept map[*eventlog.Session]bool
	sums map[string]*rollup.Group
	runs map[*eventlog.Session][]int // indices into Report.Runs

	needs map[*eventlog.Session]*Need
}

// node is a row that has not found its place yet. Of one that is shut the rows below
// are only counted: of thousands of sessions nearly all are.
type node struct {
	row   Row
	kids  []*node
	below int
}

func (b *builder) build() {
	for i := range b.v.Report.Sessions {
		g := &b.v.Report.Sessions[i]
		b.sums[g.Key] = g
	}
	for i := range b.v.Report.Runs {
		s := b.v.Report.Runs[i].Session
		b.runs[s] = append(b.runs[s], i)
	}
	if b.v.Ask.Flat {
		var all []*node
		for _, s := range b.v.Catalog.Sessions {
			if b.kept[s] {
				n := b.session(s)
				n.kids, n.row.Parent, n.row.Shut = nil, false, false
				all = append(all, n)
			}
		}
		b.sort(all)
		b.lay(all, 0, 0)
		return
	}
	// What hangs under a kept session is looked at with it; a session whose
	// parent is filtered away stands for itself.
	var top []*node
	for _, s := range b.v.Catalog.Sessions {
		if b.kept[s] && (s.Parent == nil || !b.kept[s.Parent]) {
			top = append(top, b.session(s))
		}
	}
	b.sort(top)
	b.v.Rows = make([]Row, 0, len(top))
	b.lay(top, 0, 0)
}

func (b *builder) session(s *eventlog.Session) *node {
	status, why := s.Status(b.now)
	n := &node{row: Row{
		Key: s.ID, Session: s, Name: s.Label(), Agent: cmp.Or(s.Agent, s.Format), Model: b.v.Catalog.Symbols.Name(s.Model),
		Status: status, Why: why, Failed: failed(s), Took: s.Duration(b.now), Last: max(s.Last, s.Heartbeat),
	}}
	n.row.Reason, n.row.Need = s.Reason(b.now), b.needs[s]
	if text, soon := s.Fate(b.now); soon {
		n.row.Dies = text
	}
	if s.Archived {
		n.row.Dies = "archived"
	}
	if g := b.sums[s.ID]; g != nil {
		n.row.Own, n.row.Sum = g.Own, g.Inclusive
	}
	n.row.Sum.Errors = max(n.row.Sum.Errors, s.Errors)
	single, runs := b.runsOf(s)
	if single >= 0 {
		n.row.Own = *b.v.Report.Runs[single].Own
	}
	n.row.Parent = runs > 0 || slices.ContainsFunc(s.Children, func(child *eventlog.Session) bool { return b.kept[child] })
	if !n.row.Parent {
		return n
	}
	if n.row.Shut = b.shut(&n.row); n.row.Shut {
		n.below = runs + b.belowChildren(s)
		return n
	}
	n.kids = b.runNodes(s, single)
	for _, child := range s.Children {
		if b.kept[child] {
			n.kids = append(n.kids, b.session(child))
		}
	}
	return n
}

// runsOf returns which run of a session is the session itself, the single one on top,
// or -1, and how many rows its other runs have.
func (b *builder) runsOf(s *eventlog.Session) (single, rows int) {
	tops := 0
	single = -1
	for _, i := range b.runs[s] {
		r := &b.v.Report.Runs[i]
		switch {
		case r.Parent >= 0:
			rows += int(r.Run.Stands())
		case r.Run.ID != 0:
			tops++
			single = i
		}
	}
	if tops == 1 {
		return single, rows
	}
	return -1, rows + tops
}

// belowChildren returns how many rows the children of a session have, with all below.
func (b *builder) belowChildren(s *eventlog.Session) (rows int) {
	for _, child := range s.Children {
		if b.kept[child] {
			_, runs := b.runsOf(child)
			rows += 1 + runs + b.belowChildren(child)
		}
	}
	return rows
}

// runNodes returns the runs of a session that deserve a row: all but a single
// run on top, which is the session itself.
func (b *builder) runNodes(s *eventlog.Session, single int) []*node {
	all := b.runs[s]
	nodes := make(map[int]*node, len(all))
	var top []*node
	for _, i := range all {
		r := &b.v.Report.Runs[i]
		n := &node{row: b.run(s, r)}
		nodes[i] = n
		if up := nodes[r.Parent]; up != nil && r.Parent >= 0 {
			up.kids = append(up.kids, n)
			up.row.Parent = true
		} else if r.Run.ID != 0 {
			top = append(top, n)
		}
	}
	if single >= 0 {
		top = top[0].kids
	}
	for _, n := range top {
		b.count(n)
	}
	return top
}

// count counts the rows below a run, and tells whether they are shown.
func (b *builder) count(n *node) {
	for _, k := range n.kids {
		b.count(k)
		n.below += 1 + k.below
	}
	n.row.Shut = n.row.Parent && b.shut(&n.row)
}

func (b *builder) run(s *eventlog.Session, r *rollup.Run) Row {
	row := Row{
		Key: s.ID + "\x00" + r.Key, Session: s, Run: r.Run, Name: r.Agent, Agent: "sub", Model: b.v.Catalog.Symbols.Name(r.Run.Model),
		Own: *r.Own, Sum: *r.Inclusive, Last: r.Run.End,
	}
	if r.Parent < 0 {
		row.Agent = "run"
	}
	end := r.Run.End
	status, _ := s.Status(b.now)
	switch {
	case r.Run.Open && status == eventlog.Running:
		row.Status, end = eventlog.Running, b.now
	case r.Run.Open:
		row.Status = status
	default:
		row.Status = eventlog.Done
	}
	row.Failed = r.Run.Outcome == eventlog.Failure
	row.Took = max(0, end.Sub(r.Run.Start))
	return row
}

func (b *builder) sort(nodes []*node) {
	less := func(x, y *Row) int {
		switch b.v.Ask.Order {
		case ByLast:
			return cmp.Compare(y.Last, x.Last)
		case ByCost:
			return cmp.Compare(y.Sum.Cost(), x.Sum.Cost())
		case ByTokens:
			return cmp.Compare(y.Sum.Usage.Total(), x.Sum.Usage.Total())
		case ByErrors:
			return cmp.Compare(y.Sum.Errors, x.Sum.Errors)
		case ByTime:
			return cmp.Compare(y.Took, x.Took)
		case ByName:
			return lessName(x.Name, y.Name)
		}
		return 0 // the catalog's own order: newest first
	}
	slices.SortStableFunc(nodes, func(x, y *node) int {
		if b.v.Ask.Reverse {
			x, y = y, x
		}
		return less(&x.row, &y.row)
	})
	if b.v.Ask.Reverse && b.v.Ask.Order == ByStart {
		slices.Reverse(nodes)
	}
}

func (b *builder) lay(nodes []*node, depth int, rails uint64) {
	for i, n := range nodes {
		n.row.Depth, n.row.Rails, n.row.Final = depth, rails, i == len(nodes)-1
		if n.row.Shut {
			n.row.Hidden = n.below
			b.v.Rows = append(b.v.Rows, n.row)
			continue
		}
		b.v.Rows = append(b.v.Rows, n.row)
		below := rails
		if !n.row.Final && depth > 0 {
			below |= 1 << min(depth, 63)
		}
		b.lay(n.kids, depth+1, below)
	}
}

func (b *builder) shut(r *Row) bool {
	f := b.v.Ask.Folds
	if shut, ok := f.Touched[r.Key]; ok {
		return shut
	}
	switch f.Mode {
	case AllShut:
		return true
	case AllOpen:
		return false
	}
	return r.Status != eventlog.Running
}

// Pulse is how much happened in each stretch of time.
type Pulse struct {
	Bucket time.Duration
	Start  time.Time // of the first column
	Model  []float64
	Tool   []float64
	Errors []float64
	Cost   []float64
	Any    bool
}

// Buckets are the widths that a column of the histogram can have.
var Buckets = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
}

func pulse(v *View, kept map[*eventlog.Session]bool, a Ask) Pulse {
	n := a.Columns
	if n <= 0 {
		return Pulse{}
	}
	minute := a.Now.Unix() / 60
	if v.Period == Custom && !a.To.IsZero() {
		minute = min(minute, (a.To.Unix()-1)/60)
	}
	first := int64(0)
	for s := range kept {
		for _, m := range s.Pulse {
			if at := int64(m.At); at <= minute && (first == 0 || at < first) {
				first = at
			}
		}
	}
	if length := int64(v.Period.length() / time.Minute); length > 0 {
		first = max(first, minute-length+1)
	}
	if v.Period == Custom && !a.From.IsZero() {
		first = max(first, a.From.Unix()/60)
	}
	p := Pulse{Bucket: a.Bucket}
	if p.Bucket == 0 {
		p.Bucket = Buckets[len(Buckets)-1]
		for _, b := range Buckets {
			if first > 0 && (minute-first)/int64(b/time.Minute) < int64(n) {
				p.Bucket = b
				break
			}
		}
	}
	step := int64(p.Bucket / time.Minute)
	last := minute / step // the column that is now
	begin := last - int64(n) + 1
	p.Start = time.Unix(begin*step*60, 0).In(a.Now.Location())
	p.Model, p.Tool, p.Errors, p.Cost = make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for s := range kept {
		for _, beat := range s.Pulse {
			if i := int64(beat.At)/step - begin; i >= 0 && i < int64(n) {
				p.Model[i] += float64(beat.Model)
				p.Tool[i] += float64(beat.Tool)
				p.Errors[i] += float64(beat.Errors)
				p.Any = true
			}
		}
	}
	for _, e := range v.Catalog.Entries.All() {
		if s := v.Catalog.BySym(e.Session); s == nil || !kept[s] || !e.Time.Known() {
			continue
		}
		if i := int64(e.Time)/60e9/step - begin; i >= 0 && i < int64(n) {
			p.Cost[i] += float64(e.Cost) / float64(eventlog.Dollar)
		}
	}
	return p
}
