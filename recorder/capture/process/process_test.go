//go:build unix

package process

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// TestMain lets this binary be the program that is run.
func TestMain(m *testing.M) {
	if role := os.Getenv("PROCESS_TEST_ROLE"); role != "" {
		os.Exit(play(role, os.Args[1:]))
	}
	os.Exit(m.Run())
}

func play(role string, args []string) int {
	switch role {
	case "wrap":
		return wrap(args)
	case "size":
		size, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
		fmt.Println("tty", isTerminal(os.Stdin), isTerminal(os.Stdout), isTerminal(os.Stderr), err)
		if err == nil {
			fmt.Println("size", size.Col, size.Row)
		}
	case "resized":
		ch := make(chan os.Signal, 1)
		signal.Notify(ch, unix.SIGWINCH)
		fmt.Println("up")
		<-ch
		return play("size", nil)
	case "exit":
		code, _ := strconv.Atoi(args[0])
		return code
	case "die":
		n, _ := strconv.Atoi(args[0])
		signal.Reset(unix.Signal(n))
		unix.Kill(os.Getpid(), unix.Signal(n))
		select {}
	case "print":
		fmt.Print("out\n")
		fmt.Fprint(os.Stderr, "err\n")
	case "await":
		ch := make(chan os.Signal, 8)
		signal.Notify(ch)
		fmt.Println("up")
		for s := range ch {
			if s != unix.SIGURG { // the runtime's own
				fmt.Println("got", unix.SignalName(s.(unix.Signal)))
				return 7
			}
		}
	case "args":
		fmt.Printf("%q", args)
	case "cat":
		io.Copy(os.Stdout, os.Stdin)
	case "late":
		before, err := term.MakeRaw(0)
		if err != nil {
			return 98
		}
		fmt.Print("up\r\n")
		time.Sleep(300 * time.Millisecond)
		n, _ := io.CopyN(io.Discard, os.Stdin, lateKeys)
		_ = term.Restore(0, before)
		fmt.Println("read", n)
	case "flood":
		for {
			if _, err := fmt.Println("y"); err != nil {
				return 1
			}
		}
	}
	return 0
}

// buffer collects one stream.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// program is a running program and the other ends of its streams.
type program struct {
	*Process
	out, err *os.File
	taps     map[string]*buffer
	told     chan string // capacity 8: every signal of a test
}

func begin(t *testing.T, role string, c Capture, args ...string) *program {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	out, outW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, errW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{out: out, err: errs, taps: map[string]*buffer{}, told: make(chan string, 8)}
	t.Cleanup(func() {
		for _, f := range []*os.File{null, out, errs} {
			f.Close()
		}
	})
	p.Process, err = Start(Options{
		Args: append([]string{os.Args[0]}, args...), Env: append(os.Environ(), "PROCESS_TEST_ROLE="+role),
		Stdin: null, Stdout: outW, Stderr: errW, Capture: c,
		Output: func(stream string) io.Writer { p.taps[stream] = &buffer{}; return p.taps[stream] },
		Told:   func(signal string) { p.told <- signal },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(); outW.Close(); errW.Close() })
	return p
}

func TestExitCodes(t *testing.T) {
	for _, c := range []Capture{{}, {Auto: true}} {
		for _, code := range []int{0, 1, 2, 126, 127, 128, 255} {
			p := begin(t, "exit", c, strconv.Itoa(code))
			if s, err := p.Wait(); err != nil || s.Code != code || s.Signal != "" {
				t.Errorf("%+v: exit %d: %+v, %v", c, code, s, err)
			}
		}
		for _, n := range []unix.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGKILL, unix.SIGTERM} {
			p := begin(t, "die", c, strconv.Itoa(int(n)))
			if s, err := p.Wait(); err != nil || s.Code != 128+int(n) || s.Signal != unix.SignalName(n) {
				t.Errorf("%+v: %v: %+v, %v", c, n, s, err)
			}
		}
	}
}

