package cmd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	schemas "github.com/lazytrace/lazytrace/docs/schema"
	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/dialect"
	"github.com/lazytrace/lazytrace/eventlog/fork"
)

func newCapabilities(env *Env) *cobra.Command {
	var asJSON bool
	var schema string
	c := &cobra.Command{
		Use: "capabilities", Short: "Say what this version can do, for programs and agents", Args: cobra.NoArgs,
		Long: `Say what this version can do: its commands with their flags, the formats that it
reads and writes, the shapes of what --json prints, exit codes, the query
language, kinds of events, and the tools that it serves by lazytrace mcp.
--schema NAME prints the JSON Schema of one shape.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if schema != "" {
				return printSchema(env, schema)
			}
			can := capabilitiesOf(c.Root())
			if asJSON {
				return printJSON(env.Stdout, can)
			}
			return can.print(env)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&schema, "schema", "", "print the JSON Schema of this shape")
	return c
}

func printSchema(env *Env, name string) error {
	text := schemas.Of(name)
	if text == nil {
		return refuse("--schema %s is not known; it is one of %s", name, strings.Join(schemas.Names(), ", "))
	}
	_, err := env.Stdout.Write(text)
	return err
}

// capabilities are what a version can do.
type capabilities struct {
	Version  string      `json:"version"`
	Commands []canDo     `json:"commands" about:"every command and subcommand"`
	Reads    []string    `json:"reads" about:"formats of logs that are read"`
	Writes   writes      `json:"writes" about:"formats that are written"`
	Shapes   []jsonShape `json:"json" about:"what --json prints"`
	Exits    []exitCode  `json:"exit_codes" about:"of every command but run, whose code is that of its child"`
	Query    canQuery    `json:"query" about:"the query language of --where"`
	Kinds    []string    `json:"event_kinds" about:"kinds of events, for kind: and --type"`
	Tools    []canServe  `json:"mcp_tools" about:"what lazytrace mcp serves"`
}

type canDo struct {
	Name  string    `json:"name" about:"with the commands that it is below"`
	Use   string    `json:"usage"`
	About string    `json:"about"`
	Flags []canFlag `json:"flags"`
}

type canFlag struct {
	Name       string `json:"name"`
	Short      string `json:"shorthand,omitempty"`
	Type       string `json:"type"`
	Default    string `json:"default,omitempty"`
	Repeatable bool   `json:"repeatable"`
	About      string `json:"about"`
}

type writes struct {
	Export []string `json:"export" about:"values of --format of export"`
	Graph  []string `json:"graph" about:"values of --format of graph"`
	Fork   []string `json:"fork" about:"values of --format of fork"`
}

type jsonShape struct {
	Name    string `json:"name"`
	Command string `json:"command"`
	Schema  string `json:"schema,omitempty" about:"the file in docs/schema; capabilities --schema NAME prints it. Missing where the shape has none"`
}

type exitCode struct {
	Code  int    `json:"code"`
	About string `json:"about"`
}

type canQuery struct {
	Fields    []queryField `json:"fields"`
	Operators []operator   `json:"operators"`
}

type queryField struct {
	Name   string   `json:"name"`
	Type   string   `json:"type" enum:"text,number,test"`
	Values []string `json:"values,omitempty" about:"all that there are, where these are few"`
}

type operator struct {
	Name    string `json:"name"`
	About   string `json:"about"`
	Example string `json:"example"`
}

type canServe struct {
	Name  string         `json:"name"`
	About string         `json:"about"`
	Input map[string]any `json:"input_schema"`
}

// queryOperators are how queries are put together.
var queryOperators = []operator{
	{":", "is, of texts: the whole of it", "agent:plan"},
	{"=", "the same as :", "agent=plan"},
	{",", "one of several", "status:running,stale"},
	{"*", "stands for any text", "model:gpt*"},
	{">", "more than; also >= < <=", "cost>0.5"},
	{"-", "does not hold; also ! and NOT", "-tool:Bash"},
	{"AND", "both hold; also without it", "agent:plan AND err:any"},
	{"OR", "one of them holds", "agent:plan OR agent:review"},
	{"( )", "a group", "(status:running OR status:stale) err:any"},
	{`" "`, "words with blanks", `"connection reset"`},
}

func capabilitiesOf(root *cobra.Command) *capabilities {
	can := &capabilities{
		Version: Version(), Writes: writes{Export: exportFormatNames(), Graph: graphFormats, Fork: fork.Formats()},
		Exits: []exitCode{{exitFine, "fine"}, {exitFailed, "failed"}, {exitRefused, "bad usage or bad input; one line says why"}, {exitTripped, "a gate was not passed"}},
		Query: canQuery{Operators: queryOperators}, Kinds: eventlog.Kinds(),
	}
	commands(root, func(c *cobra.Command) {
		can.Commands = append(can.Commands, canDo{Name: c.CommandPath(), Use: c.UseLine(), About: c.Short, Flags: flagsOf(c)})
		if name, ok := shapeOfCommand(c); ok {
			can.Shapes = append(append(can.Shapes, jsonShape{Name: name, Command: c.CommandPath()}), moreShapes[c.Name()]...)
		}
	})
	for i := range can.Shapes {
		if s := &can.Shapes[i]; schemas.Of(s.Name) != nil {
			s.Schema = s.Name + ".schema.json"
		}
	}
	for _, d := range dialect.All() {
		can.Reads = append(can.Reads, d.Name())
	}
	slices.Sort(can.Reads)
	can.Reads = slices.Compact(can.Reads)
	for _, name := range eventlog.QueryFields() {
		kind, values := eventlog.QueryField(name)
		can.Query.Fields = append(can.Query.Fields, queryField{name, kind, values})
	}
	for _, t := range newServer(&tools{}).Tools() {
		can.Tools = append(can.Tools, canServe{t.Name, t.About, t.In})
	}
	return can
}

// commands walks the commands that people are told of.
func commands(c *cobra.Command, fn func(*cobra.Command)) {
	if c.Hidden {
		return
	}
	fn(c)
	for _, sub := range c.Commands() {
		commands(sub, fn)
	}
}

// sameShape are commands that print what another one does.
var sameShape = map[string]string{
	"cache-clear": "cache", "cache-info": "cache", "demo": "usage", "replay": "events", "sessions-list": "sessions", "sessions-show": "sessions", "tail": "events",
}

// moreShapes are what a flag makes another shape of, by the command.
var moreShapes = map[string][]jsonShape{
	"compare": {{Name: "compare-experiment", Command: "lazytrace compare --experiment NAME"}},
	"replay":  {{Name: "replay-serve", Command: "lazytrace replay --serve ID"}},
	"usage":   {{Name: "usage-list", Command: "lazytrace usage --list FIGURE"}},
}

// shapeOfCommand names what --json of a command prints: after the command, without
// the program, words joined by hyphens.
func shapeOfCommand(c *cobra.Command) (string, bool) {
	if c.Flags().Lookup("json") == nil {
		return "", false
	}
	name := strings.Join(strings.Fields(c.CommandPath())[1:], "-")
	return cmp.Or(sameShape[name], name), true
}

func flagsOf(c *cobra.Command) []canFlag {
	flags := []canFlag{}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		kind := f.Value.Type()
		_, list := f.Value.(pflag.SliceValue)
		one := canFlag{Name: f.Name, Short: f.Shorthand, Type: kind, Default: f.DefValue, About: f.Usage, Repeatable: list || strings.HasSuffix(kind, "Array") || strings.HasSuffix(kind, "Slice")}
		if one.Default == "[]" || one.Default == "false" {
			one.Default = ""
		}
		flags = append(flags, one)
	})
	return flags
}

func (can *capabilities) print(env *Env) error {
	fmt.Fprintf(env.Stdout, "version      %s\nreads        %s\nexports      %s\nquery        %d fields\nevent kinds  %d\n\n", can.Version, strings.Join(can.Reads, " "), strings.Join(can.Writes.Export, " "),
		len(can.Query.Fields), len(can.Kinds))
	t := &table{head: []string{"COMMAND", "JSON SCHEMA", "WHAT"}}
	for _, c := range can.Commands {
		schema := ""
		if i := slices.IndexFunc(can.Shapes, func(s jsonShape) bool { return s.Command == c.Name }); i >= 0 {
			if schema = can.Shapes[i].Name; can.Shapes[i].Schema == "" {
				schema = "(none)"
			}
		}
		t.add(c.Name, schema, c.About)
	}
	for _, tool := range can.Tools {
		t.add(mcpToolMark+tool.Name, "", tool.About)
	}
	return t.print(env.Stdout, 90)
}

// mcpToolMark tells tools from commands in the table.
const mcpToolMark = "mcp: "
