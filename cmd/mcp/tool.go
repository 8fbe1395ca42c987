package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/lazytrace/lazytrace/cmd/schema"
	"github.com/lazytrace/lazytrace/eventlog/escape"
)

// Tool is something that can be asked for.
type Tool struct {
	Name  string
	Title string
	About string
	In    schema.Object
	Out   schema.Object

	call func(ctx context.Context, arguments json.RawMessage) (*answered, error)
}

type answered struct {
	text       string
	structured json.RawMessage
}

// Limited are arguments that say how long the answer may be.
type Limited interface{ Limit() int }

// New makes a tool of a function. The types say what it takes and returns: see
// package schema. The function gives a text of one or two sentences beside what it
// found, and keeps both within the tokens that its arguments allow.
func New[In Limited, Out any](name, title, about string, fn func(ctx context.Context, in In, room *Room) (Out, string, error)) *Tool {
	t := &Tool{Name: name, Title: title, About: about, In: schema.Of(reflect.TypeFor[In]()), Out: schema.Of(reflect.TypeFor[Out]())}
	t.call = func(ctx context.Context, arguments json.RawMessage) (*answered, error) {
		var in In
		if len(bytes.TrimSpace(arguments)) > 0 {
			dec := json.NewDecoder(bytes.NewReader(arguments))
			dec.DisallowUnknownFields()
			if err := dec.Decode(&in); err != nil {
				return nil, fmt.Errorf("%s: its arguments are wrong: %s; it takes %s", name, strings.TrimPrefix(err.Error(), "json: "), t.takes())
			}
		}
		most := in.Limit()
		if most == 0 {
			most = UsualTokens
		}
		if most < LeastTokens || most > MostTokens {
			return nil, fmt.Errorf("%s: max_tokens %d is out of bounds; it is %d to %d", name, most, LeastTokens, MostTokens)
		}
		out, said, err := fn(ctx, in, &Room{left: most - aside, most: most})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		structured, err := encode(out)
		if err != nil {
			return nil, fmt.Errorf("%s: spell the answer: %w", name, err)
		}
		said = clip(escape.Text(said), aside*5/8)
		if n := Tokens(string(structured)) + Tokens(said); n > most {
			return nil, fmt.Errorf("%s: the answer takes about %d tokens; ask again with max_tokens %d, or for less", name, n, min(MostTokens, n+n/10))
		}
		return &answered{said, structured}, nil
	}
	return t
}

func (t *Tool) takes() string {
	var names []string
	for name := range t.In["properties"].(schema.Object) {
		names = append(names, name)
	}
	return listed(names)
}

// Spelled is the tool as a client is told of it.
func (t *Tool) Spelled() map[string]any {
	return map[string]any{
		"name": t.Name, "title": t.Title, "description": t.About, "inputSchema": t.In, "outputSchema": t.Out,
		"annotations": map[string]any{"title": t.Title, "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false},
	}
}

func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

func oneLine(err error) string {
	return clip(escape.Line(strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")), aside)
}
