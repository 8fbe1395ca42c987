package dialect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Keeper is a dialect whose agent deletes sessions by itself. Only what lies
// where the agent keeps its sessions is deleted; a copy elsewhere is not.
type Keeper interface {
	Keeps(s Kept) eventlog.Keeping
}

// Kept is what a Keeper is told of a segment.
type Kept struct {
	Path      string // absolute
	Directory string // in which the session was held, when its log tells
	Env       func(string) string
	Read      func(path string) ([]byte, error)
}

const day = 24 * time.Hour

// farOff is how long a time is for ever: the moment could not be counted.
const farOff = 36_500 * day

// settings are those of one file.
type settings struct {
	file   string
	there  bool
	values map[string]json.RawMessage
	err    error // why it cannot be read, though it is there
}

// settings reads a file of settings. Agents let people comment in some of them.
func (s Kept) settings(file string) settings {
	body, err := s.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return settings{file: file}
	}
	f := settings{file: file, there: true, err: err}
	if err == nil {
		f.err = json.Unmarshal(plainJSON(body), &f.values)
	}
	if f.err != nil {
		f.err = fmt.Errorf("%s cannot be read: %w", file, f.err)
	}
	return f
}

// get returns the value at the end of the keys.
func (f settings) get(keys ...string) (json.RawMessage, bool) {
	at := f.values
	for i, key := range keys {
		v, ok := at[key]
		if !ok || bytes.Equal(v, []byte("null")) {
			return nil, false
		}
		if i == len(keys)-1 {
			return v, true
		}
		at = nil
		if json.Unmarshal(v, &at) != nil {
			return nil, false
		}
	}
	return nil, false
}

// plainJSON takes the mark of UTF-8 and comments out of JSON.
func plainJSON(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !bytes.Contains(text, []byte("//")) && !bytes.Contains(text, []byte("/*")) {
		return text
	}
	plain := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		rest := text[i:]
		switch {
		case text[i] == '"':
			end := i + 1
			for end < len(text) && text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(text))
			plain = append(plain, text[i:end]...)
			i = end - 1
		case bytes.HasPrefix(rest, []byte("//")):
			n := bytes.IndexByte(rest, '\n')
			if n < 0 {
				return plain
			}
			i += n - 1
		case bytes.HasPrefix(rest, []byte("/*")):
			n := bytes.Index(rest, []byte("*/"))
			if n < 0 {
				return plain
			}
			i += n + 1
		default:
			plain = append(plain, text[i])
		}
	}
	return plain
}

// rootOf returns the one of the folders that the path lies below, or nothing.
func rootOf(path string, roots []string) string {
	for _, root := range roots {
		if abs, err := filepath.Abs(root); err == nil {
			root = abs
		}
		if strings.HasPrefix(path, root+string(filepath.Separator)) {
			return root
		}
	}
	return ""
}

// system returns the file that holds for everybody on the machine, of those for
// Linux, macOS and Windows.
func system(linux, mac, windows string) string {
	switch runtime.GOOS {
	case "darwin":
		return mac
	case "windows":
		return windows
	}
	return linux
}

// Keeps of Claude Code: each start deletes the sessions of all projects whose
// file was not written to for cleanupPeriodDays, 30 when nothing is said. What is
// managed holds for all; otherwise the settings of the folder in which it starts
// count before those of the user, so that a session dies by the shorter of the two.
// Newer versions delete nothing while a file of settings is wrong.
func (Claude) Keeps(s Kept) eventlog.Keeping {
	root := rootOf(s.Path, homes(s.Env, "CLAUDE_CONFIG_DIR", ".claude", ".config/claude"))
	if root == "" || rootOf(s.Path, []string{filepath.Join(root, "projects")}) == "" {
		return eventlog.Keeping{}
	}
	const key, standard = "cleanupPeriodDays", 30
	user := s.settings(filepath.Join(root, "settings.json"))
	keep := eventlog.Keeping{Setting: key, File: user.file, Longer: key + ": 3650"}
	managed := s.settings(system("/etc/claude-code/managed-settings.json",
		"/Library/Application Support/ClaudeCode/managed-settings.json", `C:\Program Files\ClaudeCode\managed-settings.json`))
	levels := []settings{managed, {}, user}
	if s.Directory != "" {
		for _, name := range []string{"settings.json", "settings.local.json"} {
			if f := s.settings(filepath.Join(s.Directory, ".claude", name)); f.there {
				if _, set := f.get(key); set || f.err != nil || !levels[1].there {
					levels[1] = f
				}
			}
		}
	}
	var days [3]float64
	for i, f := range levels {
		if f.err != nil {
			keep.File, keep.Trouble = f.file, f.err.Error()
			return keep
		}
		v, set := f.get(key)
		if !set {
			continue
		}
		n, err := strconv.ParseFloat(string(v), 64)
		if err != nil || n < 1 || math.IsNaN(n) {
			keep.File = f.file
			keep.Trouble = fmt.Sprintf("%s is %.40s in %s; it is a number of days from 1 on", key, v, f.file)
			return keep
		}
		days[i] = n
	}
	least := days[2]
	switch {
	case days[0] > 0:
		least, keep.File = days[0], managed.file
	case least == 0:
		least, keep.Default = standard, true
		fallthrough
	default:
		if days[1] > 0 && days[1] < least {
			least, keep.File, keep.Default = days[1], levels[1].file, false
		}
	}
	if least > float64(farOff/day) {
		return eventlog.Keeping{}
	}
	keep.For = time.Duration(least * float64(day))
	return keep
}

