package guard

import (
	"encoding/json"

	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Describe says in JSON what is guarded, for the beginning of the log. Of hooks
// it names no more than what they are: their addresses may be secrets.
func (o Options) Describe() json.RawMessage {
	type rule struct {
		Name      string   `json:"name"`
		Source    string   `json:"source"`
		Limit     string   `json:"limit"`
		Threshold any      `json:"threshold"`
		Unit      string   `json:"unit"`
		Where     string   `json:"where,omitempty"`
		WithinMS  int64    `json:"within_ms,omitempty"`
		Action    string   `json:"action"`
		Severity  string   `json:"severity"`
		Hooks     []string `json:"hooks,omitempty"`
	}
	names := func(hooks []Hook) (list []string) {
		for _, h := range hooks {
			list = append(list, h.String())
		}
		return list
	}
	rules := make([]rule, len(o.Rules))
	for i, r := range o.Rules {
		rules[i] = rule{
			r.Name, r.Source, r.Limit.String(), rawNumber(r.Limit.number(r.Most)), units[r.Limit], r.Where.String(), r.Within.Milliseconds(),
			r.Action.String(), r.Severity.String(), names(r.Hooks),
		}
	}
	var out wire.Object
	out.Set("rules", rules)
	if hooks := names(o.OnSignal); len(hooks) > 0 {
		out.Set("on_signal", hooks)
	}
	return out.JSON()
}
