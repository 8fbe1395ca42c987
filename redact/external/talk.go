package external

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// longestAnswer bounds a line of the program, in bytes: the longest event and
// as much again for what stands in place of its secrets.
const longestAnswer = 32 << 20

// grace is how long a program may take to end by itself.
const grace = 200 * time.Millisecond

var (
	errSlow  = errors.New("it took too long")
	errEnded = errors.New("it ended")
)

// talk is a running program: what is written to it and what it answers.
type talk struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  chan []byte   // closed when there are no more
	gone   chan struct{} // closed when nobody reads lines any more
	ended  chan struct{} // closed when the program has closed its output
	number int64         // of the last text
}

// request is a line to the program, answer a line of it.
type request struct {
	ID   int64  `json:"id"`
	Key  string `json:"key,omitempty"`
	Text string `json:"text"`
}

type answer struct {
	ID   *int64  `json:"id"`
	Text *string `json:"text"`
}

func start(command string) (*talk, error) {
	cmd := shell(command)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t := &talk{cmd: cmd, in: in, lines: make(chan []byte, 64), gone: make(chan struct{}), ended: make(chan struct{})}
	go t.read(out)
	return t, nil
}

// read cuts what the program prints into lines, and throws them away when
// nobody wants them any more.
func (t *talk) read(out io.Reader) {
	defer close(t.ended)
	defer close(t.lines)
	s := bufio.NewScanner(out)
	s.Buffer(make([]byte, 0, 64<<10), longestAnswer)
	for s.Scan() {
		select {
		case t.lines <- bytes.Clone(s.Bytes()):
		case <-t.gone:
		}
	}
}

// exchange asks about those of the items that are open. Texts are written while
// answers are read: a program that answers each at once must not be blocked by
// a full pipe while we are.
func (t *talk) exchange(items []item, open []int, answers []string, limit time.Duration) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	begin := t.number
	for _, i := range open {
		t.number++
		if err := enc.Encode(request{t.number, valid(items[i].key), valid(items[i].text)}); err != nil {
			return err
		}
	}
	written := make(chan error, 1) // the writer never stays behind: ending the program breaks its pipe
	go func() {
		_, err := t.in.Write(b.Bytes())
		written <- err
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for n, i := range open {
		select {
		case line, ok := <-t.lines:
			if !ok {
				return errEnded
			}
			text, err := read(line, begin+int64(n)+1)
			if err != nil {
				return err
			}
			if answers[i] = text; text == valid(items[i].text) {
				answers[i] = items[i].text
			}
		case <-timer.C:
			return errSlow
		}
	}
	select {
	case err := <-written:
		return err
	case <-timer.C:
		return errSlow
	}
}

// read takes an answer apart. It never quotes it: an answer may hold what was
// to be masked.
func read(line []byte, id int64) (string, error) {
	var a answer
	if json.Unmarshal(line, &a) != nil {
		return "", errors.New("it answered with something other than a JSON object")
	}
	if a.ID == nil || *a.ID != id || a.Text == nil {
		return "", fmt.Errorf(`it did not answer {"id","text"} with the id it was given`)
	}
	return *a.Text, nil
}

// end ends the program and everything that it started, and says how it ended.
// With patience it may end by itself when it finds that nothing more comes.
func (t *talk) end(patience bool) string {
	_ = t.in.Close()
	close(t.gone)
	wait := grace
	if !patience {
		wait = grace / 10 // one that has ended already is asked why
	}
	select {
	case <-t.ended:
	case <-time.After(wait):
	}
	// Before Wait, until which its number cannot be another's.
	killAll(t.cmd)
	if err := t.cmd.Wait(); err != nil {
		return err.Error()
	}
	return ""
}
