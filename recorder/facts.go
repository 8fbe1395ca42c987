package recorder

import (
	"encoding/json"
	"path/filepath"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// facts are what the payload of session_start tells, for the table of sessions:
// taken from the masked payload, since a redactor may go by names that the table
// spells otherwise.
func (s *Session) facts(payload json.RawMessage) *eventlog.Facts {
	f, m := s.about.Facts(), s.engine.masked(payload)
	f.Name, f.Goal, f.Agent, f.User, f.Directory, f.Branch = m.Name, m.Goal, m.Agent, m.User, m.Directory, m.Branch
	f.Environment, f.Experiment, f.Variant = m.Environment, m.Experiment, m.Variant
	f.Project, f.Command, f.Metadata, f.Tags = "", strings.Join(m.Args, " "), m.Metadata, m.Tags
	if m.Directory != "" {
		f.Project = filepath.Base(m.Directory)
	}
	return f
}

// told are the texts of a payload that the table of sessions holds as well.
type told struct {
	Name        string            `json:"name"`
	Goal        string            `json:"goal"`
	Agent       string            `json:"agent"`
	User        string            `json:"user"`
	Directory   string            `json:"cwd"`
	Branch      string            `json:"git_branch"`
	Environment string            `json:"environment"`
	Experiment  string            `json:"experiment"`
	Variant     string            `json:"variant"`
	Args        []string          `json:"argv"`
	Metadata    map[string]string `json:"metadata"`
	Tags        []string          `json:"tags"`
	Reason      string            `json:"failure_reason"`
}

// masked reads what is left of a payload when its secrets are masked: nothing
// when that cannot be done.
func (e *engine) masked(payload json.RawMessage) (t told) {
	defer func() {
		if recover() != nil {
			t = told{} // the pipeline counts the failure
		}
	}()
	if e.redactor != nil {
		payload, _ = e.redactor.JSON(payload)
	}
	if json.Unmarshal(payload, &t) != nil {
		return told{}
	}
	return t
}
