package transcript

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/recorder/agents"
)

// running returns the agents that run now. Of each process the arguments and the
// environment are read once. Others' processes are left: their transcripts are
// theirs as well.
func (p *processes) running() (list []process) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	self := os.Getpid()
	there := make(map[int]seen, len(p.seen))
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == self {
			continue
		}
		s, known := p.seen[pid]
		if is := imageOf(pid); !known || s.image != is {
			s = seen{image: is, process: p.examine(pid)}
		}
		there[pid] = s
		if s.process != nil {
			list = append(list, *s.process)
		}
	}
	p.seen = there
	return list
}

// imageOf tells processes with one number apart, and what one runs now from what
// it ran before: by when it was started and the name of its program.
func imageOf(pid int) image {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return image{}
	}
	// The name, in brackets, may hold anything.
	end := bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[end+1:]))
	const startTime = 19 // field 22 of stat, the third being the first here
	if end < 0 || len(fields) <= startTime {
		return image{}
	}
	return image{started: fields[startTime], program: string(stat[:end])}
}

// examine tells whether a process is an agent, and whose.
func (p *processes) examine(pid int) *process {
	dir := "/proc/" + strconv.Itoa(pid)
	line, err := os.ReadFile(dir + "/cmdline")
	if err != nil || len(line) == 0 {
		return nil
	}
	a, ok := agents.Running(strings.Split(strings.TrimRight(string(line), "\x00"), "\x00"))
	if !ok || len(a.Formats) == 0 {
		return nil
	}
	environ, err := os.ReadFile(dir + "/environ")
	if err != nil {
		return nil // somebody else's
	}
	found := &process{pid: pid, agent: a}
	found.dir, _ = os.Readlink(dir + "/cwd") // "" when it may not be told
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if id, ok := bytes.CutPrefix(entry, []byte("LAZYTRACE_SESSION=")); ok {
			found.ours = string(id) == p.session
		}
	}
	return found
}

// has reports whether the process has a file open.
func (a process) has(path string) bool {
	fds, _ := filepath.Glob("/proc/" + strconv.Itoa(a.pid) + "/fd/*")
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && to == path {
			return true
		}
	}
	return false
}
