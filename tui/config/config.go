// Package config reads what a person set up for the explorer: config.toml,
// keys.toml and views.toml in one folder. Each is optional. What is wrong with
// one of them is told with its line, and the explorer starts without it.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/tui"
	"github.com/lazytrace/lazytrace/tui/keymap"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Config is everything that can be set up.
type Config struct {
	Look     theme.Look
	Mouse    bool
	Notify   bool
	Budget   tui.Budget
	Commands []tui.Command
	Views    []tui.View
	Keys     []keymap.Row
}

// Default is what holds without any file.
func Default() Config { return Config{Mouse: true, Notify: true, Keys: keymap.Table()} }

// Read reads the files of a folder. An empty folder is none.
func Read(folder string) (Config, []error) {
	c := Default()
	if folder == "" {
		return c, nil
	}
	var problems []error
	for _, f := range []struct {
		name string
		read func(*Config, []byte) []error
	}{{"config.toml", readConfig}, {"keys.toml", readKeys}, {"views.toml", readViews}} {
		path := filepath.Join(folder, f.name)
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		found := []error{err}
		if err == nil {
			found = f.read(&c, data)
		}
		for _, problem := range found {
			if problem != nil {
				problems = append(problems, fmt.Errorf("%s: %w", path, problem))
			}
		}
	}
	return c, problems
}

type file struct {
	Theme    string    `toml:"theme"`
	ASCII    bool      `toml:"ascii"`
	Mouse    *bool     `toml:"mouse"`
	Notify   *bool     `toml:"notify"`
	Budget   budget    `toml:"budget"`
	Commands []command `toml:"commands"`
}

type budget struct {
	Session float64 `toml:"session"`
	Day     float64 `toml:"day"`
}

type command struct {
	Name    string `toml:"name"`
	Key     string `toml:"key"`
	Run     string `toml:"run"`
	Confirm bool   `toml:"confirm"`
	Quiet   bool   `toml:"quiet"`
}

func readConfig(c *Config, data []byte) []error {
	var f file
	if problems := decode(data, &f); problems != nil {
		return problems
	}
	var problems []error
	if f.Theme != "" {
		look, _, err := c.Look.Named(f.Theme, true)
		if err != nil {
			problems = append(problems, at(data, "theme", err))
		}
		c.Look = look
	}
	c.Look.ASCII = f.ASCII
	if f.Mouse != nil {
		c.Mouse = *f.Mouse
	}
	if f.Notify != nil {
		c.Notify = *f.Notify
	}
	for _, b := range []struct {
		name string
		of   float64
	}{{"session", f.Budget.Session}, {"day", f.Budget.Day}} {
		if b.of < 0 || b.of > 1e9 {
			problems = append(problems, at(data, b.name, fmt.Errorf("a budget of $%g is none", b.of)))
		}
	}
	c.Budget = tui.Budget{Session: dollars(f.Budget.Session), Day: dollars(f.Budget.Day)}
	for _, cmd := range f.Commands {
		if cmd.Name == "" || cmd.Run == "" {
			problems = append(problems, at(data, "[[commands]]", errors.New("a command needs a name and what to run")))
			continue
		}
		c.Commands = append(c.Commands, tui.Command{Name: cmd.Name, Key: cmd.Key, Run: cmd.Run, Confirm: cmd.Confirm, Quiet: cmd.Quiet})
	}
	return problems
}

func dollars(v float64) eventlog.Money {
	m, err := eventlog.ParseMoney(fmt.Sprintf("%.6f", v))
	if err != nil {
		return 0
	}
	return m
}

func readKeys(c *Config, data []byte) []error {
	var tree map[string]any
	if problems := decode(data, &tree); problems != nil {
		return problems
	}
	own, problems := map[keymap.Action][]string{}, []error(nil)
	var flatten func(prefix string, tree map[string]any)
	flatten = func(prefix string, tree map[string]any) {
		for name, v := range tree {
			id := prefix + name
			switch v := v.(type) {
			case map[string]any:
				flatten(id+".", v)
			case string:
				own[keymap.Action(id)] = []string{v}
			case []any:
				keys := []string{}
				for _, k := range v {
					text, ok := k.(string)
					if !ok {
						problems = append(problems, at(data, name, fmt.Errorf("%s: %v is no key", id, k)))
					}
					keys = append(keys, text)
				}
				own[keymap.Action(id)] = keys
			default:
				problems = append(problems, at(data, name, fmt.Errorf("%s: want keys, as in [\"e\", \"ctrl+n\"]", id)))
			}
		}
	}
	flatten("", tree)
	rows, wrong := keymap.Remap(keymap.Table(), own)
	for _, p := range wrong {
		_, name, _ := strings.Cut(string(p.Action), ".")
		problems = append(problems, at(data, name, fmt.Errorf("%s: %s", p.Action, p.Why)))
	}
	for _, fault := range keymap.Faults(rows) {
		problems = append(problems, errors.New(fault))
	}
	if len(problems) == 0 {
		c.Keys = rows
	}
	return problems
}

type viewsFile struct {
	Views []view `toml:"view"`
}

type view struct {
	Name  string `toml:"name"`
	Query string `toml:"query"`
}

func readViews(c *Config, data []byte) []error {
	var f viewsFile
	if problems := decode(data, &f); problems != nil {
		return problems
	}
	var problems []error
	for _, v := range f.Views {
		if _, err := eventlog.ParseQuery(v.Query); err != nil || v.Name == "" {
			if err == nil {
				err = errors.New("a view needs a name")
			}
			problems = append(problems, at(data, v.Name, err))
			continue
		}
		c.Views = append(c.Views, tui.View{Name: v.Name, Query: v.Query})
	}
	return problems
}

// SaveViews writes the views of a folder, all or none of them.
func SaveViews(folder string, views []tui.View) error {
	f := viewsFile{Views: []view{}}
	for _, v := range views {
		f.Views = append(f.Views, view(v))
	}
	var b bytes.Buffer
	b.WriteString("# Saved views of lazytrace: a name and a filter each.\n\n")
	if err := toml.NewEncoder(&b).Encode(f); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	path := filepath.Join(folder, "views.toml")
	temp, err := os.CreateTemp(folder, ".views-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(b.Bytes())
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temp.Name()) // the error that is told is the one that matters
	}
	return err
}

// decode reads TOML in which nothing may stand that is not known.
func decode(data []byte, into any) []error {
	d := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	err := d.Decode(into)
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) {
		var problems []error
		for i := range unknown.Errors {
			line, _ := unknown.Errors[i].Position()
			problems = append(problems, fmt.Errorf("line %d: %s is not known here; see docs/config.md", line, strings.Join(unknown.Errors[i].Key(), ".")))
		}
		return problems
	}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		line, _ := bad.Position()
		return []error{fmt.Errorf("line %d: %s", line, strings.TrimPrefix(bad.Error(), "toml: "))}
	}
	if err != nil {
		return []error{err}
	}
	return nil
}

// at says in which line a name stands, where it does.
func at(data []byte, name string, err error) error {
	for i, line := range strings.Split(string(data), "\n") {
		if name != "" && strings.Contains(line, name) && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return err
}
