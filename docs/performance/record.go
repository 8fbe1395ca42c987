package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// record writes events into a store by our driver and by the one that calls SQLite's
// own C, and in the shape that commits each row and waits for the disk.
func record(s *suite) error {
	const rows = 30_000
	cgo, err := s.built("cgo")
	if err != nil {
		s.skip("100 a commit / cgo", atLeast(0.75), "%v", err)
	}
	store := filepath.Join(s.folder(), "store.sqlite")
	c := exec.Command(s.lazytrace, "run", "--db", store, "--capture", "none", "--", "true")
	c.Env = s.home()
	if text, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("lazytrace run: %w: %s", err, lastLine(text))
	}
	here := "TMPDIR=" + s.temp
	var ours, slow, theirs []float64
	once := *s
	once.runs = 1
	for range s.runs {
		b, err := once.benchmark("./eventlog/sqlite", "^BenchmarkWriteEvents$/^durable=false$/^batch=100$", strconv.Itoa(rows/100)+"x", here)
		if err != nil {
			return err
		}
		ours = append(ours, b["WriteEvents/durable=false/batch=100"]["rows/s"]...)
		if b, err = once.benchmark("./eventlog/sqlite", "^BenchmarkWriteEvents$/^durable=true$/^batch=1$", "3000x", here); err != nil {
			return err
		}
		slow = append(slow, b["WriteEvents/durable=true/batch=1"]["rows/s"]...)
		if cgo == "" {
			continue
		}
		c := exec.Command(cgo, "-like", store, "-rows", strconv.Itoa(rows), "-batch", "100")
		c.Env = append(s.home(), here)
		out, err := c.CombinedOutput()
		if err != nil {
			return fmt.Errorf("cgo: %w: %s", err, lastLine(out))
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
		if err != nil {
			return err
		}
		theirs = append(theirs, v)
	}
	o := figureOf("WriteEvents", "rows/s", ours...)
	if cgo != "" {
		s.add(Row{Name: "100 a commit / cgo", Goal: atLeast(0.75), Ours: o, Theirs: figureOf("mattn/go-sqlite3", "rows/s", theirs...)})
	}
	s.add(Row{Name: "100 a commit / each durable", Goal: atLeast(7), Ours: o, Theirs: figureOf("each row durable", "rows/s", slow...)})
	return nil
}
