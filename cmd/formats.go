package cmd

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/eventlog/formats"
)

// formatFlag adds the flag that names a description of a format to a command.
func formatFlag(c *cobra.Command, env *Env) {
	c.Flags().StringVar(&env.Format, "format", "", "read everything in the format that this file describes (see docs/formats.md)")
}

// formatsFolder is where a user keeps descriptions of formats, or nothing where
// there is no home.
func formatsFolder(env *Env) string {
	dir, err := configFolder(env.Getenv)
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "formats")
}

// knownFormats returns the formats that are looked for: the one that --format
// names, or all that are built in and those of the user. What is wrong with one
// of these is said, and the others are used.
func knownFormats(env *Env) ([]dialect.Dialect, error) {
	if env.Format != "" {
		d, problems := formats.Read(env.Format)
		if d == nil {
			return nil, refused(errors.Join(problems...))
		}
		return []dialect.Dialect{d}, nil
	}
	known := dialect.All()
	own, problems := formats.Load(formatsFolder(env))
	for _, p := range problems {
		fmt.Fprintf(env.Stderr, "lazytrace: %s\n", escape.Line(p.Error()))
	}
	for _, d := range own {
		known = append(known, d)
	}
	return known, nil
}

// inputFormatFlag adds the same flag to a command whose --format says how it
// prints.
func inputFormatFlag(c *cobra.Command, env *Env) {
	c.Flags().StringVar(&env.Format, "input-format", "", "read everything in the format that this file describes (see docs/formats.md)")
}
