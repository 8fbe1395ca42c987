package cmd

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
)

type searchOptions struct {
	filterOptions
	paths  []string
	limit  int
	asJSON bool
}

func newSearch(env *Env) *cobra.Command {
	var opts searchOptions
	c := &cobra.Command{
		Use: "search WORD...", Short: "Find words in everything that sessions hold", Args: cobra.MinimumNArgs(1),
		Long: `Print the records that hold all of the words, wherever in them, newest sessions
first: of all sessions that are found on this machine, or of those at --path.
The case of ASCII letters does not matter. A word with blanks in it is found as it
stands. What is printed of a record is what stands around the first word, its
secrets masked. The other flags choose sessions.`,
		RunE: func(c *cobra.Command, args []string) error { return runSearch(c.Context(), env, args, opts) },
	}
	c.Flags().StringArrayVar(&opts.paths, "path", nil, "search here: a file, a folder, a pattern, or - for standard input (repeatable)")
	opts.flags(c)
	c.Flags().IntVarP(&opts.limit, "limit", "n", 0, "print so many records at most")
	c.Flags().BoolVar(&opts.asJSON, "json", false, "print one JSON object a record")
	formatFlag(c, env)
	return c
}

// enoughFound ends a search that has printed as much as was asked for.
type enoughFound struct{}

func (enoughFound) Error() string { return "enough" }

func runSearch(ctx context.Context, env *Env, words []string, opts searchOptions) error {
	if strings.TrimSpace(strings.Join(words, "")) == "" {
		return refuse("search for what? give a word")
	}
	keep, err := opts.sessions(env)
	if err != nil {
		return err
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	set, cat, done, err := loadSet(ctx, env, opts.paths)
	if err != nil {
		return err
	}
	defer done()
	sessions := []*eventlog.Session{} // none is not all
	ids := make([]string, 0, len(cat.Sessions))
	for _, s := range cat.Sessions {
		ids = append(ids, s.ID)
		if keep(s) {
			sessions = append(sessions, s)
		}
	}
	short := prefixes(ids)
	out := bufio.NewWriter(env.Stdout)
	n := 0
	err = set.Search(ctx, words, sessions, func(f *eventlog.Finding) error {
		n++
		var err error
		if opts.asJSON {
			err = printJSON(out, foundOf(f))
		} else {
			_, err = fmt.Fprintln(out, foundText(f, short))
		}
		if err == nil && opts.limit > 0 && n >= opts.limit {
			return enoughFound{}
		}
		return err
	}, nil)
	if err == (enoughFound{}) {
		err = nil
	}
	if ferr := out.Flush(); err == nil {
		err = ferr
	}
	if err == nil && n == 0 {
		fmt.Fprintf(env.Stderr, "lazytrace: no record of %s holds %s\n", figure.Plural(len(sessions), "session"), escape.Line(strings.Join(words, " and ")))
	}
	return err
}

// foundResult is a record that was found, as JSON.
type foundResult struct {
	Session string `json:"session_id"`
	Run     string `json:"run_id,omitempty"`
	Agent   string `json:"agent,omitempty"`
	Path    string `json:"path"`
	Format  string `json:"format"`
	Line    int64  `json:"line,omitempty"`
	Table   string `json:"table,omitempty"`
	Pos     int64  `json:"position"`
	Time    string `json:"time,omitempty"`
	Kind    string `json:"kind,omitempty"`
	Tool    string `json:"tool,omitempty"`
	Model   string `json:"model,omitempty"`
	Why     string `json:"why,omitempty"`
	Excerpt string `json:"excerpt"`
}

func foundOf(f *eventlog.Finding) foundResult {
	e := escape.Line
	r := foundResult{
		Session: e(f.Session), Run: e(f.Run), Agent: e(f.Agent), Path: e(f.Path), Format: e(f.Format), Line: f.Line, Table: e(f.Table), Pos: f.Pos,
		Kind: e(f.Event), Tool: e(f.Tool), Model: e(f.Model), Why: e(f.Why), Excerpt: e(f.Excerpt),
	}
	if f.Time.Known() {
		r.Time = f.Time.Time().UTC().Format(time.RFC3339Nano)
	}
	return r
}

// foundText is a record that was found on one line.
func foundText(f *eventlog.Finding, short func(string) string) string {
	when := "-"
	if f.Time.Known() {
		when = f.Time.Time().Local().Format(time.DateTime)
	}
	parts := []string{placeText(f), when, escape.Line(short(f.Session))}
	for _, part := range []string{strings.TrimSpace(f.Event + " " + f.Tool), f.Excerpt} {
		if part != "" {
			parts = append(parts, escape.Line(part))
		}
	}
	return strings.Join(parts, "  ")
}
