package main

import (
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// extras writes what packages install beside the program: manual pages and
// completions. Nothing in them depends on the day or the machine.
func extras(root *cobra.Command, dir string) error {
	man, shells := filepath.Join(dir, "man"), filepath.Join(dir, "completions")
	for _, d := range []string{man, shells} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	root.DisableAutoGenTag = true
	undated := time.Unix(0, 0).UTC()
	if err := doc.GenManTree(root, &doc.GenManHeader{Title: "LAZYTRACE", Section: "1", Source: "lazytrace", Manual: "lazytrace", Date: &undated}, man); err != nil {
		return err
	}
	for name, write := range map[string]func(io.Writer) error{
		"lazytrace.bash": func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"lazytrace.zsh":  root.GenZshCompletion,
		"lazytrace.fish": func(w io.Writer) error { return root.GenFishCompletion(w, true) },
		"lazytrace.ps1":  root.GenPowerShellCompletionWithDesc,
	} {
		if err := written(filepath.Join(shells, name), write); err != nil {
			return err
		}
	}
	return nil
}

func written(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
