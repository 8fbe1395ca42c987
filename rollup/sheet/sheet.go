// Package sheet writes sessions, events and the ledger as tables of comma-separated
// values (RFC 4180), for spreadsheets. It stands beside the sums, since the
// commands and the explorer both write what they show and both build on these; it
// knows no format of logs and no screen.
package sheet

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
)

// cell is a text out of a log as it stands in a table. What a spreadsheet would take
// for a formula has an apostrophe before it, and what a terminal would act upon is
// spelled out.
func cell(text string) string {
	text = escape.Text(text)
	begins := strings.TrimLeftFunc(text, blank)
	if first, _ := utf8.DecodeRuneInString(begins); begins != "" && strings.ContainsRune(formula, first) {
		return "'" + text
	}
	return text
}

// formula is what a spreadsheet may take a cell for a formula by. Some take the
// full-width forms for the plain ones.
const formula = "=+-@＝＋－＠"

// blank is what a spreadsheet may pass over before it looks for a formula.
func blank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

func count(n int64) string { return strconv.FormatInt(n, 10) }

func yes(b bool) string { return strconv.FormatBool(b) }

// moment is RFC 3339, or nothing where it is not known.
func moment(at eventlog.Stamp) string {
	if !at.Known() {
		return ""
	}
	return at.Time().Format(time.RFC3339Nano)
}

// object is a value of JSON, which begins with a brace and is no formula.
func object[V any](m map[string]V) string {
	if m == nil {
		return "{}"
	}
	text, err := json.Marshal(m)
	if err != nil { // a number that JSON has no spelling for
		return "{}"
	}
	return escape.Text(string(text))
}

func newWriter(w io.Writer) *csv.Writer {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	return out
}

var sessionColumns = []string{
	"id", "source", "name", "goal", "agent_id", "status", "outcome", "error_count", "started_at", "ended_at", "duration_ms", "cost_usd", "cost_known",
	"input_tokens", "output_tokens", "events", "runs", "parent_session_id", "experiment_id", "variant", "environment", "metrics", "metadata",
}

// Sessions writes the sessions for which keep is true, in the order of the catalog;
// nil keeps all, and most bounds how many they are unless it is zero. The cost is
// what is known of it: where cost_known is false it was more.
func Sessions(w io.Writer, c *eventlog.Catalog, keep func(*eventlog.Session) bool, most int, now eventlog.Stamp) error {
	out := newWriter(w)
	_ = out.Write(sessionColumns) // its error is that of Flush
	n := 0
	for _, s := range c.Sessions {
		if keep != nil && !keep(s) {
			continue
		}
		if n++; most > 0 && n > most {
			break
		}
		status, _ := s.Status(now)
		runs := int64(0)
		for _, r := range s.Runs {
			if r.ID != 0 {
				runs++
			}
		}
		_ = out.Write([]string{
			cell(s.ID), cell(s.Format), cell(s.Label()), cell(s.Goal), cell(s.Agent), status.String(), s.Outcome.String(), count(s.Errors),
			moment(s.Began()), moment(s.Ended), count(s.Duration(now).Milliseconds()), s.Cost().String(), yes(s.Unpriced == 0),
			count(s.Usage.Input), count(s.Usage.Output), count(s.Events), count(runs), cell(s.ParentID), cell(s.Experiment), cell(s.Variant),
			cell(s.Environment), object(s.Metrics), object(s.Metadata),
		})
	}
	out.Flush()
	return out.Error()
}

var ledgerColumns = []string{
	"time", "session_id", "run_id", "agent", "provider", "model", "calls", "input_tokens", "cache_read_tokens", "cache_write_5m_tokens",
	"cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "cost_usd", "cost_source", "price", "mode", "at_least", "call", "path", "position",
}

// Ledger writes the calls of models in the sessions for which keep is true, each
// once; nil keeps all. A call without a price has no cost, and price says why. It
// stops with the context.
func Ledger(ctx context.Context, w io.Writer, c *eventlog.Catalog, keep func(*eventlog.Session) bool) error {
	kept := map[eventlog.Sym]bool{}
	for _, s := range c.Sessions {
		kept[s.Sym] = keep == nil || keep(s)
	}
	names := c.Symbols.Names()
	out := newWriter(w)
	_ = out.Write(ledgerColumns) // its error is that of Flush
	for i, e := range c.Entries.All() {
		if i%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if !kept[e.Session] {
			continue
		}
		cost, call, u := "", "", e.Usage
		if e.Source != eventlog.Unpriced {
			cost = e.Cost.String()
		}
		if !e.Call.IsZero() {
			call = e.Call.String()
		}
		_ = out.Write([]string{
			moment(e.Time), cell(names[e.Session]), cell(names[e.Run]), cell(names[e.Agent]), cell(names[e.Provider]), cell(names[e.Model]), count(e.Count()),
			count(u.Input), count(u.CacheRead), count(u.CacheWrite5m), count(u.CacheWrite1h), count(u.Output), count(u.Reasoning),
			cost, e.Source.String(), cell(names[e.Price]), e.Mode.String(), yes(e.AtLeast), call, cell(c.Segments[e.Segment].Path), count(e.Pos),
		})
	}
	out.Flush()
	return out.Error()
}

var eventColumns = []string{
	"time", "session_id", "run_id", "parent_run_id", "event_id", "event_type", "kind", "agent", "provider", "model", "tool", "call_id", "failed",
	"input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens", "cost_usd", "cost_source",
	"text", "error", "input", "output", "path",
}

// Events writes events, one a row. The usage of a call stands with each event that
// tells of it: sums are made of the ledger.
type Events struct{ out *csv.Writer }

// NewEvents begins a table of events.
func NewEvents(w io.Writer) *Events {
	t := &Events{newWriter(w)}
	_ = t.out.Write(eventColumns) // its error is that of Flush
	return t
}

// Event adds a row. It returns what went wrong so far.
func (t *Events) Event(path string, e *eventlog.Event) error {
	usage := make([]string, 8)
	if b := e.Bill; b != nil {
		u := b.Usage
		usage = []string{count(u.Input), count(u.CacheRead), count(u.CacheWrite5m), count(u.CacheWrite1h), count(u.Output), count(u.Reasoning), "", b.Source.String()}
		if b.Source != eventlog.Unpriced {
			usage[6] = b.Cost.String()
		}
	}
	row := []string{
		moment(e.Time), cell(e.SessionID), cell(e.RunID), cell(e.ParentRunID), cell(e.ID), cell(e.Type), e.Kind.String(), cell(e.Agent), cell(e.Provider),
		cell(e.Model), cell(e.Tool), cell(e.CallID), yes(e.Failed),
	}
	row = append(append(row, usage...), cell(e.Text), cell(e.Message), cell(string(e.Input)), cell(string(e.Output)), cell(path))
	return t.out.Write(row)
}

// Flush writes what has been held back.
func (t *Events) Flush() error {
	t.out.Flush()
	return t.out.Error()
}