// Keeps of Gemini CLI: each start in a project deletes the sessions of that
// project that were last updated longer ago than general.sessionRetention.maxAge,
// and those beyond the newest maxCount. Each setting is that of the first file of
// these that has it: of the system, the project, the user, the system's defaults.
// A maxAge below minRetention, or one that is wrong, deletes nothing.
func (Gemini) Keeps(s Kept) eventlog.Keeping {
	root := s.Env("GEMINI_DATA_DIR")
	if root == "" {
		if dirs := within(homes(s.Env, "GEMINI_CLI_HOME", "."), ".gemini"); len(dirs) > 0 {
			root = dirs[0]
		}
	}
	if root == "" {
		return eventlog.Keeping{}
	}
	if root = rootOf(s.Path, []string{filepath.Join(root, "tmp")}); root == "" {
		return eventlog.Keeping{}
	}
	// tmp/PROJECT/chats/FILE; the chats of sub-agents lie a folder deeper.
	project, rest, _ := strings.Cut(s.Path[len(root)+1:], string(filepath.Separator))
	directory := s.Directory
	if body, err := s.Read(filepath.Join(root, project, ".project_root")); err == nil && directory == "" {
		directory = strings.TrimSpace(string(body))
	}
	return geminiRetention(s, filepath.Join(filepath.Dir(root), "settings.json"), directory, strings.Count(rest, string(filepath.Separator)) == 1)
}

func geminiRetention(s Kept, userFile, directory string, whole bool) eventlog.Keeping {
	const key = "general.sessionRetention"
	keep := eventlog.Keeping{Setting: key + ".maxAge", File: userFile, Longer: key + ".enabled: false", ByLast: true, Default: true}
	first := func(variable, otherwise string) string {
		if file := s.Env(variable); file != "" {
			return file
		}
		return otherwise
	}
	files := []string{first("GEMINI_CLI_SYSTEM_SETTINGS_PATH", system("/etc/gemini-cli/settings.json",
		"/Library/Application Support/GeminiCli/settings.json", `C:\ProgramData\gemini-cli\settings.json`))}
	if directory != "" {
		files = append(files, filepath.Join(directory, ".gemini", "settings.json"))
	}
	files = append(files, userFile, first("GEMINI_CLI_SYSTEM_DEFAULTS_PATH", system("/etc/gemini-cli/system-defaults.json",
		"/Library/Application Support/GeminiCli/system-defaults.json", `C:\ProgramData\gemini-cli\system-defaults.json`)))
	var levels []settings
	for _, file := range files {
		f := s.settings(file)
		if f.err != nil {
			keep.File, keep.Trouble = f.file, f.err.Error()
			return keep
		}
		levels = append(levels, f)
	}
	get := func(name string) (value string, file string) {
		for _, f := range levels {
			for _, keys := range [][]string{{"general", "sessionRetention", name}, {"sessionRetention", name}} {
				if v, set := f.get(keys...); set {
					var text string
					if json.Unmarshal(v, &text) != nil {
						text = string(v)
					}
					return text, f.file
				}
			}
		}
		return "", ""
	}
	if enabled, file := get("enabled"); enabled == "false" {
		return eventlog.Keeping{}
	} else if file != "" {
		keep.File, keep.Default = file, false
	}
	maxAge, file := get("maxAge")
	if file != "" {
		keep.File, keep.Default = file, false
	} else {
		maxAge = "30d"
	}
	least := day
	if text, _ := get("minRetention"); text != "" {
		if d, ok := retention(text); ok {
			least = d
		}
	}
	age, ok := retention(maxAge)
	if !ok || age < least {
		keep.Trouble = fmt.Sprintf("%s.maxAge is %.40s in %s; nothing is deleted by what is no time or too short", key, maxAge, keep.File)
		return keep
	}
	if text, file := get("maxCount"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			keep.File = file
			keep.Trouble = fmt.Sprintf("%s.maxCount is %.40s in %s; nothing is deleted by what is no number from 1 on", key, text, file)
			return keep
		}
		if whole {
			keep.Newest = n
		}
	}
	if age <= farOff {
		keep.For = age
	}
	if keep.Forever() {
		return eventlog.Keeping{}
	}
	return keep
}

// retention reads a time like 30d: hours, days, weeks, or months of 30 days.
func retention(text string) (time.Duration, bool) {
	unit, ok := map[string]time.Duration{"h": time.Hour, "d": day, "w": 7 * day, "m": 30 * day}[text[max(0, len(text)-1):]]
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 32)
	if err != nil || n == 0 {
		return 0, false
	}
	return time.Duration(min(float64(n)*float64(unit), math.MaxInt64/2)), true
}
