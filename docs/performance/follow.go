package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// follow tells what it takes until something appended is seen, whether all of a long
// stream is, and what being followed costs the one who writes.
func follow(s *suite) error {
	if err := appended(s); err != nil {
		return err
	}
	if err := stream(s); err != nil {
		return err
	}
	return flatOut(s)
}

// appended has lines appended to a log of a hundredth of the size, in the explorer
// and in lnav.
func appended(s *suite) error {
	from, err := s.events(s.size / 100)
	if err != nil {
		return err
	}
	const times = 30
	goals := []struct {
		name  string
		share float64
	}{{"p50", 0.5}, {"slowest", 1}}
	lnav, haveLnav, err := s.lnavOpened(s.size / 100)
	if err != nil {
		return err
	}
	var ours, theirs []result
	for range s.runs {
		for _, peer := range []bool{false, true} {
			if peer && !haveLnav {
				continue
			}
			path := filepath.Join(s.folder(), "events_grows.jsonl")
			if err := copied(from, path); err != nil {
				return err
			}
			p := screen{what: "lazytrace, followed", args: []string{s.lazytrace, "open", path}, env: s.home, ready: aSession}
			if peer {
				p = lnav
				p.args = append(append([]string{}, lnav.args[:len(lnav.args)-1]...), path)
			} else {
				total, err := s.totals(path)
				if err != nil {
					return err
				}
				p.done = loaded(total.Sessions)
			}
			p.settle = 100 * time.Millisecond
			for n := range times {
				p.steps = append(p.steps, fmt.Sprintf(`append%02d:@%s|%s\n=>follow-%d\b`, n, path, line(time.Now(), n), n))
			}
			r, err := s.watch(p)
			if err != nil {
				return err
			}
			if peer {
				theirs = append(theirs, r)
			} else {
				ours = append(ours, r)
			}
		}
	}
	name := regexp.MustCompile(`^append\d\d_ms$`)
	for _, g := range goals {
		o := sharesOf("append to screen", name, g.share, ours)
		if !haveLnav {
			s.skip(g.name+" / lnav", atMost(1./10), "lnav is not here")
			continue
		}
		s.add(Row{Name: g.name + " / lnav", Goal: atMost(1. / 10), Ours: o, Theirs: sharesOf("lnav", name, g.share, theirs)})
	}
	return nil
}

// line is an event whose tool has a number in its name.
func line(at time.Time, n int) string {
	return fmt.Sprintf(`{"ts": %.6f, "session_id": "%s", "run_id": "run", "parent_run_id": null, "seq": %d, "event_type": "tool_call", "agent_name": "follower", "depth": 0, "tool": "follow-%d", "tool_use_id": "toolu_%d", "payload": {"args": {"n": %d}}}`,
		float64(at.UnixNano())/1e9, theSession, n, n, n, n)
}

// heavy is one as heavy as events are, about 700 bytes: calls of a few tools and their
// results in turns. The first one is told by its tool.
func heavy(at time.Time, n int) []byte {
	l, text := line(at, n/2*2), `"text": "`+strings.Repeat("lorem ip", 55)+`", `
	if n > 0 {
		tools := [...]string{"Bash", "Read", "Edit", "Grep", "Write"}
		l = strings.Replace(l, fmt.Sprintf(`"tool": "follow-%d"`, n/2*2), `"tool": "`+tools[n/2%len(tools)]+`"`, 1)
	}
	if n%2 == 1 {
		l = strings.Replace(l, `"tool_call"`, `"tool_result"`, 1)
	}
	return []byte(strings.Replace(l, `"args": {`, `"args": {`+text, 1) + "\n")
}

