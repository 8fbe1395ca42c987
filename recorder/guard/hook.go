package guard

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/recorder/wire"
)

// Hook is somebody who is told of signals: a command, which gets each on its
// standard input, or an address, to which it is posted.
type Hook struct {
	Command string // for the shell
	URL     string // http or https
}

// ParseURL checks the address of a webhook.
func ParseURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", errors.New("it is no address") // the error quotes it, and there may be a secret in it
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", errors.New("http://... or https://... is expected")
	}
	return text, nil
}

// String names the hook without what may be a secret in it: a command, or the
// host of an address.
func (h Hook) String() string {
	if h.URL == "" {
		return "exec"
	}
	u, err := url.Parse(h.URL)
	if err != nil {
		return "webhook"
	}
	return "webhook " + u.Scheme + "://" + u.Host
}

// Bounds of hooks.
const (
	mostWaiting = 64               // signals that wait for one hook
	hookTime    = 10 * time.Second // for a command
	postTime    = 5 * time.Second  // for one attempt at an address
	attempts    = 3
)

// hooks tell signals to others. Each hook has a queue and a goroutine of its
// own, from its first signal to close: one that is slow holds up nobody else.
type hooks struct {
	opts   Options
	host   Host
	ctx    context.Context
	cancel context.CancelFunc
	client *http.Client
	group  sync.WaitGroup
	failed atomic.Int64

	mu     sync.Mutex
	queues map[Hook]chan []byte // capacity mostWaiting
	warned map[Hook]bool
	closed bool
}

func newHooks(o Options, h Host) *hooks {
	k := &hooks{opts: o, host: h, queues: map[Hook]chan []byte{}, warned: map[Hook]bool{}}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	k.client = &http.Client{
		Timeout:   postTime,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: postTime, MaxIdleConns: 2, IdleConnTimeout: time.Minute},
		// What was meant for one address goes to no other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return k
}

// tell gives a signal to hooks, and to those that are told of each.
func (k *hooks) tell(more []Hook, e *eventlog.Event, payload []byte) {
	told := map[Hook]bool{}
	for i, h := range append(k.opts.OnSignal[:len(k.opts.OnSignal):len(k.opts.OnSignal)], more...) {
		if told[h] {
			continue
		}
		told[h] = true
		if i < len(k.opts.OnSignal) {
			k.put(h, k.body(e, nil))
		} else {
			k.put(h, k.body(e, payload))
		}
	}
}

// body is what a hook is given. Its secrets are masked.
func (k *hooks) body(e *eventlog.Event, payload []byte) []byte {
	var o wire.Object
	o.Text("event", "signal")
	o.Text("id", e.ID)
	o.Text("session_id", e.SessionID)
	o.Text("run_id", e.RunID)
	o.Text("agent", e.Agent)
	o.Set("ts", e.Time)
	wire.Fields(e.Payload, func(name string, raw json.RawMessage) bool {
		o.Raw(name, raw)
		return true
	})
	if len(payload) > 0 {
		o.Raw("payload", payload)
	}
	raw := []byte(o.JSON())
	if k.opts.Redactor != nil {
		raw, _ = k.opts.Redactor.JSON(raw)
	}
	return raw
}

func (k *hooks) put(h Hook, body []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		k.failed.Add(1)
		return
	}
	q := k.queues[h]
	if q == nil {
		q = make(chan []byte, mostWaiting)
		k.queues[h] = q
		k.group.Go(func() {
			for body := range q {
				k.deliver(h, body)
			}
		})
	}
	select {
	case q <- body:
	default:
		k.fail(h, errors.New("too many signals wait for it"))
	}
}

func (k *hooks) deliver(h Hook, body []byte) {
	var err error
	if h.URL != "" {
		err = k.post(h.URL, body)
	} else {
		err = run(k.ctx, h.Command, body)
	}
	if err != nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.fail(h, err)
	}
}

// fail counts a signal that did not arrive, and tells of the first of each hook.
func (k *hooks) fail(h Hook, err error) {
	k.failed.Add(1)
	if !k.warned[h] {
		k.warned[h] = true
		k.host.Notice(fmt.Sprintf("a signal was not told to the %s, further failures are only counted: %v", h, err), false)
	}
}

// post sends a signal, again when that may help.
func (k *hooks) post(address string, body []byte) (err error) {
	for i := range attempts {
		if i > 0 {
			select {
			case <-time.After(time.Duration(i) * 500 * time.Millisecond):
			case <-k.ctx.Done():
				return err
			}
		}
		var again bool
		if again, err = k.attempt(address, body); err == nil || !again {
			return err
		}
	}
	return err
}

func (k *hooks) attempt(address string, body []byte) (again bool, err error) {
	req, err := http.NewRequestWithContext(k.ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return false, errors.New("it is no address")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "lazytrace")
	res, err := k.client.Do(req)
	if err != nil {
		var named *url.Error // which quotes the address
		if errors.As(err, &named) {
			err = named.Err
		}
		return true, err
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	switch {
	case res.StatusCode < 300:
		return false, nil
	case res.StatusCode >= 500, res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusRequestTimeout:
		return true, fmt.Errorf("it answered %s", res.Status)
	}
	return false, fmt.Errorf("it answered %s", res.Status)
}

// run gives a signal to a command. What the command prints goes nowhere: the
// terminal is that of the program.
func run(ctx context.Context, line string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, hookTime)
	defer cancel()
	cmd := shell(ctx, line)
	cmd.Stdin = bytes.NewReader(body)
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil && err != nil:
		return fmt.Errorf("it did not end in time")
	case errors.As(err, &exit):
		return fmt.Errorf("it ended with %s", exit.ProcessState)
	case errors.Is(err, exec.ErrWaitDelay):
		return nil // it ended well, and left somebody behind
	}
	return err
}

// close delivers what waits until ctx ends, gives up on the rest and returns how
// many signals did not arrive.
func (k *hooks) close(ctx context.Context) int64 {
	k.mu.Lock()
	k.closed = true
	for _, q := range k.queues {
		close(q)
	}
	k.mu.Unlock()
	done := make(chan struct{})
	go func() { k.group.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		k.cancel() // each that waits fails at once
		<-done
	}
	k.cancel()
	k.client.CloseIdleConnections()
	return k.failed.Load()
}
