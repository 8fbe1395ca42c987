package dialect

import (
	"slices"

	"github.com/lazytrace/lazytrace/eventlog"
)

// nesting infers which call started a run, for logs that name no parent. A run
// that starts while calls are open belongs to the oldest open call of another
// run that names its agent, or gave it the same task; a call that names the
// agent beats one that only gave the task, and a call that no run has claimed
// beats one whose run has finished. Nothing that matches means a root.
type nesting struct {
	open   []*openCall            // in the order in which they were made
	byKey  map[callKey]*openCall  // once there are many
	byName map[string][]*openCall // the same
	byTask map[uint64][]*openCall // the same
	runs   map[string]bool        // whether the run has finished
	number int
	spare  []*openCall // of calls that were answered: a log may hold a hundred thousand
}

type callKey struct{ run, call string }

type openCall struct {
	callKey
	name   string
	task   uint64 // Print of it; zero is none
	number int
	child  string
	closed bool
}

// manyCalls is from how many open calls on they are found by maps.
const manyCalls = 32

// maxCandidates bounds how many open calls of one name are looked at, so that a
// log that never closes its calls stays linear to read.
const maxCandidates = 256

func (n *nesting) called(run, call, name string, task uint64) {
	n.number++
	c := n.room()
	*c = openCall{callKey: callKey{run, call}, name: name, task: task, number: n.number}
	if n.byKey == nil {
		if n.open = append(n.open, c); len(n.open) <= manyCalls {
			return
		}
		n.toMaps()
		return
	}
	n.add(c)
}

func (n *nesting) room() *openCall {
	last := len(n.spare) - 1
	if last < 0 {
		return &openCall{}
	}
	c := n.spare[last]
	n.spare = n.spare[:last]
	return c
}

// toMaps goes over to finding calls by maps.
func (n *nesting) toMaps() {
	n.byKey, n.byName, n.byTask = map[callKey]*openCall{}, map[string][]*openCall{}, map[uint64][]*openCall{}
	for _, c := range n.open {
		n.add(c)
	}
	n.open = nil
}

// add puts a call into the maps.
func (n *nesting) add(c *openCall) {
	n.byKey[c.callKey] = c
	n.byName[c.name] = append(stillOpen(n.byName[c.name]), c)
	if c.task != 0 {
		n.byTask[c.task] = append(stillOpen(n.byTask[c.task]), c)
	}
}

func (n *nesting) answered(run, call string) {
	key := callKey{run, call}
	if n.byKey == nil {
		for i, c := range slices.Backward(n.open) {
			if c.callKey == key {
				n.open = slices.Delete(n.open, i, i+1)
				*c = openCall{}
				n.spare = append(n.spare, c)
				break
			}
		}
		return
	}
	if c := n.byKey[key]; c != nil {
		c.closed = true
		delete(n.byKey, key)
		drop(n.byName, c.name)
		drop(n.byTask, c.task)
	}
}

// count returns how many calls are open.
func (n *nesting) count() int { return max(len(n.open), len(n.byKey)) }

// named and tasked return the open calls of a name or with a task, oldest first;
// those of other names and tasks may be among them.
func (n *nesting) named(name string) []*openCall {
	if n.byKey == nil {
		return n.open
	}
	return n.byName[name]
}

func (n *nesting) tasked(task uint64) []*openCall {
	if n.byKey == nil {
		return nil // they are all among the named ones
	}
	return n.byTask[task]
}

func drop[K comparable](m map[K][]*openCall, key K) {
	if rest := stillOpen(m[key]); len(rest) > 0 {
		m[key] = rest
	} else {
		delete(m, key)
	}
}

// stillOpen cuts the calls that were answered from the front of the list.
func stillOpen(calls []*openCall) []*openCall {
	for len(calls) > 0 && calls[0].closed {
		calls = calls[1:]
	}
	return calls
}

func (n *nesting) finished(run string) {
	if _, ok := n.runs[run]; ok {
		n.runs[run] = true
	}
}

// parentOf claims the call that started a run.
func (n *nesting) parentOf(run, agent string, task uint64) (parent, call string, link eventlog.Link) {
	var best *openCall
	bestScore := 0
	consider := func(calls []*openCall) {
		for i, c := range calls {
			if i == maxCandidates {
				return
			}
			if c.closed || c.run == run || c.child != "" && !n.runs[c.child] {
				continue
			}
			score := 0
			named, tasked := c.name == agent, c.task != 0 && c.task == task
			if named {
				score += 4
			}
			if tasked {
				score += 2
			}
			if c.child == "" {
				score++
			}
			if !tasked && (!named || score < 5) {
				continue
			}
			if score > bestScore || score == bestScore && c.number < best.number {
				best, bestScore = c, score
			}
		}
	}
	consider(n.named(agent))
	if task != 0 {
		consider(n.tasked(task))
	}
	if best == nil {
		return "", "", eventlog.LinkNone
	}
	best.child = run
	if n.runs == nil {
		n.runs = map[string]bool{}
	}
	n.runs[run] = false
	switch {
	case best.name == agent && best.task != 0 && best.task == task:
		link = eventlog.LinkExact
	case best.name == agent:
		link = eventlog.LinkName
	default:
		link = eventlog.LinkTask
	}
	return best.run, best.call, link
}
