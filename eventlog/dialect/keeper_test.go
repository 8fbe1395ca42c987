package dialect

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// keeps asks a dialect about a path in a world of files and variables.
func keeps(d Keeper, path, dir string, env, files map[string]string) (text string) {
	vars := map[string]string{"HOME": "/home/dev"}
	for k, v := range env {
		vars[k] = v
	}
	k := d.Keeps(Kept{
		Path: filepath.FromSlash(path), Directory: filepath.FromSlash(dir),
		Env: func(name string) string { return vars[name] },
		Read: func(path string) ([]byte, error) {
			body, ok := files[filepath.ToSlash(path)]
			switch {
			case !ok:
				return nil, fs.ErrNotExist
			case body == "secret":
				return nil, errors.New("permission denied")
			}
			return []byte(body), nil
		},
	})
	switch {
	case k.Trouble != "":
		return "trouble: " + k.Trouble
	case k.Forever():
		return "stays"
	}
	var parts []string
	if k.For > 0 {
		parts = append(parts, strings.TrimSuffix(strings.TrimSuffix(k.For.String(), "0s"), "0m"))
	}
	if k.Newest > 0 {
		parts = append(parts, "newest "+string(rune('0'+k.Newest)))
	}
	if k.Default {
		parts = append(parts, "by default")
	}
	if k.ByLast {
		parts = append(parts, "from the last event")
	}
	return strings.Join(append(parts, "in", filepath.ToSlash(k.File)), " ")
}

func TestClaudeKeeps(t *testing.T) {
	const (
		path    = "/home/dev/.claude/projects/-home-dev-shop/s.jsonl"
		user    = "/home/dev/.claude/settings.json"
		project = "/home/dev/shop/.claude/settings.json"
		local   = "/home/dev/shop/.claude/settings.local.json"
	)
	managed := system("/etc/claude-code/managed-settings.json",
		"/Library/Application Support/ClaudeCode/managed-settings.json", `C:\Program Files\ClaudeCode\managed-settings.json`)
	type files = map[string]string
	for name, tc := range map[string]struct {
		path  string
		env   map[string]string
		files files
		want  string
	}{
		"nothing set":        {path, nil, nil, "720h by default in " + user},
		"set by the user":    {path, nil, files{user: `{"model":"x","cleanupPeriodDays":90}`}, "2160h in " + user},
		"null":               {path, nil, files{user: `{"cleanupPeriodDays":null}`}, "720h by default in " + user},
		"project is shorter": {path, nil, files{user: `{"cleanupPeriodDays":90}`, project: `{"cleanupPeriodDays":7}`}, "168h in " + project},
		"project is longer":  {path, nil, files{project: `{"cleanupPeriodDays":700}`}, "720h by default in " + user},
		"local counts first": {path, nil, files{project: `{"cleanupPeriodDays":7}`, local: `{"cleanupPeriodDays":9}`}, "216h in " + local},
		"local says nothing": {path, nil, files{project: `{"cleanupPeriodDays":7}`, local: `{"model":"x"}`}, "168h in " + project},
		"managed":            {path, nil, files{managed: `{"cleanupPeriodDays":365}`, user: `{"cleanupPeriodDays":7}`, project: `{"cleanupPeriodDays":3}`}, "8760h in " + managed},
		"practically never":  {path, nil, files{user: `{"cleanupPeriodDays":99999}`}, "stays"},
		"zero":               {path, nil, files{user: `{"cleanupPeriodDays":0}`}, "trouble: cleanupPeriodDays is 0 in " + user + "; it is a number of days from 1 on"},
		"a text":             {path, nil, files{user: `{"cleanupPeriodDays":"30"}`}, `trouble: cleanupPeriodDays is "30" in ` + user + "; it is a number of days from 1 on"},
		"torn":               {path, nil, files{user: `{"cleanupPeriodDays":3`}, "trouble: " + user + " cannot be read: unexpected end of JSON input"},
		"a list":             {path, nil, files{user: `[1]`}, "trouble: " + user + " cannot be read: json: cannot unmarshal array into Go value of type map[string]json.RawMessage"},
		"not to be read":     {path, nil, files{user: "secret"}, "trouble: " + user + " cannot be read: permission denied"},
		"mark and comments":  {path, nil, files{user: "\xef\xbb\xbf{// mine\n\"a\":\"//\\\"\", /* days */ \"cleanupPeriodDays\":3}"}, "72h in " + user},
		"moved":              {"/cfg/projects/p/s.jsonl", map[string]string{"CLAUDE_CONFIG_DIR": "/cfg"}, files{"/cfg/settings.json": `{"cleanupPeriodDays":5}`}, "120h in /cfg/settings.json"},
		"a copy":             {"/tmp/s.jsonl", nil, nil, "stays"},
		"not a project":      {"/home/dev/.claude/history.jsonl", nil, nil, "stays"},
	} {
		if got := keeps(Claude{}, tc.path, "/home/dev/shop", tc.env, tc.files); got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, tc.want)
		}
	}
}

