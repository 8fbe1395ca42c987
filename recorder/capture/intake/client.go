package intake

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"
)

// What Send tells apart.
var (
	ErrNoRecorder = errors.New("nobody takes events there")
	ErrRefused    = errors.New("the recorder did not take the event")
)

// Send sends one event, a JSON object on one line, to the recorder at a socket
// and returns its id once it is committed.
func Send(ctx context.Context, path string, line []byte) (string, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoRecorder, err)
	}
	defer func() { _ = c.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(deadline); err != nil {
			return "", err
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Now()) })
	defer stop()
	if _, err := c.Write(append(line[:len(line):len(line)], '\n')); err != nil {
		return "", fmt.Errorf("send the event: %w", err)
	}
	answer, err := bufio.NewReader(c).ReadBytes('\n')
	if err != nil {
		return "", fmt.Errorf("wait for the answer: %w", err)
	}
	var a struct {
		Ack   *string `json:"ack"`
		Error string  `json:"error"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	if a.Ack == nil {
		return "", fmt.Errorf("%w: %s", ErrRefused, a.Error)
	}
	return *a.Ack, nil
}
