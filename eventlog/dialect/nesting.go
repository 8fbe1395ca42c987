package dialect

import "github.com/lazytrace/lazytrace/eventlog"

// nesting infers which call started a run, for logs that name no parent. A run
// that starts while calls are open belongs to the oldest open call of another
// run that names its agent, or gave it the same task; a call that names the
// agent beats one that only gave the task, and a call that no run has claimed
// beats one whose run has finished. Nothing that matches means a root.
type nesting struct {
	byKey  map[callKey]*openCall
	byName map[string][]*openCall
	byTask map[uint64][]*openCall // by prints: tasks may be long, and are not to be stored
	runs   map[string]bool        // whether the run has finished
	number int
}

type callKey struct{ run, call string }

type openCall struct {
	callKey
	name   string
	task   uint64 // see taskPrint
	number int
	child  string
	closed bool
}

// maxCandidates bounds how many open calls of one name are looked at, so that a
// log that never closes its calls stays linear to read.
const maxCandidates = 256

// taskPrint tells a task from others; nothing is no task.
func taskPrint(task string) uint64 {
	if task == "" {
		return 0
	}
	return max(1, eventlog.Print([]byte(task)))
}

func (n *nesting) begin() {
	if n.byKey == nil {
		n.byKey = map[callKey]*openCall{}
	}
	if n.byName == nil {
		n.byName = map[string][]*openCall{}
	}
	if n.byTask == nil {
		n.byTask = map[uint64][]*openCall{}
	}
	if n.runs == nil {
		n.runs = map[string]bool{}
	}
}

func (n *nesting) called(run, call, name, given string) {
	if n.byKey == nil {
		n.begin()
	}
	task := taskPrint(given)
	n.number++
	c := &openCall{callKey: callKey{run, call}, name: name, task: task, number: n.number}
	n.byKey[c.callKey] = c
	n.byName[name] = append(open(n.byName[name]), c)
	if task != 0 {
		n.byTask[task] = append(open(n.byTask[task]), c)
	}
}

func (n *nesting) answered(run, call string) {
	if c := n.byKey[callKey{run, call}]; c != nil {
		c.closed = true
		delete(n.byKey, c.callKey)
		drop(n.byName, c.name)
		drop(n.byTask, c.task)
	}
}

func drop[K comparable](m map[K][]*openCall, key K) {
	if rest := open(m[key]); len(rest) > 0 {
		m[key] = rest
	} else {
		delete(m, key)
	}
}

// open cuts the calls that were answered from the front of the list.
func open(calls []*openCall) []*openCall {
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
func (n *nesting) parentOf(run, agent, given string) (parent, call string, link eventlog.Link) {
	if n.byKey == nil {
		return "", "", eventlog.LinkNone
	}
	task := taskPrint(given)
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
	consider(n.byName[agent])
	if task != 0 {
		consider(n.byTask[task])
	}
	if best == nil {
		return "", "", eventlog.LinkNone
	}
	best.child = run
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
