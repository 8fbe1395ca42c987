package command

import (
	"maps"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/recorder/origin"
)

// The environment by which a program, and a recorder that it starts, find the
// recorder that they run under.
const (
	EnvSession = origin.EnvSession
	EnvRun     = origin.EnvRun
	EnvRoot    = origin.EnvRoot
	EnvSocket  = origin.EnvSocket
	EnvStore   = origin.EnvStore
	EnvURL     = origin.EnvURL
	EnvToken   = origin.EnvToken
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
