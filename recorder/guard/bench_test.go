package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// BenchmarkWatch is what an event costs who hands it over, of each kind and with
// more and more to be decided.
func BenchmarkWatch(b *testing.B) {
	where, err := eventlog.ParseQuery(`kind:tool_call tool:Bash "push --force"`)
	if err != nil {
		b.Fatal(err)
	}
	limits := []Rule{
		{Name: "c", Limit: Cost, Most: 1 << 60}, {Name: "t", Limit: Tokens, Most: 1 << 60}, {Name: "e", Limit: Errors, Most: 1 << 60},
		{Name: "w", Limit: Wall, Most: int64(time.Hour)}, {Name: "r", Limit: Repeat, Most: 1 << 60},
	}
	rules := map[string][]Rule{
		"cost": limits[:1], "limits": limits,
		"where": append(limits[:5:5], Rule{Name: "x", Limit: Events, Most: 1, Where: where}),
	}
	text := strings.Repeat("how to test a recorder ", 40)
	payloads := map[string]string{
		"log":            fmt.Sprintf(`{"stream":"stdout","text":%q}`, text),
		"model_response": fmt.Sprintf(`{"model":"model-3","response_id":"r%%d","input_tokens":1000,"output_tokens":50,"content":%q}`, text),
		"tool_call":      fmt.Sprintf(`{"tool":"Bash","tool_use_id":"t%%d","arguments":{"command":%q,"timeout":100}}`, text),
	}
	for _, name := range []string{"cost", "limits", "where"} {
		for _, kind := range []string{"log", "model_response", "tool_call"} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				g := New(Options{Rules: rules[name], Reader: dialect.NewStored(), Prices: book{}}, Host{
					Session: "s", Emit: func(context.Context, eventlog.Event) error { return nil }, Notice: func(string, bool) {},
				})
				const many = 4096
				events := make([]eventlog.Event, many)
				for i := range events {
					payload := payloads[kind]
					if strings.Contains(payload, "%d") {
						payload = fmt.Sprintf(payload, i)
					}
					events[i] = eventlog.Event{SessionID: "s", RunID: "r", Kind: eventlog.ParseKind(kind), Type: kind, Time: 1, Payload: json.RawMessage(payload)}
				}
				b.SetBytes(int64(len(events[0].Payload)))
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					e := &events[n%many]
					e.ID = fmt.Sprint(n)
					n++
					g.Watch(e)
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
				g.Close()
				g.Drain(b.Context())
			})
		}
	}
}
