package scripted

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Scripts are the turns of a model by the name of their script. A client asks
// for one by writing [[name]] in what it says as its user; the last one that is
// written counts, and the model's turns since then say how far it has got. So
// the server keeps no state of conversations: one that is resumed, forked or
// has sub-agents needs nothing of its own.
type Scripts map[string][]Turn

// Turn is what the model does when it is asked once.
type Turn struct {
	Thinking string `json:"thinking,omitempty"`
	Text     string `json:"text,omitempty"`
	Calls    []Call `json:"calls,omitempty"`
	Usage    *Usage `json:"usage,omitempty"` // nil for one that no other answer has
	Gzip     bool   `json:"gzip,omitempty"`  // when the client takes it
	Fault    *Fault `json:"fault,omitempty"` // what goes wrong before the answer is given
}

// Call is a tool call that the model asks for. A text of its input that is
// {{name}} is replaced by the member of that name of the newest tool's result,
// when that is an object of JSON: the id of an agent, say.
type Call struct {
	Name      string         `json:"name"`
	Namespace string         `json:"namespace,omitempty"` // of the tool, in Responses
	Input     map[string]any `json:"input,omitempty"`
	Text      string         `json:"text,omitempty"`  // in place of Input: what a tool of Responses gets that takes text
	Fails     bool           `json:"fails,omitempty"` // the tool will fail: the ledger counts it when its result comes
}

// Usage is what an answer counts, each token once: Input without what came
// from the cache, Output with Reasoning. Where a provider has no word for a
// kind it is no part of what it tells, nor of the ledger.
type Usage struct {
	Input        int64 `json:"input_tokens"`
	CacheRead    int64 `json:"cache_read_tokens"`
	CacheWrite5m int64 `json:"cache_write_5m_tokens"`
	CacheWrite1h int64 `json:"cache_write_1h_tokens"`
	Output       int64 `json:"output_tokens"`
	Reasoning    int64 `json:"thinking_tokens"`
}

// Fault is how a request fails.
type Fault struct {
	Status     int    `json:"status,omitempty"`      // of the response; 0 for a response that begins well
	Type       string `json:"type,omitempty"`        // in the provider's words; by Status when empty
	RetryAfter string `json:"retry_after,omitempty"` // the header
	Torn       bool   `json:"torn,omitempty"`        // with no Status: the connection breaks off, where else the stream tells of an error
	Times      int    `json:"times,omitempty"`       // for how many requests in a row, at least one; below 0 for all
}

// Load reads scripts from a file of JSON.
func Load(path string) (Scripts, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the scripts: %w", err)
	}
	var s Scripts
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("read the scripts of %s: %w", path, err)
	}
	return s, nil
}

var marker = regexp.MustCompile(`\[\[([\w.-]+)\]\]`)

// markerOf returns the name of the script that a text asks for, "" for none.
func markerOf(text string) string {
	all := marker.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1][1]
}

// turn returns what the model does now, and the name and number of the turn.
// Who asks for nothing that is written gets a short answer. A model that is
// offered no tools calls none: clients ask it to name a conversation, with the
// words of the conversation in what they ask.
func (s Scripts) turn(c *conversation) (t Turn, name string, n int) {
	turns := s[c.script]
	if c.script != "" && c.turn < len(turns) {
		t = turns[c.turn]
		if len(t.Calls) == 0 || c.tools > 0 {
			return t.filled(c.last), c.script, c.turn
		}
	}
	return Turn{Text: "Nothing is left to do."}, "", 0
}

// filled returns the turn with what the newest tool gave in its places.
func (t Turn) filled(result string) Turn {
	var members map[string]any
	if json.Unmarshal([]byte(result), &members) != nil {
		return t
	}
	var fill func(v any) any
	fill = func(v any) any {
		switch v := v.(type) {
		case string:
			name, ok := strings.CutPrefix(v, "{{")
			if member, known := members[strings.TrimSuffix(name, "}}")]; ok && known {
				return member
			}
		case []any:
			list := make([]any, 0, len(v))
			for _, e := range v {
				list = append(list, fill(e))
			}
			return list
		}
		return v
	}
	t.Calls = slices.Clone(t.Calls)
	for i, c := range t.Calls {
		input := make(map[string]any, len(c.Input))
		for name, v := range c.Input {
			input[name] = fill(v)
		}
		if c.Input != nil {
			t.Calls[i].Input = input
		}
	}
	return t
}
