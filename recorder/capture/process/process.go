package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// Options say what is run and how. Stdin, Stdout and Stderr are those that the
// program would have without us.
type Options struct {
	Args                  []string
	Env                   []string
	Stdin, Stdout, Stderr *os.File
	Capture               Capture

	// Output returns where a copy of a stream goes: stdout, stderr or terminal.
	// It is called before the program starts, once for each stream that is
	// captured. The writer must not fail and should not block.
	Output func(stream string) io.Writer

	// Told is called with the name of a signal that asks the recorder to end,
	// after the program was told. It must not block.
	Told func(signal string)

	// Woken is called when the recorder gets SIGCONT, before the program is told.
	// It must not block.
	Woken func()

	// Interrupted is called when an interrupt was typed on a terminal of the
	// program's own, after it was passed on. It must not block.
	Interrupted func()
}

// Process is a program that was started. Wait must be called, and Close after
// everything else is done.
type Process struct {
	cmd     *exec.Cmd
	layers  []string
	signals *relay
	tees    []*tee
	screen  *screen // its own terminal, or nil
	group   sync.WaitGroup
}

// Start starts a program. When it cannot be started, CodeOf tells the exit code
// for that.
func Start(o Options) (*Process, error) {
	if len(o.Args) == 0 {
		return nil, errors.New("no command")
	}
	p := &Process{cmd: command(o.Args, o.Env)}
	// Before the first look at the terminal, so that no change of its size is
	// missed, and before the program starts, so that no signal is.
	p.signals = newRelay(o.Told, o.Woken)
	if err := p.start(o); err != nil {
		p.Close()
		return nil, err
	}
	p.signals.run(p)
	for _, t := range p.tees {
		p.group.Go(t.copy)
	}
	if p.screen != nil {
		p.screen.run()
	}
	return p, nil
}

func command(args, env []string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	if errors.Is(cmd.Err, exec.ErrDot) {
		cmd.Err = nil // the caller's PATH says so: it is not ours to object
	}
	cmd.Env = env
	return cmd
}

func (p *Process) start(o Options) (err error) {
	outTTY, errTTY := isTerminal(o.Stdout), isTerminal(o.Stderr)
	plan := decide(o.Capture, o.Args, outTTY, errTTY, inForeground())
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = o.Stdin, o.Stdout, o.Stderr
	if plan.terminal {
		if p.screen, err = openScreen(o); err != nil {
			// No terminal to be had: the program gets the real one.
			p.screen = nil
		} else {
			p.screen.attach(p.cmd, outTTY || o.Capture.Terminal, errTTY)
			p.layers = append(p.layers, "pty")
		}
	}
	if plan.out && p.cmd.Stdout == o.Stdout {
		if p.cmd.Stdout, err = p.tee(o.Stdout, o.Output("stdout")); err != nil {
			return err
		}
	}
	if plan.errOut && p.cmd.Stderr == o.Stderr {
		if p.cmd.Stderr, err = p.tee(o.Stderr, o.Output("stderr")); err != nil {
			return err
		}
	}
	if len(p.tees) > 0 {
		p.layers = append(p.layers, "stdout")
	}
	err = p.launch(o.Args)
	for _, t := range p.tees {
		err = errors.Join(err, t.started())
	}
	if p.screen != nil {
		p.screen.started()
	}
	return err
}

// launch starts the program, through the shell when the kernel does not know
// what it is, as execvp does.
func (p *Process) launch(args []string) error {
	err := p.cmd.Start()
	if err == nil || !isFormat(err) {
		return err
	}
	again := command(append([]string{"/bin/sh", p.cmd.Path}, args[1:]...), p.cmd.Env)
	again.Stdin, again.Stdout, again.Stderr, again.SysProcAttr = p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr
	p.cmd = again
	return again.Start()
}

func (p *Process) tee(to *os.File, copy io.Writer) (*os.File, error) {
	t, child, err := newTee(to, copy)
	if err != nil {
		return nil, fmt.Errorf("capture output: %w", err)
	}
	p.tees = append(p.tees, t)
	return child, nil
}

// Pid returns the id of the process.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Layers names the ways in which its output is captured.
func (p *Process) Layers() []string { return p.layers }

// lateOutput is how long after its end the output of a program is awaited.
// What was printed before the end is in the pipe already; this is for whatever
// the program left running.
const lateOutput = 250 * time.Millisecond

// Wait returns when the program has ended and what it printed was passed on.
// Processes that it left behind keep their output: it is passed on by another
// program then, without being captured.
func (p *Process) Wait() (Status, error) {
	// An exit code that is not 0 is an error to exec, and none to us.
	var exit *exec.ExitError
	err := p.cmd.Wait()
	if errors.As(err, &exit) {
		err = nil
	}
	p.signals.ended()
	status := statusOf(p.cmd.ProcessState)
	if p.screen != nil {
		p.screen.finish(lateOutput)
	}
	done := make(chan struct{})
	go func() { p.group.Wait(); close(done) }()
	select {
	case <-done:
		return status, err
	case <-time.After(lateOutput):
	}
	for _, t := range p.tees {
		t.stop()
	}
	<-done
	for _, t := range p.tees {
		t.handOver()
	}
	return status, err
}

// Close gives signals and the terminal back. Until then a signal that would
// end the recorder is taken and told about, but does not.
func (p *Process) Close() {
	if p.screen != nil {
		p.screen.close()
	}
	for _, t := range p.tees {
		t.close()
	}
	p.signals.stop()
}
