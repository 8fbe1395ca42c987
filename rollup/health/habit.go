package health

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

// Habit is something that programs do with their sessions that makes them harder
// to tell apart, to add up or to keep.
type Habit struct {
	Habit   string `json:"habit"` // generic_names, reused_ids, secrets_in_metadata, tiny_sessions, never_closed
	Format  string `json:"format"`
	Count   int    `json:"sessions"`
	Of      int    `json:"of"`         // sessions of the format
	Session string `json:"session_id"` // the newest of them
	Example string `json:"example"`    // what of it shows the habit
	Advice  string `json:"advice"`
}

// Text says what the habit is.
func (h Habit) Text() string {
	text, have, were := fmt.Sprintf("%d of %s", h.Count, figure.Plural(h.Of, "session")), " have ", " were "
	if h.Count == 1 {
		have, were = " has ", " was "
	}
	switch h.Habit {
	case "generic_names":
		text += have + "a name that says nothing"
	case "reused_ids":
		text += were + "begun anew a day or more after the end"
	case "secrets_in_metadata":
		text += have + "a secret in the metadata"
	case "tiny_sessions":
		text += have + "one call or none"
	case "never_closed":
		text += were + "never closed, and counted as done after a day"
	}
	if h.Example != "" {
		text += ", as " + h.Example
	}
	return text
}

// lint is one habit that is looked for.
type lint struct {
	name   string
	advice string
	least  int  // so many sessions make it a habit
	half   bool // and so must be half of all
	// shows reports whether a session shows the habit, and what of it does.
	shows func(s *eventlog.Session, now eventlog.Stamp) (example string, yes bool)
}

var lints = []lint{
	{"generic_names", "name a session after what it is to do: --name, or the name where the session is made", 1, false, genericName},
	{"reused_ids", "give each run an id of its own; a conversation that goes on can name the one before as its parent", 1, false, reusedID},
	{"secrets_in_metadata", "keep secrets out of metadata: it is shown wherever the session is", 1, false, secretMetadata},
	{"tiny_sessions", "make one session of a whole task, and let its calls be events of it", 10, true, tinySession},
	{"never_closed", "close sessions when they are done, also after an error; lazytrace sessions close ID closes one", 1, false, neverClosed},
}

// habits looks for habits in the sessions that programs of the person's own made.
func habits(c *eventlog.Catalog, now eventlog.Stamp, own func(format string) bool) []Habit {
	of := map[string]int{}
	found := map[string][]Habit{} // of each format, by the number of the lint
	for _, s := range c.Sessions {
		if !own(s.Format) {
			continue
		}
		of[s.Format]++
		if found[s.Format] == nil {
			found[s.Format] = make([]Habit, len(lints))
		}
		for i, l := range lints {
			example, yes := l.shows(s, now)
			if !yes {
				continue
			}
			h := &found[s.Format][i]
			if h.Count++; h.Count == 1 {
				h.Habit, h.Format, h.Session, h.Example, h.Advice = l.name, s.Format, s.ID, example, l.advice
			}
		}
	}
	var list []Habit
	for _, format := range slices.Sorted(maps.Keys(found)) {
		for i, h := range found[format] {
			h.Of = of[format]
			if l := lints[i]; h.Count >= l.least && (!l.half || 2*h.Count >= h.Of) {
				list = append(list, h)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Habit) int { return -cmp.Compare(a.Count, b.Count) })
	return list
}

// nothings are names that say nothing, without what is counted behind them.
var nothings = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Split(`agent,agents,my agent,ai agent,test agent,assistant,bot,chat,chatbot,conversation,session,my session,new session,default,
		default session,untitled,unnamed,noname,test,tests,testing,my test,run,new run,main,demo,example,sample,hello,hello world,foo,bar,tmp,temp,task,job,
		workflow,pipeline,app,script,program,python,node,none,null,undefined,unknown,todo,name,session name,agent run`, ",") {
		set[strings.TrimSpace(name)] = true
	}
	return set
})

func genericName(s *eventlog.Session, _ eventlog.Stamp) (string, bool) {
	if s.Name == "" || s.Title != "" || s.Parent != nil {
		return "", false // nobody gave one, a better one was given, or its parent says what it is for
	}
	name := strings.ToLower(strings.NewReplacer("_", " ", "-", " ", "/", " ", "#", " ", ".", " ").Replace(s.Name))
	name = strings.TrimRightFunc(strings.Join(strings.Fields(name), " "), func(r rune) bool { return unicode.IsDigit(r) || r == ' ' })
	return "“" + s.Name + "”", name == "" || nothings()[name]
}

// reusedID reports whether a session went on after it counted as closed by itself.
func reusedID(s *eventlog.Session, _ eventlog.Stamp) (string, bool) {
	var top []*eventlog.Run
	for _, r := range s.Runs {
		if r.Parent == 0 && r.Started && r.Start.Known() {
			top = append(top, r)
		}
	}
	slices.SortFunc(top, func(a, b *eventlog.Run) int { return cmp.Compare(a.Start, b.Start) })
	var last eventlog.Stamp
	for i, r := range top {
		if i > 0 && r.Start.Sub(last) >= eventlog.CloseAfter {
			return figure.Plural(len(top), "run") + " under one id", true
		}
		last = max(last, r.Start, r.End)
	}
	return "", false
}

// masked is how a text begins that was taken for a secret.
const masked = "[REDACTED"

// secretNames are names of metadata whose values are nobody's business.
var secretNames = []string{"password", "passwd", "secret", "token", "api_key", "apikey", "credential", "ssn", "credit_card", "card_number", "private_key"}

func secretMetadata(s *eventlog.Session, _ eventlog.Stamp) (string, bool) {
	for _, name := range slices.Sorted(maps.Keys(s.Metadata)) {
		value, lower := s.Metadata[name], strings.ToLower(strings.ReplaceAll(name, "-", "_"))
		telling := slices.ContainsFunc(secretNames, func(n string) bool { return lower == n || strings.HasSuffix(lower, "_"+n) })
		if value != "" && (strings.Contains(value, masked) || telling) {
			return "its " + name, true
		}
	}
	return "", false
}

func tinySession(s *eventlog.Session, _ eventlog.Stamp) (string, bool) {
	const events = 4 // a start, an end, and a call with its result
	return "", s.Events <= events && s.Calls+s.ToolCalls <= 1 && len(s.Children) == 0
}

func neverClosed(s *eventlog.Session, now eventlog.Stamp) (string, bool) {
	_, by := s.Status(now)
	return "", by == "auto"
}
