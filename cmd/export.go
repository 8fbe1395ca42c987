package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/fork"
)

type exportOptions struct {
	filterOptions
	format string
	out    string
	tableOptions
	handoutOptions
	linesOptions
	spansOptions
}

// exportFormat is one way to write what was read for other programs.
type exportFormat struct {
	name   string
	writes string   // what, for the help
	flags  []string // that only such formats have
	run    func(ctx context.Context, env *Env, paths []string, opts exportOptions) error
}

// exportFormats are the formats that --format knows, the default first.
var exportFormats = []exportFormat{
	{"csv", "tables for spreadsheets: sessions, events, or the ledger", []string{"what", "all"}, exportTable},
	{"html", "sessions to be read: one page that needs no other file", []string{"max-bytes", "no-transcript"}, exportPage},
	{"md", "sessions to be read, for a pull request or a model, in Markdown", []string{"max-tokens", "no-transcript"}, exportMarkdown},
	{"agent-session", "conversations, each as the Agent SDK stores a session", nil, exportChat(fork.AgentSession)},
	{"openai", "conversations, each as messages of the chat completions API", nil, exportChat(fork.OpenAI)},
	{"anthropic", "conversations, each as system and messages of the Messages API", nil, exportChat(fork.Anthropic)},
	{"jsonl", "all events of the sessions, one JSON object a line, for lazytrace import", []string{"flat"}, exportLines},
	{"otlp", "spans of OpenTelemetry as its collector writes files, or sent to an endpoint", []string{"endpoint", "otlp-header"}, exportSpans},
}

func newExport(env *Env) *cobra.Command {
	var opts exportOptions
	c := &cobra.Command{
		Use: "export [PATH...]", Short: "Write sessions, events, spans or the ledger for other programs",
		Long: `Write what is at the paths, or all that is found on this machine, for other
programs. Secrets are masked.

  lazytrace export --what ledger --since 30d -o calls.csv

` + exportHelp(),
		RunE: func(c *cobra.Command, args []string) error { return runExport(c, env, args, opts) },
	}
	opts.filterOptions.flags(c)
	f := c.Flags()
	f.StringVar(&opts.format, "format", exportFormats[0].name, "write it as "+exportNames())
	f.StringVarP(&opts.out, "output", "o", "", "write it into this file instead of standard output")
	opts.tableOptions.flags(c)
	opts.handoutOptions.flags(c)
	opts.linesOptions.flags(c)
	opts.spansOptions.flags(c)
	inputFormatFlag(c, env)
	return c
}

// exportHelp tells what each format is.
func exportHelp() string {
	var b strings.Builder
	for _, f := range exportFormats {
		fmt.Fprintf(&b, "  %-14s %s\n", f.name, f.writes)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func exportNames() string { return strings.Join(exportFormatNames(), ", ") }

func exportFormatNames() []string {
	names := make([]string, len(exportFormats))
	for i, f := range exportFormats {
		names[i] = f.name
	}
	return names
}

func runExport(c *cobra.Command, env *Env, paths []string, opts exportOptions) error {
	at := slices.IndexFunc(exportFormats, func(f exportFormat) bool { return f.name == opts.format })
	if at < 0 {
		return refuse("--format %s is not known; it is one of %s", opts.format, exportNames())
	}
	chosen := exportFormats[at]
	for _, f := range exportFormats {
		for _, flag := range f.flags {
			if c.Flags().Changed(flag) && !slices.Contains(chosen.flags, flag) {
				return refuse("--%s says nothing for --format %s; it is for --format %s", flag, chosen.name, f.name)
			}
		}
	}
	return chosen.run(c.Context(), env, paths, opts)
}

// into writes to where the export goes: a file, or standard output.
func (o *exportOptions) into(env *Env, write func(io.Writer) error) error {
	if o.out == "" {
		return write(env.Stdout)
	}
	return intoFile(o.out, write)
}

// intoFile writes a file, its owner's only, that is there in whole or not at all: an
// export that fails leaves what was there before.
func intoFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, fileReason(err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := errors.Join(write(f), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Unwrap(err))
	}
	return nil
}
