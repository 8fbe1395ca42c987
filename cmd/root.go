package cmd

import "github.com/spf13/cobra"

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "lazytrace",
		Short:         "See what LLM agents do, and record it",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return refused(err) })
	root.AddCommand(newRunCommand(), newEmitCommand())
	return root
}
