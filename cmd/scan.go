package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/figure"
	"github.com/lazytrace/lazytrace/redact/scrub"
	"github.com/lazytrace/lazytrace/rollup/check"
)

type scanOptions struct {
	what   redactFlags
	allow  []string
	format string
	asJSON bool
	fail   bool
}

func newScan(env *Env) *cobra.Command {
	var opts scanOptions
	c := &cobra.Command{
		Use: "scan [PATH...]", Short: "Find the secrets that stand in logs already",
		Long: `Look for secrets in files, in all files below folders, or, without a path, in
everything that is found on this machine: lines, documents, texts, databases, and
what of these is packed. A secret is told by its kind, how long it is, and a name
that equal ones share; it is never printed. Nothing is changed: see lazytrace
scrub for that.`,
		RunE: func(c *cobra.Command, args []string) error { return runScan(c.Context(), env, args, opts) },
	}
	opts.what.addRules(c)
	f := c.Flags()
	f.StringArrayVar(&opts.allow, "allow", nil, "what matches as a whole is no secret: a `regex` (repeatable)")
	f.StringVar(&opts.format, "format", "text", "print text, json or sarif")
	f.BoolVar(&opts.asJSON, "json", false, "the same as --format json")
	f.BoolVar(&opts.fail, "fail", false, "exit with code 3 when something is found")
	return c
}

// scanResult is what a scan came to. Its names are a contract.
type scanResult struct {
	Files    int            `json:"files"` // that were looked at
	Skipped  int            `json:"skipped"`
	Bytes    int64          `json:"bytes"`
	Secrets  int64          `json:"secrets"`
	Findings []*foundSecret `json:"findings"`
	Unlisted int64          `json:"unlisted"` // secrets that are counted and not listed
	Unread   []unreadFile   `json:"unread"`
}

type unreadFile struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

func runScan(ctx context.Context, env *Env, paths []string, opts scanOptions) error {
	if opts.asJSON {
		opts.format = "json"
	}
	if opts.format != "text" && opts.format != "json" && opts.format != "sarif" {
		return refuse("--format %s is not known; it is one of text, json, sarif", opts.format)
	}
	finder, err := newFinder(opts.what, opts.allow)
	if err != nil {
		return err
	}
	paths, done, err := withStdin(ctx, env, paths, false)
	if err != nil {
		return err
	}
	defer done()
	named := len(paths) > 0
	if paths, err = pathsOrUsual(env, paths, false); err != nil {
		return err
	}
	ctx, stop := untilSignal(ctx)
	defer stop()
	result, err := scanPaths(ctx, env, finder, paths)
	if err != nil {
		return err
	}
	if err := printScan(env, result, opts.format); err != nil {
		return err
	}
	switch {
	case named && result.Files == 0 && len(result.Unread) > 0:
		return refuse("%s: %s", result.Unread[0].Path, result.Unread[0].Why)
	case opts.fail && result.Secrets > 0:
		return exitError{code: exitTripped}
	case opts.fail && len(result.Unread) > 0:
		return fmt.Errorf("%s could not be looked at, so that nobody can say there are no secrets", figure.Plural(len(result.Unread), "file"))
	}
	return nil
}

// scanPaths looks for secrets at paths.
func scanPaths(ctx context.Context, env *Env, finder *scrub.Finder, paths []string) (*scanResult, error) {
	result := &scanResult{Findings: []*foundSecret{}, Unread: []unreadFile{}}
	unread := func(path string, err error) {
		result.Unread = append(result.Unread, unreadFile{path, err.Error()})
	}
	files, err := listSecretFiles(ctx, paths, unread)
	if err != nil {
		return nil, err
	}
	told := newProgress(env)
	defer told.end()
	r := secretReader{finder: finder, progress: told}
	seal := scrub.NewSeal()
	for _, file := range files {
		c := newSecretCounter(seal)
		err := r.read(ctx, file, func(p secretPlace) error { c.add(p); return nil })
		if ctx.Err() != nil {
			return nil, errors.New("it was stopped before everything was looked at")
		}
		if err != nil {
			unread(file.path, err)
		}
		room := max(0, mostSecrets-len(result.Findings))
		for _, s := range c.list[min(room, len(c.list)):] {
			c.more += s.Count
		}
		result.Findings = append(result.Findings, c.list[:min(room, len(c.list))]...)
		result.Secrets += c.total
		result.Unlisted += c.more
	}
	result.Files, result.Skipped, result.Bytes = r.files, r.skipped, r.bytes
	return result, nil
}

func printScan(env *Env, r *scanResult, format string) error {
	switch format {
	case "json":
		return printJSON(env.Stdout, r)
	case "sarif":
		return printJSON(env.Stdout, scanReport(r).SARIF())
	}
	for _, f := range r.Findings {
		times := ""
		if f.Count > 1 {
			times = fmt.Sprintf("  %d times", f.Count)
		}
		if _, err := fmt.Fprintln(env.Stdout, escape.Line(fmt.Sprintf("%s  %s  %s  #%s  %s%s", f.Path, f.Places[0].text(), f.Kind, f.Hash, f.Preview, times))); err != nil {
			return err
		}
	}
	for i, u := range r.Unread {
		if i == 20 {
			fmt.Fprintf(env.Stderr, "lazytrace: and %d more that were not looked at\n", len(r.Unread)-i)
			break
		}
		fmt.Fprintf(env.Stderr, "lazytrace: not looked at, or not all of it: %s: %s\n", escape.Line(u.Path), oneLine(errors.New(u.Why)))
	}
	different := map[string]bool{}
	in := map[string]bool{}
	for _, f := range r.Findings {
		different[f.Hash], in[f.Path] = true, true
	}
	line := fmt.Sprintf("%s in %s, %s", figure.Plural(r.Secrets, "secret"), figure.Plural(r.Files, "file"), figure.Bytes(r.Bytes))
	if r.Secrets > 0 {
		line = fmt.Sprintf("%s, %d different, in %d of %s, %s", figure.Plural(r.Secrets, "secret"), len(different), len(in), figure.Plural(r.Files, "file"), figure.Bytes(r.Bytes))
	}
	if r.Unlisted > 0 {
		line += fmt.Sprintf("; %d of them are not listed", r.Unlisted)
	}
	if r.Skipped > 0 {
		line += fmt.Sprintf("; %s neither text nor database", are(r.Skipped))
	}
	_, err := fmt.Fprintln(env.Stdout, line)
	return err
}

func are(n int) string {
	if n == 1 {
		return "1 more is"
	}
	return fmt.Sprintf("%d more are", n)
}

// scanReport is a scan in the words of a check: each finding breaks the rule that
// there may be no secrets.
func scanReport(r *scanResult) *check.Report {
	rule, _ := check.NewRule(check.Secrets, "0", "scan") // zero is a limit
	out := &check.Report{Rules: []check.Rule{rule}, Version: Version(), Shown: escape.Line}
	out.Folder, _ = os.Getwd() // without it paths are told as they are
	for _, f := range r.Findings {
		finding := check.Finding{
			Rule: rule.ID, Kind: rule.ID, What: check.Secrets, Level: check.Error, Measured: check.Amount{N: f.Count}, Limit: rule.Limit,
			Text: fmt.Sprintf("%s %s, %d times", f.Kind, f.Preview, f.Count), Hint: check.Secrets.Kind().Hint, Source: rule.Source,
		}
		for _, p := range f.Places {
			finding.Places = append(finding.Places, check.Place{Path: f.Path, Pos: -1, Line: p.Line, Text: p.text()})
		}
		out.Findings = append(out.Findings, finding)
	}
	return out
}