func TestCannotStart(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{
		"/no/such/program": NotFound, "no-such-program": NotFound, plain: NotExecutable, t.TempDir(): NotExecutable,
	} {
		_, err := Start(Options{Args: []string{name}, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
		if err == nil || CodeOf(err) != want {
			t.Errorf("%s: %v, want %d", name, err, want)
		}
	}
	if _, err := Start(Options{}); err == nil {
		t.Error("nothing was started")
	}
}

// A script without a first line is run by the shell, as execvp does it.
func TestScriptWithoutInterpreter(t *testing.T) {
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("exit $1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := Start(Options{Args: []string{script, "9"}, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if s, err := p.Wait(); err != nil || s.Code != 9 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestTeeKeepsStreamsApart(t *testing.T) {
	p := begin(t, "print", Capture{Auto: true})
	if s, err := p.Wait(); err != nil || s.Code != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	for stream, c := range map[string]struct {
		f    *os.File
		want string
	}{"stdout": {p.out, "out\n"}, "stderr": {p.err, "err\n"}} {
		buf := make([]byte, 100)
		n, err := c.f.Read(buf)
		if err != nil || string(buf[:n]) != c.want || p.taps[stream].String() != c.want {
			t.Errorf("%s: passed on %q, copied %q, %v", stream, buf[:n], p.taps[stream], err)
		}
	}
}

func TestNoneCapturesNothing(t *testing.T) {
	p := begin(t, "print", Capture{})
	if _, err := p.Wait(); err != nil {
		t.Error(err)
	}
	if len(p.taps) != 0 || len(p.Layers()) != 0 {
		t.Errorf("taps %v, layers %v", p.taps, p.Layers())
	}
}

// When nobody reads any more, the program learns of it as it would have.
func TestReaderGoesAway(t *testing.T) {
	p := begin(t, "flood", Capture{Auto: true})
	if _, err := p.out.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	p.out.Close()
	s, err := p.Wait()
	if err != nil || s.Signal != "SIGPIPE" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestForwardsSignals(t *testing.T) {
	for _, c := range []Capture{{}, {Auto: true}} {
		for _, n := range []unix.Signal{unix.SIGHUP, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2} {
			if signal.Ignored(n) {
				continue // by whoever runs this test
			}
			p := begin(t, "await", c)
			buf := make([]byte, 100)
			if _, err := p.out.Read(buf); err != nil {
				t.Fatal(err)
			}
			if err := unix.Kill(os.Getpid(), n); err != nil {
				t.Fatal(err)
			}
			s, err := p.Wait()
			if err != nil || s.Code != 7 {
				t.Errorf("%v: %+v, %v", n, s, err)
			}
			k, err := p.out.Read(buf)
			if want := "got " + unix.SignalName(n) + "\n"; err != nil || string(buf[:k]) != want {
				t.Errorf("%v: the program says %q, %v", n, buf[:k], err)
			}
			if n == unix.SIGTERM {
				if got := <-p.told; got != "SIGTERM" {
					t.Errorf("told of %s", got)
				}
			}
			p.Close() // gives the signal back before the next round
		}
	}
}

// What the program left running keeps its output, and we do not wait for it.
func TestLateOutput(t *testing.T) {
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	tap := &buffer{}
	begun := time.Now()
	p, err := Start(Options{
		Args: []string{"sh", "-c", "(sleep 1; echo late) & echo early; exit 4"}, Stdin: os.Stdin, Stdout: w, Stderr: os.Stderr,
		Capture: Capture{Stdout: true}, Output: func(string) io.Writer { return tap },
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Wait()
	if took := time.Since(begun); err != nil || s.Code != 4 || took > 900*time.Millisecond {
		t.Errorf("%+v, %v, after %v", s, err, took)
	}
	p.Close()
	w.Close()
	all, err := io.ReadAll(out)
	if err != nil || string(all) != "early\nlate\n" || tap.String() != "early\n" {
		t.Errorf("passed on %q, copied %q, %v", all, tap, err)
	}
}

// One that never stops printing does not keep us either: its pipe is never empty.
func TestEndlessLateOutput(t *testing.T) {
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan int64)
	go func() {
		n, _ := io.Copy(io.Discard, out)
		read <- n
	}()
	p, err := Start(Options{
		Args: []string{"sh", "-c", "yes & exit 4"}, Stdin: os.Stdin, Stdout: w, Stderr: os.Stderr,
		Capture: Capture{Stdout: true}, Output: func(string) io.Writer { return &buffer{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan Status)
	go func() {
		s, _ := p.Wait()
		ended <- s
	}()
	select {
	case s := <-ended:
		if s.Code != 4 {
			t.Errorf("%+v", s)
		}
	case <-time.After(time.Minute):
		t.Error("it is still waited for")
	}
	p.Close()
	w.Close()
	out.Close() // nobody reads any more, so that it ends
	if n := <-read; n == 0 {
		t.Error("nothing was passed on")
	}
}

func TestParseCapture(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]Capture{
		"auto": {Auto: true, Transcript: true}, "none": {}, "stdout": {Stdout: true}, "pty, stdout": {Terminal: true, Stdout: true},
		"": {Auto: true, Transcript: true}, "proxy": {Auto: true, Transcript: true, Proxy: true}, "none, proxy": {Proxy: true}, "http,otlp": {Auto: true, Transcript: true, HTTP: true, Telemetry: true},
	} {
		if got, err := ParseCapture(list); err != nil || got != want {
			t.Errorf("%s: %+v, %v", list, got, err)
		}
	}
	if _, err := ParseCapture("auto,everything"); err == nil {
		t.Error("anything goes")
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	auto := Capture{Auto: true}
	for name, c := range map[string]struct {
		capture        Capture
		args           string
		out, err, ours bool
		want           plan
	}{
		"piped":                       {auto, "python3 x", false, false, true, plan{out: true, errOut: true}},
		"piped agent":                 {auto, "claude -p x", false, false, true, plan{out: true, errOut: true}},
		"terminal":                    {auto, "python3 x", true, true, true, plan{terminal: true}},
		"terminal, errors to a file":  {auto, "python3 x", true, false, true, plan{terminal: true, errOut: true}},
		"output to a file":            {auto, "python3 x", false, true, true, plan{out: true}},
		"known agent":                 {auto, "/usr/bin/claude", true, true, true, plan{}},
		"known agent by a launcher":   {auto, "npx -y @openai/codex@latest", true, true, true, plan{}},
		"in the background":           {auto, "python3 x", true, true, false, plan{}},
		"none":                        {Capture{}, "python3 x", false, false, true, plan{}},
		"stdout asked for":            {Capture{Stdout: true}, "claude", true, true, true, plan{out: true, errOut: true}},
		"terminal asked for an agent": {Capture{Terminal: true}, "claude", true, true, true, plan{terminal: true}},
	} {
		if got := decide(c.capture, strings.Fields(c.args), c.out, c.err, c.ours); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

var errNothing = errors.New("nothing")

func TestCodeOf(t *testing.T) {
	t.Parallel()
	if CodeOf(errNothing) != NotExecutable || CodeOf(fmt.Errorf("x: %w", os.ErrNotExist)) != NotFound {
		t.Error("codes")
	}
}
