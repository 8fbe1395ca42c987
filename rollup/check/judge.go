package check

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup"
	"github.com/lazytrace/lazytrace/rollup/trouble"
)

// Place is where in a log something stands. Line is zero where it is not known, and
// Pos negative.
type Place struct {
	Path string `json:"path"`
	Pos  int64  `json:"position"` // the byte of a line, the key of a row, the number of a part
	Line int64  `json:"line,omitempty"`
	Text string `json:"text,omitempty"` // what is there, in a few words
}

// At is a place in a file of which nothing more is known.
func At(path string) Place { return Place{Path: path, Pos: -1} }

// Found is how much of something was found, and where: the first few places.
type Found struct {
	Count  int64
	Places []Place
}

// MostPlaces is how many places of one thing are told.
const MostPlaces = 20

// Add counts one more.
func (f *Found) Add(p Place) {
	f.Count++
	if len(f.Places) < MostPlaces {
		f.Places = append(f.Places, p)
	}
}

// Subject is a session that is judged, with everything below it.
type Subject struct {
	Session *eventlog.Session
	Sum     rollup.Sum // with what it started, each call once
	Wall    time.Duration
	Running bool // so that every figure may still grow
	Steps   int64
	Loops   []trouble.Loop
	LoopAt  []Place // where each of them begins
	Errors  []Place
	Failed  []Place // tool calls
	Matches map[int]*Found
	Secrets []Found // each of them one secret
	Unread  Found
	Dropped int64
}

// Baseline is what sessions are compared with.
type Baseline struct {
	Name    string
	ID      string
	Session *eventlog.Session // where it is among those that are judged: it is not compared with itself
	Sum     rollup.Sum
	Wall    time.Duration
	Steps   int64
}

// Finding is something that is not as a rule says.
type Finding struct {
	Rule     string  `json:"rule"` // its id
	Kind     string  `json:"kind"` // the id of its kind
	What     What    `json:"what"`
	Level    Level   `json:"level"`
	Session  string  `json:"session_id"` // empty where all are meant
	Name     string  `json:"session"`
	Measured Amount  `json:"measured"`
	Limit    Amount  `json:"limit"`
	Unit     Unit    `json:"unit"`
	AtLeast  bool    `json:"at_least"` // there may be more than was measured
	Text     string  `json:"text"`     // what is wrong, on one line
	Hint     string  `json:"hint"`
	Places   []Place `json:"places"`
	Source   string  `json:"source"` // of the rule
}

// MarshalText returns the name of what is measured.
func (w What) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// Judge holds sessions against rules. base may be nil where no rule needs one.
// unopened are files that could not be opened, of whose sessions nothing is known.
func Judge(rules []Rule, subjects []*Subject, base *Baseline, unopened Found, now eventlog.Stamp) *Report {
	r := &Report{Rules: rules, Subjects: subjects, Baseline: base}
	for i := range rules {
		rule := &rules[i]
		if rule.What.total() {
			r.total(rule)
			continue
		}
		judged := false
		for _, s := range subjects {
			if s.Session.Matches(rule.Where, now) {
				judged = true
				r.judge(i, rule, s)
			}
		}
		if rule.What == Unreadable {
			r.most(rule, nil, unopened.Count, false, firstWords(unopened.Places), unopened.Places)
		}
		if !judged && len(subjects) > 0 {
			r.idle(rule)
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return int(b.Level) - int(a.Level) })
	return r
}

// judge holds one session against one rule.
func (r *Report) judge(number int, rule *Rule, s *Subject) {
	sum := &s.Sum
	home := homeOf(s)
	switch rule.What {
	case Cost:
		r.cost(rule, s, int64(sum.Cost()), sum, home)
	case Errors:
		r.most(rule, s, sum.Errors, s.Running, "", orHome(s.Errors, home))
	case ToolErrors:
		r.most(rule, s, sum.ToolErrors, s.Running, "", orHome(s.Failed, home))
	case Loops:
		r.most(rule, s, int64(len(s.Loops)), s.Running, loopWords(s.Loops), orHome(s.LoopAt, home))
	case Repeat:
		worst := -1
		for i := range s.Loops {
			if worst < 0 || s.Loops[i].Times > s.Loops[worst].Times {
				worst = i
			}
		}
		if worst >= 0 {
			r.most(rule, s, int64(s.Loops[worst].Times), s.Running, loopWords(s.Loops[worst:worst+1]), orHome(s.LoopAt[worst:worst+1], home))
		}
	case Wall:
		r.most(rule, s, int64(s.Wall), s.Running, "", home)
	case Calls:
		r.most(rule, s, sum.Calls, s.Running, "", home)
	case Tokens:
		r.most(rule, s, sum.Usage.Total(), s.Running || sum.AtLeast > 0, uncounted(sum), home)
	case Unpriced:
		r.most(rule, s, sum.Unpriced, s.Running, "", home)
	case Secrets:
		r.secrets(rule, s)
	case Outcome:
		r.outcome(rule, s, home)
	case Score:
		r.score(rule, s, home)
	case Matches:
		if f := s.Matches[number]; f != nil {
			r.most(rule, s, f.Count, s.Running, rule.Text, orHome(f.Places, home))
		}
	case Unreadable:
		r.most(rule, s, s.Unread.Count, false, firstWords(s.Unread.Places), orHome(s.Unread.Places, home))
	case Dropped:
		r.most(rule, s, s.Dropped, s.Running, "", home)
	default:
		r.regression(rule, s, home)
	}
}

