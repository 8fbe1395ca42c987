package command

import (
	"maps"
	"os"
	"slices"
	"strings"
)

// The environment by which a program, and a recorder that it starts, find the
// recorder that they run under.
const (
	EnvSession = "LAZYTRACE_SESSION"      // the id of the session
	EnvRun     = "LAZYTRACE_PARENT_RUN"   // the id of the program's own run in it
	EnvRoot    = "LAZYTRACE_ROOT_SESSION" // the id of the outermost session, whose trace all inside are part of
	EnvSocket  = "LAZYTRACE_SOCKET"       // where events are taken
	EnvStore   = "LAZYTRACE_DB"           // the store, for a recorder inside
	EnvURL     = "LAZYTRACE_ENDPOINT"     // where events are taken over HTTP
	EnvToken   = "LAZYTRACE_TOKEN"        // from whom
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

// userName is who records. The environment is asked rather than the system:
// that may be a service on the network.
func userName() string {
	for _, name := range []string{"USER", "LOGNAME", "USERNAME"} {
		if user := os.Getenv(name); user != "" {
			return user
		}
	}
	return ""
}
