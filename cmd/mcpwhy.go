package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/cmd/mcp"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/rollup/compare"
	"github.com/lazytrace/lazytrace/rollup/trouble"
)

type askedWhy struct {
	askedBounds
	Session string `json:"session,omitempty" about:"by the beginning of its id; without it, the newest that has errors"`
}

type toldPlace struct {
	Ref     string `json:"ref" about:"give it to event, or to trace as around"`
	Time    string `json:"at,omitempty"`
	Agent   string `json:"agent,omitempty"`
	What    string `json:"what" about:"tool, model, run or other"`
	Name    string `json:"name,omitempty" about:"of the tool"`
	About   string `json:"about,omitempty" about:"what the call was about"`
	Message string `json:"message" about:"what was told of the failure"`
}

type toldFamily struct {
	Signature string  `json:"signature" about:"what the messages have in common"`
	Example   string  `json:"example,omitempty"`
	Class     string  `json:"class" enum:"tool,model,run,other"`
	Count     int     `json:"count"`
	First     string  `json:"first_at,omitempty"`
	Last      string  `json:"last_at,omitempty"`
	Ref       string  `json:"first_ref"`
	Since     float64 `json:"cost_since_usd" about:"what the session spent from the first of them on"`
}

type toldLoop struct {
	Calls  string  `json:"calls" about:"the tools and what they were called with"`
	Times  int     `json:"times"`
	Same   string  `json:"results" about:"whether they gave the same"`
	Open   bool    `json:"goes_on"`
	Wall   int64   `json:"wall_ms"`
	Spent  float64 `json:"cost_usd"`
	First  string  `json:"first_ref"`
	Agent  string  `json:"agent,omitempty"`
	Failed int     `json:"failed_calls"`
}

type toldRetry struct {
	Name   string `json:"name,omitempty"`
	About  string `json:"about,omitempty"`
	Failed int    `json:"failed_attempts"`
	Fine   bool   `json:"went_well_in_the_end"`
	Lost   int64  `json:"lost_ms"`
	First  string `json:"first_ref"`
}

// toldStep is a step of the conversation.
type toldStep struct {
	Ref    string `json:"ref"`
	Time   string `json:"at,omitempty"`
	Kind   string `json:"kind" about:"task, user, system, assistant, tool, agent, result, error and others"`
	Who    string `json:"who,omitempty"`
	About  string `json:"about,omitempty"`
	Result string `json:"result,omitempty"`
	Failed bool   `json:"failed,omitempty"`
}

type toldWhy struct {
	Sentence string       `json:"sentence"`
	Session  toldSession  `json:"session"`
	First    *toldPlace   `json:"first_error,omitempty"`
	Before   []toldStep   `json:"before" about:"the steps that led to the first error, in order"`
	Families []toldFamily `json:"families" about:"errors that are alike, most first"`
	Loops    []toldLoop   `json:"loops" about:"the same calls made again and again"`
	Retries  []toldRetry  `json:"retries" about:"what failed and was tried again"`
	Last     []toldStep   `json:"last" about:"how it ended, in order"`
	Cut      string       `json:"cut,omitempty" about:"what was left out, and how to get it"`
}

