//go:build !unix

package process

import (
	"errors"
	"os"
)

// Tree is a program. On this system it can be ended, and nothing else.
type Tree struct{ process *os.Process }

// Tree returns the program. It must be called before Wait.
func (p *Process) Tree() *Tree { return &Tree{p.cmd.Process} }

// Pid returns the number of the program.
func (t *Tree) Pid() int { return t.process.Pid }

// Pause cannot be done here.
func (t *Tree) Pause() (int, error) { return 0, errors.ErrUnsupported }

// Continue has nothing to do.
func (t *Tree) Continue() (int, error) { return 0, nil }

// Paused is false.
func (t *Tree) Paused() bool { return false }

// Terminate ends the program: there is no way of asking it to.
func (t *Tree) Terminate() (int, error) { return t.Kill() }

// Kill ends the program.
func (t *Tree) Kill() (int, error) {
	if err := t.process.Kill(); err != nil {
		return 0, err
	}
	return 1, nil
}

// Alive returns 0: there is nothing to wait for after Kill.
func (t *Tree) Alive() int { return 0 }
