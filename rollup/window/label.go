package window

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/label"
)

// untold is what is said of what no record tells of.
const untold = "system prompt, tools, and what else no record tells"

// begins reports whether a turn is the first that read a context.
func (r *Run) begins(turn int) bool {
	return turn == 0 || slices.ContainsFunc(r.Compactions, func(c Compaction) bool { return c.At == turn })
}

// rowsOfAnswer bounds how many records of one answer are read.
const rowsOfAnswer = 64

// labels reads the bodies of the blocks that are listed: what they are called, and
// how large they are without the record around them.
func (f *folding) labels() error {
	type want struct {
		row   eventlog.RowID
		block int
		call  bool // it is the call, and the block what it gave
	}
	var wants []want
	answers := map[eventlog.SpanID][]int{}
	for i := range f.r.Blocks {
		b := &f.r.Blocks[i]
		s := f.snap.Span(b.Span)
		switch {
		case b.Kind == Untold:
			b.Label = "what no record tells"
			if f.r.Runs[b.Run].begins(b.Turn) {
				b.Label = untold
			}
		case s.Kind == eventlog.SpanModel && b.Kind != User:
			answers[b.Span] = append(answers[b.Span], i)
		default:
			wants = append(wants, want{row: b.Row, block: i})
			if b.Kind == Result {
				b.Tool = f.names[s.Tool]
				if s.First != b.Row {
					wants = append(wants, want{row: s.First, block: i, call: true})
				}
			}
		}
	}
	if len(answers) > 0 {
		many, last := map[eventlog.SpanID]int{}, eventlog.SpanID(0)
		g := func(id eventlog.SpanID) int32 { return f.node[max(0, id)] }
		for i, r := range f.snap.Rows.All() {
			if i%4096 == 0 && f.ctx.Err() != nil {
				return f.ctx.Err()
			}
			span := r.Span
			switch {
			case r.Kind == eventlog.ModelResponse:
				last = span
			case r.Kind == eventlog.ToolCall && last != 0 && g(span) == g(last): // what it asked for, if it says nothing else
				span = last
			default:
				if last != 0 && g(span) == g(last) {
					last = 0
				}
				continue
			}
			if at, ok := answers[span]; ok && many[span] < rowsOfAnswer {
				many[span]++
				for _, b := range at {
					wants = append(wants, want{row: eventlog.RowID(i), block: b})
				}
			}
		}
	}
	rows, done := make([]eventlog.RowID, 0, portion), f.snap.Rows.Len()
	for list := range slices.Chunk(wants, portion) {
		rows = rows[:0]
		for _, w := range list {
			rows = append(rows, w.row)
		}
		f.progress(done, f.snap.Rows.Len()+len(wants))
		events, err := f.log.Events(f.ctx, rows)
		if err != nil {
			return err
		}
		for k, w := range list {
			b, e := &f.r.Blocks[w.block], &events[k]
			switch {
			case e.Kind == eventlog.Unreadable:
			case w.call:
				if words := label.Of(e); words != "" {
					b.Label = words
				}
			case e.Kind == eventlog.ModelResponse || e.Kind == eventlog.ToolCall:
				if b.Label == "" {
					b.Label = strings.TrimSpace(e.Tool + " " + label.Of(e))
				}
			default:
				if f.bulky {
					b.Bytes = body(e)
				}
				if b.Label == "" {
					b.Label = label.Of(e)
				}
			}
		}
		done += len(list)
	}
	f.progress(f.snap.Rows.Len()+len(wants), f.snap.Rows.Len()+len(wants))
	return nil
}

// Limit is how large a window may become.
type Limit struct {
	Tokens int64
	Told   bool   // the log tells it; else it is a guess
	Why    string // what it was guessed from
}

// families are the windows of known models, by how their names begin. The first
// line that fits counts. What a provider has called larger since is seen by a
// call that read more.
var families = []struct {
	start  string
	tokens int64
}{
	{"claude", 200_000},
	{"gpt-5", 400_000}, {"gpt-4.1", 1_047_576}, {"gpt-4o", 128_000}, {"gpt-4-turbo", 128_000}, {"gpt-4", 8_192}, {"codex", 200_000},
	{"o1", 200_000}, {"o3", 200_000}, {"o4", 200_000},
	{"gemini", 1_048_576},
	{"grok-4", 256_000}, {"grok", 131_072}, {"deepseek", 128_000}, {"kimi-k2", 256_000}, {"glm-4", 200_000}, {"qwen3-coder", 262_144}, {"mistral", 128_000},
}

// usualWindow is how large a window is taken to be of models that nobody knows.
const usualWindow = 200_000

// largeWindow is the next size that providers offer.
const largeWindow = 1_000_000

// guessLimit guesses how large the window of a model is, of which a call read so much.
func guessLimit(model string, largest int64) Limit {
	l := Limit{Tokens: usualWindow, Why: "the usual window"}
	name := strings.ToLower(model)
	for _, f := range families {
		if at := strings.Index(name, f.start); at == 0 || at > 0 && strings.ContainsRune("/.:", rune(name[at-1])) {
			l = Limit{Tokens: f.tokens, Why: "models called " + f.start}
			break
		}
	}
	if strings.Contains(name, "[1m]") {
		l = Limit{Tokens: largeWindow, Why: "[1m] in the name of the model"}
	}
	if largest > l.Tokens {
		l.Why = "a call read more than " + strconv.FormatInt(l.Tokens, 10)
		for _, l.Tokens = range []int64{largeWindow, 2 * largeWindow, largest} {
			if largest <= l.Tokens {
				break
			}
		}
	}
	return l
}

// limits finds how large the windows may become: where a record tells it, by that.
func (f *folding) limits() error {
	var rows []eventlog.RowID
	var runs []int
	for i := range f.r.Runs {
		run := &f.r.Runs[i]
		run.Limit = guessLimit(run.Model, run.Turns[run.Largest].Context())
		if row, ok := f.limit[int32(run.Span)]; ok {
			rows, runs = append(rows, row), append(runs, i)
		}
	}
	for from := 0; from < len(rows); from += portion {
		to := min(from+portion, len(rows))
		events, err := f.log.Events(f.ctx, rows[from:to])
		if err != nil {
			return err
		}
		for k := range events {
			for _, d := range events[k].Details {
				if n, err := strconv.ParseInt(d.Value, 10, 64); d.Name == "context window" && err == nil && n > 0 {
					f.r.Runs[runs[from+k]].Limit = Limit{Tokens: n, Told: true, Why: "its log"}
				}
			}
		}
	}
	return nil
}
