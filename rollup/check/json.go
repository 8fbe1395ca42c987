package check

import "github.com/lazytrace/lazytrace/rollup"

// Object is the report as JSON tells it.
func (r *Report) Object() any {
	type judged struct {
		ID       string     `json:"session_id"`
		Name     string     `json:"session"`
		Running  bool       `json:"running"`
		Wall     int64      `json:"wall_ms"`
		Outcome  string     `json:"outcome"`
		Paths    []string   `json:"paths"`
		Findings int        `json:"findings"`
		Usage    rollup.Sum `json:"usage"`
	}
	type rule struct {
		ID     string `json:"id"`
		Kind   string `json:"kind"`
		What   What   `json:"what"`
		Limit  Amount `json:"limit"`
		Unit   Unit   `json:"unit"`
		Level  Level  `json:"level"`
		Source string `json:"source"`
	}
	errors, warnings := r.Counts()
	out := struct {
		Tripped  bool      `json:"tripped"`
		Errors   int       `json:"errors"`
		Warnings int       `json:"warnings"`
		Strict   bool      `json:"strict"`
		Baseline *string   `json:"baseline"`
		Findings []Finding `json:"findings"`
		Sessions []judged  `json:"sessions"`
		Rules    []rule    `json:"rules"`
	}{r.Tripped(), errors, warnings, r.Strict, nil, append([]Finding{}, r.Findings...), []judged{}, []rule{}}
	if r.Baseline != nil {
		out.Baseline = &r.Baseline.ID
	}
	found := map[string]int{}
	for i := range r.Findings {
		found[r.Findings[i].Session]++
	}
	for _, s := range r.Subjects {
		out.Sessions = append(out.Sessions, judged{s.Session.ID, s.Session.Label(), s.Running, s.Wall.Milliseconds(), s.Session.Outcome.String(), s.Session.Paths, found[s.Session.ID], s.Sum})
	}
	for i := range r.Rules {
		v := &r.Rules[i]
		out.Rules = append(out.Rules, rule{v.ID, v.What.Kind().ID, v.What, v.Limit, v.What.Kind().Unit, v.Level, v.Source})
	}
	return out
}
