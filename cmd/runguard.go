package cmd

import (
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/recorder/guard"
	"github.com/lazytrace/lazytrace/recorder/pipeline"
)

// guardOptions are the flags of run that limit what is recorded, as they were
// written.
type guardOptions struct {
	maxCost              string
	maxTokens, maxErrors int64
	maxRepeat            int64
	maxWall              time.Duration
	onTrip               string
	policies             []string
	exec, webhook        []string
	given                func(flag string) bool
}

func (o *guardOptions) register(c *cobra.Command) {
	f := c.Flags()
	o.given = f.Changed
	f.StringVar(&o.maxCost, "max-cost", "", "`dollars` that model calls may cost, recorded or estimated")
	f.DurationVar(&o.maxWall, "max-wall", 0, "how long the command may run")
	f.Int64Var(&o.maxRepeat, "max-repeat", 0, "`calls` in a row of one tool with the same arguments and result that are too many")
	f.Int64Var(&o.maxErrors, "max-errors", 0, "how many `errors` there may be")
	f.Int64Var(&o.maxTokens, "max-tokens", 0, "`tokens` that model calls may use")
	f.StringVar(&o.onTrip, "on-trip", "notify", "what is done when a limit is passed: notify, pause, stop")
	f.StringArrayVar(&o.policies, "policy", nil, "YAML `file` of policies (repeatable)")
	f.StringArrayVar(&o.exec, "on-signal-exec", nil, "shell `command` that gets each signal as JSON on stdin (repeatable)")
	f.StringArrayVar(&o.webhook, "on-signal-webhook", nil, "`URL` that each signal is posted to as JSON (repeatable)")
}

// guard makes options of the flags, nil when nothing is guarded. Secrets in what
// hooks are told are masked by the redactor of the recording.
func (o *guardOptions) guard(mask pipeline.Redactor) (*guard.Options, error) {
	if o.given == nil {
		return nil, nil // no flags, no limits
	}
	rules, err := o.limits()
	if err != nil {
		return nil, err
	}
	for _, path := range o.policies {
		more, err := guard.ReadPolicies(path)
		if err != nil {
			return nil, fmt.Errorf("--policy: %w", err)
		}
		rules = append(rules, more...)
	}
	if err := unique(rules); err != nil {
		return nil, err
	}
	g := &guard.Options{Rules: rules, Reader: dialect.NewStored()}
	if mask != nil {
		g.Redactor = mask
	}
	if g.OnSignal, err = o.hooks(); err != nil {
		return nil, err
	}
	if len(rules) == 0 {
		if len(g.OnSignal) > 0 || o.given("on-trip") {
			return nil, fmt.Errorf("--on-trip, --on-signal-exec and --on-signal-webhook need a limit, like --max-cost, or a --policy")
		}
		return nil, nil
	}
	// With prices that cannot be read the limit would not be the one that was meant.
	p, err := openPrices(realEnv())
	if err != nil {
		return nil, err
	}
	g.Prices = p.Book
	return g, nil
}

// limits makes rules of the flags that were given.
func (o *guardOptions) limits() (rules []guard.Rule, err error) {
	action, err := guard.ParseAction(o.onTrip)
	if err != nil {
		return nil, fmt.Errorf("--on-trip: %w", err)
	}
	severity := guard.Warning
	if action >= guard.Pause {
		severity = guard.Critical
	}
	add := func(name, flag string, l guard.Limit, most int64) {
		rules = append(rules, guard.Rule{Name: name, Source: "--" + flag, Limit: l, Most: most, Action: action, Severity: severity})
	}
	if o.given("max-cost") {
		most, err := guard.ParseCost(o.maxCost)
		if err != nil {
			return nil, fmt.Errorf("--max-cost: %w", err)
		}
		add("max_cost", "max-cost", guard.Cost, int64(most))
	}
	if o.given("max-wall") {
		if o.maxWall <= 0 {
			return nil, fmt.Errorf("--max-wall %s: more than 0 is expected", o.maxWall)
		}
		add("max_wall", "max-wall", guard.Wall, int64(o.maxWall))
	}
	for _, c := range []struct {
		name, flag  string
		limit       guard.Limit
		value, from int64
	}{
		{"max_repeat", "max-repeat", guard.Repeat, o.maxRepeat, 2},
		{"max_errors", "max-errors", guard.Errors, o.maxErrors, 0},
		{"max_tokens", "max-tokens", guard.Tokens, o.maxTokens, 0},
	} {
		switch {
		case !o.given(c.flag):
		case c.value < c.from || c.value == math.MaxInt64:
			return nil, fmt.Errorf("--%s %d: a number from %d on is expected", c.flag, c.value, c.from)
		default:
			add(c.name, c.flag, c.limit, c.value)
		}
	}
	return rules, nil
}

func (o *guardOptions) hooks() (hooks []guard.Hook, err error) {
	for _, line := range o.exec {
		if line == "" {
			return nil, fmt.Errorf("--on-signal-exec: a command is expected")
		}
		hooks = append(hooks, guard.Hook{Command: line})
	}
	for _, address := range o.webhook {
		if address, err = guard.ParseURL(address); err != nil {
			return nil, fmt.Errorf("--on-signal-webhook: %w", err)
		}
		hooks = append(hooks, guard.Hook{URL: address})
	}
	return hooks, nil
}

// unique sees to it that a name in the log means one rule.
func unique(rules []guard.Rule) error {
	from := map[string]string{}
	for _, r := range rules {
		if other, twice := from[r.Name]; twice {
			return fmt.Errorf("the name %q is used twice, by %s and by %s", r.Name, other, r.Source)
		}
		from[r.Name] = r.Source
	}
	return nil
}
