package eventlog

import (
	"encoding/json"
	"strconv"
	"strings"
)

// longestSentence is how many bytes of a text may become a sentence: no column
// is wider.
const longestSentence = 400

// Sentence returns a text on one line, as people read it: the first line of its
// prose that says anything.
func Sentence(text string) string {
	text = strings.TrimSpace(text)
	first, _, more := strings.Cut(text, "\n")
	if more && !strings.ContainsAny(first[:1], "<{[") && !strings.Contains(first, `{"`) {
		return shorten(strings.TrimSpace(first)) // whatever JSON follows is on other lines
	}
	line, _, _ := strings.Cut(Prose(text), "\n")
	return shorten(strings.TrimSpace(line))
}

// untagged returns a text without the tag that all of it stands in, like
// <error>, which is for machines.
func untagged(text string) string {
	name, rest, ok := strings.Cut(strings.TrimPrefix(text, "<"), ">")
	if !ok || len(rest)+len(name)+2 != len(text) || name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_-") != "" {
		return text
	}
	inner, after, ok := strings.Cut(rest, "</"+name+">")
	if !ok || strings.TrimSpace(after) != "" || strings.TrimSpace(inner) == "" {
		return text
	}
	return inner
}

// Prose returns a text as people read it: as it is, but without a tag around all
// of it, and in place of JSON what stands in it, without its punctuation and no
// longer than a sentence.
func Prose(text string) string {
	text = strings.TrimSpace(untagged(strings.TrimSpace(text)))
	if text == "" {
		return ""
	}
	at := 0
	if text[0] != '{' && text[0] != '[' {
		// Many errors are a few words and the answer of a server.
		if at = strings.Index(text, `{"`); at < 0 {
			return text
		}
	}
	said, rest := told(text[at:])
	if said == "" && at == 0 {
		if at = strings.Index(text, `{"`); at > 0 {
			said, rest = told(text[at:])
		}
	}
	if said == "" {
		return text
	}
	return text[:at] + said + rest
}

func shorten(line string) string {
	if len(line) > longestSentence {
		return strings.ToValidUTF8(line[:longestSentence], "")
	}
	return line
}

// obvious are the names of members whose value says it all.
var obvious = map[string]bool{"text": true, "content": true, "message": true, "title": true, "error": true, "output": true, "result": true, "parts": true, "stdout": true}

// told puts the members of a JSON text into words, as far as it is JSON and as
// far as there is room, and returns what follows it. It says nothing of what is
// no JSON.
func told(text string) (said, rest string) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	t := teller{d: d}
	whole := t.value("")
	if !whole && t.b.Len() == 0 {
		return "", "" // "[done] and more" is no JSON
	}
	if whole {
		rest = text[d.InputOffset():]
	}
	line, _, _ := strings.Cut(strings.TrimSpace(t.b.String()), "\n")
	if line == "" {
		line = strings.Join(t.kinds, ", ")
	}
	return shorten(line), rest
}

type teller struct {
	d     *json.Decoder
	b     strings.Builder
	depth int
	kinds []string // the types of what has no text, like image
}

// value tells the next value, which has a name or none. It returns false when
// there is no room for more, or when the text is broken.
func (t *teller) value(name string) bool {
	token, err := t.d.Token()
	if err != nil {
		return false
	}
	switch v := token.(type) {
	case json.Delim:
		const deepest = 100
		if t.depth++; t.depth > deepest {
			return false
		}
		defer func() { t.depth-- }()
		for t.d.More() {
			member := name
			if v == '{' {
				key, err := t.d.Token()
				if err != nil {
					return false
				}
				member, _ = key.(string)
			}
			if !t.value(member) {
				return false
			}
		}
		_, err := t.d.Token()
		return err == nil
	case string:
		return t.say(name, v)
	case json.Number:
		return t.say(name, v.String())
	case bool:
		return t.say(name, strconv.FormatBool(v))
	}
	return true // null says nothing
}

func (t *teller) say(name, value string) bool {
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		return true
	case name == "type":
		t.kinds = append(t.kinds, value)
		return len(t.kinds) < 20
	}
	if t.b.Len() > 0 {
		t.b.WriteString(", ")
	}
	if name != "" && !obvious[name] {
		t.b.WriteString(name + " ")
	}
	t.b.WriteString(value)
	return t.b.Len() < longestSentence
}
