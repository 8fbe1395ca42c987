package eventlog

import (
	"cmp"
	"slices"
	"strings"
)

// Values are what the fields of queries are known to be in the catalog, by field,
// the most frequent first; of metadata also the keys, as the field "meta". The work
// is proportional to the catalog.
func (c *Catalog) Values() map[string][]string {
	sets := map[string]map[string]int{}
	add := func(field, value string) {
		const most = 500
		if value == "" || len(value) > 80 {
			return
		}
		if sets[field] == nil {
			sets[field] = map[string]int{}
		}
		if len(sets[field]) < most || sets[field][value] > 0 {
			sets[field][value]++
		}
	}
	names := c.Symbols
	for _, s := range c.Sessions {
		add("agent", s.Agent)
		add("format", s.Format)
		add("branch", s.Branch)
		add("project", s.Project)
		add("user", s.User)
		add("env", s.Environment)
		add("experiment", s.Experiment)
		add("variant", s.Variant)
		add("host", s.Host)
		add("dir", lastOf(s.Directory))
		add("repo", lastOf(s.Directory))
		for _, tag := range s.Tags {
			add("tag", tag)
		}
		for k, v := range s.Metadata {
			add("meta", k)
			add("meta."+k, v)
		}
		for _, r := range s.Runs {
			add("agent", names.Name(r.Agent))
			for _, t := range r.Tools {
				add("tool", names.Name(t.Tool))
			}
		}
	}
	for _, e := range c.Entries.All() {
		add("model", names.Name(e.Model))
		add("provider", names.Name(e.Provider))
	}
	return sortedValues(sets)
}

func sortedValues(sets map[string]map[string]int) map[string][]string {
	out := map[string][]string{}
	for field, counts := range sets {
		for v := range counts {
			out[field] = append(out[field], v)
		}
		slices.SortFunc(out[field], func(a, b string) int {
			return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
		})
	}
	return out
}

// lastOf is the last part of a path of any system.
func lastOf(path string) string {
	path = strings.TrimRight(path, `/\`)
	return path[strings.LastIndexAny(path, `/\`)+1:]
}