func TestGeminiKeeps(t *testing.T) {
	const (
		path    = "/home/dev/.gemini/tmp/shop/chats/session-1.jsonl"
		user    = "/home/dev/.gemini/settings.json"
		root    = "/home/dev/.gemini/tmp/shop/.project_root"
		project = "/home/dev/shop/.gemini/settings.json"
	)
	type files = map[string]string
	for name, tc := range map[string]struct {
		path  string
		env   map[string]string
		files files
		want  string
	}{
		"nothing set":        {path, nil, nil, "720h by default from the last event in " + user},
		"off":                {path, nil, files{user: `{"general":{"sessionRetention":{"enabled":false,"maxAge":"7d"}}}`}, "stays"},
		"age":                {path, nil, files{user: `{"general":{"sessionRetention":{"enabled":true,"maxAge":"2w"}}}`}, "336h from the last event in " + user},
		"old place":          {path, nil, files{user: `{"sessionRetention":{"enabled":true,"maxAge":"1m"}}`}, "720h from the last event in " + user},
		"count":              {path, nil, files{user: `{"general":{"sessionRetention":{"maxCount":5}}}`}, "720h newest 5 by default from the last event in " + user},
		"count of sub-agent": {"/home/dev/.gemini/tmp/shop/chats/one/sub.jsonl", nil, files{user: `{"general":{"sessionRetention":{"maxCount":5}}}`}, "720h by default from the last event in " + user},
		"project first":      {path, nil, files{root: "/home/dev/shop\n", user: `{"general":{"sessionRetention":{"maxAge":"7d"}}}`, project: `{"general":{"sessionRetention":{"maxAge":"9d"}}}`}, "216h from the last event in " + project},
		"system first":       {path, map[string]string{"GEMINI_CLI_SYSTEM_SETTINGS_PATH": "/sys.json"}, files{"/sys.json": `{"general":{"sessionRetention":{"enabled":false}}}`, user: `{"general":{"sessionRetention":{"enabled":true}}}`}, "stays"},
		"too short":          {path, nil, files{user: `{"general":{"sessionRetention":{"maxAge":"12h"}}}`}, "trouble: general.sessionRetention.maxAge is 12h in " + user + "; nothing is deleted by what is no time or too short"},
		"short is allowed":   {path, nil, files{user: `{"general":{"sessionRetention":{"maxAge":"12h","minRetention":"1h"}}}`}, "12h from the last event in " + user},
		"no time":            {path, nil, files{user: `{"general":{"sessionRetention":{"maxAge":"soon"}}}`}, "trouble: general.sessionRetention.maxAge is soon in " + user + "; nothing is deleted by what is no time or too short"},
		"count of nothing":   {path, nil, files{user: `{"general":{"sessionRetention":{"maxCount":0}}}`}, "trouble: general.sessionRetention.maxCount is 0 in " + user + "; nothing is deleted by what is no number from 1 on"},
		"not an object":      {path, nil, files{user: `{"general":7,"sessionRetention":"x"}`}, "720h by default from the last event in " + user},
		"broken":             {path, nil, files{user: `{`}, "trouble: " + user + " cannot be read: unexpected end of JSON input"},
		"moved":              {"/g/.gemini/tmp/shop/chats/session-1.jsonl", map[string]string{"GEMINI_CLI_HOME": "/g"}, nil, "720h by default from the last event in /g/.gemini/settings.json"},
		"a copy":             {"/tmp/session-1.jsonl", nil, nil, "stays"},
	} {
		if got := keeps(Gemini{}, tc.path, "", tc.env, tc.files); got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, tc.want)
		}
	}
}

func TestRetention(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 0, "d": 0, "0d": 0, "-1d": 0, "3x": 0, "1.5d": 0, "24h": day, "4294967295m": 1<<62 - 1} {
		if got, _ := retention(text); (got == 0) != (want == 0) || got < want-1 {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
