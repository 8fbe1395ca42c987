package check

import "fmt"

// Report is what came of judging sessions.
type Report struct {
	Rules    []Rule
	Subjects []*Subject
	Baseline *Baseline
	Findings []Finding // errors first
	Strict   bool      // warnings trip as well
	Version  string    // of the program
	Folder   string    // from which relative paths are told

	// Shown makes of foreign text what may be shown; nil leaves it.
	Shown func(string) string
}

// Counts returns how many findings trip the gate by themselves, and how many only warn.
func (r *Report) Counts() (errors, warnings int) {
	for i := range r.Findings {
		if r.Findings[i].Level == Error {
			errors++
		} else {
			warnings++
		}
	}
	return errors, warnings
}

// Tripped reports whether the gate is shut.
func (r *Report) Tripped() bool {
	errors, warnings := r.Counts()
	return errors > 0 || r.Strict && warnings > 0
}

// summary says in a line what came of it.
func (r *Report) summary() string {
	errors, warnings := r.Counts()
	verdict := "passed"
	if r.Tripped() {
		verdict = "tripped"
	}
	return fmt.Sprintf("%s: %s and %s in %s by %s", verdict, count(int64(errors), "error"), count(int64(warnings), "warning"),
		count(int64(len(r.Subjects)), "session"), count(int64(len(r.Rules)), "rule"))
}

func (r *Report) shown(text string) string {
	if r.Shown == nil {
		return text
	}
	return r.Shown(text)
}

// where spells a place in the way that editors open.
func (p Place) where() string {
	switch {
	case p.Line > 0:
		return fmt.Sprintf("%s:%d", p.Path, p.Line)
	case p.Pos >= 0:
		return fmt.Sprintf("%s at %d", p.Path, p.Pos)
	}
	return p.Path
}

// short is as much of an id as people compare.
func short(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}

// subject says in a few words which session a finding is about.
func (f *Finding) subject() string {
	if f.Session == "" {
		return "all sessions"
	}
	if f.Name == "" || f.Name == f.Session {
		return "session " + short(f.Session)
	}
	return "session " + short(f.Session) + " " + clipped(f.Name)
}

// rule returns the rule of a finding.
func (r *Report) rule(f *Finding) *Rule {
	for i := range r.Rules {
		if r.Rules[i].ID == f.Rule && r.Rules[i].Source == f.Source {
			return &r.Rules[i]
		}
	}
	return &Rule{ID: f.Rule, What: f.What}
}
