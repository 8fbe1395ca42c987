package cmd

import (
	"context"

	"github.com/lazytrace/lazytrace/rollup/handout"
)

// exportMarkdown writes sessions as Markdown, for a pull request or for a model.
func exportMarkdown(ctx context.Context, env *Env, paths []string, opts exportOptions) error {
	if opts.maxTokens != 0 && opts.maxTokens < leastTokens {
		return refuse("--max-tokens %d is too little for a document; give at least %d, or 0 for no bound", opts.maxTokens, leastTokens)
	}
	return exportHandout(ctx, env, paths, opts, handout.Markdown)
}
