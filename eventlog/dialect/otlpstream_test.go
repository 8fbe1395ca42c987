package dialect

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

func nothingPassed(string) bool { return false }

// receive spells the events of requests.
func receive(t *testing.T, requests ...OTLPRequest) (events string, ids []string) {
	t.Helper()
	var b strings.Builder
	s := NewOTLPStream()
	for _, r := range requests {
		if err := s.Decode(r, nothingPassed, func(e *eventlog.Event) {
			spell(&b, e)
			ids = append(ids, e.ID)
		}); err != nil {
			t.Fatal(err)
		}
	}
	return b.String(), ids
}

func TestOTLPStreamOfBothSpellings(t *testing.T) {
	for signal, m := range map[OTLPSignal]message{OTLPTraces: protoTraces(), OTLPLogs: protoLogs()} {
		text, err := appendMessage(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		binary, ids := receive(t, OTLPRequest{Signal: signal, Protobuf: true, Body: m})
		json, idsJSON := receive(t, OTLPRequest{Signal: signal, Body: text})
		if binary != json || binary == "" || fmt.Sprint(ids) != fmt.Sprint(idsJSON) {
			t.Errorf("protobuf\n%s%v\nJSON\n%s%v", binary, ids, json, idsJSON)
		}
	}
}

func TestOTLPStreamNamesEvents(t *testing.T) {
	record := `{"timeUnixNano":"1","body":{"stringValue":"a"}}`
	logs := func(records ...string) OTLPRequest {
		return OTLPRequest{Signal: OTLPLogs, Body: []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[` + strings.Join(records, ",") + `]}]}]}`)}
	}
	_, twice := receive(t, logs(record, record))
	_, again := receive(t, logs(record, `{"timeUnixNano":"2","body":{"stringValue":"a"}}`), logs(record, record))
	seen := map[string]int{}
	for _, id := range append(twice, again...) {
		seen[id]++
	}
	if len(seen) != 3 || seen[twice[0]] != 3 || seen[twice[1]] != 2 {
		t.Errorf("ids %v and %v", twice, again)
	}
	_, ids := receive(t, OTLPRequest{Signal: OTLPTraces, Protobuf: true, Body: protoTraces()})
	if ids[0] != strings.Repeat("07", 16)+"-"+fmt.Sprintf("%x", "chatchat")+".0" || !strings.HasSuffix(ids[1], ".1") {
		t.Errorf("ids %v", ids)
	}
}

// What was passed does not change what is known: a record that is sent again is
// not another teller of its call.
func TestOTLPStreamPassesOver(t *testing.T) {
	s := NewOTLPStream()
	request := OTLPRequest{Signal: OTLPTraces, Protobuf: true, Body: protoTraces()}
	first := map[string]bool{}
	for i, want := range []int{5, 0} {
		n := 0
		if err := s.Decode(request, func(id string) bool { return i > 0 && first[id] }, func(e *eventlog.Event) {
			id, _, _ := strings.Cut(e.ID, ".")
			first[id] = true
			n++
		}); err != nil {
			t.Fatal(err)
		}
		if n != want {
			t.Errorf("request %d has %d events", i, n)
		}
	}
}

func TestOTLPStreamRefuses(t *testing.T) {
	deep := []byte(`{"resourceSpans":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`)
	for name, r := range map[string]OTLPRequest{
		"no object":  {Signal: OTLPTraces, Body: []byte(`[]`)},
		"cut off":    {Signal: OTLPTraces, Body: []byte(`{"resourceSpans":[`)},
		"too deep":   {Signal: OTLPTraces, Body: deep},
		"no message": {Signal: OTLPTraces, Protobuf: true, Body: []byte("hello")},
		"damaged":    {Signal: OTLPLogs, Protobuf: true, Body: protoLogs()[:20]},
	} {
		err := NewOTLPStream().Decode(r, nothingPassed, func(e *eventlog.Event) { t.Errorf("%s: an event", name) })
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if got, _ := receive(t, OTLPRequest{Signal: OTLPTraces, Body: []byte(` {} `)}, OTLPRequest{Signal: OTLPLogs, Protobuf: true}); got != "" {
		t.Errorf("nothing has events: %s", got)
	}
	quoted := []byte(`{"a":"` + strings.Repeat(`[\"`, 300) + `"}`)
	if deeper(quoted, 10) || !deeper(bytes.Repeat([]byte("["), 11), 10) {
		t.Error("the depth is wrong")
	}
}
