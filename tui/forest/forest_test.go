package forest

import (
	"context"
	"fmt"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// million makes a snapshot of n spans: a session, agents, and calls under them.
func million(n int) *eventlog.Snapshot {
	x := eventlog.NewIndex(eventlog.NewSymbols())
	t := eventlog.Stamp(1_700_000_000_000_000_000)
	for i := range n {
		e := eventlog.Event{SessionID: "s", RunID: fmt.Sprint("run", i/1000), Kind: eventlog.ToolError, Failed: i%997 == 0, Tool: "Bash", Time: t + eventlog.Stamp(i)*1e6}
		if i%1000 == 0 {
			e.Kind, e.Agent, e.ParentRunID = eventlog.AgentStart, "worker", fmt.Sprint("run", i/10000)
		}
		x.Append(eventlog.Place{Pos: int64(i)}, &e)
	}
	return x.Publish()
}

func TestOrderIsParentsFirst(t *testing.T) {
	f := Build(context.Background(), million(50_000), 0)
	seen := map[int32]bool{0: true}
	for _, id := range f.order {
		if !seen[f.parent[id]] {
			t.Fatalf("span %d before its parent %d", id, f.parent[id])
		}
		seen[id] = true
	}
	if len(f.order) != f.Snap.Spans.Len() {
		t.Errorf("%d spans in order, want %d", len(f.order), f.Snap.Spans.Len())
	}
	if top := f.order[0]; int(f.Below[top]) != f.Snap.Spans.Len()-1 {
		t.Errorf("%d below the top, want %d", f.Below[top], f.Snap.Spans.Len()-1)
	}
}

func TestFilterKeepsAncestors(t *testing.T) {
	f := Build(context.Background(), million(20_000), 0)
	l := f.Lay(context.Background(), View{Failed: true})
	shown := map[eventlog.SpanID]bool{0: true}
	for _, id := range l.Spans {
		if !shown[f.Parent(id)] {
			t.Fatalf("span %d without its parent", id)
		}
		if f.Bad[id] == 0 {
			t.Fatalf("span %d did not fail", id)
		}
		shown[id] = true
	}
	if got, want := len(f.Failed()), 0; got == want || len(l.Spans) <= got {
		t.Errorf("%d lines for %d failures", len(l.Spans), got)
	}
}

func BenchmarkBuildMillion(b *testing.B) {
	snap := million(1_000_000)
	for b.Loop() {
		Build(context.Background(), snap, 0)
	}
}

func BenchmarkLayMillion(b *testing.B) {
	f := Build(context.Background(), million(1_000_000), 0)
	for b.Loop() {
		f.Lay(context.Background(), View{})
	}
}

func BenchmarkQueryMillion(b *testing.B) {
	f := Build(context.Background(), million(1_000_000), 0)
	q, err := eventlog.ParseQuery("tool:Bash err:any")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.Lay(context.Background(), View{Query: q})
	}
}
