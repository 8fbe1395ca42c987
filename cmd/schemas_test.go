package cmd

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/lazytrace/lazytrace/cmd/schema"
	schemas "github.com/lazytrace/lazytrace/docs/schema"
	"github.com/lazytrace/lazytrace/eventlog"
)

// shapes are what prints each shape, over the small logs: {} stands for all of them at
// once, {each} for one after the other.
var shapes = map[string][]string{
	"sessions": {"sessions --json {}", "sessions show --json w-1 trouble"}, "events": {"events --json --all {}", "replay --json --speed instant w-1 trouble"}, "stat": {"stat --json {}"},
	"usage":      {"usage --json --by total,agent,run,model,session,tool,day,branch,meta.ticket --times --cache --audit {}", "usage --json --context --session w-1 trouble", "demo --json"},
	"usage-list": {"usage --json --list billed_records {}", "usage --json --list records trouble"}, "errors": {"errors --json {}"}, "slow": {"slow --json {}"},
	"graph": {"graph --json {}"}, "agents": {"agents --json {}"}, "search": {"search e --json --path {each}"}, "compare": {"compare --json w-1 w-2 trouble", "compare --json --all w-1 w-1 trouble"},
	"transcript": {"transcript --json --thinking --system only {each}", "transcript --json w-2 trouble"}, "cache": {"cache --json", "cache clear --json"}, "doctor": {"doctor --json {}"}, "prices": {"prices --json"},
	"prices-list": {"prices list --json sonnet"}, "prices-show": {"prices show claude-sonnet-4-6 --json", "prices show nosuch --json"}, "version": {"version --json"}, "keys": {"keys --json"},
	"notes": {"note w-1 hello --tag slow --in trouble", "note w-1 here --event w6 --mark --in trouble", "notes --json"}, "capabilities": {"capabilities --json"},
	"fork":               {"fork w-1 --at end --json --db {tmp}/f.db trouble", "fork 0f0e0d0c --at end --json --db {tmp}/f.db --format claude -o {tmp}/f.jsonl claude"},
	"compare-experiment": {"compare --json --experiment * {tmp}/exp.jsonl"},
	"prices-update":      {}, // it wants a table of some hundred models
	"replay-serve":       {}, // TestReplayTellsAddresses holds it, with a client that asks
	"archive":            {"archive --json trouble", "archive --json claude"}, "archive-list": {"archive claude", "archive list --json"},
	"archive-prune":   {"archive claude", "archive prune --max-bytes 1 --json"},
	"archive-restore": {"archive trouble claude", "archive restore --json w-1 --to {tmp}/restored"},
	"archive-verify":  {"archive verify --json"}, "import": {"import --json --db {tmp}/i.db claude"},
	"check": {"check --json --max-cost 0.0001 --max-errors 0 --max-wall 1s trouble", "check --json --baseline w-2 --max-regression 1 trouble"},
	"scan":  {"scan --json {tmp}/secret.jsonl"}, "scrub": {"scrub --json --dry-run {tmp}/secret.jsonl"},
}

// mayFail are shapes that commands print although they fail.
var mayFail = []string{"prices-show", "transcript", "check"}

// TestSchemas holds what commands print to the schemas: a member that a schema does
// not know fails. Every shape has a schema, and a command here that prints it.
func TestSchemas(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs the program for many logs")
	}
	testdata, err := filepath.Abs(filepath.Join("..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	writeLog(t, filepath.Join(tmp, "secret.jsonl"),
		map[string]any{"event_type": "tool_call", "session_id": "x1", "ts": 1767225600, "id": "1", "text": "ghp_" + strings.Repeat("aB3xY9", 6)})
	writeLog(t, filepath.Join(tmp, "exp.jsonl"),
		map[string]any{"event_type": "session_start", "session_id": "x1", "ts": 1767225600, "id": "1", "experiment": "e", "variant": "a"},
		map[string]any{"event_type": "session_end", "session_id": "x1", "ts": 1767225601, "id": "2", "status": "success", "metrics": map[string]any{"score": 0.5}})
	logs := []string{}
	for _, name := range []string{"agentsdk", "claude", "claude-stream", "claude-workflow", "codex", "copilot", "gemini", "goose-lines", "lazybridge", "native", "native-telemetry", "otlp", "pi", "swe-agent", "trouble"} {
		logs = append(logs, filepath.Join(testdata, name))
	}
	names := []string{}
	for _, s := range capabilitiesOf(Commands()).Shapes {
		names = append(names, s.Name)
		if s.Schema == "" {
			t.Errorf("%s --json prints %s, which has no schema: write docs/schema/%s.schema.json", s.Command, s.Name, s.Name)
		}
	}
	for _, name := range schemas.Names() {
		if !slices.Contains(names, name) {
			t.Errorf("docs/schema/%s.schema.json is of nothing that --json prints", name)
		}
		if _, ok := shapes[name]; !ok {
			t.Errorf("nothing in this test prints %s", name)
		}
	}
	for _, name := range schemas.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resolved := schemaOf(t, name)
			n := 0
			home := filepath.Join(tmp, "home "+name)
			for _, line := range shapes[name] {
				if !strings.Contains(line, "{each}") {
					n += holds(t, name, resolved, home, tmp, testdata, strings.ReplaceAll(line, "{}", strings.Join(logs, " ")))
					continue
				}
				for _, log := range logs {
					n += holds(t, name, resolved, home, tmp, testdata, strings.ReplaceAll(line, "{each}", log))
				}
			}
			if n == 0 && len(shapes[name]) > 0 {
				t.Errorf("nothing was printed")
			}
		})
	}
}

