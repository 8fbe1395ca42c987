package formats

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/dialect"
)

// Load reads all descriptions of a folder in the order of their names. One that
// is wrong is left out, and every reason for that is among the problems.
func Load(dir string) (list []*dialect.Declared, problems []error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, []error{err}
	}
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".toml") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		d, wrong := Read(path)
		if i := slices.IndexFunc(list, func(old *dialect.Declared) bool { return d != nil && old.Title == d.Title }); i >= 0 {
			wrong = append(wrong, Problem{path, 1, "name", "the format " + d.Title + " is described in " + list[i].File + " as well", "another name"})
		}
		problems = append(problems, wrong...)
		if len(wrong) == 0 {
			list = append(list, d)
		}
	}
	return list, problems
}

// maxSize is how large a description may be.
const maxSize = 1 << 20

// Read reads one description. Where there are problems the format is nil.
func Read(path string) (*dialect.Declared, []error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, []error{err}
	case !info.Mode().IsRegular():
		return nil, []error{Problem{path, 1, "", "it is no regular file", "a file of TOML"}}
	case info.Size() > maxSize:
		return nil, []error{Problem{path, 1, "", "it is larger than a megabyte", "a description of a format"}}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, []error{err}
	}
	return Parse(path, text)
}
