package export

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Exec gives events to a program, one JSON object a line on its standard input,
// spelled as in a file of JSON lines. The command is read by the shell: sh on
// Unix, cmd on Windows. The program is started with the first event and sees
// the end of its input when the exporter is closed; it then has until the limit
// of o to end. It gets a group of its own, so that a key that interrupts the
// recorded command does not reach it. What it prints is thrown away, but for
// the last line on its standard error, which a warning quotes. One that ends
// early is not started again.
func Exec(command string, o DetachOptions) *Detached {
	return Detach(&program{command: command}, o)
}

// program is the sink that Exec detaches. Its methods are called by one
// goroutine, but for abort.
type program struct {
	command string
	lines   JSONL // spells the events
	stdin   io.WriteCloser
	last    lastLine
	fault   error // why nothing more can be written

	mu      sync.Mutex
	cmd     *exec.Cmd
	aborted bool
	ended   chan error // of capacity 1: how it ended
}

// Name tells the program from others.
func (p *program) Name() string {
	const long = 60
	name := p.command
	if len(name) > long {
		name = name[:long] + "..."
	}
	return fmt.Sprintf("exec %q", name)
}

// Export adds the event to the batch.
func (p *program) Export(e eventlog.Event) error {
	if p.fault == nil && p.stdin == nil {
		p.fault = p.start()
	}
	if p.fault != nil {
		return p.fault
	}
	return p.lines.Export(e)
}

// start starts the program.
func (p *program) start() error {
	cmd := exec.Command("sh", "-c", p.command)
	if runtime.GOOS == "windows" {
		cmd = exec.Command("cmd", "/C", p.command)
	}
	cmd.Stderr = &p.last
	cmd.WaitDelay = grace // what it leaves behind may hold its standard error
	apart(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start the program: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.aborted {
		return errNoTime // as when it had started
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the program: %w", err)
	}
	p.cmd, p.stdin, p.ended = cmd, stdin, make(chan error, 1)
	go func() { p.ended <- cmd.Wait() }()
	p.lines.file, p.lines.name = stdin, "the program"
	return nil
}

// Flush writes the batch to the program.
func (p *program) Flush() error {
	if p.fault != nil || p.stdin == nil {
		return p.fault
	}
	if err := p.lines.Flush(); err != nil {
		p.fault = p.end(errors.New("it ended before it had read everything"))
	}
	return p.fault
}

// Close ends the input of the program and waits for its end.
func (p *program) Close() error {
	if p.stdin == nil || p.fault != nil {
		return nil // it never ran, or has been told about
	}
	p.fault = errStopped
	return p.end(nil)
}

// end waits until the program has ended and says how it went.
func (p *program) end(instead error) error {
	_ = p.stdin.Close() // it may have ended by itself
	err := <-p.ended
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well and left something behind
	}
	p.mu.Lock()
	aborted := p.aborted
	p.mu.Unlock()
	switch {
	case aborted:
		return errNoTime // how it ended was our doing
	case err == nil:
		err = instead
	}
	if last := p.last.String(); err != nil && last != "" {
		err = fmt.Errorf("%w: %s", err, last)
	}
	return err
}

// abort ends the program from another goroutine.
func (p *program) abort() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.aborted = true
	if p.cmd != nil {
		kill(p.cmd)
	}
}

// lastLine keeps the beginning of the last line that was written and is not
// empty. It is written by one goroutine and read when that has ended, or by
// anybody.
type lastLine struct {
	mu   sync.Mutex
	line []byte
	over bool // the line has ended: the next byte begins another
}

// longestLine bounds what is kept of a line.
const longestLine = 200

func (l *lastLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(p) {
		text := bytes.TrimRight(line, "\r\n")
		if len(text) > 0 {
			if l.over {
				l.line = l.line[:0]
			}
			l.line = append(l.line, text[:min(len(text), longestLine-len(l.line))]...)
			l.over = false
		}
		l.over = l.over || len(text) < len(line)
	}
	return len(p), nil
}

func (l *lastLine) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(bytes.TrimSpace(l.line))
}
