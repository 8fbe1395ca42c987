package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// recorder tells how fast output goes through a recording, beside programs that copy
// it and keep it as well. Those keep bytes, as run --raw does, which the goals are
// for; that each line becomes a row of a store is told without one.
func recorder(s *suite) error {
	events, err := s.events(s.size)
	if err != nil {
		return err
	}
	text, err := s.made("text_"+strconv.FormatInt(s.size, 10)+".txt", func(path string) error {
		return rewritten(events, path, func(line []byte) []byte { return append([]byte("it says "), line...) })
	})
	if err != nil {
		return err
	}
	small, err := s.events(s.size / 10)
	if err != nil {
		return err
	}
	if err := pipes(s, events, "events"); err != nil {
		return err
	}
	if err := pipes(s, text, "text"); err != nil {
		return err
	}
	if err := terminals(s, small); err != nil {
		return err
	}
	if err := starts(s); err != nil {
		return err
	}
	return masked(s, small)
}

// through is a copy of a file through a program, and what came out of it.
type through struct {
	what  string
	figs  []float64
	lost  string
	start func(dir string) *exec.Cmd
}

// recording runs a command that prints a file in a recording that keeps all of it: raw,
// or as rows of a store.
func (s *suite) recording(capture, file string, raw bool, flags ...string) func(dir string) *exec.Cmd {
	return func(dir string) *exec.Cmd {
		args := append([]string{"run", "--db", filepath.Join(dir, "store.sqlite"), "--capture", capture, "--on-full", "block"}, flags...)
		if raw {
			args = append(args, "--raw", filepath.Join(dir, "raw"))
		}
		return exec.Command(s.lazytrace, append(args, "--", "cat", file)...)
	}
}

// asItIs takes masking off.
const asItIs = "--unsafe-log-payloads"

// pipes puts a recording beside tee: both copy what comes and keep it, unmasked.
func pipes(s *suite, file, what string) error {
	size, err := sizeOf(file)
	if err != nil {
		return err
	}
	goal, name := atLeast(1), "pipe, "+what
	tee, ok := s.program("tee")
	if !ok {
		s.skip(name+" / tee", goal, "tee is not here")
		return nil
	}
	all := []*through{
		{what: "run --raw", start: s.recording("stdout", file, true, asItIs)},
		{what: "run", start: s.recording("stdout", file, false, asItIs)},
		{what: "tee", start: func(dir string) *exec.Cmd {
			return exec.Command("sh", "-c", `cat "$1" | "$2" "$3"`, "sh", file, tee, filepath.Join(dir, "copy"))
		}},
	}
	for range s.runs {
		for _, t := range all {
			dir := s.folder()
			if err := backed(dir, size); err != nil {
				return err
			}
			cmd := t.start(dir)
			cmd.Env = s.home()
			var said strings.Builder
			cmd.Stderr = &limited{&said, 4096}
			out := &counter{}
			cmd.Stdout = out
			began := time.Now()
			if err := cmd.Run(); err != nil {
				return fmt.Errorf("%s: %w: %s", t.what, err, firstLine([]byte(said.String())))
			}
			t.figs = append(t.figs, float64(size)/1e6/time.Since(began).Seconds())
			if out.n != size {
				return fmt.Errorf("%s: %d bytes came through, %d went in", t.what, out.n, size)
			}
			t.lost = lost(said.String())
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		}
	}
	theirs := figureOf("tee", "MB/s", all[2].figs...)
	s.add(Row{Name: name + " / tee", Goal: goal, Ours: figureOf("run --raw", "MB/s", all[0].figs...), Theirs: theirs, Note: all[0].lost})
	s.add(Row{Name: name + ", into a store / tee", Ours: figureOf("run", "MB/s", all[1].figs...), Theirs: theirs, Note: all[1].lost})
	return nil
}

// backed sees to it that the page cache has room for a file of some size that a virtual
// machine has got from its host: it gives memory page by page when that is first written,
// and who keeps output after a rest would wait for it, while the next one would not.
func backed(dir string, size int64) error {
	f, err := os.CreateTemp(dir, "backed-")
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, zeros{}, size)
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// counter counts what is written to it.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

// lost is what a recording says of events that it had to leave out.
func lost(said string) string {
	m := regexp.MustCompile(`(\d+) events were not recorded`).FindStringSubmatch(said)
	if m == nil {
		return ""
	}
	n, _ := strconv.ParseFloat(m[1], 64)
	return digits(n) + " events were not recorded"
}

