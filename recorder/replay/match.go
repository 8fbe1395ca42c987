package replay

import (
	"fmt"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Match says how requests are known again.
type Match uint8

// The ways of knowing a request again.
const (
	Loose    Match = iota // by what they ask, and else by what is left of it without what differs in each run
	Exact                 // by what they ask
	Sequence              // not at all: the calls of a model are answered in their order
)

// ParseMatch reads the name of a way.
func ParseMatch(name string) (Match, error) {
	for i, known := range []string{"loose", "exact", "sequence"} {
		if name == known {
			return Match(i), nil
		}
	}
	return 0, fmt.Errorf("%q is not exact, loose or sequence", name)
}

// entry is a recorded exchange, without its bodies.
type entry struct {
	eventlog.Exchange
	number int // in the order in which they were asked, from 1
	served bool
}

// line are the exchanges of requests that are alike, in the order in which they were asked.
type line struct {
	list []*entry
	next int
}

// take returns the first that was not served yet.
func (l *line) take() *entry {
	if l == nil {
		return nil
	}
	for ; l.next < len(l.list); l.next++ {
		if e := l.list[l.next]; !e.served {
			e.served = true
			l.next++
			return e
		}
	}
	return nil
}

// last returns the last one, for a request that comes once more.
func (l *line) last() *entry {
	if l == nil {
		return nil
	}
	return l.list[len(l.list)-1]
}

// record is what was recorded. Each exchange is served once, whichever way its
// request was known; one that was asked for again gets the last of its kind again.
type record struct {
	mu      sync.Mutex
	entries []*entry
	exact   map[string]*line
	loose   map[string]*line
	models  map[string]*line
	asked   map[string]int // how often a model was
}

func newRecord(list []eventlog.Exchange) *record {
	r := &record{exact: map[string]*line{}, loose: map[string]*line{}, models: map[string]*line{}, asked: map[string]int{}}
	add := func(to map[string]*line, key string, e *entry) {
		if to[key] == nil {
			to[key] = &line{}
		}
		to[key].list = append(to[key].list, e)
	}
	for i, x := range list {
		e := &entry{Exchange: x, number: i + 1}
		r.entries = append(r.entries, e)
		add(r.exact, x.Exact, e)
		add(r.loose, x.Loose, e)
		add(r.models, modelOf(x.API, x.Model, x.Method+" "+x.Path, x.Stream), e)
	}
	return r
}

// modelOf names those whose calls are in one order. What calls no model is in the
// order of its address.
func modelOf(api, model, where string, stream bool) string {
	if api == "" {
		return where
	}
	return fmt.Sprint(api, " ", model, " ", stream)
}

// find returns the exchange that answers a request, nil for none, and by which way
// it was found.
func (r *record) find(q *Request, path string, by Match) (*entry, Match) {
	r.mu.Lock()
	defer r.mu.Unlock()
	model := modelOf(q.API, q.Model, path, q.Stream)
	r.asked[model]++
	if by == Sequence {
		return r.models[model].take(), Sequence
	}
	exact := r.exact[q.Exact]
	if e := exact.take(); e != nil {
		return e, Exact
	}
	if by == Exact || exact != nil {
		return exact.last(), Exact
	}
	loose := r.loose[q.Loose()]
	if e := loose.take(); e != nil {
		return e, Loose
	}
	return loose.last(), Loose
}

// near returns exchanges that a request might have been meant to be, the likeliest
// first: of its model before others, and those that wait to be served before those
// that were. There are a few of them, since each is read.
func (r *record) near(q *Request) (list []*entry, nth int) {
	const few = 24
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, served := range []bool{false, true} {
		for _, same := range []bool{true, false} {
			for _, e := range r.entries {
				if len(list) < few && e.served == served && e.API == q.API && (e.Model == q.Model) == same {
					list = append(list, e)
				}
			}
		}
	}
	return list, r.asked[modelOf(q.API, q.Model, "", q.Stream)]
}
