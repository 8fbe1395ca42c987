package trouble

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
)

// A call that is made three times, or a circle of calls that is gone through three
// times, is a loop.
const (
	leastTimes = 3
	mostSteps  = 4
)

// Loop is one call, or a circle of a few, that a run made again and again with
// nothing else between.
type Loop struct {
	Steps   []Step // one, or those of the circle
	Times   int    // how often the whole circle was gone through
	Same    bool   // each step gave the same result every time
	Results bool   // results are known: without any, nothing is said of whether they were the same
	Changed bool   // files were changed meanwhile, by it or by others of the session
	Failed  int    // calls that failed
	Open    bool   // it is the last that an open run did
	First   eventlog.Stamp
	Last    eventlog.Stamp
	Wall    time.Duration
	Spent   rollup.Sum // the model calls between the first call and the last
	Places  []Place    // of all calls, in order

	begin about
}

// Step is a call of a loop.
type Step struct {
	Tool  string
	Label string // what its arguments are about
}

// Tool names the tools of the loop.
func (l *Loop) Tool() string { return l.joined(func(s Step) string { return s.Tool }) }

// Label says what the calls of the loop are about.
func (l *Loop) Label() string { return l.joined(func(s Step) string { return s.Label }) }

func (l *Loop) joined(part func(Step) string) string {
	words := make([]string, len(l.Steps))
	for i, s := range l.Steps {
		words[i] = part(s)
	}
	return strings.Join(words, " → ")
}

// found is a stretch of calls that repeat, before their results are known.
type found struct{ from, to, period int }

// repeats finds the loops among the calls of one run. Of several ways to see a
// stretch as one the longest counts, and of these the one with fewest steps.
func repeats(calls []toolCall, from, to int, out []found) []found {
	for i := from; i < to; {
		best := found{}
		for period := 1; period <= mostSteps && i+period*leastTimes <= to; period++ {
			end := i + period
			for end < to && calls[end].print != 0 && calls[end].print == calls[end-period].print {
				end++
			}
			if n := (end - i) / period; n >= leastTimes && end-i > best.to-best.from {
				best = found{i, end, period}
			}
		}
		if best.period == 0 {
			i++
			continue
		}
		out = append(out, best)
		i = best.to
	}
	return out
}

// loops makes loops of what was found, with their results.
func (f *finder) loops(r *Report, all []found, bills []spending) error {
	var spans []eventlog.SpanID
	var rows []eventlog.RowID
	for _, at := range all {
		for _, c := range f.tools[at.from : at.from+at.period] {
			spans = append(spans, c.span)
		}
		for _, c := range f.tools[at.from:at.to] {
			rows = append(rows, c.last)
		}
	}
	f.total += len(spans) + len(rows)
	words, err := f.labels(spans)
	if err != nil {
		return err
	}
	results, ids := make([]uint64, len(rows)), make([]string, len(rows))
	err = f.read(rows, func(i int, e *eventlog.Event) {
		ids[i] = e.ID
		if text := result(e); len(text) > 0 {
			results[i] = f.hash(text)
		}
	})
	if err != nil {
		return err
	}
	for _, at := range all {
		n := at.to - at.from
		l := f.loop(f.tools[at.from:at.to], at.period, words[:at.period], results[:n], ids[:n])
		l.Spent = f.between(bills, &f.tools[at.from], &f.tools[at.to-1])
		l.Open = l.Open && (at.to == len(f.tools) || f.tools[at.to].run != f.tools[at.from].run)
		r.Loops = append(r.Loops, l)
		words, results, ids = words[at.period:], results[n:], ids[n:]
	}
	return nil
}

func (f *finder) loop(calls []toolCall, period int, words []about, results []uint64, ids []string) Loop {
	head, tail := &calls[0], &calls[len(calls)-1]
	l := Loop{
		Times: len(calls) / period, Open: f.open[head.run], Same: true, First: head.start, Last: tail.start, begin: words[0],
	}
	for i := range period {
		l.Steps = append(l.Steps, Step{Tool: f.name(calls[i].tool), Label: words[i].label})
	}
	end := max(tail.start, tail.end)
	for i := range calls {
		c := &calls[i]
		p := f.place(c.span)
		p.Event = ids[i]
		l.Places = append(l.Places, p)
		if c.failed() {
			l.Failed++
		}
		end = max(end, c.end)
		l.Results = l.Results || results[i] != 0
		if open := i == len(calls)-1 && c.flags.Has(eventlog.SpanOpen); i >= period && results[i] != results[i-period] && !open {
			l.Same = false
		}
		l.Changed = l.Changed || !c.failed() && f.changesFiles(c.tool)
	}
	l.Same = l.Same && l.Results
	l.Wall = end.Sub(head.start)
	l.Changed = l.Changed || slices.ContainsFunc(f.changes[head.session], func(at eventlog.Stamp) bool { return head.start < at && at < tail.start })
	return l
}

// result returns what a call came to, without what differs each time though
// nothing else does: how long it took, and the name of its output.
func result(e *eventlog.Event) []byte {
	if e.Kind == eventlog.ToolCall {
		return nil // nothing but the call is known
	}
	out := []byte(e.Output)
	var text string
	switch {
	case len(out) == 0 || string(out) == "null":
		out = []byte(e.Text + e.Message)
	case out[0] == '"' && json.Unmarshal(out, &text) == nil:
		out = []byte(text)
	}
	if head, rest, ok := bytes.Cut(out, []byte("\nOutput:")); ok && bytes.Count(head, []byte("\n")) < 8 && bytes.Contains(head, []byte("Wall time")) {
		return append(bytes.Clone(rest), '.') // it may have been empty: that is a result
	}
	return out
}
