package trouble_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/trouble"
)

const sec = eventlog.Stamp(time.Second)

// began is when the sessions of these tests begin.
const began = 1_000_000 * sec

// events is a log of events that were made up, whose times are seconds.
type events struct {
	all  []eventlog.Event
	snap *eventlog.Snapshot
	read int // events that were decoded
	most int // in one portion
}

func logOf(list ...eventlog.Event) *events {
	l := &events{all: list}
	x := eventlog.NewIndex(eventlog.NewSymbols())
	for i := range l.all {
		e := &l.all[i]
		for _, at := range []*eventlog.Stamp{&e.Time, &e.Began, &e.Ran} {
			if *at != 0 {
				*at = began + *at*sec
			}
		}
		if e.SessionID == "" {
			e.SessionID = "s"
		}
		if e.RunID == "" {
			e.RunID = "r"
		}
		light := *e
		light.Input, light.Output, light.Text, light.Message = nil, nil, "", ""
		x.Append(eventlog.Place{Pos: int64(i)}, &light)
	}
	l.snap = x.Publish()
	return l
}

func (l *events) Snapshot() *eventlog.Snapshot { return l.snap }
func (l *events) Changed() <-chan struct{}     { return nil }
func (l *events) Close() error                 { return nil }

func (l *events) Events(_ context.Context, rows []eventlog.RowID) ([]eventlog.Event, error) {
	l.read += len(rows)
	l.most = max(l.most, len(rows))
	out := make([]eventlog.Event, len(rows))
	for i, row := range rows {
		out[i] = l.all[row]
	}
	return out, nil
}

func (l *events) Grep(context.Context, []string, eventlog.RowID, func(int, eventlog.RowID)) (eventlog.RowID, error) {
	return 0, nil
}

func find(t *testing.T, o trouble.Options, list ...eventlog.Event) *trouble.Report {
	t.Helper()
	l := logOf(list...)
	r, err := trouble.Find(t.Context(), l, l.Snapshot(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// call is a tool call with its result, a second later. What begins with ! failed.
func call(at eventlog.Stamp, id, tool, input, output string) []eventlog.Event {
	done := eventlog.Event{Kind: eventlog.ToolResult, CallID: id, Time: at + 1, Output: text(output)}
	if output != "" && output[0] == '!' {
		done.Kind, done.Failed, done.Message, done.Output = eventlog.ToolError, true, output[1:], nil
	}
	return []eventlog.Event{
		{Kind: eventlog.ToolCall, ID: "call " + id, CallID: id, Tool: tool, Time: at, Input: json.RawMessage(input)},
		done,
	}
}

// answer is a model call that cost so many cents; less than none was estimated.
func answer(at eventlog.Stamp, cents int64) eventlog.Event {
	b := &eventlog.Bill{Usage: eventlog.Usage{Output: 10}, Source: eventlog.Recorded, Cost: eventlog.Money(cents) * eventlog.Dollar / 100}
	if cents < 0 {
		b.Source, b.Cost = eventlog.Estimated, -b.Cost
	}
	return eventlog.Event{Kind: eventlog.ModelResponse, Model: "m", Time: at, Bill: b}
}

func text(s string) json.RawMessage {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err) // no text has none
	}
	return raw
}

// in puts events into a session and a run.
func in(session, run string, list ...eventlog.Event) []eventlog.Event {
	for i := range list {
		list[i].SessionID, list[i].RunID = session, run
	}
	return list
}

func join(lists ...[]eventlog.Event) (all []eventlog.Event) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func one(e eventlog.Event) []eventlog.Event { return []eventlog.Event{e} }
