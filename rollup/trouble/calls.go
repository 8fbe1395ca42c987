package trouble

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/label"
	"github.com/lazytrace/lazytrace/rollup"
)

// calls reads the arguments of all tool calls and looks for what repeats.
func (f *finder) calls(r *Report) error {
	if !f.wants(PartLoops | PartRetries) {
		return nil
	}
	if err := f.prints(); err != nil {
		return err
	}
	f.uncopied()
	f.ordered()
	var loops []found
	var retries []attempts
	for from := 0; from < len(f.tools); {
		to := from + 1
		for to < len(f.tools) && f.tools[to].run == f.tools[from].run {
			to++
		}
		if f.wants(PartLoops) {
			loops = repeats(f.tools, from, to, loops)
		}
		if f.wants(PartRetries) {
			retries = f.repeated(from, to, retries)
		}
		from = to
	}
	bills := f.billsByRun()
	if err := f.loops(r, loops, bills); err != nil {
		return err
	}
	if f.wants(PartRetries) {
		if err := f.modelRetries(r); err != nil {
			return err
		}
		return f.toolRetries(r, retries, bills)
	}
	return nil
}

// prints hashes the arguments of every call. A log tells them with the call, or
// only with its result.
func (f *finder) prints() error {
	rows := make([]eventlog.RowID, len(f.tools))
	order := make([]int32, len(f.tools))
	for i := range f.tools {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(f.tools[a].first, f.tools[b].first) }) // as they lie in the log
	for i, n := range order {
		rows[i] = f.tools[n].first
	}
	return f.read(rows, func(i int, e *eventlog.Event) {
		c := &f.tools[order[i]]
		if !e.Use.IsZero() {
			c.use = f.hash(e.Use[:])
		}
		if args := canonical(e.Input); args != nil {
			c.print = f.hash([]byte(f.name(c.tool)), args)
		}
	})
}

// canonical spells arguments so that the same ones are the same bytes: in what
// order members stand and what is between them does not matter. It returns nil
// when there are none.
func canonical(input []byte) []byte {
	input = bytes.TrimSpace(input)
	if len(input) == 0 || string(input) == "null" || string(input) == `""` {
		return nil
	}
	var v any
	dec := json.NewDecoder(bytes.NewReader(input))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return input
	}
	if s, ok := v.(string); ok {
		if in := strings.TrimSpace(s); strings.HasPrefix(in, "{") && json.Valid([]byte(in)) {
			return canonical([]byte(in)) // arguments that were spelled twice
		}
	}
	out, err := json.Marshal(v)
	if err != nil {
		return input
	}
	return out
}

// uncopied leaves out calls of which a session holds a copy, in a branch or in
// another of its files.
func (f *finder) uncopied() {
	type member struct {
		session eventlog.Sym
		use     uint64
	}
	seen := make(map[member]bool, len(f.tools))
	f.tools = slices.DeleteFunc(f.tools, func(c toolCall) bool {
		if c.use == 0 {
			return false
		}
		m := member{c.session, c.use}
		again := seen[m]
		seen[m] = true
		return again
	})
}

// ordered sorts calls by their runs and, in a run, by time, or as they lie in the
// log where not all times are known.
func (f *finder) ordered() {
	timeless := map[int32]bool{}
	for i := range f.tools {
		if !f.tools[i].start.Known() {
			timeless[f.tools[i].run] = true
		}
	}
	slices.SortStableFunc(f.tools, func(a, b toolCall) int {
		if a.run != b.run {
			return cmp.Compare(a.run, b.run)
		}
		if !timeless[a.run] && a.start != b.start {
			return cmp.Compare(a.start, b.start)
		}
		return cmp.Compare(a.first, b.first)
	})
}

// billsByRun sorts what was paid by run, in the order in which calls began.
func (f *finder) billsByRun() []spending {
	bills := slices.Clone(f.bills)
	slices.SortFunc(bills, func(a, b spending) int {
		return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.start, b.start), cmp.Compare(a.row, b.row))
	})
	return bills
}

// between adds up the model calls of a run that began behind the first of two of
// its calls and before the last: what was asked of the model for the repetition.
func (f *finder) between(bills []spending, a, b *toolCall) (sum rollup.Sum) {
	timed := a.start.Known() && b.start.Known()
	i, _ := slices.BinarySearchFunc(bills, a, func(s spending, a *toolCall) int {
		if s.run != a.run || !timed {
			return cmp.Or(cmp.Compare(s.run, a.run), 1)
		}
		return cmp.Compare(s.start, a.start)
	})
	for ; i < len(bills) && bills[i].run == a.run; i++ {
		s := &bills[i]
		switch {
		case timed && s.start > b.start:
			return sum
		// Where times are those of records, the answer has the time of its call.
		case timed && a.start < s.start && s.start < b.start, s.row > a.first && s.row < b.first:
			f.charge(&sum, s.bill)
		}
	}
	return sum
}

// about is what is told of a call beside its result.
type about struct {
	label  string
	use    eventlog.Identity
	copied bool
}

// labels tells what the calls of some spans are about.
func (f *finder) labels(spans []eventlog.SpanID) ([]about, error) {
	rows := make([]eventlog.RowID, len(spans))
	for i, id := range spans {
		rows[i] = f.snap.Span(id).First
	}
	out := make([]about, len(spans))
	err := f.read(rows, func(i int, e *eventlog.Event) { out[i] = about{label.Of(e), e.Use, e.Copied} })
	return out, err
}

// originals keeps of what several sessions tell of, since one is a copy of the
// other, one: that which is no copy, and of equals the longest.
func originals[T any](list []T, of func(*T) (about, int)) []T {
	at := map[eventlog.Identity]int{}
	out := list[:0]
	for _, v := range list {
		a, n := of(&v)
		i, ok := at[a.use]
		switch {
		case a.use.IsZero():
			out = append(out, v)
		case !ok:
			at[a.use] = len(out)
			out = append(out, v)
		default:
			if old, m := of(&out[i]); old.copied && !a.copied || old.copied == a.copied && n > m {
				out[i] = v
			}
		}
	}
	return out
}