// stream has 20,000 events a second written for a while, into a log whose one session
// is open, and waits until all of them are counted on the screen.
func stream(s *suite) error {
	const perSecond, beat = 20_000, 10 * time.Millisecond
	path := filepath.Join(s.folder(), "stream.jsonl")
	if err := os.WriteFile(path, heavy(time.Now(), 0), 0o600); err != nil {
		return err
	}
	length := time.Duration(s.seconds) * time.Second
	total := s.seconds*perSecond + 1
	p := screen{
		what: "lazytrace, a stream", args: []string{s.lazytrace, "open", "--session", theSession[:8], path}, env: s.home,
		ready: "follow-0", done: inTrace(int64(total)), timeout: length + time.Minute, dump: filepath.Join(s.folder(), "screen"),
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error, 1)
	began := time.Now()
	var last time.Duration
	go func() {
		time.Sleep(time.Second) // the explorer is up
		err := paced(ctx, path, perSecond, total-1, beat)
		last = time.Since(began)
		ended <- err
	}()
	r, err := s.watch(p)
	stop()
	if err := <-ended; err != nil {
		return err
	}
	done, complete := r["done_ms"]
	if err != nil && (complete || r == nil) {
		return err
	}
	seen, looked := float64(total), length
	if !complete {
		looked = p.timeout
		if seen, err = countedEvents(p.dump + ".end"); err != nil {
			return err
		}
	}
	s.add(Row{Name: "stream, events seen / written", Goal: equal, Ours: figureOf("seen", "", seen), Theirs: figureOf("written", "", float64(total)),
		Note: fmt.Sprintf("%d s of %s events a second, a minute to come after", s.seconds, digits(perSecond))})
	if complete {
		s.add(Row{Name: "stream, seen after its end", Ours: figureOf("all of it", "ms", max(0, done-float64(last.Milliseconds())))})
	} else {
		s.skip("stream, seen after its end", nil, "not within a minute")
	}
	busy := r["cpu_done_s"] - r["cpu_ready_s"]
	s.add(Row{Name: "stream, processor", Goal: &Goal{"<=", 25, "%"}, Ours: figureOf("of a core while it lasts", "%", 100*busy/looked.Seconds())})
	return nil
}

// countedEvents is the number of events in the head of a trace.
func countedEvents(path string) (n float64, err error) {
	text, err := readText(path)
	if err != nil {
		return 0, err
	}
	if m := regexp.MustCompile(`\A[^\n]* / ([0-9,]+) `).FindStringSubmatch(text); m != nil {
		return strconv.ParseFloat(strings.ReplaceAll(m[1], ",", ""), 64)
	}
	return 0, nil
}

// paced writes so many events a second until all are written, those of a beat in one
// write.
func paced(ctx context.Context, path string, perSecond, total int, beat time.Duration) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	began := time.Now()
	ticks := time.NewTicker(beat)
	defer ticks.Stop()
	var text []byte
	for n := 0; n < total; {
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		}
		text = text[:0]
		for due := min(total, int(time.Since(began).Seconds()*float64(perSecond))); n < due; {
			n++
			text = append(text, heavy(time.Now(), n)...)
		}
		if _, err := f.Write(text); err != nil {
			return err
		}
	}
	return nil
}

// flatOut writes one event after the other, each in a write of its own, as fast as it
// can: first nobody looks, then the explorer does. Where the cores get in each other's
// way that alone slows a writer, so that it also writes beside a loop that does nothing.
func flatOut(s *suite) error {
	const events = 400_000
	var alone, busy, watched []float64
	text := heavy(time.Now(), 1)
	path := filepath.Join(s.folder(), "flat.jsonl")
	for range s.runs {
		for _, way := range []struct {
			rates  *[]float64
			beside func() (stop func(), err error)
		}{
			{&alone, func() (func(), error) { return func() {}, nil }},
			{&busy, func() (func(), error) { return spin(), nil }},
			{&watched, func() (func(), error) { return s.inTerminal(path) }},
		} {
			if err := os.WriteFile(path, heavy(time.Now(), 0), 0o600); err != nil {
				return err
			}
			stop, err := way.beside()
			if err != nil {
				return err
			}
			began := time.Now()
			err = appendEach(path, text, events)
			*way.rates = append(*way.rates, events/time.Since(began).Seconds())
			stop()
			if err != nil {
				return err
			}
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	unwatched := figureOf("alone", "events/s", alone...)
	s.add(Row{Name: "writer, followed / not followed", Goal: atLeast(0.9), Ours: figureOf("followed", "events/s", watched...), Theirs: unwatched})
	s.add(Row{Name: "writer, beside an empty loop / alone", Ours: figureOf("beside a loop", "events/s", busy...), Theirs: unwatched})
	return nil
}

// appendEach appends a text to a file again and again, each time in a write of its own.
func appendEach(path string, text []byte, times int) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	for range times {
		if _, err = f.Write(text); err != nil {
			break
		}
	}
	return errors.Join(err, f.Close())
}

// spin keeps another core busy until stop is called.
func spin() (stop func()) {
	var done atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !done.Load() {
		}
	})
	return func() {
		done.Store(true)
		wg.Wait()
	}
}

// inTerminal opens a log in the explorer, in a terminal that nobody reads for longer
// than it takes to throw away what is written, until stop is called.
func (s *suite) inTerminal(path string) (stop func(), err error) {
	cmd := exec.Command(s.lazytrace, "open", "--session", theSession[:8], path)
	cmd.Env = append(s.home(), "TERM=xterm-256color")
	end, err := startInTerminal(cmd)
	if err != nil {
		return nil, err
	}
	time.Sleep(time.Second)
	return end, nil
}
