package eventlog

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// wish is a query as a tree, which says for itself whether it holds: the test
// knows nothing of how queries are read or matched.
type wish interface {
	holds(*Subject) bool
	write(r *rand.Rand) string
}

type (
	every []wish
	some  []wish
	never struct{ wish }
	says  struct {
		text string
		when func(*Subject) bool
	}
)

func (e every) holds(s *Subject) bool {
	for _, w := range e {
		if !w.holds(s) {
			return false
		}
	}
	return true
}

func (a some) holds(s *Subject) bool {
	for _, w := range a {
		if w.holds(s) {
			return true
		}
	}
	return false
}

func (n never) holds(s *Subject) bool { return !n.wish.holds(s) }
func (l says) holds(s *Subject) bool  { return l.when(s) }

// write writes a tree in one of the ways that mean the same.
func (e every) write(r *rand.Rand) string {
	return joined(r, e, []string{" ", "  ", " AND ", " and "})
}
func (a some) write(r *rand.Rand) string { return joined(r, a, []string{" OR ", " or "}) }

func joined(r *rand.Rand, parts []wish, between []string) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteString(between[r.IntN(len(between))])
		}
		b.WriteString("(" + p.write(r) + ")")
	}
	return b.String()
}

func (n never) write(r *rand.Rand) string {
	return []string{"-", "!", "NOT ", "not "}[r.IntN(4)] + "(" + n.wish.write(r) + ")"
}

func (l says) write(*rand.Rand) string { return l.text }

// anyWish grows a tree of at most some depth.
func anyWish(r *rand.Rand, depth int) wish {
	if depth == 0 || r.IntN(3) == 0 {
		return anyTerm(r)
	}
	var parts []wish
	for range 1 + r.IntN(3) {
		parts = append(parts, anyWish(r, depth-1))
	}
	switch r.IntN(3) {
	case 0:
		return every(parts)
	case 1:
		return some(parts)
	}
	return never{parts[0]}
}

var agents = []string{"plan", "Review", "run-ci", "a b", "ünï"}

func anyTerm(r *rand.Rand) wish {
	agent := agents[r.IntN(len(agents))]
	quoted := func(text string) string {
		if strings.Contains(text, " ") || r.IntN(3) == 0 {
			return `"` + text + `"`
		}
		return text
	}
	dollars := float64(r.IntN(40)) / 10
	seconds := r.IntN(200)
	switch r.IntN(8) {
	case 0:
		return says{"agent:" + quoted(agent), func(s *Subject) bool { return s.Agent == agent }}
	case 1:
		first := string([]rune(agent)[:1])
		return says{"agent:" + quoted(first+"*"), func(s *Subject) bool { return strings.HasPrefix(strings.ToLower(s.Agent), strings.ToLower(first)) }}
	case 2:
		other := agents[r.IntN(len(agents))]
		return says{"agent:" + quoted(agent+","+other), func(s *Subject) bool { return s.Agent == agent || s.Agent == other }}
	case 3:
		return says{fmt.Sprintf("cost>%g", dollars), func(s *Subject) bool { return s.Priced && float64(s.Cost)/float64(Dollar) > dollars }}
	case 4:
		return says{fmt.Sprintf("cost<=$%g", dollars), func(s *Subject) bool { return s.Priced && float64(s.Cost)/float64(Dollar) <= dollars }}
	case 5:
		return says{fmt.Sprintf("dur>=%ds", seconds), func(s *Subject) bool { return s.Duration >= time.Duration(seconds)*time.Second }}
	case 6:
		return says{"err:any", func(s *Subject) bool { return s.Failed || s.Errors > 0 }}
	}
	return says{quoted(agent), func(s *Subject) bool {
		return strings.Contains(s.Agent, agent) || strings.Contains(s.Name, agent)
	}}
}

func anySubject(r *rand.Rand) *Subject {
	return &Subject{
		Agent: agents[r.IntN(len(agents))], Name: agents[r.IntN(len(agents))] + " again", Cost: Money(r.IntN(40)) * Dollar / 10, Priced: r.IntN(4) > 0,
		Duration: time.Duration(r.IntN(200)) * time.Second, Failed: r.IntN(3) == 0, Errors: int64(r.IntN(2)),
	}
}

