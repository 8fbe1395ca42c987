package intake

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// sink answers when it is told to, or at once.
type sink struct {
	later bool
	fail  error

	mu      sync.Mutex
	events  []eventlog.Event
	waiting []func(error)
	came    chan struct{} // capacity 1
}

func (s *sink) Record(_ context.Context, e eventlog.Event, done func(error)) error {
	s.mu.Lock()
	s.events = append(s.events, e)
	if s.later {
		s.waiting = append(s.waiting, done)
	}
	s.mu.Unlock()
	if !s.later {
		done(s.fail)
	}
	select {
	case s.came <- struct{}{}:
	default:
	}
	return nil
}

func start(t *testing.T, s *sink) (*Server, *net.UnixConn) {
	t.Helper()
	s.came = make(chan struct{}, 1)
	server, err := Listen(t.Context(), s, Options{Dirs: []string{t.TempDir(), "/tmp"}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: server.Path(), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		if err := server.Drain(context.Background()); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return server, c
}

func answers(t *testing.T, c net.Conn, n int) (list []string) {
	t.Helper()
	r := bufio.NewReader(c)
	for range n {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, strings.TrimSpace(line))
	}
	return list
}

func TestAnswersInOrder(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server, c := start(t, s)
	fmt.Fprint(c, `{"id":"a","event_type":"x"}`+"\n\nnonsense\n"+`{"event_type":"y"}`+"\n"+`{"id":"\"é","event_type":"z"}`+"\n")
	got := answers(t, c, 4)
	if got[0] != `{"ack":"a"}` || !strings.HasPrefix(got[1], `{"error":"`) || got[2] != `{"ack":"`+s.events[1].ID+`"}` || got[3] != `{"ack":"\"é"}` {
		t.Errorf("answers %q", got)
	}
	if server.Events() != 3 || server.Bad() != 1 || s.events[1].ID == "" {
		t.Errorf("%d events, %d bad", server.Events(), server.Bad())
	}
}

// A line that cannot be an event is answered in its turn, not before the
// events ahead of it.
func TestNoAnswerBeforeTheCommit(t *testing.T) {
	t.Parallel()
	s := &sink{later: true}
	_, c := start(t, s)
	fmt.Fprint(c, `{"id":"a","event_type":"x"}`+"\nnonsense\n")
	<-s.came
	c.SetReadDeadline(time.Now().Add(30 * time.Millisecond))
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read %d, %v", n, err)
	}
	c.SetReadDeadline(time.Time{})
	s.waiting[0](nil)
	if got := answers(t, c, 2); got[0] != `{"ack":"a"}` || !strings.Contains(got[1], "error") {
		t.Errorf("answers %q", got)
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	s := &sink{fail: errors.New("disk \"full\"")}
	_, c := start(t, s)
	fmt.Fprint(c, `{"id":"a","event_type":"x"}`+"\n")
	if got := answers(t, c, 1); got[0] != `{"error":"disk \"full\""}` {
		t.Errorf("answers %q", got)
	}
}

func TestLongLines(t *testing.T) {
	t.Parallel()
	s := &sink{}
	_, c := start(t, s)
	go func() {
		body := strings.Repeat("x", wire.MaxLine-100)
		fmt.Fprintf(c, `{"id":"fits","event_type":"x","payload":{"a":"%s"}}`+"\n", body)
		fmt.Fprintf(c, `{"id":"long","event_type":"x","payload":{"a":"%s"}}`+"\n", body+body)
		fmt.Fprint(c, `{"id":"after","event_type":"x"}`+"\n")
	}()
	got := answers(t, c, 3)
	if got[0] != `{"ack":"fits"}` || !strings.Contains(got[1], "longer than 16 MiB") || got[2] != `{"ack":"after"}` {
		t.Errorf("answers %.200q", got)
	}
}

// What was sent before the end is taken, also from somebody who has gone or
// was never accepted; the socket is gone afterwards.
func TestDrain(t *testing.T) {
	t.Parallel()
	s := &sink{}
	server, open := start(t, s)
	fmt.Fprint(open, `{"id":"open","event_type":"x"}`+"\n")
	for i := range 20 {
		c, err := net.Dial("unix", server.Path())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(c, `{"id":"%d","event_type":"x"}`+"\n", i)
		c.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := server.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	if len(s.events) != 21 {
		t.Errorf("%d events", len(s.events))
	}
	if _, err := os.Stat(filepath.Dir(server.Path())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder: %v", err)
	}
}

// An answer that never comes does not keep the server.
func TestDrainGivesUp(t *testing.T) {
	t.Parallel()
	s := &sink{later: true}
	server, c := start(t, s)
	fmt.Fprint(c, `{"id":"a","event_type":"x"}`+"\n")
	<-s.came
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := server.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	s.waiting[0](nil) // too late, and harmless
}

func TestModes(t *testing.T) {
	t.Parallel()
	server, _ := start(t, &sink{})
	info, err := os.Stat(server.Path())
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.Stat(filepath.Dir(server.Path()))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 || dir.Mode().Perm() != 0o700 {
		t.Errorf("modes %v, %v", info.Mode(), dir.Mode())
	}
	if len(server.Path()) >= 108 {
		t.Errorf("the path is %d bytes long", len(server.Path()))
	}
}

func TestLongFolderIsPassedOver(t *testing.T) {
	t.Parallel()
	long := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	server, err := Listen(t.Context(), &sink{}, Options{Dirs: []string{"", "relative", "/no/such/folder", long, "/tmp"}})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(server.Path(), "/tmp/") {
		t.Errorf("path %s", server.Path())
	}
	if err := server.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(long); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	parent, err := os.MkdirTemp("/tmp", "sweep-") // short enough for sockets
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(parent)
	dead, err := listenIn(parent)
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	young, err := listenIn(parent)
	if err != nil {
		t.Fatal(err)
	}
	young.SetUnlinkOnClose(false)
	young.Close()
	alive, err := listenIn(parent)
	if err != nil {
		t.Fatal(err)
	}
	defer alive.remove()
	old := time.Now().Add(-time.Hour)
	for _, s := range []*socket{dead, alive} {
		if err := os.Chtimes(s.path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	alive.sweep()
	for s, want := range map[*socket]bool{dead: false, young: true, alive: true} {
		if _, err := os.Stat(s.path); (err == nil) != want {
			t.Errorf("%s: %v", s.path, err)
		}
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	server, _ := start(t, &sink{})
	if id, err := Send(t.Context(), server.Path(), []byte(`{"id":"a","event_type":"x"}`)); err != nil || id != "a" {
		t.Errorf("id %q, %v", id, err)
	}
	if _, err := Send(t.Context(), server.Path(), []byte(`{"id":"a"}`)); !errors.Is(err, ErrRefused) {
		t.Errorf("error %v", err)
	}
	if _, err := Send(t.Context(), "/no/such/socket", nil); !errors.Is(err, ErrNoRecorder) {
		t.Errorf("error %v", err)
	}
}
