package dialect

import (
	"strconv"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/jsonl"
)

// Legacy reads LazyBridge's logs from before its first release: the same table
// name with other columns, ISO times, and agents instead of runs. See
// docs/format/lazybridge.md.
type Legacy struct{}

// Name returns the name of the format.
func (Legacy) Name() string { return "lazybridge-legacy" }

// Sniff knows the format by data_json, or by data beside an event type.
func (Legacy) Sniff(h *Head) int {
	if h.IsDatabase() {
		if has(h.Tables["events"], "timestamp", "event_type", "data_json") {
			return 92
		}
		return 0
	}
	for _, line := range h.Lines {
		var typ, data, time, agent bool
		err := jsonl.Fields(line, func(key, _ []byte) bool {
			switch string(key) {
			case "event_type":
				typ = true
			case "data":
				data = true
			case "timestamp":
				time = true
			case "agent_id":
				agent = true
			}
			return true
		})
		if err == nil && typ && data && time && agent {
			return 90
		}
	}
	return 0
}

func (Legacy) most() int { return 92 }

// Rank prefers the database over the lines that were exported with it.
func (Legacy) Rank(h *Head) int { return LazyBridge{}.Rank(h) }

// Tables asks for the events table.
func (Legacy) Tables() []eventlog.Table {
	return []eventlog.Table{{Name: "events", Columns: []string{"timestamp", "session_id", "agent_id", "agent_name", "event_type", "data_json"}}}
}

// Open returns a decoder.
func (Legacy) Open(Segment) Decoder { return &legacy{bridge: newBridge(), starts: map[string]int{}} }

// legacy turns an old record into the shape of a new one and lets the decoder
// of the new ones do the rest.
type legacy struct {
	*bridge
	starts map[string]int // how often an agent has started
}

// Decode decodes a line or a row.
func (l *legacy) Decode(rec *eventlog.Record, full bool, emit func(*eventlog.Event)) error {
	e, f := &l.e, &l.f
	*e, *f = eventlog.Event{}, flat{}
	var agentID, agentName string
	if c := rec.Cells; c != nil {
		e.Time, e.SessionID, agentID, agentName, e.Type = momentText(c[0].Text), l.cell(c[1]), l.cell(c[2]), l.cell(c[3]), l.cell(c[4])
		e.ID = strconv.FormatInt(rec.Pos, 10)
		if f.below(outlined{raw: c[5].Text}) != nil {
			*f = flat{payload: c[5].Text, rest: outlined{raw: c[5].Text}}
		}
	} else {
		var data []byte
		err := jsonl.Fields(rec.Body, func(key, value []byte) bool {
			switch string(key) {
			case "timestamp":
				e.Time = moment(value)
			case "session_id":
				e.SessionID = l.names.text(value)
			case "agent_id":
				agentID = l.names.text(value)
			case "agent_name":
				agentName = l.names.text(value)
			case "event_type":
				e.Type = l.names.text(value)
			case "data":
				data = value
			}
			return true
		})
		if err != nil {
			return err
		}
		if e.Type == "" {
			return ErrNoEvent
		}
		if len(data) > 0 && data[0] == '{' {
			if err := f.below(outlined{raw: data}); err != nil {
				return err
			}
		}
	}
	key := e.SessionID + "\x00" + agentID
	if e.Type == "agent_start" {
		l.starts[key]++
	}
	if agentID != "" {
		e.RunID = agentID
		if n := l.starts[key]; n > 1 {
			e.RunID = l.names.of([]byte(agentID + "#" + strconv.Itoa(n)))
		}
	}
	if f.agent == nil && agentName != "" {
		f.agent = strconv.AppendQuote(nil, agentName)
	}
	l.event(rec, full)
	emit(e)
	return nil
}
