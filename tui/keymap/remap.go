package keymap

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Remap returns a table with the keys that a person wants instead. A key that
// they give to an action is taken from whatever else it did in the same scope.
// What cannot be done is told, one problem an action, and left as it was.
func Remap(rows []Row, own map[Action][]string) ([]Row, []Problem) {
	out := slices.Clone(rows)
	var problems []Problem
	names := make([]Action, 0, len(own))
	for a := range own {
		names = append(names, a)
	}
	slices.Sort(names)
	given := map[string]Action{} // scope and key: who was given it
	for _, a := range names {
		i := slices.IndexFunc(out, func(r Row) bool { return r.Action == a })
		if i < 0 {
			problems = append(problems, Problem{a, fmt.Sprintf("there is no action %q%s", a, nearest(a, rows))})
			continue
		}
		keys, problem := spelled(own[a])
		if problem == "" {
			problem = clash(given, out[i].Scope, keys)
		}
		if problem != "" {
			problems = append(problems, Problem{a, problem})
			continue
		}
		for _, k := range keys {
			given[string(out[i].Scope)+"\x00"+k] = a
		}
		out[i].Keys = keys
		for j := range out {
			if j != i && out[j].Scope == out[i].Scope && own[out[j].Action] == nil {
				out[j].Keys = slices.DeleteFunc(slices.Clone(out[j].Keys), func(k string) bool { return slices.Contains(keys, k) })
			}
		}
	}
	return out, problems
}

// Problem is why an action does not get the keys that it was to have.
type Problem struct {
	Action Action
	Why    string
}

// keyName is how a key is spelled.
var keyName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^((ctrl|alt|shift|super|meta|hyper)\+)*(\S|[a-z]{2,12}|f[0-9]{1,2})$`)
})

// spelled checks and tidies how keys are spelled.
func spelled(keys []string) ([]string, string) {
	var out []string
	for _, k := range keys {
		parts := strings.Fields(k)
		if len(parts) == 0 || len(parts) > 2 {
			return nil, fmt.Sprintf("%q is no key: want one, or two with a blank between, as in \"g x\"", k)
		}
		for _, part := range parts {
			if !keyName().MatchString(part) {
				return nil, fmt.Sprintf("%q is no key: want as in x, X, ctrl+x, alt+x, space, enter, f5", part)
			}
			if part == "esc" && len(parts) == 1 {
				continue
			}
		}
		out = append(out, strings.Join(parts, " "))
	}
	return out, ""
}

// clash says which other action was given one of the keys.
func clash(given map[string]Action, scope Scope, keys []string) string {
	for _, k := range keys {
		if other, ok := given[string(scope)+"\x00"+k]; ok {
			return fmt.Sprintf("%s is given to %s as well", k, other)
		}
	}
	return ""
}

// nearest names an action that may have been meant.
func nearest(a Action, rows []Row) string {
	_, word, _ := strings.Cut(string(a), ".")
	if word == "" {
		word = string(a)
	}
	for _, r := range rows {
		if strings.HasSuffix(string(r.Action), "."+word) || strings.Contains(string(r.Action), word) {
			return fmt.Sprintf("; did you mean %s?", r.Action)
		}
	}
	return "; lazytrace keys lists them"
}

// Faults returns what is wrong with a table as a whole: keys that stand for two
// actions in one scope, keys that also begin a sequence there, so that it can
// never be typed, and things that can no longer be done at all.
func Faults(rows []Row) []string {
	out := Conflicts(rows)
	for _, r := range rows {
		if len(r.Keys) == 0 && (r.Action == QuitNow || r.Action == Close || r.Action == Keys || r.Action == Back) {
			out = append(out, string(r.Action)+" has no key: there would be no way out")
		}
		for _, k := range r.Keys {
			first, _, two := strings.Cut(k, " ")
			if !two {
				continue
			}
			for _, other := range rows {
				if other.Scope == r.Scope && slices.Contains(other.Keys, first) {
					out = append(out, fmt.Sprintf("%s: %s is %s and begins %s", r.Scope, first, other.Action, k))
				}
			}
		}
	}
	return out
}
