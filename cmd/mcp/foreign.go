package mcp

import (
	"strings"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog/escape"
)

// Open and Shut stand around the text of logs in answers. They do not occur within:
// nothing that was logged can end itself and speak for the server.
const (
	Open = "⟪"
	Shut = "⟫"
)

var unmarked = strings.NewReplacer(Open, "<<", Shut, ">>")

// Foreign marks a text of a log and cuts it to so many bytes.
func Foreign(s string, most int) string {
	if s == "" {
		return ""
	}
	s = unmarked.Replace(escape.Text(s))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return Open + s + Shut
}

// Name is a name of a log: as it is where it is one word that can instruct nobody,
// and marked otherwise.
func Name(s string) string {
	const longest = 120
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
