// Package keymap says which keys do what. Keys become actions here, before any
// pane sees them: a pane knows actions only. Every action has an id, a list of
// keys, a line of help and a scope; inner scopes win over outer ones.
package keymap

import (
	"slices"
	"strings"
)

// Action is the id of something that a person can do.
type Action string

// Scope is where an action's keys are in force.
type Scope string

// The scopes, outermost first.
const (
	Everywhere Scope = "everywhere"
	Lists      Scope = "lists"
	Sessions   Scope = "sessions"
	Opened     Scope = "opened session"
	Trace      Scope = "trace"
	Cost       Scope = "cost"
	Context    Scope = "context"
	Chat       Scope = "chat"
	Compare    Scope = "compare"
	Replaying  Scope = "replay"
	Pages      Scope = "pages"
)

// Row is one action of the table.
type Row struct {
	Action Action
	Scope  Scope
	Keys   []string // of a sequence, the keys stand apart: "g g"
	Short  string   // for the footer
	Help   string
}

// Map finds actions by keys.
type Map struct {
	keys     map[Scope]map[string]Action
	prefixes map[Scope]map[string]bool
	rows     map[Action]Row
	all      []Row
}

// New returns the map of a table.
func New(rows []Row) *Map {
	m := &Map{keys: map[Scope]map[string]Action{}, prefixes: map[Scope]map[string]bool{}, rows: map[Action]Row{}, all: rows}
	for _, r := range rows {
		if m.keys[r.Scope] == nil {
			m.keys[r.Scope], m.prefixes[r.Scope] = map[string]Action{}, map[string]bool{}
		}
		m.rows[r.Action] = r
		for _, k := range r.Keys {
			m.keys[r.Scope][k] = r.Action
			if first, _, ok := strings.Cut(k, " "); ok {
				m.prefixes[r.Scope][first] = true
			}
		}
	}
	return m
}

// Find returns the action that keys stand for in the innermost of some scopes
// that knows them, which must be given innermost first.
func (m *Map) Find(scopes []Scope, keys string) (Action, bool) {
	for _, s := range scopes {
		if a, ok := m.keys[s][keys]; ok {
			return a, true
		}
	}
	return "", false
}

// Begins reports whether a key begins a sequence.
func (m *Map) Begins(scopes []Scope, key string) bool {
	for _, s := range scopes {
		if m.prefixes[s][key] {
			return true
		}
	}
	return false
}

// Row returns the row of an action.
func (m *Map) Row(a Action) Row { return m.rows[a] }

// Conflicts returns the keys that stand for two actions in one scope.
func Conflicts(rows []Row) []string {
	type place struct {
		scope Scope
		key   string
	}
	seen, out := map[place]Action{}, []string(nil)
	for _, r := range rows {
		for _, k := range r.Keys {
			at := place{r.Scope, k}
			if other, ok := seen[at]; ok {
				out = append(out, string(r.Scope)+": "+k+" is "+string(other)+" and "+string(r.Action))
			}
			seen[at] = r.Action
		}
	}
	return out
}

// Rows returns all rows, as the person has them.
func (m *Map) Rows() []Row { return m.all }

// Next is how a sequence of keys may go on.
type Next struct{ Key, Word string }

// After returns how a sequence that began with a key may go on in some scopes.
func (m *Map) After(scopes []Scope, first string) []Next {
	var out []Next
	for _, r := range m.all {
		for _, k := range r.Keys {
			if head, rest, ok := strings.Cut(k, " "); ok && head == first && slices.Contains(scopes, r.Scope) {
				_, word, _ := strings.Cut(string(r.Action), ".")
				out = append(out, Next{rest, word})
			}
		}
	}
	return out
}
