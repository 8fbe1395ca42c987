package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lazytrace/lazytrace/eventlog"
)

// The test binary is also every other process that a test needs: with
// LAZYTRACE_TEST_CHILD set it plays that part instead of running tests.
func TestMain(m *testing.M) {
	part := os.Getenv("LAZYTRACE_TEST_CHILD")
	if part == "" {
		os.Exit(m.Run())
	}
	var err error
	switch part {
	case "flood":
		err = flood(os.Args[1])
	case "obey":
		err = obey(os.Args[1])
	case "write":
		err = tryToWrite(os.Args[1])
	case "look":
		err = lookAt(os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

// child is a command that runs a part in a process of its own.
func child(t testing.TB, ctx context.Context, part, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, path)
	cmd.Env = append(os.Environ(), "LAZYTRACE_TEST_CHILD="+part)
	return cmd
}

// flood writes batches of ten until it is killed and says after each how many
// events have been acknowledged.
func flood(path string) error {
	s, err := Create(context.Background(), path, Options{})
	if err != nil {
		return err
	}
	session := "pid" + strconv.Itoa(os.Getpid())
	fmt.Println(session)
	for n := 0; ; n += 10 {
		if err := s.WriteEvents(context.Background(), someEvents(session, n, 10)); err != nil {
			return err
		}
		if _, err := fmt.Println(n + 10); err != nil {
			return err
		}
	}
}

// obey writes as many events as each line of its input says and answers.
func obey(path string) error {
	s, err := Create(context.Background(), path, Options{})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	written := 0
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		n, err := strconv.Atoi(in.Text())
		if err != nil {
			return err
		}
		if err := s.WriteEvents(context.Background(), someEvents("s", written, n)); err != nil {
			return err
		}
		written += n
		fmt.Println("done")
	}
	return s.Close()
}

// tryToWrite writes one event or tells why not.
func tryToWrite(path string) error {
	s, err := Create(context.Background(), path, Options{})
	if err == nil {
		err = errors.Join(s.WriteEvents(context.Background(), someEvents("s", 0, 1)), s.Close())
	}
	if err != nil {
		fmt.Println("refused:", err)
	}
	return nil
}

// eventsTable is what a dialect would ask for.
func eventsTable() []eventlog.Table {
	return []eventlog.Table{{Name: "events", Columns: []string{"session_id", "run_id", "event_type", "payload", "ts", "lt_id"}}}
}

// lookAt reads all events of a database and prints what it found in one line.
func lookAt(path string) (err error) {
	ctx := context.Background()
	r, err := Open(ctx, path)
	if err != nil {
		fmt.Println("refused:", err)
		return nil
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if _, err := r.Tables(ctx); err != nil {
		fmt.Println("refused:", err)
		return nil
	}
	rows, broken, after := 0, 0, []int64{Start}
	for {
		err := r.Scan(ctx, eventsTable(), after, func(record eventlog.Record) error {
			rows++
			after[0] = record.Pos
			return nil
		})
		if e := (*RowError)(nil); errors.As(err, &e) && broken < 1000 {
			broken++
			after[0] = e.Key
			continue
		}
		said := ""
		if err != nil {
			said = " " + strings.ReplaceAll(err.Error(), filepath.Dir(path)+"/", "")
		}
		fmt.Printf("rows=%d broken=%d%s\n", rows, broken, said)
		return nil
	}
}

// shared returns a file of the samples that are kept outside the repository.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	base := os.Getenv("LAZYTRACE_SHARED")
	if base == "" {
		base = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{base}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no samples here (set LAZYTRACE_SHARED): %v", err)
	}
	return path
}
