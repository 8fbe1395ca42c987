package handout

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/content"
	"github.com/lazytrace/lazytrace/eventlog/escape"
)

// readable makes a foreign text fit to be read in a document: what would act on a
// terminal, hide or reorder is spelled out, since documents are printed and copied
// into terminals too. What only joins the parts of a picture character stays.
func readable(text string) string {
	if !strings.ContainsAny(text, "\ufe0f\u200d\ufffe\uffff") {
		return escape.Text(text)
	}
	var b strings.Builder
	from, last := 0, rune(0)
	for i, r := range text {
		switch {
		case (r == '\ufe0f' || r == '\u200d') && last >= '\u203c': // behind a symbol, not a letter
			b.WriteString(escape.Text(text[from:i]))
			b.WriteRune(r)
			from = i + utf8.RuneLen(r)
		case r == '\ufffe' || r == '\uffff': // no characters, which XML refuses
			b.WriteString(escape.Text(text[from:i]))
			b.WriteString(`\u` + map[rune]string{'\ufffe': "fffe", '\uffff': "ffff"}[r])
			from = i + utf8.RuneLen(r)
		}
		last = r
	}
	b.WriteString(escape.Text(text[from:]))
	return b.String()
}

// line makes one line of a foreign text, of at most some characters.
func line(text string, most int) string {
	text = strings.ReplaceAll(readable(text), "\n", " ")
	if r := []rune(text[:min(len(text), 4*most+4)]); len(r) > most {
		return strings.ToValidUTF8(string(r[:most-1]), "") + "…"
	}
	return text
}

// clip cuts a text that is too long, and says how many bytes are left out.
func clip(text string, most int) (kept string, left int) {
	if len(text) <= most {
		return text, 0
	}
	cut := most
	for cut > 0 && cut > most-utf8.UTFMax && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut], len(text) - cut
}

// pretty spells JSON on several lines; what is none stays as it is.
func pretty(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, raw, "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}

// fields spells arguments by their names where one of them has several lines, which
// nobody can read as JSON; otherwise it returns nothing.
func fields(raw json.RawMessage) string {
	list, ok := content.Fields(raw)
	if !ok {
		return ""
	}
	var b strings.Builder
	several := false
	for _, f := range list {
		text, isText := content.String(f.Value)
		switch {
		case isText && strings.Contains(text, "\n"):
			several = true
			b.WriteString(f.Name + ":\n" + strings.Trim(text, "\n") + "\n")
		case isText:
			b.WriteString(f.Name + ": " + text + "\n")
		default:
			b.WriteString(f.Name + ": " + string(f.Value) + "\n")
		}
	}
	if !several {
		return ""
	}
	return b.String()
}

// command returns the arguments of a call that is a command, as a shell shows it.
func command(raw json.RawMessage) (string, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, text != ""
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return "", false
	}
	for name, value := range fields {
		switch name {
		case "command", "cmd":
			var words []string
			if json.Unmarshal(value, &text) != nil {
				if json.Unmarshal(value, &words) != nil {
					return "", false
				}
				text = strings.Join(words, " ")
			}
		case "description", "timeout", "timeout_ms", "workdir", "is_background":
		default:
			return "", false
		}
	}
	return text, text != ""
}

// words are those that tell a step from another.
func words(text string, most int) string { return line(eventlog.Sentence(text), most) }
