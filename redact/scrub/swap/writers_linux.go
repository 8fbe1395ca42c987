package swap

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Writers returns the processes, but for this one, that have a file open to write to it,
// as far as this user may know, and whether the system tells at all.
func Writers(path string) (pids []int, told bool) {
	var of syscall.Stat_t
	if syscall.Stat(path, &of) != nil {
		return nil, true
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(processes) == 0 {
		return nil, false
	}
	for _, process := range processes {
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil || pid == os.Getpid() {
			continue
		}
		open, err := os.ReadDir(process + "/fd")
		if err != nil {
			continue // it is gone, or somebody else's
		}
		for _, fd := range open {
			var s syscall.Stat_t
			if syscall.Stat(process+"/fd/"+fd.Name(), &s) == nil && s.Dev == of.Dev && s.Ino == of.Ino && writes(process+"/fdinfo/"+fd.Name()) {
				pids = append(pids, pid)
				break
			}
		}
	}
	return pids, true
}

// writes reports whether a descriptor may be written to, by what the system says of it.
func writes(info string) bool {
	f, err := os.Open(info)
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "flags:"); ok {
			flags, err := strconv.ParseUint(strings.TrimSpace(text), 8, 64)
			return err == nil && flags&syscall.O_ACCMODE != syscall.O_RDONLY
		}
	}
	return false
}
