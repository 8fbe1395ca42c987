package cmd

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/rollup/health"
)

func newDoctor(env *Env) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "doctor [PATH...]", Short: "Say what is found, what is not understood, and what to do about it",
		Long: `Look at all usual places, or at the paths: what is there, by which versions it was
written, what of it is new to this version or cannot be read; and at the store,
the prices, the formats of your own and the terminal. Nothing is changed. The
exit code is 1 when something is broken.`,
		RunE: func(c *cobra.Command, args []string) error { return runDoctor(c.Context(), env, args, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func runDoctor(ctx context.Context, env *Env, paths []string, asJSON bool) error {
	paths, done, err := withStdin(ctx, env, paths, false)
	if err != nil {
		return err
	}
	defer done()
	r, err := examine(ctx, env, paths, nil)
	if err != nil {
		return err
	}
	if asJSON {
		if err := printJSON(env.Stdout, r); err != nil {
			return err
		}
	} else {
		printHealth(env.Stdout, r, env.Now())
	}
	if len(r.Broken) > 0 {
		return exitError{code: exitFailed}
	}
	return nil
}

// printHealth tells it to people.
func printHealth(w io.Writer, r *health.Report, now time.Time) {
	line := func(format string, args ...any) {
		for i, a := range args {
			if s, ok := a.(string); ok {
				args[i] = escape.Line(s)
			}
		}
		fmt.Fprintf(w, format+"\n", args...)
	}
	line("lazytrace %s", r.Version)
	if len(r.Places) > 0 {
		line("\nplaces")
	}
	for _, p := range r.Places {
		switch {
		case !p.There:
			line("  none     %s", p.Path)
		default:
			line("  %-7s  %s", figure.Plural(p.Files, "file"), p.Path)
		}
	}
	line("\nread")
	if len(r.Read) == 0 {
		line("  nothing")
	}
	for _, f := range r.Read {
		text := fmt.Sprintf("%-16s %s, %s, %s", f.Format, figure.Plural(f.Files, "file"), figure.Plural(f.Records, "record"), figure.Plural(f.Sessions, "session"))
		if len(f.Versions) > 0 {
			text += ", written by " + strings.Join(f.Versions, " to ")
		}
		if f.Unread > 0 {
			text += fmt.Sprintf(", %d unreadable", f.Unread)
		}
		line("  %s", text)
	}
	printNews(r, line)
	if len(r.Kept) > 0 {
		line("\nkept by their agents")
	}
	for _, k := range r.Kept {
		line("  %-16s %s, %s", k.Format, figure.Plural(k.Files, "file"), k.Text())
		if dying := k.Dying(); dying != "" {
			line("  %-16s %s", "", dying)
		}
	}
	line("\narchive\n  %s, %s", r.Archive.Path, r.Archive.Text(now))
	line("\nfollowed")
	if f := r.Followed; f.Polled > 0 {
		line("  %s as the system tells, %s looked at every second: %s", figure.Plural(f.Told, "folder"), figure.Plural(f.Polled, "path"), f.Reason)
	} else {
		line("  %s, as the system tells", figure.Plural(f.Told, "folder"))
	}
	line("\nstore")
	switch {
	case r.Store.Path == "":
		line("  not looked at")
	case !r.Store.There:
		line("  none yet: %s", r.Store.Path)
	default:
		state := "sound"
		if len(r.Store.Damage) > 0 {
			state = "damaged: " + r.Store.Damage[0]
		}
		line("  %s, %d bytes, %s", r.Store.Path, r.Store.Size, state)
	}
	if r.Prices.Date != "" {
		line("\nprices\n  of %s, %s old, %s; %d of your own", r.Prices.Date, figure.Plural(r.Prices.Days, "day"), r.Prices.Source, r.Prices.Own)
	}
	if len(r.Habits) > 0 {
		line("\nhabits of your programs")
	}
	for _, h := range r.Habits {
		line("  %-16s %s: %s", h.Format, h.Text(), h.Advice)
	}
	if len(r.Killed) > 0 {
		line("\ninterrupted")
	}
	for i, k := range r.Killed {
		if i == 5 {
			line("  and %d more; --json has all", len(r.Killed)-i)
			break
		}
		line("  session %s in %s: %s", short(k.Session), strings.Join(k.Paths, ", "), k.Reason)
	}
	line("\nformats of your own\n  in %s: %s", r.Formats.Folder, cmp.Or(strings.Join(r.Formats.Names, ", "), "none"))
	for _, p := range r.Formats.Problems {
		line("  %s", p)
	}
	if t := r.Terminal; t.Terminal {
		line("\nterminal\n  %s, colours %s, %d columns, %d lines", cmp.Or(t.Term, "no TERM"), t.Colors, t.Width, t.Height)
	} else {
		line("\nterminal\n  %s, standard output is none: the explorer needs one", cmp.Or(t.Term, "no TERM"))
	}
	line("\nwhat to do")
	if len(r.Broken)+len(r.Advice) == 0 {
		line("  nothing: all is well")
	}
	for _, b := range r.Broken {
		line("  broken: %s", b)
	}
	for _, a := range r.Advice {
		line("  %s", a)
	}
}

// printNews tells what could not be opened, read, or understood.
func printNews(r *health.Report, line func(format string, args ...any)) {
	const most = 20
	if len(r.Drift) > 0 {
		line("\nnew to this version")
	}
	for i, n := range r.Drift {
		if i == most {
			line("  and %d more; --json has all", len(r.Drift)-most)
			break
		}
		by := ""
		if n.Version != "" {
			by = ", written by " + n.Version
		}
		line("  %s: the %s %q, %s%s, first in %s at %d", n.Format, n.What, n.Name, figure.Plural(n.Count, "time"), by, n.Path, n.Pos)
	}
	for _, part := range []struct {
		title string
		list  []health.Fault
	}{{"not opened", r.Failed}, {"not read", r.Faults}} {
		if len(part.list) > 0 {
			line("\n%s", part.title)
		}
		for i, f := range part.list {
			if i == most {
				line("  and %d more", len(part.list)-most)
				break
			}
			line("  %s", eventlog.Fault{Path: f.Path, Pos: f.Pos, Why: f.Why}.String())
		}
	}
}
