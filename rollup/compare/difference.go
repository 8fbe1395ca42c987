package compare

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lazytrace/lazytrace/eventlog"
	"github.com/lazytrace/lazytrace/eventlog/content"
	"github.com/lazytrace/lazytrace/eventlog/talk"
	"github.com/lazytrace/lazytrace/eventlog/textdiff"
)

// Difference is what two steps say otherwise. A step that is missing says nothing.
type Difference struct {
	A, B   *talk.Said // nil where there is none
	Of     string     // text, arguments, result, or nothing where only what follows differs
	Pieces []textdiff.Piece
}

// longest is how much of two texts is compared.
const longest = 256 << 10

// Difference reads what an item of either side says, -1 for none, and what is
// different in it.
func (c *Comparison) Difference(ctx context.Context, itemA, itemB int32) (Difference, error) {
	var d Difference
	for i, item := range []int32{itemA, itemB} {
		if item < 0 {
			continue
		}
		said, err := c.sides[i].list.Read(ctx, c.sides[i].side.Log, int(item))
		if err != nil {
			return d, err
		}
		if i == 0 {
			d.A = &said[0]
		} else {
			d.B = &said[0]
		}
	}
	for _, part := range []struct {
		of   string
		text func(*talk.Said) string
	}{{"arguments", arguments}, {"text", said}, {"result", result}} {
		a, b := part.text(d.A), part.text(d.B)
		if a == b {
			continue
		}
		d.Of = part.of
		d.Pieces = textdiff.Words(clip(a), clip(b))
		if strings.Count(a, "\n")+strings.Count(b, "\n") > 40 {
			d.Pieces = textdiff.Lines(clip(a), clip(b))
		}
		break
	}
	return d, nil
}

func clip(text string) string {
	if len(text) > longest {
		return strings.ToValidUTF8(text[:longest], "")
	}
	return text
}

// arguments spells what a call was given: a command as it is, anything else
// indented, members in order.
func arguments(s *talk.Said) string {
	if s == nil || s.Kind != talk.Tool {
		return ""
	}
	raw := s.Raw(talk.Arguments)
	if fields, ok := content.Fields(raw); ok && len(fields) == 1 {
		if text, ok := content.String(fields[0].Value); ok {
			return text
		}
	}
	if text, ok := content.String(raw); ok {
		return text
	}
	var b bytes.Buffer
	if json.Indent(&b, []byte(canonical(raw)), "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}

func said(s *talk.Said) string {
	if s == nil || s.Kind == talk.Tool {
		return ""
	}
	text := s.Joined(talk.Text)
	if raw := s.Raw(talk.Structure); raw != nil {
		text += canonical(raw)
	}
	return strings.TrimSpace(text + s.Joined(talk.Failure))
}

func result(s *talk.Said) string {
	if s == nil || s.Kind != talk.Tool {
		return ""
	}
	text := s.Joined(talk.Text)
	if raw := s.Raw(talk.Structure); raw != nil {
		text += canonical(raw)
	}
	if failure := s.Joined(talk.Failure); failure != "" {
		text = "failed: " + failure + "\n" + text
	}
	return strings.TrimSpace(text)
}

// Words says an item in a few words: the tool and what it was called with, or the
// beginning of a text.
func Words(s *talk.Said) string {
	switch {
	case s == nil:
		return "nothing more"
	case s.Kind == talk.Tool:
		return strings.TrimSpace(s.Tool + " " + s.Label)
	case s.Kind == talk.Agent:
		return "agent " + s.Who
	}
	return eventlog.Sentence(said(s))
}

// Did says what one side, 0 or 1, did at an item: for an answer what it said and
// which calls it made.
func (c *Comparison) Did(ctx context.Context, side int, item int32) (string, error) {
	if item < 0 {
		return "nothing more", nil
	}
	h := c.sides[side]
	const most = 4
	items, more := []int{int(item)}, 0
	if at := &h.list.Items[item]; at.Kind == talk.Assistant {
		for i := item + 1 + at.Below; int(i) < len(h.list.Items); i += 1 + h.list.Items[i].Below {
			next := &h.list.Items[i]
			if !h.steps[i].use && next.Depth == at.Depth {
				continue
			}
			if next.Depth != at.Depth || next.Kind != talk.Tool {
				break
			}
			if len(items) > most {
				more++
				continue
			}
			items = append(items, int(i))
		}
	}
	said, err := h.list.Read(ctx, h.side.Log, items...)
	if err != nil {
		return "", err
	}
	var parts []string
	for i := range said {
		if text := Words(&said[i]); text != "" {
			if said[i].Kind == talk.Tool && i > 0 {
				text = "calls " + text
			}
			if said[i].Kind != talk.Tool {
				text = strings.TrimSuffix(text, ".")
			}
			parts = append(parts, text)
		}
	}
	if more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more calls", more))
	}
	if len(parts) == 0 {
		return "answers nothing", nil
	}
	return strings.Join(parts, "; "), nil
}

// Said reads what some pairs say: side A of those that are on both.
func (c *Comparison) Said(ctx context.Context, from, to int) ([]talk.Said, error) {
	out := make([]talk.Said, to-from)
	for side := range c.sides {
		var items, at []int
		for i := from; i < to; i++ {
			p := &c.Pairs[i]
			switch {
			case side == 0 && p.ItemA >= 0:
				items, at = append(items, int(p.ItemA)), append(at, i-from)
			case side == 1 && p.ItemA < 0:
				items, at = append(items, int(p.ItemB)), append(at, i-from)
			}
		}
		said, err := c.sides[side].list.Read(ctx, c.sides[side].side.Log, items...)
		if err != nil {
			return nil, err
		}
		for k := range said {
			out[at[k]] = said[k]
		}
	}
	return out, nil
}
