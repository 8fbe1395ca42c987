package handout

import "strings"

// piece is a part of a text that is read: a paragraph, a heading or code.
type piece struct {
	Code, Heading bool
	Text          string // of code
	Spans         []inline
}

// inline is a part of a line.
type inline struct {
	Class string // strong, code, or nothing
	Text  string
}

// prose takes apart what people and models write in Markdown, as far as it helps
// reading: fenced code, headings, inline code and what is strong. Everything else,
// links and tags above all, stays the text that it is.
func prose(text string) []piece {
	var out []piece
	var lines []string
	flush := func() {
		if text := strings.Trim(strings.Join(lines, "\n"), "\n"); text != "" {
			out = append(out, piece{Spans: inlines(text)})
		}
		lines = nil
	}
	all := strings.Split(text, "\n")
	for i := 0; i < len(all); i++ {
		at := all[i]
		trimmed := strings.TrimLeft(at, " ")
		switch marks := fenceMarks(trimmed); {
		case marks != "":
			flush()
			var code []string
			for i++; i < len(all); i++ {
				if end := strings.TrimSpace(all[i]); strings.HasPrefix(end, marks) && strings.Trim(end, marks[:1]) == "" {
					break
				}
				code = append(code, all[i])
			}
			out = append(out, piece{Code: true, Text: strings.Join(code, "\n")})
		case isHeading(trimmed):
			flush()
			out = append(out, piece{Heading: true, Spans: inlines(strings.TrimSpace(strings.TrimLeft(trimmed, "#")))})
		case trimmed == "":
			flush()
		default:
			lines = append(lines, at)
		}
	}
	flush()
	return out
}

// fenceMarks returns the marks of a line that begins fenced code.
func fenceMarks(at string) string {
	for _, mark := range []string{"`", "~"} {
		if n := len(at) - len(strings.TrimLeft(at, mark)); n >= 3 && !strings.Contains(at[n:], mark) {
			return at[:n]
		}
	}
	return ""
}

func isHeading(at string) bool {
	n := len(at) - len(strings.TrimLeft(at, "#"))
	return n >= 1 && n <= 6 && len(at) > n && at[n] == ' '
}

// inlines finds code and what is strong in a paragraph.
func inlines(text string) []inline {
	var out []inline
	plain := func(text string) {
		if text != "" {
			out = append(out, inline{Text: text})
		}
	}
	for {
		i := strings.IndexAny(text, "`*")
		if i < 0 {
			break
		}
		mark, class := "**", "strong"
		if text[i] == '`' {
			rest := text[i:]
			mark, class = rest[:len(rest)-len(strings.TrimLeft(rest, "`"))], "code"
		}
		body, found := strings.CutPrefix(text[i:], mark)
		end := strings.Index(body, mark)
		if !found || end <= 0 || strings.Contains(body[:end], "\n\n") || len(out) > 2000 {
			plain(text[:i+1])
			text = text[i+1:]
			if len(out) > 2000 {
				break
			}
			continue
		}
		plain(text[:i])
		out = append(out, inline{class, body[:end]})
		text = body[end+len(mark):]
	}
	plain(text)
	return merged(out)
}

// merged joins plain parts that follow each other.
func merged(parts []inline) []inline {
	var out []inline
	for _, p := range parts {
		if n := len(out) - 1; n >= 0 && p.Class == "" && out[n].Class == "" {
			out[n].Text += p.Text
			continue
		}
		out = append(out, p)
	}
	return out
}
