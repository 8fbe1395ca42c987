package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// bytesOf reads a size as tracegen does: K, M and G are powers of 1000.
func bytesOf(size string) (int64, error) {
	units := map[string]float64{"K": 1e3, "M": 1e6, "G": 1e9}
	number, unit := size, 1.0
	if n := len(size); n > 0 && units[size[n-1:]] != 0 {
		number, unit = size[:n-1], units[size[n-1:]]
	}
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v*unit >= 1e6 && v*unit <= 1e12) {
		return 0, fmt.Errorf("-size %s: a number with K, M or G, from 1M on", size)
	}
	return int64(v * unit), nil
}

// events is a log of a hundred thousand runs in one file, with times and costs. Its
// name is what lnav's description of the format asks for.
func (s *suite) events(size int64) (string, error) {
	return s.generated("events_"+strconv.FormatInt(size, 10)+".jsonl", "-fmt", "events", "-size", strconv.FormatInt(size, 10))
}

// bridge is the same in the flat lines that LazyBridge exports.
func (s *suite) bridge(size int64) (string, error) {
	return s.generated("lb_"+strconv.FormatInt(size, 10)+".jsonl", "-fmt", "lb", "-size", strconv.FormatInt(size, 10))
}

// tree is a folder of 2,000 transcripts, as it lies in the home of somebody.
func (s *suite) tree(size int64) (string, error) {
	return s.generated("claude_"+strconv.FormatInt(size, 10), "-fmt", "claude", "-files", "2000", "-size", strconv.FormatInt(size, 10))
}

// generated makes a log unless it is there, and puts it into its place when it is whole.
func (s *suite) generated(name string, args ...string) (string, error) {
	return s.made(name, func(path string) error {
		gen := filepath.Join(s.cache, "bin", "tracegen")
		if err := s.build(filepath.Join(s.shared, "harness", "tracegen"), gen, "."); err != nil {
			return err
		}
		if text, err := exec.Command(gen, append(args, "-o", path)...).CombinedOutput(); err != nil {
			return fmt.Errorf("tracegen: %s", firstLine(text))
		}
		return nil
	})
}

func (s *suite) made(name string, make func(path string) error) (string, error) {
	path := filepath.Join(s.cache, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	s.say("makes " + name)
	half := filepath.Join(s.temp, name)
	if err := make(half); err != nil {
		return "", err
	}
	return path, os.Rename(half, path)
}

// oneSession is a log of events that all belong to one session.
func (s *suite) oneSession(size int64) (string, error) {
	return s.made("events_one_"+strconv.FormatInt(size, 10)+".jsonl", func(path string) error {
		from, err := s.events(size)
		if err != nil {
			return err
		}
		return rewritten(from, path, func(line []byte) []byte {
			const member, length = `"session_id": "`, 36
			at := strings.Index(string(line[:min(len(line), 200)]), member)
			if at < 0 {
				return line
			}
			at += len(member)
			return append(append(append([]byte{}, line[:at]...), theSession...), line[at+length:]...)
		})
	})
}

// theSession is the id of the session in logs that hold one.
const theSession = "00000000-0000-4000-8000-000000000000"

// pythonBridge makes a database of LazyBridge's shape of the lines that it exports.
const pythonBridge = `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[2])
db.execute("PRAGMA journal_mode = OFF")
db.execute("PRAGMA synchronous = OFF")
db.execute("CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, run_id TEXT, event_type TEXT NOT NULL, payload TEXT NOT NULL, ts REAL NOT NULL)")
def rows():
    for n, line in enumerate(open(sys.argv[1])):
        e = json.loads(line)
        kind, session, run = e.pop("event_type"), e.pop("session_id"), e.pop("run_id")
        yield session, run, kind, json.dumps(e), 1788249604.0 + n / 50
db.executemany("INSERT INTO events (session_id, run_id, event_type, payload, ts) VALUES (?, ?, ?, ?, ?)", rows())
db.commit()
`

func (s *suite) bridgeDatabase(size int64) (string, error) {
	return s.made("lb_"+strconv.FormatInt(size, 10)+".sqlite", func(path string) error {
		from, err := s.bridge(size)
		if err != nil {
			return err
		}
		if text, err := exec.Command("python3", "-c", pythonBridge, from, path).CombinedOutput(); err != nil {
			return fmt.Errorf("the database: %s", lastLine(text))
		}
		return nil
	})
}
