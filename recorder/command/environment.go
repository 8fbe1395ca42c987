package command

import (
	"maps"
	"slices"
	"strings"
)

// environment returns the caller's environment with the settings in place of
// what it has under those names. An empty setting takes the name out.
func environment(caller []string, settings map[string]string) []string {
	env := make([]string, 0, len(caller)+len(settings))
	for _, entry := range caller {
		name, _, _ := strings.Cut(entry, "=")
		if _, ours := settings[name]; !ours {
			env = append(env, entry)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		if value := settings[name]; value != "" {
			env = append(env, name+"="+value)
		}
	}
	return slices.Clip(env)
}
