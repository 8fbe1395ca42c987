// Command commands writes the pages of this folder, one a command, from what the
// commands say of themselves, so that no page can tell of a flag that is not there.
// For packages it also makes manual pages and the completions of shells:
//
//	go run ./docs/commands                  the pages beside this file
//	go run ./docs/commands -out dist/extra  manuals and completions, below that folder
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lazytrace/lazytrace/cmd"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "commands:", err)
		os.Exit(1)
	}
}

func run() error {
	out := flag.String("out", "", "make manual pages and completions below this folder instead of the pages")
	flag.Parse()
	root := cmd.Commands()
	if *out != "" {
		return extras(root, *out)
	}
	if _, err := os.Stat(filepath.Join(folder(), "main.go")); err != nil {
		return fmt.Errorf("run it in the folder of the project: %w", err)
	}
	for name, text := range pages(root) {
		if err := os.WriteFile(filepath.Join(folder(), name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// folder is where the pages lie, seen from the project or, in a test, from there.
func folder() string {
	if _, err := os.Stat("page.go"); err == nil {
		return "."
	}
	return filepath.Join("docs", "commands")
}
