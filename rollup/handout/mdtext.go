package handout

import (
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/figure"
)

// Foreign text stands in Markdown as code only, in a fence or within a line: there
// nothing is markup, no address becomes a link, no name is called. Neither can be
// ended from within, since their marks are longer than any in the text.

// marks returns backticks that a text does not hold, at least so many.
func marks(text string, least int) string {
	most, run := least-1, 0
	for i := range len(text) {
		if text[i] == '`' {
			run++
			most = max(most, run)
		} else {
			run = 0
		}
	}
	return strings.Repeat("`", most+1)
}

// fence writes a text as a block of code, cut where it is too long.
func fence(language, text string, most int) string {
	text, left := clip(text, most)
	text = strings.Trim(readable(text), "\n")
	m := marks(text, 3)
	out := m + language + "\n" + text + "\n" + m + "\n"
	if left > 0 {
		out += "\n*" + figure.Bytes(int64(left)) + " more are left out here.*\n"
	}
	return out
}

// code writes a text as code within a line.
func code(text string, most int) string {
	text = strings.TrimSpace(line(text, most))
	if text == "" {
		return ""
	}
	m := marks(text, 1)
	if text[0] == '`' || text[len(text)-1] == '`' || len(m) > 1 {
		text = " " + text + " "
	}
	return m + text + m
}

// cell writes a text as code in a cell of a table. A bar ends a cell even within
// code, and readers do not agree how it is written there, so that a sign that looks
// the same stands for it.
func cell(text string, most int) string { return strings.ReplaceAll(code(text, most), "|", "¦") }

// tagged writes a text into HTML of ours, where Markdown is not read: as code, so
// that no name in it is called.
func tagged(text string, most int) string {
	text = strings.TrimSpace(line(text, most))
	if text == "" {
		return ""
	}
	return "<code>" + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "`", "&#96;").Replace(text) + "</code>"
}