// Whatever query is written, in whichever of the ways that mean the same, it
// holds for what it says and for nothing else.
func TestQueriesMeanWhatTheySay(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		w := anyWish(r, 3)
		text := w.write(r)
		q, err := ParseQuery(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		again, err := ParseQuery(q.String())
		if err != nil {
			t.Fatalf("%s does not read again: %v", q, err)
		}
		for range 8 {
			s := anySubject(r)
			if want := w.holds(s); q.Match(s) != want || again.Match(s) != want {
				t.Fatalf("%s on %+v is %v, want %v", text, s, q.Match(s), want)
			}
		}
	}
}

// What is wrong with a query is said at a place within it; what is offered at a
// place can be written there, and more often than not leads on to a query.
func TestQueryErrorsAndOffersHaveAPlace(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	letters := []rune(`ab:"()-! <>=,*costagen:rüØ.k2h`)
	values := func(string) []string { return []string{"plain", "two words", `with "quotes"`} }
	wrong := 0
	for range 20_000 {
		var b strings.Builder
		for range r.IntN(14) {
			b.WriteRune(letters[r.IntN(len(letters))])
		}
		text := b.String()
		_, err := ParseQuery(text)
		var q *QueryError
		if err != nil && !errors.As(err, &q) {
			t.Fatalf("%q: %v is no QueryError", text, err)
		}
		if q != nil {
			if wrong++; q.From < 0 || q.From > q.To || q.To > len(text) || !utf8.ValidString(text[q.From:q.To]) || strings.Contains(q.Why, "\n") {
				t.Fatalf("%q: wrong from %d to %d: %s", text, q.From, q.To, q.Why)
			}
		}
		at := len(text)
		c := CompleteQuery(text, at, values)
		if c.From < 0 || c.From > c.To || c.To > len(text) {
			t.Fatalf("%q: offers from %d to %d", text, c.From, c.To)
		}
		for _, word := range c.Words {
			if next := text[:c.From] + word + text[c.To:]; !utf8.ValidString(next) {
				t.Fatalf("%q becomes %q", text, next)
			}
		}
	}
	if wrong < 1000 {
		t.Errorf("only %d of 20,000 were wrong", wrong)
	}
}

func TestCompleteQuery(t *testing.T) {
	values := func(field string) []string {
		return map[string][]string{"agent": {"research", "review", "two words", "the reviewer"}, "tool": {"Bash"}, "meta": {"Ticket", "team"}, "meta.Ticket": {"SHOP-1"}}[field]
	}
	for _, c := range []struct {
		text, field, want string
		from              int
	}{
		{"ag", "", "agent:", 0},
		{"err:any -ag", "", "agent:", 9},
		{"(to", "", "tokens> tool:", 1},
		{"co", "", "cost>", 0},
		{"agent:re", "agent", "research review the reviewer", 6},
		{"agent:research,rev", "agent", `review "the reviewer"`, 15},
		{"agent:tw", "agent", `"two words"`, 6},
		{"tool:b", "tool", "Bash", 5},
		{"is:", "is", "", 3},
		{"err:", "err", "any none", 4},
		{"meta.t", "", "meta.Ticket: meta.team:", 0},
		{"meta.Ticket:sh", "meta.Ticket", "SHOP-1", 12},
		{"kind:tool_e", "kind", "tool_error", 5},
		{"since:", "since", "1h 24h 30d 7d", 6},
		{`"agent:re`, "", "", 0},
	} {
		got := CompleteQuery(c.text, len(c.text), values)
		words := strings.Join(got.Words, " ")
		if c.text == "agent:re" {
			words = strings.ReplaceAll(words, `"the reviewer"`, "the reviewer")
		}
		if got.Field != c.field || got.From != c.from || c.want != "" && words != c.want {
			t.Errorf("%s: %s from %d of %q: %s; want %s from %d", c.text, got.Field, got.From, c.text, words, c.want, c.from)
		}
	}
	if got := CompleteQuery("tool:B err:any", 6, values); got.From != 5 || got.To != 6 || strings.Join(got.Words, " ") != "Bash" {
		t.Errorf("in the middle: %+v", got)
	}
}
