//go:build unix

package main

import (
	"io"
	"os/exec"
	"syscall"
	"time"

	"github.com/charmbracelet/x/xpty"
)

// inNewTerminal starts a program in a terminal of 200 x 50 that is its own.
func inNewTerminal(cmd *exec.Cmd) (*xpty.UnixPty, error) {
	pty, err := xpty.NewUnixPty(200, 50)
	if err != nil {
		return nil, err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := pty.Start(cmd); err != nil {
		_ = pty.Close()
		return nil, err
	}
	_ = pty.Slave().Close() // so that the end of the program is the end of the output
	return pty, nil
}

// startInTerminal starts a program in a terminal whose output is thrown away. What it
// returns ends the program and waits for that.
func startInTerminal(cmd *exec.Cmd) (end func(), err error) {
	pty, err := inNewTerminal(cmd)
	if err != nil {
		return nil, err
	}
	go func() { _, _ = io.Copy(io.Discard, pty) }()
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = pty.Close()
	}, nil
}

// timeInTerminal runs a program in a terminal to its end and returns the milliseconds
// it took and how many bytes came to the terminal.
func timeInTerminal(cmd *exec.Cmd) (ms float64, bytes int64, err error) {
	read := make(chan int64, 1)
	began := time.Now()
	pty, err := inNewTerminal(cmd)
	if err != nil {
		return 0, 0, err
	}
	go func() {
		n, _ := io.CopyBuffer(io.Discard, pty, make([]byte, 1<<16)) // ends with an error when the other side is closed
		read <- n
	}()
	err = cmd.Wait()
	n := <-read
	took := time.Since(began)
	_ = pty.Close()
	return float64(took.Nanoseconds()) / 1e6, n, err
}
