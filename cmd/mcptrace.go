package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lazytrace/lazytrace/cmd/mcp"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/label"
	"github.com/lazytrace/lazytrace/rollup"
)

type askedTrace struct {
	askedBounds
	Session string `json:"session,omitempty" about:"by the beginning of its id; without it, the newest"`
	Under   string `json:"under,omitempty" about:"show what lies below this node: its ref"`
	Around  string `json:"around,omitempty" about:"show what lies around this event: its ref or id"`
	Depth   int    `json:"depth,omitempty" about:"how many levels below the top at most, by default 6"`
	Offset  int    `json:"offset,omitempty" about:"how many children of the top to pass over"`
}

// toldNode is a step of a session with what lies below it.
type toldNode struct {
	Ref      string      `json:"ref" about:"give it to event, or to trace as under or around"`
	Kind     string      `json:"kind" about:"session, run (of an agent), model, tool, or the kind of a single event"`
	Name     string      `json:"name,omitempty" about:"of the agent, model or tool"`
	About    string      `json:"about,omitempty" about:"what it is about, in a few words"`
	Status   string      `json:"status,omitempty" enum:"failed,open" about:"fine where it is not told"`
	Failure  string      `json:"failure,omitempty"`
	Start    string      `json:"started_at,omitempty" about:"UTC"`
	Duration int64       `json:"duration_ms,omitempty"`
	Cost     float64     `json:"cost_usd,omitempty" about:"with all below it"`
	Unsure   string      `json:"cost_is,omitempty" enum:"estimated,partly estimated,unpriced,partly unpriced" about:"recorded in the log where it is not told"`
	Tokens   int64       `json:"tokens,omitempty" about:"with all below it"`
	Failed   int64       `json:"failures_below,omitempty"`
	Skipped  int         `json:"skipped_before,omitempty" about:"siblings before it that are not shown"`
	More     int         `json:"more,omitempty" about:"steps directly below it that are not shown; under shows them"`
	Children []*toldNode `json:"children,omitempty"`
}

type toldTrace struct {
	Session string      `json:"session_id"`
	Path    []*toldNode `json:"path,omitempty" about:"what the tree lies in, the outermost first"`
	Tree    []*toldNode `json:"tree"`
	Shown   int         `json:"nodes_shown"`
	Nodes   int         `json:"nodes" about:"how many the session has"`
	Cut     string      `json:"cut,omitempty" about:"what was left out, and how to get it"`
}

// spanTree is the spans of a log with what lies below each and comes of it.
type spanTree struct {
	snap   *eventlog.Snapshot
	below  []eventlog.SpanID // by parent
	from   []int32
	sums   []rollup.Sum // inclusive; Errors are failures below
	shown  int
	log    eventlog.Log
	now    func(session eventlog.Sym) eventlog.Stamp
	room   *mcp.Room
	refuse bool // there is no room for more
}

func newSpanTree(log eventlog.Log, snap *eventlog.Snapshot, now func(eventlog.Sym) eventlog.Stamp, room *mcp.Room) *spanTree {
	n := snap.Spans.Len()
	t := &spanTree{snap: snap, log: log, now: now, room: room, from: make([]int32, n+2), below: make([]eventlog.SpanID, n), sums: make([]rollup.Sum, n+1)}
	for _, s := range snap.Spans.All() {
		t.from[s.Parent+1]++
	}
	for i := 1; i < len(t.from); i++ {
		t.from[i] += t.from[i-1]
	}
	next := slices.Clone(t.from)
	for i, s := range snap.Spans.All() {
		t.below[next[s.Parent]] = eventlog.SpanID(i + 1)
		next[s.Parent]++
	}
	// Parents before children, so that from the end sums go up.
	order := slices.Grow(slices.Clone(t.kids(0)), n)
	for i := 0; i < len(order); i++ {
		order = append(order, t.kids(order[i])...)
	}
	for _, id := range slices.Backward(order) {
		s := snap.Span(id)
		if s.Bill > 0 {
			if b := snap.Bills.At(int(s.Bill) - 1); !b.Copied {
				t.sums[id].Charge(&b)
			}
		}
		up := t.sums[id]
		if s.Flags.Has(eventlog.SpanFailed) {
			up.Errors++
		}
		t.sums[s.Parent].Add(up)
	}
	return t
}

// kids are the spans directly below one.
func (t *spanTree) kids(id eventlog.SpanID) []eventlog.SpanID {
	return t.below[t.from[id]:t.from[id+1]:t.from[id+1]]
}

