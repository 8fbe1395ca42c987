package cmd

import (
	"encoding/json"

	"github.com/lazytrace/lazytrace/recorder/capture/provider/scripted"
)

// Words for scripts.
type input = map[string]any

func tool(name string, in input) scripted.Call { return scripted.Call{Name: name, Input: in} }

func fails(c scripted.Call) scripted.Call {
	c.Fails = true
	return c
}

// clientWire is a way of calling a model, from the side of a client.
type clientWire struct {
	name, base  string // the name, and the variable that says where it is
	path        func(stream bool) string
	body        func(c *conversation) map[string]any
	root, child []string // headers of an agent and of one that it started; nil where clients have none
}

func at(path string) func(bool) string { return func(bool) string { return path } }

var wires = []clientWire{
	{
		"messages", "ANTHROPIC_BASE_URL", at("/v1/messages?beta=true"), (*conversation).messages,
		[]string{"X-Claude-Code-Session-Id", "s"}, []string{"X-Claude-Code-Session-Id", "s", "X-Claude-Code-Agent-Id", "a"},
	},
	{"chat", "OPENAI_BASE_URL", at("/chat/completions"), (*conversation).chat, nil, nil},
	{
		"responses", "OPENAI_BASE_URL", at("/responses"), (*conversation).responses,
		[]string{"Session-Id", "s", "Thread-Id", "s"}, []string{"Session-Id", "s", "Thread-Id", "a"},
	},
	{"gemini", "GOOGLE_GEMINI_BASE_URL", func(stream bool) string {
		if stream {
			return "/v1beta/models/scripted:streamGenerateContent?alt=sse"
		}
		return "/v1beta/models/scripted:generateContent"
	}, (*conversation).gemini, nil, nil},
}

// conversation is what a client sends along each time.
type conversation struct {
	wire   clientWire
	script string
	stream bool
	pad    string
	said   [][]scripted.Asked // the calls of each of the model's turns
}

func (c *conversation) body() []byte {
	text, err := json.Marshal(c.wire.body(c))
	if err != nil {
		panic(err) // these are literals
	}
	return text
}

func (c *conversation) prompt() string { return "Go on. [[" + c.script + "]]" + c.pad }

func (c *conversation) messages() input {
	list := []input{{"role": "user", "content": c.prompt()}}
	for _, calls := range c.said {
		asked, given := []input{{"type": "text", "text": "so"}}, []input{}
		for _, call := range calls {
			asked = append(asked, input{"type": "tool_use", "id": call.ID, "name": call.Name, "input": input{}})
			given = append(given, input{"type": "tool_result", "tool_use_id": call.ID, "content": "seen", "is_error": call.Fails})
		}
		list = append(list, input{"role": "assistant", "content": asked}, input{"role": "user", "content": given})
	}
	return input{"model": "scripted", "max_tokens": 99, "stream": c.stream, "tools": []input{{"name": "look"}}, "messages": list}
}

func (c *conversation) chat() input {
	list := []input{{"role": "user", "content": c.prompt()}}
	for _, calls := range c.said {
		var asked, given []input
		for _, call := range calls {
			asked = append(asked, input{"id": call.ID, "type": "function", "function": input{"name": call.Name, "arguments": "{}"}})
			given = append(given, input{"role": "tool", "tool_call_id": call.ID, "content": "seen"})
		}
		list = append(append(list, input{"role": "assistant", "content": "so", "tool_calls": asked}), given...)
	}
	return input{
		"model": "scripted", "stream": c.stream, "stream_options": input{"include_usage": true},
		"tools": []input{{"type": "function", "function": input{"name": "look"}}}, "messages": list,
	}
}

func (c *conversation) responses() input {
	list := []input{{"type": "message", "role": "user", "content": []input{{"type": "input_text", "text": c.prompt()}}}}
	for _, calls := range c.said {
		list = append(list, input{"type": "message", "role": "assistant", "content": []input{{"type": "output_text", "text": "so"}}})
		for _, call := range calls {
			list = append(list, input{"type": "function_call", "call_id": call.ID, "name": call.Name, "arguments": "{}"})
		}
		for _, call := range calls {
			output := "Process exited with code 0\nOutput:\nseen"
			if call.Fails {
				output = "Process exited with code 1\nOutput:\nnot seen"
			}
			list = append(list, input{"type": "function_call_output", "call_id": call.ID, "output": output})
		}
	}
	return input{"model": "scripted", "stream": c.stream, "tools": []input{{"type": "function", "name": "look"}}, "input": list}
}

func (c *conversation) gemini() input {
	list := []input{{"role": "user", "parts": []input{{"text": c.prompt()}}}}
	for _, calls := range c.said {
		asked, given := []input{{"text": "so"}}, []input{}
		for _, call := range calls {
			response := input{"output": "seen"}
			if call.Fails {
				response = input{"error": "not seen"}
			}
			asked = append(asked, input{"functionCall": input{"id": call.ID, "name": call.Name, "args": input{}}})
			given = append(given, input{"functionResponse": input{"id": call.ID, "name": call.Name, "response": response}})
		}
		list = append(list, input{"role": "model", "parts": asked}, input{"role": "user", "parts": given})
	}
	return input{"tools": []input{{"functionDeclarations": []input{{"name": "look"}}}}, "contents": list}
}
