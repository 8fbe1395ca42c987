package provider

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
)

type geminiPart struct {
	Text         string
	Thought      bool
	FunctionCall *struct {
		Name, ID string
		Args     json.RawMessage
	}
	FunctionResponse *struct {
		Name, ID string
		Response json.RawMessage
	}
}

type geminiContent struct {
	Role  string
	Parts []geminiPart
}

// geminiRequest reads a request to Gemini, or one that Code Assist has wrapped.
func geminiRequest(body []byte) (r Request, err error) {
	var d struct {
		Model             string
		Request           json.RawMessage
		Contents          []geminiContent
		Tools             []struct{ FunctionDeclarations []json.RawMessage }
		GenerationConfig  struct{ MaxOutputTokens int64 }
		SystemInstruction json.RawMessage
	}
	if err := json.Unmarshal(body, &d); err != nil {
		return r, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if len(d.Request) > 0 && d.Contents == nil {
		r, err = geminiRequest(d.Request)
		if d.Model != "" {
			r.Model = d.Model
		}
		return r, err
	}
	r = Request{Model: d.Model, MaxTokens: d.GenerationConfig.MaxOutputTokens, Turns: len(d.Contents)}
	for _, t := range d.Tools {
		r.Tools += max(1, len(t.FunctionDeclarations))
	}
	for _, c := range d.Contents {
		if c.Role == "model" {
			r.Results = nil
			continue
		}
		text := ""
		for _, p := range c.Parts {
			if f := p.FunctionResponse; f != nil {
				text, failed := geminiOutput(f.Name, f.Response)
				r.Results = append(r.Results, Result{ID: f.ID, Name: f.Name, Text: text, Failed: failed})
				continue
			}
			text = joined(text, p.Text)
		}
		r.said(text)
	}
	return r, nil
}

// geminiOutput returns what a tool gave and whether it failed: with an error in
// place of its output, or, a command, with a code that Gemini CLI puts behind
// what it printed.
func geminiOutput(name string, response json.RawMessage) (text string, failed bool) {
	var d struct {
		Output string
		Error  json.RawMessage
	}
	if json.Unmarshal(response, &d) != nil {
		return string(response), false
	}
	if len(d.Error) > 0 && string(d.Error) != "null" {
		return string(response), true
	}
	if i := strings.LastIndex("\n"+d.Output, "\nExit Code: "); i >= 0 && strings.Contains(name, "shell") {
		code, _, _ := strings.Cut(d.Output[i+len("Exit Code: "):], "\n")
		code = strings.TrimSpace(code)
		failed = code != "0" && code != "" && code != "(none)"
	}
	return string(response), failed
}

// gemini reads a response of Gemini. Each document of a stream holds the next
// parts and the counts so far.
type gemini struct {
	r              Response
	text, thinking strings.Builder
}

func (g *gemini) read(doc []byte) error {
	var d struct {
		Response   json.RawMessage
		Candidates []struct {
			Content      geminiContent
			FinishReason string
		}
		UsageMetadata *struct {
			PromptTokenCount, CandidatesTokenCount, ThoughtsTokenCount int64
			CachedContentTokenCount, ToolUsePromptTokenCount           int64
		}
		ModelVersion, ResponseID string
		PromptFeedback           struct{ BlockReason string }
		Error                    json.RawMessage
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if len(d.Response) > 0 && d.Candidates == nil && d.UsageMetadata == nil {
		return g.read(d.Response) // wrapped by Code Assist
	}
	if d.ResponseID != "" {
		g.r.ID = d.ResponseID
	}
	if d.ModelVersion != "" {
		g.r.Model = d.ModelVersion
	}
	if d.PromptFeedback.BlockReason != "" {
		g.r.Stop = d.PromptFeedback.BlockReason
	}
	for _, c := range d.Candidates {
		if c.FinishReason != "" {
			g.r.Stop = c.FinishReason
		}
		for _, p := range c.Content.Parts {
			switch {
			case p.FunctionCall != nil:
				args := p.FunctionCall.Args
				if len(args) == 0 {
					args = json.RawMessage("{}")
				}
				g.r.Calls = append(g.r.Calls, Call{ID: p.FunctionCall.ID, Name: p.FunctionCall.Name, Arguments: args})
			case p.Thought:
				g.thinking.WriteString(p.Text)
			default:
				g.text.WriteString(p.Text)
			}
		}
	}
	if n := d.UsageMetadata; n != nil {
		cached := min(n.CachedContentTokenCount, n.PromptTokenCount)
		g.r.Usage = eventlog.Usage{
			Input: n.PromptTokenCount - cached + n.ToolUsePromptTokenCount, CacheRead: cached,
			Output: n.CandidatesTokenCount + n.ThoughtsTokenCount, Reasoning: n.ThoughtsTokenCount,
		}
	}
	if len(d.Error) > 0 && string(d.Error) != "null" {
		g.r.Failure = failure(doc)
	}
	return nil
}

func (g *gemini) response() Response {
	r := g.r
	r.Text, r.Thinking = g.text.String(), g.thinking.String()
	r.Counted = r.Stop != "" && r.Usage != eventlog.Usage{}
	return r
}
