package origin

import "os"

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

// Above returns the session and the run that a new session lies below: the ones
// of the recorder around it, unless it is detached or somebody named another
// session as its parent; and the outermost session that these lie in, if they do.
func Above(getenv func(string) string, parent string, detached bool) (session, run, root string) {
	outer := getenv(EnvSession)
	if detached || parent != "" && parent != outer {
		return parent, "", ""
	}
	return outer, getenv(EnvRun), getenv(EnvRoot)
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
