package export

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

// Settings are what exporters need that are made of texts. Zero fields are the
// defaults.
type Settings struct {
	Out     io.Writer           // where the console and the log print; nothing is printed when nil
	Pretty  PrettyOptions       // of the console
	Getenv  func(string) string // whose variables of OpenTelemetry count; none when nil
	Headers map[string]string   // of requests of OTLP
	Version string              // of this program
}

// kind is a kind of exporter that a text may name.
type kind struct {
	name string
	arg  string // what stands behind the colon, for help; "" is nothing
	need bool   // whether it has to
	make func(arg string, s Settings) (Exporter, error)
}

// kinds are all kinds, in the order in which they are listed.
func kinds() []kind {
	return []kind{
		{name: "console", arg: "plain|pretty", make: makeConsole},
		{name: "json", arg: "FILE", need: true, make: makeJSON},
		{name: "log", make: func(_ string, s Settings) (Exporter, error) { return NewLogTo(s.Out), nil }},
		{name: "exec", arg: "COMMAND", need: true, make: func(arg string, _ Settings) (Exporter, error) { return Exec(arg, DetachOptions{}), nil }},
		{name: "otlp", arg: "URL", need: true, make: func(arg string, s Settings) (Exporter, error) { return makeOTLP(arg, false, s) }},
		{name: "otlp+json", arg: "URL", need: true, make: func(arg string, s Settings) (Exporter, error) { return makeOTLP(arg, true, s) }},
		{name: "filter", arg: "types=A,B:KIND... or where=QUERY:KIND...", need: true, make: makeFilter},
	}
}

// Kinds lists the kinds of exporters as Parse takes them, for help.
func Kinds() []string {
	var names []string
	for _, k := range kinds() {
		if k.arg != "" {
			k.name += ":" + k.arg
		}
		names = append(names, k.name)
	}
	return names
}

// Parse makes an exporter of a text, KIND or KIND:ARGUMENT. Nothing is opened,
// started or sent before there is an event. The error is one line.
func Parse(text string, s Settings) (Exporter, error) {
	if s.Out == nil {
		s.Out = io.Discard
	}
	name, arg, _ := strings.Cut(text, ":")
	k, ok := kindOfName(name)
	switch {
	case !ok:
		return nil, fmt.Errorf("there is no exporter %q; it is one of %s", name, strings.Join(Kinds(), ", "))
	case k.need && arg == "":
		return nil, fmt.Errorf("%s needs an argument: %s:%s", name, name, k.arg)
	case k.arg == "" && arg != "":
		return nil, fmt.Errorf("%s takes no argument, but there is %q", name, arg)
	}
	return k.make(arg, s)
}

// JSONFile returns the file that a text names as one of JSON lines, which may
// be a store as well.
func JSONFile(text string) (path string, ok bool) {
	path, ok = strings.CutPrefix(text, "json:")
	return path, ok && path != ""
}

func kindOfName(name string) (kind, bool) {
	all := kinds()
	i := slices.IndexFunc(all, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, false
	}
	return all[i], true
}

func makeConsole(style string, s Settings) (Exporter, error) {
	switch style {
	case "", "plain":
		return NewConsole(s.Out), nil
	case "pretty":
		return NewPretty(s.Out, s.Pretty), nil
	}
	return nil, fmt.Errorf("console: %q is not plain or pretty", style)
}

func makeJSON(path string, _ Settings) (Exporter, error) {
	return &Lazy{Call: "json lines to " + path, Open: func() (Sink, error) { return OpenJSONL(path) }}, nil
}

func makeOTLP(url string, inJSON bool, s Settings) (Exporter, error) {
	o := OTLPOptions{Endpoint: url, JSON: inJSON, Headers: s.Headers, Version: s.Version}
	if s.Getenv != nil {
		if err := o.FromEnvironment(s.Getenv); err != nil {
			return nil, err
		}
	}
	x, err := NewOTLP(o)
	if err != nil {
		return nil, err // and no interface that holds nothing
	}
	return x, nil
}

// makeFilter reads CONDITION:KIND...
func makeFilter(arg string, s Settings) (Exporter, error) {
	if types, ok := strings.CutPrefix(arg, "types="); ok {
		types, inner, _ := strings.Cut(types, ":")
		if types == "" || inner == "" {
			return nil, fmt.Errorf("filter: types=A,B:KIND is expected, such as types=tool_error,agent_finish:log")
		}
		x, err := Parse(inner, s)
		if err != nil {
			return nil, fmt.Errorf("filter: %w", err)
		}
		return NewFilter(x, OfTypes(strings.Split(types, ",")...)), nil
	}
	where, ok := strings.CutPrefix(arg, "where=")
	if !ok {
		return nil, fmt.Errorf("filter: types=A,B:KIND or where=QUERY:KIND is expected")
	}
	query, inner, ok := cutQuery(where)
	if !ok {
		return nil, fmt.Errorf("filter: no exporter stands behind the query; where=kind:tool:log has one")
	}
	q, err := eventlog.ParseQuery(query)
	switch {
	case err != nil:
		return nil, fmt.Errorf("filter: %w", err)
	case q.IsZero():
		return nil, fmt.Errorf("filter: the query is empty; leave the filter out")
	case q.Reads()&eventlog.PartFate != 0:
		return nil, fmt.Errorf("filter: dies is known of finished sessions only, not of events")
	}
	x, err := Parse(inner, s)
	if err != nil {
		return nil, fmt.Errorf("filter: %w", err)
	}
	return NewFilter(x, Where(q)), nil
}

// cutQuery cuts at the colon that ends a query, which has colons of its own: the
// first one, not in quotes, that is followed by a kind of exporter and does not
// stand behind the name of a field.
func cutQuery(text string) (query, inner string, ok bool) {
	quoted := false
	for i, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ':' && !quoted:
			name, _, _ := strings.Cut(text[i+1:], ":")
			if _, known := kindOfName(name); known && !endsInField(text[:i]) {
				return text[:i], text[i+1:], true
			}
		}
	}
	return "", "", false
}

// endsInField reports whether the last word is the name of a field, so that a
// colon behind it begins a value.
func endsInField(query string) bool {
	word := strings.ToLower(query[strings.LastIndexAny(query, " \t(")+1:])
	return slices.Contains(eventlog.QueryFields(), strings.TrimLeft(word, "-!")) || strings.HasPrefix(word, "meta.") && !strings.Contains(word, ":")
}
