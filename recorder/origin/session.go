package origin

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/alive"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Session is what is known of a session when it begins. What is empty is not
// told.
type Session struct {
	Name, Goal, Agent                         string
	Environment, Experiment, Variant, Version string
	Parent, ParentRun                         string // what it was started by
	Root                                      string // the outermost of the sessions around it
	Run                                       string // the run that stands for the whole program
	Args                                      []string
	Dir                                       string
	PID                                       int // of the program
	Started                                   time.Time
	Metadata                                  map[string]string
	Tags                                      []string
	Metrics                                   map[string]float64 // for Facts; events tell of them by themselves
	Layers                                    []string           // what captures its events
	Guards                                    json.RawMessage    // the limits that it is held to; nil when there are none
	Unsafe                                    bool               // nothing is redacted
}

// Payload is what the session_start event tells.
func (s *Session) Payload() *wire.Object {
	host, _ := os.Hostname() // left out when it has none
	var o wire.Object
	o.Text("name", s.Name)
	o.Text("goal", s.Goal)
	o.Text("agent", s.Agent)
	o.Set("argv", s.Args)
	o.Text("cwd", s.Dir)
	o.Text("host", host)
	o.Int("pid", int64(s.PID))
	recorder, mark := alive.Self()
	o.Int("recorder_pid", int64(recorder))
	o.Text("recorder_mark", mark)
	o.Text("user", userName())
	o.Text("git_branch", gitBranch(s.Dir))
	o.Text("parent_session_id", s.Parent)
	o.Text("parent_run_id", s.ParentRun)
	if s.Root != s.Parent {
		o.Text("root_session_id", s.Root)
	}
	o.Text("run_id_of_command", s.Run)
	if len(s.Metadata) > 0 {
		o.Set("metadata", s.Metadata)
	}
	if len(s.Tags) > 0 {
		o.Set("tags", s.Tags)
	}
	o.Text("experiment", s.Experiment)
	o.Text("variant", s.Variant)
	o.Text("environment", s.Environment)
	o.Text("lazytrace_version", s.Version)
	o.Set("capture", s.Layers)
	if s.Guards != nil {
		o.Raw("guards", s.Guards)
	}
	if s.Unsafe {
		o.Raw("unsafe_payloads", []byte("true"))
		o.Text("banner", "payloads of this session were stored without redaction")
	}
	return &o
}

// Facts are the same for the table of sessions.
func (s *Session) Facts() *eventlog.Facts {
	host, _ := os.Hostname()
	project := ""
	if s.Dir != "" {
		project = filepath.Base(s.Dir)
	}
	recorder, mark := alive.Self()
	return &eventlog.Facts{
		RecorderPid: recorder, RecorderMark: mark,
		Name: s.Name, Goal: s.Goal, Agent: s.Agent, User: userName(), Directory: s.Dir,
		Project: project, Branch: gitBranch(s.Dir), Environment: s.Environment,
		ParentID: s.Parent, Experiment: s.Experiment, Variant: s.Variant, Version: s.Version,
		Host: host, Command: strings.Join(s.Args, " "), Started: eventlog.StampOf(s.Started),
		Metadata: s.Metadata, Tags: s.Tags, Metrics: s.Metrics,
	}
}
