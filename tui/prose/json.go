package prose

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog/content"
	"github.com/lazytrace/lazytrace/eventlog/escape"
	"github.com/lazytrace/lazytrace/tui/frame"
	"github.com/lazytrace/lazytrace/tui/theme"
)

// Body adds a JSON value the way that it reads best: strings as text, objects by
// their fields, anything else indented.
func (p *Page) Body(raw json.RawMessage) {
	if content.Nothing(raw) {
		return
	}
	raw = bytes.TrimSpace(raw)
	if text, ok := content.String(raw); ok {
		p.Text(Plain, text)
		return
	}
	if text, ok := content.Blocks(raw); ok {
		p.Text(Plain, text)
		return
	}
	if fields, ok := content.Fields(raw); ok && len(raw) < longest {
		p.fields(fields)
		return
	}
	p.indented(raw)
}

// fields adds the members of an object: a short one beside its name, a long one
// below it.
func (p *Page) fields(fields []content.Field) {
	wide := 0
	for _, f := range fields {
		wide = max(wide, min(16, frame.Width(escape.Line(f.Name))))
	}
	for _, f := range fields {
		name := escape.Line(f.Name)
		value := string(f.Value)
		text, isText := content.String(f.Value)
		if isText {
			value = text
		}
		room := p.width - wide - 2
		if !strings.Contains(strings.TrimSpace(value), "\n") && len(value) <= room && frame.Width(name) <= wide && frame.Width(escape.Line(value)) <= room {
			p.Add(Piece{Dim, name + strings.Repeat(" ", wide-frame.Width(name)+2)}, Piece{Plain, escape.Line(strings.TrimSpace(value))})
			continue
		}
		p.Text(Dim, name)
		if isText {
			p.Text(Plain, text)
		} else if blocks, ok := content.Blocks(f.Value); ok {
			p.Text(Plain, blocks)
		} else {
			p.indented(f.Value)
		}
	}
}

func (p *Page) indented(raw json.RawMessage) {
	var b bytes.Buffer
	if len(raw) > longest || json.Indent(&b, raw, "", "  ") != nil {
		p.Text(Plain, string(raw))
		return
	}
	p.Text(JSON, b.String())
}

// PutJSON draws a line of indented JSON.
func PutJSON(l *frame.Line, t *theme.Theme, text string) {
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '"':
			end := i + 1
			for end < len(text) && text[end] != '"' {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(text))
			style := t.String
			if end < len(text) && text[end] == ':' {
				style = t.Model
			}
			l.Put(style, text[i:end])
			i = end
		case c == '-' || c >= '0' && c <= '9':
			end := i + 1
			for end < len(text) && strings.IndexByte("0123456789.eE+-", text[end]) >= 0 {
				end++
			}
			l.Put(t.Number, text[i:end])
			i = end
		case c >= 'a' && c <= 'z':
			end := i + 1
			for end < len(text) && text[end] >= 'a' && text[end] <= 'z' {
				end++
			}
			l.Put(t.Agent, text[i:end])
			i = end
		default:
			end := i + 1
			for end < len(text) && strings.IndexByte("\"-0123456789abcdefghijklmnopqrstuvwxyz", text[end]) < 0 {
				end++
			}
			l.Put(t.Dim, text[i:end])
			i = end
		}
	}
}
