package rollup

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// FewSessions is how many sessions a variant needs before anything can be
// concluded of it.
const FewSessions = 10

// Experiment is the sessions that name one experiment, by their variants.
type Experiment struct {
	Name     string
	Variants []Variant // by name; sessions that name none are under ""
	Few      bool      // one of the variants has too few sessions to conclude
	// Skewed hints that the sessions are not shared out evenly between the variants
	// (sample ratio mismatch): by chance that happens with a probability P below
	// one in a hundred. What is expected is that all are given the same share.
	Skewed bool
	P      float64 // 1 where there are fewer than two variants
}

// Variant is the sessions of one variant. A session counts with everything that it
// started.
type Variant struct {
	Name      string
	Sessions  int64
	Decided   int64 // of them, those that tell whether they succeeded
	Succeeded int64
	Scored    int64 // of them, those that have a score
	Score     float64
	Sum       Sum
	Median    time.Duration // of the wall time
	Timed     int64         // of them, those that tell one
	Few       bool
}

// SuccessRate is the share of the sessions that succeeded, of those that tell; ok
// is false when none does.
func (v *Variant) SuccessRate() (rate float64, ok bool) {
	if v.Decided == 0 {
		return 0, false
	}
	return float64(v.Succeeded) / float64(v.Decided), true
}

// MeanScore is the mean of the scores that there are.
func (v *Variant) MeanScore() (score float64, ok bool) {
	if v.Scored == 0 {
		return 0, false
	}
	return v.Score / float64(v.Scored), true
}

// MeanCost is what a session cost on average, as far as it is known: where calls
// have no price it is more.
func (v *Variant) MeanCost() eventlog.Money {
	if v.Sessions == 0 {
		return 0
	}
	return v.Sum.Cost() / eventlog.Money(v.Sessions)
}

// Experiments groups the sessions of c for which keep is true, nil for all, by
// experiment and variant, in the order of their names. A session below one of the
// same variant is part of that one. Its work is proportional to the calls and runs:
// call it from a command.
func Experiments(c *eventlog.Catalog, keep func(*eventlog.Session) bool) []Experiment {
	sums := map[string]Sum{}
	for _, g := range New(c, nil).Sessions {
		sums[g.Key] = g.Inclusive
	}
	type key struct{ experiment, variant string }
	variants := map[key]*Variant{}
	walls := map[key][]time.Duration{}
	for _, s := range c.Sessions {
		if s.Experiment == "" || keep != nil && !keep(s) || within(s) {
			continue
		}
		k := key{s.Experiment, s.Variant}
		v := variants[k]
		if v == nil {
			v = &Variant{Name: s.Variant}
			variants[k] = v
		}
		v.Sessions++
		v.Sum.Add(sums[s.ID])
		if succeeded, told := success(s); told {
			v.Decided++
			if succeeded {
				v.Succeeded++
			}
		}
		if score, ok := s.Metrics["score"]; ok && !math.IsNaN(score) && !math.IsInf(score, 0) {
			v.Scored++
			v.Score += score
		}
		if s.Began().Known() {
			walls[k] = append(walls[k], s.Duration(0))
		}
	}
	byName := map[string]*Experiment{}
	for k, v := range variants {
		e := byName[k.experiment]
		if e == nil {
			e = &Experiment{Name: k.experiment}
			byName[k.experiment] = e
		}
		v.Timed, v.Median = int64(len(walls[k])), median(walls[k])
		v.Few = v.Sessions < FewSessions
		e.Few = e.Few || v.Few
		e.Variants = append(e.Variants, *v)
	}
	out := make([]Experiment, 0, len(byName))
	for _, e := range byName {
		slices.SortFunc(e.Variants, func(a, b Variant) int { return cmp.Compare(a.Name, b.Name) })
		e.P = evenly(e.Variants)
		e.Skewed = e.P < 0.01
		out = append(out, *e)
	}
	slices.SortFunc(out, func(a, b Experiment) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// within reports whether a session is part of another one of its variant.
func within(s *eventlog.Session) bool {
	for up := s.Parent; up != nil; up = up.Parent {
		if up.Experiment == s.Experiment && up.Variant == s.Variant {
			return true
		}
	}
	return false
}

// success says whether a session reached its goal: by its metric, which whoever
// ran the experiment gave it, else by its outcome.
func success(s *eventlog.Session) (succeeded, told bool) {
	if reached, ok := s.Metrics["goal_completed"]; ok && !math.IsNaN(reached) {
		return reached > 0, true
	}
	return s.Outcome == eventlog.Success, s.Outcome != eventlog.OutcomeUnknown
}

// median is the middle one, or the mean of the two in the middle.
func median(all []time.Duration) time.Duration {
	n := len(all)
	if n == 0 {
		return 0
	}
	slices.Sort(all)
	return (all[(n-1)/2] + all[n/2]) / 2
}

// evenly returns how likely it is that the sessions of some variants are shared
// out at least as unevenly by chance, when each is to get the same share: Pearson's
// chi-square test.
func evenly(variants []Variant) float64 {
	k := len(variants)
	if k < 2 {
		return 1
	}
	total := int64(0)
	for _, v := range variants {
		total += v.Sessions
	}
	expected := float64(total) / float64(k)
	square := 0.0
	for _, v := range variants {
		d := float64(v.Sessions) - expected
		square += d * d / expected
	}
	return upperGamma(float64(k-1)/2, square/2)
}

// upperGamma is the regularised upper incomplete gamma function Q(a, x): by the
// series of its complement near the origin, by its continued fraction elsewhere.
func upperGamma(a, x float64) float64 {
	const enough, most = 1e-14, 1000
	if x <= 0 {
		return 1
	}
	logGamma, _ := math.Lgamma(a)
	front := math.Exp(a*math.Log(x) - x - logGamma)
	if x < a+1 {
		term := 1 / a
		total := term
		for n := 1.0; n < most && term > total*enough; n++ {
			term *= x / (a + n)
			total += term
		}
		return max(0, 1-front*total)
	}
	const tiny = 1e-300
	b := x + 1 - a
	c := 1 / tiny
	d := 1 / b
	h := d
	for n := 1.0; n < most; n++ {
		an := -n * (n - a)
		b += 2
		if d = an*d + b; math.Abs(d) < tiny {
			d = tiny
		}
		if c = b + an/c; math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		h *= d * c
		if math.Abs(d*c-1) < enough {
			break
		}
	}
	return min(1, front*h)
}
