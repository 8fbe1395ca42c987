package cmd

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is set by the linker in a release.
var version = ""

// Version returns the version of the program.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func versionLine() string {
	return fmt.Sprintf("lazytrace %s (%s, %s/%s)", Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// build is what the program knows of how it was built, for reports of faults.
type build struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Commit   string `json:"commit"` // empty where it was built outside of a repository
	Time     string `json:"commit_time"`
	Modified bool   `json:"modified"` // there were changes that are in no commit
	Cgo      bool   `json:"cgo"`
	SQLite   string `json:"sqlite"` // the version of the module that reads databases
}

func buildFacts() build {
	b := build{Version: Version(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		case "CGO_ENABLED":
			b.Cgo = s.Value == "1"
		}
	}
	for _, m := range info.Deps {
		if strings.HasPrefix(m.Path, "modernc.org/sqlite") {
			b.SQLite = m.Version
		}
	}
	return b
}

// versionFlag gives the program --version, which prints the same, whatever else
// is asked for. The library's own flag is not used: setting its template links
// all of text/template, and with it every method that might be called by name.
func versionFlag(root *cobra.Command, env *Env) {
	asked := root.Flags().Bool("version", false, "print the version")
	args, run := root.Args, root.RunE
	root.Args = func(c *cobra.Command, given []string) error {
		if *asked {
			return nil
		}
		return args(c, given)
	}
	root.RunE = func(c *cobra.Command, given []string) error {
		if *asked {
			return printVersion(env)
		}
		return run(c, given)
	}
}

func printVersion(env *Env) error {
	_, err := fmt.Fprintln(env.Stdout, versionLine())
	return err
}

func newVersion(env *Env) *cobra.Command {
	var asJSON, full bool
	c := &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		Long: `Print the version, the Go that built it, and the system it was built for. --build
adds what a report of a fault should say: the commit, whether it was changed, and
the version of the database module.`,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return json.NewEncoder(env.Stdout).Encode(buildFacts())
			}
			if err := printVersion(env); err != nil || !full {
				return err
			}
			b := buildFacts()
			commit := "unknown"
			if b.Commit != "" {
				commit = b.Commit + " of " + b.Time
				if b.Modified {
					commit += ", changed since"
				}
			}
			_, err := fmt.Fprintf(env.Stdout, "commit   %s\ncgo      %t\nsqlite   %s\n", commit, b.Cgo, b.SQLite)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&full, "build", false, "also say what it was built from")
	return c
}
