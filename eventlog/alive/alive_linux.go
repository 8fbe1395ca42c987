package alive

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// markOf returns "machine M boot B space S tick T". The machine's id is told to
// programs in confidence, so only a digest of it is used.
func markOf(pid int) string {
	tick, err := startOf(pid)
	place := whereAmI()
	if err != nil || place == "" {
		return ""
	}
	return place + " tick " + tick
}

// whereAmI names the machine, its boot and the space of process numbers that we
// are in.
func whereAmI() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid") // pid:[4026531836]
	if err != nil {
		return ""
	}
	id, _ := os.ReadFile("/etc/machine-id") // without one, all boots are of one machine
	sum := sha256.Sum256(append([]byte("lazytrace "), id...))
	return "machine " + hex.EncodeToString(sum[:4]) + " boot " + strings.TrimSpace(string(boot)) +
		" space " + strings.Trim(space, "pid:[]")
}

// startOf returns when a process was started, in ticks since the boot.
func startOf(pid int) (string, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", err
	}
	// The name of the program, in brackets, may hold anything.
	text := string(stat)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	const state, started = 0, 19 // of what is behind the name
	if len(fields) <= started {
		return "", errors.New("the system tells too little of the process")
	}
	if fields[state] == "Z" || fields[state] == "X" {
		return "", fs.ErrNotExist // it has ended, and nobody has asked how yet
	}
	return fields[started], nil
}

func gone(pid int, mark string) bool {
	place, tick, ok := strings.Cut(mark, " tick ")
	here := whereAmI()
	if !ok || here == "" {
		return false
	}
	if place != here {
		// Of an earlier boot of this machine nothing is left. Another machine of
		// the same name, or another space of numbers, cannot be looked into.
		machine, boot, space := parts(place)
		ours, now, mine := parts(here)
		return machine == ours && boot != now && space == mine && machine != ""
	}
	started, err := startOf(pid)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	return err == nil && started != tick // the number is another's by now
}

func parts(place string) (machine, boot, space string) {
	f := strings.Fields(place)
	if len(f) != 6 || f[0] != "machine" || f[2] != "boot" || f[4] != "space" {
		return "", "", ""
	}
	return f[1], f[3], f[5]
}