// seen are those of some spans that are shown: machinery only where something in it
// failed.
func (t *spanTree) seen(ids []eventlog.SpanID) []eventlog.SpanID {
	return slices.DeleteFunc(slices.Clone(ids), func(id eventlog.SpanID) bool {
		s := t.snap.Span(id)
		return s.Flags.Has(eventlog.SpanHidden) && !s.Flags.Has(eventlog.SpanFailed) && t.sums[id].Errors == 0
	})
}

// pick chooses which of some siblings are shown where there are many: the first, the
// last, and those in which something failed.
func (t *spanTree) pick(ids []eventlog.SpanID) (at []int) {
	const many, first, last, failed = 24, 10, 6, 8
	bad := 0
	for i, id := range ids {
		is := t.sums[id].Errors > 0 || t.snap.Span(id).Flags.Has(eventlog.SpanFailed)
		if len(ids) <= many || i < first || i >= len(ids)-last || is && bad < failed {
			at = append(at, i)
			if is && i >= first {
				bad++
			}
		}
	}
	return at
}

// nodes spells some siblings. Those for which there is no room are left out.
func (t *spanTree) nodes(ctx context.Context, ids []eventlog.SpanID, at []int) ([]*toldNode, []eventlog.SpanID, error) {
	var rows []eventlog.RowID
	for _, i := range at {
		s := t.snap.Span(ids[i])
		rows = append(rows, s.First, max(s.First, s.Last))
	}
	events, err := t.log.Events(ctx, rows)
	if err != nil {
		return nil, nil, err
	}
	var out []*toldNode
	var shown []eventlog.SpanID
	before := -1
	for k, i := range at {
		n := t.node(ids[i], &events[2*k], &events[2*k+1])
		if before >= 0 {
			n.Skipped = i - before - 1
		}
		if t.refuse || !t.room.Takes(n) {
			t.refuse = true
			break
		}
		out, shown, before = append(out, n), append(shown, ids[i]), i
		t.shown++
	}
	return out, shown, nil
}

func (t *spanTree) node(id eventlog.SpanID, first, last *eventlog.Event) *toldNode {
	s, names := t.snap.Span(id), t.snap.Symbols
	n := &toldNode{Ref: rowRef(t.snap, s.First), Kind: s.Event.String(), Start: when(s.Start), More: len(t.seen(t.kids(id)))}
	switch s.Kind {
	case eventlog.SpanSession:
		n.Kind, n.Name = "session", names.Name(s.Session)
	case eventlog.SpanRun:
		n.Kind, n.Name = "run", cmp.Or(names.Name(s.Agent), names.Name(s.Run))
	case eventlog.SpanModel:
		n.Kind, n.Name = "model", names.Name(s.Model)
	case eventlog.SpanTool:
		n.Kind, n.Name = "tool", names.Name(s.Tool)
	}
	n.Name, n.About = mcp.Name(n.Name), mcp.Foreign(label.Of(first), 100)
	switch {
	case s.Flags.Has(eventlog.SpanFailed):
		n.Status, n.Failure = "failed", mcp.Foreign(label.Failure(last), 160)
		if n.Failure == n.About {
			n.Failure = ""
		}
	case s.Flags.Has(eventlog.SpanOpen):
		n.Status = "open"
	}
	if s.Start.Known() && s.End.Known() {
		n.Duration = s.Duration(t.now(s.Session)).Milliseconds()
	}
	sum := &t.sums[id]
	n.Cost, n.Tokens, n.Failed, n.Unsure = usd(sum.Cost()), sum.Usage.Total(), sum.Errors, unsure(sum)
	return n
}

// unsure says what is not exact of a cost.
func unsure(s *rollup.Sum) string {
	switch {
	case s.Calls == 0:
		return ""
	case s.Unpriced == s.Calls:
		return "unpriced"
	case s.Unpriced > 0:
		return "partly unpriced"
	case s.Estimated > 0 && s.Recorded > 0:
		return "partly estimated"
	case s.Estimated > 0:
		return "estimated"
	}
	return ""
}

