package layers

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Layer is a way in which a recording learns of events.
type Layer uint8

// The layers whose events may be about the same things. Those that are told to
// the recorder by the program itself are taken at their word.
const (
	Proxy Layer = iota
	Transcript
	OTLP
	Stdout
	layers
)

var names = [layers]string{"proxy", "transcript", "otlp", "stdout"}

// String returns the name of the layer, as --capture spells it.
func (l Layer) String() string { return names[l] }

// seen is a set of layers.
type seen uint8

func (s seen) has(l Layer) bool { return s&(1<<l) != 0 }

func (s seen) names() (list []string) {
	for l := range layers {
		if s.has(l) {
			list = append(list, l.String())
		}
	}
	return list
}

// Registry is what all layers of a recording have told. It may be used by any
// goroutine; the nil Registry knows of one layer only.
type Registry struct {
	mu     sync.Mutex
	calls  map[eventlog.Identity]*call // by every name
	alike  map[tokens][]*call          // calls that some layer has not told of, by what they used
	tools  map[toolKey]*tool
	byID   map[string]*tool
	same   map[[32]byte][]*tool // likewise, by name and arguments
	failed [layers][]string     // messages of failed calls that no other layer has told of
}

// call is a model call.
type call struct {
	name, request eventlog.Identity // by which it pays
	exact         bool              // its name is the provider's
	seen          seen
	used          tokens
	usage         eventlog.Usage      // as the layer told that tells most of it
	voided        []eventlog.Identity // other names that records were stored under
}

// tokens is what a call used. It tells calls well enough apart where no names do.
type tokens struct{ in, read, write, out int64 }

func tokensOf(u eventlog.Usage) tokens {
	return tokens{u.Input, u.CacheRead, u.CacheWrite5m + u.CacheWrite1h, u.Output}
}

// tool is a tool call.
type tool struct {
	name  eventlog.Identity
	exact bool // it is the provider's
	seen  seen
}

type toolKey struct {
	layer     Layer
	scope, id string
}

// most bounds what is remembered. Beyond it, calls are told apart by name only
// as long as they are young.
const most = 1 << 16

// New returns a registry that knows of nothing.
func New() *Registry {
	r := &Registry{}
	r.forget()
	return r
}

func (r *Registry) forget() {
	r.calls, r.alike = map[eventlog.Identity]*call{}, map[tokens][]*call{}
	r.tools, r.same = map[toolKey]*tool{}, map[[32]byte][]*tool{}
	r.byID = map[string]*tool{}
}

// Call says that a layer tells of a model call. Where another layer told of it,
// the bill gets the name under which the call is known; or, when that name was a
// makeshift and this one is the agent's own, the former ones are returned: records
// that were stored under them pay for nothing. Exact says that the bill's name is
// the provider's, or made of it, so that two of them that differ are two calls.
func (r *Registry) Call(by Layer, exact bool, b *eventlog.Bill) (saw []string, same []eventlog.Identity) {
	if r == nil || b == nil || b.Call.IsZero() {
		return []string{by.String()}, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.calls) > most {
		r.forget()
	}
	own := b.Call
	c := r.calls[own]
	used := tokensOf(b.Usage)
	if c == nil || c.seen == 1<<by && !c.exact {
		if other := r.match(by, exact, used, c); other != nil {
			c = r.join(c, other, by, exact, b)
		}
	}
	if c == nil {
		c = &call{name: own, request: b.Request, exact: exact}
		r.calls[own] = c
	}
	r.list(c, used)
	c.finer(&b.Usage)
	c.seen |= 1 << by
	if own != c.name || b.Request != c.request {
		b.Call, b.Request = c.name, c.request
	}
	return c.seen.names(), c.voided
}

// finer completes what a layer tells a call used by what another one told: logs of
// agents may not say for how long something was cached.
func (c *call) finer(u *eventlog.Usage) {
	if tokensOf(c.usage) == tokensOf(*u) {
		u.Reasoning = max(u.Reasoning, c.usage.Reasoning)
		if u.CacheWrite1h == 0 {
			u.CacheWrite5m, u.CacheWrite1h = c.usage.CacheWrite5m, c.usage.CacheWrite1h
		}
	}
	c.usage = *u
}

// match finds a call that another layer told of and this one has not, that used
// just as much.
func (r *Registry) match(by Layer, exact bool, used tokens, own *call) *call {
	if used.in+used.read+used.write+used.out == 0 {
		return nil
	}
	for _, c := range r.alike[used] {
		if c != own && !c.seen.has(by) && !(exact && c.exact) {
			return c
		}
	}
	return nil
}

// join makes one call of what was told under another name, and of own, what
// was told before under this one, if anything was.
func (r *Registry) join(own, other *call, by Layer, exact bool, b *eventlog.Bill) *call {
	// The agent's own log goes by its own names wherever it is read, so they beat
	// those that a layer made up, and the provider's.
	if by == Transcript || exact && !other.exact && !other.seen.has(Transcript) {
		other.voided = append(other.voided, other.name)
		other.name, other.request, other.exact = b.Call, b.Request, exact
	} else if own != nil {
		other.voided = append(other.voided, b.Call)
	}
	if own != nil {
		other.seen |= own.seen
		r.unlist(own)
	}
	r.calls[b.Call] = other
	return other
}

