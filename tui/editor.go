package tui

import (
	"errors"
	"os"
	"os/exec"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"
	"github.com/lazytrace/lazytrace/tui/ask"
)

// edit opens a text in the person's editor: a copy of it, in a file of its own
// that goes when the editor does, so that no log is ever changed.
func (w *world) edit(text, name string) tea.Cmd {
	editor := strings.Fields(os.Getenv("VISUAL"))
	if len(editor) == 0 {
		editor = strings.Fields(os.Getenv("EDITOR"))
	}
	if len(editor) == 0 {
		return ask.Tell("which editor? set EDITOR, as in EDITOR=vim")
	}
	f, err := os.CreateTemp("", "lazytrace-*-"+name)
	if err != nil {
		return ask.Tell("no file for the editor: " + err.Error())
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name()) // the error that is told is the one that matters
		return ask.Tell("no file for the editor: " + err.Error())
	}
	cmd := onTerminal(exec.CommandContext(w.ctx, editor[0], append(editor[1:], f.Name())...))
	return tea.ExecProcess(cmd, func(err error) tea.Msg {
		_ = os.Remove(f.Name()) // of a copy, nothing is lost
		if err != nil {
			return ask.Notice(editor[0] + ": " + err.Error())
		}
		return nil
	})
}

// onTerminal gives a program the terminal itself. What the explorer reads keys from
// and paints on would reach it as pipes.
func onTerminal(cmd *exec.Cmd) *exec.Cmd {
	if term.IsTerminal(os.Stdin.Fd()) {
		cmd.Stdin = os.Stdin
	}
	if term.IsTerminal(os.Stdout.Fd()) {
		cmd.Stdout = os.Stdout
	}
	return cmd
}
