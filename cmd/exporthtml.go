package cmd

import (
	"bufio"
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/rollup/handout"
)

// handoutOptions bound a document that is handed to somebody.
type handoutOptions struct {
	maxBytes     int64
	maxTokens    int
	noTranscript bool
}

func (o *handoutOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.Int64Var(&o.maxBytes, "max-bytes", handout.DefaultBytes, "of html, the most bytes of the page; what does not fit is left out and named")
	f.IntVar(&o.maxTokens, "max-tokens", 0, "of md, the most tokens of the document, estimated rather too high; 0 is no bound")
	f.BoolVar(&o.noTranscript, "no-transcript", false, "of html and md, leave out what was said")
}

// mostHandedOver is how many sessions one document tells of: nobody reads more.
const mostHandedOver = 200

// The least bounds within which a document can say what it leaves out.
const (
	leastBytes  = 64 << 10
	leastTokens = 500
)

// exportPage writes sessions as a page of HTML.
func exportPage(ctx context.Context, env *Env, paths []string, opts exportOptions) error {
	if opts.maxBytes < leastBytes {
		return refuse("--max-bytes %d is too little for a page; give at least %d", opts.maxBytes, leastBytes)
	}
	return exportHandout(ctx, env, paths, opts, handout.HTML)
}

// exportHandout has a document written of the sessions that the filter leaves.
func exportHandout(ctx context.Context, env *Env, paths []string, opts exportOptions, write func(context.Context, io.Writer, handout.Options) error) error {
	keep, err := opts.sessions(env)
	if err != nil {
		return err
	}
	set, cat, done, err := loadSet(ctx, env, paths)
	if err != nil {
		return err
	}
	defer done()
	sessions, err := handedOver(cat, keep)
	if err != nil {
		return err
	}
	if n := len(sessions); n > mostHandedOver {
		return refuse("%d sessions are too many for one document; leave at most %d with --session, --since, --agent or another filter", n, mostHandedOver)
	}
	given := handout.Options{
		Catalog: cat, Sessions: sessions, Now: eventlog.StampOf(env.Now()), MaxBytes: opts.maxBytes, MaxTokens: opts.maxTokens, NoTranscript: opts.noTranscript,
		Open: func(ctx context.Context, s *eventlog.Session) (eventlog.Log, error) { return readWith(ctx, set, s) },
	}
	return opts.into(env, func(w io.Writer) error {
		out := bufio.NewWriterSize(w, 64<<10)
		if err := write(ctx, out, given); err != nil {
			return err
		}
		return out.Flush()
	})
}

// handedOver returns the sessions that a filter keeps, without those below another
// one that is kept, which is told with all below it.
func handedOver(cat *eventlog.Catalog, keep func(*eventlog.Session) bool) ([]*eventlog.Session, error) {
	var out []*eventlog.Session
	kept := map[*eventlog.Session]bool{}
	for _, s := range cat.Sessions {
		kept[s] = keep(s)
	}
	for _, s := range cat.Sessions {
		within := false
		for up := s.Parent; up != nil && !within; up = up.Parent {
			within = kept[up]
		}
		if kept[s] && !within {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil, refuse("no session is left to write: the filter leaves none of %d", len(cat.Sessions))
	}
	return out, nil
}
