package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// pages are the files of this folder by name: an index, and a page a command.
func pages(root *cobra.Command) map[string]string {
	all := map[string]string{}
	var index strings.Builder
	index.WriteString("# Commands\n\nEvery command tells the same of itself with `--help`.\n\n| command | does |\n|---|---|\n")
	each(root, func(c *cobra.Command) {
		all[file(c)] = page(c)
		fmt.Fprintf(&index, "| [`%s`](%s) | %s |\n", c.CommandPath(), file(c), cell(c.Short))
	})
	all["README.md"] = index.String()
	return all
}

// each visits a command and all below it that help shows.
func each(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			each(sub, visit)
		}
	}
}

func file(c *cobra.Command) string {
	return strings.ReplaceAll(c.CommandPath(), " ", "-") + ".md"
}

// page is what a command says of itself.
func page(c *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s.\n\n```\n%s\n```\n", c.CommandPath(), c.Short, c.UseLine())
	if c.Long != "" {
		fmt.Fprintf(&b, "\n%s\n", prose(c.Long))
	}
	if c.Example != "" {
		fmt.Fprintf(&b, "\n```\n%s\n```\n", c.Example)
	}
	table(&b, "Flags", c.NonInheritedFlags())
	table(&b, "Flags of all below "+c.Root().Name(), c.InheritedFlags())
	var below []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			below = append(below, fmt.Sprintf("| [`%s`](%s) | %s |\n", sub.CommandPath(), file(sub), cell(sub.Short)))
		}
	}
	if len(below) > 0 {
		fmt.Fprintf(&b, "\n## Commands\n\n| command | does |\n|---|---|\n%s", strings.Join(below, ""))
	}
	if c.HasParent() {
		fmt.Fprintf(&b, "\nSee also [`%s`](%s)%s.\n", c.Parent().CommandPath(), file(c.Parent()), guide(c))
	}
	return b.String()
}

// guide links the page that explains what a command is for, where there is one.
func guide(c *cobra.Command) string {
	path, err := filepath.Abs(filepath.Join(folder(), "..", c.Name()+".md"))
	if err != nil {
		return ""
	}
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return fmt.Sprintf(" and [docs/%[1]s.md](../%[1]s.md)", c.Name())
}

// prose is a help text as Markdown: what is indented there is shown as it stands.
func prose(text string) string {
	var b strings.Builder
	verbatim, blank := false, false
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line == "" { // it belongs into a block only if the block goes on
			blank = true
			continue
		}
		indented := strings.HasPrefix(line, "  ")
		if verbatim && !indented {
			b.WriteString("```\n")
		}
		if blank {
			b.WriteString("\n")
		}
		if indented && !verbatim {
			b.WriteString("```\n")
		}
		verbatim, blank = indented, false
		if !indented {
			line = plain.Replace(line)
		}
		b.WriteString(strings.TrimPrefix(line, "  ") + "\n")
	}
	if verbatim {
		b.WriteString("```\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// plain keeps a text from being read as Markdown.
var plain = strings.NewReplacer("<", "&lt;", "*", `\*`, "_", `\_`)

func table(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n| flag | does |\n|---|---|\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if kind != "" {
			name += " " + kind
		}
		switch f.DefValue {
		case "", "0", "false", "[]", "0s":
		default:
			usage += fmt.Sprintf(" (`%s`, unless told)", f.DefValue)
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, cell(usage))
	})
}

// cell keeps a text within a cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "\n", " ").Replace(text)
}
