package command

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/recorder/capture/process"
	"github.com/lazytrace/lazytrace/recorder/capture/proxy"
)

// ReplayOptions say what is answered from a record, and for whom.
type ReplayOptions struct {
	Args                  []string // the command; none is anybody who is told the addresses
	Env                   []string
	Stdin, Stdout, Stderr *os.File
	Address               string // where to listen, on the loopback; a free port when empty
	Answer                func(w http.ResponseWriter, r *http.Request, a proxy.Asked) bool
	Complain              func(problem string)
}

// Served is how a replay ended.
type Served struct {
	Code   int   // the exit code of the command
	Passed int64 // requests that went to a provider
}

// drainReplay is how long answers that are under way may take at the end.
const drainReplay = time.Second

// Replay runs a command that finds its model providers answered for. It is led there
// as one is that is recorded, and nothing else about it differs.
func Replay(ctx context.Context, o ReplayOptions) (Served, error) {
	settings := map[string]string{}
	server, args, err := o.open(ctx, settings)
	if err != nil {
		return Served{}, err
	}
	var s Served
	p, err := process.Start(process.Options{
		Args: args, Env: environment(o.Env, settings), Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr,
		Told: func(string) {}, Woken: func() {}, Interrupted: func() {},
	})
	if err != nil {
		o.Complain(cannotRun(o.Args[0], err))
		s.Code = process.CodeOf(err)
	} else {
		status, _ := p.Wait() // its code tells
		s.Code = status.Code
		p.Close()
	}
	s.Passed = finish(server)
	return s, nil
}

// ServeReplay answers until ctx ends, for whoever is told the settings of an environment.
func ServeReplay(ctx context.Context, o ReplayOptions, tell func(settings [][2]string)) (Served, error) {
	settings := map[string]string{}
	server, _, err := o.open(ctx, settings)
	if err != nil {
		return Served{}, err
	}
	var list [][2]string
	for name, value := range settings {
		if value != "" {
			list = append(list, [2]string{name, value})
		}
	}
	slices.SortFunc(list, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	tell(list)
	<-ctx.Done()
	return Served{Passed: finish(server)}, nil
}

// open opens the server that answers, and fills in the settings that lead to it.
func (o *ReplayOptions) open(ctx context.Context, settings map[string]string) (*proxy.Server, []string, error) {
	var failed error
	l := leading{env: lookup(o.Env), settings: settings, complain: o.Complain}
	args, server := l.lead(o.Args, func(up map[string]*url.URL) (*proxy.Server, error) {
		s, err := proxy.Listen(context.WithoutCancel(ctx), proxy.Nowhere{}, proxy.Options{Upstreams: up, Answer: o.Answer, Address: o.Address})
		failed = err
		return s, err
	})
	if failed != nil {
		return nil, nil, fmt.Errorf("serve the record: %w", failed)
	}
	return server, args, nil
}

// finish ends the server and returns how many requests it passed on.
func finish(server *proxy.Server) int64 {
	ctx, cancel := context.WithTimeout(context.Background(), drainReplay)
	defer cancel()
	_ = server.Drain(ctx) // what was under way was nobody's any more
	return server.Passed()
}
