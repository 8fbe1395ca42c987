package variants

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup"
)

// measure is one thing that variants are compared by. The fewest sessions, the
// dearest and the slowest are as easily found as the best: an order may be
// reversed.
type measure int

// The measures, in the order of their columns.
const (
	byName measure = iota
	bySessions
	bySuccess
	byScore
	byCost
	byTime
	byErrors
	measures
)

var measureNames = [measures]string{"name", "sessions", "success", "score", "cost", "time", "errors"}

// value returns what a variant comes to, the more the better; ok is false where
// nothing is known of it. Sessions and names are no merit.
func (m measure) value(v *rollup.Variant) (value float64, ok bool) {
	switch m {
	case bySuccess:
		return v.SuccessRate()
	case byScore:
		return v.MeanScore()
	case byCost:
		return -float64(v.MeanCost()), v.Sum.Calls > 0 && v.Sum.Known()
	case byTime:
		return -float64(v.Median), v.Timed > 0
	case byErrors:
		return -each(v), v.Sessions > 0
	}
	return 0, false
}

// each is how many errors a session had on average.
func each(v *rollup.Variant) float64 { return float64(v.Sum.Errors) / float64(max(1, v.Sessions)) }

// apart is by what share of the next one the best must differ from it, to be more
// than the same.
const apart = 0.05

// best returns the variant that is ahead of all others by a measure, or nil where
// none is, or where nothing may be concluded.
func (m measure) best(e *rollup.Experiment) *rollup.Variant {
	if !concludes(e) {
		return nil
	}
	var first *rollup.Variant
	top, next := math.Inf(-1), math.Inf(-1)
	for i := range e.Variants {
		value, ok := m.value(&e.Variants[i])
		switch {
		case !ok:
			return nil // what is not known of all is not compared
		case value > top:
			first, top, next = &e.Variants[i], value, top
		default:
			next = max(next, value)
		}
	}
	if top-next < apart*math.Abs(next) || top == next {
		return nil
	}
	return first
}

// concludes reports whether variants may be told apart by their figures.
func concludes(e *rollup.Experiment) bool { return len(e.Variants) > 1 && !e.Few && !e.Skewed }

// line is a row of the page: a variant, or something about an experiment.
type line struct {
	of      *rollup.Experiment
	variant *rollup.Variant // nil of a band
	ahead   [measures]bool
	kind    kind
	text    string
}

// kind is what a line says.
type kind int

const (
	ofVariant kind = iota
	ofName
	ofDoubt
	ofResult
	ofNothing
)

func (l *line) key() string {
	if l.variant == nil {
		return ""
	}
	return l.of.Name + "\x00" + l.variant.Name
}

// told is what the page shows. It is made in a command and does not change.
type told struct {
	all      []rollup.Experiment
	sessions int64
}

func tell(ctx context.Context, c *eventlog.Catalog, shows func(*eventlog.Session) bool) *told {
	t := &told{all: rollup.Experiments(c, shows)}
	if ctx.Err() != nil {
		return nil
	}
	for i := range t.all {
		for j := range t.all[i].Variants {
			t.sessions += t.all[i].Variants[j].Sessions
		}
	}
	return t
}

// lines lays the experiments out, their variants in an order.
func (t *told) lines(by measure, reverse bool) []line {
	var out []line
	for i := range t.all {
		e := &t.all[i]
		if i > 0 {
			out = append(out, line{of: e, kind: ofNothing})
		}
		out = append(out, line{of: e, kind: ofName})
		var ahead [measures]*rollup.Variant
		for m := range measures {
			ahead[m] = m.best(e)
		}
		for _, at := range order(e.Variants, by, reverse) {
			l := line{of: e, variant: &e.Variants[at], kind: ofVariant}
			for m := range measures {
				l.ahead[m] = ahead[m] == l.variant
			}
			out = append(out, l)
		}
		for _, text := range doubts(e) {
			out = append(out, line{of: e, kind: ofDoubt, text: text})
		}
		if text := result(e, ahead); text != "" {
			out = append(out, line{of: e, kind: ofResult, text: text})
		}
	}
	return out
}

