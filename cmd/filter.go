package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
)

// filterOptions are the flags that choose sessions and events, the same for
// every command.
type filterOptions struct {
	where   string
	since   string
	until   string
	last    string
	agent   string
	status  string
	session string
	grep    string
	failed  bool
}

func (o *filterOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&o.where, "where", "w", "", "keep what a query matches, as in the explorer: 'agent:research cost>0.1 -model:gpt*'")
	f.StringVar(&o.since, "since", "", "keep what began since then: 24h, 7d, 2026-01-31")
	f.StringVar(&o.until, "until", "", "keep what began until then")
	f.StringVar(&o.last, "last", "", "the same as --since")
	f.StringVar(&o.agent, "agent", "", "keep one agent; * stands for anything")
	f.StringVar(&o.status, "status", "", "keep one status: running, done, stale, interrupted")
	f.StringVar(&o.session, "session", "", "keep one session, by the beginning of its id")
	f.StringVar(&o.grep, "grep", "", "keep what holds a text in its name or goal")
	f.BoolVar(&o.failed, "failed", false, "keep what has errors")
}

// query joins the flags into one query.
func (o *filterOptions) query() (eventlog.Query, error) {
	var terms []string
	add := func(field, value string) {
		if value != "" {
			terms = append(terms, field+`"`+strings.ReplaceAll(value, `"`, "")+`"`)
		}
	}
	if o.where != "" {
		terms = append(terms, "("+o.where+")")
	}
	add("since:", o.since)
	add("since:", o.last)
	add("until:", o.until)
	add("agent:", o.agent)
	add("status:", o.status)
	add("session:", o.session)
	add("", o.grep)
	if o.failed {
		terms = append(terms, "err:any")
	}
	q, err := eventlog.ParseQuery(strings.Join(terms, " "))
	return q, refused(err)
}

// sessions returns which sessions the flags keep.
func (o *filterOptions) sessions(env *Env) (func(*eventlog.Session) bool, error) {
	q, err := o.query()
	if err != nil {
		return nil, err
	}
	now := eventlog.StampOf(env.Now())
	return func(s *eventlog.Session) bool { return s.Matches(q, now) }, nil
}
