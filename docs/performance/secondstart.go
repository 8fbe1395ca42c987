package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// secondStart opens a tree of transcripts that was open before, until the first screen
// is complete.
func secondStart(s *suite) error {
	tree, err := s.tree(s.size)
	if err != nil {
		return err
	}
	total, err := s.totals(tree)
	if err != nil {
		return err
	}
	p := screen{args: []string{s.lazytrace, "open", tree}, ready: `[0-9] sessions`, done: loaded(total.Sessions), settle: time.Second}
	goal := &Goal{"<=", 150, "ms"}
	var first, second []float64
	home := ""
	for range s.runs {
		home = s.folder()
		p.env = func() []string { return homeAt(home) }
		for _, to := range []*[]float64{&first, &second} {
			p.what, p.dump = "lazytrace open, 2,000 files", filepath.Join(s.folder(), "screen")
			r, err := s.watch(p)
			if err != nil {
				return err
			}
			if err := settled(p.dump); err != nil {
				return err
			}
			*to = append(*to, r["done_ms"])
		}
	}
	s.add(Row{Name: "second start, complete", Goal: goal, Ours: figureOf("2,000 files", "ms", second...)})
	s.add(Row{Name: "second start / first start", Ours: figureOf("second", "ms", second...), Theirs: figureOf("first", "ms", first...)})

	reread := atMost(1. / 100)
	strace, ok := s.program("strace")
	if !ok {
		s.skip("bytes read again / the tree", reread, "strace is not here")
		return nil
	}
	trace := filepath.Join(s.folder(), "trace")
	p.args = append([]string{strace, "-f", "-y", "-s", "0", "-e", "trace=read,pread64,readv,preadv", "-o", trace}, p.args...)
	if _, err := s.watch(p); err != nil {
		return err
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		return err
	}
	s.add(Row{Name: "bytes read again / the tree", Goal: reread, Ours: figureOf("read at a second start", "MB", float64(bytesRead(text, tree))/1e6),
		Theirs: figureOf("the tree", "MB", float64(s.size)/1e6)})
	return nil
}

// bytesRead adds up what strace saw being read of the files below a folder. A call
// that another thread came into stands on two lines, the file on the first and the
// number of bytes on the second.
func bytesRead(trace []byte, below string) (n int64) {
	begun := map[string]bool{} // threads in a call for such a file
	for line := range bytes.Lines(trace) {
		thread, call, _ := bytes.Cut(line, []byte(" "))
		who := string(thread)
		switch {
		case bytes.Contains(call, []byte("<unfinished ...>")):
			begun[who] = bytes.Contains(call, []byte("<"+below))
			continue
		case bytes.Contains(call, []byte(" resumed>")):
			ours := begun[who]
			delete(begun, who)
			if !ours {
				continue
			}
		case !bytes.Contains(call, []byte("<"+below)):
			continue
		}
		i := bytes.LastIndex(call, []byte(" = "))
		if i < 0 {
			continue
		}
		told, _, _ := bytes.Cut(bytes.TrimSpace(call[i+3:]), []byte(" "))
		if v, err := strconv.ParseInt(string(told), 10, 64); err == nil && v > 0 {
			n += v
		}
	}
	return n
}
