package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lazytrace/lazytrace/recorder/capture/intake"
	"github.com/lazytrace/lazytrace/recorder/capture/receiver"
	"github.com/lazytrace/lazytrace/recorder/origin"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// emitOptions are the flags of emit, as they were written.
type emitOptions struct {
	kind, payload          string
	id, run, parent, agent string
	socket                 string
	url, token             string
	timeout                time.Duration
	stdin                  io.Reader
}

func newEmitCommand() *cobra.Command {
	var o emitOptions
	c := &cobra.Command{
		Use:   "emit TYPE [JSON|-]",
		Short: "Send one event to the recorder that we run under",
		Long: `Send one event to the recorder that we run under and wait until it is stored.

TYPE is an event type such as decision or metrics; JSON is its payload, an
object, read from stdin for -. The recorder is found by LAZYTRACE_SOCKET, or by
LAZYTRACE_ENDPOINT and LAZYTRACE_TOKEN where there is no socket.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return refused(errors.New("emit: TYPE and at most one JSON object are expected"))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			o.kind, o.stdin, o.socket = args[0], c.InOrStdin(), os.Getenv(origin.EnvSocket)
			o.url, o.token = os.Getenv(origin.EnvURL), os.Getenv(origin.EnvToken)
			if len(args) == 2 {
				o.payload = args[1]
			}
			return runEmit(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.id, "id", "", "id of the event: sent again under the same id it is stored once")
	f.StringVar(&o.run, "run", "", "id of the run (default: the recorded command's own)")
	f.StringVar(&o.parent, "parent-run", "", "id of the run that started this run")
	f.StringVar(&o.agent, "agent", "", "name of the agent")
	f.DurationVar(&o.timeout, "timeout", 10*time.Second, "how long to wait for the answer")
	return c
}

func runEmit(ctx context.Context, o emitOptions) error {
	if o.socket == "" && o.url == "" {
		return refused(fmt.Errorf("emit: no recorder: %s is not set; start one with lazytrace run", origin.EnvSocket))
	}
	line, err := o.line()
	if err != nil {
		return refused(fmt.Errorf("emit: %w", err))
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	err = o.send(ctx, line)
	switch {
	case errors.Is(err, intake.ErrNoRecorder):
		return refused(fmt.Errorf("emit: no recorder: %w", err))
	case err != nil:
		return fmt.Errorf("emit: %w", err)
	}
	return nil
}

// send sends the event over the socket or, where nobody listens there, over HTTP.
func (o emitOptions) send(ctx context.Context, line []byte) error {
	err := intake.ErrNoRecorder
	if o.socket != "" {
		_, err = intake.Send(ctx, o.socket, line)
	}
	if o.url != "" && errors.Is(err, intake.ErrNoRecorder) {
		_, err = receiver.Send(ctx, o.url, o.token, line)
	}
	return err
}

// line spells the event on the wire.
func (o emitOptions) line() ([]byte, error) {
	payload := o.payload
	if payload == "-" {
		text, err := io.ReadAll(io.LimitReader(o.stdin, wire.MaxLine+1))
		if err != nil {
			return nil, fmt.Errorf("read the payload: %w", err)
		}
		if len(text) > wire.MaxLine {
			return nil, errors.New("the payload is longer than 16 MiB")
		}
		payload = string(text)
	}
	var raw []byte
	if payload = strings.TrimSpace(payload); payload != "" {
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(payload), &object); err != nil || object == nil {
			return nil, errors.New("the payload is not a JSON object")
		}
		raw = []byte(singleLine.Replace(payload))
	}
	var e wire.Object
	e.Text("id", o.id)
	e.Text("run_id", o.run)
	e.Text("parent_run_id", o.parent)
	e.Text("event_type", o.kind)
	e.Text("agent", o.agent)
	if raw != nil {
		e.Raw("payload", raw)
	}
	return e.JSON(), nil
}

// singleLine joins the lines of a JSON text; inside of strings there are none.
var singleLine = strings.NewReplacer("\n", " ", "\r", " ")
