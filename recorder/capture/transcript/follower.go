package transcript

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/source"
	"github.com/lazytrace/lazytrace/recorder/agents"
	"github.com/lazytrace/lazytrace/recorder/layers"
)

// Sink takes events; see pipeline.Pipeline.
type Sink interface {
	Emit(ctx context.Context, e eventlog.Event) error
}

// Options say whose transcripts are followed.
type Options struct {
	Args    []string // the command, whose words may name a conversation or its prompt
	Env     []string // its environment, which says where agents keep transcripts
	Dir     string   // where it runs
	Session string   // the recording, which the environment of its processes names
	Run     string   // conversations lie below this run
	Started time.Time
	Files   bool // transcripts are looked for; else what is printed is all
}

// Follower follows the transcripts of the agents that a recorded program is or
// starts. Drain ends it.
type Follower struct {
	opts     Options
	sink     Sink
	registry *layers.Registry
	ctx      context.Context
	cancel   context.CancelFunc
	group    sync.WaitGroup // all goroutines
	reading  sync.WaitGroup // those that read transcripts
	nudge    chan struct{}  // each stream that takes one looks again at once
	procs    *processes

	mu      sync.Mutex
	streams map[string]bool  // agents that are followed
	known   map[string]bool  // ids of conversations that are the program's for sure
	taken   map[string]taken // conversations that are recorded
	printed []*Printed
	ending  bool
	left    int64 // conversations of which nobody knows whose they are
}

// taken is how a conversation is recorded.
type taken struct {
	run     string // that it is
	printed bool   // as the program prints it, rather than as its log has it
}

// Follow begins to follow. It returns at once.
func Follow(ctx context.Context, sink Sink, registry *layers.Registry, o Options) *Follower {
	f := &Follower{
		opts: o, sink: sink, registry: registry, nudge: make(chan struct{}), procs: newProcesses(o.Session),
		streams: map[string]bool{}, known: map[string]bool{}, taken: map[string]taken{},
	}
	f.ctx, f.cancel = context.WithCancel(ctx)
	if a, ok := agents.Of(o.Args); ok && o.Files {
		f.follow(a)
	}
	if o.Files {
		f.group.Go(f.scout)
	}
	return f
}

// Claim says that the program holds a conversation, as another layer has seen.
func (f *Follower) Claim(conversation string) {
	if conversation == "" {
		return
	}
	f.mu.Lock()
	f.known[conversation] = true
	f.mu.Unlock()
}

func (f *Follower) claimed(conversation string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known[conversation]
}

// Left returns how many conversations might be the program's and were not
// recorded, since another agent runs in the same folder. It is known after Drain.
func (f *Follower) Left() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.left
}

// follow begins to read the transcripts of an agent, unless they are being read.
func (f *Follower) follow(a agents.Agent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.streams[a.Name] || len(a.Formats) == 0 || f.ending {
		return
	}
	f.streams[a.Name] = true
	var paths []string
	for _, p := range source.Places(f.env, "") {
		if slices.Contains(a.Formats, p.Format) {
			paths = append(paths, p.Path)
		}
	}
	if len(paths) == 0 {
		return
	}
	h := newReader(f, a, layers.Transcript)
	opt := source.Options{Follow: true, Hopeful: true, Consider: f.recent, Nudge: f.nudge}
	f.reading.Go(func() {
		// What cannot be read any more was told of; there is nobody else to tell.
		_ = source.Stream(f.ctx, paths, opt, h)
		h.end()
	})
}

// env looks a variable up as the program does.
func (f *Follower) env(name string) string {
	for _, entry := range slices.Backward(f.opts.Env) {
		if key, value, ok := strings.Cut(entry, "="); ok && key == name {
			return value
		}
	}
	return ""
}

// recent reports whether a file was written to since the recording began. A
// database may have been changed in its log only.
func (f *Follower) recent(path string, info os.FileInfo) bool {
	since := f.opts.Started.Add(-time.Second) // file systems round
	if !info.ModTime().Before(since) {
		return true
	}
	wal, err := os.Stat(path + "-wal")
	return err == nil && !wal.ModTime().Before(since)
}

// scoutFirst is when new processes are looked for first, and scoutEvery how often
// then. What ends sooner has started no agent.
const (
	scoutFirst = 100 * time.Millisecond
	scoutEvery = 500 * time.Millisecond
)

// scout looks for agents that the program starts, and follows those too.
func (f *Follower) scout() {
	next := time.NewTimer(scoutFirst)
	defer next.Stop()
	for {
		select {
		case <-next.C:
			next.Reset(scoutEvery)
		case <-f.ctx.Done():
			return
		}
		for _, p := range f.procs.look() {
			f.follow(p.agent)
			if path := p.agent.Pointer(f.env, p.pid); path != "" {
				f.Claim(pointed(path))
			}
		}
	}
}

// pointed returns the conversation that a small file names, or nothing.
func pointed(path string) string {
	const small = 64 << 10
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	var p struct {
		Session string `json:"sessionId"`
	}
	if json.NewDecoder(io.LimitReader(file, small)).Decode(&p) != nil {
		return ""
	}
	return p.Session
}

var errEnded = errors.New("the program has ended")

// Drain reads what the program wrote last and ends the following. The program
// has ended by then. What is not there when ctx ends is given up.
func (f *Follower) Drain(ctx context.Context) {
	f.mu.Lock()
	f.ending = true
	f.mu.Unlock()
	done := make(chan struct{})
	go func() {
		f.reading.Wait()
		f.group.Wait()
		close(done)
	}()
	streams := make(chan struct{})
	go func() {
		f.reading.Wait()
		close(streams)
	}()
	for reading := true; reading; {
		select {
		case f.nudge <- struct{}{}: // each stream looks once more, and ends when it is sure
		case <-streams:
			reading = false
		case <-ctx.Done():
			reading = false
		}
	}
	f.mu.Lock()
	printed := f.printed
	f.mu.Unlock()
	for _, p := range printed {
		p.end()
	}
	f.cancel()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

func (f *Follower) isEnding() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ending
}

// takenAs returns the run that a conversation is recorded as.
func (f *Follower) takenAs(conversation string) (run string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.taken[conversation]
	return t.run, ok
}

// followed reports whether the transcript of a conversation is being recorded.
func (f *Follower) followed(conversation string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.taken[conversation]
	return ok && !t.printed
}

// takeFromLog and takeFromOutput say that a conversation is recorded from now on,
// as a run. They report false when the other way was taken before.
func (f *Follower) takeFromLog(conversation, run string) bool {
	return f.take(conversation, taken{run: run})
}

func (f *Follower) takeFromOutput(conversation, run string) bool {
	return f.take(conversation, taken{run: run, printed: true})
}

func (f *Follower) take(conversation string, as taken) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t, ok := f.taken[conversation]; ok && t.printed != as.printed {
		return false
	}
	f.taken[conversation] = as
	return true
}

func (f *Follower) leave() {
	f.mu.Lock()
	f.left++
	f.mu.Unlock()
}
