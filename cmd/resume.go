package cmd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/recorder/guard"
)

func newResume(env *Env) *cobra.Command {
	return &cobra.Command{
		Use: "resume [SESSION|PID]", Short: "Let a command go on that a guard has paused", Args: cobra.MaximumNArgs(1),
		Long: `Let a command go on that a guard has paused (run --on-trip pause, or a policy).
The limit that it was paused for is raised: as much again may be used.

SESSION is the id of its session, or how that begins; PID is the number of its
recorder, which the notice tells, or its own. Where only one command is paused,
neither is needed.`,
		RunE: func(c *cobra.Command, args []string) error {
			which := ""
			if len(args) > 0 {
				which = args[0]
			}
			return runResume(c.Context(), env, which)
		},
	}
}

func runResume(ctx context.Context, env *Env, which string) error {
	r, err := pausedOne(guard.Find(ctx), which)
	if err != nil {
		return err
	}
	if err := guard.Resume(ctx, r); err != nil {
		if errors.Is(err, guard.ErrNotPaused) {
			return refuse("session %s is not paused", r.Session)
		}
		return err
	}
	_, err = fmt.Fprintf(env.Stdout, "session %s goes on\n", escape.Line(r.Session))
	return err
}

// pausedOne returns the recording that is meant.
func pausedOne(all []guard.Recording, which string) (guard.Recording, error) {
	var found []guard.Recording
	for _, r := range all {
		named := which != "" && (strings.HasPrefix(r.Session, which) || strconv.Itoa(r.Recorder) == which || strconv.Itoa(r.Command) == which)
		if named || which == "" && r.Paused != "" {
			found = append(found, r)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0 && which == "":
		return guard.Recording{}, refuse("nothing is paused")
	case len(found) == 0:
		return guard.Recording{}, refuse("no recording that can be paused is %s; it is the id of a session, or the number of a process", which)
	}
	var ids []string
	for _, r := range found {
		ids = append(ids, fmt.Sprintf("%s (process %d)", r.Session, r.Recorder))
	}
	return guard.Recording{}, refuse("several are meant: %s", strings.Join(ids, ", "))
}
