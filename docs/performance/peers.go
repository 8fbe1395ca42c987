package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// What is needed of a peer is its name; nothing is installed.

// program finds a program, and says that it is missing when it is not there.
func (s *suite) program(name string) (path string, ok bool) {
	path, err := exec.LookPath(name)
	if err != nil {
		s.missing(name)
		return "", false
	}
	if s.report.Peers[name] == "" {
		s.report.Peers[name] = versionOf(path)
	}
	return path, true
}

// packaged finds a package of npm in the folder that --npm names, and the program
// that runs it.
func (s *suite) packaged(name string) (node, dir string, ok bool) {
	node, ok = s.program("node")
	if !ok {
		return "", "", false
	}
	dir = filepath.Join(s.npm, "node_modules", filepath.FromSlash(name))
	if s.npm == "" {
		s.missing(name + " (--npm DIR names the folder whose node_modules holds it)")
		return "", "", false
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		s.missing(name)
		return "", "", false
	}
	s.report.Peers[name] = member(manifest, "version")
	return node, dir, true
}

// built builds a program of the module that the peers have to themselves. What it
// needs may be missing: a C compiler, modules that cannot be fetched.
func (s *suite) built(name string) (string, error) {
	out := filepath.Join(s.cache, "bin", name)
	c := exec.Command("go", "build", "-trimpath", "-o", out, "./"+name)
	c.Dir = filepath.Join(s.root, "docs", "performance", "peers")
	c.Env = append(os.Environ(), "CGO_ENABLED=1", "GOFLAGS=", "GOWORK=off")
	if text, err := c.CombinedOutput(); err != nil {
		s.missing(name)
		return "", fmt.Errorf("%s cannot be built: %s", name, firstLine(text))
	}
	return out, nil
}

func (s *suite) missing(name string) {
	for _, have := range s.report.Missing {
		if have == name {
			return
		}
	}
	s.report.Missing = append(s.report.Missing, name)
}

func versionOf(path string) string {
	for _, flag := range []string{"--version", "-V"} {
		if out, err := exec.Command(path, flag).Output(); err == nil && len(out) > 0 {
			return firstLine(out)
		}
	}
	return "unknown"
}

func firstLine(text []byte) string {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return ""
}