// list keeps calls where those that used as much are found.
func (r *Registry) list(c *call, used tokens) {
	if c.used == used {
		return
	}
	r.unlist(c)
	c.used = used
	r.alike[used] = append(r.alike[used], c)
}

func (r *Registry) unlist(c *call) {
	rest := slices.DeleteFunc(r.alike[c.used], func(o *call) bool { return o == c })
	if r.alike[c.used] = rest; len(rest) == 0 {
		delete(r.alike, c.used)
	}
}

// ToolCall is what a layer tells of a tool call.
type ToolCall struct {
	Scope, ID string            // its id, which means something within a scope
	Name      eventlog.Identity // by which other logs know it, or zero
	Exact     bool              // the name is made of the provider's id
	Tool      string
	Arguments json.RawMessage
}

// shortest is how long an id of a tool call must be for two layers to mean the
// same call by it, whatever their scopes: programs count 1, 2, 3.
const shortest = 8

// Tool says that a layer tells of a tool call. The name by which the call counts
// is returned; Result finds it again.
func (r *Registry) Tool(by Layer, c ToolCall) (use eventlog.Identity, saw []string) {
	if r == nil {
		return c.Name, []string{by.String()}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.tools) > most {
		r.forget()
	}
	key := toolKey{by, c.Scope, c.ID}
	if t := r.tools[key]; t != nil && c.ID != "" { // told again
		return t.name, t.seen.names()
	}
	alike := digest(c.Tool, c.Arguments)
	t := r.twin(by, &c, alike)
	if t == nil {
		t = &tool{name: c.Name, exact: c.Exact && !c.Name.IsZero()}
		if t.name.IsZero() {
			t.name = eventlog.Identify("recorded tool", by.String(), c.Scope, c.ID, string(alike[:]))
		}
		r.same[alike] = append(r.same[alike], t)
	}
	t.seen |= 1 << by
	r.tools[key] = t
	if len(c.ID) >= shortest {
		r.byID[c.ID] = t
	}
	return t.name, t.seen.names()
}

// twin finds the call as another layer told of it: by its name, by its id, or,
// where these are no help, the oldest with the same tool and arguments.
func (r *Registry) twin(by Layer, c *ToolCall, alike [32]byte) *tool {
	list := r.same[alike]
	if i := slices.IndexFunc(list, func(t *tool) bool { return t.name == c.Name && !c.Name.IsZero() }); i >= 0 {
		return list[i]
	}
	if t := r.byID[c.ID]; t != nil && !t.seen.has(by) {
		return t
	}
	exact := c.Exact && !c.Name.IsZero()
	if i := slices.IndexFunc(list, func(t *tool) bool { return !t.seen.has(by) && !(exact && t.exact) }); i >= 0 {
		return list[i]
	}
	return nil
}

// Result says that a layer tells what a tool call gave. Without a call that it
// told of before, the name is the one that is given.
func (r *Registry) Result(by Layer, scope, id string, name eventlog.Identity) (use eventlog.Identity, saw []string) {
	if r != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if t := r.tools[toolKey{by, scope, id}]; t != nil {
			return t.name, t.seen.names()
		}
	}
	return name, []string{by.String()}
}

// Failure says that a layer tells of a model call that was not served, and in
// which words; or, unless it is sure, of something that may have failed because of
// one. It reports whether another layer told of that call already, so that it
// counts once.
func (r *Registry) Failure(by Layer, message string, sure bool) (told bool, saw []string) {
	if r == nil {
		return false, []string{by.String()}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	message = strings.ToLower(message)
	for l := range layers {
		if l == by || len(r.failed[l]) == 0 {
			continue
		}
		i := slices.IndexFunc(r.failed[l], func(other string) bool { return alike(message, other) })
		if i < 0 && sure {
			i = 0 // the words are each layer's own
		}
		if i >= 0 {
			r.failed[l] = slices.Delete(r.failed[l], i, i+1)
			return true, (seen(1<<l) | 1<<by).names()
		}
	}
	if sure {
		r.failed[by] = append(r.failed[by], message)
		r.failed[by] = r.failed[by][max(0, len(r.failed[by])-mostFailed):]
	}
	return false, []string{by.String()}
}

// mostFailed bounds the failures that wait to be told by another layer.
const mostFailed = 1 << 10

// alike reports whether one message has the words of the other.
func alike(a, b string) bool {
	const few = 4 // letters say nothing
	return len(a) >= few && len(b) >= few && (strings.Contains(a, b) || strings.Contains(b, a))
}

// digest tells calls of one tool apart. Arguments are compared as JSON values:
// layers space them as they like.
func digest(tool string, arguments json.RawMessage) [32]byte {
	var value any
	canonical := []byte(arguments)
	if json.Unmarshal(arguments, &value) == nil {
		if again, err := json.Marshal(value); err == nil {
			canonical = again
		}
	}
	return sha256.Sum256(append([]byte(cmp.Or(tool, "?")+"\x00"), canonical...))
}