// grow shows what lies below some nodes, level by level, as far as there is room.
func (t *spanTree) grow(ctx context.Context, nodes []*toldNode, ids []eventlog.SpanID, depth int) error {
	for level := 0; level < depth && len(nodes) > 0 && !t.refuse; level++ {
		var nextNodes []*toldNode
		var nextIDs []eventlog.SpanID
		for i, n := range nodes {
			kids := t.seen(t.kids(ids[i]))
			if len(kids) == 0 || t.refuse {
				continue
			}
			t.room.Put("children")
			shown, shownIDs, err := t.nodes(ctx, kids, t.pick(kids))
			if err != nil {
				return err
			}
			n.Children, n.More = shown, len(kids)-len(shown)
			nextNodes, nextIDs = append(nextNodes, shown...), append(nextIDs, shownIDs...)
		}
		nodes, ids = nextNodes, nextIDs
	}
	return nil
}

func (t *tools) trace(ctx context.Context, in askedTrace, room *mcp.Room) (out toldTrace, said string, err error) {
	depth, err := counted("depth", in.Depth, 6)
	if err != nil {
		return out, "", err
	}
	if in.Offset < 0 {
		return out, "", errNegative
	}
	if in.Under != "" && in.Around != "" {
		return out, "", errors.New("under and around are two views; give one of them")
	}
	cat, s, log, snap, err := t.open(ctx, in.Session)
	if err != nil {
		return out, "", err
	}
	defer func() { _ = log.Close() }() // it was only read
	now := t.now()
	tree := newSpanTree(log, snap, func(id eventlog.Sym) eventlog.Stamp {
		if s := cat.BySym(id); s != nil {
			return s.Now(now)
		}
		return 0
	}, room)
	out = toldTrace{Session: mcp.Name(s.ID), Nodes: snap.Spans.Len(), Tree: []*toldNode{}}
	var top []eventlog.SpanID // what the tree begins with
	var middle eventlog.SpanID
	offset := in.Offset
	switch {
	case in.Under != "" || in.Around != "":
		row, err := t.row(ctx, log, snap, cmp.Or(in.Under, in.Around))
		if err != nil {
			return out, "", err
		}
		middle = snap.Rows.At(int(row)).Span
		if middle == 0 {
			return out, "", errors.New("that event is in no step of the tree; the tool event shows it")
		}
		if up := snap.Span(middle).Parent; in.Under != "" {
			top = tree.seen(tree.kids(middle))
			err = tree.path(ctx, &out, middle)
		} else {
			top = tree.seen(tree.kids(up))
			if at := slices.Index(top, middle); at > 5 && offset == 0 {
				offset = at - 5
			}
			if up != 0 {
				err = tree.path(ctx, &out, up)
			}
		}
		if err != nil {
			return out, "", err
		}
	default:
		top = tree.seen(tree.kids(0))
	}
	rest := top[min(offset, len(top)):]
	at := tree.pick(rest)
	if in.Around != "" {
		at = nil
		for i := range min(len(rest), 12) {
			at = append(at, i)
		}
	}
	nodes, ids, err := tree.nodes(ctx, rest, at)
	if err != nil {
		return out, "", err
	}
	out.Tree = append(out.Tree, nodes...)
	if len(out.Tree) > 0 && offset > 0 {
		out.Tree[0].Skipped = offset
	}
	if err := tree.grow(ctx, nodes, ids, depth); err != nil {
		return out, "", err
	}
	out.Shown = tree.shown
	switch {
	case tree.refuse:
		out.Cut = "there was no room for more: give a larger max_tokens, or under with the ref of a node that has more"
	case len(at) < len(rest):
		out.Cut = fmt.Sprintf("%d of %s at the top shown; offset passes over some of them", len(nodes), figure.Plural(len(top), "step"))
	}
	status, _ := s.Status(now)
	return out, fmt.Sprintf("Session %s is %s: %s of %s shown, %s failed.", out.Session, status, figure.Plural(out.Shown, "step"), figure.Plural(out.Nodes, "step"), figure.Plural(int(tree.sums[0].Errors), "step")), nil
}

// path tells what a span lies in, with itself.
func (t *spanTree) path(ctx context.Context, out *toldTrace, id eventlog.SpanID) error {
	var up []eventlog.SpanID
	for ; id != 0 && len(up) < 12; id = t.snap.Span(id).Parent {
		up = append(up, id)
	}
	slices.Reverse(up)
	at := make([]int, len(up))
	for i := range at {
		at[i] = i
	}
	nodes, _, err := t.nodes(ctx, up, at)
	for _, n := range nodes {
		n.More = 0 // what lies below follows
	}
	out.Path = nodes
	return err
}
