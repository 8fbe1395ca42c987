package cmd

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/redact"
)

type redactOptions struct {
	lines bool
}

func newRedact(env *Env) *cobra.Command {
	var opts redactOptions
	c := &cobra.Command{
		Use: "redact [FILE]", Short: "Mask the secrets in a text", Args: cobra.MaximumNArgs(1),
		Long: `Mask the secrets in a file or in standard input, as the recorder does before
it stores anything. The file itself is not changed.`,
		RunE: func(c *cobra.Command, args []string) error { return runRedact(c.Context(), env, args, opts) },
	}
	c.Flags().BoolVar(&opts.lines, "jsonl", false, `each line is {"id","text"} or {"id","chunks"}, and so is each line of the answer`)
	return c
}

func runRedact(_ context.Context, env *Env, args []string, opts redactOptions) error {
	in := env.Stdin
	if len(args) == 1 && args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return refused(err)
		}
		defer f.Close()
		in = f
	}
	r, err := redact.New(redact.Options{})
	if err != nil {
		return err
	}
	if opts.lines {
		return redact.JSONLines(in, env.Stdout, r)
	}
	s := r.Stream()
	buf := make([]byte, 64<<10)
	for {
		n, err := in.Read(buf)
		if _, werr := io.WriteString(env.Stdout, s.Write(string(buf[:n]))); werr != nil {
			return werr
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	_, err = io.WriteString(env.Stdout, s.Close())
	return err
}
