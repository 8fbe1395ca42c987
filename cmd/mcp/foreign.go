package mcp

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/redact"
)

// Open and Shut stand around the text of logs in answers. They do not occur within:
// nothing that was logged can end itself and speak for the server.
const (
	Open = "⟪"
	Shut = "⟫"
)

var unmarked = strings.NewReplacer(Open, "<<", Shut, ">>")

// Redactor masks secrets. Bodies of logs come masked; names of agents, models and
// tools do not, and an answer goes to whoever serves the model that asked.
var Redactor = sync.OnceValue(func() *redact.Redactor {
	red, err := redact.New(redact.Options{})
	if err != nil {
		panic(err) // no rule of anybody's was given
	}
	return red
})

// Foreign marks a text of a log, masks its secrets and cuts it to so many bytes.
func Foreign(s string, most int) string {
	if s == "" {
		return ""
	}
	s, _ = Redactor().Text(s)
	s = escape.Text(s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return Mark(s)
}

// Mark marks a piece of a text whose secrets are masked and which is fit to be shown.
func Mark(s string) string { return Open + unmarked.Replace(s) + Shut }

// Name is a name of a log: as it is where it is one word that can instruct nobody,
// and marked otherwise.
func Name(s string) string {
	const longest = 120
	s, _ = Redactor().Text(s)
	if len(s) > longest || strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf || !strings.ContainsRune(wordly, r) }) {
		return Foreign(s, longest)
	}
	return s
}

const wordly = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/@+#"

// Given is an argument that may have been copied out of an answer.
func Given(s string) string {
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), Open), Shut))
}
