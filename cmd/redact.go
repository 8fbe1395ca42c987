package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/redact"
)

type redactOptions struct {
	lines bool
	what  redactFlags
}

func newRedact(env *Env) *cobra.Command {
	var opts redactOptions
	c := &cobra.Command{
		Use: "redact [FILE]", Short: "Mask the secrets in a text", Args: cobra.MaximumNArgs(1),
		Long: `Mask the secrets in a file or in standard input, as the recorder does before
it stores anything. The file itself is not changed.`,
		RunE: func(c *cobra.Command, args []string) error { return runRedact(c.Context(), env, args, opts) },
	}
	opts.what.add(c)
	c.Flags().BoolVar(&opts.lines, "jsonl", false, `each line is {"id","text"} or {"id","chunks"}, and so is each line of the answer`)
	return c
}

func runRedact(_ context.Context, env *Env, args []string, opts redactOptions) error {
	r, program, err := opts.what.redactor()
	if err != nil {
		return refused(fmt.Errorf("redact: %w", err))
	}
	in := env.Stdin
	if len(args) == 1 && args[0] != "-" {
		f, err := os.Open(args[0])
		if err != nil {
			return refused(err)
		}
		defer f.Close()
		in = f
	}
	out := bufio.NewWriterSize(env.Stdout, 64<<10)
	var then func(string) (string, error)
	if program != nil {
		defer func() { _ = program.Close() }() // how it ended is its own affair
		then = program.Mask
	}
	if opts.lines {
		return redact.JSONLines(in, env.Stdout, r, then)
	}
	err = redactText(in, out, r, then)
	return errors.Join(err, out.Flush())
}

// redactText masks a text as it comes. What then is, a program of the user's, gets it
// line by line.
func redactText(in io.Reader, out *bufio.Writer, r *redact.Redactor, then func(string) (string, error)) error {
	if then == nil {
		return maskPieces(in, out, r, func(text string) error {
			_, err := out.WriteString(text)
			return err
		})
	}
	var line strings.Builder // begun and not ended
	err := maskPieces(in, out, r, func(text string) error {
		for {
			head, rest, whole := strings.Cut(text, "\n")
			line.WriteString(head)
			if !whole {
				return nil
			}
			answer, err := then(line.String())
			if err != nil {
				return err
			}
			if _, err := out.WriteString(answer + "\n"); err != nil {
				return err
			}
			line.Reset()
			text = rest
		}
	})
	if err != nil || line.Len() == 0 {
		return err
	}
	answer, err := then(line.String())
	if err == nil {
		_, err = out.WriteString(answer)
	}
	return err
}

// maskPieces shows a text piece by piece, its secrets masked. What was shown goes out before
// more is read: somebody may be watching.
func maskPieces(in io.Reader, out *bufio.Writer, r *redact.Redactor, show func(string) error) error {
	s := r.Stream()
	buf := make([]byte, 64<<10)
	for {
		n, err := in.Read(buf)
		if err := show(s.WriteBytes(buf[:n])); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
		if err == io.EOF {
			return show(s.Close())
		}
		if err != nil {
			return err
		}
	}
}