func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// terminals does the same in a terminal, beside programs that record one.
func terminals(s *suite, file string) error {
	size, err := sizeOf(file)
	if err != nil {
		return err
	}
	all := []*through{
		{what: "run --raw", start: s.recording("pty", file, true, asItIs)},
		{what: "run", start: s.recording("pty", file, false, asItIs)},
	}
	if script, ok := s.program("script"); ok {
		all = append(all, &through{what: "script -q", start: func(dir string) *exec.Cmd {
			return exec.Command(script, "-q", "-c", "cat '"+file+"'", filepath.Join(dir, "typescript"))
		}})
	}
	if asciinema, ok := s.program("asciinema"); ok {
		all = append(all, &through{what: "asciinema rec", start: func(dir string) *exec.Cmd {
			return exec.Command(asciinema, "rec", "-q", "-c", "cat '"+file+"'", filepath.Join(dir, "cast"))
		}})
	}
	for range s.runs {
		for _, t := range all {
			dir := s.folder()
			if err := backed(dir, size); err != nil {
				return err
			}
			cmd := t.start(dir)
			cmd.Env = append(s.home(), "TERM=xterm-256color", "LANG=C.UTF-8", "LC_ALL=C.UTF-8")
			ms, n, err := timeInTerminal(cmd)
			if err != nil {
				return fmt.Errorf("%s: %w", t.what, err)
			}
			if n < size {
				return fmt.Errorf("%s: %d bytes came to the terminal, %d went in", t.what, n, size)
			}
			t.figs = append(t.figs, float64(size)/1e3/ms)
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		}
	}
	figures := map[string]*Figure{}
	for _, t := range all {
		figures[t.what] = figureOf(t.what, "MB/s", t.figs...)
	}
	raw, store := figures["run --raw"], figures["run"]
	s.beside("terminal, events", raw, "script -q", figures["script -q"], atLeast(1))
	s.beside("terminal, events", raw, "asciinema rec", figures["asciinema rec"], atLeast(2))
	s.beside("terminal, events, into a store", store, "script -q", figures["script -q"], nil)
	s.beside("terminal, events, into a store", store, "asciinema rec", figures["asciinema rec"], nil)
	return nil
}

// starts has both record a program that does nothing, in a terminal.
func starts(s *suite) error {
	goal := atMost(1. / 4)
	script, ok := s.program("script")
	if !ok {
		s.skip("start / script", goal, "script is not here")
		return nil
	}
	dir := s.folder()
	home := s.home()
	var ours, theirs []float64
	for run := -1; run < 10*s.runs; run++ {
		a := exec.Command(s.lazytrace, "run", "--db", filepath.Join(dir, "store.sqlite"), "--", "true")
		b := exec.Command(script, "-q", "-c", "true", filepath.Join(dir, "typescript"))
		var took [2]float64
		for i, cmd := range []*exec.Cmd{a, b} {
			cmd.Env = append(home, "TERM=xterm-256color")
			var err error
			if took[i], _, err = timeInTerminal(cmd); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(cmd.Path), err)
			}
		}
		if run >= 0 {
			ours, theirs = append(ours, took[0]), append(theirs, took[1])
		}
	}
	s.add(Row{Name: "start / script", Goal: goal, Ours: figureOf("run true", "ms", ours...), Theirs: figureOf("script -q -c true", "ms", theirs...)})
	return nil
}

// masked tells how much of a second of one processor masking takes: in a recording
// that keeps bytes, in one that makes rows, with all that belongs to them, and by itself.
func masked(s *suite, file string) error {
	size, err := sizeOf(file)
	if err != nil {
		return err
	}
	goal := &Goal{">=", 100, "MB/s"}
	for _, m := range []struct {
		name  string
		goal  *Goal
		start func(dir string) *exec.Cmd
	}{
		{"masked, recorded raw, of a processor", goal, s.recording("stdout", file, true)},
		{"masked, recorded into a store, of a processor", nil, s.recording("stdout", file, false)},
		{"masked alone, of a processor", goal, func(string) *exec.Cmd { return exec.Command(s.lazytrace, "redact") }},
	} {
		var v []float64
		note := ""
		for range s.runs {
			dir := s.folder()
			cmd := m.start(dir)
			cmd.Env = s.home()
			in, err := os.Open(file)
			if err != nil {
				return err
			}
			cmd.Stdin, cmd.Stdout = in, io.Discard
			var said strings.Builder
			cmd.Stderr = &limited{&said, 4096}
			err = cmd.Run()
			in.Close()
			if err != nil {
				return fmt.Errorf("%s: %w: %s", m.name, err, firstLine([]byte(said.String())))
			}
			note = lost(said.String())
			busy := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			v = append(v, float64(size)/1e6/busy.Seconds())
			if err := os.RemoveAll(dir); err != nil {
				return err
			}
		}
		s.add(Row{Name: m.name, Goal: m.goal, Ours: figureOf("secrets masked", "MB/s", v...), Note: note})
	}
	return nil
}