func (t *tools) whyFailed(ctx context.Context, in askedWhy, room *mcp.Room) (out toldWhy, said string, err error) {
	cat, err := t.catalog(ctx)
	if err != nil {
		return out, "", err
	}
	s, err := t.one(cat, in.Session, func(s *eventlog.Session) bool { return s.Errors > 0 || s.Outcome == eventlog.Failure })
	if err != nil {
		return out, "", err
	}
	log, snap, err := t.read(ctx, s)
	if err != nil {
		return out, "", err
	}
	defer func() { _ = log.Close() }() // it was only read
	now := t.now()
	r, err := trouble.Find(ctx, log, snap, trouble.Options{Parts: trouble.PartFamilies | trouble.PartLoops | trouble.PartRetries, Now: func(id eventlog.Sym) eventlog.Stamp {
		if s := cat.BySym(id); s != nil {
			return s.Now(now)
		}
		return 0
	}})
	if err != nil {
		return out, "", err
	}
	out = toldWhy{Session: t.told(cat, s), Before: []toldStep{}, Families: []toldFamily{}, Loops: []toldLoop{}, Retries: []toldRetry{}, Last: []toldStep{}}
	family, place := firstFailure(r)
	if place != nil {
		out.First = &toldPlace{
			Ref: spanRef(snap, place.Span), Time: when(place.Time), Agent: mcp.Name(place.Agent), What: family.Class.String(), Name: mcp.Name(family.Tool),
			About: mcp.Foreign(place.Label, 200), Message: mcp.Foreign(t.message(ctx, log, snap, place.Span, family), 400),
		}
	}
	out.Sentence = sentence(s, now, r, family)
	room.Put(out)
	talked, err := t.conversation(ctx, snap, s)
	if err != nil {
		return out, "", err
	}
	// What led to it comes first; all that is left after it is shared.
	if place != nil && talked != nil {
		at := talked.itemOf(place.Span)
		steps, err := talked.steps(ctx, log, at, 8, talked.beside(place.Span))
		if err != nil {
			return out, "", err
		}
		out.Before = lastThatFit(room, steps, 35)
	}
	for i := range r.Families {
		f := &r.Families[i]
		one := toldFamily{
			Signature: mcp.Foreign(f.Signature, 160), Example: mcp.Foreign(f.Example, 160), Class: f.Class.String(), Count: f.Count, First: when(f.First), Last: when(f.Last),
			Ref: spanRef(snap, f.Places[0].Span), Since: usd(f.Since.Cost()),
		}
		if !fits(room, one, 30, len(out.Families)) {
			break
		}
		out.Families = append(out.Families, one)
	}
	for i := range r.Loops {
		l := &r.Loops[i]
		one := toldLoop{
			Calls: mcp.Foreign(strings.TrimSpace(l.Tool()+" "+l.Label()), 160), Times: l.Times, Same: loopResults(l), Open: l.Open, Wall: l.Wall.Milliseconds(),
			Spent: usd(l.Spent.Cost()), First: spanRef(snap, l.Places[0].Span), Agent: mcp.Name(l.Places[0].Agent), Failed: l.Failed,
		}
		if !fits(room, one, 30, len(out.Loops)) {
			break
		}
		out.Loops = append(out.Loops, one)
	}
	for i := range r.Retries {
		y := &r.Retries[i]
		one := toldRetry{Name: mcp.Name(y.Name), About: mcp.Foreign(y.Label, 120), Failed: y.Failed, Fine: y.Fine, Lost: y.Lost.Milliseconds(), First: spanRef(snap, y.Places[0].Span)}
		if !fits(room, one, 30, len(out.Retries)) {
			break
		}
		out.Retries = append(out.Retries, one)
	}
	if talked != nil {
		steps, err := talked.steps(ctx, log, len(talked.list.Items), 6, nil)
		if err != nil {
			return out, "", err
		}
		out.Last = lastThatFit(room, steps, 100)
	}
	var cut []string
	for _, part := range []struct {
		what       string
		shown, all int
	}{{"families", len(out.Families), len(r.Families)}, {"loops", len(out.Loops), len(r.Loops)}, {"retries", len(out.Retries), len(r.Retries)}} {
		if part.shown < part.all {
			cut = append(cut, fmt.Sprintf("%d of %d %s", part.shown, part.all, part.what))
		}
	}
	if len(cut) > 0 {
		out.Cut = strings.Join(cut, ", ") + " shown; a larger max_tokens shows more"
	}
	return out, out.Sentence, nil
}

// fits takes room for one more of a list that may have so many percent of what is
// left. The first is taken wherever there is room.
func fits(room *mcp.Room, v any, percent, there int) bool {
	if there > 0 && !room.Part(percent).Takes(v) {
		return false
	}
	return room.Takes(v)
}

// lastThatFit keeps the last of some steps, as many as a share of the room holds.
func lastThatFit(room *mcp.Room, steps []toldStep, percent int) []toldStep {
	part, from := room.Part(percent), len(steps)
	for from > 0 && part.Takes(steps[from-1]) {
		from--
	}
	kept := append([]toldStep{}, steps[from:]...)
	for _, s := range kept {
		room.Put(s)
	}
	return kept
}

// firstFailure finds what failed first, with its family.
func firstFailure(r *trouble.Report) (*trouble.Family, *trouble.Place) {
	var family *trouble.Family
	var place *trouble.Place
	for i := range r.Families {
		f := &r.Families[i]
		for j := range f.Places {
			p := &f.Places[j]
			if place == nil || cmp.Or(cmp.Compare(p.Time, place.Time), cmp.Compare(p.Span, place.Span)) < 0 {
				family, place = f, p
			}
		}
	}
	return family, place
}

// message is what was told of a failure.
func (t *tools) message(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot, id eventlog.SpanID, f *trouble.Family) string {
	if s := snap.Span(id); id != 0 && s.Kind != 0 {
		events, err := log.Events(ctx, []eventlog.RowID{max(s.First, s.Last), s.First})
		if err == nil {
			for i := range events {
				if events[i].Failed && strings.TrimSpace(events[i].Message) != "" {
					return strings.TrimSpace(events[i].Message)
				}
			}
		}
	}
	return cmp.Or(f.Example, f.Signature)
}

func spanRef(snap *eventlog.Snapshot, id eventlog.SpanID) string {
	s := snap.Span(id)
	if id == 0 || s.Kind == 0 {
		return ""
	}
	return rowRef(snap, max(s.First, s.Last))
}

