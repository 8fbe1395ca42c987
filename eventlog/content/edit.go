package content

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/lazytrace/lazytrace/eventlog/textdiff"
)

// Edit is what a call does to one file.
type Edit struct {
	Path string
	Verb string // edit, write, add, delete, move
	To   string // of a move: its new path
	Diff string // unified; a part of a file has no line numbers
}

// The names of arguments by which agents spell edits.
var (
	pathNames  = []string{"file_path", "filePath", "path", "notebook_path", "filename", "file"}
	oldNames   = []string{"old_string", "oldString", "old_str", "oldText", "old_text"}
	newNames   = []string{"new_string", "newString", "new_str", "newText", "new_text", "new_source"}
	wholeNames = []string{"content", "contents", "file_text", "text"}
	patchNames = []string{"patch", "patchText", "patch_text", "input", "diff", "command", "cmd"}
)

// around is how many lines of context an edit is shown with.
const around = 3

// Edits returns what the arguments of a call do to files, as far as their names
// and shapes tell: pieces of text that are replaced, files that are written, and
// patches in the spelling of apply_patch. Calls that edit nothing have none.
func Edits(tool string, input json.RawMessage) []Edit {
	input = bytes.TrimSpace(input)
	if len(input) == 0 || len(input) > longest {
		return nil
	}
	if input[0] == '"' {
		var text string
		if json.Unmarshal(input, &text) != nil {
			return nil
		}
		return patched(text)
	}
	fields := members(input)
	if fields == nil {
		return changes(input)
	}
	path := fields.text(pathNames)
	if edits := fields.replaced(path); edits != nil {
		return edits
	}
	if path != "" && writes(tool, fields) {
		if text, ok := fields.find(wholeNames); ok {
			return []Edit{{Path: path, Verb: "write", Diff: textdiff.Unified(textdiff.Lines("", text), around)}}
		}
	}
	if text, ok := fields.find(patchNames); ok {
		return patched(text)
	}
	return nil
}

// writes reports whether a call writes a whole file rather than naming one.
func writes(tool string, fields object) bool {
	name := strings.ToLower(tool)
	return strings.Contains(name, "write") || strings.Contains(name, "create") || fields.text([]string{"command"}) == "create" || fields.text([]string{"command"}) == "write"
}

// replaced returns the edits of a call that names what it puts for what.
func (o object) replaced(path string) []Edit {
	if old, ok := o.find(oldNames); ok {
		fresh, _ := o.find(newNames)
		return fragment(path, old, fresh)
	}
	list, ok := o["edits"]
	if !ok {
		return nil
	}
	var parts []json.RawMessage
	if json.Unmarshal(list, &parts) != nil {
		return nil
	}
	var out []Edit
	for _, part := range parts {
		m := members(part)
		old, ok := m.find(oldNames)
		if !ok {
			continue
		}
		at := path
		if own := m.text(pathNames); own != "" {
			at = own
		}
		fresh, _ := m.find(newNames)
		edits := fragment(at, old, fresh)
		if n := len(out) - 1; n >= 0 && len(edits) == 1 && out[n].Path == at {
			out[n].Diff += edits[0].Diff
			continue
		}
		out = append(out, edits...)
	}
	return out
}

// header is the line that a hunk begins with. The numbers in it are those of the
// piece, not of the file, which the call does not tell.
var header = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^@@ .*$`) })

func fragment(path, old, fresh string) []Edit {
	if old == "" && fresh == "" {
		return nil
	}
	// A piece ends where it ends: that says nothing of the file.
	if !strings.HasSuffix(old, "\n") && old != "" {
		old += "\n"
	}
	if !strings.HasSuffix(fresh, "\n") && fresh != "" {
		fresh += "\n"
	}
	diff := textdiff.Unified(textdiff.Lines(old, fresh), around)
	return []Edit{{Path: path, Verb: "edit", Diff: header().ReplaceAllString(diff, "@@")}}
}

// changes reads a list of files with what is done to each.
func changes(list json.RawMessage) []Edit {
	var files []struct{ Path, Kind, Diff string }
	if json.Unmarshal(list, &files) != nil {
		return nil
	}
	var out []Edit
	for _, f := range files {
		if f.Path == "" || f.Kind == "" {
			return nil
		}
		verb := f.Kind
		if verb == "update" {
			verb = "edit"
		}
		out = append(out, Edit{Path: f.Path, Verb: verb, Diff: f.Diff})
	}
	return out
}

// patched reads a patch in the spelling of apply_patch, wherever it stands in a
// text.
func patched(text string) []Edit {
	_, text, ok := strings.Cut(text, "*** Begin Patch\n")
	if !ok {
		return nil
	}
	var out []Edit
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "*** "); ok {
			word, path, _ := strings.Cut(strings.TrimSpace(name), ": ")
			switch word {
			case "Add File":
				out = append(out, Edit{Path: path, Verb: "add"})
			case "Update File":
				out = append(out, Edit{Path: path, Verb: "edit"})
			case "Delete File":
				out = append(out, Edit{Path: path, Verb: "delete"})
			case "Move to":
				if n := len(out) - 1; n >= 0 {
					out[n].Verb, out[n].To = "move", path
				}
			case "End Patch":
				return out
			}
			continue
		}
		if n := len(out) - 1; n >= 0 {
			out[n].Diff += line
		}
	}
	return out
}

// object is an object by its members.
type object map[string]json.RawMessage

func members(raw json.RawMessage) object {
	var o object
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	return o
}

// find returns the first of some members that is a text.
func (o object) find(names []string) (string, bool) {
	i := slices.IndexFunc(names, func(name string) bool {
		v := o[name]
		return len(v) > 0 && v[0] == '"'
	})
	if i < 0 {
		return "", false
	}
	var s string
	err := json.Unmarshal(o[names[i]], &s)
	return s, err == nil
}

func (o object) text(names []string) string {
	s, _ := o.find(names)
	return s
}