// idle tells of a rule that had nothing to judge: it must not look like one that was
// kept.
func (r *Report) idle(rule *Rule) {
	f := r.add(rule, nil, Amount{Unit: rule.What.Kind().Unit, None: true}, false, "", []Place{})
	f.Level, f.Text, f.Hint = Warning, "nothing was judged by it: no session matches its where", "mend the query of the rule at "+rule.Source+", or choose other sessions"
}

func homeOf(s *Subject) []Place {
	if s == nil || len(s.Session.Paths) == 0 {
		return []Place{}
	}
	return []Place{At(s.Session.Paths[0])}
}

func orHome(places, home []Place) []Place {
	if len(places) == 0 {
		return home
	}
	return places
}

// add tells of something that is not as a rule says. more is said behind it.
func (r *Report) add(rule *Rule, s *Subject, measured Amount, atLeast bool, more string, places []Place) *Finding {
	f := Finding{
		Rule: rule.ID, Kind: rule.What.Kind().ID, What: rule.What, Level: rule.Level, Measured: measured, Limit: rule.Limit, Unit: measured.Unit,
		AtLeast: atLeast, Hint: rule.What.Kind().Hint, Places: places, Source: rule.Source,
	}
	if s != nil {
		f.Session, f.Name = s.Session.ID, s.Session.Label()
	}
	text := strings.ReplaceAll(rule.What.String(), "_", " ") + " "
	if rule.What == Score {
		text = rule.Of + " "
	}
	if atLeast {
		text += "at least "
	}
	f.Text = text + measured.String() + " (" + rule.limited() + ")"
	if more != "" {
		f.Text += ": " + more
	}
	if rule.Message != "" {
		f.Text = rule.Message + ": " + f.Text
	}
	r.Findings = append(r.Findings, f)
	return &r.Findings[len(r.Findings)-1]
}

// most tells of more than there may be.
func (r *Report) most(rule *Rule, s *Subject, n int64, atLeast bool, more string, places []Place) {
	if n > rule.Limit.N {
		r.add(rule, s, Amount{Unit: rule.What.Kind().Unit, N: n}, atLeast, more, places)
	}
}

// cost holds what something cost against a limit. Where calls have no price nobody
// can say that it was kept: that is told, too.
func (r *Report) cost(rule *Rule, s *Subject, n int64, sum *rollup.Sum, places []Place) {
	unsure := sum.Unpriced > 0 || sum.AtLeast > 0
	running := s != nil && s.Running
	switch {
	case n > rule.Limit.N:
		r.add(rule, s, Amount{Unit: USD, N: n}, unsure || running, parts(sum), places)
	case sum.Unpriced > 0:
		f := r.add(rule, s, Amount{Unit: USD, N: n}, true, "whether that was kept cannot be told: "+parts(sum), places)
		f.Level = Warning
	}
}

// parts says what a cost is made of: what logs tell, what was estimated, and what
// nobody knows are never one figure.
func parts(sum *rollup.Sum) string {
	out := []string{"$" + sum.Recorded.String() + " recorded", "$" + sum.Estimated.String() + " estimated"}
	if sum.Unpriced > 0 {
		out = append(out, count(sum.Unpriced, "call")+" without a price")
	}
	if more := uncounted(sum); more != "" {
		out = append(out, more)
	}
	return strings.Join(out, ", ")
}

func uncounted(sum *rollup.Sum) string {
	if sum.AtLeast == 0 {
		return ""
	}
	return count(sum.AtLeast, "call") + " whose log does not hold the final count"
}