// sentence says in plain words how a session went wrong.
func sentence(s *eventlog.Session, now eventlog.Stamp, r *trouble.Report, first *trouble.Family) string {
	var b strings.Builder
	status, _ := s.Status(now)
	count := 0
	for i := range r.Families {
		count += r.Families[i].Count
	}
	fmt.Fprintf(&b, "Session %s of %s is %s", mcp.Name(s.ID), cmp.Or(mcp.Name(s.Agent), mcp.Name(s.Format)), status)
	switch {
	case s.Outcome != eventlog.OutcomeUnknown:
		fmt.Fprintf(&b, " with outcome %s", s.Outcome)
	}
	if reason := s.Reason(now); reason != "" {
		fmt.Fprintf(&b, " (%s)", mcp.Foreign(reason, 200))
	}
	b.WriteString(". ")
	if first == nil {
		b.WriteString("Nothing in it failed.")
	} else {
		fmt.Fprintf(&b, "%s failed, in %s. The first was %s", figure.Plural(count, "step"), pluralOf(len(r.Families), "family", "families"), first.Class)
		if first.Tool != "" {
			fmt.Fprintf(&b, " %s", mcp.Name(first.Tool))
		}
		fmt.Fprintf(&b, ": %s.", mcp.Foreign(cmp.Or(first.Example, first.Signature), 200))
	}
	if n := len(r.Loops); n > 0 {
		l := &r.Loops[0]
		fmt.Fprintf(&b, " It repeated %s %d times (results: %s).", mcp.Foreign(l.Tool(), 60), l.Times, loopResults(l))
	}
	if n := len(r.Retries); n > 0 {
		fine := 0
		for i := range r.Retries {
			if r.Retries[i].Fine {
				fine++
			}
		}
		fmt.Fprintf(&b, " %s tried again, %d with success in the end.", pluralOf(n, "call was", "calls were"), fine)
	}
	return b.String()
}

func pluralOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// conversationOf is what was said in a session.
type conversationOf struct {
	snap *eventlog.Snapshot
	list *talk.List
}

// conversation lists what was said in a session, or nothing where its log has no
// event of it.
func (t *tools) conversation(ctx context.Context, snap *eventlog.Snapshot, s *eventlog.Session) (*conversationOf, error) {
	root, ok := sessionSpan(snap, s)
	if !ok {
		return nil, nil
	}
	list, err := talk.Items(ctx, snap, root)
	return &conversationOf{snap, list}, err
}

// itemOf returns the number of the item that a span, or what it lies in, is told by.
func (c *conversationOf) itemOf(id eventlog.SpanID) int {
	for ; id != 0; id = c.snap.Span(id).Parent {
		if i := slices.IndexFunc(c.list.Items, func(x talk.Item) bool { return x.Span == id }); i >= 0 {
			return i
		}
	}
	return len(c.list.Items)
}

// beside keeps what the run of a span did and those that it lies in, and which agents
// these started: what others did meanwhile did not lead to it.
func (c *conversationOf) beside(id eventlog.SpanID) func(*talk.Item) bool {
	runs := map[eventlog.Sym]bool{}
	for ; id != 0; id = c.snap.Span(id).Parent {
		runs[c.snap.Span(id).Run] = true
	}
	return func(x *talk.Item) bool {
		s := c.snap.Span(x.Span)
		return runs[s.Run] || s.Kind == eventlog.SpanRun && s.Parent != 0 && runs[c.snap.Span(s.Parent).Run]
	}
}

// steps reads the last few steps before an item, of those that are kept; nil keeps all.
func (c *conversationOf) steps(ctx context.Context, log eventlog.Log, before, most int, keep func(*talk.Item) bool) ([]toldStep, error) {
	const portion, patience = 16, 128 // items that are read at once, and at most
	var out []toldStep
	read := 0
	for at := before - 1; at >= 0 && len(out) < most && read < patience; {
		items := make([]int, 0, portion)
		for ; at >= 0 && len(items) < portion; at-- {
			if keep == nil || keep(&c.list.Items[at]) {
				items = append(items, at)
			}
		}
		slices.Reverse(items)
		read += len(items)
		said, err := c.list.Read(ctx, log, items...)
		if err != nil {
			return nil, err
		}
		for i := range slices.Backward(said) {
			if x := &said[i]; !x.Empty() && len(out) < most {
				out = append(out, c.step(x))
			}
		}
	}
	slices.Reverse(out)
	return out, nil
}

func (c *conversationOf) step(x *talk.Said) toldStep {
	s := toldStep{Time: when(x.Time), Kind: x.Kind.String(), Who: mcp.Name(x.Who), Failed: x.Flags.Has(talk.Failed)}
	if rows := c.list.Rows(x.Index); len(rows) > 0 {
		s.Ref = rowRef(c.snap, rows[0])
	}
	switch x.Kind {
	case talk.Tool, talk.Agent:
		s.About = mcp.Foreign(compare.Words(x), 200)
		s.Result = mcp.Foreign(cmp.Or(x.Joined(talk.Failure), x.Joined(talk.Text)), 240)
	default:
		s.About = mcp.Foreign(cmp.Or(x.Joined(talk.Text), x.Joined(talk.Failure), x.Label, compare.Words(x)), 400)
	}
	return s
}