// order returns the indexes of variants, the best first.
func order(all []rollup.Variant, by measure, reverse bool) []int {
	at := make([]int, len(all))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(i, j int) int {
		a, b := &all[i], &all[j]
		c := 0
		switch by {
		case byName:
			c = strings.Compare(a.Name, b.Name)
		case bySessions:
			c = cmp.Compare(b.Sessions, a.Sessions)
		default:
			x, known := by.value(a)
			y, also := by.value(b)
			switch {
			case known != also && known:
				return -1 // what is not known stands last, whatever the order
			case known != also:
				return 1
			}
			c = cmp.Compare(y, x)
		}
		if reverse {
			c = -c
		}
		return c
	})
	return at
}

// doubts says why nothing may be concluded.
func doubts(e *rollup.Experiment) []string {
	var out []string
	switch {
	case len(e.Variants) == 1:
		out = append(out, "only one variant is shown: there is nothing to compare it with")
	case e.Few:
		var few []string
		for i := range e.Variants {
			if v := &e.Variants[i]; v.Few {
				few = append(few, fmt.Sprintf("%s has %d", label(v), v.Sessions))
			}
		}
		out = append(out, fmt.Sprintf("too few to conclude: each variant takes %d sessions or more, and %s", rollup.FewSessions, list(few, 3)))
	}
	if e.Skewed {
		out = append(out, fmt.Sprintf("sizes differ from what chance would give (%s)", probability(e.P)))
	}
	return out
}

// list joins some of the words.
func list(words []string, most int) string {
	if n := len(words); n > most {
		return strings.Join(words[:most], ", ") + fmt.Sprintf(", and %d more", n-most)
	}
	return strings.Join(words, ", ")
}

func probability(p float64) string {
	if p < 0.0001 {
		return "p<0.0001"
	}
	return fmt.Sprintf("p=%.2g", p)
}

// result says in words which variant is ahead in what.
func result(e *rollup.Experiment, ahead [measures]*rollup.Variant) string {
	if !concludes(e) {
		return ""
	}
	var parts []string
	for i := range e.Variants {
		var in []string
		for m := range measures {
			if ahead[m] == &e.Variants[i] {
				in = append(in, measureNames[m])
			}
		}
		if len(in) > 0 {
			parts = append(parts, label(&e.Variants[i])+" in "+strings.Join(in, ", "))
		}
	}
	if len(parts) == 0 {
		return "no variant is ahead in anything"
	}
	return "ahead: " + strings.Join(parts, "; ")
}

// label is the name of a variant.
func label(v *rollup.Variant) string { return cmp.Or(v.Name, "(no variant)") }

// mean is what a session of a variant cost on average, as far as it is known.
func mean(v *rollup.Variant) string {
	n := eventlog.Money(max(1, v.Sessions))
	return figure.Cost(v.Sum.Recorded/n, v.Sum.Estimated/n, v.Sum.Calls, v.Sum.Unpriced, v.Sum.AtLeast)
}

func score(s float64) string {
	if s > -1000 && s < 1000 {
		return fmt.Sprintf("%.3g", s)
	}
	return fmt.Sprintf("%.2g", s)
}

func rate(n float64) string {
	if n == 0 {
		return "0"
	}
	if n < 10 {
		return fmt.Sprintf("%.2g", n)
	}
	return figure.Count(int64(n + 0.5))
}

// show spells what a variant comes to by a measure, and how long its bar is among
// others, of which the largest is top.
func (m measure) show(v *rollup.Variant) (text string, amount float64, ok bool) {
	value, ok := m.value(v)
	switch m {
	case bySuccess:
		if !ok {
			return "", 0, false
		}
		return figure.Percent(float64(v.Succeeded), float64(v.Decided)), value, true
	case byScore:
		if !ok {
			return "", 0, false
		}
		return score(value), max(0, value), true
	case byCost:
		return mean(v), float64(v.MeanCost()), v.Sum.Calls > 0
	case byTime:
		return figure.Duration(v.Median.Round(time.Millisecond)), float64(v.Median), ok
	case byErrors:
		return rate(each(v)), each(v), ok
	}
	return "", 0, false
}