func count(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func (r *Report) total(rule *Rule) {
	var sum rollup.Sum
	running := false
	for _, s := range r.Subjects {
		sum.Add(s.Sum)
		running = running || s.Running
	}
	switch rule.What {
	case TotalCost:
		r.cost(rule, nil, int64(sum.Cost()), &sum, []Place{})
	case TotalErrors:
		r.most(rule, nil, sum.Errors, running, "", []Place{})
	case TotalCalls:
		r.most(rule, nil, sum.Calls, running, "", []Place{})
	case TotalTokens:
		r.most(rule, nil, sum.Usage.Total(), running || sum.AtLeast > 0, uncounted(&sum), []Place{})
	}
}

// secrets tells of each secret by itself: each has a place of its own.
func (r *Report) secrets(rule *Rule, s *Subject) {
	all := int64(0)
	for _, f := range s.Secrets {
		all += f.Count
	}
	if all <= rule.Limit.N {
		return
	}
	for _, f := range s.Secrets {
		more := firstWords(f.Places)
		if f.Count < all {
			more += fmt.Sprintf(", %d of them this one", f.Count)
		}
		r.add(rule, s, Amount{N: all}, false, more, f.Places)
	}
}

func (r *Report) outcome(rule *Rule, s *Subject, home []Place) {
	is := s.Session.Outcome.String()
	if slices.Contains(rule.Accept, is) {
		return
	}
	more := s.Session.FailureReason
	if s.Running {
		more = "it is still running"
	}
	r.add(rule, s, Amount{Unit: Text, Word: is}, false, more, home)
}

func (r *Report) score(rule *Rule, s *Subject, home []Place) {
	v, ok := s.Session.Metrics[rule.Of]
	measured := Amount{Unit: Number, None: true}
	if ok {
		measured = NumberOf(v)
	}
	if measured.None || measured.N < rule.Limit.N {
		r.add(rule, s, measured, false, "", home)
	}
}

// regression holds a session against the baseline.
func (r *Report) regression(rule *Rule, s *Subject, home []Place) {
	if r.Baseline == nil || s.Session == r.Baseline.Session {
		return
	}
	b := r.Baseline
	unit, is, was, unsure := Count, int64(0), int64(0), false
	switch rule.What {
	case CostRegression:
		unit, is, was = USD, int64(s.Sum.Cost()), int64(b.Sum.Cost())
		unsure = s.Sum.Unpriced > 0 || b.Sum.Unpriced > 0
	case WallRegression:
		unit, is, was = Duration, int64(s.Wall), int64(b.Wall)
	case ErrorsRegression:
		is, was = s.Sum.Errors, b.Sum.Errors
	case TokensRegression:
		is, was = s.Sum.Usage.Total(), b.Sum.Usage.Total()
	case StepsRegression:
		is, was = s.Steps, b.Steps
	}
	change := growth(is, was)
	more := fmt.Sprintf("%s against %s of %s", Amount{Unit: unit, N: is}, Amount{Unit: unit, N: was}, b.Name)
	if unsure {
		more += fmt.Sprintf("; %s without a price here, %d there", count(s.Sum.Unpriced, "call"), b.Sum.Unpriced)
	}
	switch {
	case change > rule.Limit.N:
		r.add(rule, s, Amount{Unit: Percent, N: change}, s.Running || s.Sum.Unpriced > 0 && b.Sum.Unpriced == 0, more, home)
	case unsure:
		f := r.add(rule, s, Amount{Unit: Percent, N: change}, true, "whether that was kept cannot be told: "+more, home)
		f.Level = Warning
	}
}

// growth is by how much more there is than there was, in billionths of a percent and
// rounded up, so that nothing that is more counts as none.
func growth(is, was int64) int64 {
	switch {
	case is <= was && was > 0:
		return -scaled(was-is, was, false)
	case is <= was:
		return 0
	case was <= 0:
		return math.MaxInt64
	}
	return scaled(is-was, was, true)
}

func scaled(part, whole int64, up bool) int64 {
	high, low := bits.Mul64(uint64(part), 100*billion)
	if high >= uint64(whole) {
		return math.MaxInt64
	}
	n, rest := bits.Div64(high, low, uint64(whole))
	if up && rest > 0 {
		n++
	}
	return int64(min(n, math.MaxInt64))
}

func loopWords(loops []trouble.Loop) string {
	var words []string
	for i := range loops {
		if i == 3 {
			words = append(words, fmt.Sprintf("and %d more", len(loops)-i))
			break
		}
		l := &loops[i]
		steps := make([]string, len(l.Steps))
		for k, step := range l.Steps {
			steps[k] = strings.TrimSpace(step.Tool + " " + clipped(step.Label))
		}
		words = append(words, fmt.Sprintf("%d times %s", l.Times, strings.Join(steps, " → ")))
	}
	return strings.Join(words, "; ")
}

// clipped cuts a text that is foreign and may be of any length.
func clipped(text string) string {
	const most = 120
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

func firstWords(places []Place) string {
	if len(places) == 0 {
		return ""
	}
	return clipped(places[0].Text)
}
