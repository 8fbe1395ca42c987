//go:build unix

package process

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/term"
	"github.com/charmbracelet/x/xpty"
	"golang.org/x/sys/unix"
)

// wrap is us, in a process of its own: it runs this binary in a role, on the
// streams that it has, and tells afterwards whether the terminal is as it was.
func wrap(args []string) int {
	before, _ := term.GetState(0)
	p, err := Start(Options{
		Args: append([]string{os.Args[0]}, args[1:]...), Env: append(os.Environ(), "PROCESS_TEST_ROLE="+args[0]),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Capture: Capture{Auto: true},
		Output: func(string) io.Writer { return io.Discard },
	})
	if err != nil {
		fmt.Println(err)
		return 99
	}
	status, err := p.Wait()
	p.Close()
	after, _ := term.GetState(0)
	fmt.Println("layers", p.Layers(), "same", before != nil && after != nil && *before == *after, err)
	return status.Code
}

// terminal is a terminal with us on it.
type terminal struct {
	*xpty.UnixPty
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func onTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	pty, err := xpty.NewUnixPty(111, 37)
	if err != nil {
		t.Skip(err) // no terminals here
	}
	x := &terminal{UnixPty: pty, cmd: exec.Command(os.Args[0], args...)}
	x.cmd.Env = append(os.Environ(), "PROCESS_TEST_ROLE=wrap")
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := pty.Start(x.cmd); err != nil {
		t.Fatal(err)
	}
	pty.Slave().Close()
	t.Cleanup(func() { pty.Close(); x.cmd.Process.Kill(); x.cmd.Wait() })
	x.lines = bufio.NewScanner(pty)
	return x
}

func (x *terminal) until(t *testing.T, want string) {
	t.Helper()
	var seen []string
	for x.lines.Scan() {
		seen = append(seen, x.lines.Text())
		if strings.Contains(x.lines.Text(), want) {
			return
		}
	}
	t.Fatalf("%q does not come, but %q", want, seen)
}

func (x *terminal) exit(t *testing.T, want int) {
	t.Helper()
	x.cmd.Wait()
	if got := x.cmd.ProcessState.ExitCode(); got != want {
		t.Errorf("exit code %d, want %d", got, want)
	}
}

func TestTerminalIsLikeTheRealOne(t *testing.T) {
	x := onTerminal(t, "size")
	x.until(t, "tty true true true <nil>")
	x.until(t, "size 111 37")
	x.until(t, "layers [pty] same true <nil>")
	x.exit(t, 0)
}

func TestTerminalIsResized(t *testing.T) {
	x := onTerminal(t, "resized")
	x.until(t, "up")
	if err := x.Resize(50, 20); err != nil {
		t.Fatal(err)
	}
	x.until(t, "size 50 20")
	x.exit(t, 0)
}

func TestTerminalKeys(t *testing.T) {
	x := onTerminal(t, "await")
	x.until(t, "up")
	fmt.Fprint(x, "\x03")
	x.until(t, "got SIGINT")
	x.exit(t, 7)
}

// Keys that the program does not read yet wait until it does, all of them: more than
// its terminal has room for.
func TestTerminalKeysWait(t *testing.T) {
	x := onTerminal(t, "late")
	x.until(t, "up")
	typed := make(chan error, 1)
	go func() {
		_, err := x.Write([]byte(strings.Repeat("pasted text ", lateKeys/12)))
		typed <- err
	}()
	x.until(t, fmt.Sprint("read ", lateKeys))
	if err := <-typed; err != nil {
		t.Error(err)
	}
	x.exit(t, 0)
}

// lateKeys is how much is typed; it is several times what a terminal holds.
const lateKeys = 12 * 4000

func TestTerminalIsHungUp(t *testing.T) {
	if isIgnored := exec.Command("sh", "-c", "kill -HUP $$; exit 0").Run() == nil; isIgnored {
		t.Skip("whoever runs this test ignores SIGHUP")
	}
	x := onTerminal(t, "await")
	x.until(t, "up")
	// The scanner has to be done with the terminal before it can shut.
	raw, err := x.Master().SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { unix.Close(int(fd)) })
	x.exit(t, 7)
}
