package source

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// suffixes are the endings of the files that a folder is searched for. A file
// that is named may end in anything: its content tells what it is.
var suffixes = append([]string{".json", ".zst", ".gz", ".log"}, logSuffixes...)

// logSuffixes are the endings of files that hold nothing else: one that is found in a
// folder and cannot be read is told of.
var logSuffixes = []string{".jsonl", ".ndjson", ".sqlite", ".sqlite3", ".db", ".traj", ".eval", ".otlp", ".binpb"}

// isLog reports whether a file is a log by its name.
func isLog(path string) bool {
	return slices.ContainsFunc(logSuffixes, func(s string) bool { return strings.HasSuffix(path, s) })
}

// foreign are the endings of files that folders of code are full of, and that
// are no logs: looking into each would take its time.
var foreign = []string{
	"package.json", "package-lock.json", "tsconfig.json", "composer.json", ".meta.json", ".schema.json", ".tar.gz", ".tar.zst",
}

// agentLogs is how Codex names the database of what it says about itself, which
// lies beside those of its sessions.
const agentLogs = "logs_*.sqlite"

// skipped are folders in which no log is looked for.
var skipped = []string{"node_modules", ".git", ".venv", "vendor"}

const (
	maxFiles = 100_000
	maxDepth = 16
)

// found is a file that may be a log.
type found struct {
	path  string
	named bool // the user gave this very path
	info  fs.FileInfo
	// copied says that it is a copy of a log that is gone.
	copied bool
}

// find lists the files that the paths lead to: a path itself, what a pattern
// matches, and what lies below a folder. The newest come first. It also lists
// the folders that it looked into. What cannot be looked at is told to complain.
func find(ctx context.Context, paths []string, complain func(path string, err error)) (files []found, folders []string) {
	f := finder{ctx: ctx, complain: complain, seen: map[string]bool{}}
	for _, p := range paths {
		f.path(p)
	}
	slices.SortStableFunc(f.files, func(a, b found) int { return b.info.ModTime().Compare(a.info.ModTime()) })
	return f.files, f.folders
}

type finder struct {
	ctx      context.Context
	complain func(path string, err error)
	seen     map[string]bool // by real path, so that no link is followed twice
	files    []found
	folders  []string
}

func (f *finder) path(p string) {
	info, err := os.Stat(p)
	if err != nil && strings.ContainsAny(p, "*?[") {
		matches, _ := filepath.Glob(p)
		for _, m := range matches {
			f.path(m)
		}
		if len(matches) > 0 {
			return
		}
	}
	switch {
	case err != nil:
		f.complain(p, fmt.Errorf("open %s: %w", p, reason(err)))
	case info.IsDir():
		f.linked(p, 0)
	default:
		real, err := filepath.EvalSymlinks(p)
		if err != nil {
			real = p
		}
		f.add(p, real, info, true)
	}
}

// linked looks into a folder whose path may lead through links.
func (f *finder) linked(dir string, depth int) {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		f.folder(dir, real, depth)
	}
}

func (f *finder) folder(dir, real string, depth int) {
	if f.seen[real] || depth > maxDepth || f.ctx.Err() != nil {
		return
	}
	f.seen[real] = true
	f.folders = append(f.folders, dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		f.complain(dir, fmt.Errorf("read folder %s: %w", dir, reason(err)))
		return
	}
	sessions, below := storage(dir)
	if below {
		return
	}
	wanted := func(e fs.DirEntry) bool {
		return e.Type().IsRegular() && (hasSuffix(e.Name()) || sessions && strings.HasSuffix(e.Name(), ".json"))
	}
	infos := infosOf(entries, wanted)
	for i, e := range entries {
		p := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir():
			if !slices.Contains(skipped, e.Name()) {
				f.folder(p, filepath.Join(real, e.Name()), depth+1)
			}
		case e.Type()&fs.ModeSymlink != 0:
			if info, err := os.Stat(p); err == nil && info.IsDir() {
				f.linked(p, depth+1)
			} else if err == nil && info.Mode().IsRegular() && hasSuffix(e.Name()) {
				if to, err := filepath.EvalSymlinks(p); err == nil {
					f.add(p, to, info, false)
				}
			}
		case infos[i] != nil:
			f.add(p, filepath.Join(real, e.Name()), infos[i], false)
		}
	}
}

// infosOf asks what the wanted entries of a folder are, of many on all processors: it is
// most of what looking for logs takes. Of the others, and of what has gone meanwhile, it
// returns nil.
func infosOf(entries []fs.DirEntry, wanted func(fs.DirEntry) bool) []fs.FileInfo {
	const few = 16
	infos := make([]fs.FileInfo, len(entries))
	var next atomic.Int64
	ask := func() {
		for i := next.Add(1) - 1; i < int64(len(entries)); i = next.Add(1) - 1 {
			if wanted(entries[i]) {
				infos[i], _ = entries[i].Info()
			}
		}
	}
	if len(entries) < few {
		ask()
	} else {
		each(ask)
	}
	return infos
}

func hasSuffix(name string) bool {
	ends := func(s string) bool { return strings.HasSuffix(name, s) }
	if agents, _ := filepath.Match(agentLogs, name); agents {
		return false
	}
	return slices.ContainsFunc(suffixes, ends) && !slices.ContainsFunc(foreign, ends)
}

func (f *finder) add(p, real string, info fs.FileInfo, named bool) {
	if !f.seen[real] && len(f.files) < maxFiles {
		f.seen[real] = true
		f.files = append(f.files, found{path: p, named: named, info: info})
	}
}

// Usual returns the places of this machine where sessions are usually found:
// the user's own store, a .lazytrace folder here, and what the known agents
// keep. Those that are not there are left out; a pattern that matches something
// stays a pattern, for what will match it later.
func Usual(getenv func(string) string, store string) []string {
	var there []string
	for _, p := range Places(getenv, store) {
		if p.There {
			there = append(there, p.Path)
		}
	}
	return there
}

// Expected returns all usual places, also those that are not there yet: for
// those who wait for what appears.
func Expected(getenv func(string) string, store string) []string {
	var all []string
	for _, p := range Places(getenv, store) {
		all = append(all, p.Path)
	}
	return all
}

// Place is somewhere that sessions are usually found.
type Place struct {
	Path   string // or a pattern
	Format string // of the agent that keeps them there; empty for our own
	There  bool   // something is
}

// Places returns all usual places, also those where nothing is.
func Places(getenv func(string) string, store string) []Place {
	places := []Place{{Path: store}, {Path: ".lazytrace"}}
	for _, d := range dialect.All() {
		if p, ok := d.(dialect.Placer); ok {
			for _, path := range p.Places(getenv) {
				places = append(places, Place{Path: path, Format: d.Name()})
			}
		}
	}
	for i, p := range places {
		if strings.ContainsAny(p.Path, "*?[") {
			found, err := filepath.Glob(p.Path)
			places[i].There = err == nil && len(found) > 0
			continue
		}
		_, err := os.Stat(p.Path)
		places[i].There = err == nil
	}
	return places
}