// schemaOf returns the schema of a shape, which must be a strict one.
func schemaOf(t *testing.T, name string) *jsonschema.Resolved {
	t.Helper()
	var s jsonschema.Schema
	if err := json.Unmarshal(schemas.Of(name), &s); err != nil {
		t.Fatal(err)
	}
	if s.Schema != schema.Draft || s.Title == "" {
		t.Errorf("%q %q", s.Schema, s.Title)
	}
	strictly(t, name, &s)
	resolved, err := s.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// holds runs a command line and holds what it prints to a schema. It returns how many
// values that were.
func holds(t *testing.T, name string, s *jsonschema.Resolved, home, tmp, testdata, line string) int {
	t.Helper()
	args := strings.Fields(line)
	for i, a := range args {
		if a = strings.ReplaceAll(a, "{tmp}", tmp); a == "trouble" || a == "claude" && i == len(args)-1 {
			a = filepath.Join(testdata, a)
		}
		args[i] = a
	}
	c := exec.Command("lazytrace", args...)
	c.Env = append(os.Environ(), "HOME="+home, "USERPROFILE="+home, "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home, "TZ=UTC")
	var out, why bytes.Buffer
	c.Stdout, c.Stderr = &out, &why
	if err := c.Run(); err != nil && !slices.Contains(mayFail, name) {
		t.Errorf("%.200s: %v %s", line, err, why.String())
	}
	if !slices.Contains(args, "--json") {
		return 0
	}
	n := 0
	for dec := json.NewDecoder(&out); dec.More(); n++ {
		var v any
		if err := dec.Decode(&v); err != nil {
			t.Errorf("%s: %v", line, err)
			return n
		}
		if err := s.Validate(v); err != nil {
			t.Errorf("%.200s: %v", line, err)
			return n
		}
	}
	return n
}

// strictly holds a schema to naming and describing every member.
func strictly(t *testing.T, at string, s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if len(s.Properties) > 0 && (s.AdditionalProperties == nil || s.AdditionalProperties.Not == nil) {
		t.Errorf("%s allows members that it does not name", at)
	}
	for name, p := range s.Properties {
		if p.Description == "" && at != "capabilities" && !strings.HasPrefix(at, "capabilities.") {
			t.Errorf("%s.%s is not described", at, name)
		}
		strictly(t, at+"."+name, p)
	}
	strictly(t, at+"[]", s.Items)
	if len(s.Properties) == 0 {
		strictly(t, at+".*", s.AdditionalProperties)
	}
}

// The schema of capabilities is made of the type.
func TestCapabilitiesSchema(t *testing.T) {
	o := schema.Of(reflect.TypeFor[capabilities]())
	o["$schema"], o["title"] = schema.Draft, "lazytrace capabilities --json"
	want, err := json.MarshalIndent(o, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	path := filepath.Join("..", "docs", "schema", "capabilities.schema.json")
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile(path); err != nil || !bytes.Equal(have, want) {
		t.Errorf("%s is not of the type: go test ./cmd -run CapabilitiesSchema -update (%v)", path, err)
	}
}

// What capabilities say of queries holds.
func TestCapabilitiesQueries(t *testing.T) {
	can := capabilitiesOf(Commands())
	for _, o := range can.Query.Operators {
		if _, err := eventlog.ParseQuery(o.Example); err != nil || !strings.Contains(o.Example, o.Name[:1]) {
			t.Errorf("%s: %q: %v", o.Name, o.Example, err)
		}
	}
	for _, f := range can.Query.Fields {
		query := strings.Replace(f.Name, "KEY", "k", 1) + map[string]string{"number": ">1", "text": ":x*", "test": ":any"}[f.Type]
		switch f.Name {
		case "is":
			query = "is:open"
		case "since", "until":
			query = f.Name + ":24h"
		}
		if _, err := eventlog.ParseQuery(query); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		for _, v := range f.Values {
			if _, err := eventlog.ParseQuery(f.Name + ":" + v); err != nil {
				t.Errorf("%s:%s: %v", f.Name, v, err)
			}
		}
	}
	if len(can.Kinds) < 20 || len(can.Tools) != len(newServer(&tools{}).Tools()) || len(can.Reads) < 20 {
		t.Errorf("%d kinds, %d tools, %d formats", len(can.Kinds), len(can.Tools), len(can.Reads))
	}
}
