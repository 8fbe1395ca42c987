package rollup

import (
	"encoding/json"
	"reflect"
)

// Fields is the usage object by its names, for those who add to it.
func (s Sum) Fields() map[string]any {
	o := reflect.ValueOf(s.object())
	m := make(map[string]any, len(objectNames)+8)
	for i, name := range objectNames {
		m[name] = o.Field(i).Interface()
	}
	return m
}

// objectNames are what the fields of an object are called.
var objectNames = func() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[object]()) {
		names = append(names, f.Tag.Get("json"))
	}
	return names
}()

// Fields is the usage object of the group itself, with the one of the group and
// everything below it as its member inclusive.
func (g Group) Fields() map[string]any {
	m := g.Own.Fields()
	m["inclusive"] = g.Inclusive.object()
	return m
}

// Fields is the usage object of the run, with inclusive, agent_name, session_id
// and, below another run, parent_run_id and link.
func (r Run) Fields() map[string]any {
	m := r.Group().Fields()
	m["agent_name"] = r.Agent
	m["session_id"] = r.Session.ID
	if r.Parent >= 0 {
		m["parent_run_id"] = r.Above
		m["link"] = r.Run.Link
	}
	return m
}

// MarshalJSON writes Fields.
func (g Group) MarshalJSON() ([]byte, error) { return json.Marshal(g.Fields()) }

// MarshalJSON writes Fields.
func (r Run) MarshalJSON() ([]byte, error) { return json.Marshal(r.Fields()) }

// ByKey returns groups by their keys.
func ByKey(groups []Group) map[string]Group {
	m := make(map[string]Group, len(groups))
	for _, g := range groups {
		m[g.Key] = g
	}
	return m
}

// ByRun returns the runs by their ids. Two sessions may use one run id; the
// later ones are then listed as SESSION/RUN. What belongs to no run is left out.
func (r *Report) ByRun() map[string]Run {
	m := map[string]Run{}
	for _, run := range r.Runs {
		if run.Key == "" {
			continue
		}
		key := run.Key
		if _, taken := m[key]; taken {
			key = run.Session.ID + "/" + run.Key
		}
		m[key] = run
	}
	return m
}
